"""How many events a second the rules take: 1,050 sensors and 159 cameras on a quiet day, one thread.

    python -m benchmarks.engine [--events N] [--rules 200] [--store]

Without `--store` the pure engine alone; with it the whole loop on a fresh SQLite database with fsync, from stored
events to journal. Both are measured by the clock and by the processor time of this process, which others on the machine
disturb less. What is measured is printed with the time per event and the size of what is remembered.
"""

from __future__ import annotations

import argparse
import gc
import json
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from alerts.engine import Engine
from alerts.language.places import places_of
from alerts.loop import BATCH, EngineLoop
from benchmarks.quiet_day import START, community, events, rule_book
from hub.bus import Bus
from hub.clock import SetClock, SystemClock
from hub.store.database import Database, sqlite_url
from hub.store.event_log import EventLog, Fact


class Stopwatch:
    """Time by the clock and by the processor, in seconds."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._began = (self._clock.monotonic_s(), time.process_time())

    def took(self) -> str:
        """How long it has run."""
        took_s = self._clock.monotonic_s() - self._began[0]
        return f"{took_s:.1f} s, by processor time {time.process_time() - self._began[1]:.1f} s"

    def said(self, count: int) -> str:
        """What it says of `count` events."""
        took_s = self._clock.monotonic_s() - self._began[0]
        busy_s = time.process_time() - self._began[1]
        return (
            f"{count / took_s:,.0f} events/s, {took_s / count * 1e6:.1f} µs each; "
            f"by processor time {count / busy_s:,.0f} events/s, {busy_s / count * 1e6:.1f} µs each"
        )


def _engine(count: int, rules: int) -> None:
    book = rule_book(rules)
    engine = Engine(book, places_of(community()))
    told = list(events(count))
    gc.collect()
    gc.freeze()  # the story is not the engine's to look through
    watch = Stopwatch()
    changes = sum(len(engine.handle(event)) for event in told)
    print(f"engine, {len(book.rules)} rules: {watch.said(count)}; {changes} changes")
    states = engine.snapshot()
    sizes = [len(json.dumps(dict(state.body))) for state in states]
    print(f"memory: {len(states)} states, {sum(sizes) / 1024:,.0f} KiB as JSON, largest {max(sizes):,} bytes")


def _loop(count: int, rules: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(sqlite_url(Path(folder)))
        database.start()
        try:
            bus = Bus()
            log = EventLog(database, bus)
            told = [Fact(event) for event in events(count)]
            for start in range(0, count, BATCH):
                log.append(told[start : start + BATCH]).result(60)
            del told
            loop = EngineLoop(
                database,
                log,
                bus,
                SetClock(START + timedelta(days=1)),
                rulebook=rule_book(rules),
                places=places_of(community()),
                settle_after_start_s=0,
            )
            loop.restore()
            watch = Stopwatch()
            while loop.step():
                pass
            status = loop.status()
            print(f"loop with store, {status.rules} rules: {watch.said(count)}; {status.open_alerts} alerts open")
        finally:
            database.stop()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--rules", type=int, default=200, help="the shipped ones and copies of them")
    parser.add_argument("--store", action="store_true")
    chosen = parser.parse_args()
    (_loop if chosen.store else _engine)(chosen.events, chosen.rules)


if __name__ == "__main__":
    main()
