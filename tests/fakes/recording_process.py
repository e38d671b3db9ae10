"""A process that records cameras until it is killed, and what was left of them.

It takes the pictures of a clip over and over at their own speed, through real recorders, writers and syncs, and keeps a
ledger of what it handed in, which no death of the process loses: a file in memory, shared with whoever kills it.

    python -m tests.fakes.recording_process --folder DISK --data DATA --clip CLIP --ledger LEDGER --cameras 8
"""

from __future__ import annotations

import argparse
import heapq
import mmap
import pickle
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cameras.errors import DamagedFileError
from cameras.recordings.media import VIDEO_TICKS, Because, Format, Sample, Segment, StreamName
from cameras.recordings.mp4.index import read_segment, repair
from cameras.recordings.writing.disks import Disks
from cameras.recordings.writing.recorder import StreamRecorder
from config.machine import Disk
from hub.clock import SystemClock

_HANDED_IN = struct.Struct("<d")
CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of one camera.

    Attributes:
        handed_in_s: Seconds of pictures that were handed in.
        recorded_s: Seconds of it that are in whole fragments.
        plays: Whether each file plays to its end as it was left.
        plays_repaired: Whether each plays to its end after the repair at the next start.
        files: How many there are.
    """

    handed_in_s: float
    recorded_s: float
    plays: bool
    plays_repaired: bool
    files: int

    @property
    def lost_s(self) -> float:
        """Seconds that are gone."""
        return max(0.0, self.handed_in_s - self.recorded_s)


@dataclass(frozen=True, slots=True)
class Clip:
    """What every camera shows, over and over: a whole number of groups of pictures, without sound.

    Attributes:
        form: What it holds.
        samples: Its pictures.
        step: Ticks from one to the next.
    """

    form: Format
    samples: tuple[Sample, ...]
    step: int

    def picture(self, number: int) -> Sample:
        """Picture `number` of an endless stream."""
        dts = number * self.step
        return replace(self.samples[number % len(self.samples)], dts=dts, pts=dts)


class Ledger:
    """Seconds that each camera handed in."""

    def __init__(self, path: Path, cameras: int) -> None:
        """Share it with whoever opens it too."""
        if not path.exists():
            path.write_bytes(bytes(_HANDED_IN.size * cameras))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _HANDED_IN.size * cameras)
        self._cameras = cameras

    def note(self, camera: int, seconds: float) -> None:
        """So much was handed in."""
        _HANDED_IN.pack_into(self._map, camera * _HANDED_IN.size, seconds)

    def read(self) -> list[float]:
        """What each handed in so far."""
        return [_HANDED_IN.unpack_from(self._map, camera * _HANDED_IN.size)[0] for camera in range(self._cameras)]


@contextmanager
def recording(
    folder: Path, data: Path, clip: Path, *, ledger: Path, cameras: int, segment_s: float = 5.0, kind: str = "ssd"
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that records; killed at the end if it was not before."""
    words = [sys.executable, "-m", "tests.fakes.recording_process", "--folder", folder, "--data", data, "--clip", clip]
    words += ["--ledger", ledger, "--cameras", cameras, "--segment", segment_s, "--kind", kind]
    process = subprocess.Popen([str(word) for word in words], cwd=Path(__file__).parents[2])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def left_of(folder: Path, handed_in_s: Sequence[float], clip: Clip) -> list[Left]:
    """What is left of each camera; repairs the files, as the next start would."""
    return [
        _left(folder, sorted((folder / "hall" / f"cam-{camera}").rglob("*.mp4")), seconds, clip)
        for camera, seconds in enumerate(handed_in_s)
    ]


def _left(folder: Path, files: Sequence[Path], handed_in_s: float, clip: Clip) -> Left:
    found: list[Segment] = []
    plays = plays_repaired = True
    for file in files:
        plays = plays and _plays(file, clip, _read(folder, file))
        try:
            repair(file)
        except DamagedFileError:
            plays_repaired = False
            continue
        segment = _read(folder, file)
        plays_repaired = plays_repaired and _plays(file, clip, segment)
        if segment is not None:
            found.append(segment)
    recorded_s = sum(segment.duration_ms for segment in found) / 1000
    return Left(handed_in_s, recorded_s, plays, plays_repaired, len(files))


def _read(folder: Path, file: Path) -> Segment | None:
    try:
        return read_segment(folder, file.relative_to(folder).as_posix(), disk="data")
    except DamagedFileError:
        return None


def _plays(file: Path, clip: Clip, segment: Segment | None) -> bool:
    """Whether ffprobe decodes every picture that the file says it holds, and has nothing to complain of."""
    if segment is None:
        return False
    words = ("ffprobe", "-v", "error", "-count_frames", "-select_streams", "v")
    words += ("-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", str(file))
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    pictures = round(segment.duration_ms * VIDEO_TICKS / 1000 / clip.step)
    return done.returncode == 0 and not done.stderr and done.stdout.strip().strip(",") == str(pictures)


def _record(arguments: argparse.Namespace) -> None:
    clip: Clip = pickle.loads(arguments.clip.read_bytes())  # noqa: S301 - made by whoever started this
    ledger = Ledger(arguments.ledger, arguments.cameras)
    disk = Disk(id="data", path=arguments.folder, kind=arguments.kind, keep_free_pct=0)
    disks = Disks([disk], data=arguments.data, queue_bytes=64 * 2**20, clock=CLOCK)
    disks.start()
    recorders = [
        StreamRecorder(
            site="hall",
            camera=f"cam-{number}",
            stream=StreamName.MAIN,
            disks=disks,
            clock=CLOCK,
            on_segment=lambda _: None,
            segment_s=arguments.segment,
        )
        for number in range(arguments.cameras)
    ]
    never = threading.Event()
    step_s = clip.step / VIDEO_TICKS
    begun_s = CLOCK.monotonic_s()
    # Cameras are out of step with each other, as they are.
    due = [(begun_s + 2.0 * number / arguments.cameras, number, 0) for number in range(arguments.cameras)]
    heapq.heapify(due)
    while True:
        at_s, number, picture = heapq.heappop(due)
        wait_s = at_s - CLOCK.monotonic_s()
        if wait_s > 0:
            CLOCK.wait(never, wait_s)
        if picture == 0:
            recorders[number].begin(clip.form, CLOCK.now(), Because.STARTED)
        recorders[number].take(replace(clip.picture(picture), at=CLOCK.now()))
        ledger.note(number, (picture + 1) * step_s)
        heapq.heappush(due, (at_s + step_s, number, picture + 1))


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser()
    for name in ("folder", "data", "clip", "ledger"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--cameras", type=int, required=True)
    parser.add_argument("--segment", type=float, default=5.0)
    parser.add_argument("--kind", default="ssd")
    _record(parser.parse_args())


if __name__ == "__main__":
    from tests.fakes.recording_process import main as run_under_its_own_name  # the clip names its class by this module

    run_under_its_own_name()
