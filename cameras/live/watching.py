"""Watching: the hub's side of live pictures. One connection to the worker for each stream, however many watch it.

All of it lives in the event loop that serves HTTP; only `close`, `dismiss` and `figures` are for any thread. A Relay
passes each picture to the Backlog of each Watcher and waits for none of them: who does not take his pictures in time
misses some and is told, and nobody else notices. Must not load PyAV or OpenCV.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cameras.live.backlog import Backlog
from cameras.live.wire import HEAD, Ask, Begins, Item, Part, Pauses, ask_line, read_body, read_head, socket_of
from cameras.recordings.media import StreamName
from cameras.unix_sockets import connect
from hub.clock import Clock
from hub.errors import LinkError, NoPlaceError
from hub.fair_share import HUB, FairShare, Guest, Share

logger = logging.getLogger(__name__)

ROOM: Final = Share(most=256, each=128)
"""Ten screens of 25 pictures, five of them of one account; each watcher is a socket, a task and what waits for him."""
RESIDENTS: Final = Share(most=64, each=8)
"""Beside the room's; of the cameras of one's own home."""
_RETRY_AFTER_S: Final = 10

MOST_GROUP_BYTES: Final = 8 * 1024 * 1024
_LINGER_S: Final = 2.0
"""A page that is loaded again finds the connection still there."""

_FIRST_RETRY_S: Final = 0.25
_LONGEST_RETRY_S: Final = 1.0
_READ_BYTES: Final = 1024 * 1024


class TooManyWatchersError(NoPlaceError):
    """All places are taken, or all that one account may have, or the hub is stopping."""


@dataclass(frozen=True, slots=True)
class WatchedStream:
    """How one stream that is watched does.

    Attributes:
        camera: Its id.
        stream: Which of its two.
        sound: Whether its sound is sent too.
        watchers: How many watch it.
        pictures: Passed on since it was opened.
        dropped: Left out for watchers who did not take them in time, summed over those who watch now.
        held_bytes: Memory of its group of pictures and of what waits for watchers.
    """

    camera: str
    stream: StreamName
    sound: bool
    watchers: int
    pictures: int
    dropped: int
    held_bytes: int


class Watcher:
    """One who watches one stream. `take` from one task."""

    def __init__(self, account: str, clock: Clock) -> None:
        self.account = account
        self.dismissed: str | None = None
        """Why nothing will come any more, in one word; None while he may go on."""
        self._clock = clock
        self._backlog = Backlog()
        self._woken = asyncio.Event()

    async def take(self, timeout_s: float) -> Item | None:
        """The next item; None when none came within `timeout_s` seconds, or he was dismissed."""
        if not self._backlog and self.dismissed is None:
            self._woken.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._woken.wait()
        return None if self.dismissed is not None else self._backlog.take()

    def put(self, item: Item) -> None:
        """Give him an item; never waits for him."""
        self._backlog.put(item, self._clock.monotonic_s())
        self._woken.set()

    def dismiss(self, because: str) -> None:
        """Let him go."""
        if self.dismissed is None:
            self.dismissed = because
        self._woken.set()

    @property
    def dropped(self) -> int:
        """Pictures left out because he did not take them in time."""
        return self._backlog.dropped

    @property
    def held_bytes(self) -> int:
        """Bytes that wait for him."""
        return self._backlog.held_bytes

    @property
    def waiting(self) -> int:
        """Items that wait for him."""
        return len(self._backlog)


class Watching:
    """All who watch."""

    def __init__(
        self,
        data: Path,
        clock: Clock,
        *,
        worker_of: Callable[[str], str | None],
        room: Share = ROOM,
        residents: Share = RESIDENTS,
        linger_s: float = _LINGER_S,
    ) -> None:
        """Prepare; nothing is connected before somebody watches.

        Args:
            data: The hub's data folder, in which workers have their sockets.
            clock: The hub's.
            worker_of: Which worker runs a camera, None when none does; must not wait.
            room: How many of the room may watch at once.
            residents: How many residents.
            linger_s: How long a connection is kept after its last watcher left.
        """
        self._data = data
        self._clock = clock
        self._worker_of = worker_of
        self._places = FairShare(room=room, residents=residents, retry_after_s=_RETRY_AFTER_S)
        self._linger_s = linger_s
        self._relays: dict[Ask, _Relay] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = threading.Event()

    @contextlib.asynccontextmanager
    async def watch(
        self, camera: str, stream: StreamName, *, sound: bool = False, guest: Guest = HUB
    ) -> AsyncIterator[Watcher]:
        """Watch a stream: its form, the pictures since the last key picture, then each as it comes.

        Args:
            camera: Its id; one that nobody runs pauses until somebody does.
            stream: Which of its two.
            sound: Whether its sound is wanted too.
            guest: Who watches, for his share of the places and for `dismiss`.

        Raises:
            TooManyWatchersError: All places are taken, or all that he may have, or the hub is stopping.
        """
        if self._closed.is_set():
            raise TooManyWatchersError("the hub is stopping", retry_after_s=_RETRY_AFTER_S)
        try:
            self._places.take(guest)
        except NoPlaceError as error:
            raise TooManyWatchersError(f"live pictures: {error}", retry_after_s=error.retry_after_s) from error
        self._loop = asyncio.get_running_loop()
        ask = Ask(camera, stream, sound)
        relay = self._relays.get(ask)
        if relay is None:
            relay = self._relays[ask] = _Relay(ask, self)
        watcher = Watcher(guest.account, self._clock)
        relay.join(watcher)
        try:
            yield watcher
        finally:
            relay.leave(watcher)
            self._places.leave(guest)

    def close(self) -> None:
        """Let everybody go; from any thread."""
        self._closed.set()
        self._soon(lambda: self._dismiss(lambda _watcher: True, "stopping"))

    def dismiss(self, account: str, because: str) -> None:
        """Let go who watches with this account; from any thread."""
        self._soon(lambda: self._dismiss(lambda watcher: watcher.account == account, because))

    def figures(self) -> tuple[WatchedStream, ...]:
        """How each stream that is watched does."""
        return tuple(relay.figures() for relay in tuple(self._relays.values()))

    def _soon(self, work: Callable[[], None]) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left
                self._loop.call_soon_threadsafe(work)

    def _dismiss(self, which: Callable[[Watcher], bool], because: str) -> None:
        for relay in tuple(self._relays.values()):
            for watcher in tuple(relay.watchers):
                if which(watcher):
                    watcher.dismiss(because)
            if self._closed.is_set():
                relay.stop()


class _Relay:
    """The connection for one stream and those who watch it."""

    def __init__(self, ask: Ask, watching: Watching) -> None:
        self.watchers: list[Watcher] = []
        self._ask = ask
        self._watching = watching
        self._begins: Begins | None = None
        self._pauses = Pauses("connecting")
        self._group: list[Part] = []
        self._group_bytes = 0
        self._pictures = 0
        self._leaving: asyncio.TimerHandle | None = None
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"live-{ask.camera}")

    def join(self, watcher: Watcher) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        self.watchers.append(watcher)
        if self._begins is None:
            watcher.put(self._pauses)
            return
        watcher.put(replace(self._begins, cached=len(self._group)))
        for part in self._group:
            watcher.put(part)

    def leave(self, watcher: Watcher) -> None:
        self.watchers.remove(watcher)
        if not self.watchers:
            loop = asyncio.get_running_loop()
            self._leaving = loop.call_later(self._watching._linger_s, self.stop)  # noqa: SLF001 - its own part

    def stop(self) -> None:
        relays = self._watching._relays  # noqa: SLF001 - its own part
        if relays.get(self._ask) is self:
            del relays[self._ask]
        self._task.cancel()

    def figures(self) -> WatchedStream:
        watchers = tuple(self.watchers)
        return WatchedStream(
            self._ask.camera,
            self._ask.stream,
            self._ask.sound,
            watchers=len(watchers),
            pictures=self._pictures,
            dropped=sum(watcher.dropped for watcher in watchers),
            held_bytes=self._group_bytes + sum(watcher.held_bytes for watcher in watchers),
        )

    async def _run(self) -> None:
        retry_s = _FIRST_RETRY_S
        while True:
            try:
                if await self._session():
                    retry_s = _FIRST_RETRY_S
            except (OSError, LinkError, asyncio.IncompleteReadError) as error:
                logger.debug("a live connection ended", extra={"camera": self._ask.camera, "detail": str(error)})
                self._pass_on(Pauses("worker_lost"))
            except Exception:
                logger.exception("a live stream failed in a way that is not foreseen")
                self._pass_on(Pauses("worker_lost"))
            await asyncio.sleep(retry_s)
            retry_s = min(_LONGEST_RETRY_S, retry_s * 2)

    async def _session(self) -> bool:
        """One connection from beginning to end; whether anything came."""
        worker = self._watching._worker_of(self._ask.camera)  # noqa: SLF001 - its own part
        if worker is None:
            self._pass_on(Pauses("disabled"))
            return False
        path = socket_of(self._watching._data, worker)  # noqa: SLF001 - its own part
        # A Unix socket connects at once or not at all: a worker that hangs does not keep us waiting.
        connected = connect(path, timeout_s=0.0)
        try:
            reader, writer = await asyncio.open_connection(sock=connected, limit=_READ_BYTES)
        except BaseException:
            connected.close()
            raise
        try:
            writer.write(ask_line(self._ask))
            came = False
            while True:
                kind, length = read_head(await reader.readexactly(HEAD.size))
                item = read_body(kind, await reader.readexactly(length))
                if isinstance(item, Pauses) and item.is_final:
                    self._pass_on(Pauses("connecting"))
                    return came
                came = True
                self._pass_on(item)
        finally:
            writer.close()

    def _pass_on(self, item: Item) -> None:
        match item:
            case Part():
                self._keep(item)
            case Begins():
                self._begins = item
                self._forget_group()
            case Pauses():
                if self._begins is None and item == self._pauses:
                    return  # said already
                self._begins, self._pauses = None, item
                self._forget_group()
            case _:
                self._forget_group()  # pictures are missing: what comes next is a key picture
        for watcher in self.watchers:
            watcher.put(item)

    def _keep(self, part: Part) -> None:
        self._pictures += 1
        if part.is_key:
            self._forget_group()
        elif not self._group:
            return
        self._group.append(part)
        self._group_bytes += len(part.data)
        if self._group_bytes > MOST_GROUP_BYTES:
            self._forget_group()

    def _forget_group(self) -> None:
        self._group = []
        self._group_bytes = 0
