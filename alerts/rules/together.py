"""Shape `together`: several independent devices say so at about the same time.

    when:
      together:
        within: 90s
        near_m: 60
        all_of:
          - {kind: smoke, where: {alarm: true}}
          - {kind: camera.fire, where: {confidence: ">= 0.5"}}

Holds when for each pattern there is a match, all within `within` of each other, each from another source: two messages
of one device confirm nothing, however different they are. Order does not matter. A state counts each time it is told.
Over when this was not so any more for the length of the window. What they must have in common besides the time is said
by the rule's `for_each`, and by one of these:

- `same: zone`: the place of every two of them. One that does not say where it is, is unknown.
- `near_m: 60`: every two are at one site or so near, by where their devices stand. One whose place on the ground
  nobody wrote down is near to its own site only, and unknown when that alone confirms nothing. A rule that counts for
  each site then looks around it: the first pattern has to be observed at the site itself, the others may be at any
  site near, so that there is one alert, where the first pattern says.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Annotated, Self

from pydantic import Field, model_validator

from alerts.language.around import WRITE_SAME, Same, place_of
from alerts.language.duration import Seconds
from alerts.language.nearness import distance_m
from alerts.language.pattern import Answer, PatternSpec, build_pattern
from alerts.language.places import Places
from alerts.language.shape import ID_BYTES, Shape, State, Step, moment_us
from alerts.windows import HELD_BYTES, MOMENT_BYTES, Found, Moment, Noted, Seen, WindowShape, moments_since, with_moment
from config.says import says
from hub.events import Event, Quality
from hub.plugins import Options, Plugin

MOST_MOMENTS = 16
"""Kept per pattern and source."""
MOST_SOURCES = 16
"""Kept per pattern; the one heard of longest ago gives way."""
MOST_SOURCES_AROUND = 64
"""The same where a key stands for more than one place."""
MOST_METRES = 10_000

Chosen = tuple[int, str, Moment]
"""Number of the pattern, source and moment of a match."""
Part = tuple[int, Mapping[str, Sequence[Moment]]]
"""Number of a pattern, and its moments by source."""


class TogetherOptions(Options):
    """What must be seen, and how close together in time and place."""

    within_s: Seconds = Field(alias="within", gt=0)
    all_of: Annotated[tuple[PatternSpec, ...], Field(min_length=2, max_length=5)]
    near_m: Annotated[float, Field(gt=0, le=MOST_METRES)] | None = None
    """Metres between any two of them that are not at one site."""
    same: Annotated[Same, Field(json_schema_extra=WRITE_SAME)] | None = None
    """Place that any two of them have in common."""

    @model_validator(mode="after")
    def _one_bond(self) -> Self:
        if self.near_m is not None and self.same is not None:
            raise ValueError(
                says(
                    "write either near_m or same: one says what they have in common",
                    "near_m 和 same 只写一个：用一个说明它们的共同点",
                )
            )
        return self


class TogetherShape(WindowShape):
    """Several independent devices say so at about the same time."""

    facts = ("seconds",)
    several_sources = True

    def __init__(self, options: TogetherOptions) -> None:
        super().__init__(options.within_s)
        self._patterns = tuple(build_pattern(spec) for spec in options.all_of)
        self._same = options.same
        self._places: Places | None = None
        self._most_sources = MOST_SOURCES_AROUND if options.near_m or options.same else MOST_SOURCES
        self.near_m = options.near_m
        self.kinds = frozenset().union(*(pattern.kinds for pattern in self._patterns))
        self.patterns = self._patterns

    def placed(self, places: Places) -> Shape:
        """The same, in a community."""
        shape = copy(self)
        shape._places = places  # noqa: SLF001 - it is ours
        return shape

    def note(self, seen: Seen, event: Event) -> Noted:
        """Remember for which patterns it is a match of its source."""
        return self._note(seen, event, range(len(self._patterns)))

    def on_near(self, state: State, event: Event, now_us: int) -> Step:
        """It happened near: it may confirm what the first pattern says of this site."""
        before: Seen = state.get("seen", {})
        retained = Quality.RETAINED in event.quality
        noted = Noted(before) if retained else self._note(before, event, range(1, len(self._patterns)))
        return self._stepped(state, event, noted, now_us)

    def most_bytes(self, streams: int) -> int:
        """For each pattern so many moments of so many sources, each with its place."""
        del streams
        moment = MOMENT_BYTES + 2 * ID_BYTES
        source = ID_BYTES + MOST_MOMENTS * moment
        return len(self._patterns) * self._most_sources * source + HELD_BYTES

    def since(self, seen: Seen, from_us: int) -> Seen:
        """The newer moments."""
        kept = {
            number: {source: newer for source, moments in part.items() if (newer := moments_since(moments, from_us))}
            for number, part in seen.items()
        }
        return {number: part for number, part in kept.items() if part}

    def _note(self, seen: Seen, event: Event, numbers: range) -> Noted:
        answers = {number: self._patterns[number].judge(event) for number in numbers}
        unknown = Answer.UNKNOWN in answers.values()
        matched = [number for number, answer in answers.items() if answer is Answer.YES]
        if not matched:
            return Noted(seen, unknown=unknown)
        bond = self._bond(event)
        if bond is None:
            return Noted(seen, unknown=True)
        after = dict(seen)
        for number in matched:
            part: dict[str, list[Moment]] = dict(after.get(str(number), {}))
            part[event.source] = with_moment(part.get(event.source, ()), event, MOST_MOMENTS, *bond)
            after[str(number)] = _bounded(part, self._most_sources)
        own: Moment = [moment_us(event), *bond, event.id]
        found = [each for number in matched if (each := self._found(after, (number, event.source, own))) is not None]
        unknown = unknown or (not found and self.near_m is not None and not bond[1])
        return Noted(after, max(found, key=lambda each: (each.end_us, each.start_us), default=None), unknown)

    def _bond(self, event: Event) -> tuple[object, ...] | None:
        """What is remembered of where it was: nothing, one place, or site and position; None when nobody knows."""
        if self.near_m is not None:
            position = None if self._places is None else self._places.nearness.position(event)
            return None if position is None and event.site is None else (event.site or "", list(position or ()))
        if self._same is None:
            return ()
        there = {"site": event.site, "area": event.area, "camera": event.camera, "zone": event.zone}
        place = None if self._places is None else place_of(self._same, there, self._places)
        return None if place is None else (place,)

    def _bound(self, one: Moment, other: Moment) -> bool:
        """Whether two moments are where they have to be to each other."""
        if self.near_m is None:
            return bool(one[1:-1] == other[1:-1])
        if one[1] and one[1] == other[1]:
            return True
        return bool(one[2] and other[2]) and distance_m(tuple(one[2]), tuple(other[2])) <= self.near_m

    def _found(self, seen: Seen, own: Chosen) -> Found | None:
        """The set that ends last of those to which `own` belongs."""
        at_us = own[2][0]
        others: list[Part] = [
            (number, seen.get(str(number), {})) for number in range(len(self._patterns)) if number != own[0]
        ]
        if not all(part for _, part in others):
            return None
        ends = [
            (moment, number, source)
            for number, part in others
            for source, moments in part.items()
            for moment in moments_since(moments, at_us + 1)
            if source != own[1] and moment[0] <= at_us + self._within_us and self._bound(moment, own[2])
        ]
        for end, number, source in sorted(ends, reverse=True):
            rest = [part for part in others if part[0] != number]
            chosen = self._filled(rest, end[0], ((number, source, end), own))
            if chosen is not None:
                return self._finding(chosen)
        chosen = self._filled(others, at_us, (own,))
        return None if chosen is None else self._finding(chosen)

    def _filled(self, parts: Sequence[Part], end_us: int, taken: tuple[Chosen, ...]) -> tuple[Chosen, ...] | None:
        """A moment more for each part from sources that are not taken, within the window that ends there."""
        if not parts:
            return taken
        number, part = parts[0]
        for source, moment in _newest(part, end_us - self._within_us, end_us):
            if all(source != other and self._bound(moment, theirs) for _, other, theirs in taken):
                chosen = self._filled(parts[1:], end_us, (*taken, (number, source, moment)))
                if chosen is not None:
                    return chosen
        return None

    def _finding(self, chosen: tuple[Chosen, ...]) -> Found:
        moments = sorted(moment for _, _, moment in chosen)
        first, last = moments[0], moments[-1]
        facts = {"seconds": (last[0] - first[0]) // 1_000_000}
        if self.near_m is None or self._places is None:
            return Found(first[0], last[0], first[-1], facts)
        [site] = [moment[1] for number, _, moment in chosen if number == 0]
        there = {"site": site, "area": self._places.area_of_site.get(site)}
        place = {name: known for name, known in there.items() if known} if site else None
        return Found(first[0], last[0], first[-1], facts, place)


def _newest(part: Mapping[str, Sequence[Moment]], from_us: int, to_us: int) -> list[tuple[str, Moment]]:
    """Each source with its newest moment of these times at each of its places, the newest first."""
    newest = []
    for source, moments in part.items():
        end = bisect_left(moments, to_us + 1, key=lambda moment: moment[0])
        there = {str(moment[1:-1]): moment for moment in moments[:end] if moment[0] >= from_us}
        newest += [(source, moment) for moment in there.values()]
    return sorted(newest, key=lambda pair: (pair[1], pair[0]), reverse=True)


def _bounded(part: dict[str, list[Moment]], most: int) -> dict[str, list[Moment]]:
    if len(part) > most:
        del part[min(part, key=lambda source: (part[source][-1][0], source))]
    return part


PLUGIN = Plugin(
    kind="together",
    options=TogetherOptions,
    build=TogetherShape,
    summary="Several independent devices say so at about the same time.",
)
