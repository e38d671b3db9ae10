"""Shape `lasts`: it is so for a while.

    when:
      lasts: {of: {kind: door, where: {open: true}}, for: 10m}
      lasts: {of: {kind: camera.person, where: {zone_use: guarded}}, for: 3s, gap: 1s}

Without `gap` a state holds until it is contradicted, as a door that is open: sources report changes. With `gap` it must
be said again within that time, by whatever stream of the key, and a contradiction in between is forgiven: for detectors
that miss a frame. In both, a source that falls silent before the time is up proves nothing, so nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from alerts.language.duration import Seconds
from alerts.language.pattern import Answer, Pattern, PatternSpec, build_pattern
from alerts.language.shape import TIME_BYTES, WITNESS_BYTES, Claim, Shape, State, Step, Verdict, Witness
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
from config.says import says
from hub.events import Event
from hub.plugins import Options, Plugin

MOST_RUNS = 16
"""Runs of affirmations kept for `gap`; late ones may still join two of them."""


class LastsOptions(Options):
    """What must hold, and how long."""

    of: PatternSpec
    for_s: Seconds = Field(alias="for", gt=0)
    gap_s: Seconds | None = Field(default=None, alias="gap", gt=0)

    @model_validator(mode="after")
    def _gap_is_shorter(self) -> Self:
        if self.gap_s is not None and self.gap_s >= self.for_s:
            raise ValueError(
                says(
                    "gap must be shorter than for, or a single event would be enough",
                    "gap 应比 for 短，否则一次就够了",
                )
            )
        return self


class HeldShape(Shape):
    """It is so until contradicted."""

    facts = ("seconds",)

    def __init__(self, pattern: Pattern, for_s: float) -> None:
        self._pattern = pattern
        self._for_us = round(for_s * 1_000_000)
        self.looks_back_s = for_s
        self.kinds = pattern.kinds
        self.patterns = (pattern,)
        self.calm = pattern.denies

    def on_event(self, state: State, event: Event, now_us: int) -> Step:
        """Begin, go on or end."""
        answer = self._pattern.judge(event)
        before: Streams = state.get("streams", {})
        if answer is Answer.NO:
            return self._denied(state, event)
        if answer is not Answer.YES:
            return Step(state, due_us=self.due_us(state), unknown=answer is Answer.UNKNOWN)
        streams, entry = affirm(before, event)
        after = _held_state(streams, state.get("claimed_us"))
        if entry is None or entry["yes"][0] + self._for_us > now_us:
            return Step(after, due_us=self.due_us(after))
        return self._claimed(after, entry, now_us)

    def contradicts(self, state: State, event: Event, *, since_us: int, raised_us: int) -> bool:
        """It had ended before it lasted long enough."""
        del raised_us
        entry = state.get("streams", {}).get(event.stream)
        too_soon = since_us <= event.moment_us < since_us + self._for_us
        return bool(too_soon and entry and entry["yes"] and self._pattern.judge(event) is Answer.NO)

    def on_due(self, state: State, now_us: int) -> Step:
        """Claim for the stream that lasted long enough."""
        for _, entry in standing(state.get("streams", {})):
            if not entry.get("lost") and entry["yes"][0] + self._for_us <= now_us:
                return self._claimed(state, entry, now_us)
        return Step(state, due_us=self.due_us(state))

    def on_left(self, state: State, event: Event, now_us: int) -> Step:
        """The subject is elsewhere, so its state here is over."""
        del now_us
        return self._denied(state, event)

    def on_lost(self, state: State, source: str, now_us: int) -> Step:
        """Forget what `source` had only begun; what lasted long enough stays, as lost."""
        ripe, began = {}, []
        for name, entry in lose(state.get("streams", {}), source).items():
            if entry.get("lost") and entry["yes"][0] + self._for_us > now_us:
                began.append(name)
            else:
                ripe[name] = entry
        after = _held_state(ripe, state.get("claimed_us"))
        return Step(after, due_us=self.due_us(after))

    def on_back(self, state: State, source: str, now_us: int) -> Step:
        """What was lost with `source` is over."""
        before: Streams = state.get("streams", {})
        streams = drop_lost(before, source)
        after = _held_state(streams, state.get("claimed_us"))
        gone = [entry for name, entry in standing(before) if name not in streams]
        if not gone or standing(streams):
            return Step(after, due_us=self.due_us(after))
        witness = Witness.from_json(gone[0]["last"])
        return Step(after, (Claim(Verdict.OVER, witness, witness.event, now_us),))

    def due_us(self, state: State) -> int | None:
        """When the next stream that stands will have lasted long enough."""
        claimed_us = state.get("claimed_us") or 0
        due_us: int | None = None
        for entry in state.get("streams", {}).values():
            if entry["yes"] and not entry.get("lost"):
                ripe_us = entry["yes"][0] + self._for_us
                if ripe_us > claimed_us and (due_us is None or ripe_us < due_us):
                    due_us = ripe_us
        return due_us

    def most_bytes(self, streams: int) -> int:
        """An entry for each stream."""
        return min(streams, MOST_STREAMS) * ENTRY_BYTES + 2 * TIME_BYTES

    def streams(self, state: State) -> Collection[str]:
        """Those that stand."""
        return names_standing(state.get("streams", {}))

    def _claimed(self, state: State, entry: Entry, now_us: int) -> Step:
        """Claim, and remember up to which due time: that one is not due again."""
        streams: Streams = state["streams"]
        after = _held_state(streams, max(now_us, state.get("claimed_us") or 0))
        since_us = entry["yes"][0]
        claim = Claim(
            Verdict.HOLDS,
            Witness.from_json(entry["last"]),
            entry["first"]["event"],
            since_us,
            facts={"seconds": max(0, now_us - since_us) // 1_000_000},
        )
        return Step(after, (claim,), due_us=self.due_us(after))

    def _denied(self, state: State, event: Event) -> Step:
        before: Streams = state.get("streams", {})
        streams, over = deny(before, event)
        if streams is before:
            return Step(state, due_us=self.due_us(state))
        if over:
            witness = Witness.of(event)
            return Step(_held_state(streams, None), (Claim(Verdict.OVER, witness, witness.event, witness.at_us),))
        stood = before.get(event.stream, {}).get("yes")
        after = _held_state(streams, None if stood else state.get("claimed_us"))
        return Step(after, due_us=self.due_us(after))


def _held_state(streams: Streams, claimed_us: int | None) -> State:
    if not streams:
        return {}
    return {"streams": streams} if claimed_us is None else {"streams": streams, "claimed_us": claimed_us}


class RepeatedShape(Shape):
    """It is said again and again, with no longer silence than `gap`."""

    facts = ("seconds",)
    remembers_no = False

    def __init__(self, pattern: Pattern, for_s: float, gap_s: float) -> None:
        self._pattern = pattern
        self._for_us = round(for_s * 1_000_000)
        self._gap_us = round(gap_s * 1_000_000)
        self.kinds = pattern.kinds
        self.patterns = (pattern,)
        self.looks_back_s = for_s

    def on_event(self, state: State, event: Event, now_us: int) -> Step:
        """Add to a run, join two, or begin one; claim when the newest run is long enough."""
        answer = self._pattern.judge(event)
        if answer is not Answer.YES:
            return Step(state, due_us=self.due_us(state), unknown=answer is Answer.UNKNOWN)
        witness = Witness.of(event)
        runs = self._joined([*state.get("runs", ()), _run(witness)])
        newest = runs[-1]
        after = {"runs": runs}
        long_enough = newest["end_us"] - newest["start_us"] >= self._for_us
        if not long_enough or newest["end_us"] + self._gap_us <= now_us:
            return Step(after, due_us=self.due_us(after))
        claim = Claim(
            Verdict.HOLDS,
            witness,
            newest["first"]["event"],
            newest["start_us"],
            facts={"seconds": (newest["end_us"] - newest["start_us"]) // 1_000_000},
        )
        return Step(after, (claim,), due_us=self.due_us(after))

    def on_due(self, state: State, now_us: int) -> Step:
        """Nothing was said for `gap`: over."""
        runs = state.get("runs", ())
        if not runs or runs[-1]["end_us"] + self._gap_us > now_us:
            return Step(state, due_us=self.due_us(state))
        last = Witness.from_json(runs[-1]["last"])
        return Step({}, (Claim(Verdict.OVER, last, last.event, now_us),))

    def due_us(self, state: State) -> int | None:
        """When the silence will have been too long."""
        runs = state.get("runs", ())
        return runs[-1]["end_us"] + self._gap_us if runs else None

    def most_bytes(self, streams: int) -> int:
        """Runs, whoever speaks."""
        del streams
        return MOST_RUNS * 2 * (WITNESS_BYTES + TIME_BYTES) + TIME_BYTES

    def _joined(self, runs: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        joined: list[Mapping[str, Any]] = []
        for run in sorted(runs, key=lambda each: (each["start_us"], each["end_us"])):
            if not joined or run["start_us"] - joined[-1]["end_us"] > self._gap_us:
                joined.append(run)
                continue
            before = joined[-1]
            later = run if run["end_us"] >= before["end_us"] else before
            joined[-1] = {**before, "end_us": later["end_us"], "last": later["last"]}
        return joined[-MOST_RUNS:]


def _run(witness: Witness) -> Mapping[str, Any]:
    body = witness.to_json()
    return {"start_us": witness.at_us, "end_us": witness.at_us, "first": body, "last": body}


def _build(options: LastsOptions) -> Shape:
    pattern = build_pattern(options.of)
    if options.gap_s is None:
        return HeldShape(pattern, options.for_s)
    return RepeatedShape(pattern, options.for_s, options.gap_s)


PLUGIN = Plugin(
    kind="lasts",
    options=LastsOptions,
    build=_build,
    summary="It is so for a while: until contradicted, or with `gap` as long as it is said again.",
)
