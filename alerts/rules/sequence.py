"""Shape `sequence`: one thing after the other.

    when:
      sequence:
        within: 60s
        steps:
          - {kind: camera.person, where: {zone_use: guarded}}
          - {kind: camera.health, where: {state: offline}}

Holds when there is a match for each step, each later than that of the step before, all within `within`. It goes by when
they happened: a step that becomes known late still counts in its place. The steps may come from one source or from
several; what lies between them does not matter. A state counts each time it is told. Over when this was not so any more
for the length of the window. With `then_no` it holds when for so long afterwards something else was not observed, and
is over when that is:

        then_no: {kind: [motion, presence], for: 15m}
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from alerts.language.awaited import AwaitedShape
from alerts.language.duration import Seconds
from alerts.language.pattern import Answer, PatternSpec, build_pattern
from alerts.language.shape import TIME_BYTES, Shape, moment_us
from alerts.windows import HELD_BYTES, MOMENT_BYTES, Found, Moment, Noted, Seen, WindowShape, moments_since, with_moment
from hub.events import Event
from hub.plugins import Options, Plugin

MOST_MOMENTS = 24
"""Kept per step."""


class ThenNoSpec(PatternSpec):
    """What does not follow."""

    for_s: Seconds = Field(alias="for", gt=0)
    """For so long after the last step."""


class SequenceOptions(Options):
    """What must follow what, within which time."""

    within_s: Seconds = Field(alias="within", gt=0)
    steps: Annotated[tuple[PatternSpec, ...], Field(min_length=2, max_length=5)]
    then_no: ThenNoSpec | None = None
    """What does not follow: it holds when for so long afterwards this was not observed."""


class SequenceShape(WindowShape):
    """One thing after the other."""

    facts = ("seconds",)

    def __init__(self, options: SequenceOptions) -> None:
        super().__init__(options.within_s)
        self._steps = tuple(build_pattern(spec) for spec in options.steps)
        self.kinds = frozenset().union(*(pattern.kinds for pattern in self._steps))
        self.patterns = self._steps
        numbered = tuple(enumerate(self._steps))
        self._of_kind = {kind: [each for each in numbered if kind in each[1].kinds] for kind in self.kinds}

    def note(self, seen: Seen, event: Event) -> Noted:
        """Remember for which steps it is a match."""
        unknown, matched = False, []
        for number, pattern in self._of_kind[event.kind]:
            answer = pattern.judge(event)
            unknown = unknown or answer is Answer.UNKNOWN
            if answer is Answer.YES:
                matched.append(number)
        if not matched:
            return Noted(seen, unknown=unknown)
        changed = {str(number): with_moment(seen.get(str(number), ()), event, MOST_MOMENTS) for number in matched}
        after = {**seen, **changed}
        found = [each for number in matched if (each := self._found(after, number, event)) is not None]
        return Noted(after, max(found, key=lambda each: (each.end_us, each.start_us), default=None), unknown)

    def most_bytes(self, streams: int) -> int:
        """Moments of each step."""
        del streams
        return len(self._steps) * (TIME_BYTES + MOST_MOMENTS * MOMENT_BYTES) + HELD_BYTES

    def since(self, seen: Seen, from_us: int) -> Seen:
        """The newer moments."""
        kept = {number: moments_since(moments, from_us) for number, moments in seen.items()}
        return {number: moments for number, moments in kept.items() if moments}

    def _found(self, seen: Seen, number: int, event: Event) -> Found | None:
        """The sequence in which `event` is one step: as late as possible before it, as early as possible after it."""
        first: Moment = [moment_us(event), event.id]
        last = first
        for before in range(number - 1, -1, -1):
            moments: Sequence[Moment] = seen.get(str(before), ())
            index = bisect_left(moments, first[0], key=lambda moment: moment[0])
            if not index:
                return None
            first = moments[index - 1]
        for after in range(number + 1, len(self._steps)):
            moments = seen.get(str(after), ())
            index = bisect_left(moments, last[0] + 1, key=lambda moment: moment[0])
            if index == len(moments):
                return None
            last = moments[index]
        if last[0] - first[0] > self._within_us:
            return None
        last = self._latest_end(seen, first, last, number)
        return Found(first[0], last[0], first[-1], {"seconds": (last[0] - first[0]) // 1_000_000})

    def _latest_end(self, seen: Seen, first: Moment, last: Moment, number: int) -> Moment:
        """The latest match of the last step that is still within the window; the one before it does as well then."""
        if number == len(self._steps) - 1:
            return last
        ends: Sequence[Moment] = seen[str(len(self._steps) - 1)]
        index = bisect_left(ends, first[0] + self._within_us + 1, key=lambda moment: moment[0])
        return max(last, ends[index - 1])


def _build(options: SequenceOptions) -> Shape:
    shape = SequenceShape(options)
    awaited = options.then_no
    return shape if awaited is None else AwaitedShape(shape, build_pattern(awaited), awaited.for_s)


PLUGIN = Plugin(
    kind="sequence",
    options=SequenceOptions,
    build=_build,
    summary="One thing after the other within a time, by when it happened.",
)
