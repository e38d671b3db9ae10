"""Pattern: which Events a rule is about, in words that the monitoring room reads.

    {kind: smoke, where: {alarm: true, test: "not true", confidence: ">= 0.5", zone: [a, b]}}

Answers are three-valued. A field that is missing or of the wrong type makes the answer UNKNOWN: it raises nothing,
contradicts nothing and is counted, because a detector with new firmware must never look like one that says "all is
well". There is no expression language, so there is nothing to sandbox.
"""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from hub.events import Event, Phase, Quality
from hub.plugins import Options

UNREAL = frozenset({Quality.TEST, Quality.SIMULATED})
"""Events that never count unless a pattern asks for them by `quality`."""

_COMPARE = re.compile(r"(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class Answer(enum.Enum):
    """What a Pattern says about an Event."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """A field that was asked for is missing or of the wrong type."""
    ASIDE = "aside"
    """The Event is of another kind, or a test: it says nothing for or against."""


_MISSING = object()
_NOTHING = object()
"""Known to be none (an object in no zone), unlike a field that was never sent."""

Condition = Callable[[object], Answer]


def _known(value: object | None) -> object:
    return _NOTHING if value is None else value


_ATTRIBUTES: Mapping[str, Callable[[Event], object]] = {
    "confidence": lambda event: _MISSING if event.confidence is None else event.confidence,
    "source": lambda event: event.source,
    "driver": lambda event: event.driver,
    "subject": lambda event: _known(event.subject),
    "site": lambda event: _known(event.site),
    "area": lambda event: _known(event.area),
    "camera": lambda event: _known(event.camera),
    "zone": lambda event: _known(event.zone),
    # What is in no zone is in no guarded zone either: that is knowledge, and must end a state.
    "zone_use": lambda event: _NOTHING if event.zone is None else event.fields.get("zone_use", _MISSING),
    "quality": lambda event: event.quality,
}
"""What `where` may ask besides the Event's fields."""


def _same_type(left: object, right: object) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return isinstance(left, bool) and isinstance(right, bool)
    if isinstance(left, int | float) and isinstance(right, int | float):
        return True
    return isinstance(left, str) and isinstance(right, str)


def _equals(wanted: object) -> Condition:
    def judge(value: object) -> Answer:
        if isinstance(value, frozenset):
            return Answer.YES if wanted in value else Answer.NO
        if value is _NOTHING:
            return Answer.NO
        if value is _MISSING or not _same_type(value, wanted):
            return Answer.UNKNOWN
        return Answer.YES if value == wanted else Answer.NO

    return judge


def _negated(condition: Condition) -> Condition:
    opposite = {Answer.YES: Answer.NO, Answer.NO: Answer.YES}

    def judge(value: object) -> Answer:
        if value is _MISSING:  # "not a test" is also said by a device that knows no tests
            return Answer.YES
        answer = condition(value)
        return opposite.get(answer, answer)

    return judge


def _one_of(conditions: tuple[Condition, ...]) -> Condition:
    def judge(value: object) -> Answer:
        answers = {condition(value) for condition in conditions}
        for answer in (Answer.YES, Answer.NO):
            if answer in answers:
                return answer
        return Answer.UNKNOWN

    return judge


def _compared(sign: str, limit: float) -> Condition:
    holds: Callable[[float], bool] = {
        ">=": lambda value: value >= limit,
        "<=": lambda value: value <= limit,
        ">": lambda value: value > limit,
        "<": lambda value: value < limit,
    }[sign]

    def judge(value: object) -> Answer:
        number = as_number(value)
        if number is None:
            return Answer.UNKNOWN
        return Answer.YES if holds(number) else Answer.NO

    return judge


def as_number(value: object) -> float | None:
    """The value as a number; None for anything else, also for booleans and for what is not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def parse_condition(wanted: Any) -> Condition:
    """What stands behind a field name in `where`, ready to judge a value.

    Args:
        wanted: A value that must be equal, a text `>= 0.5`, `< 2`, `not true`, or a list of which one must hold.

    Raises:
        ValueError: It cannot be understood; says how to write it.
    """
    if isinstance(wanted, bool | int | float):
        return _equals(wanted)
    if isinstance(wanted, list):
        if not wanted:
            raise ValueError("an empty list never matches; name at least one value")
        return _one_of(tuple(parse_condition(each) for each in wanted))
    if not isinstance(wanted, str):
        raise ValueError(f"write a value, '>= 0.5', 'not true' or a list, not {wanted!r}")  # noqa: TRY004
    compared = _COMPARE.fullmatch(wanted.strip())
    if compared:
        return _compared(compared[1], float(compared[2]))
    if wanted.lstrip().startswith((">", "<", "=", "!")):
        raise ValueError(f"{wanted!r} is no comparison; write '>= 0.5', '<= 0.5', '> 1' or '< 1'")
    if wanted.startswith("not "):
        return _negated(parse_condition(_plain(wanted.removeprefix("not ").strip())))
    return _equals(wanted)


def _plain(text: str) -> bool | float | str:
    if text in ("true", "false"):
        return text == "true"
    return float(text) if _NUMBER.fullmatch(text) else text


def _checked(where: dict[str, Any]) -> dict[str, Any]:
    for name, wanted in where.items():
        try:
            parse_condition(wanted)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return where


Kinds = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    Field(min_length=1, max_length=12),
]
"""One observation kind or a list of them."""


class PatternSpec(Options):
    """A Pattern as it is written."""

    kind: Kinds
    """Observation kinds (docs/reference/events.md), any of which matches."""
    where: Annotated[dict[str, Any], AfterValidator(_checked), Field(max_length=12, default_factory=dict)]
    """What must hold, all of it: field name to value, `>= 0.5`, `not true`, or a list of alternatives."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A Pattern ready to judge.

    Attributes:
        kinds: Event kinds it is about.
        conditions: Field name and what must hold for it.
        asks: Which of tests and simulations are wanted.
    """

    kinds: frozenset[str]
    conditions: tuple[tuple[str, Condition], ...]
    asks: frozenset[Quality]

    def judge(self, event: Event) -> Answer:
        """What this Pattern says about `event`; a state that ended never matches."""
        if event.kind not in self.kinds or (event.quality & UNREAL) - self.asks:
            return Answer.ASIDE
        if event.phase is Phase.ENDED:
            return Answer.NO
        result = Answer.YES
        for name, condition in self.conditions:
            read = _ATTRIBUTES.get(name)
            answer = condition(event.fields.get(name, _MISSING) if read is None else read(event))
            if answer is Answer.NO:
                return answer
            if answer is Answer.UNKNOWN:
                result = answer
        return result


def build_pattern(spec: PatternSpec) -> Pattern:
    """The Pattern that `spec` describes."""
    quality = spec.where.get("quality")
    named = quality if isinstance(quality, list) else [quality]
    return Pattern(
        kinds=frozenset(spec.kind),
        conditions=tuple((name, parse_condition(wanted)) for name, wanted in spec.where.items()),
        asks=frozenset(each for each in UNREAL if each.value in named),
    )
