"""Making: one Event with its readings, of one observation of a configured sensor.

Pure. The device's time counts within 120 s of the arrival, or when it declares history; else the arrival counts, marked
CLOCK_SUSPECT. What a camera sees gives no readings: its numbers belong to an object, not to the camera.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from config.community import Sensor
from hub.events import Event, FieldValue, Phase, Quality, new_event_id, time_to_text
from hub.geometry import Box
from hub.sensors.admission import Message, Place
from hub.sensors.errors import PayloadError
from hub.sensors.kinds import Kind
from hub.sensors.parsing import Observation
from hub.store.facts import Fact, Reading

CLOCK_TOLERANCE = timedelta(seconds=120)
"""A device's clock may be off by so much; beyond it the arrival counts."""

YOUNG = timedelta(minutes=5)
"""A retained message whose own time is no older is the live one."""

SUBJECT_CHARACTERS = 64
Timed = tuple[datetime, frozenset[Quality]]
SEEN = "camera."
"""Kinds that begin so are what a camera sees."""


def make_fact(
    message: Message, place: Place, driver: str, observation: Observation, *, kind: Kind, number: int
) -> tuple[Fact | None, list[PayloadError]]:
    """The Fact, None when no field of it can be used, and what was wrong with fields.

    Args:
        message: In which it came.
        place: The sensor that said it.
        driver: The format that read it.
        observation: What was said, as the sensor's options mean it.
        kind: Its kind.
        number: Which observation of the message it is.

    Raises:
        PayloadError: `malformed`: its subject, confidence or box is impossible.
    """
    fields, mistakes = kind.read(observation.fields)
    if not fields:
        return None, mistakes
    is_live = message.retained and _is_live(observation, message, kind)
    kept = message.retained and not is_live
    at, quality = _time(observation, message.arrived, kept=kept, late_by=YOUNG if is_live else CLOCK_TOLERANCE)
    trusted = observation.at is not None and Quality.CLOCK_SUSPECT not in quality
    sensor = place.sensor
    event_id = new_event_id()
    once = None if kept else observation.once
    if message.kept is not None:
        quality |= {Quality.HISTORY, Quality.BACKFILLED}
        once = once or (None if trusted and not kind.one_shot else f"kept {message.kept}")
    if kept or once is not None or (trusted and not kind.one_shot):
        name = once or (time_to_text(at) if trusted else "")
        event_id = _natural_id(sensor, _what(kind, observation), fields, name, number=number, kept=kept)
    is_seen = kind.name.startswith(SEEN)
    event = Event(
        id=event_id,
        kind=kind.name,
        at=at,
        arrived=message.arrived,
        source=sensor.id,
        driver=driver,
        site=sensor.site,
        area=place.area,
        camera=(observation.camera or sensor.id) if is_seen else None,
        zone=_short(observation.zone, "a zone"),
        subject=_short(observation.subject, "a subject"),
        phase=observation.phase,
        confidence=_confidence(observation),
        box=_box(observation),
        fields=MappingProxyType(fields),
        quality=quality,
    )
    readings = _readings(event) if not is_seen and (trusted or not kept) else ()
    return Fact(event, readings), mistakes


def _what(kind: Kind, observation: Observation) -> str:
    phase = "" if observation.phase is Phase.MOMENT else observation.phase.value
    return " ".join(part for part in (kind.name, observation.subject, phase) if part)


def _is_live(observation: Observation, message: Message, kind: Kind) -> bool:
    """Whether a retained message is young enough to be what the device says now; a press never is."""
    at = observation.at
    return at is not None and not kind.one_shot and -CLOCK_TOLERANCE <= message.arrived - at <= YOUNG


def _time(observation: Observation, arrived: datetime, *, kept: bool, late_by: timedelta) -> Timed:
    quality = set(observation.quality)
    if kept:
        quality.add(Quality.RETAINED)
    at = observation.at
    if at is not None:
        late = arrived - at
        if -CLOCK_TOLERANCE <= late <= late_by or (late > late_by and Quality.HISTORY in quality):
            return at, frozenset(quality)
        quality.add(Quality.CLOCK_SUSPECT)
    return arrived, frozenset(quality)


def _short(name: str | None, what: str) -> str | None:
    if name is not None and not (0 < len(name) <= SUBJECT_CHARACTERS and name.isprintable()):
        raise PayloadError("malformed", f"{what} must be printable and of at most {SUBJECT_CHARACTERS} characters")
    return name


def _confidence(observation: Observation) -> float | None:
    if observation.confidence is not None and not 0 <= observation.confidence <= 1:
        raise PayloadError("malformed", "a confidence must be 0..1")
    return observation.confidence


def _box(observation: Observation) -> Box | None:
    """The box clipped to the picture; None when nothing of it is inside."""
    if observation.box is None:
        return None
    if not all(math.isfinite(side) for side in observation.box):
        raise PayloadError("malformed", "a box must be of finite numbers")
    box = Box(*observation.box).clipped()
    return box if box.w > 0 and box.h > 0 else None


def _natural_id(
    sensor: Sensor,
    kind: str,
    fields: Mapping[str, FieldValue],
    name: str,
    *,
    number: int,
    kept: bool,
) -> str:
    """The same for the same fact, however often it is sent; `name` is its time, or what its sender calls it."""
    parts: list[object] = [sensor.id, kind, dict(fields), name, number, kept]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _readings(event: Event) -> tuple[Reading, ...]:
    of = "" if event.subject is None else f"@{event.subject}"
    return tuple(
        Reading(event.source, f"{event.kind}.{name}{of}", event.at, float(value), event.arrived, event.quality)
        for name, value in event.fields.items()
        if isinstance(value, bool | int | float)
    )
