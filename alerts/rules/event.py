"""Shape `event`: it happened.

    when:
      event: {kind: smoke, where: {alarm: true, test: "not true"}}

Claims at every matching Event. A single message (phase moment) is a claim for that moment, a state that began or goes
on is one that holds. Over when no stream of the key stands any more. A message that the broker retained has an
unknown age: it is remembered, but does not ring. One that comes later than its own contradiction rings and is over at
once: it did happen.
"""

from __future__ import annotations

from collections.abc import Collection

from alerts.language.pattern import Answer, Pattern, PatternSpec, build_pattern
from alerts.language.shape import TIME_BYTES, Claim, Shape, State, Step, Verdict, Witness
from alerts.streams import (
    ENTRY_BYTES,
    MOST_STREAMS,
    Entry,
    Streams,
    affirm,
    deny,
    drop_lost,
    lose,
    names_standing,
    standing,
)
from hub.events import Event, Phase, Quality
from hub.plugins import Plugin


class EventOptions(PatternSpec):
    """The pattern itself: `kind` and `where`."""


class EventShape(Shape):
    """It happened."""

    def __init__(self, pattern: Pattern) -> None:
        self._pattern = pattern
        self.kinds = pattern.kinds
        self.patterns = (pattern,)
        self.calm = pattern.denies

    def on_event(self, state: State, event: Event, now_us: int) -> Step:
        """Claim when it matches; over when it contradicts the last stream that stood."""
        del now_us
        answer = self._pattern.judge(event)
        streams: Streams = state.get("streams", {})
        if answer is Answer.NO:
            return _denied(state, event)
        if answer is not Answer.YES:
            return Step(state, unknown=answer is Answer.UNKNOWN)
        streams, entry = affirm(streams, event)
        witness = Witness.of(event)
        if event.phase is Phase.MOMENT and Quality.RETAINED in event.quality:
            return Step(_state(streams))
        verdict = Verdict.HAPPENED if event.phase is Phase.MOMENT or entry is None else Verdict.HOLDS
        first, since_us = witness, witness.at_us
        if entry is not None:
            first, since_us = Witness.from_json(entry["first"]), entry["yes"][0]
        claims = [Claim(verdict, witness, first.event, since_us)]
        if entry is None and not names_standing(streams):
            claims.append(Claim(Verdict.OVER, witness, witness.event, event.moment_us))
        return Step(_state(streams), tuple(claims))

    def on_left(self, state: State, event: Event, now_us: int) -> Step:
        """The subject is elsewhere, so its state here is over."""
        del now_us
        return _denied(state, event)

    def on_lost(self, state: State, source: str, now_us: int) -> Step:
        """What stands by the word of `source` stays, marked as lost."""
        del now_us
        return Step(_state(lose(state.get("streams", {}), source)))

    def on_back(self, state: State, source: str, now_us: int) -> Step:
        """What was lost with `source` is over."""
        before: Streams = state.get("streams", {})
        after = drop_lost(before, source)
        gone = [entry for name, entry in standing(before) if name not in after]
        if not gone or standing(after):
            return Step(_state(after))
        return Step(_state(after), (_over(gone[0], now_us),))

    def most_bytes(self, streams: int) -> int:
        """An entry for each stream."""
        return min(streams, MOST_STREAMS) * ENTRY_BYTES + TIME_BYTES

    def streams(self, state: State) -> Collection[str]:
        """Those that stand."""
        return names_standing(state.get("streams", {}))


def _state(streams: Streams) -> State:
    return {"streams": streams} if streams else {}


def _denied(state: State, event: Event) -> Step:
    before: Streams = state.get("streams", {})
    after, over = deny(before, event)
    if after is before:
        return Step(state)
    if not over:
        return Step(_state(after))
    witness = Witness.of(event)
    return Step(_state(after), (Claim(Verdict.OVER, witness, witness.event, witness.at_us),))


def _over(entry: Entry, now_us: int) -> Claim:
    witness = Witness.from_json(entry["last"])
    return Claim(Verdict.OVER, witness, witness.event, now_us)


PLUGIN = Plugin(
    kind="event",
    options=EventOptions,
    build=lambda options: EventShape(build_pattern(options)),
    summary="It happened: every matching event counts.",
)
