"""The condition that was met, each value beside its threshold, for all eight shapes."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.language.places import places_of
from alerts.language.rulebook import make_book, rule_of
from alerts.trials.quoting import _SHAPES, quote
from alerts.trials.why import explain
from hub.events import Event, Phase
from hub.plugins import load_plugins
from tests.fakes.stories import COMMUNITY, Story, event

PLACES = places_of(COMMUNITY)


def rule(when: dict[str, Any], *, for_each: str = "site", severity: str = "orange") -> dict[str, Any]:
    return {
        "rule": "tried",
        "name": "Tried",
        "raises": {"kind": "fire.confirmed", "severity": severity},
        "for_each": for_each,
        "when": when,
        "say": {"zh": "报", "en": "Alert"},
        "do": {"zh": "看", "en": "Look"},
    }


def told(written: dict[str, Any], *events: Event, until_s: float = 0.0) -> tuple[str, str]:
    """What is said of the only alert that the events raise."""
    story = Story(make_book([rule_of(written)]))
    story.happens(*events)
    story.passes(until_s)
    [alert] = story.alerts
    spoke = [each for each in events if each.id in alert.why["events"]]
    text = explain(alert.why, spoke, PLACES, written=written, level=alert.level.value).text
    return text.en, text.zh


def level(at_s: float, value: float) -> Event:
    return event("water_level", at_s, source="river-1", site="junction-3", fields={"level_m": value})


SMOKE = event("smoke", 0, fields={"alarm": True})
FLAME = event("camera.fire", 70, source="cam-1", camera="cam-1", site="hh-017", confidence=0.61)


def test_two_devices_are_quoted_with_their_times_and_values() -> None:
    parts = [{"kind": "smoke", "where": {"alarm": True}}, {"kind": "camera.fire", "where": {"confidence": ">= 0.5"}}]
    en, zh = told(rule({"together": {"within": "90s", "all_of": parts}}), SMOKE, FLAME)
    assert en == (
        "Kitchen smoke detector 16:00:00 smoke (alarm yes) + Junction east 16:01:10 fire in the picture "
        "(confidence 0.61 >= 0.5), 70 s apart <= 1m30s, same site"
    )
    assert zh == (
        "厨房烟感 16:00:00 烟雾（报警 是） + 路口东 16:01:10 画面中有火焰（置信度 0.61 >= 0.5），"
        "相隔 70 s <= 1m30s，同一地点"
    )


def test_a_sequence_is_quoted_in_its_order() -> None:
    steps = [{"kind": "smoke"}, {"kind": "camera.fire"}]
    en, zh = told(rule({"sequence": {"within": "2m", "steps": steps}}), SMOKE, FLAME)
    assert en == (
        "Kitchen smoke detector 16:00:00 smoke, then Junction east 16:01:10 fire in the picture, "
        "70 s apart <= 2m, same site"
    )
    assert "，随后 路口东 16:01:10" in zh


def test_what_did_not_follow_a_sequence_is_quoted_with_its_time() -> None:
    steps = [{"kind": "smoke", "where": {"alarm": True}}, {"kind": "camera.fire"}]
    then_no = {"kind": "motion", "where": {"motion": True}, "for": "5m"}
    en, zh = told(rule({"sequence": {"within": "2m", "steps": steps, "then_no": then_no}}), SMOKE, FLAME, until_s=370)
    assert en.endswith("70 s apart <= 2m, same site; then for 5m no motion (motion yes)")
    assert zh.endswith("；之后 5m 没有 活动（有人活动 是）")


def test_a_single_observation_is_quoted_with_what_was_asked_of_it() -> None:
    en, _ = told(rule({"event": {"kind": "smoke", "where": {"alarm": True, "test": "not true"}}}), SMOKE)
    assert en == "Kitchen smoke detector 16:00:00 smoke (alarm yes); once observed is enough"


def test_a_value_stands_beside_the_threshold_of_the_level_it_reached() -> None:
    options = {
        "of": {"kind": "water_level"},
        "field": "level_m",
        "above": {"blue": 2.0, "yellow": 2.5},
        "back_by": 0.2,
        "for": "60s",
    }
    written = rule({"value": options}, for_each="device", severity="by_level")
    en, zh = told(written, level(0, 2.6), until_s=60)
    assert en == "river-1 level 2.6 m >= 2.5 m, for 1m or more; normal again below 2.3 m"
    assert zh == "river-1 水位 2.6 m >= 2.5 m，持续 1m 以上；低于 2.3 m 才算恢复"


def test_a_value_below_is_quoted_the_other_way_round() -> None:
    options = {"of": {"kind": "temperature"}, "field": "temperature_c", "below": 2, "back_by": 1}
    cold = event("temperature", 0, fields={"temperature_c": 1.5})
    en, _ = told(rule({"value": options}), cold)
    assert en.startswith("Kitchen smoke detector temperature 1.5 °C <= 2 °C; normal again above 3")


def test_how_long_it_lasted_stands_beside_how_long_it_must() -> None:
    written = rule({"lasts": {"of": {"kind": "door", "where": {"open": True}}, "for": "10m"}}, for_each="device")
    en, zh = told(written, event("door", 0, fields={"open": True}), until_s=612)
    assert en == "Kitchen smoke detector 16:00:00 door (open yes), for 600 s >= 10m"
    assert zh == "厨房烟感 16:00:00 门（打开 是），持续 600 s >= 10m"


def test_what_was_said_again_and_again_is_quoted_with_its_gap() -> None:
    written = rule({"lasts": {"of": {"kind": "smoke"}, "for": "3s", "gap": "2s"}})
    seen = [event("smoke", at_s, fields={"alarm": True}) for at_s in (0, 1.5, 3)]
    assert told(written, *seen)[0].endswith(", for 3 s >= 3s, with no gap over 2s")


def test_how_often_stands_beside_how_often_it_must() -> None:
    options = {"of": {"kind": "gas", "where": {"alarm": True}}, "at_least": 3, "within": "24h", "apart": "10m"}
    alarms = [event("gas", at_s, fields={"alarm": True}) for at_s in (0, 700, 1400)]
    en, zh = told(rule({"count": options}, for_each="device"), *alarms)
    assert en == ("combustible gas (alarm yes): 3 times >= 3 within 1d, each 10m or more from the next, since 16:00:00")
    assert zh == "可燃气体（报警 是）：1d 内 3 次 >= 3，每次相隔 10m 以上，自 16:00:00"


def test_a_change_is_quoted_with_how_fast_it_was() -> None:
    options = {"of": {"kind": "water_level"}, "field": "level_m", "rises": 0.3, "within": "15m", "samples": 2}
    en, zh = told(rule({"change": options}, for_each="device"), level(0, 2.0), level(540, 2.35))
    assert en == "river-1 level rose by 0.35 m >= 0.3 m in 540 s <= 15m, to 2.35 m"
    assert zh == "river-1 水位上升 0.35 m >= 0.3 m，用时 540 s <= 15m，现为 2.35 m"


def test_a_silence_is_quoted_with_who_was_heard_last() -> None:
    written = rule({"silence": {"of": {"kind": ["motion", "door"]}, "longer_than": "8h"}})
    en, zh = told(written, event("motion", 0, fields={"motion": True}), until_s=8 * 3600)
    assert en == "no motion or door for 8h > 8h, last from Kitchen smoke detector at 16:00:00"
    assert zh == "没有活动或门 已 8h > 8h，最后一次为 厨房烟感 16:00:00"


def test_what_is_no_longer_stored_is_quoted_by_what_was_asked() -> None:
    parts = [{"kind": "smoke", "where": {"alarm": True}}, {"kind": "camera.fire", "where": {"confidence": ">= 0.5"}}]
    written = rule({"together": {"within": "90s", "all_of": parts}})
    text = quote(written, {"seconds": 70}, [], PLACES)
    assert text is not None
    assert text.en == ("smoke (alarm yes) + fire in the picture (confidence >= 0.5), 70 s apart <= 1m30s, same site")


@pytest.mark.parametrize("when", [{"sorcery": {}}, {"event": {"kin": "smoke"}}, {}, None])
def test_a_rule_that_is_not_understood_any_more_is_not_quoted(when: Any) -> None:
    assert quote({"when": when}, {}, [], PLACES) is None


def test_every_shape_is_quoted() -> None:
    assert set(load_plugins("alerts.rules")) == set(_SHAPES)


def test_a_state_of_a_camera_is_quoted_by_the_camera() -> None:
    seen = event(
        "camera.person",
        5,
        source="cam-1",
        camera="cam-1",
        zone="yard",
        subject="7",
        phase=Phase.BEGAN,
        fields={"zone_use": "guarded"},
    )
    written = rule({"event": {"kind": "camera.person", "where": {"zone_use": ["guarded", "lane"]}}})
    assert told(written, seen)[0].startswith("Junction east 16:00:05 person in the picture (use of the zone guarded)")
