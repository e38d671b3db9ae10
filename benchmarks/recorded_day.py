"""A day of a village's recordings through catalogue and retention on simulated time, and questions over a month of it.

    python -m benchmarks.recorded_day [--cameras 159] [--hours 24] [--days 30] [--postgres] [--folder FOLDER]

Every five minutes of the day each stream closes a segment and opens the next, with a real file (its head is real, the
rest is a hole as long as the video would be), told as a worker tells it; retention runs meanwhile with half a day to
keep, so that what was written in the morning goes in the evening. Then a month of rows is put beside, and it is asked
for any minute of any camera, for a day and for a month of one.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, select, text

from cameras.recordings.keeping.ages import Ages
from cameras.recordings.keeping.catalog import Catalog
from cameras.recordings.keeping.holdings import Holdings
from cameras.recordings.keeping.retention import Retention
from cameras.recordings.keeping.shelves import Shelves
from cameras.recordings.media import (
    Because,
    Format,
    Mark,
    Segment,
    SegmentHead,
    SoundFormat,
    StreamName,
    VideoFormat,
)
from cameras.recordings.mp4.header import init_bytes
from cameras.recordings.mp4.naming import usual_path
from cameras.recordings.mp4.packed import pack
from config.machine import Disk
from config.recording import Policy
from hub.clock import SetClock, SystemClock
from hub.events import to_us
from hub.store.database import Database, sqlite_url
from hub.store.recording_tables import recording_marks, recording_segments, recording_streams

TIMER = SystemClock()
BEGIN = datetime(2026, 7, 1, tzinfo=UTC)
SEGMENT_S = 300
BYTES_PER_S = {StreamName.SUB: 50_000, StreamName.MAIN: 250_000}
# Parameter sets of a real 640x360 encoder.
_AVCC = bytes.fromhex("0164001effe1001b6764001eacd940a02ff9610000030001000003003c8f162d9601000568ebe3cb22c0")
FORM = Format(VideoFormat("h264", 640, 360, _AVCC), SoundFormat("aac", 16_000, 1, b"\x14\x08"))
QUESTIONS = 1000
EVENTFUL = 0.01
"""Of what is about to go, so much shows an incident and stays."""
_ROWS = 20_000


class Village:
    """What records, and what is known of it."""

    def __init__(self, cameras: int, folder: Path, database: Database) -> None:
        self.dice = random.Random(1)  # noqa: S311 - the same village every time
        self.streams = [
            (f"site-{number // 2:03}", f"camera-{number:03}", stream)
            for number in range(cameras)
            for stream in StreamName
        ]
        self.clock = SetClock(BEGIN)
        disk = Disk(id="data", path=folder / "recordings", keep_free_pct=0)
        self.shelves = Shelves((disk,), memory=folder / "disks", clock=self.clock)
        self.catalog, self.holdings = Catalog(database, self.shelves.folders), Holdings(database)
        self.marks = {stream: [self._marks(rate) for _ in range(50)] for stream, rate in BYTES_PER_S.items()}
        self.ids = 0

    def _marks(self, bytes_per_s: int) -> tuple[Mark, ...]:
        """A fragment each second, a key picture every other second."""
        found, offset = [], 1500
        for second in range(SEGMENT_S):
            share = 1.6 if second % 2 == 0 else 0.4
            size = round(bytes_per_s * share * self.dice.uniform(0.8, 1.2))
            found.append(Mark(second * 1000, 1000, offset, size, second % 2 == 0))
            offset += size
        return tuple(found)

    def segment(self, site: str, camera: str, stream: StreamName, began: datetime) -> Segment:
        """An open one, that has just begun."""
        self.ids += 1
        head = SegmentHead(f"{self.ids:022d}", site, camera, stream, began, Because.ROLLED)
        return Segment(head, "data", usual_path(head), FORM, 1500, 1500, (), is_open=True)

    def closed(self, segment: Segment) -> Segment:
        """The same when it is over."""
        marks = self.dice.choice(self.marks[segment.head.stream])
        size = marks[-1].offset + marks[-1].size_bytes
        return Segment(
            segment.head, "data", segment.path, FORM, 1500, size, marks, is_open=False, drift_ms=self.dice.randrange(40)
        )

    def write(self, segment: Segment) -> None:
        """Its file."""
        path = self.shelves.folders["data"] / segment.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(init_bytes(FORM, segment.head))
            file.truncate(segment.size_bytes)


def day(village: Village, hours: int) -> None:
    """Record, keep and remove on simulated time; prints what it cost."""
    retention = Retention(
        village.holdings,
        village.shelves,
        village.clock,
        ages=Ages(
            village.clock,
            folder=village.shelves.folders["data"].parent,
            newest=village.clock.now,
            number=village.holdings.newest_number,
        ),
        policy=lambda _camera, _site: Policy(keep_days=0.5),
        events=lambda _camera, _site, since, _until: (
            [(since, since + timedelta(seconds=1))] if village.dice.random() < EVENTFUL else []
        ),
    )
    village.shelves.is_there("data")
    keeping, removing, steps = [], [], []
    running: list[Segment] = []
    cpu_s = sum(os.times()[:2])
    periods = hours * 3600 // SEGMENT_S
    for period in range(periods + 1):
        now = BEGIN + timedelta(seconds=period * SEGMENT_S)
        village.clock.set(now)
        ended = [village.closed(segment) for segment in running]
        for segment in ended:
            village.write(segment)
        running = [
            village.segment(*stream, now + timedelta(milliseconds=number))
            for number, stream in enumerate(village.streams)
        ]
        began = TIMER.monotonic_s()
        village.catalog.keep_all([*ended, *running], timeout_s=60)
        keeping.append(TIMER.monotonic_s() - began)
        began = TIMER.monotonic_s()
        while True:
            at = TIMER.monotonic_s()
            more = retention.step()
            steps.append(TIMER.monotonic_s() - at)
            if not more:
                break
        removing.append(TIMER.monotonic_s() - began)
    segments = periods * len(village.streams)
    left = sum(total.segments for total in village.holdings.totals())
    cpu_s = sum(os.times()[:2]) - cpu_s
    print(
        f"{hours} h of {len(village.streams)} streams: {segments:,} segments recorded, {left:,} left, {cpu_s:.0f} s CPU"
    )
    print(
        f"  kept:    {sum(keeping):6.1f} s in all, {sum(keeping) / segments * 1e3:.2f} ms a segment (opened and closed)"
    )
    print(
        f"  removed: {sum(removing):6.1f} s in all, {retention.counts.expired:,} files; "
        f"a step takes {percentile(steps, 50) * 1e3:.1f} ms (p50), {percentile(steps, 99) * 1e3:.1f} ms (p99)"
    )


def month(village: Village, database: Database, days: int) -> None:
    """Put rows of days before the simulated one beside it; prints how much they take up."""
    packed = {stream: [pack(marks) for marks in pool] for stream, pool in village.marks.items()}
    sizes = {
        stream: [marks[-1].offset + marks[-1].size_bytes for marks in pool] for stream, pool in village.marks.items()
    }
    with database.read() as connection:
        numbers = {(row.camera, row.stream): row.id for row in connection.execute(select(recording_streams))}
        mark = (connection.scalar(text("SELECT max(id) FROM recording_marks")) or 0) + 1_000_000
    before = size_of(database)
    rows: list[dict[str, object]] = []
    blobs: list[dict[str, object]] = []
    made = 0

    def flush() -> None:
        if rows:
            some, others = list(rows), list(blobs)
            database.write(lambda connection: connection.execute(insert(recording_marks), others) and None)
            database.write(lambda connection: connection.execute(insert(recording_segments), some) and None)
            rows.clear()
            blobs.clear()

    for period in range(days * 86_400 // SEGMENT_S):
        began_ms = to_us(BEGIN - timedelta(days=days)) // 1000 + period * SEGMENT_S * 1000
        for number, (_site, camera, stream) in enumerate(village.streams):
            made += 1
            place = village.dice.randrange(50)
            rows.append(
                {
                    "stream": numbers[camera, stream.value],
                    "began_ms": began_ms + number,
                    "id": f"m{made:021d}",
                    "ended_ms": began_ms + number + SEGMENT_S * 1000,
                    "disk": "data",
                    "form": 1,
                    "because": "rolled",
                    "state": 0,
                    "init_bytes": 1500,
                    "size_bytes": sizes[stream][place],
                    "drift_ms": 3,
                    "marks": mark + made,
                }
            )
            blobs.append({"id": mark + made, "body": packed[stream][place]})
        if len(rows) >= _ROWS:
            flush()
    flush()
    if made:
        grown = size_of(database) - before
        print(f"{days} days beside it: {made:,} rows, {grown / 1e6:,.0f} MB, {grown / made:.0f} bytes a row")


def questions(village: Village, days: int) -> None:
    """Ask; prints how long it takes."""
    first = BEGIN - timedelta(days=days)
    span_s = int((BEGIN + timedelta(hours=6) - first).total_seconds())
    stream = [(camera, stream) for _site, camera, stream in village.streams]

    def a_minute() -> int:
        camera, name = village.dice.choice(stream)
        start = first + timedelta(seconds=village.dice.randrange(span_s))
        return len(village.catalog.segments(camera, name, start, start + timedelta(minutes=1)))

    def a_range(length: timedelta, resolution_s: float) -> Callable[[], int]:
        def ask() -> int:
            camera, name = village.dice.choice(stream)
            start = first + timedelta(seconds=village.dice.randrange(max(1, span_s - int(length.total_seconds()))))
            found = village.catalog.ranges(camera, name, start, start + length, resolution_s=resolution_s)
            return len(found.ranges)

        return ask

    print(f"questions over {days} days of {len(stream)} streams:")
    for what, ask, number in (
        ("any camera, any minute, with marks", a_minute, QUESTIONS),
        ("ranges of a day", a_range(timedelta(days=1), 10), QUESTIONS // 10),
        ("ranges of a month", a_range(timedelta(days=days), 600), QUESTIONS // 20),
    ):
        took, answers, cpu_s = [], 0, sum(os.times()[:2])
        for _ in range(number):
            began = TIMER.monotonic_s()
            answers += ask()
            took.append(TIMER.monotonic_s() - began)
        print(
            f"  {what:36} p50 {percentile(took, 50) * 1e3:6.1f} ms  p95 {percentile(took, 95) * 1e3:6.1f} ms  "
            f"max {max(took) * 1e3:6.1f} ms  CPU {(sum(os.times()[:2]) - cpu_s) / number * 1e3:5.1f} ms  "
            f"({answers / number:.1f} found)"
        )


def percentile(values: Sequence[float], share: int) -> float:
    """The value below which that share of them lies, in percent."""
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


def size_of(database: Database) -> int:
    """Bytes of the whole database."""
    with database.read() as connection:
        if connection.dialect.name == "postgresql":
            return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)
        pages = connection.scalar(text("PRAGMA page_count")) or 0
        free = connection.scalar(text("PRAGMA freelist_count")) or 0
        return int(pages - free) * int(connection.scalar(text("PRAGMA page_size")) or 0)


@contextmanager
def opened(folder: Path, *, postgres: bool) -> Iterator[Database]:
    """A started database of the kind that was asked for."""
    if postgres:
        from tests.postgres_server import postgres_server  # noqa: PLC0415 - only where PostgreSQL is measured

        with postgres_server(safe=True) as server, server.database() as url:
            yield from _started(url)
    else:
        yield from _started(sqlite_url(folder))


def _started(url: str) -> Iterator[Database]:
    database = Database(url)
    database.start()
    try:
        yield database
    finally:
        database.stop()


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", type=int, default=159)
    parser.add_argument("--hours", type=int, default=24, help="of the simulated day")
    parser.add_argument("--days", type=int, default=30, help="of rows beside it")
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL instead of SQLite")
    parser.add_argument("--folder", type=Path, default=None, help="where; else a temporary one")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        with opened(folder, postgres=asked.postgres) as database:
            village = Village(asked.cameras, folder, database)
            day(village, asked.hours)
            month(village, database, asked.days)
            questions(village, asked.days)


if __name__ == "__main__":
    main()
