"""Keeper: keeps one worker process alive and speaks with it. The supervisor has one per worker.

A thread of its own starts the process, reads its messages and starts it anew when it dies, with growing delays. It
knows which cameras the worker is to run and tells each new process all of them. Events are handed on in that thread
until they are taken: while the hub cannot store, the worker's own queue fills, and its analysis does not notice. Must
not load PyAV or OpenCV.
"""

from __future__ import annotations

import contextlib
import enum
import logging
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cameras.health import CameraState
from cameras.link import (
    VERSION,
    Assign,
    CameraStatus,
    Link,
    Message,
    Observed,
    Ready,
    Setup,
    StillTaken,
    StillWanted,
    Stop,
    Unassign,
    WorkerHealth,
)
from hub.clock import Clock
from hub.errors import LinkError
from hub.events import Event

logger = logging.getLogger(__name__)

WORKER_COMMAND = (sys.executable, "-m", "cameras.worker")

_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 10.0
_STEADY_AFTER_S = 30.0
"""A process that lived for so long died of something new: it is started again without delay."""

_START_WITHIN_S = 60.0
"""Until Ready: models are loaded then, on a small machine that is busy with everything else."""

_SEND_TIMEOUT_S = 5.0
"""A worker that does not read for so long is hung; the hub's threads must not hang with it."""

_RETRY_DELAY_S = 0.5


class WorkerState(enum.StrEnum):
    """How a worker stands."""

    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"
    """It died; the delay before the next start runs."""
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """How a worker does.

    Attributes:
        worker: Its id.
        state: How it stands.
        since: From when on, UTC.
        pid: Of its process, None without one.
        restarts: Times that it was started anew.
        cameras: How many it is to run.
        cpu_s: Processor time of the process.
        rss_bytes: Memory of the process.
        lost_events: Events that the process dropped because the hub did not take them.
    """

    worker: str
    state: WorkerState
    since: datetime
    pid: int | None
    restarts: int
    cameras: int
    cpu_s: float = 0.0
    rss_bytes: int = 0
    lost_events: int = 0


class Keeper:
    """Keeps one worker. `start` and `stop` once; the rest from any thread."""

    def __init__(
        self,
        worker: str,
        settings: Mapping[str, Any],
        *,
        clock: Clock,
        on_events: Callable[[list[Event]], None],
        on_up: Callable[[Keeper], None],
        on_down: Callable[[Keeper, list[Assign]], None],
        command: Sequence[str] = WORKER_COMMAND,
    ) -> None:
        """Prepare.

        Args:
            worker: Its id.
            settings: The parts of machine.yaml that a worker needs.
            clock: The hub's.
            on_events: Takes events; tried again until it does not raise.
            on_up: Told when a process is ready, in this keeper's thread.
            on_down: Told when it died, and which cameras that were not offline yet went with it; likewise.
            command: Starts the program; `--link FD` is added.
        """
        self.worker = worker
        self._settings = settings
        self._clock = clock
        self._on_events = on_events
        self._on_up = on_up
        self._on_down = on_down
        self._command = tuple(command)
        self._lock = threading.RLock()
        self._wanted: dict[str, Assign] = {}
        self._link: Link | None = None  # set while the process is Ready
        self._process: subprocess.Popen[bytes] | None = None
        self._health: WorkerHealth | None = None
        self._heard_s = 0.0
        self._delivering = False
        self._stills: dict[int, Future[StillTaken]] = {}
        self._state = WorkerState.STOPPED
        self._since = clock.now()
        self._restarts = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=worker, daemon=True)

    def start(self) -> None:
        """Start the process and keep it."""
        self._thread.start()

    def stop(self, *, timeout_s: float = 5.0) -> None:
        """Ask the process to go, take its last events, and make it go after `timeout_s` seconds."""
        self._stopping.set()
        if not self._send(Stop()):
            self.kill()  # it is not up yet: there is nothing to end tidily
        if self._thread.is_alive():
            self._thread.join(timeout_s)
            self.kill()
            self._thread.join(timeout_s)

    def kill(self) -> None:
        """End the process at once; unless the keeper is stopping, another one follows."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                self._process.kill()

    def assign(self, assign: Assign) -> None:
        """Have a camera run by this worker, now or as soon as it is up."""
        with self._lock:
            self._wanted[assign.camera["id"]] = assign
            self._send(assign)

    def unassign(self, camera: str) -> None:
        """Have a camera run by this worker no longer."""
        with self._lock:
            if self._wanted.pop(camera, None) is not None:
                self._send(Unassign(camera))

    def ask_still(self, request: StillWanted) -> Future[StillTaken]:
        """Ask for a still; the Future may never be done."""
        answer: Future[StillTaken] = Future()
        with self._lock:
            self._stills[request.request] = answer
            if not self._send(request):
                self._stills.pop(request.request)
                answer.set_result(StillTaken(request.request, None))
        return answer

    def forget_still(self, request: int) -> None:
        """Nobody waits for this answer any more."""
        with self._lock:
            self._stills.pop(request, None)

    @property
    def wanted(self) -> Mapping[str, Assign]:
        """The cameras that it is to run, by id."""
        with self._lock:
            return dict(self._wanted)

    @property
    def reports(self) -> Mapping[str, CameraStatus]:
        """What the process said last of its cameras, by id; empty while there is none."""
        health = self._health
        return {} if health is None else {camera.camera: camera for camera in health.cameras}

    @property
    def status(self) -> WorkerStatus:
        """How the worker does."""
        with self._lock:
            health, process = self._health, self._process
            return WorkerStatus(
                worker=self.worker,
                state=self._state,
                since=self._since,
                pid=None if process is None else process.pid,
                restarts=self._restarts,
                cameras=len(self._wanted),
                cpu_s=0.0 if health is None else health.cpu_s,
                rss_bytes=0 if health is None else health.rss_bytes,
                lost_events=0 if health is None else health.lost_events,
            )

    def kill_if_hung(self, hung_after_s: float) -> None:
        """End the process when it, or its analysis, has not moved for so long; the hub being slow does not count."""
        health = self._health
        silent_s = self._clock.monotonic_s() - self._heard_s
        limit_s = hung_after_s if self._state is WorkerState.RUNNING else max(hung_after_s, _START_WITHIN_S)
        hung = silent_s > limit_s or (health is not None and health.stalled_s > hung_after_s)
        if hung and not self._delivering and self._state is not WorkerState.WAITING:
            logger.error("a worker hangs and is ended", extra={"worker": self.worker, "silent_s": round(silent_s, 1)})
            self.kill()

    def _run(self) -> None:
        delay_s = _FIRST_DELAY_S
        while not self._stopping.is_set():
            begun_s = self._clock.monotonic_s()
            self._life()
            if self._stopping.is_set():
                break
            if self._clock.monotonic_s() - begun_s > _STEADY_AFTER_S:
                delay_s = _FIRST_DELAY_S
            self._stand(WorkerState.WAITING)
            self._clock.wait(self._stopping, delay_s)
            delay_s = min(_LONGEST_DELAY_S, delay_s * 2)
            self._restarts += 1
        self._stand(WorkerState.STOPPED)

    def _life(self) -> None:
        """One process from start to end."""
        ours, theirs = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", int(_SEND_TIMEOUT_S), 0))
        link = Link(ours)
        with theirs, self._lock:
            self._heard_s = self._clock.monotonic_s()
            self._stand(WorkerState.STARTING)
            self._process = process = subprocess.Popen(
                [*self._command, "--link", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=_environment(),
            )
        try:
            link.send(Setup(VERSION, self.worker, self._settings))
            while (message := link.receive()) is not None:
                self._heard_s = self._clock.monotonic_s()
                self._handle(message, link)
        except LinkError as error:
            logger.error("the link to a worker broke", extra={"worker": self.worker, "detail": str(error)})  # noqa: TRY400
        finally:
            self._end(process, link)

    def _end(self, process: subprocess.Popen[bytes], link: Link) -> None:
        with self._lock:
            was_up = self._link is not None
            self._link = None
        link.close()
        # The link is gone, so it goes by itself; a moment later it is made to.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1.0 if self._stopping.is_set() else 0.2)
        process.kill()
        code = process.wait()
        with self._lock:
            known = self.reports
            lost = [
                assign
                for camera, assign in self._wanted.items()
                if camera not in known or known[camera].state is not CameraState.OFFLINE
            ]
            self._process = None
            self._health = None
            waiting, self._stills = self._stills, {}
        for request, answer in waiting.items():
            answer.set_result(StillTaken(request, None))
        if not self._stopping.is_set():
            ended_by = signal.Signals(-code).name if code < 0 else f"exit {code}"
            logger.error("a worker died", extra={"worker": self.worker, "ended_by": ended_by})
            if was_up:
                self._on_down(self, lost)

    def _handle(self, message: Message, link: Link) -> None:
        match message:
            case Ready(version):
                if version != VERSION:
                    raise LinkError(f"the worker speaks version {version} of the link, the hub {VERSION}")
                with self._lock:
                    self._link = link
                    self._stand(WorkerState.RUNNING)
                    for assign in self._wanted.values():
                        link.send(assign)
                self._on_up(self)
            case Observed(events):
                self.deliver(list(events))
            case WorkerHealth():
                self._health = message
            case StillTaken(request):
                with self._lock:
                    answer = self._stills.pop(request, None)
                if answer is not None:
                    answer.set_result(message)
            case _:
                raise LinkError(f"a hub is not sent {type(message).__name__}")

    def deliver(self, events: list[Event]) -> None:
        """Hand events on, again and again until they are taken or the keeper is to stop."""
        self._delivering = True
        told = False
        while True:
            try:
                self._on_events(events)
                break
            except Exception:
                if not told:
                    logger.exception("events are not taken, trying on", extra={"worker": self.worker})
                told = True
                if self._clock.wait(self._stopping, _RETRY_DELAY_S):
                    logger.warning("events are lost", extra={"worker": self.worker, "count": len(events)})
                    break
        self._heard_s = self._clock.monotonic_s()
        self._delivering = False

    def _send(self, message: Message) -> bool:
        with self._lock:
            if self._link is None:
                return False
            try:
                self._link.send(message)
            except LinkError:
                self.kill()  # it reads no more; its successor is told everything
                return False
            return True

    def _stand(self, state: WorkerState) -> None:
        self._state = state
        self._since = self._clock.now()


def _environment() -> dict[str, str]:
    """The worker finds the same packages, and computes in one thread: there is one worker per core."""
    root = str(Path(__file__).parent.parent)
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    return os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
