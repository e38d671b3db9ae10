"""A recorder with its disks, on a clock that a test moves and without threads: what waits is written when asked."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cameras.recordings.media import Because, Format, Sample, Segment, StreamName
from cameras.recordings.writing.disks import Disks
from cameras.recordings.writing.recorder import StreamRecorder
from config.machine import Disk
from tests.fakes.clocks import SetWallClock

_AS_IT_SAYS_S = 5.0
START = datetime(2026, 5, 4, 8, 59, 30, tzinfo=UTC)


class Rig:
    """One stream, recorded on one disk or several.

    Attributes:
        opened: Segments as they were told when they were opened.
        closed: As they were told when they were closed.
        removed: Paths that were removed to make room, with their disks.
    """

    def __init__(
        self, tmp_path: Path, *disks: Disk, queue_bytes: int = 2**24, segment_s: float = 10.0, camera: str = "gate"
    ) -> None:
        self.clock = SetWallClock(START)
        self.opened: list[Segment] = []
        self.closed: list[Segment] = []
        self.removed: list[tuple[str, str]] = []
        self.settings = {one.id: one for one in disks or (Disk(id="data", path=tmp_path / "recordings"),)}
        self.disks = Disks(
            tuple(self.settings.values()),
            data=tmp_path / "data",
            queue_bytes=queue_bytes,
            clock=self.clock,
            on_removed=lambda disk, paths: self.removed.extend((disk, path) for path in paths),
        )
        self.recorder = self.another(camera, segment_s=segment_s)
        self._axis_s = 0.0
        self.look()

    def another(self, camera: str, *, segment_s: float = 10.0) -> StreamRecorder:
        """One more recorder on the same disks."""
        return StreamRecorder(
            site="hall",
            camera=camera,
            stream=StreamName.MAIN,
            disks=self.disks,
            clock=self.clock,
            on_segment=self._told,
            segment_s=segment_s,
            shortest=1.0,
        )

    def look(self) -> None:
        """Let every disk be looked at."""
        for writer in self.disks.writers:
            writer.look()
            writer.sync_now(at_once=False)

    def write(self) -> None:
        """Write what waits."""
        for writer in self.disks.writers:
            writer.work_off()

    def begin(self, form: Format, because: Because = Because.STARTED) -> None:
        """Begin a stream now."""
        self.recorder.begin(form, self.clock.now(), because)

    def feed(self, samples: Iterable[Sample], *, to: StreamRecorder | None = None, write: bool = True) -> None:
        """Hand samples in at the times that their order of decoding asks for; 0.1 s on where their times jump."""
        for sample in samples:
            if not sample.is_sound:
                at_s = sample.dts / 90_000
                ahead_s = self._axis_s + at_s - self.clock.monotonic_s()
                if not 0 <= ahead_s <= _AS_IT_SAYS_S:
                    ahead_s = 0.1
                self.clock.advance(ahead_s)
                self._axis_s = self.clock.monotonic_s() - at_s
            (to or self.recorder).take(replace(sample, at=self.clock.now()))
            if write:
                self.write()

    def stop(self) -> None:
        """Stop recording, and write what waits."""
        self.recorder.stop()
        self.write()

    def file(self, segment: Segment) -> Path:
        """Where a segment lies."""
        return self.settings[segment.disk].path / segment.path

    def _told(self, segment: Segment) -> None:
        (self.opened if segment.is_open else self.closed).append(segment)


def later(samples: Sequence[Sample], ticks: int, *, rate_hz: int = 0) -> list[Sample]:
    """The same samples, their times moved on by so many ticks of video."""
    by = {False: ticks, True: ticks * rate_hz // 90_000}
    return [replace(one, dts=one.dts + by[one.is_sound], pts=one.pts + by[one.is_sound]) for one in samples]


def looped(samples: Sequence[Sample], times: int, *, seconds: int) -> list[Sample]:
    """The samples of a clip of whole seconds, over and over, on one axis."""
    return [one for turn in range(times) for one in later(samples, turn * seconds * 90_000)]


def end_of(segment: Segment) -> datetime:
    """When a segment ends, by the stream's own time."""
    return segment.head.began + timedelta(milliseconds=segment.duration_ms)


def played(path: Path) -> list[dict[str, str]]:
    """What ffprobe decodes of a file's video, picture by picture; fails on any complaint."""
    words = ("ffprobe", "-v", "error", "-show_frames", "-select_streams", "v", "-of", "json", str(path))
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    except FileNotFoundError:
        pytest.skip("ffprobe is not installed")
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    frames: list[dict[str, str]] = json.loads(done.stdout)["frames"]
    return frames


@contextmanager
def mounted(folder: Path, *, size: str = "4m") -> Iterator[Path]:
    """A small file system of its own on a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    done = mount("-t", "tmpfs", "-o", f"size={size}", "recordings", str(folder))
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(("umount", "-l", str(folder)), capture_output=True, check=False)


def mount(*words: str) -> subprocess.CompletedProcess[str]:
    """Run `mount`."""
    return subprocess.run(("mount", *words), capture_output=True, text=True, check=False)
