"""Running: a whole hub as programs of its own, killed and started again, and what its processes take up."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.farm.cameras import CameraFarm
from benchmarks.farm.formats import Device
from benchmarks.farm.stepping import SetOffset, hub_words
from hub.clock import SystemClock

CLOCK = SystemClock()
NEVER = threading.Event()
SITE = "village"
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Sample:
    """What a process took up at a moment.

    Attributes:
        at_s: Monotonic seconds.
        role: `hub`, `worker` or `broker`.
        pid: Its number.
        resident_mb: Memory.
        handles: Open files and sockets.
        threads: Threads.
        cpu_s: Processor time so far.
    """

    at_s: float
    role: str
    pid: int
    resident_mb: float
    handles: int
    threads: int
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What a hub is run with.

    Attributes:
        folder: For its configuration and log.
        data: Its data folder.
        recordings: Where video goes.
        devices: Its sensors.
        silent_after_s: Of every sensor.
        segment_s: Length of a recorded file.
        detectors: Of every camera; None for what they are by themselves.
        workers: How many.
        log_level: Of its log.
    """

    folder: Path
    data: Path
    recordings: Path
    devices: Sequence[Device]
    silent_after_s: float
    segment_s: float = 60.0
    detectors: Sequence[str] | None = None
    workers: int = 2
    log_level: str = "warning"


class HubProgram:
    """A hub on a clock that can be set."""

    def __init__(self, plan: Plan, cameras: CameraFarm) -> None:
        """Write its configuration; nothing runs before `start`."""
        self.plan = plan
        self.offset = SetOffset(plan.folder / "clock.offset")
        self.http_port, self.mqtt_port = free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._write(cameras)

    @property
    def log(self) -> Path:
        """What it said."""
        return self.plan.folder / "hub.log"

    @property
    def database(self) -> Path:
        """Its SQLite file."""
        return self.plan.data / "hub.sqlite3"

    @property
    def devices_login(self) -> tuple[str, str]:
        """How sensors sign in; known once it has run."""
        return "devices", (self.plan.data / "broker" / "devices-password").read_text(encoding="utf-8").strip()

    def start(self) -> None:
        """Start it; does not wait."""
        words = hub_words(self.offset.path, self.plan.folder / "machine.yaml", self.plan.folder / "community.yaml")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(words, cwd=Path(__file__).parents[2], stdout=log, stderr=log)

    def ready(self) -> bool:
        """Whether it says that every part works."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/readyz", timeout=10) as answer:
                return bool(answer.status == 200)  # noqa: PLR2004
        except OSError:
            return False

    def metrics(self) -> dict[str, float]:
        """Its figures by name and labels; nothing when it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/metrics", timeout=10) as answer:
                lines = answer.read().decode().splitlines()
        except OSError:
            return {}
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}

    def live(self) -> int:
        """How many cameras are live."""
        return round(self.metrics().get('hub_cameras{state="live"}', 0.0))

    def wait_ready(self, timeout_s: float) -> bool:
        """Wait until it is ready; whether it was within the time, False too when it ended."""
        until_s = CLOCK.monotonic_s() + timeout_s
        while CLOCK.monotonic_s() < until_s:
            if self.ready():
                return True
            if self._process is not None and self._process.poll() is not None:
                return False
            CLOCK.wait(NEVER, 0.2)
        return False

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it in order, and by force what then still runs of it."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(90)
            except subprocess.TimeoutExpired:
                self._process.kill()
        for pid in [*self.workers(), *self.brokers()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @property
    def pid(self) -> int:
        """Of the hub."""
        assert self._process is not None
        return self._process.pid

    def workers(self) -> list[int]:
        """Camera workers of this hub, and of no other on this machine."""
        return _running(b"be_worker", os.fsencode(self.offset.path))

    def brokers(self) -> list[int]:
        """The MQTT broker itself."""
        return _running(b"nats-server", os.fsencode((self.plan.data / "broker").resolve() / "nats.conf"))[-1:]

    def sample(self) -> list[Sample]:
        """What its processes take up now."""
        at_s = CLOCK.monotonic_s()
        known = [("hub", [self.pid]), ("worker", self.workers()), ("broker", self.brokers())]
        found = [_sample(at_s, role, pid) for role, pids in known for pid in pids]
        return [each for each in found if each is not None]

    def _write(self, cameras: CameraFarm) -> None:
        plan = self.plan
        detectors = {} if plan.detectors is None else {"detectors": list(plan.detectors)}
        community = {
            "sites": [
                {"id": SITE, "name": {"zh": "村", "en": "Village"}, "ring": "road"},
                *({"id": one.site, "name": {"zh": one.site, "en": one.site}} for one in plan.devices),
            ],
            "cameras": [
                {"id": name, "site": SITE, **detectors, "main": {"url": cameras.urls(name)["main"]}}
                for name in cameras.ids
            ],
            "sensors": [
                {
                    "id": one.id,
                    "site": one.site,
                    "format": one.format,
                    "address": one.address,
                    "silent_after_s": plan.silent_after_s,
                }
                for one in plan.devices
            ],
        }
        machine = {
            "data": str(plan.data),
            "http": {"port": self.http_port},
            "broker": {"port": self.mqtt_port},
            "workers": {"count": plan.workers},
            "recordings": {
                "segment_s": plan.segment_s,
                "disks": [{"id": "films", "path": str(plan.recordings), "keep_free_pct": 1}],
            },
            "log_level": plan.log_level,
        }
        for name, what in (("community.yaml", community), ("machine.yaml", machine)):  # JSON is YAML, with its quotes
            plan.folder.joinpath(name).write_text(json.dumps(what, ensure_ascii=False, indent=1), "utf-8")


def free_port() -> int:
    """A TCP port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def core_count() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def machine_name() -> str:
    """What this machine is, in words."""
    model = "unknown processor"
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    versions = f"Linux {os.uname().release}, Python {sys.version.split()[0]}"
    return f"{core_count()} cores ({model}), {memory_gb:.0f} GB, {versions}"


def _running(*wanted: bytes) -> list[int]:
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208 - a thousand numbers
        if not name.isdigit():
            continue
        try:
            words = Path(f"/proc/{name}/cmdline").read_bytes()
        except OSError:
            continue
        if all(word in words for word in wanted):
            found.append(int(name))
    return found


def _sample(at_s: float, role: str, pid: int) -> Sample | None:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        handles = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208
    except OSError:
        return None
    said = {name: value.split() for name, _, value in (line.partition(":") for line in status)}
    if "VmRSS" not in said:
        return None
    cpu_s = (int(fields[11]) + int(fields[12])) / _TICKS
    return Sample(at_s, role, pid, int(said["VmRSS"][0]) / 1000, handles, int(said["Threads"][0]), cpu_s)
