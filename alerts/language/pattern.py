"""Pattern: which Events a rule is about, in words that the monitoring room reads.

    {kind: smoke, where: {alarm: true, test: "not true", confidence: ">= 0.5", zone: [a, b]}}

Answers are three-valued. A field that is missing or of the wrong type makes the answer UNKNOWN: it raises nothing,
contradicts nothing and is counted, because a detector with new firmware must never look like one that says "all is
well". There is no expression language, so there is nothing to sandbox.

Every rule judges every Event that may concern it, so what is written is turned into closures once, when it is loaded.
"""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from config.paths import shown
from config.says import apart, says, write
from hub.events import Event, Phase, Quality
from hub.plugins import Options

UNREAL = frozenset({Quality.TEST, Quality.SIMULATED, Quality.BACKFILLED})
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


MISSING = object()
"""A field that was never sent."""
NOTHING = object()
"""Known to be none (an object in no zone), unlike a field that was never sent."""


Condition = Callable[[object], Answer]


def _known(value: object | None) -> object:
    return NOTHING if value is None else value


_ATTRIBUTES: Mapping[str, Callable[[Event], object]] = {
    "confidence": lambda event: MISSING if event.confidence is None else event.confidence,
    "source": lambda event: event.source,
    "driver": lambda event: event.driver,
    "subject": lambda event: _known(event.subject),
    "site": lambda event: _known(event.site),
    "area": lambda event: _known(event.area),
    "camera": lambda event: _known(event.camera),
    "zone": lambda event: _known(event.zone),
    # What is in no zone is in no guarded zone either: that is knowledge, and must end a state.
    "zone_use": lambda event: NOTHING if event.zone is None else event.fields.get("zone_use", MISSING),
    "quality": lambda event: event.quality,
}
"""What `where` may ask besides the Event's fields."""

OF_EVERY_EVENT = tuple(_ATTRIBUTES)
"""Names that `where` may ask of any Event."""

OF_THE_STREAM = frozenset({"source", "subject"})
"""What every Event of a stream has alike. Where one of these is not as wanted, another stream speaks: that is nothing
for or against."""


def is_field(name: str) -> bool:
    """Whether `where` finds a name in the Event's fields, as it stands there."""
    return name not in _ATTRIBUTES


def reader_of(name: str) -> Callable[[Event], object]:
    """What reads a name of `where` from an Event: MISSING when it was not sent, NOTHING when it is known to be none."""
    return _ATTRIBUTES.get(name) or (lambda event: event.fields.get(name, MISSING))


def _same_type(left: object, right: object) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return isinstance(left, bool) and isinstance(right, bool)
    if isinstance(left, int | float) and isinstance(right, int | float):
        return True
    return isinstance(left, str) and isinstance(right, str)


def _equals(wanted: object) -> Condition:
    kind = type(wanted)

    def judge(value: object) -> Answer:
        if type(value) is kind:  # nearly always; what follows is for the odd ones
            return Answer.YES if value == wanted else Answer.NO
        if isinstance(value, frozenset):
            return Answer.YES if wanted in value else Answer.NO
        if value is NOTHING:
            return Answer.NO
        if value is MISSING or not _same_type(value, wanted):
            return Answer.UNKNOWN
        return Answer.YES if value == wanted else Answer.NO

    return judge


def _negated(condition: Condition) -> Condition:
    opposite = {Answer.YES: Answer.NO, Answer.NO: Answer.YES}

    def judge(value: object) -> Answer:
        if value is MISSING:  # "not a test" is also said by a device that knows no tests
            return Answer.YES
        answer = condition(value)
        return opposite.get(answer, answer)

    return judge


def _one_of(conditions: tuple[Condition, ...]) -> Condition:
    def judge(value: object) -> Answer:
        result = Answer.UNKNOWN
        for condition in conditions:
            answer = condition(value)
            if answer is Answer.YES:
                return answer
            if answer is Answer.NO:
                result = answer
        return result

    return judge


def _compared(sign: str, limit: float) -> Condition:
    holds: Callable[[float, float], bool] = {">=": ge, "<=": le, ">": gt, "<": lt}[sign]

    def judge(value: object) -> Answer:
        number = as_number(value)
        if number is None:
            return Answer.UNKNOWN
        return Answer.YES if holds(number, limit) else Answer.NO

    return judge


def as_number(value: object) -> float | None:
    """The value as a number; None for anything else, also for booleans and for what is not finite."""
    if type(value) is not float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        value = float(value)
    return value if math.isfinite(value) else None


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
            raise ValueError(
                says("an empty list never matches; name at least one value", "空列表永远不会相符；请至少写一个值")
            )
        return _one_of(tuple(parse_condition(each) for each in wanted))
    if wanted is None:
        raise ValueError(
            says("empty; write a value, '>= 0.5', 'not true' or a list", "没有填；请写值、'>= 0.5'、'not true' 或列表")
        )
    if not isinstance(wanted, str):
        raise ValueError(  # noqa: TRY004 - pydantic takes ValueErrors alone
            says(
                "{wanted} does not fit; write a value, '>= 0.5', 'not true' or a list",
                "{wanted}不合要求；请写值、'>= 0.5'、'not true' 或列表",
                wanted=apart(shown(wanted)),
            )
        )
    compared = _COMPARE.fullmatch(wanted.strip())
    if compared:
        return _compared(compared[1], float(compared[2]))
    if wanted.lstrip().startswith((">", "<", "=", "!")):
        raise ValueError(
            says(
                "{wanted} is no comparison; write '>= 0.5', '<= 0.5', '> 1' or '< 1'",
                "{wanted} 不是比较；请写 '>= 0.5'、'<= 0.5'、'> 1' 或 '< 1'",
                wanted=repr(wanted),
            )
        )
    if wanted.startswith("not "):
        return _negated(parse_condition(_plain(wanted.removeprefix("not ").strip())))
    return _equals(wanted)


def _plain(text: str) -> bool | float | str:
    if text in ("true", "false"):
        return text == "true"
    return float(text) if _NUMBER.fullmatch(text) else text


def _checked(wanted: Any) -> Any:
    parse_condition(wanted)
    return wanted


Kinds = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    Field(
        min_length=1,
        max_length=12,
        json_schema_extra=write("an observation kind, or a list of at most 12", "一种观测，或最多 12 种的列表"),
    ),
]
"""One observation kind or a list of them."""


class PatternSpec(Options):
    """A Pattern as it is written."""

    model_config = ConfigDict(
        json_schema_extra=write(
            "a pattern, as {kind: smoke, where: {alarm: true}}", "观测的条件，如 {kind: smoke, where: {alarm: true}}"
        )
    )

    kind: Kinds
    """Observation kinds (docs/reference/events.md), any of which matches."""
    where: Annotated[dict[str, Annotated[Any, AfterValidator(_checked)]], Field(max_length=12, default_factory=dict)]
    """What must hold, all of it: field name to value, `>= 0.5`, `not true`, or a list of alternatives."""


Judge = Callable[[Event], Answer]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A Pattern ready to judge.

    Attributes:
        kinds: Event kinds it is about.
        judge: What it says about an Event; a state that ended never matches.
        fixed: Names that must have one of a few values, with these: whatever else holds, another value of the same type
            makes the answer NO or ASIDE. By these an Event is kept away from the rules that it cannot concern.
    """

    kinds: frozenset[str]
    judge: Judge
    fixed: Mapping[str, frozenset[str | bool]]

    def denies(self, event: Event) -> bool:
        """Whether it says NO."""
        return self.judge(event) is Answer.NO


def build_pattern(spec: PatternSpec) -> Pattern:
    """The Pattern that `spec` describes."""
    quality = spec.where.get("quality")
    named = quality if isinstance(quality, list) else [quality]
    unwanted = UNREAL - {each for each in UNREAL if each.value in named}
    conditions = [(name, parse_condition(wanted)) for name, wanted in spec.where.items()]
    fixed = {name: values for name, wanted in spec.where.items() if (values := _fixed(name, wanted))}
    kinds = frozenset(spec.kind)
    judge = _judge(kinds, unwanted, conditions) if conditions else _judge_kind(kinds, unwanted)
    return Pattern(kinds, judge, fixed)


def _judge(kinds: frozenset[str], unwanted: frozenset[Quality], conditions: list[tuple[str, Condition]]) -> Judge:
    """All of a Pattern as one function."""
    of_stream = tuple((reader_of(name), condition) for name, condition in conditions if name in OF_THE_STREAM)
    all_of_it = tuple((_ATTRIBUTES.get(name), name, condition) for name, condition in conditions)

    def judge(event: Event) -> Answer:
        if event.kind not in kinds or (event.quality and not event.quality.isdisjoint(unwanted)):
            return Answer.ASIDE
        for read_stream, condition in of_stream:
            if condition(read_stream(event)) is Answer.NO:
                return Answer.ASIDE
        if event.phase is Phase.ENDED:
            return Answer.NO
        result = Answer.YES
        fields = event.fields
        for read, name, condition in all_of_it:
            answer = condition(fields.get(name, MISSING) if read is None else read(event))
            if answer is Answer.NO:
                return answer
            if answer is Answer.UNKNOWN:
                result = answer
        return result

    return judge


def _judge_kind(kinds: frozenset[str], unwanted: frozenset[Quality]) -> Judge:
    """A Pattern that asks for nothing but a kind, as most for readings do."""

    def judge(event: Event) -> Answer:
        if event.kind not in kinds or (event.quality and not event.quality.isdisjoint(unwanted)):
            return Answer.ASIDE
        return Answer.NO if event.phase is Phase.ENDED else Answer.YES

    return judge


def _fixed(name: str, wanted: object) -> frozenset[str | bool]:
    """The values of which the name must have one, when all that is wanted are words or true and false; else none."""
    values: list[Any] = wanted if isinstance(wanted, list) else [wanted]
    if name in ("quality", "confidence"):
        return frozenset()
    plain = all(isinstance(each, bool) or (isinstance(each, str) and not _is_condition(each)) for each in values)
    return frozenset(values) if plain and len({type(each) for each in values}) == 1 else frozenset()


def _is_condition(text: str) -> bool:
    return text.lstrip().startswith((">", "<")) or text.startswith("not ")
