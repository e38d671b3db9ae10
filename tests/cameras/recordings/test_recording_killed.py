"""A recording process that is killed loses less than a second, and what it leaves behind plays."""

from __future__ import annotations

import pickle
import shutil
import threading
from pathlib import Path

import pytest

from cameras.recordings.media import VIDEO_TICKS, Because, Segment, StreamName
from cameras.recordings.writing.disks import Disks
from cameras.recordings.writing.recorder import RecordingState, StreamRecorder
from config.machine import Disk
from hub.clock import SystemClock
from tests.fakes.recorders import played
from tests.fakes.recording_process import Clip, Ledger, left_of, recording
from tests.fakes.recordings import FPS, footage

CLOCK = SystemClock()
DEADLINE_S = 20.0
CAMERAS = 4


def _wait(ledger: Ledger, seconds: float) -> None:
    until_s, never = CLOCK.monotonic_s() + DEADLINE_S, threading.Event()
    while min(ledger.read()) < seconds:
        assert CLOCK.monotonic_s() < until_s
        CLOCK.wait(never, 0.01)


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
def test_kill_9_loses_less_than_a_second_of_each_camera(tmp_path: Path) -> None:
    form, samples = footage(4)
    clip = Clip(form, samples, VIDEO_TICKS // FPS)
    (tmp_path / "clip").write_bytes(pickle.dumps(clip))
    ledger = Ledger(tmp_path / "ledger", CAMERAS)
    folder = tmp_path / "disk"
    with recording(
        folder, tmp_path, tmp_path / "clip", ledger=tmp_path / "ledger", cameras=CAMERAS, segment_s=2.0
    ) as process:
        _wait(ledger, 3.0)
        process.kill()
        process.wait()
    left = left_of(folder, ledger.read(), clip)
    assert all(one.plays and one.plays_repaired for one in left)
    assert all(one.files >= 2 for one in left)
    assert max(one.lost_s for one in left) <= 1.0


def test_a_tidy_stop_loses_nothing(tmp_path: Path) -> None:
    """The threads themselves, on the machine's clock: what was handed in is written, closed and synced."""
    closed: list[Segment] = []
    disks = Disks([Disk(id="data", path=tmp_path / "disk")], data=tmp_path, queue_bytes=2**24, clock=CLOCK)
    disks.start()
    recorder = StreamRecorder(
        site="hall",
        camera="gate",
        stream=StreamName.SUB,
        disks=disks,
        clock=CLOCK,
        on_segment=lambda segment: None if segment.is_open else closed.append(segment),
    )
    form, samples = footage(4)
    recorder.begin(form, CLOCK.now(), Because.STARTED)
    for sample in samples:
        recorder.take(sample)
    assert recorder.status.state is RecordingState.RECORDING
    recorder.stop()
    assert disks.stop()
    (segment,) = closed
    assert len(played(tmp_path / "disk" / segment.path)) == 4 * FPS
    (status,) = disks.status()
    assert (status.problem, status.waiting_bytes, status.sync_failures) == (None, 0, 0)
    assert status.syncs >= 1
    assert recorder.status.written_bytes == sum(mark.size_bytes for mark in segment.marks)
