"""Hours and days: over midnight, on calendars, and when the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from config.calendars import Dates
from config.hours import HoursSpec
from hub.calendar import Almanac, Window, almanac_of, counted_us
from hub.store.facts import to_us

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
MINUTE_US = 60_000_000


def window(*hours: dict[str, Any], zone: ZoneInfo = SHANGHAI, **calendars: list[str]) -> Window:
    made = almanac_of(Dates(timezone=zone.key, calendars=calendars))
    return Window(tuple(HoursSpec.model_validate(each) for each in hours), made)


def us(text: str, zone: ZoneInfo = SHANGHAI, *, fold: int = 0) -> int:
    return to_us(datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC))


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    night = window({"between": "22:00-06:00", "days": "fri"})
    held = {text: night.holds(us(text)) for text in ("2026-03-06T21:59:59", "2026-03-06T22:00", "2026-03-07T05:59:59")}
    assert list(held.values()) == [False, True, True]
    assert night.holds(us("2026-03-07T06:00")) is False
    assert night.holds(us("2026-03-06T05:00")) is False, "that is Thursday's night"
    assert night.holds(us("2026-03-07T23:00")) is False


def test_the_end_of_a_day_is_written_24_00() -> None:
    evening = window({"between": "18:00-24:00"})
    assert evening.holds(us("2026-03-06T23:59:59.999999")) is True
    assert evening.holds(us("2026-03-07T00:00")) is False
    assert counted_us(evening, us("2026-03-06T00:00"), us("2026-03-08T00:00")) == 12 * 60 * MINUTE_US


def test_workdays_are_monday_to_friday_less_holidays_and_with_those_worked_in_exchange() -> None:
    work = window({"calendar": "workday"}, holiday=["2026-10-01/2026-10-07"], workday=["2026-10-10"])
    days = {day: work.holds(us(f"2026-{day}T12:00")) for day in ("09-30", "10-01", "10-07", "10-08", "10-10", "10-11")}
    assert list(days.values()) == [True, False, False, True, True, False]
    assert window({"calendar": "workday"}).holds(us("2026-03-07T12:00")) is False, "a Saturday needs no calendar"


def test_one_of_several_windows_is_enough_and_all_of_one_must_hold() -> None:
    market = window({"calendar": "market", "between": "06:00-09:00"}, {"days": "sun"}, market=["2026-03-05"])
    assert market.holds(us("2026-03-05T08:00")) is True
    assert market.holds(us("2026-03-05T10:00")) is False
    assert market.holds(us("2026-03-08T10:00")) is True


def test_a_calendar_that_nobody_wrote_down_makes_the_answer_unknown() -> None:
    market = window({"calendar": "market", "between": "06:00-09:00"})
    assert market.holds(us("2026-03-05T08:00")) is None
    assert market.holds(us("2026-03-05T10:00")) is False
    assert counted_us(market, us("2026-03-05T05:00"), us("2026-03-05T12:00")) == 3 * 60 * MINUTE_US


def test_when_the_clocks_change_an_hour_counts_as_often_as_it_is_there() -> None:
    early = window({"between": "02:00-03:00"}, zone=BERLIN)
    spring, autumn = us("2026-03-29T00:00", BERLIN), us("2026-10-25T00:00", BERLIN)
    assert counted_us(early, spring, spring + 5 * 60 * MINUTE_US) == 0
    assert counted_us(early, autumn, autumn + 5 * 60 * MINUTE_US) == 2 * 60 * MINUTE_US
    assert early.holds(us("2026-10-25T02:30", BERLIN)) is True
    assert early.holds(us("2026-10-25T02:30", BERLIN, fold=1)) is True
    gap = window({"between": "02:30-04:00"}, zone=BERLIN)
    assert gap.next_change_us(us("2026-03-29T01:30", BERLIN)) == us("2026-03-29T03:00", BERLIN)


def test_nothing_is_counted_backwards() -> None:
    assert counted_us(window({"between": "00:00-24:00"}), 10, 5) == 0
    assert counted_us(window({"between": "00:00-24:00"}), 5, 10) == 5


times = st.integers(0, 23 * 60 + 59).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")


@st.composite
def windows(draw: st.DrawFn) -> Window:
    hours: dict[str, Any] = {}
    begin, end = draw(times), draw(times)
    if begin != end:
        hours["between"] = f"{begin}-{end}"
    hours["days"] = draw(st.lists(st.sampled_from(["mon", "fri", "sat", "sun"]), min_size=1))
    zone = draw(st.sampled_from([SHANGHAI, BERLIN, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kolkata")]))
    return Window((HoursSpec.model_validate(hours),), Almanac(zone))


starts = st.sampled_from(["2026-03-28T12:00", "2026-10-24T12:00", "2026-04-04T12:00", "2026-10-03T12:00"])


@settings(deadline=None, max_examples=60)
@given(windows(), starts, st.integers(0, 3000))
def test_what_is_counted_is_what_holds_minute_by_minute(held: Window, start: str, minutes: int) -> None:
    begin_us = to_us(datetime.fromisoformat(start).replace(tzinfo=UTC))
    by_minute = sum(held.holds(begin_us + number * MINUTE_US) is True for number in range(minutes))
    assert counted_us(held, begin_us, begin_us + minutes * MINUTE_US) == by_minute * MINUTE_US


@settings(deadline=None, max_examples=60)
@given(windows(), starts, st.integers(0, 2000))
def test_the_answer_stays_the_same_until_the_next_change(held: Window, start: str, minutes: int) -> None:
    at_us = to_us(datetime.fromisoformat(start).replace(tzinfo=UTC) + timedelta(minutes=minutes))
    change_us = held.next_change_us(at_us)
    assert change_us is not None
    assert at_us < change_us <= at_us + 25 * 60 * MINUTE_US
    assert {held.holds(each) for each in range(at_us, change_us, MINUTE_US)} == {held.holds(at_us)}
    assert held.holds(change_us - 1) == held.holds(at_us)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"between": "22-6"}, "write two times as 22:00-06:00, not '22-6'"),
        ({"between": "25:00-26:00"}, "write two times as 22:00-06:00"),
        ({"between": "08:00-08:00"}, "08:00-08:00 is empty; leave `between` out for the whole day"),
        ({}, "empty; write between, days, calendar or armed"),
    ],
)
def test_hours_that_mean_nothing_are_refused(written: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        HoursSpec.model_validate(written)
    assert message in str(caught.value)
