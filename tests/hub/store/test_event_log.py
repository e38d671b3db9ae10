"""The event log: stored once, in order, announced after the commit, whatever comes twice or broken."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from hub.bus import Bus, Topic
from hub.clock import SetClock
from hub.events import Event, Phase, Quality, time_to_text
from hub.geometry import Box
from hub.store.database import Database
from hub.store.event_log import Delivery, EventLog, Fact, Reading, Refusal
from hub.store.facts import from_us, to_us
from hub.store.schema import journal
from hub.store.spans import ResolutionError

DEADLINE_S = 20.0


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def log(database: Database, bus: Bus) -> EventLog:
    return EventLog(database, bus, keep_refusals=3)


def event(clock: SetClock, number: int = 1, **parts: Any) -> Event:
    """An event of this moment; `parts` replace its parts."""
    defaults = {"kind": "smoke", "source": "s1", "driver": "plain", "at": clock.now(), "arrived": clock.now()}
    return Event(**{"id": f"e{number}", **defaults, **parts})


def reading(clock: SetClock, value: float, **parts: Any) -> Reading:
    defaults = {"sensor": "s1", "name": "temperature.temperature_c", "at": clock.now(), "arrived": clock.now()}
    return Reading(**{**defaults, "value": value, **parts})


def ids(log: EventLog, after: int = 0) -> list[str]:
    return [stored.event.id for stored in log.after(after, 1000)]


def test_a_stored_event_is_read_back_as_it_was(log: EventLog, clock: SetClock) -> None:
    given = event(
        clock,
        site="h1", area="a1", camera="c1", zone="z1", subject="t1", phase=Phase.GOES_ON, confidence=0.5,
        box=Box(0.1, 0.2, 0.3, 0.4), quality=frozenset({Quality.RETAINED, Quality.TEST}),
        fields={"label": "烟\x00\ud800", "count": 3, "level_m": 1.25, "alarm": True},
    )  # fmt: skip
    seq = log.append([Fact(given)]).result(DEADLINE_S)
    (stored,) = log.after(0, 10)
    assert (stored.seq, stored.event) == (seq, given)


def test_events_are_numbered_in_the_order_of_storing_and_read_on_from_a_place(log: EventLog, clock: SetClock) -> None:
    log.append([Fact(event(clock, number)) for number in range(5)]).result(DEADLINE_S)
    third = log.after(0, 3)[-1].seq
    assert ids(log) == ["e0", "e1", "e2", "e3", "e4"]
    assert ids(log, third) == ["e3", "e4"]
    assert log.newest_seq() == log.after(0, 10)[-1].seq


def test_an_event_that_comes_twice_is_stored_once(log: EventLog, clock: SetClock) -> None:
    log.append([Fact(event(clock)), Fact(event(clock)), Fact(event(clock, 2))]).result(DEADLINE_S)
    newest = log.newest_seq()
    again = log.append([Fact(event(clock, fields={"changed": True}))]).result(DEADLINE_S)
    assert ids(log) == ["e1", "e2"]
    assert again == newest


def test_the_announcement_comes_after_the_commit_and_before_the_future(
    log: EventLog, bus: Bus, clock: SetClock
) -> None:
    seen: list[tuple[int, list[str]]] = []
    bus.follow(Topic.EVENTS, lambda number: seen.append((number, ids(log))))
    seq = log.append([Fact(event(clock))]).result(DEADLINE_S)
    assert seen == [(seq, ["e1"])]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_refused_before_it_is_queued(log: EventLog, clock: SetClock, bad: float) -> None:
    with pytest.raises(ValueError, match="field level_m"):
        log.append([Fact(event(clock, fields={"level_m": bad}))])
    with pytest.raises(ValueError, match="not a number"):
        reading(clock, bad)
    assert ids(log) == []


@pytest.mark.parametrize("bad", ["a\x00b", "\ud800"])
def test_an_id_that_no_database_holds_is_refused_before_it_is_queued(log: EventLog, clock: SetClock, bad: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message of one of the two is Python's
        log.append([Fact(event(clock, source=bad))])


def test_events_are_listed_newest_first_by_kind_source_and_time(log: EventLog, clock: SetClock) -> None:
    for number in range(6):
        kind, source = ("smoke", "s1") if number % 2 else ("door", "s2")
        log.append([Fact(event(clock, number, kind=kind, source=source))]).result(DEADLINE_S)
        clock.advance(1)
    start = clock.now() - timedelta(seconds=6)

    def listed(**wanted: Any) -> list[str]:
        return [stored.event.id for stored in log.events(**wanted)]

    assert listed() == ["e5", "e4", "e3", "e2", "e1", "e0"]
    assert listed(kind="smoke") == ["e5", "e3", "e1"]
    assert listed(source="s2", limit=2) == ["e4", "e2"]
    assert listed(since=start + timedelta(seconds=2), until=start + timedelta(seconds=4)) == ["e3", "e2"]
    assert listed(kind="\x00") == []
    first_page = log.events(limit=4)
    assert listed(before=first_page[-1]) == ["e1", "e0"]


def test_events_of_some_kinds_are_read_in_order_and_no_others(
    log: EventLog, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.store.event_log._PAGE", 2)
    for number in range(12):
        kind = ("smoke", "door", "gas", "door")[number % 4]
        log.append([Fact(event(clock, number, kind=kind))]).result(DEADLINE_S)
        clock.advance(3600)

    def read(*kinds: str, **wanted: Any) -> list[str]:
        return [stored.event.id for stored in log.of_kinds(kinds, **wanted)]

    assert log.kinds() == ["door", "gas", "smoke"]
    assert read("smoke", "door") == ["e0", "e1", "e3", "e4", "e5", "e7", "e8", "e9", "e11"]
    start = clock.now() - timedelta(hours=12)
    times = {"since": start + timedelta(hours=4), "until": start + timedelta(hours=9)}
    assert read("smoke", "door", **times) == ["e4", "e5", "e7", "e8"]
    assert read("door", since=start + timedelta(days=9)) == []
    assert read("heat") == []


def test_pages_of_events_of_one_moment_neither_repeat_nor_miss(log: EventLog, clock: SetClock) -> None:
    log.append([Fact(event(clock, number)) for number in range(5)]).result(DEADLINE_S)
    page = log.events(limit=2)
    seen = [stored.event.id for stored in page]
    while page:
        page = log.events(limit=2, before=page[-1])
        seen += [stored.event.id for stored in page]
    assert seen == ["e4", "e3", "e2", "e1", "e0"]


def test_a_reading_for_the_same_time_is_replaced_by_a_later_arrival_only(log: EventLog, clock: SetClock) -> None:
    late, early = clock.now() + timedelta(seconds=5), clock.now()
    log.append(
        [Fact(event(clock), (reading(clock, 20), reading(clock, 21, arrived=late), reading(clock, 22, arrived=early)))]
    ).result(DEADLINE_S)
    assert [row.value for row in log.latest_readings("s1")] == [21]


def test_the_newest_reading_of_each_name_is_found(log: EventLog, clock: SetClock) -> None:
    for value in range(3):
        parts = (
            reading(clock, value, quality=frozenset({Quality.TEST, Quality.HISTORY})),
            reading(clock, value + 0.5, name="battery.percent"),
            reading(clock, 99, sensor="s2"),
        )
        log.append([Fact(event(clock, value), parts)]).result(DEADLINE_S)
        clock.advance(1)
    rows = log.latest_readings("s1")
    assert [(row.name, row.value, row.quality) for row in rows] == [
        ("battery.percent", 2.5, ""),
        ("temperature.temperature_c", 2, "history,test"),
    ]
    assert log.latest_readings("nobody") == []


def test_readings_are_thinned_out_to_mean_least_greatest_and_number(log: EventLog, clock: SetClock) -> None:
    start = clock.now()
    values = tuple(reading(clock, second, at=start + timedelta(seconds=second)) for second in range(100))
    log.append([Fact(event(clock), values)]).result(DEADLINE_S)
    end = start + timedelta(seconds=100)
    rows = log.readings("s1", since=start, until=end, resolution_s=60).rows
    assert [(row.at, row.value, row.minimum, row.maximum, row.count) for row in rows] == [
        (start, 29.5, 0, 59, 60),
        (start + timedelta(seconds=60), 79.5, 60, 99, 40),
    ]
    raw = log.readings("s1", since=start, until=end, name="temperature.temperature_c", limit=3)
    assert [row.value for row in raw.rows] == [97, 98, 99]
    assert not raw.complete
    with pytest.raises(ResolutionError, match="resolution"):
        log.readings("s1", since=start, until=end, resolution_s=-1)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moment=st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_microseconds_are_exact(clock: SetClock, moment: datetime) -> None:
    aware = moment.replace(tzinfo=clock.now().tzinfo)
    assert from_us(to_us(aware)) == aware


def test_health_is_what_the_newest_change_says(log: EventLog, clock: SetClock) -> None:
    def say(number: int, state: str, reason: str, at: datetime, *, kind: str = "camera.health") -> None:
        change = event(clock, number, kind=kind, source="c1", at=at, fields={"state": state, "reason": reason})
        log.append([Fact(change)]).result(DEADLINE_S)

    start = clock.now()
    second = timedelta(seconds=1)
    say(1, "online", "first frame", start)
    say(2, "offline", "no packets", start + 10 * second)
    say(3, "offline", "connection refused", start + 20 * second)
    say(4, "online", "told late", start + 5 * second)
    say(5, "online", "first message", start, kind="sensor.health")
    rows = {row.kind: row for row in log.health()}
    assert (rows["camera.health"].state, rows["camera.health"].reason) == ("offline", "connection refused")
    assert rows["camera.health"].since == start + 10 * second
    assert rows["sensor.health"].state == "online"


def test_the_last_message_under_each_packet_id_is_remembered(log: EventLog, clock: SetClock) -> None:
    def fact(number: int, packet: int, digest: bytes, client: str = "hub") -> Fact:
        return Fact(event(clock, number), delivery=Delivery(client, packet, digest))

    log.append([fact(1, 1, b"a"), fact(2, 2, b"b"), fact(3, 1, b"c")]).result(DEADLINE_S)
    log.append([fact(4, 2, b"d"), fact(5, 1, b"x", client="other")]).result(DEADLINE_S)
    assert log.delivered("hub") == {1: b"c", 2: b"d"}


def test_the_newest_refusals_are_kept_and_long_payloads_shortened(log: EventLog, clock: SetClock) -> None:
    for number in range(5):
        payload = bytes([number]) * 70_000
        log.refuse(Refusal(clock.now(), f"t/{number}\x00", "malformed", "\ud800", payload)).result(DEADLINE_S)
    kept = log.refusals()
    assert [stored.refusal.topic for stored in kept] == ["t/4\ufffd", "t/3\ufffd", "t/2\ufffd"]
    assert (kept[0].size_bytes, len(kept[0].refusal.payload)) == (70_000, 65_536)
    assert kept[0].refusal.arrived == clock.now()


def test_pruning_removes_what_is_older_and_nothing_else(
    log: EventLog, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In steps smaller than what there is, so that the steps are seen to meet."""
    monkeypatch.setattr("hub.store.event_log._PRUNE_ROWS", 3)
    start = clock.now()
    for number in range(20):
        log.append([Fact(event(clock, number))]).result(DEADLINE_S)
        clock.advance(1)
    half = start + timedelta(seconds=10)
    newest = log.newest_seq()
    assert log.prune(half) == 10
    assert ids(log) == [f"e{number}" for number in range(10, 20)]
    log.prune(clock.now())
    assert log.after(0, 1) == []
    assert log.append([Fact(event(clock, 99))]).result(DEADLINE_S) > newest


def test_what_the_journal_only_tells_of_events_goes_with_them(
    database: Database, log: EventLog, clock: SetClock
) -> None:
    """What happened to alerts, and what people did, stays."""
    topics = ("alert", "health", "incident", "shadow", "withheld")
    old, fresh = (time_to_text(clock.now() - timedelta(days=days)) for days in (40, 1))
    row = {"subject": "s", "move": "m", "who": "w", "note": "", "body": {}}
    entries = [{**row, "topic": topic, "at": at} for at in (old, fresh) for topic in topics]
    database.write(lambda connection: connection.execute(insert(journal), entries))
    log.prune(clock.now() - timedelta(days=30))
    with database.read() as connection:
        kept = connection.execute(select(journal.c.topic, journal.c.at).order_by(journal.c.seq)).all()
    assert [tuple(each) for each in kept] == [("alert", old), ("incident", old), *((topic, fresh) for topic in topics)]
