"""A payload format made of a map: reads what the map says, and keeps what every format keeps.

Reads only; no clock, no state. Whatever bytes come in, it gives observations or raises PayloadError.
"""

from __future__ import annotations

import contextlib
import re
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from hub.events import Quality
from hub.sensors.errors import PayloadError
from hub.sensors.kinds import KINDS, Text
from hub.sensors.mapping import Fields, Meaning
from hub.sensors.maps.places import Place, Test, place_of, test_of, word_of
from hub.sensors.maps.spec import MapSpec, ReadSpec
from hub.sensors.maps.xml import read_xml
from hub.sensors.parsing import Observation, Parsed, read_json, read_text, read_time

_IN_BRACES = re.compile(r"\{([^{}]*)\}")
_Key = tuple[datetime | None, frozenset[Quality], str | None, str | None]


class MapFormat:
    """Reads the topics of one map."""

    def __init__(self, spec: MapSpec) -> None:
        """Read as `spec` says."""
        self._spec = spec
        self._topics = tuple(_filter(topic) for topic in spec.topics)
        self._patterns = tuple(_pattern(topic) for topic in spec.topics)
        self._each = None if spec.each is None else place_of(spec.each)
        self._only = test_of(spec.only)
        self._time = None if spec.time is None else place_of(spec.time.place)
        self._subject = None if spec.subject is None else place_of(spec.subject)
        self._once = None if spec.once is None else place_of(spec.once)
        self._marks = tuple(
            (mark, test_of(condition))
            for mark, condition in (
                (Quality.TEST, spec.test),
                (Quality.SIMULATED, spec.simulated),
                (Quality.HISTORY, spec.history),
            )
            if condition
        )
        self._reads = tuple(_Read.of(read) for read in spec.read)

    def topics(self) -> Sequence[str]:
        """As the map has them, with `+` for what is taken down."""
        return self._topics

    def concerns(self, topic: str) -> bool:
        """Whether it is one of the map's topics."""
        return any(pattern.fullmatch(topic) for pattern in self._patterns)

    def parse(self, topic: str, payload: bytes, *, retained: bool, arrived: datetime) -> Parsed:
        """Read one message.

        Raises:
            PayloadError: `malformed`.
        """
        del retained, arrived  # what they mean is the same for every format, so the door sees to it
        top = self._read(payload)
        address = self._address(topic, top)
        said: dict[_Key, Fields] = {}
        for item in self._items(top):
            if not self._only.holds(top, item):
                continue
            found: Fields = {}
            for read in self._reads:
                read.put(top, item, found)
            if found:
                _join(said.setdefault(self._key(top, item), {}), found)
        return Parsed(
            address,
            tuple(
                Observation(kind, fields, at, quality, subject=subject, once=once)
                for (at, quality, subject, once), found in said.items()
                for kind, fields in found.items()
            ),
        )

    def _read(self, payload: bytes) -> object:
        match self._spec.payload:
            case "xml":
                return read_xml(payload)
            case "text":
                return read_text(payload)
            case _:
                return read_json(payload)

    def _address(self, topic: str, top: object) -> str:
        names: Mapping[str, str] = next(
            (found.groupdict() for pattern in self._patterns if (found := pattern.fullmatch(topic))), {}
        )

        def part(inside: re.Match[str]) -> str:
            text = inside[1]
            word = word_of(place_of(text).find(top, top)) if text.startswith("$") else names.get(text)
            if not word:
                raise PayloadError("malformed", f"names no device: nothing stands at {text[:64]}")
            return word

        return _IN_BRACES.sub(part, self._spec.address)

    def _items(self, top: object) -> Sequence[object]:
        if self._each is None:
            return (top,)
        items = self._each.find(top, top)
        if items is None:
            return ()  # nothing of the sort in this message
        return items if isinstance(items, list) else (items,)

    def _key(self, top: object, item: object) -> _Key:
        quality = {mark for mark, test in self._marks if test.holds(top, item)}
        sent = None if self._time is None else self._time.find(top, item)
        at = self._moment(sent)
        if at is None and sent is not None:
            quality.add(Quality.CLOCK_SUSPECT)
        subject = None if self._subject is None else word_of(self._subject.find(top, item))
        once = None if self._once is None else word_of(self._once.find(top, item))
        return at, frozenset(quality), subject or None, once or None

    def _moment(self, sent: object) -> datetime | None:
        spec = self._spec.time
        if isinstance(sent, str) and spec is not None:
            with contextlib.suppress(ValueError):
                sent = float(sent)
        at = read_time(sent)
        if at is None and isinstance(sent, str) and spec is not None and spec.zone is not None:
            try:
                return datetime.fromisoformat(sent.strip()).replace(tzinfo=zoneinfo.ZoneInfo(spec.zone)).astimezone(UTC)
            except (ValueError, OverflowError):
                return None
        return at


@dataclass(frozen=True, slots=True)
class _Read:
    place: Place | None
    value: object
    only: Test
    meaning: Meaning
    as_text: bool

    @classmethod
    def of(cls, spec: ReadSpec) -> _Read:
        name = spec.target
        scale, offset = spec.conversion
        words = {word.lower(): MappingProxyType({spec.kind: {name: value}}) for word, value in spec.words.items()}
        return cls(
            place=None if spec.place is None else place_of(spec.place),
            value=spec.value,
            only=test_of(spec.only),
            meaning=Meaning(spec.kind, name, scale=scale, offset=offset, words=MappingProxyType(words)),
            as_text=isinstance(KINDS[spec.kind].fields[name], Text),
        )

    def put(self, top: object, item: object, found: Fields) -> None:
        if not self.only.holds(top, item):
            return
        value = self.value if self.place is None else self.place.find(top, item)
        if value is None:
            return
        word = word_of(value) if self.as_text else None
        self.meaning.put(value if word is None else word, found)


def _join(before: Fields, found: Fields) -> None:
    for kind, fields in found.items():
        for name, value in fields.items():
            before.setdefault(kind, {}).setdefault(name, value)


def _filter(topic: str) -> str:
    return _IN_BRACES.sub("+", topic)


def _pattern(topic: str) -> re.Pattern[str]:
    levels = []
    for level in topic.split("/"):
        if level == "+":
            levels.append("[^/]*")
        elif level == "#":
            levels.append(".*")
        elif level.startswith("{"):
            levels.append(f"(?P<{level[1:-1]}>[^/]+)")
        else:
            levels.append(re.escape(level))
    return re.compile("/".join(levels), re.DOTALL)
