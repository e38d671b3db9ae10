"""From a stream's samples over the worker's socket to those who watch in the hub."""

from __future__ import annotations

import asyncio
import contextlib
import io
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from cameras.live.cache import LiveCache
from cameras.live.server import LiveServer
from cameras.live.watching import TooManyWatchersError, Watcher, Watching
from cameras.live.wire import Ask, Begins, Dropped, Item, Part, Pauses, ask_line, frame_of, socket_of
from cameras.recordings.media import Because, Format, SoundFormat, StreamName
from cameras.unix_sockets import connect
from hub.clock import SystemClock
from hub.fair_share import Guest, Share
from tests.fakes.media import BEGAN, Clip, encoded
from tests.fakes.waiting import until

CLOCK = SystemClock()
SUB, MAIN = StreamName.SUB, StreamName.MAIN


@pytest.fixture(scope="module")
def clip() -> Clip:
    return encoded(seconds=2.5)


class Demand:
    """What the server said of streams that are wanted."""

    def __init__(self) -> None:
        self.said: list[tuple[str, StreamName, bool]] = []

    def __call__(self, camera: str, stream: StreamName, wanted: bool) -> bool:  # noqa: FBT001 - as it is called
        self.said.append((camera, stream, wanted))
        return camera == "cam"


@pytest.fixture
def demand() -> Demand:
    return Demand()


@pytest.fixture
def live(tmp_path: Path, demand: Demand) -> Iterator[LiveServer]:
    server = LiveServer(socket_of(tmp_path, "worker-0"), CLOCK, on_watched=demand, linger_s=0.2)
    server.start()
    yield server
    server.stop()
    until(
        lambda: not [thread for thread in threading.enumerate() if thread.name == "live-out"], what="their threads' end"
    )


def _watching(tmp_path: Path, **more: Any) -> Watching:
    return Watching(tmp_path, CLOCK, worker_of=lambda _camera: "worker-0", linger_s=0.0, **more)


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(work, 20))


async def _items(watcher: Watcher, enough: Callable[[list[Item]], bool]) -> list[Item]:
    """What comes until it is enough."""
    found: list[Item] = []
    while not enough(found):
        item = await watcher.take(10)
        assert item is not None, found
        found.append(item)
    return found


def _pictures(number: int) -> Callable[[list[Item]], bool]:
    return lambda found: sum(isinstance(item, Part) for item in found) >= number


def _without_connecting(items: list[Item]) -> list[Item]:
    """What came, without what is told until the hub has its connection."""
    return [item for item in items if item != Pauses("connecting")]


def _decoded(items: list[Item]) -> int:
    """How many pictures a decoder finds in what a watcher got."""
    file = io.BytesIO(
        b"".join(item.init if isinstance(item, Begins) else item.data for item in items if not isinstance(item, Pauses))  # type: ignore[union-attr]
    )
    with av.open(file) as container:
        return sum(1 for _ in container.decode(video=0))


def test_who_joins_gets_the_group_of_pictures_so_far_at_once_and_then_each_as_it_comes(
    tmp_path: Path, live: LiveServer, clip: Clip
) -> None:
    cache = live.cache("cam", SUB)
    cache.begin(clip.form, BEGAN, Because.STARTED)
    for sample in clip.samples[:17]:
        cache.take(sample)

    async def watch() -> list[Item]:
        async with _watching(tmp_path).watch("cam", SUB) as watcher:
            first = await _items(watcher, _pictures(7))
            for sample in clip.samples[17:]:
                cache.take(sample)
            return first + await _items(watcher, _pictures(8))

    begins, *parts = _without_connecting(_run(watch()))
    assert isinstance(begins, Begins)
    assert begins.codecs.startswith("avc1.")
    assert (begins.width, begins.height, begins.sound, begins.cached) == (320, 180, False, 7)
    assert [part.is_key for part in parts] == [number % 10 == 0 for number in range(10, 25)]
    assert [part.at_ms for part in parts] == [round(sample.at.timestamp() * 1000) for sample in clip.samples[10:]]
    assert _decoded([begins, *parts]) == 15


def test_nothing_is_packed_while_nobody_watches_and_memory_is_bounded(clip: Clip) -> None:
    cache = LiveCache(most_group_bytes=20_000)
    cache.begin(clip.form, BEGAN, Because.STARTED)
    most = 0
    for sample in clip.samples:
        cache.take(sample)
        most = max(most, cache.held_bytes)
    assert 0 < most <= 20_000
    assert not cache._packers


def test_many_watch_over_one_connection(tmp_path: Path, live: LiveServer, clip: Clip) -> None:
    cache = live.cache("cam", SUB)
    cache.begin(clip.form, BEGAN, Because.STARTED)

    async def watch() -> list[list[Item]]:
        watching = _watching(tmp_path)

        async def one() -> list[Item]:
            async with watching.watch("cam", SUB) as watcher:
                return await _items(watcher, _pictures(25))

        tasks = [asyncio.create_task(one()) for _ in range(20)]
        await asyncio.to_thread(until, lambda: sum(each.watchers for each in watching.figures()) == 20)
        await asyncio.to_thread(until, lambda: cache.watchers)
        assert cache.watchers == 1
        for sample in clip.samples:
            cache.take(sample)
        return await asyncio.gather(*tasks)

    found = _run(watch())
    assert len(found) == 20
    assert len({tuple(item for item in items if isinstance(item, Part)) for items in found}) == 1


def test_a_slow_watcher_loses_pictures_and_nobody_else_does(tmp_path: Path, live: LiveServer, clip: Clip) -> None:
    cache = live.cache("cam", SUB)
    cache.begin(clip.form, BEGAN, Because.STARTED)

    async def watch() -> tuple[list[Item], list[Item]]:
        watching = _watching(tmp_path)
        async with watching.watch("cam", SUB) as slow, watching.watch("cam", SUB) as quick:
            slow._backlog._most_bytes = 30_000
            got = await _items(quick, lambda found: bool(found) and isinstance(found[-1], Begins))
            for round_number in range(4):
                for sample in clip.samples:
                    cache.take(sample)
                got += await _items(quick, _pictures(25))
                assert slow.held_bytes <= 30_000, round_number
            assert slow.dropped > 0
            assert quick.dropped == 0
            left = slow.waiting
            return got, await _items(slow, lambda found: len(found) == left)

    got, left = _run(watch())
    assert sum(isinstance(item, Part) for item in got) == 100
    dropped = next(number for number, item in enumerate(left) if isinstance(item, Dropped))
    after = left[dropped + 1]
    assert isinstance(after, Part)
    assert after.is_key


def test_a_hub_that_does_not_read_holds_up_neither_the_camera_nor_other_streams(
    tmp_path: Path, live: LiveServer
) -> None:
    large = encoded(seconds=2, fps=10, key_every=5, width=1280, height=720)
    cache = live.cache("cam", MAIN)
    cache.begin(large.form, BEGAN, Because.STARTED)
    with connect(socket_of(tmp_path, "worker-0"), timeout_s=2) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(ask_line(Ask("cam", MAIN, sound=False)))
        until(lambda: cache.watchers, what="the connection")
        began_s = CLOCK.monotonic_s()
        sent = 0
        while sent < 100 * 1024 * 1024 // 4:
            for sample in large.samples:
                cache.take(sample)
                sent += len(sample.data)
        assert CLOCK.monotonic_s() - began_s < 10
        assert cache.held_bytes < 26 * 1024 * 1024


def test_a_break_is_told_and_the_stream_goes_on_with_its_new_form(tmp_path: Path, live: LiveServer, clip: Clip) -> None:
    other = encoded(seconds=1, width=640, height=360)
    cache = live.cache("cam", SUB)
    cache.begin(clip.form, BEGAN, Because.STARTED)

    async def watch() -> list[Item]:
        async with _watching(tmp_path).watch("cam", SUB) as watcher:
            found = await _items(watcher, lambda found: any(isinstance(item, Begins) for item in found))
            cache.take(clip.samples[0])
            cache.end(BEGAN, Because.OFFLINE)
            cache.begin(other.form, BEGAN, Because.OFFLINE)
            cache.take(other.samples[0])
            cache.begin(clip.form, BEGAN, Because.FORMAT)
            cache.take(clip.samples[0])
            return found + await _items(watcher, _pictures(3))

    found = _without_connecting(_run(watch()))
    assert [type(item) for item in found] == [Begins, Part, Pauses, Begins, Part, Begins, Part]
    assert [item.width for item in found if isinstance(item, Begins)] == [320, 640, 320]
    assert found[2] == Pauses("offline")


def test_sound_comes_to_who_wants_it_and_can_play_it(tmp_path: Path, live: LiveServer) -> None:
    heard = encoded(seconds=2, sound="aac", rate_hz=16_000)
    cache = live.cache("cam", SUB)
    cache.begin(heard.form, BEGAN, Because.STARTED)

    async def watch(*, sound: bool) -> list[Item]:
        async with _watching(tmp_path).watch("cam", SUB, sound=sound) as watcher:
            found = await _items(watcher, lambda found: any(isinstance(item, Begins) for item in found))
            for sample in heard.samples:
                cache.take(sample)
            return found + await _items(watcher, _pictures(20))

    loud = [item for item in _run(watch(sound=True)) if not isinstance(item, Pauses)]
    assert isinstance(loud[0], Begins)
    assert loud[0].sound
    assert loud[0].codecs.endswith(",mp4a.40.2")
    with av.open(io.BytesIO(b"".join(getattr(item, "init", b"") or item.data for item in loud))) as container:  # type: ignore[union-attr]
        seconds = sum(frame.samples for frame in container.decode(audio=0)) / 16_000
    assert 1.6 < seconds <= 2.1
    cache.begin(heard.form, BEGAN, Because.STARTED)
    quiet = [item for item in _run(watch(sound=False)) if not isinstance(item, Pauses)]
    assert isinstance(quiet[0], Begins)
    assert not quiet[0].sound
    assert _decoded(quiet) == 20


def test_sound_that_browsers_cannot_play_is_left_out_and_said(clip: Clip) -> None:
    cache, got = LiveCache(), []
    cache.begin(Format(clip.form.video, SoundFormat("pcm_alaw", 8000, 1)), BEGAN, Because.STARTED)

    class Outlet:
        def put(self, item: Item) -> None:
            got.append(item)

    cache.join(Outlet(), sound=True)  # type: ignore[arg-type]
    assert isinstance(got[0], Begins)
    assert (got[0].sound, got[0].left_out) == (False, "pcm_alaw")
    assert "," not in got[0].codecs


def test_a_stream_is_wanted_while_it_is_watched_and_a_moment_longer(
    tmp_path: Path, live: LiveServer, demand: Demand, clip: Clip
) -> None:
    async def watch() -> None:
        async with _watching(tmp_path).watch("cam", MAIN) as watcher:
            assert await watcher.take(5) == Pauses("connecting")
            await asyncio.to_thread(until, lambda: live.watched("cam", MAIN))
            cache = live.cache("cam", MAIN)
            cache.begin(clip.form, BEGAN, Because.STARTED)
            cache.take(clip.samples[0])
            await _items(watcher, _pictures(1))

    _run(watch())
    assert demand.said == [("cam", MAIN, True)]
    until(lambda: len(demand.said) == 2, what="the end of the demand")
    assert demand.said[1] == ("cam", MAIN, False)


def test_a_camera_that_moves_to_another_worker_is_found_there(tmp_path: Path, live: LiveServer, clip: Clip) -> None:
    where = {"cam": "worker-0"}
    live.cache("cam", SUB).begin(clip.form, BEGAN, Because.STARTED)
    other = LiveServer(socket_of(tmp_path, "worker-1"), CLOCK)
    other.start()
    there = other.cache("cam", SUB)

    async def watch() -> list[Item]:
        watching = Watching(tmp_path, CLOCK, worker_of=lambda camera: where[camera], linger_s=0.0)
        async with watching.watch("cam", SUB) as watcher:
            found = await _items(watcher, lambda found: any(isinstance(item, Begins) for item in found))
            where["cam"] = "worker-1"
            live.forget("cam")
            there.begin(clip.form, BEGAN, Because.STARTED)
            there.take(clip.samples[0])
            return found + await _items(watcher, _pictures(1))

    try:
        found = _without_connecting(_run(watch()))
    finally:
        other.stop()
    assert [type(item) for item in found] == [Begins, Begins, Part]


def test_a_worker_that_is_not_there_is_told_and_found_again(tmp_path: Path, clip: Clip) -> None:
    async def watch() -> list[Item]:
        async with _watching(tmp_path).watch("cam", SUB) as watcher:
            found = await _items(watcher, lambda found: Pauses("worker_lost") in found)
            server = LiveServer(socket_of(tmp_path, "worker-0"), CLOCK)
            server.start()
            try:
                server.cache("cam", SUB).begin(clip.form, BEGAN, Because.STARTED)
                return found + await _items(watcher, lambda found: any(isinstance(item, Begins) for item in found))
            finally:
                await asyncio.to_thread(server.stop)

    assert _run(watch())[-1].width == 320


def test_places_are_bounded_and_a_hub_that_stops_lets_everybody_go(tmp_path: Path, live: LiveServer) -> None:
    live.cache("cam", SUB)

    async def watch() -> None:
        watching = _watching(tmp_path, room=Share(most=2, each=1), residents=Share(most=1, each=1))
        room_1, room_2 = Guest("a", is_room=True), Guest("b", is_room=True)
        async with watching.watch("cam", SUB, guest=room_1) as one, watching.watch("cam", SUB, guest=room_2) as other:
            with pytest.raises(TooManyWatchersError):
                async with watching.watch("cam", SUB):
                    pass
            watching.dismiss("a", "signed_out")
            while one.dismissed is None:
                await one.take(1)
            assert (one.dismissed, other.dismissed) == ("signed_out", None)
            threading.Thread(target=watching.close).start()
            while other.dismissed is None:
                await other.take(1)
            assert other.dismissed == "stopping"
        with pytest.raises(TooManyWatchersError):
            async with watching.watch("cam", SUB):
                pass

    _run(watch())


def test_residents_do_not_keep_the_room_out_nor_each_other(tmp_path: Path, live: LiveServer) -> None:
    live.cache("cam", SUB)

    async def watch() -> None:
        watching = _watching(tmp_path, room=Share(most=2, each=2), residents=Share(most=3, each=2))
        async with contextlib.AsyncExitStack() as watchers:

            async def come(account: str, *, is_room: bool) -> None:
                await watchers.enter_async_context(watching.watch("cam", SUB, guest=Guest(account, is_room=is_room)))

            await come("greedy", is_room=False)
            await come("greedy", is_room=False)
            with pytest.raises(TooManyWatchersError, match="one account"):
                await come("greedy", is_room=False)
            await come("modest", is_room=False)
            with pytest.raises(TooManyWatchersError, match="all 3 places"):
                await come("late", is_room=False)
            await come("room", is_room=True)
            await come("room", is_room=True)
        async with watching.watch("cam", SUB, guest=Guest("late", is_room=False)):
            pass

    _run(watch())


def test_nonsense_on_the_socket_harms_nobody(tmp_path: Path, live: LiveServer) -> None:
    live.cache("cam", SUB)
    for words in (b"\n", b"{}\n", b'{"camera": "cam", "stream": "third"}\n', b"x" * 2000, b""):
        with connect(socket_of(tmp_path, "worker-0"), timeout_s=2) as link:
            link.sendall(words)
            link.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError):  # it was closed before all of it was read
                assert link.recv(10) == b""
    with connect(socket_of(tmp_path, "worker-0"), timeout_s=2) as link:
        link.sendall(ask_line(Ask("nobody", SUB, sound=False)))
        assert link.recv(1000) == frame_of(Pauses("unknown", is_final=True))
