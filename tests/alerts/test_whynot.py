"""Why a rule did not ring: every reason there is, in words, with the value beside its threshold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from alerts.language.places import places_of
from alerts.language.rulebook import rule_of
from alerts.trials.missing import _SHAPES
from alerts.trials.whynot import Question, WhyNot, lookback_s, why_not
from hub.events import Event, Phase, Quality
from hub.plugins import load_plugins
from tests.fakes.stories import COMMUNITY, event, moment

PLACES = places_of(COMMUNITY)
FIRE = {
    "together": {
        "within": "90s",
        "all_of": [
            {"kind": "smoke", "where": {"alarm": True}},
            {"kind": "camera.fire", "where": {"confidence": ">= 0.5"}},
        ],
    }
}


def rule(when: dict[str, Any], *, for_each: Any = "site", name: str = "tried", **more: Any) -> dict[str, Any]:
    return {
        "rule": name,
        "name": "Tried",
        "raises": {"kind": "fire.confirmed", "severity": "orange"},
        "for_each": for_each,
        "when": when,
        "say": {"zh": "报", "en": "Alert"},
        "do": {"zh": "看", "en": "Look"},
        **more,
    }


def asked(written: dict[str, Any], *events: Event, at_s: float = 120, key: str = "hh-017", **parts: Any) -> WhyNot:
    made = rule_of(written)
    question = Question(
        rule=made,
        written=written,
        state="live",
        beside=(),
        key=key,
        at=moment(at_s),
        events=events,
        since=moment(-86_400),
        wanted_since=moment(-lookback_s(made, written)),
    )
    return why_not(replace(question, **parts), PLACES)


def codes(answer: WhyNot) -> list[str]:
    return [each.code for each in answer.findings]


def smoke(at_s: float, *, alarm: bool = True, **parts: Any) -> Event:
    return event("smoke", at_s, fields={"alarm": alarm}, **parts)


def flame(at_s: float, confidence: float | None = 0.61, **parts: Any) -> Event:
    return event("camera.fire", at_s, source="cam-1", camera="cam-1", site="hh-017", confidence=confidence, **parts)


def door(at_s: float, *, is_open: bool) -> Event:
    return event("door", at_s, fields={"open": is_open})


def level(at_s: float, value: float) -> Event:
    return event("water_level", at_s, source="river-1", site="junction-3", fields={"level_m": value})


def test_what_was_not_observed_at_all_is_named() -> None:
    answer = asked(rule(FIRE), smoke(60))
    assert (answer.rang, codes(answer)) == (False, ["not_heard", "met"])
    assert answer.text.en == "no fire in the picture (confidence >= 0.5) was heard from 15:52:00 to 16:02:00"
    assert answer.text.zh == "15:52:00 至 16:02:00 没有收到 画面中有火焰（置信度 >= 0.5）"
    assert answer.findings[1].text.en == "Kitchen smoke detector 16:01:00 smoke (alarm yes)"


def test_a_threshold_that_was_not_reached_stands_beside_the_value() -> None:
    answer = asked(rule(FIRE), smoke(60), flame(70, 0.41))
    assert answer.text.en == "Junction east 16:01:10 fire in the picture: confidence 0.41, wanted >= 0.5"
    assert answer.text.zh == "路口东 16:01:10 画面中有火焰：置信度 0.41，要求 >= 0.5"


def test_a_field_that_was_missing_is_named() -> None:
    answer = asked(rule(FIRE), smoke(60), flame(70, None))
    assert (codes(answer)[0], answer.text.en) == (
        "unknown",
        "Junction east 16:01:10 fire in the picture: confidence is missing, wanted >= 0.5",
    )


def test_what_was_too_far_apart_says_how_far() -> None:
    answer = asked(rule(FIRE), smoke(0), flame(100))
    assert (codes(answer)[0], answer.text.en) == ("too_far_apart", "the nearest are 1m40s apart, wanted 1m30s or less")
    assert answer.findings[0].events == (smoke(0).id, flame(100).id)


def test_two_words_of_one_device_confirm_nothing() -> None:
    parts = [{"kind": "smoke"}, {"kind": "heat"}]
    when = {"together": {"within": "90s", "all_of": parts}}
    answer = asked(rule(when), smoke(60), event("heat", 70, fields={"alarm": True}))
    assert (codes(answer)[0], answer.text.zh) == ("one_device", "都来自同一设备，要求不同设备")


def test_a_sequence_the_wrong_way_round_is_told() -> None:
    when = {"sequence": {"within": "60s", "steps": [{"kind": "smoke"}, {"kind": "camera.fire"}]}}
    assert codes(asked(rule(when), flame(60), smoke(70)))[0] == "other_order"
    assert codes(asked(rule(when), smoke(0), flame(100)))[0] == "too_far_apart"


def test_a_level_that_was_not_reached_is_told_with_the_highest_reading() -> None:
    options = {"of": {"kind": "water_level"}, "field": "level_m", "above": 2.0, "back_by": 0.2, "for": "60s"}
    written = rule({"value": options}, for_each="device")
    low = asked(written, level(0, 1.7), level(30, 1.9), key="river-1")
    assert low.text.en == "level was at most 1.9 m (river-1 at 16:00:30), wanted >= 2 m"
    assert low.text.zh == "水位最高 1.9 m（river-1 16:00:30），要求 >= 2 m"
    short = asked(written, level(0, 2.1), level(40, 1.7), key="river-1")
    assert (codes(short)[0], short.text.en) == ("too_short", "it lasted for 40s, wanted 1m")
    wordless = event("water_level", 0, source="river-1", site="junction-3", fields={})
    assert codes(asked(written, wordless, key="river-1"))[0] == "unknown"


def test_what_did_not_last_says_how_long_it_did() -> None:
    written = rule({"lasts": {"of": {"kind": "door", "where": {"open": True}}, "for": "10m"}}, for_each="device")
    answer = asked(written, door(0, is_open=True), door(400, is_open=False), at_s=700, key="smoke-17")
    assert (codes(answer)[0], answer.text.en) == ("too_short", "it lasted for 6m40s, wanted 10m")
    going = asked(written, door(0, is_open=True), at_s=500, key="smoke-17")
    assert going.text.en == "it lasted for 8m20s, wanted 10m"
    gap = rule({"lasts": {"of": {"kind": "smoke"}, "for": "5s", "gap": "2s"}})
    assert asked(gap, smoke(60), smoke(61), smoke(62)).text.en == "it lasted for 2s, wanted 5s"


def test_what_happened_too_seldom_says_how_often() -> None:
    count = {"of": {"kind": "smoke"}, "at_least": 3, "within": "24h", "apart": "10m"}
    answer = asked(rule({"count": count}), smoke(0), smoke(100), smoke(700), at_s=800)
    assert (codes(answer)[0], answer.text.en, answer.text.zh) == (
        "too_few",
        "only 2 of 3 within 1d",
        "1d 内只有 2 次，要求 3 次",
    )


def test_a_change_that_was_too_small_or_said_too_seldom_is_told() -> None:
    options = {"of": {"kind": "water_level"}, "field": "level_m", "rises": 0.3, "within": "15m", "samples": 3}
    written = rule({"change": options}, for_each="device")
    small = asked(written, level(0, 2.0), level(60, 2.1), level(90, 2.2), key="river-1")
    assert small.text.en == "level rose by 0.2 m at most within 15m, wanted 0.3 m"
    assert asked(written, level(0, 2.0), level(60, 2.4), key="river-1").text.en == "only 2 of 3 readings"


def test_a_silence_that_was_not_long_enough_says_who_was_heard_last() -> None:
    written = rule({"silence": {"of": {"kind": "motion"}, "longer_than": "8h"}})
    answer = asked(written, event("motion", 0, fields={"motion": True}), at_s=7200)
    assert answer.text.en == "Kitchen smoke detector was heard at 16:00:00 (motion), 2h of silence, wanted more than 8h"
    assert codes(asked(written)) == ["never_heard"]


def test_a_test_counts_for_nothing() -> None:
    written = rule({"event": {"kind": "smoke", "where": {"alarm": True}}})
    answer = asked(written, smoke(60, quality=(Quality.TEST,)))
    assert answer.text.en == "Kitchen smoke detector 16:01:00 smoke (alarm yes) does not count: it is a self-test"


def test_hours_that_withheld_it_are_told() -> None:
    written = rule({"event": {"kind": "smoke"}}, only={"between": "20:00-21:00"})
    answer = asked(written, smoke(60))
    assert codes(answer)[0] == "withheld"
    assert answer.text.en == "it would have rung at 16:01:00, withheld because it counts only at 20:00-21:00"


def test_what_is_out_of_scope_is_told() -> None:
    written = rule({"event": {"kind": "smoke"}}, scope={"sites": ["junction-3"]})
    assert codes(asked(written, smoke(60)))[0] == "out_of_scope"


def test_an_alert_that_stands_does_not_ring_again_and_one_that_is_over_did() -> None:
    written = rule({"event": {"kind": "smoke", "where": {"alarm": True}}})
    stands = asked(written, smoke(0), smoke(60))
    assert (stands.rang, codes(stands)[0]) == (True, "stands")
    assert stands.text.en == "an alert of it has stood since 16:00:00; it does not ring again"
    over = asked(written, smoke(0), smoke(60, alarm=False))
    assert (over.rang, over.text.en) == (False, "it rang at 16:00:00 and was over at 16:01:00")


def test_a_rule_that_mutes_it_is_named() -> None:
    muter = rule({"event": {"kind": "camera.fire"}}, name="graver", mutes=["tried"])
    muter["raises"] = {"kind": "fire.camera_flame", "severity": "red"}
    answer = asked(rule({"event": {"kind": "smoke"}}), smoke(0), flame(10), beside=[rule_of(muter)])
    assert (codes(answer)[:2], answer.text.en) == (["muted", "stands"], "it was muted by graver")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("absent", "there was no such rule yet at 16:02:00"),
        ("removed", "the rule had been removed at 16:02:00"),
        ("off", "the rule was off at 16:02:00"),
        ("shadow", "the rule was in the shadow at 16:02:00: it would have rung"),
    ],
)
def test_what_the_rule_was_then_is_told_first(state: str, said: str) -> None:
    answer = asked(rule({"event": {"kind": "smoke"}}), smoke(60), state=state)
    assert (answer.rang, answer.text.en) == (False, said)


def test_a_device_that_was_offline_is_named() -> None:
    answer = asked(rule(FIRE), smoke(60), offline=[("cam-1", moment(-600))])
    assert (codes(answer)[0], answer.text.en) == ("offline", "Junction east was offline since 15:50:00")


def test_what_arrived_only_later_is_told() -> None:
    answer = asked(rule({"event": {"kind": "smoke"}}), smoke(60, arrives_s=300))
    assert (codes(answer)[0], answer.text.en) == (
        "arrived_late",
        "1 observations of before arrived only at 16:05:00 and later",
    )


def test_observations_that_do_not_say_for_what_they_count_are_told() -> None:
    written = rule({"event": {"kind": "camera.person"}}, for_each=["camera", "zone"])
    person = event("camera.person", 60, source="cam-1", camera="cam-1", subject="7", phase=Phase.BEGAN)
    answer = asked(written, person, key="cam-1/yard")
    assert answer.text.en == "1 observations do not say their camera, zone"


def test_a_key_that_is_not_there_is_told_unless_it_spoke() -> None:
    written = rule({"event": {"kind": "smoke", "where": {"alarm": True}}})
    assert codes(asked(written, key="hh-999", known=False))[0] == "no_such_key"
    assert "no_such_key" not in codes(asked(written, smoke(60, alarm=False), known=False))


def test_an_answer_says_from_when_on_it_knows() -> None:
    answer = asked(rule(FIRE), smoke(60), since=moment(-60))
    assert (answer.complete, codes(answer)[-1]) == (False, "events_gone")
    assert answer.findings[-1].text.en == "what was observed before 15:59:00 is no longer stored, or too much"
    assert asked(rule(FIRE), smoke(60)).complete


def test_every_shape_says_what_it_missed() -> None:
    assert set(load_plugins("alerts.rules")) == set(_SHAPES)
