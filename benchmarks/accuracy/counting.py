"""Counting: people at labelled moments, visits with their dwell, vehicles of a clip, by what Events told. Pure.

At a moment there are as many as the last `camera.people` said; without one, as many `camera.person` as had begun and
not ended: what a wall of the room would show. Somebody stayed from the BEGAN of his `camera.person` to its ENDED, whose
time is that of the last sight.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.accuracy.judging import Told
from benchmarks.accuracy.labels import Clip, Span, counted, directions
from benchmarks.accuracy.running import seconds
from hub.events import Event, Phase

PEOPLE: Final = "camera.person"
COUNTED: Final = "camera.people"
VEHICLES: Final = "camera.vehicle"
CROSSED: Final = "camera.crossing"
VISIT_OFF_S: Final = 2.0
MOMENT_OFF: Final = 1


@dataclass(frozen=True, slots=True)
class Count:
    """A number that was labelled.

    Attributes:
        clip: Name of the clip.
        what: What was counted, and when.
        right: The lowest and highest right number.
        counted: What Events told.
        off: How much may be wrong.
    """

    clip: str
    what: str
    right: tuple[int, int]
    counted: int
    off: int = 0

    @property
    def holds(self) -> bool:
        """Whether it is right, or near enough."""
        return self.right[0] - self.off <= self.counted <= self.right[1] + self.off


@dataclass(frozen=True, slots=True)
class Visit:
    """A labelled person, and who was followed meanwhile.

    Attributes:
        clip: Name of the clip.
        span: When somebody was there.
        dwells_s: How long each who was followed then was, the longest first.
    """

    clip: str
    span: Span
    dwells_s: tuple[float, ...]

    @property
    def holds(self) -> bool:
        """Whether it was one person, with about the right dwell."""
        length_s = self.span.end_s - self.span.start_s
        return len(self.dwells_s) == 1 and abs(self.dwells_s[0] - length_s) <= VISIT_OFF_S


def people_at(states: Iterable[Told], at_s: float) -> int:
    """How many were there."""
    return sum(
        one.kind == PEOPLE and one.at_s <= at_s and (one.until_s is None or at_s < one.until_s) for one in states
    )  # fmt: skip


def said_at(events: Iterable[Event], at_s: float) -> int | None:
    """How many the last count before a moment said; None when nobody had counted."""
    said = [event for event in events if event.kind == COUNTED and seconds(event.at) <= at_s]
    return None if not said else int(said[-1].fields.get("people", 0))


def moments(clip: Clip, states: Sequence[Told], events: Sequence[Event] = ()) -> list[Count]:
    """People at each labelled moment."""
    found = []
    for span in clip.of(("person_count",)):
        right = counted(span.notes)
        if right is not None:
            people = said_at(events, span.start_s)
            people = people_at(states, span.start_s) if people is None else people
            found.append(Count(clip.name, f"people at {span.start_s:g} s", right, people, MOMENT_OFF))
    return found


def visits(clip: Clip, states: Sequence[Told], video_s: float) -> list[Visit]:
    """Each labelled person of a clip in which they come one after the other."""
    spans = clip.of(("person",))
    apart = all(one.end_s < later.start_s for one, later in itertools.pairwise(spans))
    if len(spans) < 2 or not apart:  # noqa: PLR2004 -- one span says that there is somebody, not who
        return []
    stays = [(one.at_s, video_s if one.until_s is None else one.until_s) for one in states if one.kind == PEOPLE]
    found = []
    for span in spans:
        dwells = [end - begin for begin, end in stays if _shared(span, begin, end) > (end - begin) / 2]
        found.append(Visit(clip.name, span, tuple(sorted((round(each, 1) for each in dwells), reverse=True))))
    return found


def _shared(span: Span, begin_s: float, end_s: float) -> float:
    return max(0.0, min(span.end_s, end_s) - max(span.start_s, begin_s))


def vehicles(clip: Clip, events: Sequence[Event]) -> list[Count]:
    """Vehicles of a clip: over its lines where it has any, else all that drove."""
    found = []
    for span in clip.of(("count",)):
        right = counted(span.notes)
        if right is None:
            continue
        crossed = [event for event in events if event.kind == CROSSED]
        if not crossed:
            drove = {
                event.subject
                for event in events
                if event.kind == VEHICLES and event.phase is not Phase.ENDED and not event.fields.get("stopped")
            }
            found.append(Count(clip.name, "vehicles followed", right, len(drove), 1))
            continue
        ways = Counter(str(event.fields.get("way", "")) for event in crossed)
        found.append(Count(clip.name, "vehicles over the line", right, ways.total(), 1))
        found += [
            Count(clip.name, f"vehicles {way}", (number, number), ways[way])
            for way, number in directions(span.notes).items()
        ]
    return found
