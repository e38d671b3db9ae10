"""Feed: the journal as server-sent events, live, and resumed from any number without a gap.

The stream is the stored journal: each client keeps its own place in it, reads on at its own pace when the bus says that
there is more, and is held up by nobody. So nothing is queued for a client (the bound is one batch), a slow one delays
only itself, and `Last-Event-ID` is simply the place to read on from. A stream ends when the access token that opened it
does; the client comes back with a new one and its place.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from starlette.concurrency import run_in_threadpool

from api.errors import TooManyError
from hub.bus import Bus, Topic
from hub.clock import Clock
from hub.errors import StoreError
from hub.events import time_to_text
from hub.metrics import Metrics

logger = logging.getLogger(__name__)

HEARTBEAT_S = 15.0  # proxies and phones drop a connection that is silent for 30 to 60 s
CHECK_EVERY_S = 5.0  # whether a client still may: its account, its grants
BATCH = 200  # entries read at once, about 200 kB: what one client may hold in memory
MOST_CLIENTS = 256  # a room, a village's phones and the integrators; each is a socket and a task
TOPICS = ("incident", "alert", "health", "rule", "order", "suppression", "household")
"""What a client gets that does not say what it wants."""
ASIDE = ("shadow", "withheld", "arming", "evidence", "recording")
"""What rang nowhere, who armed what, and what became of recordings: only for a client that asks for it."""


class Entry(Protocol):
    """What the feed needs of a journal entry."""

    @property
    def seq(self) -> int:
        """Its number."""

    @property
    def topic(self) -> str:
        """One of TOPICS or ASIDE."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What one client wants.

    Attributes:
        after: The number of the last entry it has; None begins with the next one.
        until: When its access token ends.
        topics: Which entries.
        show: An entry as the client may see it, None when it may not; may read the store.
        goes_on: Whether there is still something for the client; asked every few seconds. May read the store.
    """

    after: int | None
    until: datetime
    topics: frozenset[str]
    show: Callable[[Any], Mapping[str, Any] | None]
    goes_on: Callable[[], bool] = lambda: True


class Feed:
    """The open streams of one hub."""

    def __init__(
        self,
        bus: Bus,
        *,
        clock: Clock,
        metrics: Metrics,
        read: Callable[[int, int], Sequence[Any]],
        newest: Callable[[], int],
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        """Serve the journal.

        Args:
            bus: Says that there is more.
            clock: Ends a stream with its token.
            metrics: Counts clients and entries.
            read: Journal entries after a number, at most so many, oldest first.
            newest: Number of the newest entry, 0 before the first.
            heartbeat_s: Longest silence on a stream.
        """
        self._bus = bus
        self._clock = clock
        self._metrics = metrics
        self._read = read
        self._newest = newest
        self._heartbeat_s = heartbeat_s
        self._closed = False
        self._clients = 0
        self._wakes: set[Callable[[], None]] = set()

    def close(self) -> None:
        """End every stream soon; from any thread."""
        self._closed = True
        for wake in tuple(self._wakes):
            wake()

    def admit(self) -> None:
        """Refuse before the answer begins, if there is no room.

        Raises:
            TooManyError: All places are taken.
        """
        if self._clients >= MOST_CLIENTS:
            raise TooManyError(f"{MOST_CLIENTS} feeds are open", retry_after_s=10)

    async def stream(self, wish: Wish) -> AsyncIterator[str]:
        """The events of one client, as text, until it goes, its token ends or the hub stops."""
        with self._client() as woken:
            newest = await run_in_threadpool(self._newest)
            place, known = self._begin(wish.after, newest)
            hello = {"seq": place, "at": time_to_text(self._clock.now()), "resumed": known}
            yield "retry: 2000\n" + _event("hello", place, hello)
            loop = asyncio.get_running_loop()
            spoke_s = loop.time()
            while not self._closed and self._clock.now() < wish.until:
                woken.clear()
                try:
                    found = await run_in_threadpool(self._next, wish, place)
                except StoreError:
                    return  # the hub is stopping; the client comes back with its place
                if found is None:
                    return  # nothing is left for him
                for entry, body in found:
                    place = entry.seq
                    if body is not None:
                        yield _event(entry.topic, place, body)
                        spoke_s = loop.time()
                        self._metrics.feed_entries.inc()
                if not found:
                    await self._wait(woken, wish.until, spoke_s + self._heartbeat_s - loop.time())
                if loop.time() >= spoke_s + self._heartbeat_s:
                    spoke_s = loop.time()
                    # The place moves on even where nothing was for this client, so a resume need not look again.
                    yield f"id: {place}\n: {time_to_text(self._clock.now())}\n\n"

    def _next(self, wish: Wish, place: int) -> list[tuple[Any, Mapping[str, Any] | None]] | None:
        """The next entries, each as the client may see it now; None when nothing is for him any more."""
        if not wish.goes_on():
            return None
        return [(entry, wish.show(entry) if entry.topic in wish.topics else None) for entry in self._read(place, BATCH)]

    async def _wait(self, woken: asyncio.Event, until: datetime, most_s: float) -> None:
        """Until something came, or it is time to look again, to speak, or to end."""
        left_s = (until - self._clock.now()).total_seconds()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(woken.wait(), max(0.0, min(most_s, CHECK_EVERY_S, left_s)))

    @staticmethod
    def _begin(after: int | None, newest: int) -> tuple[int, bool]:
        """Where to read on, and whether that is where the client left off."""
        if after is None or after > newest:  # a number of another database: begin anew, and say so
            return newest, False
        return after, True

    @contextlib.contextmanager
    def _client(self) -> Iterator[asyncio.Event]:
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()

        def wake(_number: int = 0) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has just been closed: nobody is left to wake
                loop.call_soon_threadsafe(woken.set)

        self._clients += 1
        self._metrics.feed_clients.inc()
        self._wakes.add(wake)
        end = self._bus.follow(Topic.JOURNAL, wake)
        try:
            yield woken
        finally:
            end()
            self._wakes.discard(wake)
            self._clients -= 1
            self._metrics.feed_clients.dec()


def _event(topic: str, number: int, body: Mapping[str, Any]) -> str:
    # JSON has no raw line breaks, so one data line holds it all.
    return f"id: {number}\nevent: {topic}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n"
