"""What a whole hub loses of its recordings when its workers, or it itself, are killed again and again.

    python -m benchmarks.recording_crash_hub [--workers 20] [--hubs 5] [--cameras 16] [--seed 1]

A hub of its own, with two workers, records files that play in a loop as cameras. At moments of chance a worker gets
SIGKILL, or the hub does and is started anew. Then the hub is stopped, `hub recordings check` runs twice, and the files
say what is missing: of each camera of a killed worker from its last whole fragment to the kill; and whatever else is
missing between the files of a camera, which is to be nothing, for a hub that dies costs no recording. ffprobe plays
every file to its end. Exits with 1 when more than a second is lost, something is missing without a kill, a file does
not play, or the second check finds a difference.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cameras.recordings.media import Segment
from cameras.recordings.mp4.index import read_segment
from hub.clock import SystemClock
from tests.fakes.clips import write_clip

CLOCK = SystemClock()
NEVER = threading.Event()
FPS = 15
MAY_LOSE_S = 1.0
_GAP_S = 0.5
"""Less is how late one packet came and the next did not, where a segment begins anew (at the loop of a file)."""
_ABOUT_S = 1.0
"""A kill is carried out so much later at most than it was noted, on a machine that has far too much to do."""
_BACK_S = 120.0
"""A worker that dies again and again is started after up to ten seconds, on a busy machine that takes as long again."""
HUB = (str(Path(sys.executable).with_name("hub")),)


@dataclass(slots=True)
class Story:
    """What was done when.

    Attributes:
        workers: When a worker was killed.
        hubs: When the hub was killed.
    """

    workers: list[datetime] = field(default_factory=list)
    hubs: list[datetime] = field(default_factory=list)


class Village:
    """A hub on files, and what it left."""

    def __init__(self, folder: Path, cameras: int) -> None:
        self.data = folder / "data"
        self.recordings = self.data / "recordings"
        self.cameras = [f"cam-{number}" for number in range(cameras)]
        self._mark = f"HUB_BENCHMARK={uuid.uuid4()}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        clip = write_clip(
            folder / "clip.mp4", seconds=8, fps=FPS, width=320, height=180, moves_from_s=0, key_every=2 * FPS, grain=4.0
        )
        (folder / "machine.yaml").write_text(
            f"data: {self.data}\nhttp: {{port: 0}}\nbroker: {{kind: embedded, port: 0}}\n"
            "workers: {count: 2, linger_s: 60}\nrecordings: {segment_s: 20}\nlog_level: error\n"
        )
        lines = [
            "areas: [{id: east, name: East}]",
            "sites: [{id: hall, name: Hall, area: east, ring: road}]",
            "cameras:",
        ]
        lines += [f"  - {{id: {name}, site: hall, url: '{clip.as_uri()}', detectors: []}}" for name in self.cameras]
        (folder / "community.yaml").write_text("\n".join(lines) + "\n")

    def start(self) -> None:
        """Start the hub."""
        words = (*HUB, "run", "--machine", "machine.yaml", "--community", "community.yaml")
        name, _, value = self._mark.partition("=")
        with (self._folder / "hub.log").open("ab") as log:
            self._process = subprocess.Popen(
                words, cwd=self._folder, env={**os.environ, name: value}, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """Kill the hub."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Stop the hub and everything that it started."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=60)
        until_s = CLOCK.monotonic_s() + 10
        while self.workers() and CLOCK.monotonic_s() < until_s:
            CLOCK.wait(NEVER, 0.1)
        for pid in self.workers():
            os.kill(pid, signal.SIGKILL)

    def workers(self) -> list[int]:
        """The workers of this hub, and of no other on this machine."""
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if self._is_worker(pid)]  # noqa: PTH208

    def check(self) -> tuple[int, str]:
        """Let catalogue and files be compared."""
        words = (*HUB, "recordings", "check", "--machine", "machine.yaml")
        done = subprocess.run(words, cwd=self._folder, capture_output=True, text=True, check=False, timeout=600)
        return done.returncode, done.stdout + done.stderr

    def segments(self, camera: str) -> list[Segment]:
        """What the files of a camera hold, in their order."""
        folder = self.recordings
        found = [
            read_segment(folder, path.relative_to(folder).as_posix(), disk="data")
            for path in (folder / "hall" / camera).rglob("*.mp4")
        ]
        return sorted(found, key=lambda segment: segment.head.began)

    def wait_for_all(self) -> None:
        """Wait until every camera's newest file grows."""
        before: dict[str, int] = {}
        until_s = CLOCK.monotonic_s() + _BACK_S
        waiting = set(self.cameras)
        while waiting:
            if CLOCK.monotonic_s() > until_s:
                raise SystemExit(f"not recorded within {_BACK_S:.0f} s: {sorted(waiting)}")
            for camera in sorted(waiting):
                size = sum(path.stat().st_size for path in (self.recordings / "hall" / camera).rglob("*.mp4"))
                if size > before.setdefault(camera, size):
                    waiting.discard(camera)
            CLOCK.wait(NEVER, 0.1)

    def _is_worker(self, pid: int) -> bool:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            return b"cameras.worker" in words and self._mark.encode() in Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            return False


def live(village: Village, chance: random.Random, *, workers: int, hubs: int) -> Story:
    """Let it live through the kills."""
    story = Story()
    what = ["worker"] * workers + ["hub"] * hubs
    chance.shuffle(what)
    village.start()
    for one in what:
        village.wait_for_all()
        CLOCK.wait(NEVER, chance.uniform(0.0, 4.0))
        if one == "worker":
            pid = chance.choice(village.workers())
            story.workers.append(CLOCK.now())
            os.kill(pid, signal.SIGKILL)
        else:
            story.hubs.append(CLOCK.now())
            village.kill()
            CLOCK.wait(NEVER, chance.uniform(0.0, 4.0))
            village.start()
    village.wait_for_all()
    village.stop()
    return story


def losses(segments: list[Segment], story: Story) -> tuple[list[float], list[str]]:
    """Of one camera: seconds that each kill cost it, and what is missing without one."""
    lost: list[float] = []
    unexplained: list[str] = []
    for before, after in itertools.pairwise(segments):
        ends = before.head.began + timedelta(milliseconds=before.duration_ms)
        missing_s = (after.head.began - ends).total_seconds()
        if missing_s <= _GAP_S:
            continue
        killed = [at for at in story.workers if ends - timedelta(seconds=_ABOUT_S) <= at <= after.head.began]
        if killed:
            lost.append(max(0.0, (killed[0] - ends).total_seconds()))
        else:
            unexplained.append(f"{before.head.camera} {ends:%H:%M:%S.%f} {missing_s:.2f} s ({after.head.because})")
    return lost, unexplained


def _plays(path: Path, segment: Segment) -> bool:
    words = ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v"]
    words += ["-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    pictures = done.stdout.strip().strip(",")
    whole = pictures.isdigit() and abs(int(pictures) - segment.duration_ms * FPS / 1000) <= 1
    return done.returncode == 0 and not done.stderr and whole


def report(village: Village, story: Story) -> bool:
    """Print what came of it; whether it is what was promised."""
    _, first = village.check()
    code, second = village.check()
    lost: list[float] = []
    unexplained: list[str] = []
    files = broken = 0
    for camera in village.cameras:
        segments = village.segments(camera)
        costs, others = losses(segments, story)
        lost += costs
        unexplained += others
        files += len(segments)
        broken += sum(not _plays(village.recordings / one.path, one) for one in segments)
    lost.sort()
    print(
        f"{len(village.cameras)} cameras; {len(story.workers)} workers and {len(story.hubs)} hubs killed; {files} files"
    )
    if lost:
        p95_s = lost[int(0.95 * (len(lost) - 1))]
        print(f"  lost per camera and killed worker ({len(lost)}): max {lost[-1]:.2f} s, p95 {p95_s:.2f} s")
    print(f"  missing without a killed worker: {len(unexplained)} {unexplained[:5] or ''}")
    print(f"  files that do not play to their end: {broken}")
    print(f"  first check: {first.strip().splitlines()[-1]}; second: {second.strip().splitlines()[-1]}", flush=True)
    return not unexplained and not broken and code == 0 and max(lost, default=0.0) <= MAY_LOSE_S


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=20, help="times that a worker is killed")
    parser.add_argument("--hubs", type=int, default=5, help="times that the hub is killed")
    parser.add_argument("--cameras", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)  # noqa: S311 - moments, no secrets
    with tempfile.TemporaryDirectory() as name:
        village = Village(Path(name), arguments.cameras)
        try:
            story = live(village, chance, workers=arguments.workers, hubs=arguments.hubs)
            good = report(village, story)
        finally:
            village.stop()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
