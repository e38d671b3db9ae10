"""How many cameras this machine bears.

    python -m benchmarks.capacity [--cameras 10 50 100 159 300] [--seconds 600]

A hub as it is run (`hub run`, one worker per core, recording, analysis, object model where there is one)
receives cameras of 640x360 at 10 pictures a second over RTSP from a farm, a tenth of them busy. Told of each
number of cameras: how long until all record, the processor time of hub and workers (mean, and the 95th
percentile of windows of ten seconds) as a share of the whole machine, memory, processes besides the broker,
pictures that the analysis or a recording dropped, and what the farm itself cost, which is not the hub's. Prints
a table and writes JSON (`--json FILE`).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from benchmarks.farm.cameras import CameraFarm, FarmClips
from hub.clock import SystemClock
from tests.fakes.clips import write_clip

CLOCK = SystemClock()
NEVER = threading.Event()
WINDOW_S = 10.0
SETTLE_S = 40.0
"""Longer than quiet cameras take to fall asleep and the first statistics of each to be learned."""
PATIENCE_S = 120.0
_TICKS = os.sysconf("SC_CLK_TCK")
_PORT_LINE = "http://"


@dataclass(frozen=True, slots=True)
class Row:
    """What one number of cameras cost.

    Attributes:
        cameras: How many.
        all_record_s: From the hub's start until each has a recording open.
        machine_mean: Hub and workers, percent of all cores.
        machine_p95: The same, 95th percentile of the windows.
        hub_mean: The hub alone, percent of one core.
        memory_mb: Resident memory of hub and workers, the largest that was seen.
        processes: Besides the broker.
        dropped: Pictures that the analysis had no time for.
        lost: Pictures that the farm sent and a recording lacks.
        farm_mean: What serving the cameras cost, percent of one core.
    """

    cameras: int
    all_record_s: float
    machine_mean: float
    machine_p95: float
    hub_mean: float
    memory_mb: float
    processes: int
    dropped: int
    lost: int
    farm_mean: float


def main() -> None:
    """Measure each number of cameras and print."""
    parser = argparse.ArgumentParser(description="Cameras per machine.")
    parser.add_argument("--cameras", type=int, nargs="+", default=[10, 50, 100, 159, 300])
    parser.add_argument("--seconds", type=float, default=600.0, help="how long each is measured")
    parser.add_argument("--busy", type=float, default=0.1, help="share of cameras in whose view something moves")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    print(f"{cores} cores, load {os.getloadavg()[0]:.1f} before")
    print("cameras  all record   machine mean / p95   hub alone   memory  processes  dropped  lost   farm")
    rows = []
    for count in arguments.cameras:
        with tempfile.TemporaryDirectory() as folder:
            row = measure(count, arguments, Path(folder), cores)
        rows.append(row)
        print(
            f"{row.cameras:7}  {row.all_record_s:8.1f} s   {row.machine_mean:6.1f} % / {row.machine_p95:5.1f} %"
            f"   {row.hub_mean:6.1f} %  {row.memory_mb:5.0f} MB  {row.processes:8}  {row.dropped:7}  {row.lost:4}"
            f"  {row.farm_mean:5.1f} %",
            flush=True,
        )
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=2), encoding="utf-8")


def clips(folder: Path) -> FarmClips:
    """What the cameras show: a still scene with a sensor's noise, and the same with something that moves."""
    quiet = write_clip(folder / "quiet.mp4", seconds=20, width=640, height=360, key_every=20, grain=2.0)
    busy = write_clip(folder / "busy.mp4", seconds=20, width=640, height=360, key_every=20, grain=2.0, moves_from_s=0.0)
    return FarmClips([quiet], [busy])


def measure(count: int, arguments: argparse.Namespace, folder: Path, cores: int) -> Row:
    """Run a hub with so many cameras."""
    farm = CameraFarm(clips(folder), cameras=count, busy=round(count * arguments.busy), folder=folder)
    with farm, hub_on(folder, farm) as hub:
        began_s = CLOCK.monotonic_s()
        while hub.recording() < count:
            if CLOCK.monotonic_s() - began_s > PATIENCE_S:
                raise SystemExit(f"{count - hub.recording()} of {count} cameras do not record after {PATIENCE_S:g} s")
            CLOCK.wait(NEVER, 0.2)
        all_record_s = CLOCK.monotonic_s() - began_s
        CLOCK.wait(NEVER, SETTLE_S)
        sent, before = farm.fault()["sent"], hub.counts()
        farm_s = sum(map(cpu_s, farm.pids))
        hub_s, windows, memory = cpu_s(hub.pid), [], 0.0
        start_s = CLOCK.monotonic_s()
        while CLOCK.monotonic_s() - start_s < arguments.seconds:
            mine, at_s = hub.cpu_s(), CLOCK.monotonic_s()
            CLOCK.wait(NEVER, min(WINDOW_S, arguments.seconds))
            windows.append((hub.cpu_s() - mine) / (CLOCK.monotonic_s() - at_s) / cores * 100)
            memory = max(memory, hub.memory_mb())
        took_s = CLOCK.monotonic_s() - start_s
        after, sent = hub.counts(), farm.fault()["sent"] - sent
        return Row(
            cameras=count,
            all_record_s=all_record_s,
            machine_mean=statistics.mean(windows),
            machine_p95=sorted(windows)[max(0, round(len(windows) * 0.95) - 1)],
            hub_mean=(cpu_s(hub.pid) - hub_s) / took_s * 100,
            memory_mb=memory,
            processes=len(hub.pids()),
            dropped=round(after["dropped"] - before["dropped"]),
            lost=max(0, sent - round(after["packets"] - before["packets"]) - 2 * count),
            farm_mean=(sum(map(cpu_s, farm.pids)) - farm_s) / took_s * 100,
        )


class Running:
    """A hub that runs as a program of its own."""

    def __init__(self, pid: int, url: str) -> None:
        self.pid = pid
        self.url = url

    def metrics(self) -> dict[str, float]:
        """The hub's figures, summed over their labels except the state of cameras."""
        with urllib.request.urlopen(f"{self.url}/metrics") as answer:  # noqa: S310 - our own hub
            lines = answer.read().decode().splitlines()
        found: dict[str, float] = {}
        for line in lines:
            if line.startswith("#"):
                continue
            name, _, value = line.rpartition(" ")
            key = name if name.startswith("hub_cameras{") else name.partition("{")[0]
            found[key] = found.get(key, 0.0) + float(value)
        return found

    def counts(self) -> dict[str, float]:
        """Packets that came and pictures that were dropped so far."""
        found = self.metrics()
        return {name: found.get(f"hub_camera_{name}_total", 0.0) for name in ("packets", "dropped")}

    def recording(self) -> int:
        """How many cameras are live, which is when they record."""
        return round(self.metrics().get('hub_cameras{state="live"}', 0.0))

    def pids(self) -> list[int]:
        """The hub and its workers; not the broker."""
        children = [int(each) for each in _children(self.pid) if "nats" not in _command(int(each))]
        return [self.pid, *children]

    def cpu_s(self) -> float:
        """Processor time of all of them."""
        return sum(map(cpu_s, self.pids()))

    def memory_mb(self) -> float:
        """Resident memory of all of them."""
        return sum(_resident_mb(pid) for pid in self.pids())


@contextmanager
def hub_on(folder: Path, farm: CameraFarm) -> Iterator[Running]:
    """A hub with the farm's cameras, from its start to its end."""
    cameras = [
        {"id": name, "site": "village", **{key: {"url": url} for key, url in farm.urls(name).items()}}
        for name in farm.ids
    ]
    community = {
        "sites": [{"id": "village", "name": {"zh": "村", "en": "Village"}, "ring": "road"}],
        "cameras": cameras,
    }
    machine = {"data": str(folder / "data"), "http": {"port": 0}, "broker": {"port": 0}, "log_level": "warning"}
    (folder / "community.yaml").write_text(yaml.safe_dump(community, allow_unicode=True), encoding="utf-8")
    (folder / "machine.yaml").write_text(yaml.safe_dump(machine), encoding="utf-8")
    files = ["--machine", str(folder / "machine.yaml"), "--community", str(folder / "community.yaml")]
    with subprocess.Popen(
        [str(Path(sys.executable).with_name("hub")), "run", *files], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = next((_address(line) for line in process.stdout if _PORT_LINE in line), "")
        if not url:
            raise SystemExit("the hub did not start")
        reading = threading.Thread(target=process.stdout.read, daemon=True)
        reading.start()
        try:
            yield Running(process.pid, url)
        finally:
            process.terminate()
            process.wait(30)


def _address(line: str) -> str:
    found = line[line.index(_PORT_LINE) + len(_PORT_LINE) :]
    return _PORT_LINE + found.split()[0].partition("/")[0]


def cpu_s(pid: int) -> float:
    """Processor time of a process so far, seconds; 0 once it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _children(pid: int) -> list[str]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += (task / "children").read_text(encoding="utf-8").split()
    return found


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _resident_mb(pid: int) -> float:
    try:
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1000
    except OSError:
        pass
    return 0.0


if __name__ == "__main__":
    main()
