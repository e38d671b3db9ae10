"""Why an alert was raised, in words."""

from __future__ import annotations

import pytest

from alerts.language.places import places_of
from alerts.language.rulebook import SHIPPED, load_rules
from alerts.trials.observations import _FIELDS, _KINDS, observation
from alerts.trials.why import _SHAPES, explain
from hub.events import Event, Phase
from hub.plugins import load_plugins
from hub.sensors.kinds import KINDS
from tests.fakes.stories import COMMUNITY, Story, event, seen

PLACES = places_of(COMMUNITY)


def test_a_confirmed_fire_is_explained_by_both_that_saw_it() -> None:
    smoke = event("smoke", 0, fields={"alarm": True})
    flame = event("camera.fire", 70, source="cam-1", camera="cam-1", site="hh-017", confidence=0.61)
    story = Story(load_rules(SHIPPED))
    story.happens(flame, smoke)
    [alert] = [alert for alert in story.alerts if alert.kind == "fire.confirmed"]
    told = explain(alert.why, [flame, smoke], PLACES)
    assert told.text.zh == "不同设备在 70 秒内都观察到"
    assert told.text.en == "Different devices saw it within 70 s"
    assert [spoke.text.en for spoke in told.spoke] == [
        "Kitchen smoke detector (House 17) - smoke: alarm yes",
        "Junction east (House 17) - fire in the picture: confidence 0.61",
    ]
    assert told.spoke[0].text.zh == "厨房烟感（17号） — 烟雾：报警 是"
    assert told.gone == 0


def test_events_that_are_gone_are_counted_and_the_facts_still_stand() -> None:
    why = {"shape": "value", "facts": {"value": 3.5}, "events": ["a", "b"]}
    told = explain(why, [], PLACES)
    assert (told.text.zh, told.text.en, told.spoke, told.gone) == ("数值为 3.5", "The value is 3.5", (), 2)


def test_an_alert_of_an_unknown_shape_or_without_facts_is_explained_all_the_same() -> None:
    assert explain({"shape": "new", "events": []}, [], PLACES).text.en == "The condition of the rule was met"
    assert explain({"shape": "lasts"}, [], PLACES).text.en == "It lasted for ? s"


@pytest.mark.parametrize(
    ("said", "zh", "en"),
    [
        (event("water_level", 0, fields={"level_m": 2.5}), "水位：水位 2.5 m", "water level: level 2.5 m"),
        (event("smoke", 0, fields={"alarm": False, "odd": "x"}), "烟雾：报警 否，odd x", "smoke: alarm no, odd x"),
        (event("strange", 0), "strange", "strange"),
        (
            seen("camera.vehicle", 0, zone="lane-1", fields={"stopped": True, "speed_w_s": 0.0, "label": "car"}),
            "画面中有车辆：停住 是，类别 汽车",
            "vehicle in the picture: stopped yes, class car",
        ),
        (seen("camera.fire", 0, phase=Phase.ENDED), "画面中有火焰：结束", "fire in the picture: over"),
    ],
)
def test_an_observation_is_told_in_both_languages(said: Event, zh: str, en: str) -> None:
    told = observation(said)
    assert (told.zh, told.en) == (zh, en)


def test_every_field_of_a_sensor_has_words_in_both_languages() -> None:
    assert {field for kind in KINDS.values() for field in kind.fields} <= set(_FIELDS)


def test_every_shape_and_every_observation_of_a_shipped_rule_has_words() -> None:
    assert set(load_plugins("alerts.rules")) <= set(_SHAPES)
    assert set(load_rules(SHIPPED).by_kind) <= set(_KINDS)
