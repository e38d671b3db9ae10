"""Shows that no alert is lost or doubled when the hub dies, at a thousand points of a simulated day, and by SIGKILL.

    python -m benchmarks.crash [--points 1000] [--kills 20] [--events 1000] [--stretches 60] [--seed 1] [--postgres]

A day with alarms of all rule shapes and with people's moves is lived through once without a disturbance; then again and
again with the power cut at points of chance, 50 to a day: before any statement of any transaction, before a commit,
right after one. Every new hub takes up from what is stored, with transactions of another size. At the end of each day
events, alerts, incidents, journal and the engine's memory must be the same, byte for byte. `--kills` does the same to a
process of its own on SQLite with fsync. Exits with 1 when a byte differs.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.clock import SystemClock
from hub.store.database import sqlite_url
from tests.fakes.crashes import Cuts, differences, live_through
from tests.fakes.day_process import live_through_kills
from tests.fakes.days import Stretch, simulated_day

CUTS_A_DAY = 50
CLOCK = SystemClock()


@contextmanager
def _database(*, postgres: bool) -> Iterator[str]:
    """The URL of an empty database."""
    if postgres:
        from tests.postgres_server import postgres_server  # noqa: PLC0415 - only where PostgreSQL is measured

        with postgres_server() as server, server.database() as url:
            yield url
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield sqlite_url(Path(folder))


def _counted(dump: bytes) -> str:
    tables = Counter(line.split(maxsplit=1)[0] for line in dump.decode().splitlines()[:-1])
    return ", ".join(f"{number:,} {name}" for name, number in tables.items())


def _cut(day: list[Stretch], expected: bytes, *, points: int, of: int, chance: random.Random, postgres: bool) -> int:
    """Live through days with power cuts; how many of them came out different."""
    made: Counter[str] = Counter()
    wrong = number = 0
    while made.total() < points:
        number += 1
        some = min(CUTS_A_DAY, points - made.total())
        cuts = Cuts(chance.sample(range(1, of), some))
        with _database(postgres=postgres) as url:
            found = live_through(url, day, cuts=cuts, batches=chance, at_once=chance.randrange(1, 20))
        made += cuts.made
        differs = differences(expected, found)
        wrong += bool(differs)
        print(f"day {number}: {cuts.made.total()} cuts, {'DIFFERENT' if differs else 'the same'}", *differs, flush=True)
    where = {
        "before a statement": made.total() - made["before commit"] - made["after commit"],
        "before a commit": made["before commit"],
        "right after a commit": made["after commit"],
    }
    print(f"{made.total():,} cuts in {number} days:", ", ".join(f"{count} {name}" for name, count in where.items()))
    return wrong


def main() -> None:
    """Live through the days and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=1_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--events", type=int, default=1_000)
    parser.add_argument("--stretches", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgres", action="store_true", help="cut on PostgreSQL instead of SQLite")
    asked = parser.parse_args()
    logging.getLogger("hub.store.writer").setLevel(logging.CRITICAL)  # every cut is a lost transaction
    chance = random.Random(asked.seed)  # noqa: S311 - a repeatable benchmark
    day = simulated_day(asked.seed, events=asked.events, stretches=asked.stretches)
    undisturbed = Cuts()
    with _database(postgres=asked.postgres) as url:
        expected = live_through(url, day, cuts=undisturbed)
    print(f"the day: {_counted(expected)}, {len(expected):,} bytes; {undisturbed.points:,} points to cut at")
    began_s = CLOCK.monotonic_s()
    wrong = 0
    if asked.points:
        wrong += _cut(
            day, expected, points=asked.points, of=undisturbed.points, chance=chance, postgres=asked.postgres
        )  # fmt: skip
    if asked.kills:
        with tempfile.TemporaryDirectory() as folder:
            found, interrupted = live_through_kills(
                Path(folder),
                seed=asked.seed,
                events=asked.events,
                stretches=asked.stretches,
                kills=asked.kills,
                chance=chance,
            )
        differs = differences(expected, found)
        wrong += bool(differs)
        print(
            f"{asked.kills} times SIGKILL, {interrupted} of them at work:",
            "DIFFERENT" if differs else "the same",
            *differs,
        )
    print(f"{wrong} days came out different; {CLOCK.monotonic_s() - began_s:.0f} s")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
