"""Awaited: a sequence after which something was to follow, and did not.

Wraps the shape `sequence` for its option `then_no`: what the sequence claims is kept back until its time is up, and is
gone when the awaited thing happened meanwhile; later it ends the claim. By when it happened, not when it became known.
Pure, as every shape.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from alerts.language.pattern import Answer, Pattern
from alerts.language.shape import NO_STATE, TIME_BYTES, WITNESS_BYTES, Claim, Shape, State, Step, Verdict, Witness
from alerts.streams import FORGET_US
from hub.events import Event, Quality


class AwaitedShape(Shape):
    """It was so, and for a while afterwards the awaited thing did not happen."""

    remembers_no = False

    def __init__(self, inner: Shape, awaited: Pattern, for_s: float) -> None:
        self._inner = inner
        self._awaited = awaited
        self._for_us = round(for_s * 1_000_000)
        self.facts = inner.facts
        self.kinds = inner.kinds | awaited.kinds
        self.patterns = (*inner.patterns, awaited)
        self.looks_back_s = inner.looks_back_s + for_s

    def on_event(self, state: State, event: Event, now_us: int) -> Step:
        """Begin to wait when the sequence is complete; stop, or be over, when what is awaited happened."""
        body, unknown = dict(state), False
        if event.kind in self._inner.kinds:
            step = self._inner.on_event(state.get("inner", NO_STATE), event, now_us)
            unknown = step.unknown
            body = self._with_inner(body, step)
        claims: tuple[Claim, ...] = ()
        if event.kind in self._awaited.kinds and Quality.RETAINED not in event.quality:
            answer = self._awaited.judge(event)
            unknown = unknown or answer is Answer.UNKNOWN
            if answer is Answer.YES:
                body, claims = self._came(body, event)
        return self._stepped(body, claims, now_us, unknown=unknown)

    def on_due(self, state: State, now_us: int) -> Step:
        """The time is up, or something may be forgotten."""
        body = dict(state)
        inner = state.get("inner", NO_STATE)
        inner_due_us = self._inner.due_us(inner)
        if inner_due_us is not None and inner_due_us <= now_us:
            body = self._with_inner(body, self._inner.on_due(inner, now_us))
        if body.get("came_us", now_us) + FORGET_US <= now_us:
            del body["came_us"]
        return self._stepped(body, (), now_us, unknown=False)

    def contradicts(self, state: State, event: Event, *, since_us: int, raised_us: int) -> bool:
        """It had happened in time."""
        del since_us, raised_us
        left = state.get("left", {"told": False})
        in_time = left["told"] and left["at_us"] < event.moment_us < left["at_us"] + self._for_us
        return bool(in_time and self._awaited.judge(event) is Answer.YES)

    def due_us(self, state: State) -> int | None:
        """When the time is up, or the sequence wants to be called."""
        dues = [self._inner.due_us(state["inner"])] if "inner" in state else []
        if "left" in state and not state["left"]["told"]:
            dues.append(state["left"]["at_us"] + self._for_us)
        if "came_us" in state:
            dues.append(state["came_us"] + FORGET_US)
        return min((due for due in dues if due is not None), default=None)

    def most_bytes(self, streams: int) -> int:
        """What the sequence keeps, and what is waited for."""
        return self._inner.most_bytes(streams) + 2 * WITNESS_BYTES + 6 * TIME_BYTES

    def streams(self, state: State) -> Collection[str]:
        """Those of the sequence."""
        return self._inner.streams(state.get("inner", NO_STATE))

    @staticmethod
    def _with_inner(body: dict[str, Any], step: Step) -> dict[str, Any]:
        """The state after a step of the sequence; upon a claim of it we wait, unless we wait already."""
        body = {name: value for name, value in body.items() if name != "inner"}
        if step.state:
            body["inner"] = step.state
        for claim in step.claims:
            newer = claim.witness.at_us >= body.get("came_us", claim.witness.at_us)
            waits = "left" in body and not body["left"]["told"]
            if claim.verdict is Verdict.HOLDS and newer and not waits:
                body["left"] = {
                    "told": False,
                    "at_us": claim.witness.at_us,
                    "witness": claim.witness.to_json(),
                    "first": claim.first,
                    "since_us": claim.since_us,
                    "facts": dict(claim.facts),
                }
        return body

    @staticmethod
    def _came(body: dict[str, Any], event: Event) -> tuple[dict[str, Any], tuple[Claim, ...]]:
        """The state after the awaited thing, and what is over by it."""
        at_us = event.moment_us
        body = {**body, "came_us": max(at_us, body.get("came_us", at_us))}
        if "left" not in body or at_us <= body["left"]["at_us"]:
            return body, ()
        rang = body.get("rang", False)
        body = {name: value for name, value in body.items() if name not in {"left", "rang"}}
        witness = Witness.of(event)
        return body, (Claim(Verdict.OVER, witness, witness.event, at_us),) if rang else ()

    def _stepped(self, body: dict[str, Any], claims: tuple[Claim, ...], now_us: int, *, unknown: bool) -> Step:
        left = body.get("left")
        if left is not None and not left["told"] and left["at_us"] + self._for_us <= now_us:
            body = {**body, "left": {**left, "told": True}, "rang": True}
            witness = Witness.from_json(left["witness"])
            holds = Claim(Verdict.HOLDS, witness, left["first"], left["since_us"], facts=left["facts"])
            claims = (*claims, holds)
        return Step(body, claims, self.due_us(body), unknown)
