"""Shape `together`: several independent devices say so at about the same time.

    when:
      together:
        within: 90s
        all_of:
          - {kind: smoke, where: {alarm: true}}
          - {kind: camera.fire, where: {confidence: ">= 0.5"}}

Holds when for each pattern there is a match, all within `within` of each other, each from another source: two messages
of one device confirm nothing, however different they are. Order does not matter. A state counts each time it is told.
Over when this was not so any more for the length of the window. What they must have in common besides the time is said
by the rule's `for_each`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, model_validator

from alerts.duration import Seconds
from alerts.pattern import Answer, PatternSpec, build_pattern
from alerts.shape import moment_us
from alerts.windows import Found, Moment, Noted, Seen, WindowShape, moments_since, with_moment
from hub.events import Event
from hub.plugins import Options, Plugin

MOST_MOMENTS = 16
"""Kept per pattern and source."""
MOST_SOURCES = 16
"""Kept per pattern; the one heard of longest ago gives way."""


class TogetherOptions(Options):
    """What must be seen, and how close together in time."""

    within_s: Seconds = Field(alias="within", gt=0)
    all_of: Annotated[tuple[PatternSpec, ...], Field(min_length=2, max_length=5)]

    @model_validator(mode="before")
    @classmethod
    def _near_is_said_by_the_key(cls, written: Any) -> Any:
        for key in ("same", "near_m"):
            if isinstance(written, Mapping) and key in written:
                raise ValueError(f"`{key}` is not supported; say by for_each what they share, site or area")
        return written


class TogetherShape(WindowShape):
    """Several independent devices say so at about the same time."""

    facts = ("seconds",)
    several_sources = True

    def __init__(self, options: TogetherOptions) -> None:
        super().__init__(options.within_s)
        self._patterns = tuple(build_pattern(spec) for spec in options.all_of)
        self.kinds = frozenset().union(*(pattern.kinds for pattern in self._patterns))

    def note(self, seen: Seen, event: Event) -> Noted:
        """Remember for which patterns it is a match of its source."""
        answers = [pattern.judge(event) for pattern in self._patterns]
        unknown = Answer.UNKNOWN in answers
        matched = [number for number, answer in enumerate(answers) if answer is Answer.YES]
        if not matched:
            return Noted(seen, unknown=unknown)
        after = dict(seen)
        for number in matched:
            part: dict[str, list[Moment]] = dict(after.get(str(number), {}))
            part[event.source] = with_moment(part.get(event.source, ()), event, MOST_MOMENTS)
            after[str(number)] = _bounded(part)
        found = [each for number in matched if (each := self._found(after, number, event)) is not None]
        return Noted(after, max(found, key=lambda each: (each.end_us, each.start_us), default=None), unknown)

    def since(self, seen: Seen, from_us: int) -> Seen:
        """The newer moments."""
        kept = {
            number: {source: newer for source, moments in part.items() if (newer := moments_since(moments, from_us))}
            for number, part in seen.items()
        }
        return {number: part for number, part in kept.items() if part}

    def _found(self, seen: Seen, number: int, event: Event) -> Found | None:
        """The set that ends last of those to which `event` belongs as the match of one pattern."""
        own: Moment = [moment_us(event), event.id]
        others: list[Mapping[str, Sequence[Moment]]] = [
            seen.get(str(other), {}) for other in range(len(self._patterns)) if other != number
        ]
        if not all(others):
            return None
        ends = [
            (moment, index, source)
            for index, part in enumerate(others)
            for source, moments in part.items()
            for moment in moments_since(moments, own[0] + 1)
            if source != event.source and moment[0] <= own[0] + self._within_us
        ]
        for end, index, source in sorted(ends, reverse=True):
            rest = self._filled([*others[:index], *others[index + 1 :]], end[0], (event.source, source))
            if rest is not None:
                return _found([*rest, own, end])
        rest = self._filled(others, own[0], (event.source,))
        return None if rest is None else _found([*rest, own])

    def _filled(
        self, parts: Sequence[Mapping[str, Sequence[Moment]]], end_us: int, taken: tuple[str, ...]
    ) -> list[Moment] | None:
        """A moment for each part from sources that are not taken, within the window that ends there."""
        if not parts:
            return []
        for source, moment in _newest(parts[0], end_us - self._within_us, end_us):
            if source not in taken:
                rest = self._filled(parts[1:], end_us, (*taken, source))
                if rest is not None:
                    return [moment, *rest]
        return None


def _found(chosen: list[Moment]) -> Found:
    first, *_, last = sorted(chosen)
    return Found(first[0], last[0], first[-1], {"seconds": (last[0] - first[0]) // 1_000_000})


def _newest(part: Mapping[str, Sequence[Moment]], from_us: int, to_us: int) -> list[tuple[str, Moment]]:
    """Each source with its newest moment of these times, the newest first."""
    newest = []
    for source, moments in part.items():
        index = bisect_left(moments, to_us + 1, key=lambda moment: moment[0])
        if index and moments[index - 1][0] >= from_us:
            newest.append((source, moments[index - 1]))
    return sorted(newest, key=lambda pair: (pair[1], pair[0]), reverse=True)


def _bounded(part: dict[str, list[Moment]]) -> dict[str, list[Moment]]:
    if len(part) > MOST_SOURCES:
        del part[min(part, key=lambda source: (part[source][-1][0], source))]
    return part


PLUGIN = Plugin(
    kind="together",
    options=TogetherOptions,
    build=TogetherShape,
    summary="Several independent devices say so at about the same time.",
)
