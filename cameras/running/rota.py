"""Rota: the worker's one analysis thread, which gives its cameras their turns.

A worker is one process per core, so one thread does all decoding and analysis: more would only fight for the same core.
Each camera gets a slice of time in turn; one that is behind cannot starve the others, it only fills its own queue. One
that hangs is left behind together with the thread, and another thread goes on with the others.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from cameras.running.camera import RunningCamera
from cameras.running.rests import MOST_LEFT_BEHIND
from hub.clock import Clock
from hub.events import Event

logger = logging.getLogger(__name__)

_IDLE_TURN_S = 0.5
"""The thread comes round at least so often."""

_GATHER_S = 0.05
"""Woken by a packet it waits so long for more: a round for each of 80 cameras costs more than what is done in it."""

_STOP_WITHIN_S = 2.0
"""A thread that hangs must not keep the worker from closing its files."""


class Rota:
    """Runs cameras in one thread. `start` once, `stop` once; `add` and `remove` from one other thread."""

    def __init__(self, emit: Callable[[list[Event]], None], clock: Clock, *, hung_after_s: float = 10.0) -> None:
        """Prepare.

        Args:
            emit: Takes the Events, in their order per camera; called in the analysis thread, must not wait.
            clock: The worker's.
            hung_after_s: How long one camera's turn may take.
        """
        self._emit = emit
        self._clock = clock
        self._hung_after_s = hung_after_s
        self._work = threading.Event()
        self._hurry = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._cameras: tuple[RunningCamera, ...] = ()
        self._leaving: list[RunningCamera] = []
        self._turn: tuple[RunningCamera | None, float] = (None, clock.monotonic_s())
        self._left_behind: list[threading.Thread] = []
        self._thread = self._new_thread()

    @property
    def cameras(self) -> tuple[RunningCamera, ...]:
        """Those that have turns."""
        return self._cameras

    @property
    def stalled_s(self) -> float:
        """Seconds since the thread last began a turn."""
        return max(0.0, self._clock.monotonic_s() - self._turn[1])

    @property
    def left_behind(self) -> int:
        """Threads that hang."""
        return sum(thread.is_alive() for thread in self._left_behind)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End every camera's open states, emit that, and end the thread."""
        with self._lock:
            leaving, self._cameras = self._cameras, ()
            self._leaving += leaving
        for camera in leaving:
            camera.stop(timeout_s=0.0, for_good=False)
        self._stopping.set()
        self.wake()
        self._thread.join(_STOP_WITHIN_S)

    def wake(self) -> None:
        """There is something to do at once; from any thread."""
        self._hurry.set()
        self._work.set()

    def wake_soon(self) -> None:
        """A packet waits; from any thread. More of them come, so it may wait for them."""
        if not self._work.is_set():  # the thread clears it before it looks round
            self._work.set()

    def add(self, camera: RunningCamera) -> None:
        """Start a camera; one with the same id is removed."""
        self.remove(camera.id)
        with self._lock:
            self._cameras = (*self._cameras, camera)
        camera.start()

    def remove(self, camera_id: str) -> None:
        """Stop a camera if it is there; its open states are ended in its next turn, which is its last."""
        with self._lock:
            leaving = [camera for camera in self._cameras if camera.id == camera_id]
            self._cameras = tuple(camera for camera in self._cameras if camera.id != camera_id)
        for camera in leaving:
            camera.stop()
        with self._lock:
            self._leaving += leaving
        self.wake()

    def find(self, camera_id: str) -> RunningCamera | None:
        """The camera with this id."""
        return next((camera for camera in self._cameras if camera.id == camera_id), None)

    def look(self) -> None:
        """Leave the thread behind when it hangs, and start another; called now and then."""
        with self._lock:
            camera, began_s = self._turn
            if camera is None or self._stopping.is_set() or self._clock.monotonic_s() - began_s < self._hung_after_s:
                return
            self._left_behind = [thread for thread in self._left_behind if thread.is_alive()] + [self._thread]
            self._thread = self._new_thread()
            self._turn = (None, self._clock.monotonic_s())
        camera.rest()
        self._thread.start()

    def _new_thread(self) -> threading.Thread:
        return threading.Thread(target=self._run, name="analysis", daemon=True)

    def _run(self) -> None:
        while self._is_mine():
            self._work.clear()
            self._hurry.clear()
            stopping = self._stopping.is_set()
            while (leaving := self._next_leaving()) is not None:
                if not self._give(leaving, leaving.finish):
                    return
            if stopping:
                return
            for camera in self._cameras:
                if self._is_due(camera) and not self._give(camera, camera.step):
                    return
            if not any(self._is_due(camera) for camera in self._cameras):
                self._clock.wait(self._work, _IDLE_TURN_S)
                self._clock.wait(self._hurry, _GATHER_S)

    def _is_due(self, camera: RunningCamera) -> bool:
        """Whether it is to have a turn; one that hung is not tried again while many threads hang."""
        return camera.pending and not (camera.is_resting and self.left_behind >= MOST_LEFT_BEHIND)

    def _next_leaving(self) -> RunningCamera | None:
        with self._lock:
            return self._leaving.pop(0) if self._leaving else None

    def _give(self, camera: RunningCamera, turn: Callable[[], list[Event]]) -> bool:
        """Give a camera its turn.

        Returns:
            Whether this thread may go on; one that was left behind meanwhile keeps what it brought to itself.
        """
        with self._lock:
            if not self._is_mine():
                return False
            self._turn = (camera, self._clock.monotonic_s())
        events = turn()
        with self._lock:
            if not self._is_mine():
                return False
            self._turn = (None, self._clock.monotonic_s())
        if events:
            self._emit(events)
        return True

    def _is_mine(self) -> bool:
        return threading.current_thread() is self._thread
