"""The books that the fault script closes: what is missing or there too often is told, and what was promised is not."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.farm.accounts import (
    OFFLINE,
    SMOKE,
    Stored,
    account_alarms,
    account_messages,
    account_silence,
    read_store,
)
from benchmarks.farm.coverage import account_recordings
from benchmarks.farm.diary import Diary, Trouble
from benchmarks.farm.gateway import Entry
from benchmarks.farm.running import Sample
from benchmarks.soak import growth
from hub.events import time_to_text

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AT = time_to_text(NOW)
AT_S = NOW.timestamp()


def said(
    *, timed: bool = True, sent: int = 1, acknowledged: int = 1, loose: bool = False, alarm: bool | None = None
) -> Entry:
    return Entry(
        "a", 7, alarm, timed, AT, loose=loose, sent=sent, acknowledged=acknowledged, first=AT, last=AT
    )  # fmt: skip


def stored(times: int, **alerts: int) -> Stored:
    return Stored(
        Counter({("a", 7): times}), Counter(), Counter({(SMOKE, who): found for who, found in alerts.items()})
    )


@pytest.mark.parametrize(
    ("entry", "times", "is_kept"),
    [
        (said(), 1, True),
        (said(), 0, False),
        (said(), 2, False),
        (said(sent=2, acknowledged=2), 1, True),
        (said(sent=2, acknowledged=2), 2, False),
        (said(acknowledged=0), 0, True),
        (said(acknowledged=0), 1, True),
        (said(timed=False, sent=2, acknowledged=2), 2, True),
        (said(timed=False, sent=2, acknowledged=2), 1, False),
        (said(timed=False, sent=2, acknowledged=1), 3, False),
        (said(loose=True), 0, True),
        (said(loose=True, alarm=True), 0, False),
    ],
)
def test_a_message_is_there_as_often_as_is_promised(entry: Entry, times: int, *, is_kept: bool) -> None:
    """Once with a time; without, between how often it was acknowledged and sent; a flood is thinned, no alarm is."""
    assert (account_messages([entry], stored(times), Diary()).broken == []) is is_kept


def test_a_message_without_a_time_may_be_there_twice_when_hub_and_broker_died_together() -> None:
    """Only of the moments before."""
    diary = Diary([Trouble("power", AT_S + 5, AT_S + 5)])
    assert account_messages([said(timed=False)], stored(2), diary).broken == []
    diary = Diary([Trouble("power", AT_S + 60, AT_S + 60)])
    assert account_messages([said(timed=False)], stored(2), diary).broken != []


@pytest.mark.parametrize(
    ("alerts", "is_kept"), [({"a": 1}, True), ({}, False), ({"a": 2}, False), ({"a": 1, "b": 1}, False)]
)
def test_an_alarm_has_one_alert_and_who_never_rang_has_none(alerts: dict[str, int], *, is_kept: bool) -> None:
    assert (account_alarms([said(alarm=True)], stored(1, **alerts)).broken == []) is is_kept


@pytest.mark.parametrize(
    ("found", "seconds", "is_kept"),
    [(1, [100.0], True), (0, [100.0], False), (0, [40.0], True), (1, [40.0], True), (2, [100.0], False)],
)
def test_silence_has_one_alert_when_it_lasted(found: int, seconds: list[float], *, is_kept: bool) -> None:
    """Within the slack it may have one or none."""
    there = Stored(Counter(), Counter(), Counter({(OFFLINE, "a"): found}))
    due = [("a", each) for each in seconds]
    book = account_silence("silence", OFFLINE, due, there, least_s=90.0, excused=set())
    assert (book.broken == []) is is_kept


def test_what_was_sent_and_is_in_no_file_is_told_unless_it_was_promised() -> None:
    """A hole of five seconds; a worker that was killed explains a second of it, a full disk all."""
    sent, held = {"cam": [(AT_S, AT_S + 60)]}, {"cam": [(AT_S, AT_S + 20), (AT_S + 25, AT_S + 60)]}
    assert account_recordings(sent, {"cam": [(AT_S, AT_S + 60)]}, Diary()).broken == []
    for troubles, is_kept in (
        ([], False),
        ([Trouble("worker", AT_S + 21, AT_S + 21)], False),
        ([Trouble("disk", AT_S + 20, AT_S + 22)], True),
        ([Trouble("camera.lose", AT_S + 20, AT_S + 23, ("cam",))], True),
        ([Trouble("camera.lose", AT_S + 20, AT_S + 23, ("other",))], False),
    ):
        assert (account_recordings(sent, held, Diary(list(troubles))).broken == []) is is_kept


def test_the_diary_knows_what_the_machine_showed_when_the_hubs_clock_was_ahead() -> None:
    """An hour ahead for a minute: of two moments with one time, the one that is nearer counts."""
    diary = Diary(offsets=[(0.0, 0.0), (AT_S, 3600.0), (AT_S + 60, 0.0)])
    assert diary.real_s(NOW + timedelta(seconds=3630), AT_S + 30) == pytest.approx(AT_S + 30)
    assert diary.real_s(NOW + timedelta(seconds=90), AT_S + 90) == pytest.approx(AT_S + 90)


def test_what_was_raised_while_the_hubs_clock_was_ahead_counts_and_what_came_after_the_end_does_not(
    tmp_path: Path,
) -> None:
    began_s = datetime(2026, 3, 3, 8, tzinfo=UTC).timestamp()
    diary = Diary(offsets=[(0.0, 0.0), (began_s + 100, 3_600.0), (began_s + 110, 0.0)])
    raised = {"plain-1": 50.0, "plain-2": 3_600.0 + 105, "plain-3": 400.0}
    with closing(sqlite3.connect(tmp_path / "hub.sqlite3")) as database, database:
        database.execute("CREATE TABLE events (kind TEXT, body TEXT)")
        database.execute("CREATE TABLE refusals (payload BLOB)")
        database.execute("CREATE TABLE alerts (rule TEXT, sensor TEXT, camera TEXT, raised TEXT)")
        for sensor, after_s in raised.items():
            at = time_to_text(datetime.fromtimestamp(began_s + after_s, UTC))
            database.execute("INSERT INTO alerts VALUES (?, ?, NULL, ?)", (SMOKE, sensor, at))
    found = read_store(tmp_path / "hub.sqlite3", diary, until_s=began_s + 200)
    assert found.alerts == {(SMOKE, "plain-1"): 1, (SMOKE, "plain-2"): 1}


def test_the_diary_knows_for_how_long_somebody_listened() -> None:
    diary = Diary(hub_away=[[AT_S + 10, AT_S + 30]])
    assert diary.listened(AT_S, AT_S + 100) == pytest.approx(70)
    assert diary.listened(AT_S + 40, AT_S + 100) == pytest.approx(60)
    assert diary.heard_s(AT_S + 20) == pytest.approx(AT_S + 30)


def test_growth_is_told_from_after_the_beginning_to_the_end() -> None:
    """What fills at first is no growth."""
    samples = [Sample(at_s, "hub", 0, 50.0 if at_s < 600 else 100.0, 10, 5, 0.0) for at_s in range(0, 7200, 10)]
    samples += [Sample(at_s, "worker", 0, 100.0 + at_s / 72, 10, 5, 0.0) for at_s in range(0, 7200, 10)]
    grown = growth(samples)
    assert grown["hub", "resident_mb"] == (100.0, 100.0)
    early, late = grown["worker", "resident_mb"]
    assert late > early * 1.5
