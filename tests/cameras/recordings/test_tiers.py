"""Moving to another disk goes on past what cannot be moved, and leaves no copy of what was deleted meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from cameras.errors import DiskError, DiskProblem
from cameras.recordings.keeping.check import Check, Kind
from cameras.recordings.keeping.removing import Removing
from cameras.recordings.keeping.retention import Counts
from cameras.recordings.keeping.shelves import Fate, Shelves
from cameras.recordings.keeping.tiers import Tiers
from cameras.recordings.media import Because, Segment, StreamName
from config.machine import Disk
from hub.clock import SetClock
from hub.store.database import Database
from tests.fakes.segments import at
from tests.fakes.shelved import SECONDS, Shelved, shelved

GB = 1_000_000_000


@dataclass
class House:
    """Two disks with what moves between them."""

    here: Shelved
    clock: SetClock
    counts: Counts = field(default_factory=Counts)

    def __post_init__(self) -> None:
        self.tiers = Tiers(self.here.holdings, self.here.shelves, self.clock, self.counts)
        self.removing = Removing(self.here.holdings, self.here.shelves)

    def record(self, *minutes: float) -> list[Segment]:
        made = [self.here.write(each, disk="new") for each in minutes]
        self.here.keep(*made)
        return made

    def move(self) -> bool:
        new = self.here.shelves.disk("new")
        assert new is not None
        return self.tiers.move_from(new, early_bytes=GB, pressing=True)

    def disks(self) -> list[str]:
        return [each.disk for each in self.here.all()]

    def files(self, disk: str) -> list[str]:
        folder = self.here.shelves.folders[disk]
        return sorted(path.name for path in folder.rglob("*") if path.name.endswith((".mp4", ".copy")))

    def settle(self) -> None:
        """As the first step after a start, and every round."""
        while self.tiers.settle(self.removing):
            pass


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path, clock: SetClock) -> House:
    clock.set(at(0))
    new, old = (Disk(id=use, path=tmp_path / use, use=use, keep_free_pct=0) for use in ("new", "old"))  # type: ignore[arg-type]
    return House(shelved(sqlite_database, tmp_path, clock, new, old), clock)


def test_files_that_cannot_be_read_do_not_end_moving(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them than are looked at in one go; they are tried again after a while."""
    segments = house.record(*range(-40, -10))
    bad = {each.path for each in segments[:20]}
    whole = Shelves.copy

    def copy(shelves: Shelves, path: str, *, source: str, target: str) -> int:
        if path in bad:
            raise DiskError(DiskProblem.GONE, f"{path}: Input/output error")
        return whole(shelves, path, source=source, target=target)

    monkeypatch.setattr(Shelves, "copy", copy)
    for _ in range(10):
        house.move()
    assert house.disks() == ["new"] * 20 + ["old"] * 10
    assert house.here.holdings.unfinished() == []
    bad.clear()
    assert not house.move()
    house.clock.advance(3601)
    assert house.move()
    assert house.disks() == ["old"] * 30


def test_a_target_that_refuses_is_not_asked_for_every_file(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.record(*range(-40, -20))
    asked: list[str] = []

    def copy(_shelves: Shelves, path: str, *, source: str, target: str) -> int:
        asked.append(f"{path} {source} {target}")
        raise DiskError(DiskProblem.GONE, "Input/output error")

    monkeypatch.setattr(Shelves, "copy", copy)
    assert not house.move()
    assert len(asked) == 3


def test_a_copy_of_what_is_deleted_meanwhile_goes_though_its_disk_does_not_let_go_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row is shown to nobody and names the copy until that is gone; a start goes on with it."""
    (made,) = house.record(-10)
    copy, remove, away = Shelves.copy, Shelves.remove, threading.Event()

    def deleted_meanwhile(shelves: Shelves, path: str, *, source: str, target: str) -> int:
        done = copy(shelves, path, source=source, target=target)
        copied = house.here.shelves.folders["old"] / path
        data = copied.read_bytes()
        copied.unlink()  # the copy is put in place a moment after the deletion looked for it
        house.removing.remove([made.head.id], Because.DELETED)
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_bytes(data)
        away.set()
        return done

    def refuses(shelves: Shelves, disk: str, path: str) -> Fate:
        if away.is_set() and disk == "old":
            raise DiskError(DiskProblem.GONE, f"{path}: Input/output error")
        return remove(shelves, disk, path)

    monkeypatch.setattr(Shelves, "copy", deleted_meanwhile)
    monkeypatch.setattr(Shelves, "remove", refuses)
    house.move()
    assert house.here.all() == []
    assert (house.files("new"), len(house.files("old"))) == ([], 1)
    house.settle()
    assert len(house.files("old")) == 1
    assert [each.kind for each in house.here.everything()] == [], "it is not taken back meanwhile"
    assert house.here.all() == []
    away.clear()
    house.settle()
    assert house.files("old") == []
    assert house.here.holdings.unfinished() == []
    assert house.here.holdings.totals() == []


def test_what_is_to_go_is_not_copied_any_more(house: House) -> None:
    (made,) = house.record(-10)
    house.here.holdings.let_go([made.head.id], Because.DELETED)
    assert not house.here.holdings.begin_copy(made.head.id, "old")


def test_what_a_killed_move_had_copied_of_a_file_goes_at_the_next_start(house: House) -> None:
    """Of one that stands, and of one that was deleted just before."""
    stands, deleted = house.record(-20, -10)
    for each in (stands, deleted):
        assert house.here.holdings.begin_copy(each.head.id, "old")
        draft = house.here.shelves.folders["old"] / f"{each.path}.copy"
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(b"half of it")
    house.here.holdings.let_go([deleted.head.id], Because.DELETED)
    house.settle()
    assert house.files("old") == []
    assert house.here.all() == [stands]
    assert house.here.holdings.unfinished() == []


def test_what_waits_for_a_disk_that_is_away_holds_up_nothing_else(house: House) -> None:
    gone = house.record(*range(-60, -20))
    (other,) = [house.here.write(-10, disk="old")]
    house.here.keep(other)
    folder = house.here.shelves.folders["new"]
    folder.rename(folder.with_name("unplugged"))
    folder.write_text("no folder at all")
    house.here.holdings.let_go([*(each.head.id for each in gone), other.head.id], Because.DELETED)
    house.settle()
    assert house.files("old") == []
    assert len(house.here.holdings.unfinished(limit=100)) == 40


def _deleted(*spans: tuple[float, float]) -> object:
    found = [(at(start), at(end)) for start, end in spans]

    def deleted(camera: str, site: str, since: datetime, until: datetime) -> Sequence[tuple[datetime, datetime]]:
        assert (camera, site) == ("gate", "hall")
        return [span for span in found if span[0] < until and span[1] > since]

    return deleted


def test_a_file_without_a_row_is_not_taken_back_where_somebody_deleted(house: House) -> None:
    """All of it goes where all of it was deleted; of what reaches beyond, the rest is kept."""
    here = house.here
    whole, beside = here.write(-10, disk="old"), here.write(-8, disk="old")
    over = here.write(-9, disk="old")
    cut = (over.head.began - at(0)).total_seconds() / 60 + 2 / 60
    check = Check(here.catalog, here.holdings, here.shelves, deleted=_deleted((-11, cut)))  # type: ignore[arg-type]
    assert [each.kind for each in check.everything()] == [Kind.LEFTOVER, Kind.UNKNOWN, Kind.UNKNOWN]
    assert not here.file(whole).exists()
    left = here.catalog.ranges("gate", StreamName.MAIN, at(-20), at(0)).ranges
    assert [(each.start, each.end) for each in left] == [
        (at(cut), at(-9 + SECONDS / 60)),
        (beside.head.began, at(-8 + SECONDS / 60)),
    ]
    assert list(check.everything()) == []
