"""Shape `silence`: nothing of the kind was heard for too long.

    when:
      silence: {of: {kind: [motion, door, water_use]}, longer_than: 12h}
    silence: {of: {kind: [motion, door, water_use]}, longer_than: 8h, counted: only}

Counts from the newest matching Event of the key; a key of which none was ever heard is not watched. Over with the next
one. One that arrives late counts from when it happened. Whoever cannot be heard is not silent: while all sources that
spoke are offline nothing is counted, and when one of them is back the count begins afresh. So their health is listened
to as well. With `counted: only`, the hours outside the rule's `only` are left out of the count: a night in which
everybody sleeps is no silence.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pydantic import Field

from alerts.language.duration import Seconds
from alerts.language.pattern import Answer, Pattern, PatternSpec, build_pattern
from alerts.language.shape import (
    ID_BYTES,
    STREAM_BYTES,
    TIME_BYTES,
    WITNESS_BYTES,
    Claim,
    Shape,
    State,
    Step,
    Verdict,
    Witness,
    moment_us,
    stream_of,
)
from alerts.streams import FORGET_US
from hub.calendar import Window, counted_us
from hub.events import Event, Quality
from hub.plugins import Options, Plugin

HEALTH_KINDS = frozenset({"sensor.health", "camera.health"})
MOST_SOURCES = 64
"""Per key; the one heard of longest ago gives way."""
_US = 1_000_000
WEEK_S = 604_800.0
"""No longer silence can be asked for; counted by the hours of a rule it reaches back over many days."""


class Hours(Protocol):
    """The hours that are counted."""

    def counted_us(self, from_us: int, to_us: int) -> int:
        """How much of that time lies within them."""

    def next_due_us(self, now_us: int, left_us: int) -> int:
        """When `left_us` more may have been counted at the earliest; later than `now_us`."""


class AllHours:
    """Every hour counts."""

    def counted_us(self, from_us: int, to_us: int) -> int:
        """All of it."""
        return max(0, to_us - from_us)

    def next_due_us(self, now_us: int, left_us: int) -> int:
        """When it is over."""
        return now_us + left_us


@dataclass(frozen=True, slots=True)
class WindowHours:
    """Only the hours of a Window count."""

    window: Window

    def counted_us(self, from_us: int, to_us: int) -> int:
        """How much of that time lies within them."""
        return counted_us(self.window, from_us, to_us)

    def next_due_us(self, now_us: int, left_us: int) -> int:
        """After as much time, or outside the hours at their next change: it may be only part of the way."""
        change_us = self.window.next_change_us(now_us) if self.window.holds(now_us) is False else None
        return now_us + left_us if change_us is None else change_us


class SilenceOptions(Options):
    """What must be heard, and how often."""

    of: PatternSpec
    longer_than_s: Seconds = Field(alias="longer_than", gt=0)
    counted: Literal["only"] | None = None
    """`only` leaves out the hours outside the rule's `only`."""


class SilenceShape(Shape):
    """Nothing of the kind was heard for too long."""

    facts = ("hours", "seconds")
    remembers_no = False

    def __init__(
        self, pattern: Pattern, longer_than_s: float, hours: Hours | None = None, *, counts_only_hours: bool = False
    ) -> None:
        self.counts_only_hours = counts_only_hours
        self._pattern = pattern
        self._longer_than_s = longer_than_s
        self._longer_than_us = round(longer_than_s * _US)
        self._hours = hours or AllHours()
        self.looks_back_s = max(longer_than_s, WEEK_S) if counts_only_hours else longer_than_s
        self.kinds = pattern.kinds | HEALTH_KINDS
        self.patterns = (pattern,)

    def in_hours(self, hours: Hours) -> SilenceShape:
        """The same, counting only those hours."""
        return SilenceShape(self._pattern, self._longer_than_s, hours, counts_only_hours=self.counts_only_hours)

    def counting(self, only: Window | None) -> Shape:
        """The same, counting only the hours of its rule if it was written so."""
        return self.in_hours(WindowHours(only)) if self.counts_only_hours and only is not None else self

    def on_event(self, state: State, event: Event, now_us: int) -> Step:
        """Begin the count afresh; or note that a source is offline or back."""
        if event.kind in HEALTH_KINDS - self._pattern.kinds:
            return self._on_health(state, event, now_us)
        answer = self._pattern.judge(event)
        if answer is not Answer.YES or Quality.RETAINED in event.quality:
            return Step(state, due_us=self.due_us(state), unknown=answer is Answer.UNKNOWN)
        witness = Witness.of(event)
        sources = _heard(state.get("sources", {}), event)
        newest = not state or witness.at_us >= state["last"]["at_us"]
        last = witness.to_json() if newest else state["last"]
        # What a device tells of hours ago when it is first heard is no silence until now.
        since_us = max(witness.at_us, state.get("since_us", now_us - FORGET_US))
        after: dict[str, Any] = {**state, "sources": sources, "last": last, "since_us": since_us}
        if not state.get("silent"):
            return self._armed(after, now_us)
        if self._hours.counted_us(since_us, now_us) >= self._longer_than_us:
            return Step(after, due_us=self.due_us(after))  # it came late: by now it has been silent again for too long
        del after["silent"]
        step = self._armed(after, now_us)
        return Step(step.state, (Claim(Verdict.OVER, witness, witness.event, witness.at_us),), step.due_us)

    def contradicts(self, state: State, event: Event, *, since_us: int, raised_us: int) -> bool:
        """It had been heard of when it seemed silent."""
        heard = state.get("silent") and since_us < event.moment_us < raised_us
        return bool(heard and Quality.RETAINED not in event.quality and self._pattern.judge(event) is Answer.YES)

    def on_due(self, state: State, now_us: int) -> Step:
        """Claim when enough was counted; else ask again when that may be."""
        due_us = self.due_us(state)
        if due_us is None or due_us > now_us:
            return Step(state, due_us=due_us)
        after = {name: value for name, value in state.items() if name != "due_us"}
        silent_us = self._hours.counted_us(state["since_us"], now_us)
        if silent_us < self._longer_than_us:
            return self._armed(after, now_us)
        last = Witness.from_json(state["last"])
        facts = {"hours": round(silent_us / 3600 / _US, 1), "seconds": silent_us // _US}
        claim = Claim(Verdict.HOLDS, last, last.event, state["since_us"], facts=facts)
        return Step({**after, "silent": True}, (claim,))

    def on_lost(self, state: State, source: str, now_us: int) -> Step:
        """Count no more when it was the last that could be heard."""
        if source not in state.get("sources", {}):
            return Step(state, due_us=self.due_us(state))
        lost = {**state["sources"][source], "lost": True}
        return self._armed({**state, "sources": {**state["sources"], source: lost}}, now_us)

    def on_back(self, state: State, source: str, now_us: int) -> Step:
        """`source` is forgotten; a key of which no source is left is watched no more."""
        sources = {name: each for name, each in state.get("sources", {}).items() if name != source}
        if sources or source not in state.get("sources", {}):
            return self._armed({**state, "sources": sources}, now_us) if sources else Step(state)
        last = Witness.from_json(state["last"])
        return Step({}, (Claim(Verdict.OVER, last, last.event, now_us),) if state.get("silent") else ())

    def due_us(self, state: State) -> int | None:
        """When it may have been silent for too long."""
        due_us: int | None = state.get("due_us")
        return due_us

    def most_bytes(self, streams: int) -> int:
        """When each source was heard of last."""
        return min(streams, MOST_SOURCES) * (ID_BYTES + STREAM_BYTES + 2 * TIME_BYTES) + WITNESS_BYTES + 4 * TIME_BYTES

    def streams(self, state: State) -> Collection[str]:
        """Those that were heard of last, one of each source."""
        return [each["stream"] for each in state.get("sources", {}).values()]

    def _on_health(self, state: State, event: Event, now_us: int) -> Step:
        source = state.get("sources", {}).get(event.source)
        if source is None:
            return Step(state, due_us=self.due_us(state))
        if event.fields.get("state") == "offline":
            return self.on_lost(state, event.source, now_us)
        if not source.get("lost"):
            return Step(state, due_us=self.due_us(state))
        nobody = not _hears(state)
        back = {name: value for name, value in source.items() if name != "lost"}
        after = {**state, "sources": {**state["sources"], event.source: back}}
        if nobody:
            after["since_us"] = max(after["since_us"], moment_us(event))
        return self._armed(after, now_us)

    def _armed(self, state: Mapping[str, Any], now_us: int) -> Step:
        """With its timer, which is put off only when it has run out: one for each Event would pile up."""
        if state.get("silent") or not _hears(state):
            after = {name: value for name, value in state.items() if name != "due_us"}
            return Step(after)
        if "due_us" in state:
            return Step(state, due_us=state["due_us"])
        left_us = self._longer_than_us - self._hours.counted_us(state["since_us"], now_us)
        due_us = now_us if left_us <= 0 else self._hours.next_due_us(now_us, left_us)
        return Step({**state, "due_us": due_us}, due_us=due_us)


def _hears(state: State) -> bool:
    return any(not source.get("lost") for source in state.get("sources", {}).values())


def _heard(sources: Mapping[str, Mapping[str, Any]], event: Event) -> Mapping[str, Mapping[str, Any]]:
    before = sources.get(event.source)
    at_us = moment_us(event)
    newest_us = at_us if before is None else max(at_us, before["at_us"])
    result = {**sources, event.source: {"at_us": newest_us, "stream": stream_of(event)}}
    if len(result) > MOST_SOURCES:
        del result[min(result, key=lambda source: (result[source]["at_us"], source))]
    return result


PLUGIN = Plugin(
    kind="silence",
    options=SilenceOptions,
    build=lambda options: SilenceShape(
        build_pattern(options.of), options.longer_than_s, counts_only_hours=options.counted is not None
    ),
    summary="Nothing of the kind was heard for too long.",
)
