"""Bodies about strange devices: what was heard of them, and what one becomes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.places import Text
from api.schemas.sensors import SensorView
from config.terms import Id


class FindView(BaseModel):
    """A strange device. Everything of it is what it says of itself: show it as text, and trust none of it."""

    id: str
    format: str = Field(examples=["zigbee2mqtt"], description="Which reads it; empty when none does.")
    address: str = Field(examples=["0x00158d0001d82999"], description="The topic, when no format reads it.")
    site: str | None = Field(default=None, description="Where it says that it is.")
    name: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    kinds: list[str] = Field(default=[], description="What it observes; a guess when no format reads it.")
    values: dict[str, Any] = Field(default={}, description="What it said last.")
    topics: list[str] = []
    sample: str = Field(default="", description="The beginning of its newest message.")
    count: int = Field(default=0, description="Messages that are kept of it.")
    first: datetime | None = None
    last: datetime | None = None
    interval_s: float | None = Field(default=None, description="Usual time between two messages.")
    why: str = Field(default="", examples=["unknown_sensor"], description="Why nobody takes it now.")
    sensor: dict[str, Any] | None = Field(
        default=None, description="Ready body for `accept`; null when a map has to be written first."
    )


class AcceptBody(BaseModel):
    """What a strange device becomes."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    id: Id
    site: Id
    name: Text | None = None
    kinds: list[Annotated[str, Field(max_length=64)]] = Field(default=[], max_length=64)
    silent_after_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    life_safety: bool = False
    options: dict[str, Any] = Field(default={}, description="Of its format.")


class AcceptView(BaseModel):
    """The sensor, and what was read of what it had said before."""

    sensor: SensorView
    read: int = Field(description="Kept messages that were taken.")
    readings: int = Field(description="Readings that were made of them.")
    more: bool = Field(default=False, description="There is more: `POST /sensors/backfill` goes on.")
