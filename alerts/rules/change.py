"""Shape `change`: a number rises or falls fast.

    when:
      change: {of: {kind: water_level}, field: level_m, rises: 0.3, within: 15m, samples: 3}

Holds when of one stream (source, kind and subject) a later reading is higher (`rises`) or lower (`falls`) than an
earlier one by the amount or more, both within `within`, and with those between them there are `samples` readings or
more. From three samples on, two of them must lie on either side of the middle of the change, so that a single wrong
reading, too high or too low, is no flood. Over when this was not so any more for the length of the window.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, Self

from pydantic import Field, model_validator

from alerts.language.duration import Seconds
from alerts.language.pattern import Answer, PatternSpec, as_number, build_pattern
from alerts.language.shape import STREAM_BYTES, TIME_BYTES, moment_us, stream_of
from alerts.windows import HELD_BYTES, MOMENT_BYTES, Found, Moment, Noted, Seen, WindowShape, moments_since, with_moment
from config.says import says
from hub.events import Event
from hub.plugins import Options, Plugin

MOST_READINGS = 64
"""Kept per stream."""
MOST_STREAMS = 32
"""Kept per key; the one heard of longest ago gives way."""
_ROUNDING = 1e-9
"""Of the amount: 2.3 - 2.0 is a little less than 0.3 in binary."""


class ChangeOptions(Options):
    """Which number changes, by how much, within which time."""

    of: PatternSpec
    field: str = Field(min_length=1)
    rises: float | None = Field(default=None, gt=0)
    falls: float | None = Field(default=None, gt=0)
    within_s: Seconds = Field(alias="within", gt=0)
    samples: int = Field(default=3, ge=2, le=MOST_READINGS // 2)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.rises is None) == (self.falls is None):
            raise ValueError(
                says("write either `rises` or `falls`, by how much", "请写 `rises` 或 `falls` 之一，即升降多少")
            )
        return self


class ChangeShape(WindowShape):
    """A number rises or falls fast."""

    facts = ("value", "change", "seconds")

    def __init__(self, options: ChangeOptions) -> None:
        super().__init__(options.within_s)
        self._pattern = build_pattern(options.of)
        self._field = options.field
        self._sign = 1.0 if options.rises is not None else -1.0
        self._amount = (options.rises or options.falls or 0.0) * (1 - _ROUNDING)
        self._samples = options.samples
        self.kinds = self._pattern.kinds
        self.patterns = (self._pattern,)

    def note(self, seen: Seen, event: Event) -> Noted:
        """Put the reading in its place."""
        answer = self._pattern.judge(event)
        value = as_number(event.fields.get(self._field)) if answer is Answer.YES else None
        if value is None:
            return Noted(seen, unknown=answer in (Answer.YES, Answer.UNKNOWN))
        stream = stream_of(event)
        readings = with_moment(seen.get(stream, ()), event, MOST_READINGS, value)
        return Noted(_bounded({**seen, stream: readings}), self._found(readings, moment_us(event)))

    def most_bytes(self, streams: int) -> int:
        """Readings of each stream."""
        stream = STREAM_BYTES + MOST_READINGS * (MOMENT_BYTES + TIME_BYTES)
        return min(streams, MOST_STREAMS) * stream + HELD_BYTES

    def since(self, seen: Seen, from_us: int) -> Seen:
        """The newer readings."""
        kept = {stream: moments_since(readings, from_us) for stream, readings in seen.items()}
        return {stream: readings for stream, readings in kept.items() if readings}

    def _found(self, readings: Sequence[Moment], at_us: int) -> Found | None:
        """The last change around `at_us` that is large enough, and of those that end with it the largest."""
        values: list[float] = [reading[1] for reading in readings]
        if max(values) - min(values) < self._amount:  # nearly always
            return None
        times: list[int] = [reading[0] for reading in readings]
        for last in range(bisect_right(times, at_us + self._within_us) - 1, bisect_left(times, at_us) - 1, -1):
            starts = range(
                bisect_left(times, times[last] - self._within_us),
                min(bisect_right(times, at_us), bisect_left(times, times[last])),
            )
            good = [first for first in starts if self._is_change(readings, first, last)]
            if good:
                first = max(good, key=lambda each: (self._by(readings[each], readings[last]), each))
                return self._told(readings[first], readings[last])
        return None

    def _is_change(self, readings: Sequence[Moment], first: int, last: int) -> bool:
        """Whether it is large enough, and enough readings say so."""
        by = self._by(readings[first], readings[last])
        if by < self._amount or last - first + 1 < self._samples:
            return False
        rising = [self._by(readings[first], reading) for reading in readings[first : last + 1]]
        before = sum(each <= by / 2 * (1 + _ROUNDING) for each in rising)
        after = sum(each >= by / 2 * (1 - _ROUNDING) for each in rising)
        return self._samples == 2 or min(before, after) >= 2  # noqa: PLR2004

    def _by(self, first: Moment, last: Moment) -> float:
        change: float = self._sign * (last[1] - first[1])
        return change

    def _told(self, first: Moment, last: Moment) -> Found:
        facts: Mapping[str, Any] = {
            "value": last[1],
            "change": self._by(first, last),
            "seconds": (last[0] - first[0]) // 1_000_000,
        }
        return Found(first[0], last[0], first[-1], facts)


def _bounded(streams: dict[str, list[Moment]]) -> Seen:
    if len(streams) > MOST_STREAMS:
        del streams[min(streams, key=lambda stream: (streams[stream][-1][0], stream))]
    return streams


PLUGIN = Plugin(
    kind="change",
    options=ChangeOptions,
    build=ChangeShape,
    summary="A number rises or falls by so much within a time.",
)
