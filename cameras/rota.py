"""Rota: the worker's one analysis thread, which gives its cameras their turns.

A worker is one process per core, so one thread does all decoding and analysis: more would only fight for the same core.
Each camera gets a slice of time in turn; one that is behind cannot starve the others, it only fills its own queue.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from cameras.camera import RunningCamera
from hub.clock import Clock
from hub.events import Event

logger = logging.getLogger(__name__)

_IDLE_TURN_S = 0.5
"""The thread comes round at least so often: whether it does is how a hanging worker is told."""


class Rota:
    """Runs cameras in one thread. `start` once, `stop` once; `add` and `remove` from one other thread."""

    def __init__(self, emit: Callable[[list[Event]], None], clock: Clock) -> None:
        """Prepare.

        Args:
            emit: Takes the Events, in their order per camera; called in the analysis thread, must not wait.
            clock: The worker's.
        """
        self._emit = emit
        self._clock = clock
        self._work = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._cameras: tuple[RunningCamera, ...] = ()
        self._leaving: list[RunningCamera] = []
        self._turn_s = clock.monotonic_s()
        self._thread = threading.Thread(target=self._run, name="analysis", daemon=True)

    @property
    def cameras(self) -> tuple[RunningCamera, ...]:
        """Those that have turns."""
        return self._cameras

    @property
    def stalled_s(self) -> float:
        """Seconds since the thread last began a camera's turn."""
        return max(0.0, self._clock.monotonic_s() - self._turn_s)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End every camera's open states, emit that, and end the thread."""
        with self._lock:
            leaving, self._cameras = self._cameras, ()
            self._leaving += leaving
        for camera in leaving:
            camera.stop(timeout_s=0.0)
        self._stopping.set()
        self.wake()
        self._thread.join()

    def wake(self) -> None:
        """There is something to do; from any thread, at once."""
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

    def _run(self) -> None:
        while True:
            self._work.clear()
            stopping = self._stopping.is_set()
            with self._lock:
                leaving, self._leaving = self._leaving, []
            for camera in leaving:
                self._tell(camera.finish())
            if stopping:
                return
            for camera in self._cameras:
                self._turn_s = self._clock.monotonic_s()
                if camera.pending:
                    self._tell(camera.step())
            self._turn_s = self._clock.monotonic_s()
            if not any(camera.pending for camera in self._cameras):
                self._clock.wait(self._work, _IDLE_TURN_S)

    def _tell(self, events: list[Event]) -> None:
        if events:
            self._emit(events)
