"""Roll-ups: right for late and repeated readings, over crashes, and seamless with what is still raw."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from hub.bus import Bus
from hub.clock import SetClock
from hub.errors import StoreError
from hub.events import Event
from hub.store import rollups
from hub.store.database import Database
from hub.store.event_log import EventLog, Fact, Reading
from hub.store.facts import from_us
from hub.store.packing import Bucket, merged, pack, unpack
from hub.store.readings import HOUR_US, ReadingRow
from hub.store.rollups import RollUps
from hub.store.schema import readings_due
from hub.store.spans import RAW, ResolutionError

START = datetime(2026, 5, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAME = "temperature.temperature_c"


class Store:
    """An event log with its roll-ups, on a clock that the test moves."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = SetClock(START)
        self.log = EventLog(database, Bus())
        self.rollups = RollUps(database, step_hours=7)

    def measured(self, *readings: tuple[timedelta, float], sensor: str = "s1", name: str = NAME) -> None:
        """Store readings at so long after the start, arriving now."""
        now = self.clock.now()
        given = tuple(Reading(sensor, name, START + at, value, now) for at, value in readings)
        event = Event(f"{random.random()}", "temperature", now, now, sensor, "test")
        self.log.append([Fact(event, given)]).result(10)

    def roll_up(self, at: timedelta) -> None:
        """Let it be so long after the start, and everything be rolled up."""
        self.clock.set(START + at)
        while self.rollups.step(self.clock.now()):
            pass

    def prune(self, *, raw: timedelta, minutes: timedelta = timedelta(0), hours: timedelta = timedelta(0)) -> Any:
        """Remove what is before so long after the start."""
        return self.rollups.prune(
            raw_before=START + raw, minutes_before=START + minutes, hours_before=START + hours
        )  # fmt: skip

    def rows(self, hours: float, resolution_s: float | None, **more: Any) -> list[ReadingRow]:
        """What is read of the first so many hours."""
        until = START + timedelta(hours=hours)
        return list(self.log.readings("s1", since=START, until=until, resolution_s=resolution_s, **more).rows)


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


def close(rows: list[ReadingRow]) -> list[object]:
    return [
        (row.name, row.at, pytest.approx(row.value), row.minimum, row.maximum, row.count) for row in rows
    ]  # fmt: skip


def plain(rows: list[ReadingRow]) -> list[object]:
    return [(row.name, row.at, row.value, row.minimum, row.maximum, row.count) for row in rows]


def day(seed: int = 1, every_s: int = 20, hours: int = 5) -> list[tuple[timedelta, float]]:
    chance = random.Random(seed)
    return [
        (timedelta(seconds=second), chance.gauss(20, 5))
        for second in range(0, hours * 3600, every_s)
        if not 4000 < second < 5000
    ]


@pytest.mark.parametrize("resolution_s", [60, 300, 3600, 7200])
def test_what_is_rolled_up_says_what_the_raw_readings_said(store: Store, resolution_s: float) -> None:
    """The same while all is raw, half is rolled up, all is rolled up, and when the raw ones are gone."""
    story = day()
    store.measured(*story)
    store.measured((HOUR, 50.0), name="battery.percent")
    raw = close(store.rows(5, resolution_s))
    assert sum(row.count for row in store.rows(5, resolution_s)) == len(story) + 1
    store.roll_up(2.5 * HOUR)
    assert plain(store.rows(5, resolution_s)) == raw
    store.prune(raw=2 * HOUR)
    assert plain(store.rows(5, resolution_s)) == raw
    store.roll_up(6 * HOUR)
    pruned = store.prune(raw=5 * HOUR)
    assert pruned.raw > 0
    assert plain(store.rows(5, resolution_s)) == raw


def test_gaps_stay_gaps(store: Store) -> None:
    store.measured(*day())
    store.roll_up(6 * HOUR)
    minutes = {(row.at - START) // timedelta(minutes=1) for row in store.rows(5, 60)}
    assert minutes == {*range(300)} - {*range(67, 83)}


def test_a_late_reading_changes_its_minute_and_hour_and_counts_once(store: Store) -> None:
    store.measured((timedelta(minutes=1), 10.0), (timedelta(minutes=2), 20.0))
    store.roll_up(3 * HOUR)
    for _ in range(2):
        store.measured((timedelta(minutes=1, seconds=30), 60.0))
        assert [(row.value, row.maximum, row.count) for row in store.rows(1, 3600)] == [(30.0, 60.0, 3)]
        store.roll_up(3 * HOUR)
        assert [(row.value, row.maximum, row.count) for row in store.rows(1, 3600)] == [(30.0, 60.0, 3)]
        assert [(row.value, row.count) for row in store.rows(1, 60)] == [(35.0, 2), (20.0, 1)]
    store.measured((timedelta(minutes=90), 1.0))
    store.roll_up(4 * HOUR)
    assert [(row.value, row.count) for row in store.rows(4, 3600)] == [(30.0, 3), (1.0, 1)]


def test_a_reading_that_comes_while_its_hour_is_rolled_up_is_not_lost(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.measured((timedelta(minutes=1), 10.0))
    store.roll_up(HOUR)
    keep, came = rollups._Made.keep, 0

    def late(made: Any, connection: Connection) -> None:
        nonlocal came
        came += 1
        if came == 1:
            hour = int(START.timestamp()) // 3600
            rollups.mark_due(connection, [{"sensor": "s1", "name": NAME, "hour": hour, "marks": 1}])
        keep(made, connection)

    monkeypatch.setattr(rollups._Made, "keep", late)
    store.clock.set(START + 2 * HOUR)
    while not came:
        store.rollups.step(store.clock.now())
    with store.database.read() as connection:
        assert connection.execute(readings_due.select()).mappings().one()["marks"] == 2
    store.roll_up(2 * HOUR)
    assert [row.count for row in store.rows(2, 3600)] == [1]


def test_a_step_that_fails_anywhere_is_done_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every second write fails, before or after its commit, and a new hub goes on; all comes to the same."""
    store.measured(*day())
    expected = close(store.rows(5, 60))
    write = store.database.write
    writes = 0

    def broken(work: Any) -> Any:
        nonlocal writes
        writes += 1
        if writes % 4 == 1:
            raise StoreError("power cut")
        done = write(work)
        if writes % 4 == 3:
            raise StoreError("power cut")
        return done

    monkeypatch.setattr(store.database, "write", broken)
    store.clock.set(START + 6 * HOUR)
    more = True
    while more:
        try:
            more = bool(RollUps(store.database, step_hours=1).step(store.clock.now()))
        except StoreError:
            assert plain(store.rows(5, 60)) == expected
    assert writes > 12
    monkeypatch.setattr(store.database, "write", write)
    assert store.prune(raw=6 * HOUR).raw == len(day())
    assert plain(store.rows(5, 60)) == expected


def test_raw_readings_go_only_when_they_are_rolled_up(store: Store) -> None:
    store.measured(*day())
    assert store.prune(raw=5 * HOUR).raw == 0
    store.roll_up(3 * HOUR)
    store.measured((timedelta(minutes=30, seconds=1), 99.0))
    assert store.prune(raw=5 * HOUR).raw == 0
    store.roll_up(3 * HOUR)
    assert store.prune(raw=5 * HOUR).raw > 0
    assert max(row.maximum for row in store.rows(1, 3600)) == 99.0


def test_what_comes_after_the_raw_readings_are_gone_replaces_no_fuller_hour(store: Store) -> None:
    store.measured((timedelta(minutes=1), 10.0), (timedelta(minutes=2), 20.0))
    store.roll_up(3 * HOUR)
    store.prune(raw=2 * HOUR)
    for _ in range(2):
        store.measured((timedelta(minutes=1), 99.0), (timedelta(minutes=65), 5.0))
        store.roll_up(3 * HOUR)
        assert [(row.value, row.count) for row in store.rows(2, 3600)] == [(15.0, 2), (5.0, 1)]
        store.prune(raw=2 * HOUR)


def test_minutes_and_hours_go_in_their_turn_and_a_finer_question_is_told_so(store: Store) -> None:
    store.measured(*day(every_s=300))
    store.roll_up(6 * HOUR)
    store.prune(raw=4 * HOUR, minutes=2 * HOUR, hours=HOUR)
    assert len(store.rows(5, 3600)) == 4
    with pytest.raises(ResolutionError, match=r"no minute before 2026-05-04T02.* ask for a resolution of 3600"):
        store.rows(5, 60)
    since = START + 2 * HOUR
    with pytest.raises(ResolutionError, match=r"no single reading before 2026-05-04T04.* ask for a resolution of 60"):
        store.log.readings("s1", since=since, until=START + 5 * HOUR, resolution_s=RAW)
    assert len(store.log.readings("s1", since=since, until=START + 5 * HOUR, resolution_s=60).rows) == 36
    with pytest.raises(ResolutionError, match="rows of this span"):
        store.log.readings("s1", since=since, until=START + 9999 * HOUR, resolution_s=1)


def test_the_resolution_fits_the_span_and_says_which_it_is(store: Store) -> None:
    store.measured(*day(every_s=60))

    def chosen(hours: float, points: int) -> tuple[float, int]:
        span = store.log.readings("s1", since=START, until=START + hours * HOUR, resolution_s=None, points=points)
        return span.resolution_s, len(span.rows)

    assert chosen(1, 500) == (RAW, 60)
    assert chosen(5, 100) == (300.0, 58)
    assert chosen(5, 5) == (3600.0, 5)
    assert chosen(24 * 365, 10) == (37 * 86_400.0, 1)
    store.roll_up(6 * HOUR)
    store.prune(raw=5 * HOUR)
    assert chosen(1, 500) == (60.0, 60)
    store.prune(raw=5 * HOUR, minutes=5 * HOUR)
    assert chosen(1, 500) == (3600.0, 1)


buckets = st.lists(
    st.builds(
        lambda start, count, values: Bucket(start, count, sum(values) / 3, min(values), max(values)),
        st.integers(0, 59),
        st.integers(1, 5000),
        st.tuples(*[st.floats(-1e300, 1e300)] * 3),
    ),
    max_size=60,
    unique_by=lambda each: each.start,
)


@given(buckets, st.sampled_from(["single", "several"]))
def test_packed_minutes_are_read_back_as_they_were(minutes: list[Bucket], form: str) -> None:
    if form == "single":
        minutes = [Bucket(each.start, 1, each.mean, each.mean, each.mean) for each in minutes]
    assert unpack(pack(minutes)) == minutes


def test_taking_stretches_together_weighs_them_by_their_number() -> None:
    assert merged([Bucket(7, 1, 4.0, 4.0, 4.0), Bucket(8, 3, 8.0, 1.0, 9.0), Bucket(10, 1, 0.0, 0.0, 0.0)], 5) == [
        Bucket(5, 4, 7.0, 1.0, 9.0),
        Bucket(10, 1, 0.0, 0.0, 0.0),
    ]
    assert from_us(HOUR_US) == datetime(1970, 1, 1, 1, tzinfo=UTC)
