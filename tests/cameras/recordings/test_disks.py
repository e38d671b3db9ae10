"""Disks: filled, freed, gone, back, slow, swapped; what is lost is said, and nothing else is touched."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cameras.errors import DiskProblem
from cameras.recordings.media import Because, Segment, StreamName
from cameras.recordings.writing.disk_folder import IDENTITY
from cameras.recordings.writing.disk_writer import DiskWriter
from cameras.recordings.writing.disks import Disks
from cameras.recordings.writing.recorder import RecordingState, StreamRecorder
from config.machine import Disk
from hub.clock import SystemClock
from tests.fakes.recorders import Rig, end_of, looped, mount, mounted, played
from tests.fakes.recordings import FPS, footage


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    with mounted(tmp_path / "small") as folder:
        yield folder


@pytest.fixture
def ext4(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """An ext4 image and the folder on which it is mounted."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("there is no mkfs.ext4")
    image, folder = tmp_path / "image", tmp_path / "mnt"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(16 * 2**20)
    subprocess.run(("mkfs.ext4", "-q", str(image)), check=True, capture_output=True)
    done = mount("-o", "loop", str(image), str(folder))
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    yield image, folder
    subprocess.run(("umount", "-l", str(folder)), capture_output=True, check=False)


def _record(rig: Rig, seconds: int, *, first: bool = True) -> None:
    form, samples = footage(10)
    if first:
        rig.begin(form)
        rig.start_ticks = 0  # type: ignore[attr-defined]
    begun = rig.start_ticks  # type: ignore[attr-defined]
    more = looped(samples, begun // 900_000 + seconds // 10 + 2, seconds=10)
    chosen = [one for one in more if begun <= one.dts < begun + seconds * 90_000]
    rig.start_ticks = begun + seconds * 90_000  # type: ignore[attr-defined]
    rig.feed(chosen)


def _all_play(rig: Rig, *segments: Segment) -> int:
    return sum(len(played(rig.file(one))) for one in segments)


def _ballast(folder: Path, leave_bytes: int) -> Path:
    """Fill a disk with something that is not ours."""
    space = os.statvfs(folder)
    file = folder / "ballast"
    with file.open("wb") as out:
        out.write(b"\1" * max(0, space.f_bavail * space.f_frsize - leave_bytes))
    return file


def test_a_disk_carries_its_name_and_is_taken_up_again(tmp_path: Path) -> None:
    Rig(tmp_path)
    made = json.loads((tmp_path / "recordings" / IDENTITY).read_text())
    assert made["disk"] == "data"
    again = Rig(tmp_path)
    assert again.disks.status()[0].problem is None
    assert json.loads((tmp_path / "recordings" / IDENTITY).read_text()) == made


def test_a_disk_of_another_name_is_not_written(tmp_path: Path) -> None:
    Rig(tmp_path)
    other = Rig(tmp_path, Disk(id="other", path=tmp_path / "recordings"))
    _record(other, 2)
    other.stop()
    (status,) = other.disks.status()
    assert status.problem is DiskProblem.GONE
    assert "'data'" in status.detail
    assert other.opened == []
    assert other.recorder.status.because is Because.OFF


def test_recording_never_goes_on_into_the_folder_of_a_disk_that_is_gone(
    tmp_path: Path, ext4: tuple[Path, Path]
) -> None:
    """It stops with the reason, nothing lands on the system's disk, and it is back at the first look at the disk."""
    image, folder = ext4
    rig = Rig(tmp_path, Disk(id="one", path=folder))
    _record(rig, 5)
    assert mount_is_gone(folder)
    rig.look()
    _record(rig, 7, first=False)
    rig.look()
    assert list(folder.iterdir()) == []
    assert rig.recorder.status.state is RecordingState.STOPPED
    assert rig.recorder.status.because is Because.DISK_GONE
    assert "mounted" in rig.disks.status()[0].detail
    assert mount("-o", "loop", str(image), str(folder)).returncode == 0
    rig.look()
    _record(rig, 8, first=False)
    rig.stop()
    first, second = rig.closed
    assert second.head.because is Because.DISK_GONE
    assert _all_play(rig, first, second) == (first.duration_ms + second.duration_ms) * FPS // 1000
    assert end_of(first) < second.head.began
    assert second.duration_ms == 8000


def mount_is_gone(folder: Path) -> bool:
    """Take a mounted disk away while it is written, as a cable does."""
    subprocess.run(("umount", "-l", str(folder)), check=True, capture_output=True)
    return not os.path.ismount(folder)


def test_another_disk_takes_over_when_one_is_gone(tmp_path: Path, ext4: tuple[Path, Path]) -> None:
    _, folder = ext4
    rig = Rig(
        tmp_path,
        Disk(id="one", path=folder, keep_free_pct=0),
        Disk(id="two", path=tmp_path / "two", use="old"),
        segment_s=300,
    )
    _record(rig, 5)
    assert mount_is_gone(folder)
    rig.look()
    _record(rig, 5, first=False)
    rig.stop()
    first, second = rig.closed
    assert (first.disk, second.disk, second.head.because) == ("one", "two", Because.DISK_GONE)
    assert (second.head.began - end_of(first)).total_seconds() <= 2.0
    assert len(played(rig.file(second))) * 1000 == second.duration_ms * FPS


def test_a_disk_that_fails_while_it_is_written_counts_as_gone_and_comes_back(
    tmp_path: Path, ext4: tuple[Path, Path]
) -> None:
    """The file system found an error and lets nobody write any more, as ext4 does by itself."""
    image, folder = ext4
    rig = Rig(tmp_path, Disk(id="one", path=folder))
    _record(rig, 5)
    assert mount("-o", "remount,abort", str(folder)).returncode == 0
    _record(rig, 5, first=False)
    assert rig.recorder.status.because is Because.DISK_GONE
    assert rig.recorder.status.dropped >= 1
    for _ in range(3):
        rig.look()
        assert rig.disks.status()[0].problem is DiskProblem.GONE
    assert mount_is_gone(folder)
    assert mount("-o", "loop", str(image), str(folder)).returncode == 0
    rig.look()
    _record(rig, 4, first=False)
    rig.stop()
    first, second = rig.closed
    assert second.head.because is Because.DISK_GONE
    assert len(played(rig.file(second))) == 4 * FPS
    assert first.marks


def test_a_disk_that_fills_loses_its_oldest_files_and_no_picture(tmp_path: Path) -> None:
    with mounted(tmp_path / "tiny", size="128k") as folder:
        rig = Rig(tmp_path, Disk(id="one", path=folder, keep_free_pct=20))
        begun = rig.clock.monotonic_s()
        _record(rig, 60)
        for _ in range(14):
            _record(rig, 10, first=False)
            rig.look()
        rig.stop()
        gone = [path for _, path in rig.removed]
        assert gone
        assert gone == [one.path for one in rig.closed[: len(gone)]], "the oldest first"
        assert {one.head.because for one in rig.closed[1:]} == {Because.ROLLED}
        assert sum(one.duration_ms for one in rig.closed) == pytest.approx(
            (rig.clock.monotonic_s() - begun) * 1000, abs=2500
        )
        left = rig.closed[len(gone) :]
        assert _all_play(rig, *left) == sum(one.duration_ms for one in left) * FPS // 1000
        status = rig.disks.status()[0]
        assert status.removed == len(gone)
        assert status.free_bytes >= 0.2 * status.total_bytes
        assert rig.recorder.status.dropped == 0


def test_a_write_that_finds_no_room_makes_some_and_loses_nothing(tmp_path: Path) -> None:
    """Nobody looked at the disk meanwhile: the write itself is refused, and is done again."""
    with mounted(tmp_path / "tiny", size="128k") as folder:
        rig = Rig(tmp_path, Disk(id="one", path=folder, keep_free_pct=0))
        _record(rig, 200)
        rig.stop()
        assert rig.removed
        assert rig.recorder.status.dropped == 0
        assert sum(one.duration_ms for one in rig.closed) == 200_000
        assert _all_play(rig, rig.closed[-1]) > 0


def test_a_disk_that_others_fill_stops_recording_until_it_is_freed(tmp_path: Path, small: Path) -> None:
    rig = Rig(tmp_path, Disk(id="one", path=small, keep_free_pct=10))
    _record(rig, 5)
    ballast = _ballast(small, 40_000)
    rig.look()
    _record(rig, 10, first=False)
    assert rig.recorder.status.state is RecordingState.STOPPED
    assert rig.recorder.status.because is Because.DISK_FULL
    assert rig.disks.status()[0].problem is DiskProblem.FULL
    ballast.unlink()
    rig.look()
    _record(rig, 5, first=False)
    rig.stop()
    first, second = rig.closed
    assert second.head.because is Because.DISK_FULL
    assert _all_play(rig, first, second) == (first.duration_ms + second.duration_ms) * FPS // 1000


def test_a_quota_is_kept_on_a_disk_with_room(tmp_path: Path) -> None:
    rig = Rig(tmp_path, Disk(id="one", path=tmp_path / "much", keep_free_pct=0, most_gb=0.00015))
    _record(rig, 60)
    for _ in range(30):
        _record(rig, 10, first=False)
        rig.look()
    rig.stop()
    used = sum(path.stat().st_size for path in (tmp_path / "much").rglob("*.mp4"))
    assert rig.removed
    assert used < 170_000
    assert rig.recorder.status.dropped == 0


def test_a_disk_that_does_not_keep_up_costs_up_to_the_next_key_picture_and_says_so(tmp_path: Path) -> None:
    rig = Rig(tmp_path, queue_bytes=12_000, segment_s=300)
    form, samples = footage(10)
    long = looped(samples, 4, seconds=10)
    rig.begin(form)
    rig.feed(long[: 10 * FPS])
    rig.feed(long[10 * FPS : 30 * FPS], write=False)
    assert rig.recorder.status.state is RecordingState.STOPPED
    assert rig.recorder.status.because is Because.DISK_SLOW
    assert rig.disks.writers[0].waiting_bytes <= 12_000
    rig.write()
    rig.feed(long[30 * FPS :])
    rig.stop()
    first, second = rig.closed
    assert second.head.because is Because.DISK_SLOW
    assert second.duration_ms == 10_000
    assert rig.recorder.status.dropped >= 1
    assert rig.disks.status()[0].dropped >= 1
    assert _all_play(rig, first, second) == (first.duration_ms + second.duration_ms) * FPS // 1000


def test_a_disk_that_is_slow_is_left_for_another_before_anything_is_lost(tmp_path: Path) -> None:
    disks = [Disk(id=name, path=tmp_path / name, keep_free_pct=0) for name in ("one", "two")]
    rig = Rig(tmp_path, *disks, queue_bytes=12_000, segment_s=300)
    form, samples = footage(10)
    slow = rig.disks.choose()  # both lie on one file system; where more was free at the look, others decide
    assert isinstance(slow, DiskWriter)
    other = next(one for one in rig.disks.writers if one is not slow)
    rig.begin(form)
    for sample in looped(samples, 3, seconds=10):
        rig.feed([sample], write=False)
        other.work_off()
    assert not slow.waiting_bytes > 12_000
    slow.work_off()
    rig.stop()
    first, second = sorted(rig.closed, key=lambda each: each.head.began)
    assert (first.disk, second.disk) == (slow.disk.settings.id, other.disk.settings.id)
    assert second.head.because is Because.DISK_SLOW
    assert end_of(first) == second.head.began
    assert rig.recorder.status.dropped == 0


def test_a_disk_that_hangs_gets_no_new_segments_and_keeps_what_it_was_given(
    tmp_path: Path, ext4: tuple[Path, Path]
) -> None:
    """A frozen file system: its writer waits inside a call, and everything that waits is written once it goes on."""
    _, folder = ext4
    disks = [Disk(id="one", path=folder, keep_free_pct=0), Disk(id="two", path=tmp_path / "two", use="old")]
    rig = Rig(tmp_path, *disks, segment_s=300)
    _record(rig, 4)
    one, two = rig.disks.writers
    if subprocess.run(("fsfreeze", "-f", str(folder)), capture_output=True, check=False).returncode:
        pytest.skip("nothing can be frozen here")
    try:
        _, samples = footage(20)
        rig.feed(samples[40:60], write=False)
        writer = threading.Thread(target=one.work_off)
        writer.start()
        rig.feed(samples[60:160], write=False)
        two.work_off()
        assert rig.recorder.status.state is RecordingState.RECORDING
        assert writer.is_alive()
        assert one.trouble is DiskProblem.SLOW
    finally:
        subprocess.run(("fsfreeze", "-u", str(folder)), check=True)
    writer.join()
    rig.stop()
    first, second = sorted(rig.closed, key=lambda each: each.head.began)
    assert (first.disk, second.disk) == ("one", "two")
    assert first.duration_ms + second.duration_ms == 16_000
    assert _all_play(rig, first, second) == 16 * FPS


def test_a_disk_is_taken_up_within_five_seconds_of_its_return(tmp_path: Path, ext4: tuple[Path, Path]) -> None:
    """With the threads and the clock of a worker."""
    image, folder = ext4
    clock, never = SystemClock(), threading.Event()
    disks = Disks([Disk(id="one", path=folder)], data=tmp_path, queue_bytes=2**24, clock=clock)
    disks.start()
    told: list[Segment] = []
    recorder = StreamRecorder(
        site="hall", camera="gate", stream=StreamName.MAIN, disks=disks, clock=clock, on_segment=told.append
    )
    form, samples = footage(10)
    recorder.begin(form, clock.now(), Because.STARTED)

    def feed_until(state: RecordingState, because: Because | None) -> float:
        begun_s = clock.monotonic_s()
        while (recorder.status.state, recorder.status.because) != (state, because):
            assert clock.monotonic_s() - begun_s < 20
            recorder.take(replace(samples[0], dts=next(ticks), at=clock.now()))
            clock.wait(never, 0.02)
        return clock.monotonic_s() - begun_s

    ticks = itertools.count(0, 1800)
    feed_until(RecordingState.RECORDING, None)
    assert mount_is_gone(folder)
    assert feed_until(RecordingState.STOPPED, Because.DISK_GONE) < 5
    assert mount("-o", "loop", str(image), str(folder)).returncode == 0
    assert feed_until(RecordingState.RECORDING, None) < 5
    recorder.stop()
    assert disks.stop()
    closed = [one for one in told if not one.is_open]
    assert closed[-1].head.because is Because.DISK_GONE


def test_a_listener_that_fails_costs_nothing(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.opened = None  # type: ignore[assignment]
    _record(rig, 4)
    rig.stop()
    (path,) = (tmp_path / "recordings").rglob("*.mp4")
    assert len(played(path)) == 4 * FPS


def test_a_data_folder_that_is_moved_with_its_recordings_is_taken_up_where_it_is(tmp_path: Path) -> None:
    """On a file system of its own first, as in a container; then on the system's disk."""
    with mounted(tmp_path / "volume") as volume:
        first = Rig(volume)
        _record(first, 4)
        first.stop()
        shutil.copytree(volume, tmp_path / "copy")
    moved = Rig(tmp_path / "copy")
    assert moved.disks.status()[0].problem is None
