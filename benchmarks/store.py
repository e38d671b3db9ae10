"""How fast the store takes events and readings, on SQLite and, where there is one, PostgreSQL.

    python -m benchmarks.store [--rounds 5] [--postgres]

Prints medians over the rounds, for batches and for one event at a time (each waiting for its commit), and what one
password costs. Figures of a shared machine differ by 30 %: compare the ratios.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from hub.bus import Bus
from hub.clock import SystemClock
from hub.events import Event, new_event_id
from hub.store.database import Database, Durability, sqlite_url
from hub.store.event_log import EventLog, Fact, Reading
from hub.store.people.passwords import Passwords

CLOCK = SystemClock()
BATCH = 1_000
EVENTS = 10_000
ALONE = 500
SENSORS = 1_200


def facts(count: int) -> list[Fact]:
    """Events with one reading each, of all sensors in turn."""
    now = CLOCK.now()
    made = []
    for number in range(count):
        sensor = f"sensor-{number % SENSORS:04}"
        at = now + timedelta(milliseconds=number)
        fields = {"level_m": number / 1000}
        event = Event(
            id=new_event_id(), kind="water_level", at=at, arrived=at, source=sensor, driver="plain",
            site="site", area="area", fields=fields,
        )  # fmt: skip
        made.append(Fact(event, (Reading(sensor, "water_level.level_m", at, number / 1000, at),)))
    return made


def took_s(action: Callable[[], object]) -> float:
    """Seconds that `action` takes."""
    began_s = CLOCK.monotonic_s()
    action()
    return CLOCK.monotonic_s() - began_s


def in_batches(log: EventLog, size: int) -> float:
    """Events per second, each batch one append, all queued at once."""
    everything = facts(EVENTS)

    def append() -> None:
        futures: list[Future[int]] = [log.append(everything[at : at + size]) for at in range(0, EVENTS, size)]
        for future in futures:
            future.result()

    return EVENTS / took_s(append)


def alone(log: EventLog) -> list[float]:
    """Seconds of each append of one event that waits for its commit."""
    return [took_s(lambda fact=fact: log.append([fact]).result()) for fact in facts(ALONE)]  # type: ignore[misc]


def read_on(log: EventLog) -> float:
    """Events per second for a reader that goes on from its place."""
    seq = read = 0

    def follow() -> None:
        nonlocal seq, read
        while page := log.after(seq, BATCH):
            seq, read = page[-1].seq, read + len(page)

    seconds = took_s(follow)
    return read / seconds


def measure(name: str, url: str, durability: Durability, rounds: int) -> None:
    """Print a line of medians for one database."""
    database = Database(url, durability=durability)
    database.start()
    log = EventLog(database, Bus())
    try:
        log.append(facts(BATCH)).result()  # warm caches, compiled statements
        large = statistics.median(in_batches(log, BATCH) for _ in range(rounds))
        small = statistics.median(in_batches(log, 1) for _ in range(rounds))
        singles = sorted(second for _ in range(rounds) for second in alone(log))
        middle, late = singles[len(singles) // 2], singles[int(len(singles) * 0.95)]
        reading = statistics.median(read_on(log) for _ in range(rounds))
        print(
            f"{name:<24}{large:>12,.0f}{small:>12,.0f}{1 / statistics.fmean(singles):>12,.0f}"
            f"{middle * 1000:>10.2f}{late * 1000:>10.2f}{reading:>12,.0f}"
        )
    finally:
        database.stop()


@contextmanager
def postgres_url() -> Iterator[str]:
    """A database on a private server that keeps its data safe, unlike that of the tests."""
    from tests.postgres_server import postgres_server  # noqa: PLC0415 - only where PostgreSQL is measured

    with postgres_server(safe=True) as server, server.database() as url:
        yield url


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--postgres", action="store_true")
    arguments = parser.parse_args()
    print(f"an event with one reading; batches of {BATCH:,}; {arguments.rounds} rounds")
    print(
        f"{'':<24}{'batch ev/s':>12}{'queued ev/s':>12}{'alone ev/s':>12}{'p50 ms':>10}{'p95 ms':>10}{'read ev/s':>12}"
    )
    with tempfile.TemporaryDirectory() as folder:
        measure("SQLite, normal", sqlite_url(Path(folder) / "normal"), "normal", arguments.rounds)
        measure("SQLite, full", sqlite_url(Path(folder) / "full"), "full", arguments.rounds)
    if arguments.postgres:
        with postgres_url() as url:
            measure("PostgreSQL", url, "full", arguments.rounds)
    passwords = Passwords()
    kept = passwords.hash("three words and a river")
    seconds = statistics.median(took_s(lambda: passwords.verify("wrong words", kept)) for _ in range(arguments.rounds))
    print(f"a password: {seconds * 1000:.0f} ms")


if __name__ == "__main__":
    main()
