"""Shape `count`: it happened several times.

    when:
      count: {of: {kind: gas, where: {alarm: true}}, at_least: 3, within: 24h, apart: 10m}

Holds when among the matching moments there are `at_least` within `within`, each of them `apart` or more from the next:
one alarm that is repeated every few seconds does not make three. With `different: source` (or `subject`) only different
ones count: five devices that were lost, not one that was lost five times. A single message counts each time, a state
(phase began or goes_on) once, until it ended or was contradicted. Over when this was not so any more for the length of
the window.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from alerts.language.duration import Seconds, duration_text
from alerts.language.pattern import Answer, PatternSpec, build_pattern
from alerts.language.shape import STREAM_BYTES, State, Step, moment_us, source_of, stream_of
from alerts.windows import HELD_BYTES, MOMENT_BYTES, Found, Moment, Noted, Seen, WindowShape, moments_since, with_moment
from config.says import says
from hub.events import Event, Phase
from hub.plugins import Options, Plugin

MOST_COUNTED = 10_000
"""What a rule may count to."""
MOST_KEPT = 20_000
"""Moments kept per key, at most."""
LEAST_KEPT = 64
MOST_OPEN = 64
"""States that are counted and go on, per key; the oldest gives way."""


class CountOptions(Options):
    """What, how often, within which time."""

    of: PatternSpec
    at_least: int = Field(ge=2, le=MOST_COUNTED)
    within_s: Seconds = Field(alias="within", gt=0)
    apart_s: Seconds = Field(default=0.0, alias="apart")
    different: Literal["source", "subject"] | None = None
    """Only so many different ones count; None for all."""

    @model_validator(mode="after")
    def _they_fit(self) -> Self:
        if self.apart_s * (self.at_least - 1) > self.within_s:
            least_s = self.apart_s * (self.at_least - 1)
            least, apart, within = (duration_text(each) for each in (least_s, self.apart_s, self.within_s))
            raise ValueError(
                says(
                    "{n} that are {apart} apart take {least}, longer than `within` ({within}); change one",
                    "{n} 次、相隔 {apart} 需要 {least}，比 `within`（{within}）长；请改其中一个",
                    n=self.at_least,
                    apart=apart,
                    least=least,
                    within=within,
                )
            )
        if self.apart_s and self.different:
            raise ValueError(
                says(
                    "`apart` and `different` do not go together; different ones may come at once, keep one",
                    "`apart` 和 `different` 不能同时用：不同的可以同时来；请只留一个",
                )
            )
        return self


class CountShape(WindowShape):
    """It happened several times."""

    facts = ("n",)

    def __init__(self, options: CountOptions) -> None:
        super().__init__(options.within_s)
        self._pattern = build_pattern(options.of)
        self._at_least = options.at_least
        self._apart_us = round(options.apart_s * 1_000_000)
        self._different = options.different
        windows = 1 + math.ceil(self._kept_us / self._within_us)
        self._most = min(max(LEAST_KEPT, options.at_least * windows), MOST_KEPT)
        self.kinds = self._pattern.kinds
        self.patterns = (self._pattern,)

    def note(self, seen: Seen, event: Event) -> Noted:
        """One more, unless it belongs to a state that is counted already."""
        answer = self._pattern.judge(event)
        stream = stream_of(event)
        going_on: list[str] = seen.get("open", [])
        if answer is Answer.NO and stream in going_on:
            return Noted(_closed(seen, stream))
        if answer is not Answer.YES:
            return Noted(seen, unknown=answer is Answer.UNKNOWN)
        if self._different == "subject" and event.subject is None:
            return Noted(seen, unknown=True)
        if event.phase is not Phase.MOMENT:
            if stream in going_on:
                return Noted(seen)
            going_on = [*going_on, stream][-MOST_OPEN:]
        moments = self._with(seen.get("moments", ()), event)
        after = {"moments": moments, "open": going_on} if going_on else {"moments": moments}
        found = self._found if self._different is None else self._found_different
        return Noted(after, found(moments, moment_us(event)))

    def since(self, seen: Seen, from_us: int) -> Seen:
        """The newer moments, and the states that go on."""
        kept = {"moments": moments_since(seen.get("moments", ()), from_us), "open": seen.get("open")}
        return {name: value for name, value in kept.items() if value}

    def on_left(self, state: State, event: Event, now_us: int) -> Step:
        """The subject is elsewhere: should it come back, it counts again."""
        del now_us
        return self._without(state, [stream_of(event)])

    def on_back(self, state: State, source: str, now_us: int) -> Step:
        """What `source` had begun to tell before it fell silent will never be ended."""
        del now_us
        return self._without(state, [each for each in self.streams(state) if source_of(each) == source])

    def most_bytes(self, streams: int) -> int:
        """Moments, and states that go on."""
        del streams
        moment = MOMENT_BYTES + (STREAM_BYTES if self._different else 0)
        return self._most * moment + MOST_OPEN * STREAM_BYTES + HELD_BYTES

    def streams(self, state: State) -> Collection[str]:
        """The states that are counted and go on."""
        going_on: list[str] = state.get("seen", {}).get("open", [])
        return going_on

    def _without(self, state: State, streams: Sequence[str]) -> Step:
        seen: Seen = state.get("seen", {})
        for stream in streams:
            seen = _closed(seen, stream)
        after = {**state, "seen": seen} if state else state
        return Step(after, due_us=self.due_us(after))

    def _found(self, moments: Sequence[Sequence[int | str]], at_us: int) -> Found | None:
        """The last window around `at_us` that is full enough."""
        times = [int(moment[0]) for moment in moments]
        starts = range(bisect_left(times, at_us - self._within_us), bisect_right(times, at_us))
        if times[-1] == at_us:
            starts = starts[:1]  # nothing is newer, so the longest window holds all the others
        for start in reversed(starts):
            end = bisect_right(times, times[start] + self._within_us)
            n = self._apart(times, start, end)
            if n >= self._at_least:
                return Found(times[start], times[end - 1], str(moments[start][-1]), {"n": n})
        return None

    def _with(self, moments: Sequence[Moment], event: Event) -> list[Moment]:
        """One moment more; with `different`, its own name stands before its id."""
        if self._different is None:
            return with_moment(moments, event, self._most)
        who = event.source if self._different == "source" else f"{event.source}|{event.subject}"
        return _spared(with_moment(moments, event, self._most + 1, who), self._most)

    def _found_different(self, moments: Sequence[Moment], at_us: int) -> Found | None:
        """The last window around `at_us` in which there are enough different ones."""
        times = [moment[0] for moment in moments]
        starts = range(bisect_left(times, at_us - self._within_us), bisect_right(times, at_us))
        if times[-1] == at_us:
            starts = starts[:1]  # nothing is newer, so the longest window holds all the others
        there: Counter[str] = Counter()
        found: Found | None = None
        end = starts.start
        for start in starts:
            while end < len(times) and times[end] <= times[start] + self._within_us:
                there[moments[end][1]] += 1
                end += 1
            if len(there) >= self._at_least:
                found = Found(times[start], times[end - 1], moments[start][-1], {"n": len(there)})
            there[moments[start][1]] -= 1
            if not there[moments[start][1]]:
                del there[moments[start][1]]
        return found

    def _apart(self, times: Sequence[int], start: int, end: int) -> int:
        """How many there are that are far enough apart."""
        if not self._apart_us:
            return end - start
        n = 0
        while start < end:
            n += 1
            start = bisect_left(times, times[start] + self._apart_us, start + 1)
        return n


def _closed(seen: Seen, stream: str) -> Seen:
    left = [each for each in seen.get("open", ()) if each != stream]
    return {**seen, "open": left} if left else {name: value for name, value in seen.items() if name != "open"}


def _spared(moments: list[Moment], most: int) -> list[Moment]:
    """At most so many: the one of whom there are most gives up the moment that its neighbours crowd most."""
    if len(moments) <= most:
        return moments
    [(who, _)] = Counter(moment[1] for moment in moments).most_common(1)
    own = [index for index, moment in enumerate(moments) if moment[1] == who]
    if len(own) < 3:  # noqa: PLR2004 - nothing lies between two
        del moments[own[0]]
        return moments
    gaps = [moments[after][0] - moments[before][0] for before, after in zip(own, own[2:], strict=False)]
    del moments[own[1 + gaps.index(min(gaps))]]
    return moments


PLUGIN = Plugin(
    kind="count",
    options=CountOptions,
    build=CountShape,
    summary="It happened several times within a time; `apart` and `different` say what counts.",
)
