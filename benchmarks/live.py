"""What live pictures cost: `python -m benchmarks.live`. Memory per stream, and processor time per picture.

Samples of the right sizes go through a real LiveCache, the worker's socket and the hub's Watching to watchers in
memory; what the WebSocket itself costs is not in it. Times are processor time of this process, so other work beside it
does no harm.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from cameras.live.cache import LiveCache
from cameras.live.server import LiveServer
from cameras.live.watching import Watching
from cameras.live.wire import Part, socket_of
from cameras.recordings.media import VIDEO_TICKS, Because, Format, Sample, StreamName, VideoFormat
from hub.clock import SystemClock

AT = datetime(2026, 11, 22, tzinfo=UTC)
FPS, GROUP_S = 25, 2
SIZES = {"sub, 400 kbit/s": 2_000, "main, 4 Mbit/s": 20_000}
PICTURES = 2_000
FORM = Format(VideoFormat("h264", 1920, 1080, bytes.fromhex("0164001fffe1000467640028") + b"\x01\x00\x0468eb"))


def _sample(number: int, size_bytes: int) -> Sample:
    is_key = number % (FPS * GROUP_S) == 0
    dts = number * VIDEO_TICKS // FPS
    return Sample(bytes(size_bytes * (6 if is_key else 1)), dts, dts, is_key=is_key, is_sound=False, at=AT)


def _alone(size_bytes: int) -> tuple[int, float]:
    """Most bytes of a cache that nobody watches, and microseconds of each picture."""
    cache = LiveCache()
    cache.begin(FORM, AT, Because.STARTED)
    samples = [_sample(number, size_bytes) for number in range(PICTURES)]
    most = 0
    began_s = time.thread_time()
    for sample in samples:
        cache.take(sample)
    took_s = time.thread_time() - began_s
    for sample in samples[: FPS * GROUP_S]:
        cache.take(sample)
        most = max(most, cache.held_bytes)
    return most, took_s / PICTURES * 1e6


async def _watched(size_bytes: int, watchers: int) -> tuple[float, int]:
    """Microseconds of each picture, all threads together; bytes that the hub holds when all is taken."""
    with tempfile.TemporaryDirectory() as folder:
        server = LiveServer(socket_of(Path(folder), "worker-0"), SystemClock())
        server.start()
        cache = server.cache("cam", StreamName.SUB)
        cache.begin(FORM, AT, Because.STARTED)
        watching = Watching(Path(folder), SystemClock(), worker_of=lambda _camera: "worker-0")

        async def watch(ready: asyncio.Event) -> None:
            async with watching.watch("cam", StreamName.SUB) as watcher:
                taken = 0
                while taken < PICTURES:
                    item = await watcher.take(5)
                    taken += isinstance(item, Part)
                    ready.set()

        readies = [asyncio.Event() for _ in range(watchers)]
        tasks = [asyncio.create_task(watch(ready)) for ready in readies]
        for ready in readies:
            await ready.wait()
        while not cache.watchers:  # noqa: ASYNC110 - a benchmark
            await asyncio.sleep(0.01)
        samples = [_sample(number, size_bytes) for number in range(PICTURES)]
        began_s = time.process_time()
        for number, sample in enumerate(samples):
            cache.take(sample)
            if number % 20 == 0:
                while sum(each.pictures for each in watching.figures()) < number - 20:  # noqa: ASYNC110
                    await asyncio.sleep(0)
                await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        took_s = time.process_time() - began_s
        held_bytes = sum(each.held_bytes for each in watching.figures())
        watching.close()
        await asyncio.sleep(0.1)
        server.stop()
    return took_s / PICTURES * 1e6, held_bytes


def main() -> None:
    """Print the figures."""
    for name, size_bytes in SIZES.items():
        most, alone_us = _alone(size_bytes)
        print(f"{name}: {most / 1024:.0f} KiB held in the worker, {alone_us:.1f} us a picture while nobody watches")
        for watchers in (1, 10):
            took_us, held_bytes = asyncio.run(_watched(size_bytes, watchers))
            print(f"  {watchers} watching: {took_us:.0f} us a picture, {held_bytes / 1024:.0f} KiB held in the hub")


if __name__ == "__main__":
    main()
