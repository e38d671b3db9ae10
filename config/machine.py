"""How this machine runs: folders, ports, broker, workers, budgets. Read from machine.yaml once, at start.

Every relative path in the file begins at the folder of the file. What needs a look at the machine or at two settings
together is in `config/check.py`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from config.hardening import Backup, Tls
from config.local_paths import can_be
from config.networks import Networks
from config.says import says, write
from config.secrets import Secret
from config.sign_in import Proxy, SignIn
from config.terms import ID_FORM, ID_FORM_ZH, ID_PATTERN

Port = Annotated[int, Field(ge=0, le=65535)]
"""A TCP port; 0 takes a free one."""


def _beside(path: Path, info: ValidationInfo) -> Path:
    """`path` from the folder of the file that names it."""
    folder: Path | None = (info.context or {}).get("folder")
    whole = folder / path if folder else path
    if not can_be(whole):
        raise ValueError(
            says(
                "is no path of this system: it is too long, or has a sign that no file name has",
                "不是本系统的路径：太长，或含有文件名不能用的字符",
            )
        )
    return whole


LocalPath = Annotated[Path, AfterValidator(_beside)]
"""A file or folder of this machine."""


TopicFilter = Annotated[
    str,
    Field(
        min_length=1,
        max_length=256,
        pattern=r"^(\+|[^\s+#/]*)(/(\+|[^\s+#/]*))*(/#)?$|^#$",
        description="an MQTT filter, as `factory/+/data` or `factory/#`",
        json_schema_extra=write(
            "an MQTT filter, as `factory/+/data` or `factory/#`", "MQTT 主题过滤，如 `factory/+/data` 或 `factory/#`"
        ),
    ),
]


LEAST_ANALYSIS_FPS = 4.0
"""Flames flicker at up to 2 Hz where it is looked for, people run and vehicles brake within a second."""


def too_seldom(analysis_fps: float) -> str | None:
    """What is not seen at so many analysed pictures a second, in words for an operator; None when all is."""
    if analysis_fps >= LEAST_ANALYSIS_FPS:
        return None
    return (
        f"workers.analysis_fps is {analysis_fps:g}: the flicker of fire, crashes and running are not seen in so few "
        f"pictures a second; set {LEAST_ANALYSIS_FPS:g} or more (machine.yaml)"
    )


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


class Http(_Section):
    """Where the API and the pages are served."""

    host: str = "127.0.0.1"
    port: Port = 8080
    tls: Tls | None = None
    """None is plain HTTP, for this machine alone or behind a proxy that encrypts."""
    trusted_proxies: Annotated[tuple[Proxy, ...], Field(max_length=64)] = ()
    """Whose word is taken for who asks and whether by HTTPS (X-Forwarded-For, X-Forwarded-Proto)."""


class EmbeddedBroker(_Section):
    """The MQTT broker that the hub starts itself: NATS, on loopback unless told otherwise."""

    kind: Literal["embedded"] = "embedded"
    host: str = "127.0.0.1"
    port: Port = 1883
    username: str = "hub"
    password: Secret | None = None
    """None makes one at the first start and keeps it in the data folder."""
    devices_username: str = "devices"
    """For sensors and gateways, which neither read nor write what the hub tells of incidents, orders and homes."""
    devices_password: Secret | None = None
    """None makes one at the first start and keeps it in the data folder."""
    program: LocalPath | None = None
    """Another nats-server than the packaged one."""
    linger_s: Annotated[float, Field(ge=1, le=600)] = 30.0
    """How long the broker goes on when its hub was killed, so that devices lose nothing over a restart."""


class ExternalBroker(_Section):
    """An MQTT broker that runs elsewhere."""

    kind: Literal["external"]
    url: Annotated[
        str,
        Field(
            pattern=r"^mqtts?://[^/\s@]+$",
            description="mqtt://host:port or mqtts://host:port, without user",
            json_schema_extra=write(
                "mqtt://host:port or mqtts://host:port, without user",
                "mqtt://host:port 或 mqtts://host:port，不带用户名",
            ),
        ),
    ]
    """`mqtt://host[:port]` or `mqtts://host[:port]` (TLS)."""
    username: str | None = None
    password: Secret | None = None
    ca_file: LocalPath | None = None
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
    """Frames per second that are analysed while something moves; fewer than 4 do not show fire, crashes and running."""
    inference_share: Annotated[float, Field(gt=0, le=1)] = 0.6
    """Share of one core per worker that object detection may use."""
    cpu_share: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Share of one core that a worker aims at in all: object detection has what receiving, recording and looking for
    motion leave of it, and a tenth of a core at least."""
    linger_s: Annotated[float, Field(ge=0, le=7 * 86_400)] = 3600.0
    """How long a worker goes on recording when its hub was killed, for the next one to take it over."""
    memory_mib: Annotated[int, Field(ge=512, le=16_777_216)] | None = None
    """What one worker may take; None is three quarters of the memory shared among the workers, 2048 at least."""
    rtsp: Literal["loop", "ffmpeg"] = "loop"
    """Who receives RTSP: one loop for all cameras of a worker, or FFmpeg with a thread for each."""


class Disk(_Section):
    """A folder on a disk of its own, for recordings."""

    id: Annotated[
        str,
        Field(
            pattern=ID_PATTERN,
            description=ID_FORM,
            json_schema_extra=write(ID_FORM, ID_FORM_ZH),
        ),
    ]
    """It stands in the catalogue; the disk may be mounted elsewhere later."""
    path: LocalPath
    """The folder; made when it is not there, but not the one it lies in: that is where the disk is mounted."""
    kind: Literal["ssd", "spinning"] = "ssd"
    """What it can do: a spinning disk is synced less often."""
    use: Literal["new", "old"] = "new"
    """Where what is recorded goes first, or where it is moved to when those are full."""
    keep_free_pct: Annotated[float, Field(ge=0, le=90)] = 5.0
    """Of its file system; room for others, and for copies that are made while something is removed."""
    most_gb: Annotated[float, Field(gt=0, le=10_000_000)] | None = None
    """10^9 bytes that recordings may take up there; None takes what is free."""

    def sync_every_s(self, setting_s: float | None) -> float:
        """Seconds of recording that a power cut may cost: what is set, or what its kind bears."""
        if setting_s is not None:
            return setting_s
        return 2.0 if self.kind == "ssd" else 10.0


class Recordings(_Section):
    """Where video is recorded, and how it is written."""

    disks: Annotated[tuple[Disk, ...], Field(min_length=1, max_length=32)] | None = None
    """None is one, `data`, in the folder `recordings` of the data folder."""
    segment_s: Annotated[float, Field(ge=5, le=3600)] = 300.0
    """Length of a file, cut at the next key picture."""
    sync_s: Annotated[float, Field(ge=0.1, le=600)] | None = None
    """What a power cut may cost; None is 2 s for an ssd and 10 s for a spinning disk."""
    queue_mib: Annotated[int, Field(ge=1, le=65_536)] = 64
    """What may wait for one disk in each worker; beyond it is dropped."""


class Keep(_Section):
    """How long things stay in the database."""

    events_days: Annotated[int, Field(ge=1, le=3650)] = 30
    readings_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Each reading as it came; after that minutes and hours stand for it."""
    minutes_days: Annotated[int, Field(ge=1, le=3650)] = 180
    hours_days: Annotated[int, Field(ge=1, le=36_500)] = 1826
    refusals: Annotated[int, Field(ge=0, le=1_000_000)] = 10_000
    """Refused messages kept for inspection."""
    raw_days: Annotated[int, Field(ge=1, le=365)] = 7
    """MQTT messages that nobody could place, whole, so that a sensor or map added later reads them."""
    raw_messages: Annotated[int, Field(ge=0, le=10_000_000)] = 100_000
    """Of these, the newest; 0 keeps none."""
    raw_mib: Annotated[int, Field(ge=1, le=100_000)] = 64
    """Of these, the newest within so much."""


class Mqtt(_Section):
    """What is listened to beside what the sensors need."""

    keep: Annotated[tuple[TopicFilter, ...], Field(min_length=0, max_length=100)] | None = None
    """Filters under which messages are kept though no sensor is known; None takes those of every format there is."""


class SensorLimits(_Section):
    """How much one sensor may say before the hub thins it out; what saves lives always passes."""

    messages_per_min: Annotated[int, Field(ge=1, le=60_000)] = 300
    """Kept up for long."""
    burst: Annotated[int, Field(ge=1, le=60_000)] = 300
    """At once."""


FormatName = Literal["nanodet", "ssd", "yolox", "yolo", "rtdetr", "dfine"]
EngineName = Literal["auto", "onnxruntime", "opencv", "openvino", "cuda"]


class OwnObjects(_Section):
    """A network of your own that names people, vehicles and animals, in place of the fetched one."""

    path: LocalPath
    """Its ONNX file."""
    format: FormatName
    """How what it gives is read."""
    labels: Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(min_length=1, max_length=1000)] | None = (
        None
    )
    """Its classes in their order; None takes those that its file names, or COCO's."""
    side_px: Annotated[int, Field(ge=64, le=2048, multiple_of=32)] | None = None
    """Side of the pictures that it is given, where its file leaves that open; None takes what is usual."""


class Vision(_Section):
    """What looks at pictures."""

    engine: EngineName = "auto"
    """What runs the object model."""
    objects: OwnObjects | None = None
    """None takes the fetched one."""


class Machine(_Section):
    """All of machine.yaml."""

    data: LocalPath = Path("data")
    http: Http = Http()
    sign_in: SignIn = SignIn()
    broker: Annotated[
        EmbeddedBroker | ExternalBroker,
        Field(
            discriminator="kind",
            json_schema_extra=write(
                "{kind: embedded} or {kind: external, url: ...}, with more keys",
                "{kind: embedded} 或 {kind: external, url: ...}，可带更多键",
            ),
        ),
    ] = EmbeddedBroker()
    database: Database = Database()
    workers: Workers = Workers()
    vision: Vision = Vision()
    recordings: Recordings = Recordings()
    keep: Keep = Keep()
    sensors: SensorLimits = SensorLimits()
    mqtt: Mqtt = Mqtt()
    networks: Networks = Networks()
    backup: Backup = Backup()
    models: LocalPath | None = None
    """Folder of the object models; None is `community-hub/models` in the user's cache folder."""
    rules: LocalPath | None = None
    """Folder of rule files; None takes the shipped catalogue."""
    rules_memory_mib: Annotated[int, Field(ge=1, le=1_000_000)] = 4096
    """The most that all rules together may ever remember; with more the hub does not start."""
    payloads: LocalPath | None = None
    """Folder of maps of payload formats, beside the shipped ones."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("broker", mode="before")
    @classmethod
    def _broker_kind(cls, value: Any) -> Any:
        """`kind` may be left out: only an external broker has a `url`."""
        if isinstance(value, dict) and "kind" not in value:
            return {**value, "kind": "external" if "url" in value else "embedded"}
        return value

    @property
    def recording_disks(self) -> tuple[Disk, ...]:
        """The disks for recordings, at least one; where it is the database's too, more is left free for that."""
        return self.recordings.disks or (Disk(id="data", path=self.data / "recordings", keep_free_pct=12.0),)

    @property
    def models_folder(self) -> Path:
        """Where the object models lie: a download that every data folder of this user can share."""
        if self.models is not None:
            return self.models
        cache = os.environ.get("XDG_CACHE_HOME")
        return (Path(cache) if cache else Path.home() / ".cache") / "community-hub" / "models"
