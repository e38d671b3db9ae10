"""Whether recording goes on whatever else stands still: the analysis, the database, the hub itself.

    python -m benchmarks.recording_independence [--freeze-s 600] [--lock-s 120] [--dead-s 300] [--cameras 8]

Two hubs side by side, each with two workers and cameras of its own, which an RTSP server plays from a film so long that
it never begins again. Of the first hub every analysis is frozen. Of the second the database is locked by another
process; then the hub gets SIGKILL, stays away, and another one takes its workers over. Workers are real, but for what
looks at their pictures, and for noting what they tell.

At the end all files are read. A hole is what is missing between two fragments of a file by the camera's own time, or
between two files, by the hub's clock without the drift that is written in the file. Pictures are missing when they do
not follow on each other as in the film (the server now and then sends one twice). Events are lost when a worker told
them and the database does not hold them. Exits with 1 when a hole is longer than 0.5 s, a picture is missing, or
`hub recordings check` finds a difference.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from unittest import mock

from cameras.link_words import WorkerHealth
from cameras.recordings.media import Because, Segment
from cameras.recordings.mp4.index import read_segment
from cameras.running.outbox import Outbox
from cameras.streams.serving import VideoServer
from cameras.supervision.processes import environment
from hub.clock import SystemClock
from hub.events import Event

CLOCK = SystemClock()
NEVER = threading.Event()
MAY_MISS_S = 0.5
FPS = 10
_CLIP_S = 8
_WORKERS = 2
_SEGMENT_S = 30
_BEFORE_S = 15.0
"""Of quiet recording before each trouble, and after it."""
_BACK_S = 120.0
_FILM = "film.mp4"
_NOTES = "HUB_BENCHMARK_NOTES"
"""Names the folder in which workers note what they tell, and where `frozen` lies while analyses are to stand still."""
_HUB, _WORKER = (
    (sys.executable, "-c", f"from benchmarks.recording_independence import {name}; {name}()")
    for name in ("be_hub", "be_worker")
)
_LOCK = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


def be_hub() -> None:
    """The program `hub run`, with workers of ours."""
    from api import main, running  # noqa: PLC0415 - each program loads what it needs
    from cameras.supervisor import Supervisor  # noqa: PLC0415
    from config.load import load_machine  # noqa: PLC0415
    from hub import logs  # noqa: PLC0415

    machine = load_machine(Path("machine.yaml"))
    logs.set_up(machine.log_level)
    build = partial(main.build, make_cameras=partial(Supervisor, command=_WORKER))
    with mock.patch.object(running, "build", build):
        running.run_hub(machine, community_path=Path("community.yaml"))


def be_worker() -> None:
    """The worker's program, with an analysis that freezes; notes what it tells."""
    from cameras.vision.decoding import Frame  # noqa: PLC0415
    from cameras.worker import start_process  # noqa: PLC0415
    from tests.fakes import analysis  # noqa: PLC0415

    notes = Path(os.environ[_NOTES])
    frozen = notes / "frozen"

    class Freezing(analysis.FakeAnalysis):
        def feed(self, frame: Frame) -> list[Event]:
            while frozen.exists():
                CLOCK.wait(NEVER, 0.2)
            return super().feed(frame)

    class Noting(Outbox):
        def events(self, events: Sequence[Event]) -> None:
            with (notes / f"{os.getpid()}.told").open("a", encoding="ascii") as file:
                file.writelines(f"{event.id}\n" for event in events)
            super().events(events)

        def health(self, health: WorkerHealth) -> None:
            hung = sum(one.reason == "analysis_hung" for one in health.cameras)
            sessions = sum(one.sessions for one in health.cameras)
            said = {"sessions": sessions, "hung": hung, "left_behind": health.left_behind}
            draft = notes / f"{os.getpid()}.draft"
            draft.write_text(json.dumps(said), encoding="ascii")
            draft.replace(draft.with_suffix(".health"))
            super().health(health)

    with mock.patch("cameras.worker.Outbox", Noting), mock.patch.object(analysis, "FakeAnalysis", Freezing):
        start_process(analysis.build_shared, analysis.build_analysis)


@dataclass(frozen=True, slots=True)
class Hole:
    """What is missing of a camera, below zero when two files overlap; `because` is empty inside of a file."""

    missing_s: float
    camera: str
    ends: datetime
    because: str


class Village:
    """A hub with cameras of its own, and what became of it."""

    def __init__(self, folder: Path, server: VideoServer, cameras: int) -> None:
        folder.mkdir()
        self.cameras = [f"cam-{number}" for number in range(cameras)]
        self.data = folder / "data"
        self.recordings = self.data / "recordings"
        self.phases: list[tuple[str, datetime]] = []
        self.words: list[str] = []
        self._folder = folder
        self._notes = folder / "notes"
        self._notes.mkdir()
        self.frozen = self._notes / "frozen"
        """While it is there, every analysis stands still."""
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "machine.yaml").write_text(
            f"data: {self.data}\nhttp: {{port: 0}}\nbroker: {{kind: embedded, port: 0}}\n"
            f"workers: {{count: {_WORKERS}}}\nrecordings: {{segment_s: {_SEGMENT_S}}}\nlog_level: warning\n"
        )
        lines = [
            "areas: [{id: east, name: East}]\nsites: [{id: hall, name: Hall, area: east, ring: road}]\ncameras:",
            *(f"  - {{id: {name}, site: hall, url: '{server.url(_FILM)}', detectors: []}}" for name in self.cameras),
        ]
        (folder / "community.yaml").write_text("\n".join(lines) + "\n")

    def start(self) -> None:
        """Start the hub."""
        with (self._folder / "hub.log").open("ab") as log:
            env = environment(()) | {_NOTES: str(self._notes)}
            self._process = subprocess.Popen(_HUB, cwd=self._folder, env=env, stdout=log, stderr=log)

    def kill(self) -> None:
        """Kill the hub."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Stop the hub and its workers."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=120)
        for pid in self.workers():
            os.kill(pid, signal.SIGTERM)

    def begin(self, phase: str) -> None:
        """What is missing from now on belongs to another phase."""
        self.phases.append((phase, CLOCK.now()))
        print(f"  {self.phases[-1][1]:%H:%M:%S} {phase}", flush=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Have another process hold the lock of the database."""
        words = (sys.executable, "-c", _LOCK, str(self.data / "hub.sqlite3"))
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            if process.stdout.readline() != b"locked\n":
                raise SystemExit("the database was not locked")
            yield
            process.communicate()

    def workers(self) -> list[int]:
        """The workers of this hub that run."""
        return sorted(pid for pid in self.health() if Path(f"/proc/{pid}").exists())

    def health(self) -> dict[int, dict[str, int]]:
        """What every worker that there was said last, by its number."""
        return {int(path.stem): json.loads(path.read_text()) for path in sorted(self._notes.glob("*.health"))}

    def told(self) -> set[str]:
        """Ids of all events that workers told."""
        return {line for path in self._notes.glob("*.told") for line in path.read_text().split()}

    def stored(self) -> set[str]:
        """Ids of all events in the database."""
        with closing(sqlite3.connect(f"file:{self.data / 'hub.sqlite3'}?mode=ro", uri=True)) as database:
            return {row[0] for row in database.execute("SELECT id FROM events")}

    def check(self) -> tuple[int, str]:
        """Compare catalogue and files."""
        words = (str(Path(sys.executable).with_name("hub")), "recordings", "check", "--machine", "machine.yaml")
        done = subprocess.run(words, cwd=self._folder, capture_output=True, text=True, check=False)
        return done.returncode, (done.stdout + done.stderr).strip()

    def segments(self, camera: str) -> list[Segment]:
        """What the files of a camera hold, in their order."""
        paths = (path.relative_to(self.recordings).as_posix() for path in self._files(camera))
        found = [read_segment(self.recordings, path, disk="data") for path in paths]
        return sorted(found, key=lambda segment: segment.head.began)

    def wait_for_all(self) -> None:
        """Wait until every camera's files grow."""
        before, until_s = self._sizes(), CLOCK.monotonic_s() + _BACK_S
        while not all(now > was for now, was in zip(self._sizes(), before, strict=True)):
            if CLOCK.monotonic_s() > until_s:
                raise SystemExit(f"not every camera is recorded within {_BACK_S:.0f} s")
            CLOCK.wait(NEVER, 0.2)

    def _files(self, camera: str) -> Iterable[Path]:
        return (self.recordings / "hall" / camera).rglob("*.mp4")

    def _sizes(self) -> list[int]:
        return [sum(path.stat().st_size for path in self._files(camera)) for camera in self.cameras]


def live_frozen(village: Village, *, freeze_s: float) -> None:
    """Live through analyses that stand still."""
    village.start()
    village.wait_for_all()
    village.begin("analysis runs (A)")
    CLOCK.wait(NEVER, _BEFORE_S)
    before = village.workers()
    village.frozen.touch()
    village.begin("analysis frozen")
    hung: list[int] = []
    for _ in range(round(freeze_s)):
        CLOCK.wait(NEVER, 1.0)
        running = village.workers()
        hung.append(sum(said["hung"] for pid, said in village.health().items() if pid in running))
    village.words.append(f"hung at once: {max(hung)} cameras; {sum(one == max(hung) for one in hung)} s so many")
    village.frozen.unlink()
    village.begin("analysis thawed")
    CLOCK.wait(NEVER, _BEFORE_S)
    village.wait_for_all()
    village.words.append(f"workers {before} before, {village.workers()} after")


def live_without(village: Village, *, lock_s: float, dead_s: float) -> None:
    """Live through a locked database, and without a hub."""
    village.start()
    village.wait_for_all()
    village.begin("database free (B)")
    CLOCK.wait(NEVER, _BEFORE_S)
    before = village.workers()
    with village.locked():
        village.begin("database locked")
        CLOCK.wait(NEVER, 1.0)
        stored = village.stored()
        CLOCK.wait(NEVER, lock_s - 1.0)
        told = len(village.told() - village.stored())
        village.words.append(f"stored while locked: {len(village.stored() - stored)}, waiting then: {told} events")
    CLOCK.wait(NEVER, _BEFORE_S)
    village.words.append(f"waiting {_BEFORE_S:.0f} s after the lock: {len(village.told() - village.stored())} events")
    village.kill()
    village.begin("hub gone")
    CLOCK.wait(NEVER, dead_s)
    village.words.append(f"waiting when the next hub starts: {len(village.told() - village.stored())} events")
    village.start()
    village.begin("next hub")
    CLOCK.wait(NEVER, 2 * _BEFORE_S)
    village.wait_for_all()
    village.words.append(f"workers {before} before, {village.workers()} after")


def holes(segments: list[Segment]) -> Iterator[Hole]:
    """Between any two fragments and any two files of a camera, however small."""
    for segment in segments:
        head = segment.head
        for mark, after in itertools.pairwise(segment.marks):
            missing_ms = after.at_ms - mark.at_ms - mark.duration_ms
            yield Hole(missing_ms / 1000, head.camera, head.began + timedelta(milliseconds=after.at_ms), "")
    for before, later in itertools.pairwise(segments):
        ends = before.head.began + timedelta(milliseconds=before.duration_ms + (before.drift_ms or 0))
        missing_s = (later.head.began - ends).total_seconds()
        yield Hole(missing_s, later.head.camera, later.head.began, str(later.head.because))


def _pictures(paths: Sequence[Path], shown: Path) -> tuple[int, int]:
    """How many pictures are missing, known by their content, and how many came twice."""
    import av  # noqa: PLC0415 - not in the hub's process

    def tails(path: Path) -> Iterator[bytes]:
        with av.open(str(path)) as container:
            yield from (bytes(packet)[-48:] for packet in container.demux(video=0) if packet.size)

    places = {tail: place for place, tail in enumerate(tails(shown))}
    numbers = [places[tail] for path in paths for tail in tails(path)]
    steps = [(after - number) % len(places) for number, after in itertools.pairwise(numbers)]
    return sum(max(0, step - 1) for step in steps), steps.count(0)


def report(village: Village, shown: Path) -> bool:
    """Print what came of it; whether nothing is missing."""
    found: dict[str, list[Hole]] = {name: [] for name, _ in village.phases}
    files = cut = missing = twice = 0
    whole_s = []
    for camera in village.cameras:
        segments = village.segments(camera)
        files += len(segments)
        cut += sum(one.head.because is not Because.ROLLED for one in segments[1:])
        lacking, doubled = _pictures([village.recordings / one.path for one in segments], shown)
        missing, twice = missing + lacking, twice + doubled
        for hole in holes(segments):
            phase = next((name for name, began in reversed(village.phases) if began <= hole.ends), village.phases[0][0])
            found[phase].append(hole)
        whole_s.append(sum(one.duration_ms for one in segments) / 1000)
    worst_s = max(hole.missing_s for phase in found.values() for hole in phase)
    for name, began in village.phases:
        longest = max(found[name], key=lambda hole: hole.missing_s)
        where = f"{longest.camera} {longest.ends:%H:%M:%S} {longest.because or 'in a file'}"
        many = sum(hole.missing_s > MAY_MISS_S for hole in found[name])
        print(f"  {began:%H:%M:%S} {name}: longest hole {longest.missing_s:.3f} s ({where}), {many} too long")
    health = list(village.health().values())
    print(
        f"  {len(village.cameras)} cameras, {files} files, {cut} not rolled; {min(whole_s):.0f} s of each at least, "
        f"{missing} pictures missing, {twice} twice\n"
        f"  {len(health)} worker processes, {sum(one['sessions'] for one in health)} sessions, "
        f"{sum(one['left_behind'] for one in health)} threads left behind at last"
    )
    for words in village.words:
        print(f"  {words}")
    code, check = village.check()
    events = f"{len(village.told())} events told, {len(village.told() - village.stored())} lost"
    print(f"  check: {check.splitlines()[-1]}; {events}\n", flush=True)
    return code == 0 and missing == 0 and worst_s <= MAY_MISS_S


def film(folder: Path, seconds: float) -> Path:
    """Write what all cameras show: a clip, half of it still, again and again without a seam; gives the clip."""
    import av  # noqa: PLC0415 - not in the hub's process

    from tests.fakes.clips import write_clip  # noqa: PLC0415 - likewise

    clip = folder.parent / "clip.mp4"
    write_clip(clip, seconds=_CLIP_S, fps=FPS, moves_from_s=_CLIP_S / 2, key_every=2 * FPS, grain=2.0)
    with av.open(str(clip)) as source, av.open(str(folder / _FILM), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        packets = [packet for packet in source.demux(video=0) if packet.size]
        step = packets[1].duration or 0
        for number in range(round(seconds * FPS)):
            packet = packets[number % len(packets)]
            packet.pts = packet.dts = number * step
            packet.stream = stream
            target.mux(packet)
    return clip


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--freeze-s", type=float, default=600.0)
    parser.add_argument("--lock-s", type=float, default=120.0)
    parser.add_argument("--dead-s", type=float, default=300.0)
    parser.add_argument("--cameras", type=int, default=8, help="of each of the two hubs")
    parser.add_argument("--keep", type=Path, help="a new folder in which everything stays; a temporary one unless told")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = asked.keep or Path(name) / "all"
        shown = folder / "shown"
        shown.mkdir(parents=True)
        clip = film(shown, max(asked.freeze_s, asked.lock_s + asked.dead_s) + 4 * _BACK_S)
        with VideoServer(shown) as server:
            frozen = Village(folder / "a", server, asked.cameras)
            without = Village(folder / "b", server, asked.cameras)
            try:
                with ThreadPoolExecutor(2) as both:
                    one = both.submit(live_frozen, frozen, freeze_s=asked.freeze_s)
                    both.submit(live_without, without, lock_s=asked.lock_s, dead_s=asked.dead_s).result()
                    one.result()
            finally:
                frozen.stop()
                without.stop()
        good = [report(frozen, clip), report(without, clip)]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
