"""A clock that is wrong removes nothing: ages are held until it was steady for a day, or somebody says it is right."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cameras.recordings.keeping.ages import FILE, SAYS_SO, Ages
from cameras.recordings.keeping.retention import Retention
from cameras.recordings.media import Segment
from config.recording import Policy
from hub.store.database import Database
from tests.fakes.clocks import SetWallClock
from tests.fakes.segments import MORNING, a_segment, at
from tests.fakes.shelved import Shelved, shelved

DAY_S = 86_400.0
DAY_MIN = 24 * 60
BEFORE_TIME = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)


class Hub:
    """A hub's retention, which is asked to work every ten minutes; `restart` makes another."""

    def __init__(self, here: Shelved, folder: Path, clock: SetWallClock) -> None:
        self.here, self.folder, self.clock = here, folder, clock
        self.restart()

    def restart(self, *, off_s: float = 0.0) -> None:
        """Nothing but files and rows is left."""
        self.clock.advance(off_s)
        holdings = self.here.holdings
        self.ages = Ages(self.clock, folder=self.folder, newest=holdings.newest, number=holdings.newest_number)
        self.retention = Retention(
            holdings,
            self.here.shelves,
            self.clock,
            ages=self.ages,
            policy=lambda *_: Policy(keep_days=30),
            events=lambda *_: (),
        )

    def work(self, seconds: float = 600.0) -> None:
        """Go on, and let time go by."""
        for _ in range(max(1, round(seconds / 600))):
            self.clock.advance(600)
            for _ in range(100):
                if not self.retention.step():
                    break

    def put(self, began: datetime, name: str) -> Segment:
        """A file with its row."""
        made = replace(a_segment(name, began=began), size_bytes=1000)
        file = self.here.file(made)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(1000))
        self.here.keep(made)
        return made

    def left(self) -> int:
        """How many files there are."""
        return len(list(self.here.shelves.folders["data"].rglob("*.mp4")))


@pytest.fixture
def hub(sqlite_database: Database, tmp_path: Path) -> Hub:
    clock = SetWallClock(MORNING)
    hub = Hub(shelved(sqlite_database, tmp_path, clock), tmp_path, clock)
    for number in range(20):
        hub.put(at(-DAY_MIN * number - 10), f"s{number}")
    hub.put(at(-DAY_MIN * 31), "old")
    return hub


def test_a_clock_that_is_ahead_for_a_moment_removes_nothing(hub: Hub) -> None:
    hub.work()
    assert hub.left() == 20, "what is old goes"
    hub.clock.step(100 * DAY_S)
    hub.work(3600)
    assert hub.left() == 20
    assert "set by 100 days" in str(hub.ages.held)
    hub.clock.step(-100 * DAY_S)
    hub.work(DAY_S - 1200)
    assert hub.ages.held is not None
    hub.work(1800)
    assert hub.ages.held is None
    assert hub.left() == 20
    hub.clock.advance(DAY_S * 12)
    hub.work()
    assert hub.left() == 17, "and then what is older than thirty days goes as ever"


def test_a_hold_outlives_restarts_and_recordings_of_the_time_that_never_was(hub: Hub) -> None:
    hub.work()
    hub.clock.step(100 * DAY_S)
    hub.work(DAY_S / 2)
    hub.put(hub.clock.now(), "ahead")
    hub.restart(off_s=60)
    hub.work(DAY_S / 4)
    assert hub.left() == 21
    hub.clock.step(-100 * DAY_S)
    hub.restart()
    hub.work(DAY_S - 1200)
    assert hub.ages.held is not None
    hub.work(1800)
    assert hub.ages.held is None
    assert hub.left() == 21


@pytest.mark.parametrize("knows", [True, False])
def test_a_hub_that_starts_far_ahead_of_all_that_is_known_holds_ages(hub: Hub, *, knows: bool) -> None:
    hub.work()
    (hub.folder / FILE).unlink()
    if knows:
        hub.work()
    hub.clock.step(100 * DAY_S)
    hub.restart()
    hub.work(DAY_S / 2)
    assert hub.left() == 20
    assert "last known" in str(hub.ages.held)


def test_a_person_may_say_that_the_clock_is_right(hub: Hub) -> None:
    hub.work()
    hub.clock.step(15 * DAY_S)
    hub.work()
    assert hub.left() == 20
    (hub.folder / SAYS_SO).touch()
    hub.work()
    assert hub.ages.held is None
    assert hub.left() == 15
    assert not (hub.folder / SAYS_SO).exists()


def test_a_clock_that_is_corrected_by_little_holds_nothing(hub: Hub) -> None:
    hub.work()
    for _ in range(9):
        hub.clock.step(30)
        hub.work()
        assert hub.ages.held is None
    hub.clock.step(400)
    hub.work()
    assert hub.ages.held is not None, "all of it together is too much"


def test_what_was_recorded_before_the_clock_was_set_is_as_old_as_what_is_known_of_it(hub: Hub) -> None:
    hub.work()
    hub.put(BEFORE_TIME, "first")
    hub.work(DAY_S)
    hub.clock.step(90 * DAY_S)
    hub.put(BEFORE_TIME + timedelta(minutes=5), "second")
    hub.clock.step(-90 * DAY_S)
    hub.work(2 * DAY_S)
    assert hub.left() == 22
    hub.clock.advance(27 * DAY_S)
    for _ in range(8):
        hub.clock.advance(DAY_S)
        hub.work()
    assert hub.left() == 2, "keep_events_days is longer"
    hub.clock.advance(400 * DAY_S)
    hub.work()
    assert hub.left() == 0


def test_room_is_made_by_what_is_oldest_all_the_same(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.work()
    hub.clock.step(100 * DAY_S)
    hub.work()
    assert hub.ages.held is not None
    disk = hub.here.shelves.disks[0]
    monkeypatch.setattr(hub.here.shelves, "disks", (disk.model_copy(update={"most_gb": 10_000 / 1e9}),))
    hub.work()
    assert hub.left() == 9
