"""When rounds of a tour are, and what was missed in them."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hub.tours import Finding, Look, RoundState, Schedule, Step, Tour, round_at, rounds

CHINA = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 23, tzinfo=CHINA)
STEPS = (Step(("cam-1",), 20), Step(("cam-2", "cam-3"), 20))
NIGHT = Schedule(times=(time(22, 0), time(2, 0)), within_min=30)


def _tour(schedule: Schedule = NIGHT, *, version: int = 1, at: datetime = MONDAY - timedelta(days=9)) -> Tour:
    return Tour("night", version, at, "lin", {"en": "Night"}, STEPS, schedule)


def _look(step: int, begins: datetime | None, at: datetime, version: int = 1) -> Look:
    return Look(0, "night", version, step, begins, at, "wang", Finding.FINE, "")


def _local(found: list[datetime]) -> list[str]:
    return [each.astimezone(CHINA).strftime("%a %H:%M") for each in found]


def test_rounds_begin_by_the_clock_of_the_community() -> None:
    found = rounds([_tour()], [], since=MONDAY, until=MONDAY + timedelta(days=1), zone=CHINA)
    assert _local([each.begins for each in found]) == ["Mon 02:00", "Mon 22:00"]
    assert all(each.begins.tzinfo is UTC for each in found)
    assert [each.ends - each.begins for each in found] == [timedelta(minutes=30)] * 2


def test_every_so_many_minutes_begins_with_the_first_time_of_the_day() -> None:
    schedule = Schedule(times=(time(21, 0),), every_min=60, weekdays=frozenset({1}), within_min=90)
    found = rounds([_tour(schedule)], [], since=MONDAY, until=MONDAY + timedelta(days=2), zone=CHINA)
    assert _local([each.begins for each in found]) == ["Mon 21:00", "Mon 22:00", "Mon 23:00"]
    assert found[0].ends == found[1].begins  # over when the next one begins
    assert found[2].ends - found[2].begins == timedelta(minutes=90)


def test_a_step_that_nobody_looked_at_in_time_was_missed() -> None:
    begins = (MONDAY + timedelta(hours=2)).astimezone(UTC)
    tour = _tour()
    one = rounds([tour], [_look(0, begins, begins)], since=MONDAY, until=MONDAY + timedelta(hours=12), zone=CHINA)[0]
    assert one.outcome(begins + timedelta(minutes=29)) is RoundState.OPEN
    assert one.outcome(begins + timedelta(minutes=30)) is RoundState.MISSED
    assert one.outcome(begins + timedelta(minutes=30), steps=[0]) is RoundState.DONE
    both = [_look(0, begins, begins), _look(1, begins, begins)]
    assert (
        rounds([tour], both, since=MONDAY, until=MONDAY + timedelta(hours=12), zone=CHINA)[0].outcome(MONDAY)
        is RoundState.DONE
    )


def test_a_round_is_judged_by_what_was_in_force_when_it_began() -> None:
    changed = MONDAY + timedelta(hours=12)
    new = dataclasses.replace(_tour(version=2, at=changed), steps=STEPS[:1])
    evening = (MONDAY + timedelta(hours=22)).astimezone(UTC)
    found = rounds(
        [_tour(), new],
        [_look(0, evening, evening, version=2)],
        since=MONDAY,
        until=MONDAY + timedelta(days=1),
        zone=CHINA,
    )
    assert [(each.tour.version, len(each.tour.steps)) for each in found] == [(1, 2), (2, 1)]
    assert [each.outcome(changed + timedelta(days=1)) for each in found] == [RoundState.MISSED, RoundState.DONE]
    gone = dataclasses.replace(new, removed=True)
    assert len(rounds([_tour(), gone], [], since=MONDAY, until=MONDAY + timedelta(days=1), zone=CHINA)) == 1


def test_the_round_that_goes_on_is_found_and_none_before_the_tour_was_made() -> None:
    begins = MONDAY + timedelta(hours=22)
    assert round_at(_tour(), begins + timedelta(minutes=10), CHINA) == (begins, begins + timedelta(minutes=30))
    assert round_at(_tour(), begins + timedelta(minutes=30), CHINA) is None
    assert round_at(_tour(at=begins + timedelta(minutes=1)), begins + timedelta(minutes=10), CHINA) is None
    assert round_at(_tour(Schedule()), begins, CHINA) is None
