"""Loop: one thread that waits for all sockets of a worker, so that a camera costs no thread of its own.

Streams are read at a beat, all of them one after the other, ten times a second: what came meanwhile is taken in one go.
In between the kernel wakes the loop only for who has much to read (SO_RCVLOWAT), is being talked to, or is watched.
Everything that is called here runs in the loop's thread and must not wait; what fails in one call is told in the log
and costs the others nothing.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from hub.clock import Clock

logger = logging.getLogger(__name__)

BEAT_S = 0.1
"""The most that a packet waits to be read, but for the time that the others take."""
BUFFER_BYTES = 256 * 1024
_LOOKING_UP = 2
"""Threads for names: a name server that hangs holds up who has a name, not who has an address."""


class Timer:
    """Something that is to be done later, unless it is cancelled."""

    __slots__ = ("act", "due_s")

    def __init__(self, due_s: float, act: Callable[[], None]) -> None:
        self.due_s = due_s
        self.act: Callable[[], None] | None = act

    def cancel(self) -> None:
        """Do not do it."""
        self.act = None


class Loop:
    """The loop. `start` once, then `stop` once; `call` from any thread, the rest from within.

    Attributes:
        buffer: What everybody reads into, one after the other.
        view: Over it.
        spent_s: Processor time of the thread when somebody last looked; who works adds up what he took since.
    """

    def __init__(self, clock: Clock) -> None:
        """Prepare; nothing runs before `start`."""
        self.buffer = bytearray(BUFFER_BYTES)
        self.view = memoryview(self.buffer)
        self.spent_s = 0.0
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._wanted: deque[Callable[[], None]] = deque()
        self._timers: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()
        self._beating: dict[int, Callable[[], None]] = {}
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="read", daemon=True)
        self._names: ThreadPoolExecutor | None = None
        self._bell, self._rope = socket.socketpair()
        self._bell.setblocking(False)
        self._rope.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ, self._rung)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, *, timeout_s: float = 2.0) -> bool:
        """End the thread; whoever still reads is heard no more.

        Returns:
            Whether it ended within `timeout_s` seconds.
        """
        self._ending = True
        self._ring()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        if self._names is not None:
            self._names.shutdown(wait=False, cancel_futures=True)
        return not self._thread.is_alive()

    def call(self, act: Callable[[], None]) -> None:
        """Have `act` called soon; from any thread."""
        self._wanted.append(act)
        self._ring()

    def later(self, delay_s: float, act: Callable[[], None]) -> Timer:
        """Have `act` called in so many seconds."""
        timer = Timer(self._clock.monotonic_s() + delay_s, act)
        heapq.heappush(self._timers, (timer.due_s, next(self._numbers), timer))
        return timer

    def look_up(self, act: Callable[[], None]) -> None:
        """Have `act` called in a thread that may wait."""
        if self._names is None:
            self._names = ThreadPoolExecutor(_LOOKING_UP, thread_name_prefix="names")
        self._names.submit(act)

    def watch(self, connection: socket.socket, act: Callable[[], None], *, writes: bool = False) -> None:
        """Call `act` when there is something to read, or to write; in place of what was called before."""
        events = selectors.EVENT_WRITE if writes else selectors.EVENT_READ
        if connection.fileno() in self._selector.get_map():
            self._selector.modify(connection, events, act)
        else:
            self._selector.register(connection, events, act)

    def beat(self, connection: socket.socket, act: Callable[[], None]) -> None:
        """Call `act` at each beat as well."""
        self._beating[connection.fileno()] = act

    def forget(self, connection: socket.socket) -> None:
        """Call nobody about it any more; before it is closed."""
        self._beating.pop(connection.fileno(), None)
        if connection.fileno() in self._selector.get_map():
            self._selector.unregister(connection)

    def _run(self) -> None:
        beat_s = self._clock.monotonic_s()
        while not self._ending:
            now_s = self._clock.monotonic_s()
            due_s = min(beat_s if self._beating else now_s + 1.0, self._timers[0][0] if self._timers else now_s + 1.0)
            ready = self._selector.select(max(0.0, due_s - now_s))
            self.spent_s = time.thread_time()
            for key, _ in ready:
                self._guard(key.data)
            while self._wanted:
                self._guard(self._wanted.popleft())
            now_s = self._clock.monotonic_s()
            if now_s >= beat_s:
                for act in tuple(self._beating.values()):
                    self._guard(act)
                beat_s = max(beat_s + BEAT_S, now_s + BEAT_S / 2)
            while self._timers and self._timers[0][0] <= now_s:
                timer = heapq.heappop(self._timers)[2]
                if timer.act is not None:
                    self._guard(timer.act)
        self._selector.close()
        self._bell.close()
        self._rope.close()

    def _guard(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception:
            # Whoever is called ends his own camera's session on an error; this is a defect in that.
            logger.exception("something failed in the loop that reads cameras")

    def _ring(self) -> None:
        try:
            self._rope.send(b"!")
        except OSError:
            return  # it rings already, or the loop is over

    def _rung(self) -> None:
        try:
            self._bell.recv(4096)
        except BlockingIOError:
            return  # somebody was quicker
