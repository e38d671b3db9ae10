"""Finds: what strange devices said, put together by device: what they may be, what they last said, and how often.

Made of messages that nobody could place, read by every format that knows their topic. What they hold was written by
whoever may publish, so everything that comes out is bounded and free of control characters, and nothing of it counts
before somebody took the device over. Pure: messages in, finds out; formats that learn are not asked here, for they tell
of their devices themselves.
"""

from __future__ import annotations

import json
import math
import statistics
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from hub.sensors.errors import PayloadError
from hub.sensors.kinds import KINDS
from hub.sensors.parsing import Discovering, Parsed, PayloadFormat
from hub.store.raw_messages import RawMessage

MOST_FINDS = 500
MOST_VALUES = 32
_TEXT = 120
_SAMPLE = 512
_TIMES = 50
_MEANT: Mapping[str, str] = {
    "temp": "temperature",
    "temperature": "temperature",
    "tem": "temperature",
    "humidity": "humidity",
    "hum": "humidity",
    "smoke": "smoke",
    "water_leak": "water_leak",
    "leak": "water_leak",
    "gas": "gas",
    "co": "co",
    "contact": "door",
    "door": "door",
    "level": "water_level",
    "water_level": "water_level",
    "occupancy": "motion",
    "motion": "motion",
    "pir": "motion",
    "battery": "battery",
    "batt": "battery",
    "sos": "sos",
    "alarm": "smoke",
    "温度": "temperature",
    "湿度": "humidity",
    "烟雾": "smoke",
    "水位": "water_level",
}
"""What names in a payload that no format reads are likely to mean."""


@dataclass(frozen=True, slots=True)
class Find:
    """A strange device.

    Attributes:
        format: The payload format that reads it; empty when none does.
        address: How that format knows it; the topic when none does.
        site: Where it says that it is.
        name: As it calls itself.
        maker: Who made it.
        model: What it is.
        kinds: What it observes, or is likely to.
        values: What it said last, `<kind>.<field>`, or by the names in its payload.
        topics: On which it speaks, at most some.
        sample: The beginning of its newest payload.
        count: Messages that are kept of it.
        first: When the first of them came.
        last: When it spoke last, None when it only announced itself.
        interval_s: Usual time between two of them.
        why: Why nobody takes it now.
    """

    format: str
    address: str
    site: str | None = None
    name: str | None = None
    maker: str | None = None
    model: str | None = None
    kinds: tuple[str, ...] = ()
    values: Mapping[str, object] = field(default_factory=dict)
    topics: tuple[str, ...] = ()
    sample: str = ""
    count: int = 0
    first: datetime | None = None
    last: datetime | None = None
    interval_s: float | None = None
    why: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from all others."""
        return self.format, self.address


@dataclass(slots=True)
class _Group:
    site: str | None
    why: str
    sample: str
    kinds: set[str] = field(default_factory=set)
    values: dict[str, object] = field(default_factory=dict)
    topics: dict[str, None] = field(default_factory=dict)
    times: list[datetime] = field(default_factory=list)
    count: int = 0
    first: datetime | None = None
    last: datetime | None = None


def finds_of(newest_first: Iterable[RawMessage], formats: Mapping[str, PayloadFormat]) -> list[Find]:
    """The devices that kept messages tell of, those that spoke last first.

    Args:
        newest_first: The messages.
        formats: By kind.
    """
    asked = {kind: each for kind, each in formats.items() if not isinstance(each, Discovering)}
    learning = [each for each in formats.values() if isinstance(each, Discovering)]
    groups: dict[tuple[str, str], _Group] = {}
    for message in newest_first:
        if any(each.concerns(message.topic) for each in learning):
            continue
        for key, parsed, why in _read(message, asked):
            group = groups.get(key)
            if group is None:
                if len(groups) >= MOST_FINDS:
                    continue
                group = groups[key] = _Group(None if parsed is None else parsed.site, why, _sample(message.payload))
            _add(group, message, parsed)
    return [_find(key, group) for key, group in groups.items()]


def clean(text: str, most: int = _TEXT) -> str:
    """Text of strangers: without control characters, and not too long."""
    shown = "".join(sign if unicodedata.category(sign)[0] != "C" else "\ufffd" for sign in text[:most])
    return shown + ("…" if len(text) > most else "")


def plain_value(value: object) -> object:
    """A value of strangers, as something short that JSON can hold."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 10**15 else str(value)[:40]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return clean(str(value))


def _read(
    message: RawMessage, formats: Mapping[str, PayloadFormat]
) -> list[tuple[tuple[str, str], Parsed | None, str]]:
    """The devices that a message is of, each with what was read and why nobody takes it."""
    found: list[tuple[tuple[str, str], Parsed | None, str]] = []
    why = "unknown"
    for kind, each in formats.items():
        if not each.concerns(message.topic):
            continue
        try:
            parsed = each.parse(message.topic, message.payload, retained=False, arrived=message.arrived)
        except PayloadError as error:
            why = error.reason
            continue
        except Exception:  # noqa: BLE001, S112 - the door has told of a format that has a fault
            continue
        found += [
            ((kind, one.address), one, "unknown_sensor")
            for one in (parsed, *parsed.more)
            if not one.gateway and one.observations and len(one.address) <= 256  # noqa: PLR2004 - of Sensor.address
        ]
    return found or [(("", message.topic[:256]), None, why)]


def _add(group: _Group, message: RawMessage, parsed: Parsed | None) -> None:
    group.count += 1
    group.first = min(group.first or message.arrived, message.arrived)
    group.last = max(group.last or message.arrived, message.arrived)
    if len(group.times) < _TIMES:
        group.times.append(message.arrived)
    if len(group.topics) < 8:  # noqa: PLR2004 - enough to know it by
        group.topics.setdefault(clean(message.topic, 256))
    if parsed is None:
        for name, value in _guessed(message.payload):
            _set(group, name, value)
        return
    for observation in parsed.observations:
        if observation.kind.endswith(".health"):
            continue
        if len(group.kinds) < MOST_VALUES:
            group.kinds.add(clean(observation.kind, 64))
        for name, value in observation.fields.items():
            _set(group, f"{observation.kind}.{name}", value)


def _set(group: _Group, name: str, value: object) -> None:
    if len(group.values) < MOST_VALUES:
        group.values.setdefault(clean(name), plain_value(value))


def _guessed(payload: bytes) -> list[tuple[str, object]]:
    """Names and values in a payload that no format reads."""
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError):
        return []
    if not isinstance(body, dict):
        return [("value", body)] if isinstance(body, str | int | float | bool) else []
    return [
        (str(name), value) for name, value in list(body.items())[:MOST_VALUES] if not isinstance(value, dict | list)
    ]


def _find(key: tuple[str, str], group: _Group) -> Find:
    gaps = [abs((later - earlier).total_seconds()) for later, earlier in pairwise(sorted(group.times))]
    kinds = group.kinds or {
        meant for name in group.values if (meant := _MEANT.get(name.lower())) is not None and meant in KINDS
    }
    return Find(
        key[0],
        clean(key[1], 256),
        site=None if group.site is None else clean(group.site, 64),
        kinds=tuple(sorted(kinds)),
        values=group.values,
        topics=tuple(group.topics),
        sample=group.sample,
        count=group.count,
        first=group.first,
        last=group.last,
        interval_s=round(statistics.median(gaps), 1) if gaps else None,
        why=group.why,
    )


def _sample(payload: bytes) -> str:
    return clean(payload[: 4 * _SAMPLE].decode(errors="replace"), _SAMPLE)
