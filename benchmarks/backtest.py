"""How long a backtest takes over a month of stored events: a rule that hears little of it, and one that hears much.

    python -m benchmarks.backtest [--events 10000000] [--folder FOLDER] [--rule ID ...]

Stores a quiet day, told slowly enough to last 30 days, in an SQLite database of the hub's own schema (its indexes are
made last, for that is faster), then tries rules over all of it as `hub rules backtest` does. Says how long the making
took, how large the log is, and of which share of the log each rule had to hear. In a `--folder` the log is kept, and
used again.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path

from alerts.language.places import places_of
from alerts.trials.backtest import backtest, heard, listening
from benchmarks.engine import Stopwatch
from benchmarks.quiet_day import START, community, events, rule_book
from hub.bus import Bus
from hub.events import Event, event_to_json
from hub.store.database import Database, sqlite_url
from hub.store.event_log import EventLog
from hub.store.schema import events as table

DAYS = 30
RULES = ("fire.smoke_sensor", "power.residual_current", "road.stopped_vehicle")
_ROWS = 50_000
_STORY = 300_000
"""Events that are made up; they are told again and again, each time later and with other ids, for that is faster."""

Row = tuple[str, str, str, str, str, str]


def make_log(folder: Path, count: int) -> None:
    """Store `count` events in a new database."""
    database = Database(sqlite_url(folder))
    database.start()
    database.stop()
    with closing(sqlite3.connect(folder / "hub.sqlite3")) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -500000")
        names = [index.name for index in table.indexes]
        made = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))
        for name in names:
            connection.execute(f"DROP INDEX {name}")
        rows = _rows(count)
        insert = "INSERT INTO events (id, kind, at, arrived, source, body) VALUES (?, ?, ?, ?, ?, ?)"
        while some := list(islice(rows, _ROWS)):
            connection.executemany(insert, some)
        for name in names:
            connection.execute(made[name])
        connection.commit()
        connection.execute("PRAGMA journal_mode = WAL")


def _rows(count: int) -> Iterator[Row]:
    """The rows, in the order of the log: the story again and again, each time with other ids and times."""
    apart = timedelta(days=DAYS) / count
    story = [(each.kind, each.source, _rest(each)) for each in events(min(count, _STORY), apart=apart)]
    for number, (kind, source, rest) in enumerate(islice(cycle(story), count)):
        at = (START + number * apart).isoformat(timespec="microseconds").replace("+00:00", "Z")
        id_ = f"e{number:08}"
        yield id_, kind, at, at, source, f'{{"id": "{id_}", "kind": "{kind}", "at": "{at}", "arrived": "{at}", {rest}'


def _rest(event: Event) -> str:
    """An event as it is stored, without its id, kind and times, which come first."""
    body = event_to_json(event)
    return json.dumps({name: value for name, value in body.items() if name not in ("id", "kind", "at", "arrived")})[1:]


def try_rules(folder: Path, wanted: tuple[str, ...]) -> None:
    """Backtest each of the rules and print what it took."""
    database = Database(sqlite_url(folder))
    database.look()
    try:
        log = EventLog(database, Bus())
        size = log.newest_seq()
        book, places = rule_book(200), places_of(community())
        for name in wanted:
            rule = book.by_id[name]
            watch = Stopwatch()
            kinds = heard([rule], log.kinds())
            whole, some = listening([rule], kinds)
            read = (stored.event for stored in log.telling(whole, some))
            found = backtest([rule], read, places=places, until=START + timedelta(days=DAYS))
            print(
                f"{name}: {watch.took()}; read {found.events:,} of {size:,} events ({found.events / size:.1%}: "
                f"{', '.join(sorted(kinds))}), {len(found.episodes)} alerts"
            )
    finally:
        database.stop()


def main() -> None:
    """Make the log if need be, then measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backtest", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, help="where the log is kept; else it is removed at the end")
    parser.add_argument("--rule", action="append", default=[], help="a rule to try; several are allowed")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder: Path = chosen.folder or Path(temporary)
        if not (folder / "hub.sqlite3").exists():
            folder.mkdir(parents=True, exist_ok=True)
            watch = Stopwatch()
            make_log(folder, chosen.events)
            print(f"{chosen.events:,} events made in {watch.took()}")
        print(f"the log takes {(folder / 'hub.sqlite3').stat().st_size / 1e9:.1f} GB")
        try_rules(folder, tuple(chosen.rule) or RULES)


if __name__ == "__main__":
    main()
