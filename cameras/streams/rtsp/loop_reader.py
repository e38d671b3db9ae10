"""LoopReader: keeps one RTSP stream open in the reading loop, and leaves to FFmpeg what the loop cannot read.

Its patience is the thread reader's. What comes is handed on in the loop's thread, where nobody waits.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

from cameras.errors import SourceProblem
from cameras.health import Health
from cameras.streams.packet_queue import Broke, Opened, StreamItem
from cameras.streams.packets import SoundPacket
from cameras.streams.reader import Delays, StreamReader
from cameras.streams.rtsp.connection import Connection, Ended, Patience
from cameras.streams.rtsp.loop import Loop, Timer
from cameras.streams.rtsp.session import Item
from config.community import Stream
from hub.clock import Clock
from hub.networks import Allowed

logger = logging.getLogger(__name__)

_MOST_REDIRECTS = 3


class LoopReader:
    """The reader of one camera. `start` once; `stop` from any thread but the loop's.

    Attributes:
        sessions: Times that the stream was opened.
        unfit: Why this stream is left to FFmpeg; empty when it is not.
    """

    def __init__(
        self,
        camera: str,
        stream: Stream,
        *,
        loop: Loop,
        allowed: Allowed | None,
        put: Callable[[StreamItem | SoundPacket], None],
        health: Health,
        clock: Clock,
        fall_back: Callable[[], StreamReader],
        patience: Patience | None = None,
    ) -> None:
        """Prepare.

        Args:
            camera: Its id, for logs.
            stream: Where to read; `rtsp`.
            loop: In which it reads.
            allowed: Where cameras may be; None is anywhere.
            put: Takes the items in order, at once.
            health: Hears of packets and problems.
            clock: For delays and times.
            fall_back: Makes the reader for a stream that the loop cannot read.
            patience: How long is waited; None as usual.
        """
        self._camera = camera
        self._stream = stream
        self._loop = loop
        self._allowed = allowed
        self._put = put
        self._health = health
        self._clock = clock
        self._fall_back = fall_back
        self._patience = patience or Patience()
        self._delays = Delays()
        self._lock = threading.Lock()
        self._stopping = False
        self._over = threading.Event()
        self._connection: Connection | None = None
        self._other: StreamReader | None = None
        self._timer: Timer | None = None
        self._begun_s = 0.0
        self._is_open = False
        self._watched = False
        self._redirects = 0
        self._corrupt_before = 0
        self._cpu_before_s = 0.0
        self._sessions = 0
        self.unfit = ""

    def start(self) -> None:
        """Start reading."""
        self._loop.call(self._attempt)

    def stop(self, *, timeout_s: float) -> bool:
        """Stop reading; nothing is put any more once this returned True.

        Returns:
            Whether it was over within `timeout_s` seconds.
        """
        with self._lock:
            self._stopping = True
            other = self._other
        if other is not None:
            return other.stop(timeout_s=timeout_s)
        self._loop.call(self._close)
        return self._over.wait(timeout_s)

    def hurry(self, *, wanted: bool) -> None:
        """Somebody watches and wants each packet at once, or nobody does."""
        self._watched = wanted
        self._loop.call(self._hurry)

    @property
    def sessions(self) -> int:
        """Times that the stream was opened."""
        other = self._other
        return self._sessions + (0 if other is None else other.sessions)

    @property
    def cpu_s(self) -> float:
        """Processor time that reading took."""
        connection, other = self._connection, self._other
        own_s = self._cpu_before_s + (0.0 if connection is None else connection.cpu_s)
        return own_s + (0.0 if other is None else other.cpu_s)

    @property
    def corrupt(self) -> int:
        """Packets that came damaged, or never."""
        connection, other = self._connection, self._other
        own = self._corrupt_before + (0 if connection is None else connection.corrupt)
        return own + (0 if other is None else other.corrupt)

    def _attempt(self) -> None:
        self._begun_s = self._clock.monotonic_s()
        self._redirects = 0
        self._connect(self._stream.url, sound=True)

    def _connect(self, url: str, *, sound: bool) -> None:
        if self._stopping:
            return
        self._is_open = False
        self._connection = Connection(
            self._stream,
            url=url,
            loop=self._loop,
            clock=self._clock,
            allowed=self._allowed,
            sound=sound,
            patience=self._patience,
            take=self._take,
            over=lambda ended: self._ended(ended, url),
        )
        if self._connection.is_over:
            self._let_go()
        self._hurry()

    def _hurry(self) -> None:
        if self._connection is not None:
            self._connection.hurry(wanted=self._watched)

    def _take(self, items: list[Item]) -> None:
        for item in items:
            if self._stopping:
                return
            if isinstance(item, Opened):
                self._is_open = True
                self._sessions += 1
                self._delays.opened()
            else:
                self._health.heard()
            self._put(item)

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._corrupt_before += connection.corrupt
            self._cpu_before_s += connection.cpu_s

    def _ended(self, ended: Ended, url: str) -> None:
        self._let_go()
        if self._stopping:
            return
        if ended.unfit:
            self._give_up(ended.unfit)
            return
        if ended.redirected is not None and (following := self._followed(url, ended.redirected)):
            self._loop.call(lambda: self._connect(following, sound=True))
            return
        if ended.over_sound and ended.problem is not SourceProblem.LOGIN_REFUSED:
            self._loop.call(lambda: self._connect(url, sound=False))
            return
        self._health.failed(ended.problem)
        logger.debug("session ended", extra={"camera": self._camera, "reason": ended.problem, "detail": ended.detail})
        if self._is_open:
            self._put(Broke(self._clock.now(), ended.problem))
        wait_s = self._delays.after(ended.problem, self._clock.monotonic_s() - self._begun_s)
        self._timer = self._loop.later(wait_s, self._attempt)

    def _followed(self, url: str, elsewhere: str) -> str:
        """Where to go on a redirection: to another place of the same host, a few times; empty for nowhere."""
        self._redirects += 1
        try:
            here, there = urlsplit(url), urlsplit(elsewhere)
            same = there.scheme.lower() == "rtsp" and (there.hostname, there.port) == (here.hostname, here.port)
        except ValueError:
            return ""
        if not same or self._redirects > _MOST_REDIRECTS or "@" in there.netloc:
            return ""
        return elsewhere

    def _give_up(self, why: str) -> None:
        """Leave the stream to FFmpeg, for as long as this reader lives."""
        logger.info("a stream is read by FFmpeg", extra={"camera": self._camera, "reason": why})
        self.unfit = why
        with self._lock:
            if self._stopping:
                self._over.set()
                return
            self._other = self._fall_back()
        self._other.start()

    def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._connection is not None:
            self._connection.close()
            self._let_go()
        self._over.set()
