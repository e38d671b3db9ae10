"""Values that stand still or cannot be, clocks that are wrong, and floods, one message at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.events import Event, FieldValue, Phase
from hub.sensors.doubts import IMPOSSIBLE, NONE, STUCK, ClockDoubt, ValueDoubt
from hub.sensors.rates import Flood, Rates

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def minutes(number: float) -> datetime:
    return AT + timedelta(minutes=number)


def event(kind: str, **fields: FieldValue) -> Event:
    return Event(id="1", kind=kind, at=AT, arrived=AT, source="s", driver="plain", fields=fields)


def test_a_value_that_has_not_moved_for_a_day_is_stuck_until_it_moves() -> None:
    value = ValueDoubt()
    changes = [minute for minute in range(0, 26 * 60, 10) if value.good(20.5, minutes(minute), moves=True)]
    assert changes == [24 * 60]
    assert value.doubt == STUCK
    assert value.good(20.6, minutes(26 * 60), moves=True)
    assert value.doubt == NONE


def test_a_value_that_trembles_or_may_stand_still_is_not_stuck() -> None:
    trembling, rain = ValueDoubt(), ValueDoubt()
    for minute in range(0, 48 * 60, 10):
        assert not trembling.good(20.5 + (minute == 720) * 0.1, minutes(minute), moves=minute < 1440)
        assert not rain.good(0.0, minutes(minute), moves=False)


def test_two_equal_daily_reports_prove_nothing() -> None:
    value = ValueDoubt()
    assert not any(value.good(20.0, minutes(day * 1440), moves=True) for day in range(4))


def test_three_impossible_values_in_a_row_are_said_once_and_three_good_ones_end_it() -> None:
    value = ValueDoubt()
    assert [value.impossible(-127.0) for _ in range(6)] == [False, False, True, False, False, False]
    assert (value.doubt, value.value) == (IMPOSSIBLE, -127.0)
    assert [value.good(20.0 + each, minutes(each), moves=True) for each in range(4)] == [False, False, True, False]
    assert value.doubt == NONE


def test_now_and_then_an_impossible_value_is_no_doubt() -> None:
    value = ValueDoubt()
    for minute in range(0, 60, 3):
        assert not value.impossible(-127.0)
        assert not value.impossible(-127.0)
        assert not value.good(20.0, minutes(minute), moves=True)


def test_a_doubt_survives_a_restart_and_so_does_standing_still() -> None:
    value = ValueDoubt()
    for minute in range(0, 7 * 60, 10):
        value.good(20.5, minutes(minute), moves=True)
    assert value.to_json(minutes(60)) is None
    body = value.to_json(minutes(7 * 60))
    assert body is not None
    again = ValueDoubt()
    again.restore(body)
    assert not again.good(20.5, minutes(23 * 60), moves=True)
    assert again.good(20.5, minutes(24 * 60), moves=True)
    once_more = ValueDoubt()
    body = again.to_json(minutes(24 * 60))
    assert body is not None
    once_more.restore(body)
    assert once_more.doubt == STUCK


@pytest.mark.parametrize("skew_s", [-3600.0, 150.0, -40 * 365 * 86_400.0])
def test_a_clock_that_is_wrong_three_times_is_said_once_and_right_three_times_ends_it(skew_s: float) -> None:
    clock = ClockDoubt()
    wrong = [clock.said(minutes(each) + timedelta(seconds=skew_s), minutes(each)) for each in range(5)]
    assert wrong == [False, False, True, False, False]
    assert clock.skew_s == skew_s
    assert [clock.said(minutes(each), minutes(each)) for each in range(5, 9)] == [False, False, True, False]


def test_a_frozen_clock_is_wrong() -> None:
    clock = ClockDoubt()
    assert any(clock.said(AT, minutes(each)) for each in range(10))


def test_what_waited_in_a_queue_accuses_no_clock() -> None:
    """A hub that was away for two hours gets what the broker kept, all at once."""
    clock = ClockDoubt()
    clock.said(AT, AT)
    for each in range(1, 120):
        assert not clock.said(minutes(each), minutes(120) + timedelta(milliseconds=20 * each))
    assert not clock.said(minutes(121), minutes(121))


def test_a_burst_passes_and_what_goes_on_is_thinned_to_the_rate() -> None:
    rates = Rates(messages_per_min=60, burst=10)
    level = [event("water_level", level_m=1.0)]
    passed = sum(rates.admit("gauge", level, each * 0.01) for each in range(6000))
    assert 10 + 59 <= passed <= 10 + 61
    assert rates.admit("other", level, 60.0)


def test_a_flood_is_told_once_and_its_end_once() -> None:
    rates = Rates(messages_per_min=60, burst=10)
    level = [event("water_level", level_m=1.0)]
    floods = []
    for each in range(12_000):
        rates.admit("gauge", level, each * 0.01)
        if each % 100 == 99:
            floods += rates.tick(each * 0.01)
    assert [(flood.sensor, flood.flooding) for flood in floods] == [("gauge", True)]
    assert rates.flooding("gauge")
    for second in range(120, 200):
        rates.admit("gauge", level, float(second))
        floods += rates.tick(float(second))
    (calm,) = floods[1:]
    assert calm == Flood("gauge", flooding=False, messages_per_min=calm.messages_per_min)
    assert 55 <= calm.messages_per_min <= 60


def test_what_saves_lives_is_never_thinned_out() -> None:
    """Amid a flood each change of an alarm passes, and its repetitions do not."""
    rates = Rates(messages_per_min=60, burst=5)
    noise = [event("temperature", temperature_c=20.0)]
    for each in range(1000):
        rates.admit("smoke-3", noise, each * 0.001)
    assert rates.admit("smoke-3", [event("smoke", alarm=True)], 1.0)
    assert not any(rates.admit("smoke-3", [event("smoke", alarm=True)], 1.0 + each * 0.001) for each in range(1, 9))
    assert rates.admit("smoke-3", [*noise, event("smoke", alarm=False)], 1.01)
    assert rates.admit("smoke-3", [event("smoke", alarm=True)], 1.02)
    assert not rates.admit("smoke-3", [event("door", open=True)], 1.03)
    assert rates.admit("smoke-3", [event("door", open=True)], 1.04, life_safety=True)


def test_the_end_of_a_state_passes_so_that_it_ends() -> None:
    rates = Rates(messages_per_min=60, burst=1)
    car = event("speed", speed_kmh=50.0)
    said = [
        rates.admit("radar", [replace(car, phase=phase)], 0.0) for phase in (Phase.BEGAN, Phase.GOES_ON, Phase.ENDED)
    ]
    assert said == [True, False, True]


def test_a_stuck_help_button_passes_once_a_second() -> None:
    rates = Rates(messages_per_min=1, burst=1)
    press = [event("sos", pressed=True)]
    passed = [each for each in range(500) if rates.admit("help", press, each * 0.02)]
    assert passed == list(range(0, 500, 50))


def test_gas_between_alarms_is_measured_on_at_the_rate() -> None:
    rates = Rates(messages_per_min=300, burst=10)
    passed = sum(
        rates.admit("gas", [event("gas", alarm=False, lel_pct=each / 100)], each * 0.01) for each in range(6000)
    )
    assert 300 <= passed <= 320


def test_what_the_broker_kept_while_the_hub_was_away_is_no_flood() -> None:
    """A sensor that speaks every ten seconds, and a hub that was away for three hours."""
    rates = Rates(messages_per_min=60, burst=10)
    rates.absent(3 * 3600)
    level = [event("water_level", level_m=1.0)]
    assert all(rates.admit("gauge", level, each * 0.001) for each in range(1080))
    assert sum(rates.admit("gauge", level, 2.0) for _ in range(20_000)) < 10_000, "and a flood is one all the same"
    rates.pause(["gauge", "unheard"], 3602.0)
    assert sum(rates.admit("gauge", level, 3602.0) for _ in range(5000)) in range(3590, 3622)


def test_the_buckets_are_those_of_the_sensors_there_are() -> None:
    rates = Rates(messages_per_min=60, burst=10)
    for number in range(1000):
        rates.admit(f"s-{number}", [], 0.0)
    rates.keep({"s-1", "s-2"})
    assert len(rates._buckets) == 2
    strangers = sum(rates.admit_stranger(each * 0.001) for each in range(1000))
    assert strangers <= 12
