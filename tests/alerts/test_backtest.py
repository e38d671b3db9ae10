"""Backtest: what a rule would have raised over events that came in."""

from __future__ import annotations

from alerts.backtest import backtest
from alerts.places import places_of
from alerts.rulebook import SHIPPED
from alerts.written import read_rules
from config.community import Level
from hub.events import Event
from tests.fakes.stories import COMMUNITY, event, moment

RULES = read_rules(SHIPPED)


def run(rule: str, *events: Event, until_s: float) -> list[tuple[float, float | None, Level]]:
    found = backtest([RULES[rule].rule], events, places=places_of(COMMUNITY), until=moment(until_s))
    assert found.events == len(events)
    return [
        (
            (each.began - moment(0)).total_seconds(),
            None if each.ended is None else (each.ended - moment(0)).total_seconds(),
            each.alert.level,
        )
        for each in found.episodes
    ]


def door(at_s: float, *, is_open: bool, source: str = "door-1") -> Event:
    return event("door", at_s, source=source, fields={"open": is_open})


def test_each_time_that_an_alert_would_have_stood_is_told() -> None:
    events = [door(0, is_open=True), door(700, is_open=False), door(1000, is_open=True)]
    assert run("door.left_open", *events, until_s=4000) == [(600, 700, Level.NOTICE), (1600, None, Level.NOTICE)]


def test_time_goes_on_up_to_the_end_that_was_asked_for() -> None:
    assert run("door.left_open", door(0, is_open=True), until_s=599) == []
    assert run("door.left_open", door(0, is_open=True), until_s=600) == [(600, None, Level.NOTICE)]


def test_an_episode_has_its_highest_level() -> None:
    levels = [(0, 2.1), (300, 3.6), (600, 2.1), (900, 1.0)]
    events = [event("water_level", at_s, source="river-1", fields={"level_m": level}) for at_s, level in levels]
    assert run("flood.river_level", *events, until_s=9000) == [(60, 1500, Level.CRITICAL)]


def test_a_rule_in_the_shadow_is_tried_as_any_other() -> None:
    person = event(
        "camera.person", 0, source="cam-1", camera="cam-1", zone="lane-1", subject="t", fields={"zone_use": "lane"}
    )
    assert run("road.pedestrian", person, until_s=60) == [(3, None, Level.WARNING)]


def test_what_could_not_be_judged_is_counted() -> None:
    events = [event("smoke", 0, fields={})]
    found = backtest([RULES["fire.smoke_sensor"].rule], events, places=places_of(COMMUNITY), until=moment(1))
    assert (found.episodes, found.unknown, found.failed) == ((), 1, 0)
