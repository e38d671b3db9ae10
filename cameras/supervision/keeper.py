"""Keeper: keeps one worker process alive and speaks with it. The supervisor has one per worker.

A thread of its own starts the process, or takes over one that outlived the hub before, reads its messages and starts it
anew when it dies, with growing delays. It knows which cameras the worker is to run and tells each process all of them.
Events and segments are handed on in that thread until they are taken: while the hub cannot store, the worker's own
queue fills, and neither its analysis nor its recordings notice. Must not load PyAV or OpenCV.
"""

from __future__ import annotations

import logging
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from cameras.health import CameraState
from cameras.link import VERSION, Link
from cameras.link_words import (
    Answer,
    Assign,
    CameraStatus,
    EventsKept,
    Message,
    Observed,
    Question,
    Ready,
    Roster,
    SegmentClosed,
    SegmentOpened,
    SegmentsKept,
    SegmentsRemoved,
    Setup,
    Stop,
    Traced,
    Unassign,
    WorkerHealth,
)
from cameras.recordings.media import Segment
from cameras.running.rests import MOST_LEFT_BEHIND
from cameras.supervision.adoption import Found, find
from cameras.supervision.entrusted import Entrusted
from cameras.supervision.listeners import Listeners
from cameras.supervision.processes import StartedProcess, WorkerProcess, bound_sending
from cameras.supervision.worker_status import WorkerState, WorkerStatus, heard
from hub.clock import Clock
from hub.errors import LinkError
from hub.events import Event

__all__ = ["WORKER_COMMAND", "Answer", "Keeper", "Listeners", "WorkerState", "WorkerStatus"]

logger = logging.getLogger(__name__)

WORKER_COMMAND = (sys.executable, "-m", "cameras.worker")

_FIRST_DELAY_S, _LONGEST_DELAY_S = 0.1, 10.0
_STEADY_AFTER_S = 30.0
"""A process that lived for so long died of something new: it is started again without delay."""

_START_WITHIN_S = 60.0
"""Until Ready: models are loaded then, on a small machine that is busy with everything else."""

_SEND_TIMEOUT_S = 5.0
"""A worker that does not read for so long is hung; the hub's threads must not hang with it."""

_RETRY_DELAY_S = 0.5
_BLIND_FOR_S = 3600.0  # so long many threads may hang: another process may see again, but until it is up none records


class Keeper:
    """Keeps one worker. `start` and `stop` once; the rest from any thread."""

    def __init__(
        self,
        setup: Setup,
        *,
        clock: Clock,
        listeners: Listeners,
        command: Sequence[str] = WORKER_COMMAND,
    ) -> None:
        """Prepare.

        Args:
            setup: What the worker is told first, its id among it.
            clock: The hub's.
            listeners: Who hears what it says.
            command: Starts the program; `--link FD` is added.
        """
        self.worker = setup.worker
        self._setup = self._told = setup
        self._clock = clock
        self._listeners = listeners
        self._command = tuple(command)
        self._found: Found | None = None
        self._entrusted = Entrusted(self.worker)
        self.unreached: Path | None = None  # the data folder, while a worker listens there that cannot be spoken with
        self._is_settled = False
        self._needs_roster = False
        self._lock = threading.RLock()
        self._wanted: dict[str, Assign] = {}
        self._link: Link | None = None  # set while the process is Ready
        self._process: WorkerProcess | None = None
        self._health: WorkerHealth | None = None
        self._heard_s = self._sighted_s = 0.0
        self._delivering = False
        self._answers: dict[int, Future[Answer]] = {}
        self._stands = (WorkerState.STOPPED, clock.now())
        self._restarts = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.worker, daemon=True)

    def adopt(self, data: Path) -> tuple[str, ...]:
        """Take over the worker that outlived the hub before, if there is one; before `start`. Gives its cameras.

        One that cannot be spoken with is tried again and again, and none is started beside it: it may record.
        """
        try:
            self._found, self.unreached = find(data, self._setup), None
        except LinkError as error:
            if self.unreached is None:
                logger.error("a worker cannot be reached", extra={"worker": self.worker, "detail": str(error)})  # noqa: TRY400
            self.unreached = data
        cameras = () if self._found is None else self._found.ready.cameras
        self._entrusted.take_over(cameras)
        return cameras

    def start(self) -> None:
        """Start the process, or go on with the one that was taken over, and keep it."""
        self._thread.start()

    def stop(self, *, timeout_s: float = 7.0) -> None:
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
            if self._process is not None:
                self._process.kill()

    def let_read(self, reads: Sequence[str]) -> None:
        """Let the worker read these too; a process that may not is ended tidily, and another follows."""
        with self._lock:
            self._setup = replace(self._setup, reads=tuple(sorted({*self._setup.reads, *reads})))
            if self._link is not None and self._told != self._setup:
                self._send(Stop())

    def assign(self, assign: Assign) -> None:
        """Have a camera run by this worker, now or as soon as it is up."""
        with self._lock:
            self._wanted[assign.camera["id"]] = assign
            self._entrusted.give(assign)
            self._send(assign)

    def unassign(self, camera: str) -> None:
        """Have a camera run by this worker no longer."""
        with self._lock:
            if self._wanted.pop(camera, None) is not None:
                self._send(Unassign(camera))

    def settle(self) -> None:
        """The cameras it was told of are all that it is to run."""
        with self._lock:
            self._is_settled = True
            if self._needs_roster:
                self._needs_roster = not self._send(Roster(tuple(self._wanted)))

    def ask(self, wanted: Question) -> Future[Answer] | None:
        """Ask for something; the Future may never be done, and is cancelled when the process dies. None without one."""
        answer: Future[Answer] = Future()
        with self._lock:
            self._answers[wanted.request] = answer
            if self._send(wanted):
                return answer
            self._answers.pop(wanted.request)
        return None

    def forget(self, request: int) -> None:
        """Nobody waits for this answer any more."""
        with self._lock:
            self._answers.pop(request, None)

    @property
    def reports(self) -> Mapping[str, CameraStatus]:
        """What the process said last of its cameras, by id; empty while there is none."""
        health = self._health
        return {} if health is None else {camera.camera: camera for camera in health.cameras}

    @property
    def status(self) -> WorkerStatus:
        """How the worker does; never waits, whatever is sent just then."""
        (state, since), health, process = self._stands, self._health, self._process
        return WorkerStatus(
            worker=self.worker,
            state=state,
            since=since,
            pid=None if process is None else process.pid,
            restarts=self._restarts,
            cameras=len(self._wanted),
            **heard(health),
        )

    def kill_if_hung(self, hung_after_s: float) -> None:
        """End the process when it says nothing for so long, or when many threads of its analysis hung for an hour.

        The hub being slow does not count, and analyses that hang are the worker's own affair: it goes on recording.
        """
        now_s = self._clock.monotonic_s()
        silent_s = now_s - self._heard_s
        state, _ = self._stands
        limit_s = hung_after_s if state is WorkerState.RUNNING else max(hung_after_s, _START_WITHIN_S)
        hung = silent_s > limit_s or (self._health is not None and now_s - self._sighted_s > _BLIND_FOR_S)
        if hung and not self._delivering and state is not WorkerState.WAITING:
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
        """One process from start, or from being taken over, to its end."""
        if self.unreached is not None:
            self.adopt(self.unreached)
            if self.unreached is not None:
                return
        found, self._found = self._found, None
        if found is None:
            link, process = self._begin()
        else:
            link, process = found.link, found.process
            bound_sending(found.connection, _SEND_TIMEOUT_S)
            with self._lock:
                self._heard_s = self._clock.monotonic_s()
                self._process = process
        try:
            self._told = self._setup
            if found is None:
                link.send(self._told)
            else:
                self._handle(found.ready, link)
            while (message := link.receive()) is not None:
                self._heard_s = self._clock.monotonic_s()
                self._handle(message, link)
        except LinkError as error:
            logger.error("the link to a worker broke", extra={"worker": self.worker, "detail": str(error)})  # noqa: TRY400
        finally:
            self._end(process, link)

    def _begin(self) -> tuple[Link, WorkerProcess]:
        ours, theirs = socket.socketpair()
        bound_sending(ours, _SEND_TIMEOUT_S)
        with theirs, self._lock:
            self._heard_s = self._clock.monotonic_s()
            self._stand(WorkerState.STARTING)
            process = StartedProcess(
                [*self._command, "--link", str(theirs.fileno())], pass_fd=theirs.fileno(), reads=self._setup.reads
            )
            self._process = process
        return Link(ours), process

    def _end(self, process: WorkerProcess, link: Link) -> None:
        with self._lock:
            was_up = self._link is not None
            self._link = None
        link.close()
        if not process.wait(1.0 if self._stopping.is_set() else 0.2):
            process.kill()
            process.wait(_SEND_TIMEOUT_S)
        with self._lock:
            known = self.reports
            lost = [
                assign
                for camera, assign in self._wanted.items()
                if camera not in known or known[camera].state is not CameraState.OFFLINE
            ]
            self._process = None
            self._health = None
            waiting, self._answers = self._answers, {}
        for answer in waiting.values():
            answer.cancel()
        if not self._stopping.is_set():
            logger.error("a worker died", extra={"worker": self.worker, "ended_by": process.ended_by})
            if was_up:
                self._listeners.down(self, lost)

    def _handle(self, message: Message, link: Link) -> None:  # noqa: C901 - one for each message
        match message:
            case Ready():
                self._greet(message, link)
            case Observed(events):
                if not (mine := self._entrusted.events(events)) or self.deliver(mine):
                    self._send(EventsKept(len(events)))
            case SegmentOpened(segment) | SegmentClosed(segment):
                self._keep(segment)
            case SegmentsRemoved(disk, paths):
                self._hand_on(lambda: self._listeners.removed(disk, paths))
            case Traced(camera, chunk):
                if self._entrusted.knows(camera):
                    self._listeners.traced(camera, chunk)
            case WorkerHealth():
                if self._health is None or message.left_behind < MOST_LEFT_BEHIND:
                    self._sighted_s = self._clock.monotonic_s()
                self._health = message
            case _ if isinstance(message, Answer):
                # Without the lock: whoever holds it may be sending, and wait for this worker to be heard.
                if (answer := self._answers.pop(message.request, None)) is not None:
                    answer.set_result(message)
            case _:
                raise LinkError(f"a hub is not sent {type(message).__name__}")

    def _keep(self, segment: Segment) -> None:
        if not self._entrusted.takes(segment) or self._hand_on(lambda: self._listeners.segments([segment])):
            ids = (segment.head.id,)
            self._send(SegmentsKept(ids, ()) if segment.is_open else SegmentsKept((), ids))

    def _greet(self, ready: Ready, link: Link) -> None:
        if ready.version != VERSION:
            raise LinkError(f"the worker speaks version {ready.version} of the link, the hub {VERSION}")
        with self._lock:
            self._link = link
            self._needs_roster = bool(ready.cameras)
            self._stand(WorkerState.RUNNING)
            if self._told != self._setup:
                self._send(Stop())
            for assign in self._wanted.values():
                link.send(assign)
            if self._is_settled:
                self.settle()
        self._listeners.up(self)

    def deliver(self, events: list[Event]) -> bool:
        """Hand events on, again and again until they are taken or the keeper is to stop; whether they were taken."""
        if not (is_done := self._hand_on(lambda: self._listeners.events(events))):
            logger.warning("events are lost", extra={"worker": self.worker, "count": len(events)})
        return is_done

    def _hand_on(self, work: Callable[[], None]) -> bool:
        """Do something until it does not raise; whether it was done before the keeper had to stop."""
        self._delivering = True
        told = is_done = False
        while not is_done and not (told and self._clock.wait(self._stopping, _RETRY_DELAY_S)):
            try:
                work()
                is_done = True
            except Exception:
                if not told:
                    logger.exception("what a worker says is not taken, trying on", extra={"worker": self.worker})
                told = True
        self._heard_s = self._clock.monotonic_s()
        self._delivering = False
        return is_done

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
        self._stands = (state, self._clock.now())
