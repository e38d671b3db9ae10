"""Bodies about sensors, their readings, and the messages that were refused."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from api.paging import Page
from api.schemas.places import Text
from config.community import Location


class HealthView(BaseModel):
    """Whether something is there, from its newest change."""

    source: str = Field(examples=["river-gauge"])
    kind: str = Field(examples=["sensor.health"])
    state: str = Field(examples=["online"])
    reason: str = ""
    since: datetime


class ReadingView(BaseModel):
    """One value, or all values within one stretch of time."""

    name: str = Field(examples=["water_level.level_m"], description="What was measured, with its unit.")
    at: datetime = Field(description="When; of a stretch its beginning.")
    value: float = Field(examples=[1.84], description="The value; of a stretch its mean.")
    minimum: float
    maximum: float
    count: int = Field(examples=[1])
    quality: list[str] = Field(default=[], description="Reasons for doubt.", examples=[["history"]])


class ReadingsPage(Page[ReadingView]):
    """Readings between two times, and in which resolution; stretches that have no readings are left out."""

    resolution_s: float = Field(
        examples=[3600],
        description="Length of a stretch in seconds, counted from 1970 UTC; 0 when raw.",
    )
    complete: bool = Field(description="False when there were more than `limit`; the oldest are left out then.")


class PresenceView(BaseModel):
    """How a sensor stands, and what is doubted of it."""

    state: str = Field(examples=["online"], description="`online`, `offline`, or `unknown`: it cannot be heard now.")
    why: str = Field(examples=["silent for 1800 s"])
    last_heard: datetime | None = None
    interval_s: float | None = Field(default=None, description="How often it speaks by itself, as far as learned.")
    silent_after_s: float | None = Field(
        default=None, description="Seconds without a word that count as silence; absent when its silence says nothing."
    )
    gateway: str | None = Field(default=None, description="Through which it speaks.", examples=["zigbee2mqtt"])
    doubts: dict[str, str] = Field(
        default={}, description="`stuck` or `impossible`, by value.", examples=[{"temperature.temperature_c": "stuck"}]
    )
    clock_skew_s: float | None = Field(default=None, description="By how much its clock is off, when it is wrong.")
    flooding: bool = Field(default=False, description="It sends so much that it is thinned out.")


class SensorView(BaseModel):
    """A sensor: its settings, its presence and its newest readings."""

    id: str = Field(examples=["river-gauge"])
    site: str
    area: str | None = None
    name: Text | None = None
    location: Location | None = Field(default=None, description="Where it is; null is where its site is.")
    format: str = Field(examples=["plain"])
    address: str
    kinds: list[str] = []
    silent_after_s: float | None = None
    life_safety: bool = False
    health: HealthView | None = Field(default=None, description="Absent until the first message.")
    presence: PresenceView | None = Field(default=None, description="Only when one sensor is asked for.")
    latest: list[ReadingView] | None = Field(default=None, description="Only when one sensor is asked for.")


class RefusalView(BaseModel):
    """A message that was not understood."""

    seq: int
    arrived: datetime
    topic: str = Field(examples=["hub/v1/home-7/smoke-1/smoke"])
    reason: str = Field(examples=["malformed"])
    detail: str = Field(examples=["not JSON: line 1 column 2"])
    size_bytes: int
    payload: str = Field(description="Its first 4,096 bytes as text; what is no UTF-8 stands as U+FFFD.")
