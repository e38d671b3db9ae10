"""Windows: the frame of the shapes that look for several Events within a time, whatever order they arrive in.

A shape remembers the moments of the Events that matter to it, sorted by event time, for as long as its window and the
horizon of late arrivals reach back; each new one is put in its place, and the shape looks whether it completes what is
asked for. More moments can only complete more, so the order of arrival makes no difference. What was complete once
holds until nothing was complete for the length of the window. What a broker retained has an unknown age and counts for
nothing here. The state is bounded: a list that is full gives up the moment that its neighbours crowd most.
"""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from alerts.language.shape import (
    ID_BYTES,
    TIME_BYTES,
    WITNESS_BYTES,
    Claim,
    Shape,
    State,
    Step,
    Verdict,
    Witness,
    moment_us,
)
from alerts.streams import FORGET_US
from hub.events import Event, Quality

Moment = list[Any]
"""JSON: event time in microseconds first, id of the event last."""
Seen = Mapping[str, Any]
"""What a shape remembers of the Events, as JSON. Empty means nothing."""
_NEVER_US = 2**63
NOTHING_SEEN: Seen = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Found:
    """What an Event completed.

    Attributes:
        start_us: Event time of the first that belongs to it.
        end_us: Event time of the last.
        first: Id of the first.
        facts: What may be said of it.
        place: The site and area it is about, when these are not where the Event is.
    """

    start_us: int
    end_us: int
    first: str
    facts: Mapping[str, float | str] = field(default_factory=lambda: MappingProxyType({}))
    place: Mapping[str, str] | None = None


class Noted(NamedTuple):
    """What came of noting an Event; a tuple, because one is made for every Event and rule.

    Attributes:
        seen: To be remembered; the same object when the Event does not matter.
        found: What it completes, None for nothing.
        unknown: Whether a field was missing or of the wrong type.
    """

    seen: Seen
    found: Found | None = None
    unknown: bool = False


MOMENT_BYTES = TIME_BYTES + ID_BYTES
"""A Moment without more values, as it is stored."""
HELD_BYTES = WITNESS_BYTES + 2 * ID_BYTES + 4 * TIME_BYTES
"""What stands around the moments: the claim that holds, and the timer."""


class WindowShape(Shape):
    """Several Events within a time."""

    remembers_no = False

    def __init__(self, within_s: float) -> None:
        self._within_us = round(within_s * 1_000_000)
        self.looks_back_s = within_s
        self._kept_us = self._within_us + FORGET_US

    @abstractmethod
    def note(self, seen: Seen, event: Event) -> Noted:
        """Remember `event` if it matters, and look what it completes."""

    @abstractmethod
    def since(self, seen: Seen, from_us: int) -> Seen:
        """What of `seen` is not older than `from_us`; empty when nothing is left."""

    def on_event(self, state: State, event: Event, now_us: int) -> Step:
        """Note it; claim when it completes something."""
        before: Seen = state.get("seen", NOTHING_SEEN)
        noted = Noted(before) if Quality.RETAINED in event.quality else self.note(before, event)
        return self._stepped(state, event, noted, now_us)

    def _stepped(self, state: State, event: Event, noted: Noted, now_us: int) -> Step:
        """The step that comes of what was noted of an Event."""
        before: Seen = state.get("seen", NOTHING_SEEN)
        if noted.seen is before and noted.found is None:
            return Step(state, due_us=self.due_us(state), unknown=noted.unknown)
        body: dict[str, Any] = {**state, "seen": self.since(noted.seen, now_us - self._kept_us)}
        due_us: int = body.get("due_us", _NEVER_US)
        nothing_held = noted.found is None and "held" not in body
        if nothing_held and due_us <= now_us + self._kept_us and body["seen"]:
            return Step(body, (), due_us, noted.unknown)  # nearly always: the timer stays as it is
        claims: tuple[Claim, ...] = ()
        if noted.found is not None:
            body, claims = self._claimed(body, noted.found, event, now_us)
        after = self._armed(body, now_us)
        return Step(after, claims, self.due_us(after), noted.unknown)

    def on_due(self, state: State, now_us: int) -> Step:
        """Nothing was complete for the length of the window: over. Forget what is too old."""
        due_us = self.due_us(state)
        if due_us is None or due_us > now_us:
            return Step(state, due_us=due_us)
        body = {name: value for name, value in state.items() if name != "due_us"}
        body["seen"] = self.since(state.get("seen", NOTHING_SEEN), now_us - self._kept_us)
        claims: tuple[Claim, ...] = ()
        held = state.get("held")
        if held is not None and held["until_us"] <= now_us:
            last = Witness.from_json(held["last"])
            claims = (Claim(Verdict.OVER, last, last.event, now_us),)
            del body["held"]
        after = self._armed(body, now_us)
        return Step(after, claims, self.due_us(after))

    def due_us(self, state: State) -> int | None:
        """When something may be over or forgotten."""
        due_us: int | None = state.get("due_us")
        return due_us

    def _claimed(
        self, state: dict[str, Any], found: Found, event: Event, now_us: int
    ) -> tuple[dict[str, Any], tuple[Claim, ...]]:
        """The state that holds what was found, and the claim; one that is long past is over at once: it did happen."""
        witness = Witness.of(event)
        if found.place is not None:
            seen_at = {name: place for name, place in witness.place.items() if name in ("camera", "zone")}
            witness = replace(witness, place={**seen_at, **found.place})
        held = state.get("held") or {"until_us": 0, "first": found.first, "since_us": found.start_us}
        held = {**held, "until_us": max(held["until_us"], found.end_us + self._within_us), "last": witness.to_json()}
        claim = Claim(Verdict.HOLDS, witness, held["first"], held["since_us"], facts=found.facts)
        if held["until_us"] > now_us:
            return {**state, "held": held}, (claim,)
        without = {name: value for name, value in state.items() if name != "held"}
        return without, (claim, Claim(Verdict.OVER, witness, witness.event, now_us))

    def _armed(self, state: Mapping[str, Any], now_us: int) -> State:
        """The state with its timer, put off only when it has run out: one for each Event would pile up."""
        if not state["seen"] and "held" not in state:
            return {}
        wanted_us = state["held"]["until_us"] if "held" in state else now_us + self._kept_us
        return {**state, "due_us": min(wanted_us, state.get("due_us", wanted_us))}


def with_moment(moments: Sequence[Moment], event: Event, most: int, *values: object) -> list[Moment]:
    """The moments with that of `event` among them, `values` between its time and its id; never more than `most`."""
    moment = [moment_us(event), *values, event.id]
    result = list(moments)
    if not result or moment > result[-1]:
        result.append(moment)
    elif moment in result:
        return result
    else:
        insort(result, moment)
    if len(result) > most:
        gaps = [after[0] - before[0] for before, after in zip(result, result[2:], strict=False)]
        del result[1 + gaps.index(min(gaps))]
    return result


def moments_since(moments: Sequence[Moment], from_us: int) -> Sequence[Moment]:
    """Those that are not older than `from_us`."""
    if not moments or moments[0][0] >= from_us:  # nearly always
        return moments
    return list(moments[bisect_left(moments, from_us, key=_when) :])


def _when(moment: Moment) -> int:
    when: int = moment[0]
    return when
