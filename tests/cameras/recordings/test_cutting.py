"""What lies in a deleted span is in no file any more, and what lies beside it still plays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import av
import pytest

from cameras.recordings.keeping.catalog import Catalog
from cameras.recordings.keeping.check import Check
from cameras.recordings.keeping.holdings import Holdings
from cameras.recordings.keeping.removing import Removing
from cameras.recordings.keeping.shelves import Shelves
from cameras.recordings.media import Because, Segment, StreamName
from cameras.recordings.playback.cutting import Cut, cut_out
from config.machine import Disk
from hub.clock import SetClock
from hub.store.database import Database
from tests.fakes.recordings import FPS, footage, number_in, write_segment

BEGAN = datetime(2026, 11, 22, 13, 59, 50, tzinfo=UTC)
CAMERA, MAIN = "cam-1", StreamName.MAIN


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


class Disks:
    """A disk with recordings, its catalogue, and what removes."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.folder = folder / "recordings"
        self.folder.mkdir()
        self.catalog = Catalog(database, {"data": self.folder})
        self.holdings = Holdings(database)
        disk = Disk(id="data", path=self.folder)
        self.shelves = Shelves([disk], memory=folder / "memory", clock=SetClock(BEGAN))
        (folder / "memory").mkdir()
        self.removing = Removing(self.holdings, self.shelves)

    def record(
        self,
        at_s: float,
        seconds: int,
        *,
        stream: StreamName = MAIN,
        because: Because = Because.ROLLED,
        sound: str | None = None,
        is_open: bool = False,
    ) -> Segment:
        form, samples = footage(seconds, first=round(at_s * FPS), sound=sound)
        made = write_segment(
            self.folder, at(at_s), form, samples, camera=CAMERA, stream=stream, because=because, closed=not is_open
        )
        self.catalog.keep_all([made], timeout_s=10)
        return made

    def cut(self, start_s: float, end_s: float) -> Cut:
        return cut_out(self.catalog, self.removing, camera=CAMERA, since=at(start_s), until=at(end_s))

    def files(self) -> list[Path]:
        return sorted(self.folder.rglob("*.mp4"))

    def numbers(self, stream: StreamName = MAIN) -> list[int]:
        """Every picture in every file of a stream, by their numbers."""
        return sorted(each for path in self.files() if f"/{stream}/" in str(path) for each in _numbers(path))


def _numbers(path: Path) -> list[int]:
    with av.open(str(path)) as file:
        return [number_in(frame.to_ndarray(format="rgb24")) for frame in file.decode(video=0)]


@pytest.fixture
def disks(sqlite_database: Database, tmp_path: Path) -> Disks:
    return Disks(sqlite_database, tmp_path)


def test_the_middle_of_a_segment_goes_and_both_ends_stay(disks: Disks) -> None:
    """Pictures come two seconds to a group, so what cannot be decoded without the span goes with it."""
    made = disks.record(0, 20, because=Because.STARTED)
    done = disks.cut(5, 11)
    assert (done.segments, done.waits) == (1, False)
    assert disks.numbers() == [*range(50), *range(120, 200)]
    head, tail = disks.catalog.segments(CAMERA, MAIN, at(0), at(20))
    assert (head.head.began, head.duration_ms, head.head.because) == (at(0), 5000, Because.STARTED)
    assert (tail.head.began, tail.duration_ms, tail.head.because) == (at(12), 8000, Because.DELETED)
    assert [path.name for path in disks.files()] == ["59-50-1.mp4", "00-02.mp4"]
    assert done.size_bytes == made.size_bytes - head.size_bytes - tail.size_bytes
    assert done.size_bytes == made.size_bytes - sum(path.stat().st_size for path in disks.files())
    (gap,) = disks.catalog.ranges(CAMERA, MAIN, at(0), at(20)).gaps
    assert (gap.start, gap.end, gap.because) == (at(5), at(12), Because.DELETED)


def test_not_a_byte_of_what_went_is_left_on_the_disk(disks: Disks) -> None:
    made = disks.record(0, 20)
    whole = (disks.folder / made.path).read_bytes()
    gone = [
        whole[mark.offset + 200 : mark.offset + mark.size_bytes] for mark in made.marks if 5000 <= mark.at_ms < 11000
    ]
    disks.cut(5, 11)
    left = b"".join(path.read_bytes() for path in disks.folder.rglob("*") if path.is_file())
    assert gone
    assert not [piece for piece in gone if piece in left]


@pytest.mark.parametrize("sound", ["aac", "pcm_alaw"])
def test_sound_is_cut_with_its_picture(disks: Disks, sound: str) -> None:
    disks.record(0, 12, sound=sound)
    disks.cut(4, 7)
    assert disks.numbers() == [*range(40), *range(80, 120)]
    for path, seconds in zip(disks.files(), (4, 4), strict=True):
        with av.open(str(path)) as file:
            packets = [packet for packet in file.demux(audio=0) if packet.pts is not None and packet.time_base]
        times = [float(packet.pts * packet.time_base) for packet in packets]
        assert -0.1 < times[0] < 0.2
        assert seconds - 0.3 < times[-1] < seconds + 0.3
        assert all(after > before for before, after in pairwise(times))


def test_whole_segments_go_and_the_streams_go_together(disks: Disks) -> None:
    disks.record(0, 10)
    disks.record(10, 10)
    disks.record(20, 10)
    disks.record(0, 30, stream=StreamName.SUB)
    done = disks.cut(8, 22)
    assert done.segments == 4
    assert disks.numbers() == [*range(80), *range(220, 300)]
    assert disks.numbers(StreamName.SUB) == [*range(80), *range(220, 300)]
    gaps = disks.catalog.ranges(CAMERA, MAIN, at(0), at(30)).gaps
    assert [(each.start, each.end, each.because) for each in gaps] == [(at(8), at(22), Because.DELETED)]
    (total,) = [each for each in disks.holdings.totals() if each.stream is MAIN]
    assert (total.segments, total.size_bytes) == (2, sum(p.stat().st_size for p in disks.files() if "/main/" in str(p)))


def test_cutting_again_changes_nothing(disks: Disks) -> None:
    disks.record(0, 20)
    disks.cut(5, 11)
    before = [(path, path.read_bytes()) for path in disks.files()]
    assert disks.cut(5, 11) == Cut(0, 0, waits=False)
    assert [(path, path.read_bytes()) for path in disks.files()] == before


def test_a_kill_between_the_pieces_and_the_removal_leaves_nothing_twice(
    disks: Disks, monkeypatch: pytest.MonkeyPatch
) -> None:
    disks.record(0, 20)

    def killed(*_args: object, **_more: object) -> None:
        raise RuntimeError("killed")

    for part, name in ((disks.catalog, "keep_all"), (disks.removing, "remove")):
        with monkeypatch.context() as patch:
            patch.setattr(part, name, killed)
            with pytest.raises(RuntimeError):
                disks.cut(5, 11)
    assert disks.cut(5, 11).segments == 1
    assert disks.numbers() == [*range(50), *range(120, 200)]
    assert len(disks.catalog.segments(CAMERA, MAIN, at(0), at(20))) == 2
    check = Check(disks.catalog, disks.holdings, disks.shelves)
    assert list(check.everything()) == []


def test_what_is_still_written_waits(disks: Disks) -> None:
    disks.record(0, 10)
    disks.record(10, 10, is_open=True)
    done = disks.cut(8, 12)
    assert (done.segments, done.waits) == (1, True)
    assert disks.numbers() == [*range(80), *range(100, 200)]


def test_beside_a_recording_nothing_happens(disks: Disks) -> None:
    disks.record(0, 10)
    assert disks.cut(10, 20) == Cut(0, 0, waits=False)
    assert disks.cut(-5, 0) == Cut(0, 0, waits=False)
    assert disks.numbers() == list(range(100))


def test_a_disk_that_is_away_is_said(disks: Disks) -> None:
    made = disks.record(0, 10)
    (disks.folder / made.path).unlink()
    done = disks.cut(4, 6)
    assert (done.segments, done.waits) == (0, True)
    assert made.path in done.problem


def test_one_damaged_file_holds_up_no_other_and_leaves_nothing_half_written(disks: Disks) -> None:
    """Its end can be read, so one of its two pieces is written before the other cannot be."""
    hurt = disks.record(0, 20)
    disks.record(20, 20)
    path = disks.folder / hurt.path
    data = bytearray(path.read_bytes())
    data[hurt.marks[-1].offset : hurt.marks[-1].offset + 100] = bytes(100)
    path.write_bytes(data)
    done = disks.cut(5, 9)
    assert (done.segments, done.waits) == (0, True)
    assert len(disks.files()) == 2
    assert not list(disks.folder.rglob("*.copy"))
    done = disks.cut(5, 30)
    assert (done.segments, done.waits) == (2, False), "its damaged end is not to be kept any more"
