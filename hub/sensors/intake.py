"""Door: makes events, readings and refusals of one MQTT message; the door rules live here.

Pure: no broker, no store, no clock, so every rule is tested by calling it. `apply` swaps the whole address table in one
assignment; `admit` may run in another thread meanwhile and sees the old table or the new one.

Door rules:
- a message over 64 KiB, one that its format cannot read, a device nobody configured, a kind nobody knows and a value
  that is physically impossible are refused, with a reason, and kept for inspection;
- the device's time counts within 120 s of the arrival, or when it declares history; else the arrival counts, marked
  CLOCK_SUSPECT;
- a retained message sets state only: marked RETAINED, stored once per content, without readings, and no sign of life;
- a message with a time that counts has a natural identity (sensor, kind, time, content): the same fact sent twice by
  the device is stored once. One-shot kinds have none, two equal presses are two, unless the sender itself names the
  message: an uplink that two gateways heard is one press.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from config.community import Community, Sensor
from hub.events import Event, FieldValue, Quality, new_event_id, time_to_text
from hub.geometry import Box
from hub.sensors.doubts import implausible_values
from hub.sensors.errors import PayloadError
from hub.sensors.kinds import KINDS
from hub.sensors.options import SensorOptions, configured, shared_options
from hub.sensors.parsing import Observation, Parsed, PayloadFormat
from hub.store.facts import Fact, Reading, Refusal

logger = logging.getLogger(__name__)

PAYLOAD_BYTES = 65_536
"""A larger payload is refused unread."""

CLOCK_TOLERANCE = timedelta(seconds=120)
"""A device's clock may be off by so much; beyond it the arrival counts."""

SUBJECT_CHARACTERS = 64

_NO_OPTIONS = SensorOptions()

ALWAYS = "plain"
"""The format that is listened to even when no sensor uses it: its topics are the hub's own."""


@dataclass(frozen=True, slots=True)
class Place:
    """A configured sensor, the Area of its Site, and its options that every format has."""

    sensor: Sensor
    area: str | None
    options: SensorOptions = _NO_OPTIONS

    def meant(self, observation: Observation) -> Observation:
        """What the sensor said as its options say that it is meant, its parts as they are called here."""
        observation = self.options.adjusted(observation)
        wire = observation.probe or observation.subject
        if wire is None or wire not in self.sensor.probes:
            return observation
        return dataclasses.replace(observation, subject=self.sensor.probes[wire])


@dataclass(frozen=True, slots=True)
class PresenceNote:
    """What a gateway says about itself or a device."""

    kind: str
    source: str
    online: bool
    reason: str
    place: Place | None = None


@dataclass(slots=True)
class Admission:
    """What one message came to; all empty when it was none of the hub's business.

    Attributes:
        driver: The format that read it, None when none of them is concerned.
        facts: To be stored.
        refusals: To be kept for inspection.
        notes: Changes of presence.
        heard: The sensor that gave a sign of life.
        one_shot: It holds an observation of a one-shot kind.
        said_at: The device's own time, None when it sent none, or declared history.
        implausible: Values that were refused as physically impossible, by name as a reading has it.
    """

    driver: str | None = None
    facts: list[Fact] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[PresenceNote] = field(default_factory=list)
    heard: Sensor | None = None
    one_shot: bool = False
    said_at: datetime | None = None
    implausible: list[tuple[str, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Table:
    formats: Mapping[str, PayloadFormat]
    places: Mapping[tuple[str, str], tuple[Place, ...]]


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it came from the broker.

    Attributes:
        topic: Its topic.
        payload: All of it.
        retained: The broker kept it and sends it because we subscribed.
        arrived: When, UTC.
    """

    topic: str
    payload: bytes
    retained: bool
    arrived: datetime


class Door:
    """Reads messages with the formats that the Community's sensors use."""

    def __init__(self, formats: Mapping[str, PayloadFormat]) -> None:
        """Know `formats` by kind; before `apply`, no device is known."""
        self._formats = dict(formats)
        self._table = _Table(MappingProxyType({}), MappingProxyType({}))
        self.apply(Community())

    def apply(self, community: Community) -> list[Place]:
        """Take over the sensors of a Community; returns them with their Areas."""
        areas = {site.id: site.area for site in community.sites}
        places = [Place(sensor, areas.get(sensor.site), shared_options(sensor)) for sensor in community.sensors]
        table: dict[tuple[str, str], list[Place]] = defaultdict(list)
        for place in places:
            table[place.sensor.format, place.sensor.address or place.sensor.id].append(place)
        used = {ALWAYS, *(sensor.format for sensor in community.sensors)}
        for kind in sorted(used - self._formats.keys()):
            logger.error("no such payload format, its sensors stay unheard", extra={"format": kind})
        self._table = _Table(
            MappingProxyType(
                {
                    kind: configured(fmt, (sensor for sensor in community.sensors if sensor.format == kind))
                    for kind, fmt in self._formats.items()
                    if kind in used
                }
            ),
            MappingProxyType({key: tuple(value) for key, value in table.items()}),
        )
        return places

    def filters(self) -> frozenset[str]:
        """The MQTT filters to subscribe to now."""
        return frozenset(topic for fmt in self._table.formats.values() for topic in fmt.topics())

    def all_filters(self) -> frozenset[str]:
        """The filters of every format there is, used or not."""
        return frozenset(topic for fmt in self._formats.values() for topic in fmt.topics())

    def admit(self, message: Message) -> Admission:
        """Read one message. A format that fails on it refuses it; nothing is raised."""
        table = self._table
        admission = Admission()
        for kind, fmt in table.formats.items():
            if fmt.concerns(message.topic):
                admission.driver = kind
                break
        else:
            return admission
        size = len(message.payload)
        if size > PAYLOAD_BYTES:
            _refuse(admission, message, PayloadError("too_large", f"{size} bytes, at most {PAYLOAD_BYTES} are read"))
            return admission
        try:
            parsed = fmt.parse(message.topic, message.payload, retained=message.retained, arrived=message.arrived)
            self._take_in(table, message, parsed, admission)
        except PayloadError as error:
            _refuse(admission, message, error)
        except Exception:
            logger.exception("payload format failed", extra={"format": kind, "topic": message.topic})
            _refuse(admission, message, PayloadError("format_failed", f"the format {kind} has a fault; see the log"))
        return admission

    def _take_in(self, table: _Table, message: Message, parsed: Parsed, admission: Admission) -> None:
        driver = admission.driver or ""
        place = None if parsed.gateway else _place(table, driver, parsed)
        for number, observation in enumerate(parsed.observations):
            if observation.kind.endswith(".health"):
                source = parsed.address if place is None else place.sensor.id
                admission.notes.append(_note(observation, source, place))
            elif place is not None:
                meant = place.meant(observation)
                if not place.sensor.kinds or meant.kind in place.sensor.kinds:
                    self._observe(message, place, meant, number=number, admission=admission)
        if place is not None and not message.retained and not admission.notes:
            admission.heard = place.sensor

    def _observe(
        self, message: Message, place: Place, observation: Observation, *, number: int, admission: Admission
    ) -> None:
        kind = KINDS.get(observation.kind)
        if kind is None:
            raise PayloadError("unknown_kind", f"no observation is called {observation.kind!r}")
        fields, mistakes = kind.read(observation.fields)
        for mistake in mistakes:
            _refuse(admission, message, mistake)
        admission.implausible += implausible_values(observation, mistakes)
        if Quality.HISTORY not in observation.quality:
            admission.said_at = observation.at or admission.said_at
        if not fields:
            return
        at, quality = _time(observation, message)
        trusted = observation.at is not None and Quality.CLOCK_SUSPECT not in quality
        sensor = place.sensor
        event_id = new_event_id()
        once = None if message.retained else observation.once
        if message.retained or once is not None or (trusted and not kind.one_shot):
            what = kind.name if observation.subject is None else f"{kind.name} {observation.subject}"
            name = once or (time_to_text(at) if trusted else "")
            event_id = _natural_id(sensor, what, fields, name, number=number, message=message)
        event = Event(
            id=event_id,
            kind=kind.name,
            at=at,
            arrived=message.arrived,
            source=sensor.id,
            driver=admission.driver or "",
            site=sensor.site,
            area=place.area,
            subject=_subject(observation),
            phase=observation.phase,
            confidence=_confidence(observation),
            box=_box(observation),
            fields=MappingProxyType(fields),
            quality=quality,
        )
        readings = _readings(event) if trusted or not message.retained else ()
        admission.facts.append(Fact(event, readings))
        admission.one_shot = admission.one_shot or kind.one_shot


def _place(table: _Table, driver: str, parsed: Parsed) -> Place:
    found = table.places.get((driver, parsed.address), ())
    for place in found:
        if parsed.site in {None, place.sensor.site}:
            return place
    name = parsed.address[:64]
    if found:
        raise PayloadError("unknown_sensor", f"{name!r} is not at site {(parsed.site or '')[:64]!r}")
    raise PayloadError("unknown_sensor", f"no sensor with format {driver} has the address {name!r}")


def _note(observation: Observation, source: str, place: Place | None) -> PresenceNote:
    online = observation.fields.get("state") == "online"
    return PresenceNote(observation.kind, source, online, str(observation.fields.get("reason", "")), place)


def _time(observation: Observation, message: Message) -> tuple[datetime, frozenset[Quality]]:
    quality = set(observation.quality)
    if message.retained:
        quality.add(Quality.RETAINED)
    at = observation.at
    if at is not None:
        late = message.arrived - at
        if abs(late) <= CLOCK_TOLERANCE or (late > CLOCK_TOLERANCE and Quality.HISTORY in quality):
            return at, frozenset(quality)
        quality.add(Quality.CLOCK_SUSPECT)
    return message.arrived, frozenset(quality)


def _subject(observation: Observation) -> str | None:
    subject = observation.subject
    if subject is not None and not (0 < len(subject) <= SUBJECT_CHARACTERS and subject.isprintable()):
        raise PayloadError("malformed", f"a subject must be printable and of at most {SUBJECT_CHARACTERS} characters")
    return subject


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
    message: Message,
) -> str:
    """The same for the same fact, however often it is sent; `name` is its time, or what its sender calls it."""
    parts = [sensor.id, kind, dict(fields), name, number, message.retained]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _readings(event: Event) -> tuple[Reading, ...]:
    of = "" if event.subject is None else f"@{event.subject}"
    return tuple(
        Reading(event.source, f"{event.kind}.{name}{of}", event.at, float(value), event.arrived, event.quality)
        for name, value in event.fields.items()
        if isinstance(value, bool | int | float)
    )


def _refuse(admission: Admission, message: Message, error: PayloadError) -> None:
    admission.refusals.append(Refusal(message.arrived, message.topic, error.reason, error.detail, message.payload))
