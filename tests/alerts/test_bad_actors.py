"""Bad actors, what to change in them, and what that would have cost: counted by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts.figures.load import measure
from alerts.figures.verdicts import Judged, Shares
from alerts.incidents.incident import Verdict
from alerts.language.rulebook import rule_of
from alerts.trials.bad_actors import BadActor, Case, bad_actors, outcome
from alerts.trials.suggesting import suggest
from config.community import Level
from hub.events import time_to_text
from tests.fakes.journals import DAY, START, at, sign

UTC_ZONE = ZoneInfo("UTC")
RULE: dict[str, Any] = {
    "rule": "door.left_open",
    "name": "Door",
    "raises": {"kind": "door.left_open", "severity": "blue"},
    "for_each": "device",
    "say": {"zh": "门开着", "en": "Open"},
    "do": {"zh": "查看", "en": "Look"},
}
DOOR = {"kind": "door", "where": {"open": True}}
LASTS = {**RULE, "when": {"lasts": {"of": DOOR, "for": "10m"}}}
VALUE = {**RULE, "when": {"value": {"of": {"kind": "noise"}, "field": "noise_db", "above": 65, "back_by": 3}}}


def case(
    verdict: Verdict, raised_s: float, *, lasted_s: float = 60, value: float | None = None, key: str = "d1"
) -> Case:
    raised = at(raised_s)
    return Case(key, raised, raised, raised + timedelta(seconds=lasted_s), Level.NOTICE, value, verdict)


def wrong(count: int, **more: Any) -> list[Case]:
    return [case(Verdict.FALSE, 7_200 * number, **more) for number in range(count)]


def judged_of(true: int, false: int) -> Judged:
    shares = Shares({Verdict.TRUE: true, Verdict.FALSE: false}, {})
    return Judged(shares, {"fire.smoke_sensor": shares}, {})


def test_a_rule_with_more_than_a_twentieth_of_the_load_is_a_bad_actor() -> None:
    signs = [sign(600 * number, key=f"k{number}") for number in range(11)]
    signs += [sign(600 * number, key=f"r{number}", rule=f"rule-{number % 30}") for number in range(200)]
    load = measure(signs, since=START, until=START + 2 * DAY)
    # 11 of 211 are 5.2 %; the others are 6 or 7 of 211
    assert bad_actors(load, judged_of(0, 0)) == (BadActor("fire.smoke_sensor", ("load_share",)),)


@pytest.mark.parametrize(("true", "false", "is_bad"), [(9, 11, True), (10, 10, False), (8, 11, False)])
def test_more_than_half_wrong_of_twenty_verdicts_is_a_bad_actor(true: int, false: int, *, is_bad: bool) -> None:
    load = measure([], since=START, until=START + DAY)
    assert bool(bad_actors(load, judged_of(true, false))) is is_bad


def test_what_is_soon_over_has_to_last_longer_as_far_as_nothing_true_is_lost() -> None:
    cases = [*wrong(10, lasted_s=100), *wrong(2, lasted_s=4_000, key="d2")]
    cases += [case(Verdict.TRUE, 90_000 + 3_700 * number, lasted_s=1_800) for number in range(24)]
    found = suggest(LASTS, cases, UTC_ZONE)
    assert found is not None
    assert found.body["when"]["lasts"]["for"] == "12m"  # 10 minutes and 100 s, rounded up to the minute
    assert (found.wrong_gone, found.true_lost) == (10, 0)
    rule_of(found.body)


def test_an_event_that_is_soon_over_is_made_to_last() -> None:
    cases = [*wrong(5, lasted_s=8), *(case(Verdict.TRUE, 50_000 + 3_600 * n, lasted_s=600) for n in range(24))]
    found = suggest({**RULE, "when": {"event": DOOR}}, cases, UTC_ZONE)
    assert found is not None
    assert found.body["when"] == {"lasts": {"of": DOOR, "for": "10s"}}
    assert found.wrong_gone == 5


def test_a_threshold_moves_beyond_what_was_nothing() -> None:
    cases = [*(case(Verdict.NUISANCE, 3_600 * n, value=66 + n % 4, lasted_s=900) for n in range(24))]
    cases += [case(Verdict.TRUE, 3_600 * n, value=80, lasted_s=900, key="d2") for n in range(24)]
    found = suggest(VALUE, cases, UTC_ZONE)
    assert found is not None
    assert found.body["when"]["value"]["above"] == 70
    assert (found.wrong_gone, found.true_lost) == (24, 0)
    assert "70" in found.what.zh
    assert "70" in found.what.en


def test_hours_in_which_it_was_never_right_are_left_out() -> None:
    early = [case(Verdict.FALSE, 86_400 * day + 5 * 3_600 + 60, lasted_s=9_000) for day in range(12)]
    late = [case(Verdict.TRUE, 86_400 * day + 20 * 3_600, lasted_s=300) for day in range(12)]
    found = suggest({**LASTS, "except": {"calendar": "market"}}, [*early, *late], UTC_ZONE)
    assert found is not None
    assert found.body["except"] == [{"calendar": "market"}, {"between": "05:00-06:00"}]
    assert (found.wrong_gone, found.true_lost) == (12, 0)


def test_without_anything_better_it_rings_one_level_lower_but_red_stays() -> None:
    found = suggest(LASTS, [], UTC_ZONE)
    assert found is not None
    assert found.body["raises"]["severity"] == "green"
    red = {**LASTS, "raises": {"kind": "sos.button", "severity": "red"}}
    assert suggest(red, [], UTC_ZONE) is None


def test_the_backtest_of_a_change_says_which_true_ones_it_would_have_lost() -> None:
    cases = [
        case(Verdict.TRUE, 0),
        case(Verdict.TRUE, 7_200),
        case(Verdict.FALSE, 14_400),
        case(Verdict.FALSE, 21_600),
        case(Verdict.FALSE, 21_600, key="d2"),
    ]
    raised: list[dict[str, Any]] = [
        {"key": "d1", "began": time_to_text(at(30)), "ended": time_to_text(at(60))},
        {"key": "d1", "began": time_to_text(at(21_600)), "ended": None},
    ]
    found = outcome(cases, raised)
    assert [each.raised for each in found.true_lost] == [at(7_200)]
    assert (found.true_kept, found.wrong_gone, found.wrong_left, found.raised) == (1, 2, 1, 2)
