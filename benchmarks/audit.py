"""What the audit log costs: adding, checking a million entries, and what a look or a change waits for.

    python -m benchmarks.audit [--entries 1000000] [--data DIR]

The check runs in a process of its own, so that its memory is its own. A wall of 25 tiles is what one person makes who
has 25 cameras before him that are asked for four times a second.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection

from hub.audit import Action, Detail, Entry
from hub.clock import SystemClock
from hub.store.audit import AuditLog, Wanted
from hub.store.database import Database, sqlite_url

CLOCK = SystemClock()
BATCH, ALONE, TILES, ASKED = 2000, 300, 25, 40
_MIB = 1024 * 1024
_MOST: dict[str, Detail] = {
    "began": "2026-05-04T08:00:00.000000Z",
    "phase": "ended",
    "requests": 240,
    "route": "GET /api/v1/cameras/...",
}


def entries(count: int) -> list[Entry]:
    """What a village's log is made of: mostly looks, some changes and refusals."""
    chance, now = random.Random(7), CLOCK.now()  # noqa: S311 - a benchmark
    made = []
    for number in range(count):
        camera, person = f"camera-{chance.randrange(159):03}", chance.randrange(200)
        made.append(
            Entry(
                now + timedelta(milliseconds=number),
                chance.choice((Action.VIEW, Action.VIEW, Action.STILL, Action.PLAYBACK, Action.CHANGE)),
                account=f"{person:032x}",
                actor=f"person-{person}",
                role="operator",
                kind="camera",
                id=camera,
                camera=camera,
                site=f"site-{camera[-3:]}",
                address="10.20.30.40",
                more=_MOST,
            )
        )
    return made


def fill(database: Database, log: AuditLog, count: int) -> float:
    """Add so many in batches; entries per second."""
    began_s, left = CLOCK.monotonic_s(), count
    while left:
        batch = entries(min(BATCH, left))
        left -= len(batch)

        def work(connection: Connection, batch: list[Entry] = batch) -> int:
            return log.add(connection, *batch)

        database.write(work)
    return count / (CLOCK.monotonic_s() - began_s)


def check(data: Path) -> None:
    """Go along the whole log, and say how long that took and what memory."""
    database = Database(sqlite_url(data))
    database.look()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began_s = CLOCK.monotonic_s()
    verdict = AuditLog(database, CLOCK).verify()
    took_s = CLOCK.monotonic_s() - began_s
    grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    database.stop()
    good = "good" if verdict.is_good else "BROKEN"
    print(f"check of {verdict.entries}: {took_s:.1f} s, {verdict.entries / took_s:.0f}/s, +{grown_mib:.1f} MiB, {good}")


def measure(data: Path, count: int) -> None:
    """All figures."""
    database = Database(sqlite_url(data), durability="full", clock=CLOCK)
    database.start()
    log = AuditLog(database, CLOCK)
    print(f"added in batches: {fill(database, log, count):.0f}/s")
    queued_s = CLOCK.monotonic_s()
    for future in [log.store(each, timeout_s=5.0) for each in entries(5000)]:
        future.result()
    print(f"added side by side: {5000 / (CLOCK.monotonic_s() - queued_s):.0f}/s")
    waits_ms = []
    for each in entries(ALONE):
        began_s = CLOCK.monotonic_s()
        log.store(each).result()
        waits_ms.append(1000 * (CLOCK.monotonic_s() - began_s))
    waits_ms.sort()
    print(f"a change waits for its entry: median {statistics.median(waits_ms):.2f} ms, p95 {waits_ms[-15]:.2f} ms")
    wall(log)
    for name, wanted in (("camera", Wanted(camera="camera-077")), ("name", Wanted(actor="nobody"))):
        began_s = CLOCK.monotonic_s()
        found = log.entries(wanted, limit=100)
        print(f"newest {len(found)} by {name}: {1000 * (CLOCK.monotonic_s() - began_s):.1f} ms")
    size, number = sum(path.stat().st_size for path in data.glob("hub.sqlite3*")), log.head().number
    database.stop()
    size = min(size, (data / "hub.sqlite3").stat().st_size)
    print(f"{size / number:.0f} bytes for each entry, {size / _MIB:.0f} MiB for {number}")


def wall(log: AuditLog) -> None:
    """A wall of tiles: what each request costs, and how many entries it leaves."""
    before = log.head().number
    began_s = CLOCK.monotonic_s()
    for _ in range(ASKED):
        for tile in range(TILES):
            name = f"tile-{tile}"
            more = {"route": "GET /api/v1/cameras/{camera_id}/live/{name}"}
            at, view = CLOCK.now(), Action.VIEW
            log.seen(Entry(at, view, account="a1", actor="lin", kind="camera", id=name, camera=name, more=more))
    cost_us = 1e6 * (CLOCK.monotonic_s() - began_s) / (ASKED * TILES)
    log.stop()
    left = log.head().number - before - 1  # one is that the hub ended
    print(f"a wall of {TILES} tiles: {ASKED * TILES} requests, {left} entries, {cost_us:.1f} us for a request")


def main() -> None:
    """Measure, and have the check run by itself."""
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    asked.add_argument("--entries", type=int, default=1_000_000)
    asked.add_argument("--data", type=Path)
    asked.add_argument("--check", type=Path, help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.check is not None:
        check(options.check)
        return
    with tempfile.TemporaryDirectory() as folder:
        data = options.data or Path(folder) / "data"
        data.mkdir(parents=True, exist_ok=True)
        measure(data, options.entries)
        command = [sys.executable, "-m", "benchmarks.audit", "--check", os.fspath(data)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
