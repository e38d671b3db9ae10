"""Several workers on one disk that is full: each removes only what is still too much, and waits for who is at it."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cameras.errors import DiskProblem
from cameras.recordings.opening import FOLDER
from cameras.recordings.writing import disk_watch
from cameras.recordings.writing.disk_watch import WatchedDisk
from cameras.recordings.writing.disk_writer import DiskWriter
from cameras.recordings.writing.room import hold_room, lock_segment
from cameras.recordings.writing.segment_file import SegmentFile
from cameras.recordings.writing.used import USED
from config.machine import Disk
from hub.clock import SystemClock
from tests.fakes.clocks import SetWallClock
from tests.fakes.recorders import START, Rig
from tests.fakes.recordings import footage

KB = 1024
FILES = 40
MOST = 30


def _fill(folder: Path, files: int = FILES) -> None:
    for number in range(files):
        path = folder / f"hall/gate/main/2026-05-04/0{number // 20}/{number % 20:02d}-00.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 64 * KB)


def _left(folder: Path) -> int:
    return len(list(folder.rglob("*.mp4")))


@pytest.fixture
def clock() -> SetWallClock:
    return SetWallClock(START)


def _watched(tmp_path: Path, clock: SetWallClock, disk: Disk) -> WatchedDisk:
    return WatchedDisk(disk, memory=tmp_path / "mem", may_lose_s=2, clock=clock)


def test_workers_that_share_a_quota_remove_what_is_too_much_once(
    tmp_path: Path, clock: SetWallClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_watch, "_MORE_BYTES", 2 * 64 * KB)
    folder = tmp_path / "disk"
    _fill(folder)
    disk = Disk(id="a", path=folder, keep_free_pct=0, most_gb=(MOST * 64 + 1) * KB / 1e9)
    workers = [_watched(tmp_path, clock, disk) for _ in range(4)]
    for worker in workers:
        worker.look()
    assert _left(folder) == MOST - 2
    workers[0].wrote(3 * 64 * KB)
    workers[0].look()
    assert _left(folder) == MOST - 2 - 3, "one is too much, and two more so that it need not be done again at once"
    for _ in range(3):
        clock.advance(100.0)
        for worker in workers:
            worker.look()
    assert _left(folder) == MOST - 2 - 3
    assert {worker.problem for worker in workers} == {None}


def test_nobody_counts_while_another_worker_does(tmp_path: Path, clock: SetWallClock) -> None:
    folder = tmp_path / "disk"
    _fill(folder)
    worker = _watched(tmp_path, clock, Disk(id="a", path=folder, keep_free_pct=0, most_gb=(MOST * 64 + 1) * KB / 1e9))
    with (folder / USED).open("w") as other:
        assert lock_segment(other.fileno())
        worker.look()
        assert (worker.problem, _left(folder)) == (None, FILES)
    worker.look()
    assert _left(folder) < MOST


def test_a_write_that_was_refused_while_others_made_room_is_done_again_and_nothing_more_removed(
    tmp_path: Path, clock: SetWallClock
) -> None:
    folder = tmp_path / "disk"
    _fill(folder)
    worker = _watched(tmp_path, clock, Disk(id="a", path=folder, keep_free_pct=0))
    worker.look()
    handle = os.open(folder, FOLDER)
    with hold_room(handle) as room:
        assert room is not None
        assert worker.failed(OSError(errno.ENOSPC, "full")) is None
        assert worker.others_make_room
        room.remove_oldest(enough=lambda so_far: so_far > 0)
    os.close(handle)
    assert worker.failed(OSError(errno.ENOSPC, "full")) is None
    assert (worker.others_make_room, _left(folder)) == (True, FILES - 1)
    assert worker.failed(OSError(errno.ENOSPC, "full")) is None
    assert not worker.others_make_room
    assert _left(folder) < FILES - 1


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A disk without room: the number of writes it refused; it has room again when that is below zero."""
    refused = [0]
    whole = SegmentFile.append

    def append(self: SegmentFile, *words: object, **more: object) -> None:
        if refused[0] >= 0:
            refused[0] += 1
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(self, *words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(SegmentFile, "append", append)
    yield refused
    refused[0] = -1


def _one_second(rig: Rig) -> None:
    form, samples = footage(10)
    rig.begin(form)
    rig.feed([one for one in samples if one.dts < 2 * 90_000], write=False)


def test_nothing_is_lost_while_another_worker_makes_room(
    tmp_path: Path, refusing: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = Rig(tmp_path)
    handle = os.open(tmp_path / "recordings", FOLDER)
    held = hold_room(handle)
    held.__enter__()
    waited = SetWallClock.wait

    def wait(self: SetWallClock, condition: threading.Event, timeout_s: float) -> bool:
        if refusing[0] == 5:
            held.__exit__(None, None, None)
            refusing[0] = -1
        return waited(self, condition, timeout_s)

    monkeypatch.setattr(SetWallClock, "wait", wait)
    _one_second(rig)
    rig.stop()
    os.close(handle)
    assert rig.recorder.status.dropped == 0
    assert len(rig.closed) == 1
    assert rig.disks.status()[0].problem is None


def test_waiting_for_another_worker_ends_and_the_disk_counts_as_full(tmp_path: Path, refusing: list[int]) -> None:
    rig = Rig(tmp_path)
    handle = os.open(tmp_path / "recordings", FOLDER)
    with hold_room(handle):
        begun_s = rig.clock.monotonic_s()
        _one_second(rig)
        rig.write()
        assert 10 <= rig.clock.monotonic_s() - begun_s < 20
        assert rig.disks.status()[0].problem is DiskProblem.FULL
        tried = refusing[0]
        assert 50 < tried < 200
    refusing[0] = -1
    rig.look()
    assert rig.disks.status()[0].problem is None
    os.close(handle)


@pytest.mark.timeout(10)
def test_a_writer_that_waits_for_room_can_be_stopped(tmp_path: Path, refusing: list[int]) -> None:
    folder = tmp_path / "disk"
    clock = SystemClock()
    disk = WatchedDisk(Disk(id="a", path=folder), memory=tmp_path / "mem", may_lose_s=2, clock=clock)
    rig = Rig(tmp_path)
    writer = DiskWriter(disk, queue_bytes=2**20, clock=clock)
    writer.start()
    assert writer.wait_for_a_look(5.0)
    handle = os.open(folder, FOLDER)
    with hold_room(handle):
        rig.disks.writers = (writer,)
        _one_second(rig)
        assert refusing[0] >= 0
        assert writer.stop(timeout_s=3.0)
    os.close(handle)
    assert disk.problem is DiskProblem.FULL
    assert rig.closed == []
