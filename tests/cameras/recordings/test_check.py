"""Files are right and rows are not: a start repairs what was open, and a whole check makes the catalogue anew."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from cameras.errors import DiskError, DiskProblem
from cameras.recordings import opening
from cameras.recordings.keeping import check as checking
from cameras.recordings.keeping import shelves as shelving
from cameras.recordings.keeping.check import Kind
from cameras.recordings.media import Because, Segment, StreamName
from cameras.recordings.writing import listing
from cameras.recordings.writing.room import lock_segment
from config.machine import Disk
from hub.clock import SetClock
from hub.store.database import Database
from tests.fakes.segments import at
from tests.fakes.shelved import Shelved, shelved


@pytest.fixture
def here(database: Database, tmp_path: Path, clock: SetClock) -> Shelved:
    return shelved(database, tmp_path, clock)


def _opened(segment: Segment) -> Segment:
    return replace(segment, marks=(), is_open=True, drift_ms=None, size_bytes=segment.init_bytes)


def test_a_segment_that_was_open_is_cut_closed_and_told_as_killed(here: Shelved) -> None:
    torn = here.write(0, closed=False, torn_bytes=300)
    here.keep(_opened(torn))
    after = here.write(1, because=Because.STARTED)
    here.keep(after)
    size = here.file(torn).stat().st_size
    (difference,) = here.start_up()
    assert (difference.kind, difference.path, difference.cut_bytes) == (Kind.TORN, torn.path, 300)
    repaired, _ = here.all()
    assert repaired.marks == torn.marks
    assert not repaired.is_open
    assert here.file(torn).stat().st_size == repaired.size_bytes != size
    (gap,) = here.catalog.ranges("gate", torn.head.stream, at(0), at(1.05)).gaps
    assert gap.because is Because.KILLED
    assert here.start_up() == []
    assert here.everything() == []


def test_a_start_reads_nothing_that_was_closed_and_known(here: Shelved, monkeypatch: pytest.MonkeyPatch) -> None:
    here.keep(*(here.write(minutes) for minutes in (0, 1, 2)))
    fresh = here.write(3)
    read: list[str] = []

    whole = checking.read_segment
    monkeypatch.setattr(
        checking, "read_segment", lambda folder, path, *, disk: read.append(path) or whole(folder, path, disk=disk)
    )
    assert [each.path for each in here.start_up()] == [fresh.path]
    assert read == [fresh.path]
    assert here.all()[-1] == fresh


def test_what_a_living_worker_writes_is_left_alone(here: Shelved) -> None:
    """It outlived its hub, and goes on."""
    writing = here.write(0, closed=False, torn_bytes=300)
    with here.file(writing).open("rb") as file:
        assert lock_segment(file.fileno())
        size = here.file(writing).stat().st_size
        assert [each.kind for each in here.start_up()] == [Kind.UNKNOWN]
        assert here.start_up() == []
        (open_one,) = here.all()
        assert open_one.is_open
        assert open_one.marks == writing.marks
        assert here.file(writing).stat().st_size == size
    assert [each.kind for each in here.start_up()] == [Kind.TORN]


def test_a_whole_check_makes_the_catalogue_anew_from_files_alone(here: Shelved, database: Database) -> None:
    files = [here.write(minutes) for minutes in (0, 1, 90, 3000)] + [here.write(0, camera="road")]
    assert {each.kind for each in here.everything()} == {Kind.UNKNOWN}
    assert here.all() == files[:4]
    assert here.all("road") == files[4:]
    assert here.everything() == []
    before = here.holdings.totals()
    changed = replace(files[0], marks=files[0].marks[:-1], size_bytes=7)
    here.keep(changed)
    here.file(files[1]).unlink()
    found = {each.kind: each for each in here.everything()}
    assert found.keys() == {Kind.CHANGED, Kind.MISSING}
    assert found[Kind.CHANGED].detail == "size_bytes, marks"
    assert here.all() == [files[0], *files[2:4]]
    here.keep(files[1])
    assert here.holdings.totals() == before
    assert database.backlog == 0


def test_a_file_in_which_nothing_can_be_played_gets_no_row_and_is_left(here: Shelved) -> None:
    good, bad = here.write(0), here.write(1)
    here.file(bad).write_bytes(b"no video")
    here.keep(good, bad)
    (difference,) = here.everything()
    assert (difference.kind, difference.path) == (Kind.DAMAGED, bad.path)
    assert here.all() == [good]
    assert here.file(bad).exists()


def test_what_lies_on_a_disk_that_is_away_is_not_missing(here: Shelved) -> None:
    kept = here.write(0)
    here.keep(kept)
    folder = here.shelves.folders["data"]
    folder.rename(folder.with_name("elsewhere"))
    folder.write_text("no folder at all")
    assert here.everything() == []
    assert here.all() == [kept]


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Paths of files of which the disk reads nothing."""
    paths: set[str] = set()
    whole = checking.read_segment

    def read(folder: Path, path: str, *, disk: str) -> Segment:
        if path in paths:
            raise OSError(errno.EIO, "Input/output error")
        return whole(folder, path, disk=disk)

    monkeypatch.setattr(checking, "read_segment", read)
    return paths


def test_a_file_that_cannot_be_read_is_told_and_holds_up_nothing(here: Shelved, unreadable: set[str]) -> None:
    opened, torn = here.write(0, closed=False), here.write(1, closed=False, torn_bytes=100)
    here.keep(_opened(opened), _opened(torn))
    new, newer = here.write(2), here.write(3)
    unreadable.update((opened.path, new.path))
    found = {(each.path, each.kind) for each in here.start_up()}
    assert found == {
        (opened.path, Kind.UNREADABLE),
        (torn.path, Kind.TORN),
        (new.path, Kind.UNREADABLE),
        (newer.path, Kind.UNKNOWN),
    }
    assert [each.path for each in here.all()] == [opened.path, torn.path, newer.path]
    assert {each.path: each.detail for each in here.everything()} == dict.fromkeys(
        (opened.path, new.path), "Input/output error"
    )
    unreadable.clear()
    assert {each.kind for each in here.start_up()} == {Kind.TORN, Kind.UNKNOWN}
    assert len(here.all()) == 4


def test_a_folder_that_cannot_be_listed_costs_no_row(here: Shelved, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, other = here.write(0), here.write(90)
    here.keep(kept, other)
    whole = listing.open_below

    def opened(folder: int, path: str, *, make: bool = False) -> int:
        if path == kept.path.rpartition("/")[0]:
            raise PermissionError(errno.EACCES, "Permission denied")
        return whole(folder, path, make=make)

    monkeypatch.setattr(listing, "open_below", opened)
    monkeypatch.setattr(shelving, "open_below", opened)
    monkeypatch.setattr(opening, "open_below", opened)
    assert [(each.path, each.kind) for each in here.everything()] == [(kept.path, Kind.UNREADABLE)]
    assert here.all() == [kept, other]


def test_two_files_of_one_second_are_two_segments(here: Shelved) -> None:
    first = here.write(0)
    second = here.file(first).with_name("00-00-1.mp4")
    here.file(first).rename(second)
    again = here.write(0)
    here.everything()
    assert [each.path for each in here.all()] == sorted([again.path, str(second.relative_to(second.parents[5]))])


@pytest.fixture
def two_disks(database: Database, tmp_path: Path, clock: SetClock) -> Shelved:
    new, old = (Disk(id=use, path=tmp_path / use, use=use) for use in ("new", "old"))
    return shelved(database, tmp_path, clock, new, old)


def test_a_disk_that_goes_while_it_is_read_is_skipped_and_read_later(
    two_disks: Shelved, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_old, on_new = two_disks.write(0, disk="old"), two_disks.write(1, disk="new", camera="road")
    whole = two_disks.shelves.streams

    def streams(disk: str) -> list[tuple[str, str, StreamName]]:
        if disk == "new":
            raise DiskError(DiskProblem.GONE, "Input/output error")
        return whole(disk)

    with monkeypatch.context() as patched:
        patched.setattr(two_disks.shelves, "streams", streams)
        assert [each.path for each in two_disks.start_up()] == [on_old.path]
        assert two_disks.check.skipped == {"new"}
        assert list(two_disks.check.everything()) == []
    assert [each.path for each in two_disks.check.at_start(only=["new"])] == [on_new.path]
    assert two_disks.check.skipped == set()


def test_a_copy_that_does_not_count_goes_and_the_one_that_counts_stays(two_disks: Shelved) -> None:
    kept = two_disks.write(0, disk="new")
    two_disks.keep(kept)
    copy = two_disks.shelves.folders["old"] / kept.path
    copy.parent.mkdir(parents=True)
    copy.write_bytes(two_disks.file(kept).read_bytes())
    copy.with_name("00-01.mp4.copy").write_bytes(b"half")
    assert {each.kind for each in two_disks.everything()} == {Kind.LEFTOVER}
    assert not copy.parent.exists()
    assert two_disks.all() == [kept]


def test_a_file_that_somebody_moved_to_another_disk_is_found_there(two_disks: Shelved) -> None:
    kept = two_disks.write(0, disk="new")
    two_disks.keep(kept)
    moved = two_disks.shelves.folders["old"] / kept.path
    moved.parent.mkdir(parents=True)
    os.rename(two_disks.file(kept), moved)  # noqa: PTH104 - as a person would
    two_disks.everything()
    assert two_disks.all() == [replace(kept, disk="old")]
    assert two_disks.everything() == []
