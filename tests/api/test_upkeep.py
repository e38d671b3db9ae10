"""What runs beside the answers: followers, readiness, pruning, reloading the rules, and the wiring itself."""

from __future__ import annotations

import logging
import shutil
import threading
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.language.rulebook import SHIPPED
from api.follower import Follower
from api.housekeeping import Housekeeping
from api.main import build
from api.readiness import Readiness
from config.machine import Keep
from hub.bus import Bus, Topic
from hub.clock import SetClock
from hub.errors import ConfigurationError, StoreClosedError
from hub.events import Event, new_event_id
from hub.store.database import Database, sqlite_url
from hub.store.event_log import EventLog, Fact
from hub.store.rollups import RollUps
from tests.api.room import Room, machine
from tests.fakes.cameras import FakeCameras
from tests.fakes.waiting import until

START = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Entry:
    seq: int


class Stream:
    """A stored stream in memory."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.bus = Bus()
        self.handled: list[int] = []
        self.failing: set[int] = set()

    def add(self) -> None:
        self.entries.append(Entry(len(self.entries) + 1))
        self.bus.announce(Topic.JOURNAL, len(self.entries))

    def follower(self) -> Follower[Entry]:
        return Follower(
            "test",
            bus=self.bus,
            topic=Topic.JOURNAL,
            newest=lambda: len(self.entries),
            read=lambda after, limit: self.entries[after : after + limit],
            handle=self.handle,
        )

    def handle(self, entry: Entry) -> None:
        if entry.seq in self.failing:
            raise ValueError("cannot")
        self.handled.append(entry.seq)


def test_a_follower_begins_with_what_is_new_and_passes_over_what_fails(caplog: pytest.LogCaptureFixture) -> None:
    stream = Stream()
    stream.add()
    stream.failing.add(3)
    follower = stream.follower()
    follower.start()
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            stream.add()
        until(lambda: stream.handled == [2, 4])
        until(lambda: follower.behind == 0)
    follower.stop()
    follower.stop()
    assert [record.message for record in caplog.records] == ["entry failed"]


def test_a_follower_that_was_never_started_can_be_stopped() -> None:
    Stream().follower().stop()


def test_readiness_looks_at_most_once_a_second() -> None:
    clock = SetClock(START)
    looks: list[int] = []

    def look() -> bool:
        looks.append(1)
        return True

    readiness = Readiness({"part": look}, clock)
    assert readiness() == {"part": True}
    readiness()
    assert len(looks) == 1
    clock.advance(1)
    readiness()
    assert len(looks) == 2


def test_a_part_that_fails_or_hangs_is_not_ready_and_hides_no_other() -> None:
    def closed() -> bool:
        raise StoreClosedError("closed")

    def slow() -> bool:
        raise FutureTimeoutError

    found = Readiness({"closed": closed, "slow": slow, "good": lambda: True}, SetClock(START))()
    assert found == {"closed": False, "slow": False, "good": True}


def test_what_is_older_than_it_is_kept_goes(tmp_path: Path) -> None:
    clock = SetClock(START)
    database = Database(sqlite_url(tmp_path))
    database.start()
    log = EventLog(database, Bus())
    for days in (40, 20):
        at = START - timedelta(days=days)
        log.append([Fact(Event(new_event_id(), "smoke", at, at, "s", "test"))]).result(10)
    Housekeeping(log, RollUps(database), Keep(events_days=30), clock).tidy()
    assert len(log.after(0, 10)) == 1
    database.stop()


def test_changed_rules_are_in_force_and_wrong_ones_are_not(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(SHIPPED, rules)
    settings = machine(tmp_path / "data").model_copy(update={"rules": rules})
    hub = build(settings, make_cameras=lambda _machine, clock, _store, **_more: FakeCameras(clock))
    try:
        assert hub.reload_rules()
        next(each for each in rules.glob("*.yaml") if ".test." not in each.name).write_text("- rule: broken\n")
        assert not hub.reload_rules()
    finally:
        hub.stop()


def test_a_start_that_fails_half_way_leaves_nothing_running(room: Room, tmp_path: Path) -> None:
    before = {thread.name for thread in threading.enumerate()}
    with pytest.raises(ConfigurationError, match=r"http\.port"):
        build(
            machine(tmp_path / "data", room.hub.port),
            make_cameras=lambda _machine, clock, _store, **_more: FakeCameras(clock),
        )
    until(lambda: {thread.name for thread in threading.enumerate()} <= before)
