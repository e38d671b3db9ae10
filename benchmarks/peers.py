"""What a camera costs here and with others, side by side: the same RTSP cameras, one after the other, in one run.

    python -m benchmarks.peers [--cameras 10] [--seconds 60] [--rounds 1] [--only NAME ...] [--json FILE]

- `hub`: as it is run (`hub run`): everything recorded as it comes, analysis and detectors as they are by themselves;
- `motion`: Debian's motion 4.5, detection as it is by itself at the cameras' 10 pictures a second, everything recorded
  as it comes (`movie_passthrough`, `emulate_motion`), no stills, no web server;
- `ffmpeg`: one process for each camera that decodes every picture into a pipe (`-threads 1 -f rawvideo -pix_fmt
  bgr24`), which is how many programs get their pictures; nothing is detected or recorded, and who reads the pipe is not
  counted.

Each gets the cameras of the farm alone, some time to settle, and is then measured: processor time and memory (PSS, in
which what processes share is counted once) of all its processes, per camera. What is not installed is left out, and why
is said. The farm's own cost is in nobody's figures. CPU seconds are comparable on a busy machine, too.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.capacity import CLOCK, NEVER, clips, cpu_s, hub_on
from benchmarks.farm.cameras import CameraFarm
from benchmarks.farm.running import machine_name

SETTLE_S = 30.0
FPS = 10
Pids = Callable[[], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Row:
    """What one of them cost.

    Attributes:
        name: Who.
        cameras: How many it had.
        cpu_pct: Of one core, per camera.
        memory_mb: Per camera.
        processes: How many it ran as.
        detects: What it looks for.
        records: What it keeps.
    """

    name: str
    cameras: int
    cpu_pct: float
    memory_mb: float
    processes: int
    detects: str
    records: str


def main() -> int:
    """Measure each and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cameras", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--settle", type=float, default=SETTLE_S)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=("hub", "motion", "ffmpeg"))
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    print(
        f"{machine_name()}, load {os.getloadavg()[0]:.1f} before; {asked.cameras} cameras of 640x360 at {FPS} a second"
    )
    print("name       CPU per camera   memory per camera   processes   detects / records", flush=True)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shown = clips(folder)
        farm = CameraFarm(shown, cameras=asked.cameras, busy=max(1, asked.cameras // 10), folder=folder)
        with farm:
            for number in range(asked.rounds):
                for each in (_hub, _motion, _ffmpeg):
                    if asked.only and name_of(each) not in asked.only:
                        continue
                    place = folder / f"{each.__name__}-{number}"
                    place.mkdir()
                    try:
                        row = each(place, farm, asked)
                    except (TimeoutError, subprocess.TimeoutExpired) as error:
                        print(f"{name_of(each)} is left out: {error}", flush=True)
                        continue
                    if row is not None:
                        rows.append(row)
                        print(
                            f"{row.name:10} {row.cpu_pct:10.2f} %  {row.memory_mb:14.1f} MB  {row.processes:10}"
                            f"   {row.detects} / {row.records}",
                            flush=True,
                        )
    if asked.json:
        found = {"machine": machine_name(), "rows": [asdict(row) for row in rows]}
        asked.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return 0


def name_of(measure: Callable[..., object]) -> str:
    """Who it measures."""
    return measure.__name__.strip("_")


def _hub(folder: Path, farm: CameraFarm, asked: argparse.Namespace) -> Row | None:
    with hub_on(folder, farm) as hub:
        _until(lambda: hub.recording() >= asked.cameras)
        return _measured("hub", asked, hub.pids, what=("motion, objects, fire, views", "everything"))


def _motion(folder: Path, farm: CameraFarm, asked: argparse.Namespace) -> Row | None:
    program = shutil.which("motion")
    if program is None:
        print("motion is left out: it is not installed (apt-get install --no-install-recommends motion)")
        return None
    lines = ["daemon off", "log_level 4", "webcontrol_port 0", "stream_port 0", "picture_output off"]
    lines += ["movie_output on", "movie_passthrough on", "emulate_motion on", "movie_max_time 300"]
    lines += ["width 640", "height 360", f"framerate {FPS}", f"target_dir {folder}"]
    for number, camera in enumerate(farm.ids, 1):
        path = folder / f"camera{number}.conf"
        url = farm.urls(camera)["main"]
        path.write_text(f"camera_id {number}\nnetcam_url {url}\nmovie_filename {number}-%s\n", encoding="utf-8")
        lines.append(f"camera {path}")
    (folder / "motion.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    words = [program, "-n", "-c", str(folder / "motion.conf")]
    with _programs([words], folder) as pids:
        _until(lambda: len(list(folder.glob("*-*.m*"))) >= asked.cameras)
        return _measured("motion", asked, pids, what=("motion", "everything"))


def _ffmpeg(folder: Path, farm: CameraFarm, asked: argparse.Namespace) -> Row | None:
    program = shutil.which("ffmpeg")
    if program is None:
        print("ffmpeg is left out: it is not installed")
        return None
    before = (program, "-nostdin", "-loglevel", "error", "-threads", "1", "-rtsp_transport", "tcp", "-i")
    after = ("-f", "rawvideo", "-pix_fmt", "bgr24", "pipe:1")
    words = [(*before, farm.urls(camera)["main"], *after) for camera in farm.ids]
    with _programs(words, folder, piped=True) as pids:
        return _measured("ffmpeg", asked, pids, what=("nothing", "nothing"))


def _measured(name: str, asked: argparse.Namespace, pids: Pids, *, what: tuple[str, str]) -> Row:
    CLOCK.wait(NEVER, asked.settle)
    began_s, before = CLOCK.monotonic_s(), {pid: cpu_s(pid) for pid in pids()}
    CLOCK.wait(NEVER, asked.seconds)
    took_s, now = CLOCK.monotonic_s() - began_s, list(pids())
    used_s = sum(cpu_s(pid) - before.get(pid, 0.0) for pid in now)
    memory_mb = sum(_shared_mb(pid) for pid in now)
    return Row(
        name,
        asked.cameras,
        used_s / took_s * 100 / asked.cameras,
        memory_mb / asked.cameras,
        len(now),
        *what,
    )


def _shared_mb(pid: int) -> float:
    """Proportional set size."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1000
    except OSError:
        pass
    return 0.0


@contextmanager
def _programs(words: Sequence[Sequence[str]], folder: Path, *, piped: bool = False) -> Iterator[Pids]:
    """Run programs, each into a pipe that is emptied when `piped`; ends them."""
    with ExitStack() as stack, (folder / "log").open("wb") as log:
        running: list[subprocess.Popen[bytes]] = []
        for each in words:
            out = subprocess.PIPE if piped else log
            process = stack.enter_context(subprocess.Popen(each, stdin=subprocess.DEVNULL, stdout=out, stderr=log))
            running.append(process)
            if piped:
                empties = subprocess.Popen(("cat",), stdin=process.stdout, stdout=subprocess.DEVNULL)
                stack.enter_context(empties)
            stack.callback(process.wait)
            stack.callback(process.kill)
        yield lambda: [process.pid for process in running if process.poll() is None]


def _until(done: Callable[[], bool], timeout_s: float = 120.0) -> None:
    until_s = CLOCK.monotonic_s() + timeout_s
    while not done():
        if CLOCK.monotonic_s() > until_s:
            raise TimeoutError(f"not all cameras run after {timeout_s:g} s")
        CLOCK.wait(NEVER, 0.5)


if __name__ == "__main__":
    sys.exit(main())
