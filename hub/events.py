"""Event: one immutable fact, and the only thing that rules see.

Cameras and sensors, workers and people all speak in Events; `cameras` and `alerts` share nothing else. An Event is made
once, at the door where the fact came in, and never changed. The same Event may arrive twice (a worker repeats after a
broken link): whoever stores it goes by its `id`.
"""

from __future__ import annotations

import enum
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import orjson

from hub.geometry import Box

FieldValue = bool | int | float | str

_NOTHING: Mapping[str, FieldValue] = MappingProxyType({})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Phase(enum.StrEnum):
    """Whether the fact is a moment or a state that lasts."""

    MOMENT = "moment"
    """It happened (a button, a reading)."""
    BEGAN = "began"
    """A state of `subject` began (a vehicle stands, a flame is seen)."""
    GOES_ON = "goes_on"
    """The state of `subject` still holds, perhaps with new fields."""
    ENDED = "ended"
    """The state of `subject` is over."""


_PHASES: Mapping[str, Phase] = {each.value: each for each in Phase}


class Quality(enum.StrEnum):
    """What to think of when believing an Event."""

    RETAINED = "retained"
    """The broker kept it; its age is unknown."""
    HISTORY = "history"
    """A device delivered it late on purpose."""
    CLOCK_SUSPECT = "clock_suspect"
    """The device's time was more than 120 s off; `at` is the arrival."""
    TEST = "test"
    """A self-test."""
    SIMULATED = "simulated"
    """The sender says that it is not real."""
    BACKFILLED = "backfilled"
    """It was kept until somebody knew how to read it: for readings and for looking back, never for alerts."""


_NO_DOUBT: frozenset[Quality] = frozenset()


@dataclass(frozen=True, slots=True)
class Event:
    """One fact.

    Attributes:
        id: Stable and unique; the same fact sent again has the same id.
        kind: What was observed (`smoke`, `camera.vehicle`, `camera.health`), see docs/reference/events.md. Never the
            kind of an alert.
        at: When it happened, UTC.
        arrived: When it reached us, UTC.
        source: Id of the camera, sensor, worker or person that says so.
        driver: By which protocol, payload format or detector.
        site: Id of the Site it happened at, if known.
        area: Id of that Site's Area.
        camera: Id of the camera, when a camera saw it.
        zone: Id of the Zone in that camera's picture.
        subject: What within the source it is about, for example a track; a state is one (source, kind, subject).
        phase: Moment, or one of the steps of a state.
        confidence: 0..1, None when the source does not say.
        box: Where in the picture.
        fields: What was measured or seen, by name with the unit in it (`level_m`, `speed_kmh`).
        quality: Reasons for doubt.
        arrived_us: `arrived` in microseconds since 1970; made here once, because every rule asks for it.
        moment_us: When it counts as having happened: `at`, but never later than `arrived`, for a device clock that runs
            ahead must not delay an alarm.
        stream: The name of the state it speaks about: one source, kind and subject.
    """

    id: str
    kind: str
    at: datetime
    arrived: datetime
    source: str
    driver: str
    site: str | None = None
    area: str | None = None
    camera: str | None = None
    zone: str | None = None
    subject: str | None = None
    phase: Phase = Phase.MOMENT
    confidence: float | None = None
    box: Box | None = None
    fields: Mapping[str, FieldValue] = field(default_factory=lambda: _NOTHING)
    quality: frozenset[Quality] = frozenset()
    arrived_us: int = field(init=False, repr=False, compare=False)
    moment_us: int = field(init=False, repr=False, compare=False)
    stream: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.at.tzinfo is None or self.arrived.tzinfo is None:
            raise ValueError(f"event {self.id}: times need a zone")
        arrived_us = to_us(self.arrived)
        object.__setattr__(self, "arrived_us", arrived_us)
        object.__setattr__(self, "moment_us", arrived_us if self.at >= self.arrived else to_us(self.at))
        object.__setattr__(self, "stream", f"{self.source}|{self.kind}|{self.subject or ''}")


class _Draft:
    """An Event that is being read: the same slots, not frozen yet.

    Setting the parts of a frozen one costs thrice as much, and every Event is read from the store at least once.
    """

    __slots__ = Event.__slots__


def new_event_id() -> str:
    """A fresh id, for facts that have no natural one."""
    return uuid.uuid4().hex


def event_to_json(event: Event) -> dict[str, Any]:
    """The Event as JSON types: the form on the link, in the store, on MQTT and on the command line.

    Empty parts are left out.
    """
    body: dict[str, Any] = {
        "id": event.id,
        "kind": event.kind,
        "at": time_to_text(event.at),
        "arrived": time_to_text(event.arrived),
        "source": event.source,
        "driver": event.driver,
    }
    for name in ("site", "area", "camera", "zone", "subject", "confidence"):
        value = getattr(event, name)
        if value is not None:
            body[name] = value
    if event.phase is not Phase.MOMENT:
        body["phase"] = event.phase.value
    if event.box is not None:
        body["box"] = [round(side, 4) for side in (event.box.x, event.box.y, event.box.w, event.box.h)]
    if event.fields:
        body["fields"] = dict(event.fields)
    if event.quality:
        body["quality"] = sorted(event.quality)
    return body


def event_from_json(body: Mapping[str, Any]) -> Event:
    """The Event that `event_to_json` wrote.

    Raises:
        ValueError: A part is missing or of the wrong type; says which event.
    """
    get, draft = body.get, _Draft()
    event: Any = draft
    try:
        event.id = body["id"]
        event.kind = kind = body["kind"]
        event.arrived = arrived = time_from_text(body["arrived"])
        event.at = at = arrived if body["at"] == body["arrived"] else time_from_text(body["at"])
        event.source = source = body["source"]
        event.driver = body["driver"]
        event.site, event.area, event.camera, event.zone = get("site"), get("area"), get("camera"), get("zone")
        event.subject = subject = get("subject")
        event.phase = _PHASES[body["phase"]] if "phase" in body else Phase.MOMENT
        event.confidence = get("confidence")
        box = get("box")
        event.box = None if box is None else Box(*box)
        event.fields = MappingProxyType(dict(body["fields"])) if "fields" in body else _NOTHING
        event.quality = frozenset(map(Quality, body["quality"])) if "quality" in body else _NO_DOUBT
    except (KeyError, TypeError) as error:
        raise ValueError(f"not an event: {error!r} in {body!r}") from error
    event.arrived_us = arrived_us = to_us(arrived)
    event.moment_us = arrived_us if at >= arrived else to_us(at)
    event.stream = f"{source}|{kind}|{subject or ''}"
    draft.__class__ = Event  # type: ignore[assignment] # the same slots: complete now, and frozen from here on
    return event  # type: ignore[no-any-return]


def event_from_text(text: str) -> Event:
    """The Event whose JSON `text` is.

    Raises:
        ValueError: As `event_from_json`, or it is no JSON.
    """
    try:
        return event_from_json(orjson.loads(text))
    except orjson.JSONDecodeError:  # a lone surrogate, say, which the module of the language writes and reads
        return event_from_json(json.loads(text))


def to_us(moment: datetime) -> int:
    """Microseconds since 1970, exactly."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_us(microseconds: int) -> datetime:
    """The time that `to_us` counted, UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def time_to_text(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds and `Z`, so that texts sort as times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def time_from_text(text: str) -> datetime:
    """The time that `time_to_text` wrote, or any RFC 3339 time with a zone.

    Raises:
        ValueError: No time, or one without a zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment.astimezone(UTC)
