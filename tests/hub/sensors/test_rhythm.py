"""How often a sensor speaks by itself, learned from simulated weeks."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.events import Event, FieldValue
from hub.sensors.habits import Habits
from hub.sensors.rhythm import LONGEST_SILENCE_S, SHORTEST_SILENCE_S, Rhythm

HOUR, DAY = 3600.0, 86_400.0
AT = datetime(2026, 3, 1, tzinfo=UTC)


def beats(rhythm: Rhythm, gaps: list[float], start_s: float = 0.0) -> float:
    """The end of a row of heartbeats with these gaps."""
    rhythm.beat(start_s)
    for gap in gaps:
        start_s += gap
        rhythm.beat(start_s)
    return start_s


def event(kind: str, **fields: FieldValue) -> Event:
    return Event(id="1", kind=kind, at=AT, arrived=AT, source="s", driver="plain", fields=fields)


@pytest.mark.parametrize("interval", [60.0, 600.0, HOUR, 12 * HOUR, 2 * DAY])
def test_a_steady_interval_is_known_exactly_and_soon(interval: float) -> None:
    rhythm = Rhythm()
    beats(rhythm, [interval] * 7)
    assert rhythm.interval_s is None
    beats(rhythm, [interval] * 20)
    assert rhythm.interval_s == pytest.approx(interval)
    assert rhythm.silence_s == pytest.approx(max(SHORTEST_SILENCE_S, 3 * interval))
    assert rhythm.steady


def test_a_burst_does_not_shorten_an_hourly_interval() -> None:
    rhythm = Rhythm()
    now_s = beats(rhythm, [HOUR] * 30)
    now_s = beats(rhythm, [2.0] * 500, now_s)
    assert rhythm.interval_s == pytest.approx(HOUR)


def test_a_burst_at_pairing_is_no_interval() -> None:
    rhythm = Rhythm()
    beats(rhythm, [1.0] * 100)
    assert rhythm.interval_s is None


def test_lost_messages_do_not_make_a_sensor_silent() -> None:
    """One message in five is lost on the air; in a month it is never declared silent wrongly more than once a week."""
    chance = random.Random(7)
    rhythm = Rhythm()
    now_s = wrong = 0.0
    for _ in range(30 * 24 * 6):
        gap = 600.0
        while chance.random() < 0.2:
            gap += 600.0
        if rhythm.silence_s is not None and gap > rhythm.silence_s:
            wrong += 1
        now_s += gap
        rhythm.beat(now_s)
    assert rhythm.interval_s is not None
    assert 600 <= rhythm.interval_s <= 1300
    assert wrong <= 12


def test_who_speaks_less_than_twice_a_week_has_no_interval() -> None:
    rhythm = Rhythm()
    beats(rhythm, [LONGEST_SILENCE_S / 2] * 50)
    assert rhythm.interval_s is None


def test_an_outage_is_not_learned_but_another_rhythm_is() -> None:
    rhythm = Rhythm()
    now_s = beats(rhythm, [60.0] * 60)
    now_s = beats(rhythm, [3 * DAY], now_s)
    assert rhythm.interval_s == pytest.approx(60, rel=0.2)
    now_s = beats(rhythm, [60.0] * 60, now_s)
    assert rhythm.interval_s == pytest.approx(60, rel=0.2)
    now_s = beats(rhythm, [HOUR] * 3, now_s)
    assert rhythm.interval_s is None
    beats(rhythm, [HOUR] * 25, now_s)
    assert rhythm.interval_s == pytest.approx(HOUR)


def test_a_meter_that_speaks_only_while_it_is_used_is_called_silent_wrongly_a_few_times_and_then_no_more() -> None:
    """Two hours of use every evening, a message every 30 s; silent otherwise."""
    rhythm, wrong = Rhythm(), []
    for day in range(60):
        for number in range(240):
            now_s = day * DAY + 18 * HOUR + number * 30
            limit_s = rhythm.silence_s
            if number == 0 and day and limit_s is not None and limit_s < 22 * HOUR:
                wrong.append(day)
            rhythm.beat(now_s)
    assert len(wrong) <= 3
    again = Rhythm()
    body = rhythm.to_json()
    assert body is not None
    again.restore(body)
    assert again.to_json() == body


def test_a_time_when_nobody_listened_says_nothing() -> None:
    rhythm = Rhythm()
    now_s = beats(rhythm, [600.0] * 20)
    for _ in range(5):
        rhythm.pause()
        now_s = beats(rhythm, [600.0] * 2, now_s + 5 * HOUR)
    assert rhythm.interval_s == pytest.approx(600)


def test_what_was_learned_survives_a_restart() -> None:
    rhythm = Rhythm()
    beats(rhythm, [600.0] * 20)
    body = rhythm.to_json()
    assert body == {"interval_s": 600.0, "steady": True, "wrong": 0}
    again = Rhythm()
    again.restore(body)
    assert again.silence_s == 1800
    beats(again, [600.0] * 2)
    assert again.interval_s == pytest.approx(600)


@given(st.lists(st.floats(min_value=0.0, max_value=30 * DAY), max_size=120))
@settings(max_examples=60, deadline=None)
def test_the_limits_hold_whatever_comes(gaps: list[float]) -> None:
    rhythm = Rhythm()
    beats(rhythm, gaps)
    if rhythm.silence_s is not None:
        assert SHORTEST_SILENCE_S <= rhythm.silence_s <= LONGEST_SILENCE_S
        assert rhythm.to_json() is not None


def test_a_door_without_heartbeats_is_never_expected_to_speak() -> None:
    """Opened and closed by people, never at night and not on Sundays."""
    habits = Habits()
    for day in range(28):
        for hour in range(7, 21) if day % 7 else ():
            for minute, is_open in ((0, True), (2, False)):
                habits.heard("door", [event("door", open=is_open)], day * DAY + hour * HOUR + minute * 60)
    assert habits.rhythm("door").interval_s is None


def test_a_door_is_known_by_its_heartbeats_alone() -> None:
    habits = Habits()
    closed = [event("door", open=False), event("battery", percent=80.0)]
    for number in range(40):
        now_s = number * HOUR
        habits.heard("door", closed, now_s)
        if number % 5 == 0:  # somebody passes, ten times within two minutes
            for step in range(10):
                habits.heard("door", [event("door", open=step % 2 == 0)], now_s + 60 + step * 10)
    assert habits.rhythm("door").interval_s == pytest.approx(HOUR, rel=0.05)


def test_a_smoke_alarm_with_a_daily_battery_report_is_given_three_days() -> None:
    habits = Habits()
    for day in range(20):
        habits.heard("smoke", [event("battery", percent=100.0 - day)], day * DAY)
    assert habits.rhythm("smoke").silence_s == pytest.approx(3 * DAY)


def test_a_motion_that_is_said_again_and_again_is_no_heartbeat() -> None:
    habits = Habits()
    for number in range(500):
        habits.heard("hall", [event("motion", motion=True), event("illuminance", illuminance_lx=1.0)], number * 30.0)
    assert habits.rhythm("hall").interval_s is None


def test_what_a_camera_of_its_own_mind_sees_is_no_heartbeat() -> None:
    habits = Habits()
    for number in range(100):
        habits.heard("junction", [event("camera.vehicle", score=0.9)], number * 60.0)
    assert habits.rhythm("junction").interval_s is None


def test_a_button_has_no_rhythm_and_a_sign_of_life_has() -> None:
    habits = Habits()
    for number in range(100):
        habits.heard("help", [replace(event("sos", pressed=True), id=str(number))], number * 60.0)
        habits.heard("plug", [], number * 60.0)
    assert habits.rhythm("help").interval_s is None
    assert habits.rhythm("plug").interval_s == pytest.approx(60)
