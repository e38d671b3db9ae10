"""Real workers with real RTSP: what breaks, and what does not notice."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cameras.health import CameraState
from cameras.link import CameraStatus
from cameras.streams.serving import VideoServer
from cameras.supervision.adoption import socket_of
from cameras.supervision.keeper import WorkerState
from cameras.supervisor import Supervisor
from cameras.unix_sockets import connect, listen
from config.community import Camera, Community, Site, Stream
from config.machine import Machine, Workers
from hub.clock import SystemClock
from hub.events import Event, Phase
from tests.fakes.analysis import FAILS, HANGS, UNBUILDABLE
from tests.fakes.doors import listening, locked
from tests.fakes.networks import HERE
from tests.fakes.waiting import DEADLINE_S, until

COMMAND = (sys.executable, "-m", "tests.fakes.worker_program")
ROOT = Path(__file__).parent.parent.parent


class Heard:
    """What the hub was told; may refuse for a while."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.open = threading.Event()
        self.open.set()

    def take(self, events: list[Event]) -> None:
        if not self.open.is_set():
            raise RuntimeError("the store is busy")
        self.events += events

    def kinds(self, source: str) -> list[str]:
        return [
            f"{event.fields.get('state', event.phase)}:{event.fields.get('reason', '')}".rstrip(":")
            for event in list(self.events)
            if event.source == source and event.kind != "camera.recording"
        ]


Start = Callable[..., tuple[Supervisor, Heard]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a supervisor with cameras, and stops it at the end."""
    running: list[Supervisor] = []

    def supervisor(*cameras: Camera, workers: int = 1, hung_after_s: float = 10.0) -> tuple[Supervisor, Heard]:
        heard = Heard()
        machine = Machine(data=tmp_path, workers=Workers(count=workers, analysis_fps=10, linger_s=0), networks=HERE)
        made = Supervisor(machine, SystemClock(), heard.take, command=COMMAND, hung_after_s=hung_after_s)
        made.apply(community(*cameras))
        made.start()
        running.append(made)
        return made, heard

    yield supervisor
    for made in running:
        made.stop()


@pytest.fixture(scope="module", params=["ffmpeg", "loop"])
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, clips: Path
) -> Iterator[tuple[Supervisor, Heard]]:
    """One supervisor for the tests that only look: of cameras with nothing in common, whoever receives them."""
    heard = Heard()
    workers = Workers(count=1, analysis_fps=10, linger_s=0, rtsp=request.param)
    machine = Machine(data=tmp_path_factory.mktemp("shared"), workers=workers, networks=HERE)
    with VideoServer(clips) as server:
        made = Supervisor(machine, SystemClock(), heard.take, command=COMMAND)
        moving, still = server.url("moving.mp4"), server.url("still.mp4")
        made.apply(
            community(
                camera("gate", moving),
                camera("absent", "rtsp://127.0.0.1:1/x"),
                camera(FAILS, moving),
                camera(UNBUILDABLE, still),
            )
        )
        made.start()
        yield made, heard
        made.stop()


def community(*cameras: Camera) -> Community:
    return Community(sites=(Site(id="yard", name="Yard", area="village"),), cameras=cameras)


def camera(camera_id: str, url: str) -> Camera:
    return Camera(id=camera_id, site="yard", main=Stream(url=url))


def one(supervisor: Supervisor, camera_id: str) -> CameraStatus:
    return next(status for status in supervisor.status() if status.camera == camera_id)


def live(supervisor: Supervisor, camera_id: str, *, packets: int = 1, timeout_s: float = DEADLINE_S) -> CameraStatus:
    def check() -> CameraStatus | None:
        status = one(supervisor, camera_id)
        return status if status.state is CameraState.LIVE and status.packets >= packets else None

    return until(check, timeout_s=timeout_s, what=f"{camera_id} live with {packets} packets")


def test_packets_flow_and_motion_becomes_an_event(shared: tuple[Supervisor, Heard]) -> None:
    supervisor, heard = shared
    status = live(supervisor, "gate", packets=10)
    until(lambda: "began" in heard.kinds("gate"), what="motion")
    assert (status.worker, status.codec, status.width, status.height) == ("worker-0", "h264", 320, 180)
    assert status.analysed
    assert heard.kinds("worker-0") == ["online"]
    assert "online" in heard.kinds("gate")
    moved = next(event for event in heard.events if event.phase is Phase.BEGAN and event.camera == "gate")
    assert (moved.area, moved.camera) == ("village", "gate")


def test_a_camera_that_goes_away_is_offline_once_and_comes_back(start: Start, server: VideoServer) -> None:
    supervisor, heard = start(camera("gate", server.url("still.mp4")))
    live(supervisor, "gate")
    server.stop()
    until(lambda: one(supervisor, "gate").state is CameraState.OFFLINE, what="offline")
    assert one(supervisor, "gate").reason == "unreachable"
    server.start()
    live(supervisor, "gate", timeout_s=5.0)
    until(lambda: len(heard.kinds("gate")) == 3, what="three changes")
    assert heard.kinds("gate") == ["online", "offline:unreachable", "online"]


def test_a_camera_that_was_never_there_is_offline(shared: tuple[Supervisor, Heard]) -> None:
    supervisor, heard = shared
    until(lambda: heard.kinds("absent") == ["offline:unreachable"], what="offline")
    assert one(supervisor, "absent").sessions == 0


def test_a_killed_worker_is_back_and_its_camera_live(start: Start, server: VideoServer) -> None:
    """Other workers' cameras do not notice."""
    cameras = (camera("gate", server.url("still.mp4")), camera("road", server.url("moving.mp4")))
    supervisor, heard = start(*cameras, workers=2)
    live(supervisor, "gate")
    before = live(supervisor, "road")
    until(lambda: "online" in heard.kinds("gate"), what="gate online")
    victim = next(worker for worker in supervisor.workers() if worker.worker == one(supervisor, "gate").worker)
    assert victim.pid
    os.kill(victim.pid, signal.SIGKILL)
    until(lambda: "offline:worker_lost" in heard.kinds("gate"), what="the loss is told")
    until(lambda: heard.kinds("gate")[-1] == "online", what="back")
    assert heard.kinds(victim.worker) == ["online", "offline:died", "online"]
    assert "offline:worker_lost" not in heard.kinds("road")
    after = live(supervisor, "road", packets=before.packets + 10)
    assert after.sessions == 1
    assert after.dropped == 0


def test_changing_one_camera_leaves_no_gap_in_the_others(start: Start, server: VideoServer) -> None:
    """All in one worker: the one that stays keeps its session and its counters, a new name changes nothing at all."""
    gate, road = camera("gate", server.url("still.mp4")), camera("road", server.url("moving.mp4"))
    supervisor, _ = start(gate, road)
    before = live(supervisor, "road", packets=5)
    live(supervisor, "gate", packets=5)
    supervisor.apply(
        community(
            camera("gate", server.url("moving.mp4")), road.model_copy(update={"name": None}), camera("new", "file:/x")
        )
    )
    until(lambda: one(supervisor, "new").reason == "not_found", what="the new camera is tried")
    after = live(supervisor, "road", packets=before.packets + 10)
    assert after.sessions == 1
    assert after.since == before.since
    supervisor.apply(community(road))
    assert [status.camera for status in supervisor.status()] == ["road"]
    again = live(supervisor, "road", packets=after.packets + 10)
    assert again.sessions == 1


def test_a_disabled_camera_is_stopped_and_its_states_are_ended(start: Start, server: VideoServer) -> None:
    gate = camera("gate", server.url("moving.mp4"))
    supervisor, heard = start(gate)
    until(lambda: "began" in heard.kinds("gate"), what="motion")
    supervisor.apply(community(gate.model_copy(update={"enabled": False})))
    assert one(supervisor, "gate").state is CameraState.DISABLED
    until(lambda: heard.kinds("gate")[-1] == "ended", what="its end")


def test_a_camera_whose_analysis_hangs_rests_and_takes_no_other_with_it(start: Start, server: VideoServer) -> None:
    """Its stream stays open, its worker lives, and it is tried again after a rest, and then after a longer one."""
    supervisor, heard = start(camera(HANGS, server.url("moving.mp4")), camera("road", server.url("moving.mp4")))
    until(lambda: "offline:analysis_hung" in heard.kinds(HANGS), what="the hung camera is told")
    until(lambda: one(supervisor, HANGS).reason == "analysis_hung", what="its status")
    assert one(supervisor, HANGS).state is CameraState.LIVE
    assert "tried again" in one(supervisor, HANGS).troubles["analysis"]
    before = live(supervisor, "road")
    live(supervisor, "road", packets=before.packets + 10)
    until(lambda: heard.kinds(HANGS).count("offline:analysis_hung") == 2, what="it hangs a second time")
    assert one(supervisor, HANGS).sessions == one(supervisor, "road").sessions == 1
    assert heard.kinds("worker-0") == ["online"]
    until(lambda: supervisor.workers()[0].left_behind == 2, what="the worker says so as well")


def test_however_many_analyses_hang_the_worker_lives_and_no_more_threads_are_spent(
    start: Start, server: VideoServer
) -> None:
    """A camera that rests is not tried again while six hang."""
    names = [f"{HANGS}-{number}" for number in range(6)]
    supervisor, heard = start(*(camera(name, server.url("moving.mp4")) for name in names))
    until(lambda: all("offline:analysis_hung" in heard.kinds(name) for name in names), timeout_s=40, what="all hang")
    until(lambda: supervisor.workers()[0].left_behind >= 6, what="six threads")
    before = supervisor.workers()[0]
    SystemClock().wait(threading.Event(), 4.0)  # the rests of the first are over, and the hub has looked
    after = supervisor.workers()[0]
    assert (after.pid, after.left_behind) == (before.pid, before.left_behind)
    assert heard.kinds("worker-0") == ["online"]


def test_a_camera_whose_analysis_fails_stays_live_and_is_counted(shared: tuple[Supervisor, Heard]) -> None:
    supervisor, _ = shared
    until(lambda: one(supervisor, FAILS).failures > 3, what="failures are counted")
    assert one(supervisor, FAILS).state is CameraState.LIVE
    blind = live(supervisor, UNBUILDABLE)
    assert "no such detector" in (blind.reason or "")


def test_stills_are_given_of_now_and_of_an_event(shared: tuple[Supervisor, Heard]) -> None:
    supervisor, heard = shared
    began = until(
        lambda: [event for event in heard.events if event.phase is Phase.BEGAN and event.camera == "gate"],
        what="motion",
    )[-1]
    newest = supervisor.still("gate")
    moment = supervisor.still("gate", event_id=began.id)
    assert newest is not None
    assert newest.jpeg.startswith(b"\xff\xd8")
    assert moment is not None
    assert moment.at == began.at
    assert supervisor.still("gate", event_id="nothing") is None
    assert supervisor.still("nobody") is None


def test_events_wait_while_the_hub_cannot_take_them(start: Start, server: VideoServer) -> None:
    supervisor, heard = start(camera("gate", server.url("moving.mp4")), hung_after_s=1.0)
    heard.open.clear()
    until(lambda: supervisor.workers()[0].state is WorkerState.RUNNING, what="running")
    assert not heard.events
    pid = supervisor.workers()[0].pid
    SystemClock().wait(threading.Event(), 2.5)  # longer than a hung worker is given
    heard.open.set()
    until(lambda: "began" in heard.kinds("gate"), what="motion, late")
    assert supervisor.workers()[0].pid == pid
    assert heard.kinds("worker-0") == ["online"]


def test_no_worker_is_started_beside_one_that_cannot_be_reached(
    start: Start, server: VideoServer, tmp_path: Path
) -> None:
    """It may record the same cameras; as soon as it is gone its successor starts."""
    path = socket_of(tmp_path, "worker-0")
    with listen(path, backlog=0), connect(path, timeout_s=1.0):
        supervisor, _ = start(camera("gate", server.url("still.mp4")))
        until(lambda: supervisor.workers()[0].state is WorkerState.WAITING, what="it is tried again later")
        assert supervisor.workers()[0].pid is None
        assert path.exists()
    live(supervisor, "gate")


def test_nobody_waits_to_hear_how_a_worker_does_that_does_not_read(start: Start, server: VideoServer) -> None:
    """What is sent to it waits for seconds; who only asks, as the event loop does, does not."""
    supervisor, _ = start(camera("gate", server.url("still.mp4")))
    until(lambda: one(supervisor, "gate").packets > 0, what="a worker that runs")
    pid = supervisor.workers()[0].pid or 0
    clock, took_s = SystemClock(), [0.0]
    finished = threading.Event()

    def ask() -> None:
        while not finished.is_set():
            begun_s = clock.monotonic_s()
            took_s.append(-begun_s)  # under way
            supervisor.still("gate", event_id="none", timeout_s=0.0)
            took_s[-1] += clock.monotonic_s()

    os.kill(pid, signal.SIGSTOP)
    asking = threading.Thread(target=ask)
    asking.start()
    try:
        until(lambda: took_s[-1] < 0 and clock.monotonic_s() + took_s[-1] > 0.5, what="a send that waits")
        begun_s = clock.monotonic_s()
        assert supervisor.worker_of("gate") == "worker-0"
        assert [each.camera for each in supervisor.status()] == ["gate"]
        assert supervisor.workers()[0].pid == pid
        assert clock.monotonic_s() - begun_s < 0.2
    finally:
        os.kill(pid, signal.SIGCONT)
        finished.set()
        asking.join()
    assert supervisor.worker_of("nobody") is None


def test_stop_ends_every_process_and_every_state(start: Start, server: VideoServer) -> None:
    supervisor, heard = start(camera("gate", server.url("moving.mp4")), workers=2)
    until(lambda: "began" in heard.kinds("gate"), what="motion")
    pids = [worker.pid for worker in supervisor.workers()]
    supervisor.stop()
    supervisor.stop()
    assert heard.kinds("gate")[-1] == "ended"
    assert not any(alive(pid) for pid in pids if pid)


HUB = """
import json, sys, threading
from pathlib import Path
from cameras.supervisor import Supervisor
from config.community import Community
from config.machine import Machine, Workers
from hub.clock import SystemClock

folder, url, *command = sys.argv[1:]
machine = Machine(data=Path(folder), workers=Workers(count=1, linger_s=0), networks={"cameras": ["loopback"]})
tell = lambda events: print(supervisor.workers()[0].pid, flush=True)
supervisor = Supervisor(machine, SystemClock(), tell, command=command)
supervisor.apply(Community.model_validate({"cameras": [{"id": "a", "site": "s", "url": url}]}))
supervisor.start()
threading.Event().wait()
"""


def test_a_camera_with_a_password_runs_and_nobody_writes_it_down(
    start: Start, server: VideoServer, capfd: pytest.CaptureFixture[str]
) -> None:
    """The right one opens; a wrong one is told as such; neither stands in a log, a status or an event."""
    with listening(locked("admin", "op3n/sesame", server.port)) as port:
        url = server.url("still.mp4").replace(str(server.port), str(port))
        good, bad = (
            Camera(id=name, site="yard", main=Stream(url=url, username="admin", password=password))
            for name, password in (("good", "op3n/sesame"), ("bad", "sh0t/sesame"))
        )
        supervisor, heard = start(good, bad)
        live(supervisor, "good", packets=3)
        until(lambda: heard.kinds("bad") == ["offline:login_refused"], what="the refusal")
        told = f"{supervisor.status()!r} {heard.events!r} {capfd.readouterr()}"
    assert "worker started" in told
    assert "sesame" not in told
    assert "admin" not in told


def test_a_hub_that_is_killed_leaves_no_worker_where_none_is_to_linger(server: VideoServer, tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", HUB, str(tmp_path), server.url("still.mp4"), *COMMAND]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, cwd=ROOT, text=True) as hub:
        assert hub.stdout is not None
        worker = int(hub.stdout.readline())
        assert alive(worker)
        hub.kill()
        until(lambda: not alive(worker), what="the worker's end")


def test_the_hub_loads_neither_opencv_nor_pyav() -> None:
    program = "import sys, cameras.supervisor; print([m for m in ('av', 'cv2', 'numpy') if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, cwd=ROOT, text=True)
    assert told.stdout.strip() == "[]"


def alive(pid: int) -> bool:
    """Whether the process runs; one that only waits to be reaped does not."""
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
