"""How many cameras this machine bears.

    python -m benchmarks.capacity [--cameras 10 50 100 159 300] [--seconds 600] [--json FILE]

A hub as it is run (`hub run`, one worker per core, recording, analysis, object model where there is one)
receives cameras of 640x360 at 10 pictures a second over RTSP from a farm, a tenth of them busy. Told of each
number of cameras: how long until all record, the processor time of hub and workers (mean, and the 95th
percentile of windows of ten seconds) as a share of the whole machine, what of it a camera takes and for what,
memory, processes besides the broker, and what the farm itself cost, which is not the hub's. Pictures are counted
one by one: the farm stops sending at the end, and each that it sent has to have come to the analysis and to stand
in a recorded file. A number that cannot be borne is a line of the table and not the end of it.
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import yaml

from benchmarks.farm.cameras import CameraFarm, FarmClips
from cameras.recordings.mp4.boxes import HEADER_BYTES, header_at
from cameras.recordings.mp4.fragments import runs
from hub.clock import SystemClock
from tests.fakes.clips import write_clip

CLOCK = SystemClock()
NEVER = threading.Event()
WINDOW_S = 10.0
SETTLE_S = 40.0
"""Longer than quiet cameras take to fall asleep and the first statistics of each to be learned."""
PATIENCE_S = 120.0
ARRIVES_S = 30.0
"""What is under way has come by then."""
_TICKS = os.sysconf("SC_CLK_TCK")
_PORT_LINE = "http://"


@dataclass(frozen=True, slots=True)
class Row:
    """What one number of cameras cost.

    Attributes:
        cameras: How many.
        recording: So many recorded in the end.
        all_record_s: From the hub's start until each has a recording open; 0 when not all did in time.
        machine_mean: Hub and workers, percent of all cores.
        machine_p95: The same, 95th percentile of the windows.
        hub_core: The hub alone, percent of one core.
        analysis_core: Decoding and looking at pictures, percent of one core.
        rest_core: All else in the workers, percent of one core: receiving, recording, telling the hub.
        camera_core: All of it, percent of one core for each camera.
        memory_mb: Resident memory of hub and workers, the largest that was seen.
        processes: Besides the broker.
        analysed_fps: Pictures a second and camera that were analysed.
        decoded_share: Of the pictures that came, decoded.
        sent: Pictures that the farm sent, from the first to the last.
        unsent: Pictures that the farm left out because nobody read what came before.
        lost: Pictures that were sent and did not come, or not undamaged; without the newest of each camera, which
            FFmpeg holds until the next comes.
        unrecorded: Pictures that were sent and stand in no file; counted likewise.
        dropped: Pictures that came while it was measured and that the analysis had no time for.
        farm_core: What serving the cameras cost, percent of one core.
        load_before: The machine's load average before the hub was started.
    """

    cameras: int
    recording: int
    all_record_s: float
    machine_mean: float
    machine_p95: float
    hub_core: float
    analysis_core: float
    rest_core: float
    camera_core: float
    memory_mb: float
    processes: int
    analysed_fps: float
    decoded_share: float
    sent: int
    unsent: int
    lost: int
    unrecorded: int
    dropped: int
    farm_core: float
    load_before: float


HEAD = (
    "cameras  all record   machine mean / p95   a camera = analysis + rest + hub   memory  processes"
    "  analysed  decoded     sent  lost  unrecorded  dropped   farm   load"
)


def main() -> None:
    """Measure each number of cameras and print."""
    parser = argparse.ArgumentParser(description="Cameras per machine.")
    parser.add_argument("--cameras", type=int, nargs="+", default=[10, 50, 100, 159, 300])
    parser.add_argument("--seconds", type=float, default=600.0, help="how long each is measured")
    parser.add_argument(
        "--rtsp", choices=["loop", "ffmpeg"], help="who receives, as `workers.rtsp`; the usual if not said"
    )
    parser.add_argument("--busy", type=float, default=0.1, help="share of cameras in whose view something moves")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    print(f"{cores} cores; processor time of a camera and of the farm is in percent of one of them")
    print(HEAD)
    rows = []
    for count in arguments.cameras:
        with tempfile.TemporaryDirectory() as folder:
            row = measure(count, arguments, Path(folder), cores)
        rows.append(row)
        print(line(row), flush=True)
        if arguments.json:
            arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=2), encoding="utf-8")


def line(row: Row) -> str:
    """One line of the table."""
    each = max(1, row.cameras)
    began = f"{row.all_record_s:8.1f} s" if row.all_record_s else f"{row.recording:4} only"
    parts = f"{row.analysis_core / each:5.2f} + {row.rest_core / each:4.2f} + {row.hub_core / each:4.2f} %"
    spent = f"{row.machine_mean:6.1f} % / {row.machine_p95:5.1f} %   {row.camera_core:5.2f} = {parts}"
    size = f"{row.memory_mb:5.0f} MB  {row.processes:9}"
    seen = f"{row.analysed_fps:6.2f}/s  {row.decoded_share:6.1%}"
    counted = f"{row.sent:8}  {row.lost:4}  {row.unrecorded:10}  {row.dropped:7}"
    beside = f"{row.farm_core:5.1f}  {row.load_before:5.1f}"
    return f"{row.cameras:7}  {began:>10}   {spent}   {size}  {seen}  {counted}  {beside}"


def clips(folder: Path) -> FarmClips:
    """What the cameras show: a still scene with a sensor's noise, and the same with something that moves."""
    quiet = write_clip(folder / "quiet.mp4", seconds=20, width=640, height=360, key_every=20, grain=2.0)
    busy = write_clip(folder / "busy.mp4", seconds=20, width=640, height=360, key_every=20, grain=2.0, moves_from_s=0.0)
    return FarmClips([quiet], [busy])


def measure(count: int, arguments: argparse.Namespace, folder: Path, cores: int) -> Row:
    """Run a hub with so many cameras."""
    load = os.getloadavg()[0]
    farm = CameraFarm(clips(folder), cameras=count, busy=round(count * arguments.busy), folder=folder)
    with farm:
        with hub_on(folder, farm, arguments.rtsp) as hub:
            began_s = CLOCK.monotonic_s()
            until(lambda: hub.recording() >= count, PATIENCE_S)
            all_record_s = CLOCK.monotonic_s() - began_s if hub.recording() >= count else 0.0
            CLOCK.wait(NEVER, SETTLE_S)
            before, start_s = Spent.of(hub, farm), CLOCK.monotonic_s()
            windows, memory = [], 0.0
            while CLOCK.monotonic_s() - start_s < arguments.seconds:
                mine, at_s = hub.cpu_s(), CLOCK.monotonic_s()
                CLOCK.wait(NEVER, min(WINDOW_S, arguments.seconds))
                windows.append((hub.cpu_s() - mine) / (CLOCK.monotonic_s() - at_s) / cores * 100)
                memory = max(memory, hub.memory_mb())
            took_s = CLOCK.monotonic_s() - start_s
            spent, processes, recording = Spent.of(hub, farm).since(before), len(hub.pids()), hub.recording()
            farm.fault(freeze=True)
            sent = farm.fault()
            until(lambda: hub.came() >= sent["sent"] - count, ARRIVES_S)
            came = hub.came()
        recorded = sum(map(pictures_in, (folder / "data" / "recordings").rglob("*.mp4")))
    return Row(
        cameras=count,
        recording=recording,
        all_record_s=all_record_s,
        machine_mean=statistics.mean(windows),
        machine_p95=sorted(windows)[max(0, round(len(windows) * 0.95) - 1)],
        hub_core=spent.hub_s / took_s * 100,
        analysis_core=spent.analysis_s / took_s * 100,
        rest_core=(spent.workers_s - spent.analysis_s) / took_s * 100,
        camera_core=(spent.hub_s + spent.workers_s) / took_s * 100 / count,
        memory_mb=memory,
        processes=processes,
        analysed_fps=spent.analysed / took_s / count,
        decoded_share=spent.decoded / max(1.0, spent.packets),
        sent=sent["sent"],
        unsent=sent["unsent"],
        lost=max(0, sent["sent"] - count - came),
        unrecorded=max(0, sent["sent"] - count - recorded),
        dropped=round(spent.dropped),
        farm_core=spent.farm_s / took_s * 100,
        load_before=load,
    )


def until(is_so: Callable[[], bool], patience_s: float) -> None:
    """Wait until it is so, or for so long."""
    began_s = CLOCK.monotonic_s()
    while not is_so() and CLOCK.monotonic_s() - began_s < patience_s:
        CLOCK.wait(NEVER, 0.2)


def pictures_in(path: Path) -> int:
    """How many pictures a recorded file holds, by its fragments' own tables."""
    found = 0
    with path.open("rb") as file:
        while len(head := file.read(HEADER_BYTES)) == HEADER_BYTES:
            size, kind = header_at(head, 0)
            if kind == b"moof":
                found += runs(head + file.read(size - HEADER_BYTES))[0].samples
            else:
                file.seek(size - HEADER_BYTES, os.SEEK_CUR)
    return found


@dataclass(frozen=True, slots=True)
class Spent:
    """What was taken so far, seconds of processor time and pictures."""

    hub_s: float
    workers_s: float
    analysis_s: float
    farm_s: float
    packets: float
    decoded: float
    analysed: float
    dropped: float

    @classmethod
    def of(cls, hub: Running, farm: CameraFarm) -> Spent:
        """As it stands now."""
        told = hub.metrics()

        def total(name: str) -> float:
            return told.get(f"hub_camera_{name}_total", 0.0)

        return cls(
            hub_s=cpu_s(hub.pid),
            workers_s=sum(cpu_s(pid) for pid in hub.pids() if pid != hub.pid),
            analysis_s=total("analysis_cpu_seconds"),
            farm_s=sum(map(cpu_s, farm.pids)),
            packets=total("packets"),
            decoded=total("decoded"),
            analysed=total("analysed"),
            dropped=total("dropped"),
        )

    def since(self, before: Spent) -> Spent:
        """What was taken between the two."""
        return Spent(*(getattr(self, each.name) - getattr(before, each.name) for each in fields(self)))


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

    def came(self) -> int:
        """Pictures that came to the analysis, in time or not."""
        return round(sum(self.counts().values()))

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
def hub_on(folder: Path, farm: CameraFarm, rtsp: str | None = None) -> Iterator[Running]:
    """A hub with the farm's cameras, from its start to its end; `rtsp` says who reads them, None the usual."""
    cameras = [
        {"id": name, "site": "village", **{key: {"url": url} for key, url in farm.urls(name).items()}}
        for name in farm.ids
    ]
    community = {
        "sites": [{"id": "village", "name": {"zh": "村", "en": "Village"}, "ring": "road"}],
        "cameras": cameras,
    }
    machine = {"data": str(folder / "data"), "http": {"port": 0}, "broker": {"port": 0}, "log_level": "warning"}
    machine |= {} if rtsp is None else {"workers": {"rtsp": rtsp}}
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
        with suppress(OSError):  # a thread may end meanwhile
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
