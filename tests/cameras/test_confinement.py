"""What a confined process cannot do any more, tried from inside it, and what it still can."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cameras.confinement import Confinement
from cameras.confining.landlock import abi
from cameras.health import CameraState
from cameras.supervision.reading import passed_on, read_by
from cameras.supervisor import Supervisor
from config.community import Camera, Community, Detector, Site, Stream
from config.machine import Machine, Workers
from config.secrets import Secret
from hub.clock import SystemClock
from tests.fakes.waiting import until

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(
    abi() < 4 or platform.machine() not in ("x86_64", "aarch64"), reason="this kernel has no Landlock with ports"
)

PROGRAM = """
import ctypes, json, os, resource, signal, socket, sys, threading, time
from pathlib import Path
from cameras.confinement import confine_child, confine_worker
from config.machine import Disk, Machine, Recordings
from hub.networks import Allowed

folder, how = Path(sys.argv[1]), sys.argv[2]
libc = ctypes.CDLL(None, use_errno=True)
machine = Machine(
    data=folder / "data",
    networks={"cameras": ["127.0.0.2/32"]},
    recordings=Recordings(disks=(Disk(id="one", path=folder / "disk"),)),
    models=folder / "models",
)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if how == "worker":
    confinement = confine_worker(machine, files=[folder / "film.mp4", folder / "data" / "hub.db"])
else:
    confinement = confine_child(Allowed.of(("127.0.0.2/32",)))

def outcome(attempt):
    try:
        attempt()
    except OSError as error:
        return error.strerror
    except MemoryError:
        return "no memory"
    return "done"

def call(number, *arguments):
    def attempt():
        if libc.syscall(number, *arguments) < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return attempt

def through_a_thread(attempt):
    def within():
        found = []
        thread = threading.Thread(target=lambda: found.append(outcome(attempt)))
        thread.start()
        thread.join()
        if found != ["done"]:
            raise OSError(1, found[0])
    return within

def listen_unix():
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(folder / "data" / "run" / "x.sock"))
    made.listen()

def connect(ip, family=socket.AF_INET):
    def attempt():
        with socket.socket(family) as made:
            made.connect((ip, int(sys.argv[3])))
    return attempt

hub = os.getppid()
tried = {
    "database": lambda: (folder / "data" / "hub.db").read_bytes(),
    "keys": lambda: (folder / "data" / "secrets" / "key").read_bytes(),
    "settings": lambda: (folder / "machine.yaml").read_bytes(),
    "shadow": lambda: Path("/etc/shadow").read_bytes(),
    "list data": lambda: list((folder / "data").iterdir()),
    "write data": lambda: (folder / "data" / "new").write_text("x"),
    "write outside": lambda: Path(f"/tmp/{folder.name}-outside").write_text("x"),
    "write code": lambda: Path("cameras/outside.py").write_text("x"),
    "replace database": lambda: os.rename(folder / "disk" / "mine", folder / "data" / "hub.db"),
    "link database": lambda: os.link(folder / "data" / "hub.db", folder / "disk" / "hub.db"),
    "listen": lambda: socket.create_server(("127.0.0.1", 0)),
    "listen unbound": lambda: socket.socket().listen(),
    "bind udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).bind(("127.0.0.1", 5353)),
    "connect elsewhere": connect("127.0.0.1"),
    "connect elsewhere by IPv6": connect("::ffff:127.0.0.1", socket.AF_INET6),
    "connect docker": lambda: socket.socket(socket.AF_UNIX).connect("/var/run/docker.sock"),
    "raw socket": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "exec": lambda: os.execv("/bin/true", ["true"]),
    "fork": os.fork,
    "spawn": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "look into hub": lambda: Path(f"/proc/{hub}/environ").read_bytes(),
    "signal hub": lambda: os.kill(hub, signal.SIGCONT),
    "thread reads database": through_a_thread(lambda: (folder / "data" / "hub.db").read_bytes()),
    "memory": lambda: bytearray(resource.getrlimit(resource.RLIMIT_DATA)[0] + (1 << 20)),
    "set the clock": lambda: time.clock_settime(time.CLOCK_REALTIME, time.clock_gettime(time.CLOCK_REALTIME)),
    # and what has to work
    "write recording": lambda: (folder / "disk" / "mine").write_text("x"),
    "write views": lambda: (folder / "data" / "views" / "v.json").write_text("x"),
    "read film": lambda: (folder / "film.mp4").read_bytes(),
    "read model": lambda: (folder / "models" / "m.onnx").read_bytes(),
    "import": lambda: __import__("sqlite3"),
    "thread": through_a_thread(lambda: None),
    "unix socket": listen_unix,
    "connect": connect("127.0.0.2"),
    "own memory figures": lambda: Path("/proc/self/statm").read_text(),
}
tried |= {
    "limits of hub": lambda: resource.prlimit(hub, resource.RLIMIT_NOFILE, resource.prlimit(0, resource.RLIMIT_NOFILE)),
    "cores of hub": lambda: os.sched_setaffinity(hub, {0}),
    "scheduling of hub": lambda: os.sched_setscheduler(hub, os.SCHED_BATCH, os.sched_param(0)),
    "slow the hub": lambda: os.setpriority(os.PRIO_PROCESS, hub, 5),
    "chmod": lambda: (folder / "data" / "hub.db").chmod(0o644),
    "chmod of its own": lambda: (folder / "disk" / "mine").chmod(0o644),
    "chown": lambda: os.chown(folder / "data" / "hub.db", os.getuid(), os.getgid()),
    "utime": lambda: os.utime(folder / "data" / "hub.db", (1, 1)),
    "xattr": lambda: os.setxattr(folder / "data" / "hub.db", "user.x", b"x"),
    "fast open": lambda: socket.socket().sendto(b"x", 0x20000000, ("127.0.0.1", int(sys.argv[3]))),
    "fast open by message": lambda: socket.socket().sendmsg([b"x"], [], 0x20000000, ("127.0.0.1", int(sys.argv[3]))),
    "remember disks": lambda: (folder / "data" / "disks" / "one.json").write_text("{}"),
    "spare itself": lambda: Path("/proc/self/oom_score_adj").write_text("0"),
    # and what has to work
    "own limits": lambda: resource.prlimit(0, resource.RLIMIT_NOFILE, resource.prlimit(0, resource.RLIMIT_NOFILE)),
    "own priority": lambda: os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0)),
    "send": lambda: [one.sendmsg([b"x"]) + one.send(b"x") for one in socket.socketpair()],
}
if os.uname().machine == "x86_64":
    tried |= {
        "ptrace": call(101, 16, hub, 0, 0),
        "mount": call(165, b"none", b"/mnt", b"tmpfs", 0, 0),
        "bpf": call(321, 0, 0, 0),
        "userfaultfd": call(323, 0),
        "keyctl": call(250, 0, 0, 0, 0),
        "io_uring": call(425, 8, ctypes.create_string_buffer(256)),
        "unshare": call(272, 0x10000000),
        "other process memory": call(310, hub, 0, 0, 0, 0, 0),
    }
said = {name: outcome(attempt) for name, attempt in tried.items()}
print(json.dumps({"said": said, "in_force": confinement.in_force, "missing": confinement.missing}))
"""
WORKS = {
    "write recording", "write views", "read film", "read model", "import", "thread", "unix socket", "connect",
    "own memory figures", "own limits", "own priority", "send",
}  # fmt: skip


def tried(folder: Path, how: str) -> dict[str, Any]:
    (folder / "data" / "secrets").mkdir(parents=True)
    for name in ("disk", "models"):
        (folder / name).mkdir()
    for name in ("data/hub.db", "data/secrets/key", "machine.yaml", "film.mp4", "models/m.onnx"):
        (folder / name).write_text("secret")
    import socket

    with socket.create_server(("127.0.0.2", 0)) as listening:
        port = str(listening.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(folder), how, port],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_a_confined_worker_can_do_nothing_but_its_work(tmp_path: Path) -> None:
    """No database, no keys, no other program, no port, no other process; its recordings, models and cameras remain."""
    answer = tried(tmp_path, "worker")
    assert answer["missing"] == []
    done = {name for name, outcome in answer["said"].items() if outcome == "done"}
    assert done == WORKS
    assert (tmp_path / "data" / "hub.db").read_text() == "secret"


def test_a_child_that_asks_a_camera_writes_nothing_at_all(tmp_path: Path) -> None:
    answer = tried(tmp_path, "child")
    assert answer["missing"] == []
    done = {name for name, outcome in answer["said"].items() if outcome == "done"}
    assert done == {"import", "thread", "connect", "own memory figures", "own limits", "own priority", "send"}


def test_the_workers_that_the_hub_starts_are_held_in_every_thread(tmp_path: Path, clips: Path) -> None:
    """With the very command of the hub, which loads the libraries of models that start threads of their own."""
    machine = Machine(data=tmp_path, workers=Workers(count=1, linger_s=0))
    stream = Stream(url=f"file:{clips}/moving.mp4")
    film = Camera(id="film", site="yard", main=stream, detectors=(Detector(kind="fire"),))
    hub = Supervisor(machine, SystemClock(), lambda _events: None)
    hub.apply(Community(sites=(Site(id="yard", name="Yard"),), cameras=(film,)))
    hub.start()
    try:
        until(lambda: hub.status()[0].state is CameraState.LIVE, timeout_s=60)
        (worker,) = hub.workers()
        assert worker.confined
        assert worker.unconfined == ()
        assert "onnxruntime" in Path(f"/proc/{worker.pid}/maps").read_text()
    finally:
        hub.stop()


def test_what_the_kernel_does_not_offer_is_said(tmp_path: Path) -> None:
    """As on a kernel without Landlock and without filters: the worker runs, and says what is missing."""
    program = """
import errno, json
from cameras import confinement
from cameras.confining.bpf import SeccompError
from cameras.confining.landlock import LandlockError
from config.machine import Machine
from pathlib import Path
import sys
def no_landlock(**_more): raise LandlockError(errno.ENOSYS, "this kernel has no Landlock")
def no_seccomp(*_any, **_more): raise SeccompError(errno.EINVAL, "no filters")
confinement.restrict, confinement.install, confinement.watch_connections = no_landlock, no_seccomp, no_seccomp
found = confinement.confine_worker(Machine(data=Path(sys.argv[1])))
print(json.dumps(found.missing))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    missing = json.loads(done.stdout)
    assert len([words for words in missing if "this kernel has no Landlock" in words]) == 1
    assert len([words for words in missing if "no filters" in words]) == 2
    assert Confinement().missing == ()


def test_a_worker_gets_no_password_of_the_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """But those to which its cameras refer."""
    monkeypatch.setenv("DATABASE_PASSWORD", "hub's own")
    monkeypatch.setenv("GATE_PASSWORD", "the camera's")
    (tmp_path / "film.mp4").touch()
    gate = Camera(id="gate", site="yard", main=Stream(url="rtsp://10.0.0.2/x", password=Secret("env:GATE_PASSWORD")))
    film = Camera(id="film", site="yard", main=Stream(url=f"file:{tmp_path}/film.mp4"))
    reads = read_by(Community(sites=(Site(id="yard", name="Yard"),), cameras=(gate, film)))
    assert reads == ("env:GATE_PASSWORD", f"file:{tmp_path}/film.mp4")
    environment = passed_on(reads)
    assert environment["GATE_PASSWORD"] == "the camera's"
    assert "DATABASE_PASSWORD" not in environment
    assert set(environment) <= set(os.environ)
