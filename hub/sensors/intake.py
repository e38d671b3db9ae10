"""Door: makes events, readings and refusals of one MQTT message; the door rules live here.

Pure: no broker, no store, no clock, so every rule is tested by calling it. `apply` swaps the whole address table in one
assignment; `admit` may run in another thread meanwhile and sees the old table or the new one.

Door rules:
- a message over 64 KiB, one that its format cannot read, a device nobody configured, a kind nobody knows and a value
  that is physically impossible are refused, with a reason, and kept for inspection;
- the device's time counts within 120 s of the arrival, or when it declares history; else the arrival counts, marked
  CLOCK_SUSPECT;
- a retained message sets state only: marked RETAINED, stored once per content, without readings, and no sign of life;
  one whose own time is at most five minutes old is the live message, and stored once with it;
- a message with a time that counts has a natural identity (sensor, kind, time, content): the same fact sent twice by
  the device is stored once. One-shot kinds have none, two equal presses are two, unless the sender itself names the
  message: an uplink that two gateways heard is one press;
- what cameras see (`camera.` kinds) is taken of formats of cameras only;
- a topic may concern several formats; a device that one of them knows is no stranger to the message.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from config.community import Community
from hub.sensors.admission import Admission, Message, Place, PresenceNote
from hub.sensors.doubts import implausible_values
from hub.sensors.errors import PayloadError
from hub.sensors.kinds import KINDS, Kind
from hub.sensors.making import make_fact
from hub.sensors.options import configured, shared_options
from hub.sensors.parsing import Discovered, Discovering, Observation, Parsed, PayloadFormat, Seeing
from hub.sensors.topics import covers, gathered, reduced
from hub.store.facts import Refusal

logger = logging.getLogger(__name__)

PAYLOAD_BYTES = 65_536
"""A larger payload is refused unread."""

OWN_TOPICS = ("hub/v1/events", "hub/v1/incidents", "hub/v1/status")
"""Beginnings of what the hub itself publishes."""

FOLLOWED_FILTERS = 160
"""Beside the filters of the formats; the embedded broker takes 255 subscriptions of a client."""

ALWAYS = "plain"
"""The format that is listened to even when no sensor uses it: its topics are the hub's own."""


@dataclass(frozen=True, slots=True)
class _Table:
    formats: Mapping[str, PayloadFormat]
    places: Mapping[tuple[str, str], tuple[Place, ...]]
    kinds: Mapping[str, Mapping[str, Kind]]  # of each format
    filters: frozenset[str]


class Door:
    """Reads messages with the formats that the Community's sensors use."""

    def __init__(self, formats: Mapping[str, PayloadFormat], *, keep: Sequence[str] | None = ()) -> None:
        """Know `formats` by kind; before `apply`, no device is known.

        Args:
            formats: By kind.
            keep: Filters under which what nobody can place is kept raw; None takes those of every format.
        """
        self._formats = dict(formats)
        every = (topic for fmt in self._formats.values() for topic in fmt.topics())
        self._keep = None if keep is None else tuple(keep)
        self._listened = frozenset(every if keep is None else keep)
        self._table = _Table(MappingProxyType({}), MappingProxyType({}), MappingProxyType({}), frozenset())
        self._discovering = {kind: fmt for kind, fmt in self._formats.items() if isinstance(fmt, Discovering)}
        self._kinds = MappingProxyType(
            {
                kind: MappingProxyType({**KINDS, **fmt.camera_kinds()}) if isinstance(fmt, Seeing) else KINDS
                for kind, fmt in self._formats.items()
            }
        )
        self.apply(Community())

    def apply(self, community: Community) -> list[Place]:
        """Take over the sensors of a Community; returns them with their Areas."""
        areas = {site.id: site.area for site in community.sites}
        places = [Place(sensor, areas.get(sensor.site), shared_options(sensor)) for sensor in community.sensors]
        table: dict[tuple[str, str], list[Place]] = defaultdict(list)
        for place in places:
            table[place.sensor.format, place.sensor.address or place.sensor.id].append(place)
        used = {ALWAYS, *self._discovering, *(sensor.format for sensor in community.sensors)}
        for kind in sorted(used - self._formats.keys()):
            logger.error("no such payload format, its sensors stay unheard", extra={"format": kind})
        formats = {
            kind: configured(fmt, (sensor for sensor in community.sensors if sensor.format == kind))
            for kind, fmt in self._formats.items()
            if kind in used
        }
        filters = self._listened.union(*(fmt.topics() for fmt in formats.values()))
        self._table = _Table(
            MappingProxyType(formats),
            MappingProxyType({key: tuple(value) for key, value in table.items()}),
            self._kinds,
            reduced(filters),
        )
        return places

    def filters(self) -> frozenset[str]:
        """The MQTT filters to subscribe to now; no topic is under two of them."""
        return self._fixed() | self._gathered()

    def uncovered(self, topics: Iterable[str]) -> frozenset[str]:
        """Those topics that no filter of a format brings anyway: subscribed to twice, a message may come twice."""
        fixed = self._fixed()
        return frozenset(topic for topic in topics if not any(covers(one, topic) for one in fixed))

    def all_filters(self) -> frozenset[str]:
        """The filters of every format there is, used or not, and of the topics that one follows."""
        fixed = frozenset(topic for fmt in self._formats.values() for topic in fmt.topics())
        return fixed | gathered(self._followed())

    def topics_of(self, kind: str, address: str) -> frozenset[str]:
        """The topics that a format follows because of one device."""
        fmt = self._discovering.get(kind)
        return frozenset() if fmt is None else fmt.topics_of(address)

    @property
    def formats(self) -> Mapping[str, PayloadFormat]:
        """All formats, by kind, as nobody configured them."""
        return MappingProxyType(self._formats)

    def discovered(self) -> tuple[tuple[str, Discovered], ...]:
        """The devices that announced themselves, each with the format that knows it."""
        return tuple((kind, each) for kind, fmt in self._discovering.items() for each in fmt.discovered())

    def _fixed(self) -> frozenset[str]:
        return self._table.filters

    def _gathered(self) -> frozenset[str]:
        fixed = self._fixed()
        topics = self.uncovered(self._followed())
        for together in (5, 2):
            filters = gathered(topics, beside=fixed, together=together)
            if len(filters) <= FOLLOWED_FILTERS:
                return filters
        logger.error("devices announced topics too different to listen to all", extra={"filters": len(filters)})
        return frozenset(sorted(filters)[:FOLLOWED_FILTERS])

    def _followed(self) -> frozenset[str]:
        return frozenset(topic for fmt in self._discovering.values() for topic in fmt.followed())

    def admit(self, message: Message) -> Admission:
        """Read one message. A format that fails on it refuses it; nothing is raised."""
        table = self._table
        admission = Admission()
        for kind, fmt in table.formats.items():
            if fmt.concerns(message.topic):
                read = Admission(driver=kind)
                self._read(table, fmt, message, read)
                admission.add(read)
        admission.keep = self._is_kept(message, admission)
        return admission

    def _is_followed(self, topic: str) -> bool:
        """Whether it is a topic that a device announced, not the announcement itself."""
        return any(
            fmt.concerns(topic) and not any(covers(one, topic) for one in fmt.topics())
            for fmt in self._discovering.values()
        )

    def _is_kept(self, message: Message, admission: Admission) -> bool:
        """Whether nobody can place it now, but somebody may later; what is retained comes again anyway."""
        if message.retained or len(message.payload) > PAYLOAD_BYTES or self._keep == ():
            return False
        if admission.driver is not None:
            return not admission.concerned and (bool(admission.refusals) or self._is_followed(message.topic))
        if message.topic.startswith(OWN_TOPICS):
            return False
        if self._keep is None:
            return any(fmt.concerns(message.topic) for fmt in self._formats.values())
        return any(covers(one, message.topic) for one in self._keep)

    def _read(self, table: _Table, fmt: PayloadFormat, message: Message, admission: Admission) -> None:
        size = len(message.payload)
        if size > PAYLOAD_BYTES:
            _refuse(admission, message, PayloadError("too_large", f"{size} bytes, at most {PAYLOAD_BYTES} are read"))
            return
        kind = admission.driver or ""
        try:
            parsed = fmt.parse(message.topic, message.payload, retained=message.retained, arrived=message.arrived)
        except PayloadError as error:
            _refuse(admission, message, error)
            return
        except Exception:
            logger.exception("payload format failed", extra={"format": kind, "topic": message.topic})
            _refuse(admission, message, PayloadError("format_failed", f"the format {kind} has a fault; see the log"))
            return
        for each in (parsed, *parsed.more):
            try:
                self._take_in(table, message, each, admission)
            except PayloadError as error:
                _refuse(admission, message, error)

    def _take_in(self, table: _Table, message: Message, parsed: Parsed, admission: Admission) -> None:
        admission.follow += parsed.follow
        admission.remember = admission.remember or parsed.remember
        place = None if parsed.gateway else _place(table, admission.driver or "", parsed)
        for problem in parsed.problems:
            _refuse(admission, message, problem)
        is_noted = False
        for number, observation in enumerate(parsed.observations):
            if observation.kind.endswith(".health"):
                source = parsed.address if place is None else place.sensor.id
                admission.notes.append(_note(observation, source, place))
                is_noted = True
            elif place is not None:
                meant = place.meant(observation)
                if not place.sensor.kinds or meant.kind in place.sensor.kinds:
                    _observe(table, message, place, meant, number=number, admission=admission)
        if place is None:
            return
        if parsed.silent_after_s is not None:
            admission.expects.append((place.sensor.id, parsed.silent_after_s))
        if parsed.alive and not message.retained and not is_noted:
            admission.hear(place.sensor)


def _observe(
    table: _Table, message: Message, place: Place, observation: Observation, *, number: int, admission: Admission
) -> None:
    driver = admission.driver or ""
    kind = table.kinds[driver].get(observation.kind)
    if kind is None:
        raise PayloadError("unknown_kind", f"no observation is called {observation.kind!r}")
    fact, mistakes = make_fact(message, place, driver, observation, kind=kind, number=number)
    admission.said_at = admission.said_at or observation.at
    admission.implausible += implausible_values(observation, mistakes)
    for mistake in mistakes:
        _refuse(admission, message, mistake)
    if fact is not None:
        admission.facts.append(fact)
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


def _refuse(admission: Admission, message: Message, error: PayloadError) -> None:
    admission.refusals.append(Refusal(message.arrived, message.topic, error.reason, error.detail, message.payload))
