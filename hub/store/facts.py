"""The values of the event log, and the rows they become.

Rows are made in the caller's thread, before anything is queued: what no database could hold is refused there with a
ValueError, so that one bad value never costs others their transaction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from hub.events import Event, Quality, event_to_json, from_us, time_to_text, to_us

PAYLOAD_BYTES = 65_536
"""Of a refused message, this much is kept."""

__all__ = [
    "PAYLOAD_BYTES",
    "Delivery",
    "Fact",
    "HealthRow",
    "Reading",
    "Refusal",
    "StoredEvent",
    "StoredRefusal",
    "delivery_row",
    "event_row",
    "from_us",
    "health_row",
    "reading_row",
    "refusal_row",
    "storable",
    "to_us",
]


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one sensor at one time.

    Attributes:
        sensor: Sensor id.
        name: What was measured, with its unit: `water_level.level_m`.
        at: When, zone known.
        value: A finite number; true is 1, false is 0.
        arrived: When it reached us, zone known; of two for the same time, the later arrival wins.
        quality: Reasons for doubt.
    """

    sensor: str
    name: str
    at: datetime
    value: float
    arrived: datetime
    quality: frozenset[Quality] = frozenset()

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"reading {self.name} of {self.sensor}: {self.value} is not a number that can be stored")


@dataclass(frozen=True, slots=True)
class Delivery:
    """The mark of an MQTT message, by which it is recognised when the broker sends it again.

    Attributes:
        client: MQTT client id of the intake.
        packet: MQTT packet id, 1..65535.
        digest: SHA-256 of topic and payload.
    """

    client: str
    packet: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Fact:
    """What is stored together: an event, the readings in it, and the message it came by."""

    event: Event
    readings: tuple[Reading, ...] = ()
    delivery: Delivery | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that was not understood.

    Attributes:
        arrived: When, zone known.
        topic: MQTT topic.
        reason: One word of a short list (`too_large`, `malformed`, `unknown_sensor`).
        detail: What was wrong, in words.
        payload: All of it; its beginning is kept.
    """

    arrived: datetime
    topic: str
    reason: str
    detail: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class StoredRefusal:
    """A Refusal as it was kept: `payload` is its first 65,536 bytes, `size_bytes` the size of all of it."""

    seq: int
    refusal: Refusal
    size_bytes: int


class StoredEvent(NamedTuple):
    """An event and its number, which only grows; a tuple, because one is made for every Event that is read."""

    seq: int
    event: Event


@dataclass(frozen=True, slots=True)
class HealthRow:
    """Whether a camera, sensor, gateway, broker or worker is there.

    Attributes:
        source: Its id.
        kind: `camera.health`, `sensor.health`, ...
        state: `online` or `offline`.
        reason: Why, in words.
        since: Event time of the change to this state.
    """

    source: str
    kind: str
    state: str
    reason: str
    since: datetime


def event_row(event: Event) -> dict[str, Any]:
    """The row of an event.

    Raises:
        ValueError: A field is not finite, or an id holds what is no text.
    """
    for text in (event.id, event.kind, event.source):
        if "\x00" in text:
            raise ValueError(f"event {event.id!r}: a NUL cannot be stored")
        text.encode()
    for name, value in event.fields.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"event {event.id}: field {name} is {value}")
    body = event_to_json(event)
    return {
        "id": event.id,
        "kind": event.kind,
        "at": body["at"],
        "arrived": body["arrived"],
        "source": event.source,
        "body": body,
    }


def reading_row(reading: Reading) -> dict[str, Any]:
    """The row of a reading."""
    return {
        "sensor": reading.sensor,
        "name": reading.name,
        "at_us": to_us(reading.at),
        "value": float(reading.value),
        "arrived_us": to_us(reading.arrived),
        "quality": ",".join(sorted(reading.quality)),
    }


def health_row(event: Event) -> dict[str, Any]:
    """The row of an event of kind `*.health`."""
    return {
        "source": event.source,
        "kind": event.kind,
        "state": storable(str(event.fields.get("state", ""))),
        "reason": storable(str(event.fields.get("reason", ""))),
        "since": time_to_text(event.at),
    }


def delivery_row(delivery: Delivery, arrived: datetime) -> dict[str, Any]:
    """The row of a delivery mark."""
    return {
        "client": delivery.client,
        "packet": delivery.packet,
        "digest": delivery.digest,
        "arrived": time_to_text(arrived),
    }


def refusal_row(refusal: Refusal) -> dict[str, Any]:
    """The row of a refused message; hostile text becomes text that can be stored."""
    return {
        "arrived": time_to_text(refusal.arrived),
        "topic": storable(refusal.topic),
        "reason": storable(refusal.reason),
        "detail": storable(refusal.detail),
        "size_bytes": len(refusal.payload),
        "payload": refusal.payload[:PAYLOAD_BYTES],
    }


def storable(text: str) -> str:
    """The text without what UTF-8 or PostgreSQL cannot hold."""
    return text.encode(errors="replace").decode().replace("\x00", "\ufffd")
