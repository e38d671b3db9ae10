"""Reader: the thread that keeps one camera's stream open and puts its packets on the camera's queue.

It alone opens and closes the source. It never waits for the analysis: a full queue drops. After a break it tries again,
at first soon, then less often but every 2.5 s at least, so that a camera is back within 5 s of its return; with jitter,
so that 159 cameras behind one switch do not come back in the same instant. A wrong password is tried again after a
minute, then after ever longer, a quarter of an hour at most: cameras lock their door after a few. (Who mends the
password in the settings makes another stream of it, which is tried at once.)
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Protocol

from cameras.errors import SourceError, SourceProblem
from cameras.health import Health
from cameras.streams.packet_queue import Broke, Opened, StreamItem
from cameras.streams.packets import PacketSource, SoundPacket
from hub.clock import Clock

logger = logging.getLogger(__name__)

_FIRST_DELAY_S = 0.25
_LONGEST_DELAY_S = 2.5
_GROWTH = 2.0
_LOGIN_DELAY_S = 60.0
_LONGEST_LOGIN_DELAY_S = 900.0
_STEADY_AFTER_S = 10.0
"""A session that held for so long was a good one: the next break starts from the shortest delay again."""


class StreamReader(Protocol):
    """Keeps one stream open: this one in a thread of its own, that of the reading loop in everybody's."""

    @property
    def sessions(self) -> int:
        """Times that the stream was opened."""

    @property
    def cpu_s(self) -> float:
        """Processor time that reading took."""

    @property
    def corrupt(self) -> int:
        """Packets that came damaged, or are known to be missing."""

    @property
    def unfit(self) -> str:
        """Why the reading loop leaves this stream to FFmpeg; empty when it does not, or was not asked to read it."""

    def start(self) -> None:
        """Start reading."""

    def stop(self, *, timeout_s: float) -> bool:
        """Stop reading; whether it was over within `timeout_s` seconds."""

    def hurry(self, *, wanted: bool) -> None:
        """Somebody watches and wants each packet at once, or nobody does."""


class Delays:
    """How long a reader waits until it tries again. Not for several threads."""

    def __init__(self) -> None:
        self._next_s = _FIRST_DELAY_S
        self._login_s = _LOGIN_DELAY_S

    def after(self, problem: SourceProblem, lasted_s: float) -> float:
        """Seconds until the next attempt.

        Args:
            problem: How the one before ended.
            lasted_s: How long that was, from its beginning.
        """
        if lasted_s >= _STEADY_AFTER_S:
            self._next_s = _FIRST_DELAY_S
        if problem is SourceProblem.LOGIN_REFUSED:
            wait_s, self._login_s = self._login_s, min(_LONGEST_LOGIN_DELAY_S, self._login_s * _GROWTH)
        else:
            wait_s, self._next_s = self._next_s, min(_LONGEST_DELAY_S, self._next_s * _GROWTH)
        return wait_s * random.uniform(0.75, 1.0)  # noqa: S311 - spreads, guards nothing

    def opened(self) -> None:
        """It was let in: the next refusal is a first one."""
        self._login_s = _LOGIN_DELAY_S


class Reader:
    """The reader of one camera, in a thread of its own. `start` once; `stop` from any thread.

    Attributes:
        sessions: Times that the stream was opened.
        cpu_s: Processor time that reading took.
        unfit: As the StreamReader's.
    """

    def __init__(
        self,
        camera: str,
        make_source: Callable[[threading.Event], PacketSource],
        *,
        put: Callable[[StreamItem | SoundPacket], None],
        health: Health,
        clock: Clock,
    ) -> None:
        """Prepare.

        Args:
            camera: Its id, for logs.
            make_source: Makes an unopened source; the event is set when it should end. May raise SourceError.
            put: Takes the items in order, at once.
            health: Hears of packets and problems.
            clock: For delays and times.
        """
        self._camera = camera
        self._make_source = make_source
        self._put = put
        self._health = health
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"read-{camera}", daemon=True)
        self._corrupt_before = 0
        self._source: PacketSource | None = None
        self.sessions = 0
        self.cpu_s = 0.0
        self.unfit = ""
        self._delays = Delays()

    def start(self) -> None:
        """Start reading."""
        self._thread.start()

    def stop(self, *, timeout_s: float) -> bool:
        """Stop reading; whatever is going on inside the source ends by its own time-outs.

        Returns:
            Whether the thread ended within `timeout_s` seconds; if not, it ends on its own and puts nothing more.
        """
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def hurry(self, *, wanted: bool) -> None:
        """Every packet comes at once, watched or not."""

    @property
    def corrupt(self) -> int:
        """Packets that came damaged."""
        source = self._source
        return self._corrupt_before + (0 if source is None else source.corrupt)

    def _run(self) -> None:
        while not self._stopping.is_set():
            begun_s = self._clock.monotonic_s()
            problem = self._session()
            wait_s = self._delays.after(problem, self._clock.monotonic_s() - begun_s)
            self._clock.wait(self._stopping, wait_s)

    def _session(self) -> SourceProblem:
        """Open, read until it breaks, close."""
        problem, detail = SourceProblem.ENDED, ""
        opened = False
        try:
            self._source = self._make_source(self._stopping)
            info = self._source.open()
            opened = True
            self.sessions += 1
            self._delays.opened()
            self._put_unless_stopping(Opened(info))
            for packet in self._source.packets():
                if self._stopping.is_set():
                    break
                self._health.heard()
                self._put(packet)
                self.cpu_s = time.thread_time()
        except SourceError as error:
            problem, detail = error.reason, error.detail
        except Exception:
            # A defect of a protocol plugin must cost one camera one session, not the worker its camera.
            logger.exception("reading failed in a way that is not foreseen", extra={"camera": self._camera})
            problem = SourceProblem.BROKE
        finally:
            if self._source is not None:
                self._source.close()
                self._corrupt_before += self._source.corrupt
                self._source = None
        if not self._stopping.is_set():
            self._health.failed(problem)
            logger.debug("session ended", extra={"camera": self._camera, "reason": problem, "detail": detail})
            if opened:
                self._put_unless_stopping(Broke(self._clock.now(), problem))
        return problem

    def _put_unless_stopping(self, item: StreamItem) -> None:
        if not self._stopping.is_set():
            self._put(item)
