"""How this machine runs: folders, ports, broker, workers, budgets. Read from machine.yaml once, at start."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from config.secrets import Secret

Port = Annotated[int, Field(ge=0, le=65535)]
"""A TCP port; 0 takes a free one."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Http(_Section):
    """Where the API and the pages are served."""

    host: str = "127.0.0.1"
    port: Port = 8080


class EmbeddedBroker(_Section):
    """The MQTT broker that the hub starts itself: NATS, on loopback unless told otherwise."""

    kind: Literal["embedded"] = "embedded"
    host: str = "127.0.0.1"
    port: Port = 1883
    username: str = "hub"
    password: Secret | None = None
    """None makes one at the first start and keeps it in the data folder."""
    program: Path | None = None
    """Another nats-server than the packaged one."""


class ExternalBroker(_Section):
    """An MQTT broker that runs elsewhere."""

    kind: Literal["external"]
    url: Annotated[str, Field(pattern=r"^mqtts?://[^/\s@]+$")]
    """`mqtt://host[:port]` or `mqtts://host[:port]` (TLS)."""
    username: str | None = None
    password: Secret | None = None
    ca_file: Path | None = None
    """Certificates to trust for mqtts; None takes the system's."""


class Database(_Section):
    """Where everything but video is kept."""

    url: Secret | None = None
    """None is SQLite in the data folder; `postgresql+psycopg://...` for PostgreSQL."""
    durability: Literal["full", "normal"] = "full"
    """SQLite: `full` survives a power cut with every acknowledged message, `normal` may lose the last moments then."""


class Workers(_Section):
    """The processes that run cameras."""

    count: Annotated[int, Field(ge=1, le=256)] = Field(default_factory=lambda: min(256, os.cpu_count() or 1))
    """One per core unless told otherwise."""
    analysis_fps: Annotated[float, Field(gt=0, le=30)] = 8.0
    """Frames per second that are analysed while something moves."""
    inference_share: Annotated[float, Field(gt=0, le=1)] = 0.6
    """Share of one core per worker that object detection may use."""


class Keep(_Section):
    """How long things stay in the database."""

    events_days: Annotated[int, Field(ge=1, le=3650)] = 30
    readings_days: Annotated[int, Field(ge=1, le=3650)] = 400
    refusals: Annotated[int, Field(ge=0, le=1_000_000)] = 10_000
    """Refused messages kept for inspection."""


class Machine(_Section):
    """All of machine.yaml."""

    data: Path = Path("data")
    http: Http = Http()
    broker: Annotated[EmbeddedBroker | ExternalBroker, Field(discriminator="kind")] = EmbeddedBroker()
    database: Database = Database()
    workers: Workers = Workers()
    keep: Keep = Keep()
    models: Path | None = None
    """Folder of the object models; None is `models` in the data folder."""
    rules: Path | None = None
    """Folder of rule files; None takes the shipped catalogue."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
