"""SettingUp: asks cameras that nobody runs yet, each time in a process of its own that is gone afterwards.

What a strange device answers is hostile input, and is read, parsed and decoded in that process alone
(`cameras/setting_up`). At most `PLACES` run at once, and `IMPORT_PLACES` beside them for the one import that there is;
who comes beside them waits for a bounded time in a bounded queue.
A process ends with its time, with whoever asked, and with the hub, whatever it does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from api.errors import UnavailableError
from cameras.setting_up.asking import COMMAND, ask
from cameras.setting_up.words import Answer, Progress, Request
from hub.clock import Clock

PLACES = 2
IMPORT_PLACES = 4
"""A box of cameras is tried as fast as this, and people who try one camera meanwhile have their own places."""
MOST_WAITING = 16
WAIT_S = 30.0
"""So long somebody waits for a place."""

_LOOK_EVERY_S = 0.1


class SettingUp:
    """Runs the processes. Safe from any thread."""

    def __init__(self, clock: Clock, *, command: Sequence[str] = COMMAND, wait_s: float = WAIT_S) -> None:
        """Prepare; `command` starts a process."""
        self._clock = clock
        self._command = tuple(command)
        self._wait_s = wait_s
        self._changed = threading.Condition()
        self._running = {False: 0, True: 0}
        self._waiting = 0
        self._stopped = threading.Event()

    def ask(
        self,
        request: Request,
        *,
        is_gone: Callable[[], bool] = lambda: False,
        on_progress: Callable[[Progress], None] = lambda _progress: None,
        timeout_s: float | None = None,
        of_import: bool = False,
    ) -> Answer:
        """Have a process do one thing.

        Args:
            request: What.
            is_gone: Whether whoever asked has left; asked several times a second.
            on_progress: Hears how far it is, in the caller's thread.
            timeout_s: Longest time of the process itself, beside the wait for a place; None as the request needs.
            of_import: It takes one of the places of the import.

        Raises:
            UnavailableError: There is no place, the hub stops, or whoever asked has left.
        """
        ended = _Ended(lambda: self._stopped.is_set() or is_gone())
        with self._place(is_gone, of_import=of_import):
            try:
                answer = ask(
                    request,
                    on_progress=on_progress,
                    stopping=ended,
                    timeout_s=timeout_s,
                    command=self._command,
                    clock=self._clock,
                )
            except OSError as error:
                raise UnavailableError(f"no process can be started: {error.strerror}", retry_after_s=10) from error
        if self._stopped.is_set():
            raise UnavailableError("the hub is stopping", retry_after_s=10)
        if ended.is_set():
            raise UnavailableError("whoever asked has left")
        return answer

    @property
    def is_stopped(self) -> bool:
        """Whether the hub is stopping."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """End every process and refuse new ones."""
        self._stopped.set()
        with self._changed:
            self._changed.notify_all()
            self._changed.wait_for(lambda: not any(self._running.values()), timeout=5.0)

    @contextmanager
    def _place(self, is_gone: Callable[[], bool], *, of_import: bool) -> Iterator[None]:
        places = IMPORT_PLACES if of_import else PLACES
        end_s = self._clock.monotonic_s() + self._wait_s
        with self._changed:
            if self._running[of_import] >= places and self._waiting >= MOST_WAITING:
                raise UnavailableError("others are looking for cameras; come back later", retry_after_s=30)
            self._waiting += 1
            try:
                while self._running[of_import] >= places and not self._stopped.is_set():
                    if self._clock.monotonic_s() >= end_s or is_gone():
                        raise UnavailableError("others are looking for cameras; come back later", retry_after_s=15)
                    self._changed.wait(_LOOK_EVERY_S)
            finally:
                self._waiting -= 1
            if self._stopped.is_set():
                raise UnavailableError("the hub is stopping", retry_after_s=10)
            self._running[of_import] += 1
        try:
            yield
        finally:
            with self._changed:
                self._running[of_import] -= 1
                self._changed.notify_all()


class _Ended(threading.Event):
    """Set once it is over: the one who waits for it looks."""

    def __init__(self, is_over: Callable[[], bool]) -> None:
        super().__init__()
        self._is_over = is_over

    def is_set(self) -> bool:
        if not super().is_set() and self._is_over():
            self.set()
        return super().is_set()
