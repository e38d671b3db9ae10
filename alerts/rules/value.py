"""Shape `value`: a number is beyond a threshold.

    when:
      value: {of: {kind: water_level}, field: level_m, above: {blue: 2.0, red: 3.5}, back_by: 0.2, for: 60s}
      value: {of: {kind: temperature}, field: temperature_c, above: 57, back_by: 5, for: 10s}

A level is reached when the value has stood at or beyond its threshold for `for`, and left when it comes back behind the
threshold by more than `back_by`: a value that wobbles on a threshold neither rings again and again nor never. The level
follows up and down. Each stream is judged alone; the key has the highest level of its streams. A reading that is older
than the newest one may only postpone a level that is not reached yet.

Nearly all readings are beyond nothing. Of a stream that is quiet like that, all there is to know is when it last said
so: `{"no": ...}`. Otherwise it has marks (how long each level is exceeded) and the levels that it has reached.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from alerts.language.duration import Seconds
from alerts.language.pattern import Answer, Pattern, PatternSpec, as_number, build_pattern
from alerts.language.shape import (
    ID_BYTES,
    STREAM_BYTES,
    TIME_BYTES,
    WITNESS_BYTES,
    Calm,
    Claim,
    Shape,
    State,
    Step,
    Verdict,
    Witness,
    source_of,
    witness_json,
)
from alerts.streams import MOST_TIMES, with_no, with_yes
from config.community import Level
from config.messages import unknown
from config.says import says, write
from hub.events import Event
from hub.plugins import Options, Plugin
from hub.store.telling import Sign

MOST_STREAMS = 256
"""Per key; the stream heard of longest ago gives way."""
_UNMARKED: Mapping[str, Any] = {"no": None, "yes": []}


def _number_or_levels(value: Any) -> Any:
    return {"": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


Thresholds = Annotated[
    dict[str, float],
    BeforeValidator(_number_or_levels),
    Field(
        min_length=1,
        json_schema_extra=write("a number, or {yellow: 2.5, red: 3.5}", "一个数，或 {yellow: 2.5, red: 3.5}"),
    ),
]
"""One number, or a number for each of several levels."""


class ValueOptions(Options):
    """Which number, beyond what, for how long."""

    of: PatternSpec
    field: str = Field(min_length=1)
    above: Thresholds | None = None
    below: Thresholds | None = None
    back_by: float = Field(ge=0)
    """How far behind the threshold the value must come back before the level is left, in the field's unit."""
    for_s: Seconds = Field(default=0.0, alias="for")

    @model_validator(mode="after")
    def _one_side_in_order(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError(
                says(
                    "write either `above` or `below`: one number, or one for each level",
                    "请写 `above` 或 `below` 之一：一个数，或每个级别一个数",
                )
            )
        for name in self.thresholds:
            if name and name not in {level.value for level in Level}:
                raise ValueError(says("level {what}", "级别 {what}", what=unknown(name, [*Level])))
        ordered = [self.thresholds[level.value] for level in Level if level.value in self.thresholds]
        steps = itertools.pairwise(ordered)
        if not all(low < high if self.above is not None else low > high for low, high in steps):
            further = says("higher", "更高") if self.above is not None else says("lower", "更低")
            written = ", ".join(f"{each:g}" for each in ordered)
            raise ValueError(
                says(
                    "a graver level needs a {further} threshold; from green to red they are {written}",
                    "级别越重，阈值应{further}；现在从绿到红是 {written}",
                    further=further,
                    written=written,
                )
            )
        return self

    @property
    def thresholds(self) -> Mapping[str, float]:
        """By name of the level; under the empty name when there is one for the rule's own level."""
        return self.above or self.below or {}


class ValueShape(Shape):
    """A number is beyond a threshold."""

    facts = ("value",)
    remembers_no = False

    def __init__(self, options: ValueOptions) -> None:
        self._pattern: Pattern = build_pattern(options.of)
        self._field = options.field
        self._sign = 1.0 if options.above is not None else -1.0
        order = {level.value: level.rank for level in Level} | {"": 0}
        self._thresholds = sorted(options.thresholds.items(), key=lambda pair: order[pair[0]])
        self._back_by = options.back_by
        self._for_us = round(options.for_s * 1_000_000)
        self.looks_back_s = options.for_s
        self.kinds = self._pattern.kinds
        self.patterns = (self._pattern,)
        least = self._thresholds[0][1]
        self._calm_from, self._calm_to = (-math.inf, least) if self._sign > 0 else (least, math.inf)
        self.levels = tuple(Level(name) for name, _ in self._thresholds if name)

    def tells(self, kind: str) -> tuple[Sign, ...] | None:
        """A number that is beyond a threshold, or none at all."""
        quiet = (self._field, self._calm_from, self._calm_to)
        return (Sign(self._pattern.fixed, quiet),) if kind in self._pattern.kinds else None

    def calm(self, event: Event) -> bool:
        """Whether it is a reading beyond nothing."""
        if self._pattern.judge(event) is not Answer.YES:
            return False
        value = event.fields.get(self._field)
        return (type(value) is float or type(value) is int) and self._calm_from < value < self._calm_to

    def on_event(self, state: State, event: Event, now_us: int) -> Step:
        """Move the marks of every level, then see which level that makes."""
        answer = self._pattern.judge(event)
        value = as_number(event.fields.get(self._field)) if answer is Answer.YES else None
        if value is None:
            unknown = answer in (Answer.YES, Answer.UNKNOWN)
            return Step(state, due_us=self.due_us(state), unknown=unknown)
        streams: Mapping[str, Any] = state.get("streams", {})
        before = streams.get(event.stream)
        entry = self._marked(before, event, value)
        if entry is before:
            return Step(state, due_us=self.due_us(state))
        after = _with(streams, event.stream, entry)
        if _quiet(entry) and (before is None or _quiet(before)):
            return Step({**state, "streams": after}, due_us=self.due_us(state))
        return self._judged(state, after, now_us, event)

    def contradicts(self, state: State, event: Event, *, since_us: int, raised_us: int) -> bool:
        """It was not beyond any threshold before it had been for long enough."""
        del raised_us
        entry = state.get("streams", {}).get(event.stream)
        too_soon = since_us <= event.moment_us < since_us + self._for_us
        if not too_soon or entry is None or _quiet(entry) or self._pattern.judge(event) is not Answer.YES:
            return False
        value = as_number(event.fields.get(self._field))
        return value is not None and not self._beyond(value, self._thresholds[0][1])

    def on_due(self, state: State, now_us: int) -> Step:
        """A level's time is up."""
        return self._judged(state, state.get("streams", {}), now_us)

    def on_lost(self, state: State, source: str, now_us: int) -> Step:
        """Forget levels of `source` that were only on the way."""
        del now_us
        streams = {
            name: {**entry, "marks": {}} if source_of(name) == source and not _quiet(entry) else entry
            for name, entry in state.get("streams", {}).items()
        }
        after = {**state, "streams": streams} if streams else state
        return Step(after, due_us=self.due_us(after))

    def on_back(self, state: State, source: str, now_us: int) -> Step:
        """Forget the readings of `source`; over when no other one is beyond a threshold."""
        before: Mapping[str, Any] = state.get("streams", {})
        kept = {name: entry for name, entry in before.items() if source_of(name) != source}
        gone = [entry for name, entry in before.items() if name not in kept and entry.get("on")]
        if gone and not any(entry.get("on") for entry in kept.values()):
            after: State = {"streams": kept} if kept else {}
            witness = Witness.from_json(gone[0]["last"])
            return Step(after, (Claim(Verdict.OVER, witness, witness.event, now_us),), self.due_us(after))
        after = {**state, "streams": kept} if kept else {}
        return Step(after, due_us=self.due_us(after))

    def due_us(self, state: State) -> int | None:
        """When the next level on the way will be reached."""
        streams: Mapping[str, Any] = state.get("streams", {})
        loud = [entry for entry in streams.values() if "no" not in entry]
        if not loud:
            return None
        return min((since_us + self._for_us for each in loud for since_us in _on_the_way(each).values()), default=None)

    def most_bytes(self, streams: int) -> int:
        """For each stream and level its marks, and whether it is reached."""
        level = ID_BYTES + (MOST_TIMES + 3) * TIME_BYTES + 2 * ID_BYTES
        stream = STREAM_BYTES + WITNESS_BYTES + 4 * TIME_BYTES + len(self._thresholds) * level
        return min(streams, MOST_STREAMS) * stream + 2 * TIME_BYTES

    def streams(self, state: State) -> Collection[str]:
        """Those with a level reached or on the way."""
        return [
            name
            for name, entry in state.get("streams", {}).items()
            if "no" not in entry and (entry["on"] or _on_the_way(entry))
        ]

    def _beyond(self, value: float, threshold: float) -> bool:
        return self._sign * value >= self._sign * threshold

    def _marked(self, entry: Mapping[str, Any] | None, event: Event, value: float) -> Mapping[str, Any]:
        """The entry with this reading in it; the same object when it is older than what is known."""
        at_us = event.moment_us
        if entry is None or _quiet(entry):
            if entry is not None and at_us < entry["no"]:
                return entry
            if not self._beyond(value, self._thresholds[0][1]):
                return Calm(no=at_us)
            mark = _UNMARKED if entry is None else {"no": entry["no"], "yes": []}
            entry = {"at_us": at_us, "marks": {name: mark for name, _ in self._thresholds}, "on": {}}
        newest = at_us >= entry["at_us"]
        marks = dict(entry["marks"])
        on = dict(entry["on"])
        for name, threshold in self._thresholds:
            mark = marks.get(name, _UNMARKED)
            if self._beyond(value, threshold):
                times = with_yes(mark["no"], mark["yes"], at_us)
                if name not in on and times is not None:
                    marks[name] = {"no": mark["no"], "yes": times}
                continue
            denied_us, times = with_no(mark["no"], mark["yes"], at_us)
            marks[name] = {"no": denied_us, "yes": times}
            if newest and name in on and not self._beyond(value, threshold - self._sign * self._back_by):
                del on[name]
        if not newest:
            return {**entry, "marks": marks, "on": on}
        if not on and not any(mark["yes"] for mark in marks.values()):
            return Calm(no=at_us)
        return {"at_us": at_us, "value": value, "last": witness_json(event), "marks": marks, "on": on}

    def _judged(self, state: State, streams: Mapping[str, Any], now_us: int, event: Event | None = None) -> Step:
        """Reach what is due, and claim the highest level of all streams."""
        judged = {name: entry if _quiet(entry) else self._reached(entry, now_us) for name, entry in streams.items()}
        best: tuple[int, str, Mapping[str, Any]] | None = None
        for rank, (level, _) in enumerate(self._thresholds):
            for entry in judged.values():
                if level in entry.get("on", ()):
                    best = (rank, level, entry)
        after: State = {"streams": judged}
        due_us = self.due_us(after)
        if best is not None:
            _, level, entry = best
            return Step({**after, "claimed": True}, (_claim(entry, level),), due_us)
        if state.get("claimed") and event is not None:
            witness = Witness.of(event)
            facts = {"value": as_number(event.fields.get(self._field)) or 0.0}
            return Step(after, (Claim(Verdict.OVER, witness, event.id, witness.at_us, facts=facts),), due_us)
        return Step(after, due_us=due_us)

    def _reached(self, entry: Mapping[str, Any], now_us: int) -> Mapping[str, Any]:
        ripe = {
            name: {"since_us": since_us, "first": entry["last"]["event"]}
            for name, since_us in _on_the_way(entry).items()
            if since_us + self._for_us <= now_us
        }
        if not ripe:
            return entry
        marks = {name: mark for name, mark in entry["marks"].items() if name not in ripe}
        return {**entry, "marks": marks, "on": {**entry["on"], **ripe}}


def _on_the_way(entry: Mapping[str, Any]) -> Mapping[str, int]:
    """Since when the levels are exceeded that are not reached yet."""
    return {name: mark["yes"][0] for name, mark in entry["marks"].items() if mark["yes"]}


def _quiet(entry: Mapping[str, Any]) -> bool:
    return "no" in entry


def _claim(entry: Mapping[str, Any], level: str) -> Claim:
    reached = entry["on"][level]
    return Claim(
        Verdict.HOLDS,
        Witness.from_json(entry["last"]),
        reached["first"],
        reached["since_us"],
        Level(level) if level else None,
        {"value": entry["value"]},
    )


def _with(streams: Mapping[str, Any], name: str, entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The streams with this entry; when there are too many, one that reached nothing gives way, the oldest of them."""
    result = {**streams, name: entry}
    if len(result) > MOST_STREAMS:
        del result[min((each for each in result if each != name), key=lambda each: _precedence(each, result[each]))]
    return result


def _precedence(name: str, entry: Mapping[str, Any]) -> tuple[bool, int, str]:
    return bool(entry.get("on")), entry["no"] if _quiet(entry) else entry["at_us"], name


PLUGIN = Plugin(
    kind="value",
    options=ValueOptions,
    build=ValueShape,
    summary="A number is beyond a threshold: with a band to come back through, and levels that follow up and down.",
)
