"""What a pattern says about an event, in three values."""

from __future__ import annotations

import math

import pytest

from alerts.language.duration import duration_text, parse_duration
from alerts.language.pattern import Answer, PatternSpec, build_pattern
from hub.events import Phase, Quality
from tests.fakes.stories import event

YES, NO, UNKNOWN, ASIDE = Answer.YES, Answer.NO, Answer.UNKNOWN, Answer.ASIDE


def judge(where: dict[str, object], fields: dict[str, object] | None = None, **parts: object) -> Answer:
    pattern = build_pattern(PatternSpec.model_validate({"kind": "thing", "where": where}))
    return pattern.judge(event("thing", 0, fields=fields, **parts))


@pytest.mark.parametrize(
    ("wanted", "value", "answer"),
    [
        (True, True, YES),
        (True, False, NO),
        (True, 1, UNKNOWN),
        (True, "true", UNKNOWN),
        (1, True, UNKNOWN),
        (2, 2.0, YES),
        ("car", "car", YES),
        ("car", "bus", NO),
        ("car", 3, UNKNOWN),
        (">= 0.5", 0.5, YES),
        (">= 0.5", 0.49, NO),
        ("> 0.5", 0.5, NO),
        ("<= -1.5", -2, YES),
        ("<2", 1, YES),
        ("< 2", "1", UNKNOWN),
        ("< 2", True, UNKNOWN),
        ("< 2", math.nan, UNKNOWN),
        ("not true", False, YES),
        ("not true", True, NO),
        ("not true", "x", UNKNOWN),
        ("not car", "bus", YES),
        ("not 3", 3, NO),
        (["a", "b"], "b", YES),
        (["a", "b"], "c", NO),
        (["a", "b"], 1, UNKNOWN),
        (["a", 1], 1, YES),
        ([">= 5", "< 1"], 0, YES),
    ],
)
def test_a_condition_holds_does_not_or_is_unknown(wanted: object, value: object, answer: Answer) -> None:
    assert judge({"x": wanted}, {"x": value}) is answer


def test_what_was_not_sent_is_unknown_except_for_what_it_must_not_be() -> None:
    assert judge({"x": True}) is UNKNOWN
    assert judge({"x": "not true"}) is YES
    assert judge({"confidence": ">= 0.5"}) is UNKNOWN


def test_one_no_is_enough_and_unknown_outweighs_yes() -> None:
    assert judge({"x": True, "y": True}, {"x": False}) is NO
    assert judge({"x": True, "y": True}, {"x": True}) is UNKNOWN


def test_being_in_no_zone_is_knowledge() -> None:
    assert judge({"zone": ["a", "b"]}, zone=None) is NO
    assert judge({"zone_use": "guarded"}, zone=None) is NO
    assert judge({"zone_use": "guarded"}, zone="a") is UNKNOWN
    assert judge({"zone_use": "guarded"}, {"zone_use": "guarded"}, zone="a") is YES


def test_what_ended_matches_nothing_and_another_kind_says_nothing() -> None:
    assert judge({}, phase=Phase.ENDED) is NO
    pattern = build_pattern(PatternSpec(kind=("other",)))
    assert pattern.judge(event("thing", 0)) is ASIDE


def test_a_test_says_nothing_unless_it_is_asked_for() -> None:
    assert judge({"x": True}, {"x": True}, quality=(Quality.TEST,)) is ASIDE
    assert judge({"x": True}, {"x": False}, quality=(Quality.SIMULATED,)) is ASIDE
    assert judge({"x": True, "quality": "test"}, {"x": True}, quality=(Quality.TEST,)) is YES
    assert judge({"x": True, "quality": "test"}, {"x": True}) is NO
    assert judge({"x": True, "quality": "not retained"}, {"x": True}) is YES
    assert judge({"x": True, "quality": "not retained"}, {"x": True}, quality=(Quality.TEST,)) is ASIDE


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("1h30m", 5400), ("500ms", 0.5), ("7d", 604_800), ("0s", 0), ("1.5m", 90)]
)
def test_durations_are_read_and_written(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds
    assert parse_duration(duration_text(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "90", "s", "90 s", "-5s", "1h 30m", "8d", 90, None, True, "1y"])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"duration|7d"):
        parse_duration(text)


def test_what_another_source_or_subject_says_is_nothing_for_or_against() -> None:
    assert judge({"source": "s9", "x": True}, {"x": False}, source="s1") is ASIDE
    assert judge({"subject": "bed"}, {}, subject="hall") is ASIDE
    assert judge({"source": ["s1", "s9"], "x": True}, {"x": False}, source="s1") is NO
    assert judge({"source": "not s1"}, {}, source="s1") is ASIDE


@pytest.mark.parametrize(
    ("where", "fixed"),
    [
        ({"zone": "a", "x": ">= 2"}, {"zone": {"a"}}),
        ({"label": ["car", "bus"], "alarm": True}, {"label": {"car", "bus"}, "alarm": {True}}),
        ({"label": "not car", "zone": ["a", "not b"], "x": 3, "y": [True, "a"], "quality": "test"}, {}),
    ],
)
def test_it_knows_which_names_must_have_one_of_a_few_values(where: dict[str, object], fixed: object) -> None:
    assert build_pattern(PatternSpec.model_validate({"kind": "thing", "where": where})).fixed == fixed
