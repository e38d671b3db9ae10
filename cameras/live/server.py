"""Live: the worker's socket at which the hub gets the streams that somebody watches, from memory.

One LiveCache for each stream of each camera that the worker runs, one connection and one thread for each stream that is
watched. Whatever happens on a connection, the readers never wait: an Outlet drops. A stream that nobody records or
analyses has no reader; `on_watched` says when one is wanted, and some seconds after the last watcher left, that it is
not any more.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cameras.live.cache import LiveCache, Outlet
from cameras.live.wire import MOST_LINE_BYTES, Ask, Pauses, frame_of, read_ask
from cameras.recordings.media import StreamName
from cameras.unix_sockets import listen
from hub.clock import Clock
from hub.errors import LinkError

__all__ = ["LiveCache", "LiveFigures", "LiveServer"]

logger = logging.getLogger(__name__)

OnWatched = Callable[[str, StreamName, bool], bool]
"""Camera, stream, whether somebody watches it; called once for each change, from any thread, and must not wait.

Says whether the worker runs a camera with such a stream."""

LINGER_S = 5.0
"""Somebody who turns a page back and forth must not make the camera open its stream each time."""

_MOST_CONNECTIONS = 384
"""One for each stream that is watched; the hub has fewer watchers (`cameras/live/watching.py`)."""
_LOOK_EVERY_S = 0.5
_ASK_WITHIN_S = 2.0
_SEND_WITHIN_S = 5.0
"""The hub on the same machine takes at once; one that does not is hung."""


@dataclass(frozen=True, slots=True)
class LiveFigures:
    """How one stream does.

    Attributes:
        camera: Its id.
        stream: Which of its two.
        connections: How many get it.
        held_bytes: Memory of its group of pictures and of what waits to be sent.
    """

    camera: str
    stream: StreamName
    connections: int
    held_bytes: int


class LiveServer:
    """Gives the streams of one worker to the hub. `start` and `stop` once; the rest from any thread."""

    def __init__(
        self, path: Path, clock: Clock, *, on_watched: OnWatched | None = None, linger_s: float = LINGER_S
    ) -> None:
        """Prepare.

        Args:
            path: Of the socket.
            clock: The worker's.
            on_watched: Told which streams are wanted by watchers.
            linger_s: How long a stream is wanted after its last watcher left.
        """
        self._path = path
        self._clock = clock
        self._on_watched = on_watched or (lambda _camera, _stream, _is: False)
        self._linger_s = linger_s
        self._lock = threading.Lock()
        self._caches: dict[tuple[str, StreamName], LiveCache] = {}
        self._watched: dict[tuple[str, StreamName], float | None] = {}
        """What is wanted; with the moment since when nobody watches it."""
        self._connections: set[_Connection] = set()
        self._stopping = threading.Event()
        self._listening: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def start(self) -> None:
        """Listen.

        Raises:
            OSError: The socket cannot be made.
        """
        self._listening = listen(self._path)
        self._listening.settimeout(_LOOK_EVERY_S)
        self._thread.start()

    def stop(self) -> None:
        """End every connection and listen no more."""
        self._stopping.set()
        with self._lock:
            connections = tuple(self._connections)
        for connection in connections:
            connection.close()
        if self._listening is not None:
            with contextlib.suppress(OSError):
                self._listening.shutdown(socket.SHUT_RDWR)  # whoever waits for the next connection is woken
        if self._thread.is_alive():
            self._thread.join(_LOOK_EVERY_S + 1.0)
        if self._listening is not None:
            self._listening.close()

    def cache(self, camera: str, stream: StreamName) -> LiveCache:
        """The cache of a stream of a camera that this worker runs: a sink for its samples, kept until `forget`."""
        with self._lock:
            return self._caches.setdefault((camera, stream), LiveCache())

    def forget(self, camera: str) -> None:
        """The worker runs this camera no more; who watches it is told."""
        with self._lock:
            gone = [self._caches.pop((camera, stream)) for stream in StreamName if (camera, stream) in self._caches]
            for stream in StreamName:
                self._watched.pop((camera, stream), None)
        for cache in gone:
            cache.close("moved")

    def watched(self, camera: str, stream: StreamName) -> bool:
        """Whether a reader is wanted for those who watch, or watched a moment ago."""
        with self._lock:
            return (camera, stream) in self._watched

    def figures(self) -> tuple[LiveFigures, ...]:
        """How each stream does."""
        with self._lock:
            caches = dict(self._caches)
        return tuple(
            LiveFigures(camera, stream, cache.watchers, cache.held_bytes)
            for (camera, stream), cache in sorted(caches.items())
        )

    def _run(self) -> None:
        assert self._listening is not None
        while not self._stopping.is_set():
            try:
                accepted, _ = self._listening.accept()
            except TimeoutError:
                accepted = None
            except OSError:
                return  # closed under us
            if accepted is not None:
                self._admit(accepted)
            self._let_go()

    def _admit(self, accepted: socket.socket) -> None:
        with self._lock:
            full = len(self._connections) >= _MOST_CONNECTIONS
            if not full:
                connection = _Connection(self, accepted, self._clock)
                self._connections.add(connection)
        if full:
            logger.warning("a live connection is refused: there are too many", extra={"most": _MOST_CONNECTIONS})
            accepted.close()
        else:
            connection.start()

    def _let_go(self) -> None:
        """Say of streams that nobody has watched for a while that they are not wanted."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            over = [
                key
                for key, since_s in self._watched.items()
                if since_s is not None and now_s - since_s >= self._linger_s
            ]
            for key in over:
                del self._watched[key]
        for camera, stream in over:
            self._tell(camera, stream, wanted=False)

    def _tell(self, camera: str, stream: StreamName, *, wanted: bool) -> bool:
        try:
            return self._on_watched(camera, stream, wanted)
        except Exception:
            logger.exception("a stream cannot be opened or closed for watchers", extra={"camera": camera})
            return False

    def _join(self, ask: Ask, outlet: Outlet) -> LiveCache | None:
        key = (ask.camera, ask.stream)
        with self._lock:
            is_new = key not in self._watched
            self._watched[key] = None
        is_run = not is_new or self._tell(ask.camera, ask.stream, wanted=True)
        with self._lock:
            cache = self._caches.get(key)
            if cache is None and not is_run:
                self._watched.pop(key, None)
                return None
        cache = self.cache(ask.camera, ask.stream)
        cache.join(outlet, sound=ask.sound)
        return cache

    def _leave(self, ask: Ask, cache: LiveCache, outlet: Outlet) -> None:
        cache.leave(outlet)
        with self._lock:
            key = (ask.camera, ask.stream)
            if key in self._watched and self._caches.get(key) is cache and not cache.watchers:
                self._watched[key] = self._clock.monotonic_s()

    def _closed(self, connection: _Connection) -> None:
        with self._lock:
            self._connections.discard(connection)


class _Connection:
    """One stream on its way to the hub, in a thread of its own."""

    def __init__(self, server: LiveServer, accepted: socket.socket, clock: Clock) -> None:
        self._server = server
        self._socket = accepted
        self._outlet = Outlet(clock)
        self._thread = threading.Thread(target=self._run, name="live-out", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._outlet.close()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        try:
            with self._socket:
                self._serve()
        except (OSError, LinkError) as error:
            logger.debug("a live connection ended", extra={"detail": str(error)})
        except Exception:
            logger.exception("a live connection failed in a way that is not foreseen")
        finally:
            self._server._closed(self)  # noqa: SLF001 - its own part

    def _serve(self) -> None:
        self._socket.settimeout(_ASK_WITHIN_S)
        ask = read_ask(self._line())
        self._socket.settimeout(None)
        # A timeout of Python's would make the socket non-blocking and cost a poll for each picture.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", int(_SEND_WITHIN_S), 0))
        cache = self._server._join(ask, self._outlet)  # noqa: SLF001 - its own part
        if cache is None:
            self._socket.sendall(frame_of(Pauses("unknown", is_final=True)))
            return
        try:
            self._send()
        finally:
            self._server._leave(ask, cache, self._outlet)  # noqa: SLF001 - its own part

    def _send(self) -> None:
        while not self._server._stopping.is_set():  # noqa: SLF001 - its own part
            item = self._outlet.take(_LOOK_EVERY_S)
            if item is None:
                if self._gone():
                    return
                continue
            self._socket.sendall(frame_of(item))
            if isinstance(item, Pauses) and item.is_final:
                return

    def _gone(self) -> bool:
        """Whether the hub has left, found out while there is nothing to send."""
        try:
            return self._socket.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False

    def _line(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            piece = self._socket.recv(MOST_LINE_BYTES - len(line))
            if not piece or len(line) + len(piece) >= MOST_LINE_BYTES:
                raise LinkError("a live connection asked for nothing")
            line += piece
        return line
