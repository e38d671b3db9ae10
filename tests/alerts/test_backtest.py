"""Backtest: what a rule would have raised over events that came in."""

from __future__ import annotations

from alerts.language.places import places_of
from alerts.language.rulebook import SHIPPED
from alerts.language.written import read_rules
from alerts.trials.backtest import backtest, heard
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


NIGHT_S = 6 * 3600
"""From the start of a story until ten at night in Shanghai."""


def door(at_s: float, *, is_open: bool, source: str = "door-1") -> Event:
    return event("door", NIGHT_S + at_s, source=source, fields={"open": is_open})


def test_each_time_that_an_alert_would_have_stood_is_told() -> None:
    events = [door(0, is_open=True), door(700, is_open=False), door(1000, is_open=True)]
    assert run("door.left_open", *events, until_s=NIGHT_S + 4000) == [
        (NIGHT_S + 600, NIGHT_S + 700, Level.NOTICE),
        (NIGHT_S + 1600, None, Level.NOTICE),
    ]


def test_time_goes_on_up_to_the_end_that_was_asked_for() -> None:
    assert run("door.left_open", door(0, is_open=True), until_s=NIGHT_S + 599) == []
    until_s = NIGHT_S + 600
    assert run("door.left_open", door(0, is_open=True), until_s=until_s) == [(until_s, None, Level.NOTICE)]


def test_an_episode_has_its_highest_level() -> None:
    levels = [(0, 2.1), (300, 3.6), (600, 2.1), (900, 1.0)]
    events = [event("water_level", at_s, source="river-1", fields={"level_m": level}) for at_s, level in levels]
    assert run("flood.river_level", *events, until_s=9000) == [(60, 1500, Level.CRITICAL)]


def test_a_rule_in_the_shadow_is_tried_as_any_other() -> None:
    person = event("camera.person", 0, source="cam-1", camera="cam-1", subject="t", confidence=0.9, fields={})
    gone = event("camera.health", 10, source="cam-1", camera="cam-1", fields={"state": "offline"})
    assert run("camera.sabotage", person, gone, until_s=60) == [(10, None, Level.SERIOUS)]


def test_what_could_not_be_judged_is_counted() -> None:
    events = [event("smoke", 0, fields={})]
    found = backtest([RULES["fire.smoke_sensor"].rule], events, places=places_of(COMMUNITY), until=moment(1))
    assert (found.episodes, found.unknown, found.failed) == ((), 1, 0)


def test_of_the_log_only_what_could_matter_is_read() -> None:
    kinds = ["alert.resolved", "arming", "door", "motion", "power.outage", "sensor.health", "smoke"]
    assert heard([RULES["fire.smoke_sensor"].rule], kinds) == {"alert.resolved", "arming", "sensor.health", "smoke"}
