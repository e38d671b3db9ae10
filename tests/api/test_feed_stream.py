"""The feed reads the stored journal at each client's own pace, and resumes without a gap."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api import feed as feed_module
from api.errors import TooManyError
from api.feed import TOPICS, Feed, Wish
from hub.bus import Bus, Topic
from hub.clock import SetClock
from hub.metrics import Metrics

START = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
DEADLINE_S = 10.0


@dataclass(frozen=True)
class Entry:
    seq: int
    topic: str = "incident"


class Journal:
    """A stored journal in memory: append-only, read by number."""

    def __init__(self, bus: Bus) -> None:
        self.entries: list[Entry] = []
        self._bus = bus
        self._lock = threading.Lock()

    def add(self, topic: str = "incident") -> int:
        with self._lock:
            self.entries.append(Entry(len(self.entries) + 1, topic))
            seq = len(self.entries)
        self._bus.announce(Topic.JOURNAL, seq)
        return seq

    def read(self, after: int, limit: int) -> list[Entry]:
        return self.entries[after : after + limit]

    def newest(self) -> int:
        return len(self.entries)


class Room:
    """A feed with its journal and clock."""

    def __init__(self, *, heartbeat_s: float = 60.0) -> None:
        self.bus = Bus()
        self.journal = Journal(self.bus)
        self.clock = SetClock(START)
        self.metrics = Metrics()
        self.feed = Feed(
            self.bus,
            clock=self.clock,
            metrics=self.metrics,
            read=self.journal.read,
            newest=self.journal.newest,
            heartbeat_s=heartbeat_s,
        )

    def open(
        self, *, after: int | None = None, topics: tuple[str, ...] = TOPICS, lasts_s: float = 900.0
    ) -> AsyncIterator[str]:
        def show(entry: Entry) -> Mapping[str, Any]:
            return {"seq": entry.seq}

        return self.feed.stream(Wish(after, START + timedelta(seconds=lasts_s), frozenset(topics), show))


async def _next(stream: AsyncIterator[str]) -> str:
    return await asyncio.wait_for(anext(stream), DEADLINE_S)


async def _numbers(stream: AsyncIterator[str], many: int) -> list[int]:
    return [json.loads((await _next(stream)).split("data: ")[1])["seq"] for _ in range(many)]


async def _rest(stream: AsyncIterator[str]) -> list[str]:
    async with asyncio.timeout(DEADLINE_S):
        return [said async for said in stream]


def test_a_new_client_begins_with_what_comes_next() -> None:
    async def story() -> None:
        room = Room()
        room.journal.add()
        stream = room.open()
        hello = await _next(stream)
        assert hello.startswith("retry: 2000\nid: 1\nevent: hello\n")
        room.journal.add()
        assert await _next(stream) == 'id: 2\nevent: incident\ndata: {"seq": 2}\n\n'

    asyncio.run(story())


def test_a_client_that_comes_back_misses_nothing_and_sees_nothing_twice() -> None:
    async def story() -> None:
        room = Room()
        for _ in range(5):
            room.journal.add()
        stream = room.open(after=2)
        assert '"resumed": true' in await _next(stream)
        assert await _numbers(stream, 3) == [3, 4, 5]
        room.journal.add()
        assert await _numbers(stream, 1) == [6]

    asyncio.run(story())


def test_entries_that_are_stored_while_a_client_reads_arrive_in_order() -> None:
    async def story() -> None:
        room = Room()
        stream = room.open(after=0)
        await _next(stream)
        writer = threading.Thread(target=lambda: [room.journal.add() for _ in range(1000)])
        writer.start()
        assert await _numbers(stream, 1000) == list(range(1, 1001))
        writer.join()

    asyncio.run(story())


def test_a_slow_client_holds_up_neither_the_writer_nor_another_client() -> None:
    async def story() -> None:
        room = Room()
        slow, quick = room.open(after=0), room.open(after=0)
        await _next(slow)
        await _next(quick)
        for _ in range(1000):
            room.journal.add()
        assert await _numbers(quick, 1000) == list(range(1, 1001))
        assert await _numbers(slow, 1000) == list(range(1, 1001))

    asyncio.run(story())


def test_a_number_of_another_database_begins_anew_and_says_so() -> None:
    async def story() -> None:
        room = Room()
        room.journal.add()
        hello = await _next(room.open(after=900))
        assert '"seq": 1' in hello
        assert '"resumed": false' in hello

    asyncio.run(story())


def test_topics_that_are_not_wished_for_only_move_the_place_on() -> None:
    async def story() -> None:
        room = Room(heartbeat_s=0.01)
        stream = room.open(after=0, topics=("alert",))
        await _next(stream)
        room.journal.add("health")
        while (said := await _next(stream)).startswith("id: 0\n"):
            pass
        assert said.startswith("id: 1\n: ")
        room.journal.add("alert")
        while "event" not in (said := await _next(stream)):
            pass
        assert said.startswith("id: 2\nevent: alert\n")

    asyncio.run(story())


def test_silence_is_broken_by_a_comment() -> None:
    async def story() -> None:
        room = Room(heartbeat_s=0.01)
        stream = room.open()
        await _next(stream)
        assert await _next(stream) == "id: 0\n: 2026-03-01T03:00:00.000000Z\n\n"

    asyncio.run(story())


def test_a_stream_ends_with_the_token_that_opened_it() -> None:
    async def story() -> None:
        room = Room(heartbeat_s=0.01)
        stream = room.open(lasts_s=900)
        await _next(stream)
        room.clock.advance(900)
        assert len(await _rest(stream)) <= 1

    asyncio.run(story())


def test_streams_end_when_the_hub_stops() -> None:
    async def story() -> None:
        room = Room()
        stream = room.open()
        await _next(stream)
        threading.Thread(target=room.feed.close).start()
        assert len(await _rest(stream)) <= 1

    asyncio.run(story())


def test_a_client_that_goes_leaves_its_place_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "MOST_CLIENTS", 1)

    async def story() -> None:
        room = Room()
        stream = room.feed.stream(Wish(None, START + timedelta(hours=1), frozenset(TOPICS), lambda _entry: {}))
        await anext(stream)
        with pytest.raises(TooManyError):
            room.feed.admit()
        assert b"hub_feed_clients 1.0" in room.metrics.text()
        await stream.aclose()
        room.feed.admit()
        assert b"hub_feed_clients 0.0" in room.metrics.text()

    asyncio.run(story())
