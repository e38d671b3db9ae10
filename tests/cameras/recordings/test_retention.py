"""What is old, or too much, goes in small steps; what shows an incident stays longer, and nothing is left behind."""

from __future__ import annotations

import errno
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cameras.errors import DiskError, DiskProblem
from cameras.recordings.keeping import check as checking
from cameras.recordings.keeping.ages import Ages
from cameras.recordings.keeping.caretaker import Caretaker
from cameras.recordings.keeping.check import Kind
from cameras.recordings.keeping.removing import Removing
from cameras.recordings.keeping.retention import Retention, Span
from cameras.recordings.media import Because, Segment, StreamName
from cameras.recordings.writing.disk_folder import Space
from config.machine import Disk
from config.recording import Policy
from hub.clock import SetClock
from hub.store.database import Database
from tests.fakes.recorders import mounted
from tests.fakes.segments import MORNING, a_segment, at
from tests.fakes.shelved import Shelved, shelved

MB = 1_000_000
DAY_MIN = 24 * 60


@dataclass
class House:
    """Retention over a catalogue of files that hold nothing but their size."""

    here: Shelved
    clock: SetClock
    policies: dict[str, Policy] = field(default_factory=dict)
    events: dict[str, list[Span]] = field(default_factory=dict)
    asked: list[tuple[str, datetime, datetime]] = field(default_factory=list)

    def __post_init__(self) -> None:
        folder = next(iter(self.here.shelves.folders.values())).parent
        self.ages = Ages(self.clock, folder=folder, newest=self.clock.now, number=self.here.holdings.newest_number)
        self.retention = self.another()

    def another(self) -> Retention:
        """As after a restart."""
        return Retention(
            self.here.holdings,
            self.here.shelves,
            self.clock,
            ages=self.ages,
            policy=lambda camera, _site: self.policies.get(camera, Policy()),
            events=self._spans,
        )

    def put(self, minutes: float, *, camera: str = "gate", disk: str = "data", kb: int = 1000) -> Segment:
        """A segment of five minutes with its file and its row."""
        made = a_segment(f"{camera}{minutes:.0f}{disk}", began=at(minutes), camera=camera, disk=disk)
        made = replace(made, size_bytes=kb * 1000)
        path = self.here.file(made)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(kb * 1000))
        self.here.keep(made)
        return made

    def work(self, *, most: int = 1000) -> None:
        """Go on until there is nothing to do."""
        for _ in range(most):
            if not self.retention.step():
                return
        raise AssertionError("there is always more to do")

    def left(self, camera: str = "gate") -> list[Segment]:
        """What there still is; rows and files agree on it."""
        found = self.here.all(camera)
        files = {path for folder in self.here.shelves.folders.values() for path in folder.rglob(f"{camera}/**/*.mp4")}
        assert {self.here.file(each) for each in found} == files
        return found

    def _spans(self, camera: str, _site: str, since: datetime, until: datetime) -> list[Span]:
        self.asked.append((camera, since, until))
        return [span for span in self.events.get(camera, []) if span[1] > since and span[0] < until]


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path, clock: SetClock) -> House:
    clock.set(MORNING)
    return House(shelved(sqlite_database, tmp_path, clock), clock)


def _days(days: float) -> float:
    return days * DAY_MIN


def test_what_is_older_than_promised_goes_and_is_told_as_expired(house: House) -> None:
    old = [house.put(_days(-30) - 5 * number) for number in range(1, 80)]
    kept = [house.put(_days(-30)), house.put(_days(-1))]
    house.put(_days(-8), camera="road")
    house.policies["road"] = Policy(keep_days=7)
    house.work()
    assert house.left() == kept
    assert house.left("road") == []
    assert house.retention.counts.expired == len(old) + 1
    line = house.here.catalog.ranges("gate", StreamName.MAIN, at(_days(-31)), at(_days(-30)))
    assert [(gap.start, gap.end, gap.because) for gap in line.gaps] == [
        (old[-1].head.began, at(_days(-30)), Because.EXPIRED)
    ]
    assert not (house.here.shelves.folders["data"] / Path(old[-1].path).parent).exists()


def test_what_shows_an_incident_is_kept_longer_and_goes_at_last(house: House) -> None:
    shows, beside = house.put(_days(-40)), house.put(_days(-40) + 5)
    house.events["gate"] = [(at(_days(-40) + 1), at(_days(-40) + 2))]
    house.work()
    assert house.left() == [shows]
    house.clock.advance(49 * 86_400)
    house.work()
    assert house.left() == [shows]
    house.clock.advance(2 * 86_400)
    house.work()
    assert house.left() == []
    assert beside not in house.left()


def test_what_is_kept_longer_is_not_looked_at_every_minute(house: House) -> None:
    house.put(_days(-40))
    house.events["gate"] = [(at(_days(-40)), at(_days(-39)))]
    house.work()
    asked = len(house.asked)
    for _ in range(60):
        house.clock.advance(60)
        house.work()
    assert len(house.asked) == asked


def test_a_camera_that_may_take_up_only_so_much_loses_its_oldest(house: House) -> None:
    segments = [house.put(-100 + 5 * number) for number in range(10)]
    house.put(-100, camera="road")
    house.policies["gate"] = Policy(most_gb=0.0045)
    house.events["gate"] = [(segments[0].head.began, segments[0].head.began + timedelta(minutes=1))]
    house.work()
    assert house.left() == [segments[0], *segments[7:]]
    assert len(house.left("road")) == 1


def test_a_disk_with_a_quota_loses_the_oldest_of_all_cameras_what_shows_incidents_last(
    sqlite_database: Database, tmp_path: Path, clock: SetClock
) -> None:
    clock.set(MORNING)
    disk = Disk(id="data", path=tmp_path / "recordings", keep_free_pct=0, most_gb=0.004)
    house = House(shelved(sqlite_database, tmp_path, clock, disk), clock)
    first = house.put(-100)
    second = house.put(-95, camera="road")
    rest = [house.put(-90 + 5 * number, camera="road") for number in range(3)]
    house.events["gate"] = [(at(-100), at(-99))]
    house.work()
    assert house.left() == [first]
    assert second not in house.left("road")
    assert house.left("road")[-1] == rest[-1]
    house.events["road"] = [(at(-100), at(0))]
    house.put(-10, camera="road", kb=4000)
    house.work()
    assert house.left() == []
    assert house.retention.counts.squeezed >= 4


def test_a_disk_that_fills_makes_room_before_it_is_full(
    sqlite_database: Database, tmp_path: Path, clock: SetClock
) -> None:
    clock.set(MORNING)
    with mounted(tmp_path / "small", size="32m") as folder:
        disk = Disk(id="data", path=folder, keep_free_pct=10)
        house = House(shelved(sqlite_database, tmp_path, clock, disk), clock)
        for number in range(80):
            house.put(-400 + 5 * number, kb=600)
            house.work()
            assert house.here.shelves.space("data").free_pct > 8
        newest = house.left()
        assert len(newest) > 30
        assert newest[-1].head.began == at(-5)


def test_a_crash_between_row_and_file_leaves_nothing_behind(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    segments = [house.put(_days(-40) + 5 * number) for number in range(3)]
    with monkeypatch.context() as broken:
        broken.setattr(house.here.shelves, "remove", _crash)
        with pytest.raises(SystemExit):
            house.work()
    assert house.here.all() == []
    assert house.here.file(segments[0]).exists()
    with monkeypatch.context() as broken:
        broken.setattr(house.here.holdings, "strike_off", _crash)
        house.retention = house.another()
        with pytest.raises(SystemExit):
            house.work()
    house.retention = house.another()
    house.work()
    assert house.left() == []
    assert house.here.holdings.totals() == []
    assert house.here.holdings.unfinished() == []


def _crash(*_words: object) -> None:
    raise SystemExit


def test_what_somebody_else_removed_to_make_room_loses_its_rows_soon(house: House) -> None:
    """A worker without a hub does that, the oldest first."""
    gone = [house.put(-100 + 5 * number) for number in range(40)]
    kept = house.put(120)
    for each in gone:
        house.here.file(each).unlink()
    house.work()
    assert house.left() == [kept]
    assert house.retention.counts.lost == 40


def test_a_disk_that_is_away_loses_no_rows(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [house.put(_days(-1)), house.put(_days(-40))]

    def away(*_words: object) -> None:
        raise DiskError(DiskProblem.GONE, "not there")

    with monkeypatch.context() as broken:
        for name in ("space", "remove", "is_file"):
            broken.setattr(house.here.shelves, name, away)
        house.work()
        assert house.here.all() == kept[:1]  # the other is out of sight, and goes when the disk is back
    house.clock.advance(301)
    house.work()
    assert house.left() == kept[:1]


@pytest.fixture
def tiers(sqlite_database: Database, tmp_path: Path, clock: SetClock) -> House:
    clock.set(MORNING)
    new = Disk(id="new", path=tmp_path / "new", keep_free_pct=0, most_gb=0.01)
    old = Disk(id="old", path=tmp_path / "old", use="old", keep_free_pct=0, most_gb=0.005)
    return House(shelved(sqlite_database, tmp_path, clock, new, old), clock)


def test_the_oldest_move_to_the_disk_for_old_ones_and_go_from_there(tiers: House) -> None:
    house = tiers
    segments = [house.put(-200 + 5 * number, disk="new") for number in range(12)]
    house.work()
    left = house.left()
    assert [each.head.id for each in left] == [each.head.id for each in segments]
    assert [each.disk for each in left] == ["old"] * 3 + ["new"] * 9
    assert house.retention.counts.moved == 3
    assert all(not (house.here.shelves.folders["new"] / each.path).exists() for each in left[:3])
    for number in range(6):
        house.put(-100 + 5 * number, disk="new")
        house.work()
    left = house.left()
    assert [each.disk for each in left] == ["old"] * 5 + ["new"] * 9
    assert house.retention.counts.squeezed == 4


def test_without_the_disk_for_old_ones_the_oldest_go(tiers: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house = tiers
    for number in range(12):
        house.put(-200 + 5 * number, disk="new")
    whole = house.here.shelves.space

    def space(disk: str) -> Space:
        if disk == "old":
            raise DiskError(DiskProblem.GONE, "not there")
        return whole(disk)

    monkeypatch.setattr(house.here.shelves, "space", space)
    house.work()
    assert [each.disk for each in house.left()] == ["new"] * 9


@pytest.mark.parametrize("step", ["copy", "switch", "remove", "end_copy"])
def test_a_crash_at_any_point_of_a_move_leaves_one_copy_and_one_row(
    tiers: House, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    house = tiers
    segments = [house.put(-200 + 5 * number, disk="new") for number in range(11)]
    part = house.here.shelves if step in ("copy", "remove") else house.here.holdings
    with monkeypatch.context() as broken:
        broken.setattr(part, step, lambda *_words, **_more: _crash())
        with pytest.raises(SystemExit):
            house.work()
    house.retention = house.another()
    assert house.retention.settle()
    assert [each.head.id for each in house.left()] == [each.head.id for each in segments]
    assert house.here.holdings.unfinished() == []
    house.work()
    assert [each.head.id for each in house.left()] == [each.head.id for each in segments]


def test_what_somebody_wants_gone_goes_at_once_and_stays_on_record(house: House) -> None:
    segments = [house.put(-100 + 5 * number) for number in range(3)]
    removing = Removing(house.here.holdings, house.here.shelves)
    gone = removing.remove([segments[1].head.id, "none"], Because.DELETED)
    assert [each.id for each in gone] == [segments[1].head.id]
    assert house.left() == [segments[0], segments[2]]
    (gap,) = house.here.catalog.ranges("gate", StreamName.MAIN, at(-100), at(-85)).gaps
    assert gap.because is Because.DELETED


def test_what_a_worker_removed_to_make_room_loses_its_rows_at_once(house: House) -> None:
    segments = [house.put(-100 + 45 * number) for number in range(3)]
    for each in segments[:2]:
        house.here.file(each).unlink()
    removing = Removing(house.here.holdings, house.here.shelves)
    paths = [*(each.path for each in segments[:2]), "hall/gate/main/2026-05-04/06/11-11.mp4", "nothing of ours"]
    assert removing.strike_off("data", paths) == 2
    assert house.left() == segments[2:]


def test_the_caretaker_repairs_first_and_then_compares_day_by_day(house: House) -> None:
    torn = house.here.write(-60, closed=False, torn_bytes=100)
    caretaker = Caretaker(
        house.here.check, house.retention, house.here.shelves, house.clock, keep_days=lambda _camera, _site: 30.0
    )
    caretaker.repair()
    assert caretaker.found[Kind.TORN] == 1
    kept, lost = house.put(-200), house.put(-30)
    house.here.file(lost).unlink()
    damaged = house.here.file(kept).with_name("59-59.mp4")
    damaged.write_bytes(b"nothing")
    for _ in range(100):
        house.clock.advance(caretaker.step())
        house.clock.advance(600)
    assert caretaker.found[Kind.MISSING] == 1
    assert caretaker.found[Kind.DAMAGED] >= 1
    assert damaged.exists()
    house.clock.advance(31 * 86_400)
    for _ in range(200):
        house.clock.advance(caretaker.step() + 600)
    assert not damaged.exists()
    assert not house.here.file(torn).exists()


def test_one_file_that_cannot_be_read_stops_neither_the_start_nor_what_is_to_go(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, old = house.here.write(-60, closed=False), house.put(_days(-31))

    def refuse(*_words: object, **_more: object) -> Segment:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(checking, "read_segment", refuse)
    caretaker = Caretaker(
        house.here.check, house.retention, house.here.shelves, house.clock, keep_days=lambda _camera, _site: 30.0
    )
    caretaker.repair()
    assert caretaker.is_repaired.is_set()
    assert caretaker.found[Kind.UNREADABLE] == 1
    for _ in range(100):
        house.clock.advance(caretaker.step())
    assert not house.here.file(old).exists()
    assert house.here.file(bad).exists()


def test_a_disk_that_is_away_at_the_start_is_read_when_it_is_back(house: House) -> None:
    made = house.here.write(-60)
    folder = house.here.shelves.folders["data"]
    folder.rename(folder.with_name("elsewhere"))
    folder.write_text("no folder")
    caretaker = Caretaker(
        house.here.check, house.retention, house.here.shelves, house.clock, keep_days=lambda _camera, _site: 30.0
    )
    caretaker.repair()
    assert caretaker.is_repaired.is_set()
    assert house.here.all() == []
    folder.unlink()
    folder.with_name("elsewhere").rename(folder)
    for _ in range(100):
        house.clock.advance(caretaker.step())
        if house.here.all():
            break
    assert house.here.all() == [made]
    assert caretaker.found[Kind.UNKNOWN] == 1
