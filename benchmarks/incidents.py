"""How fast the room's lists answer: 10,000 open incidents and a million past ones.

    python -m benchmarks.incidents [--past 1000000] [--open 10000] [--postgres]

On a fresh SQLite file, or on a private PostgreSQL server whose commits reach the disk. Each question is asked 200 times
with other places, kinds and pages; printed are the median and the 95th percentile in milliseconds, to hold against 50.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from alerts.incidents.incident import OPEN, Handling
from alerts.language.kinds import ALERT_KINDS
from alerts.store.lists import Filter, Repository
from config.community import Level
from hub.clock import SystemClock
from hub.events import time_to_text
from hub.store.database import Database, sqlite_url
from hub.store.schema import alerts, incidents
from tests.postgres_server import postgres_server

START = datetime(2026, 1, 1, tzinfo=UTC)
APART = timedelta(seconds=30)
SITES, AREAS = 152, 97
ROWS_AT_ONCE = 5_000
QUESTIONS = 200
MOST_MS = 50.0


def rows(past: int, unfinished: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Incidents with one alert each, the unfinished ones last, as they are in a room that is behind."""
    dice = random.Random(7)  # noqa: S311 - a repeatable story, no secret
    kinds, levels = list(ALERT_KINDS), [level.value for level in Level]
    for number in range(1, past + unfinished + 1):
        opened = time_to_text(START + APART * number)
        handling = Handling.CLOSED if number <= past else dice.choice(OPEN)
        place = {"site": f"site-{dice.randrange(SITES)}", "area": f"area-{dice.randrange(AREAS)}", "camera": None}
        kind, level = dice.choice(kinds), dice.choice(levels)
        shared = {"kind": kind, "level": level, "text_zh": "烟感报警", "text_en": "Smoke alarm", **place}
        incident = {
            **shared,
            "id": f"i{number}",
            "number": number,
            "handling": handling.value,
            "verdict": "none",
            "active": handling is not Handling.CLOSED,
            "muted": False,
            "opened": opened,
            "changed": opened,
            "version": 1,
            "since": opened,
        }
        alert: dict[str, Any] = {
            **shared,
            "id": f"a{number}",
            "incident": f"i{number}",
            "rule": kind,
            "rule_version": 1,
            "key": place["site"],
            "condition": "closed" if handling is Handling.CLOSED else "active",
            "started": opened,
            "raised": opened,
            "last_seen": opened,
            "times": 1,
            "do_zh": "看",
            "do_en": "Look",
            "to_reset": False,
            "why": {},
        }
        yield incident, alert


def fill(database: Database, past: int, unfinished: int) -> None:
    """Store them, some thousand in a transaction."""
    batch: list[tuple[dict[str, Any], dict[str, Any]]] = []

    def write() -> None:
        told = list(batch)
        batch.clear()
        database.write(
            lambda connection: (
                connection.execute(insert(incidents), [incident for incident, _ in told]),
                connection.execute(insert(alerts), [alert for _, alert in told]),
            )
        )

    for row in rows(past, unfinished):
        batch.append(row)
        if len(batch) == ROWS_AT_ONCE:
            write()
    if batch:
        write()


def ask(repository: Repository, total: int) -> bool:
    """Ask all questions and print how long they took; whether each kept to the limit."""
    dice = random.Random(11)  # noqa: S311 - as above
    clock = SystemClock()
    week = timedelta(days=7)

    def some_time() -> datetime:
        return START + APART * dice.randrange(total)

    questions: dict[str, Callable[[], object]] = {
        "open, newest first": lambda: repository.incidents(Filter(handling=OPEN), limit=50),
        "open, a later page": lambda: repository.incidents(
            Filter(handling=OPEN), cursor=str(total - dice.randrange(9_000)), limit=50
        ),
        "open, of a level": lambda: repository.incidents(
            Filter(handling=OPEN, level=(dice.choice(list(Level)),)), limit=50
        ),
        "open, at a site": lambda: repository.incidents(
            Filter(handling=OPEN, site=(f"site-{dice.randrange(SITES)}",)), limit=50
        ),
        "open, of a kind": lambda: repository.incidents(
            Filter(handling=OPEN, kind=(dice.choice(list(ALERT_KINDS)),)), limit=50
        ),
        "all, newest first": lambda: repository.incidents(Filter(), limit=50),
        "all, in an area": lambda: repository.incidents(Filter(area=(f"area-{dice.randrange(AREAS)}",)), limit=50),
        "all, of a week long ago": lambda: repository.incidents(
            Filter(since=(begin := some_time()), until=begin + week), limit=50
        ),
        "all, a kind in an area": lambda: repository.incidents(
            Filter(kind=(dice.choice(list(ALERT_KINDS)),), area=(f"area-{dice.randrange(AREAS)}",)), limit=50
        ),
        "count of the open": lambda: repository.count(Filter(handling=OPEN)),
        "count of a day": lambda: repository.count(
            Filter(since=(begin := some_time()), until=begin + timedelta(days=1))
        ),
        "one, with its history": lambda: repository.history(f"i{1 + dice.randrange(total)}"),
    }
    kept = True
    print(f"{'question':28} {'median ms':>10} {'p95 ms':>10}")
    for name, question in questions.items():
        took_ms = []
        for _ in range(QUESTIONS):
            began_s = clock.monotonic_s()
            question()
            took_ms.append(1_000 * (clock.monotonic_s() - began_s))
        p95_ms = statistics.quantiles(took_ms, n=20)[-1]
        kept = kept and p95_ms < MOST_MS
        print(f"{name:28} {statistics.median(took_ms):10.1f} {p95_ms:10.1f}")
    return kept


def main() -> int:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.incidents", description=__doc__)
    parser.add_argument("--past", type=int, default=1_000_000)
    parser.add_argument("--open", type=int, default=10_000)
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    chosen = parser.parse_args()
    with _empty_database(postgres=chosen.postgres) as url:
        return _measured(Database(url), chosen.past, chosen.open)


@contextmanager
def _empty_database(*, postgres: bool) -> Iterator[str]:
    if not postgres:
        with tempfile.TemporaryDirectory() as folder:
            yield sqlite_url(Path(folder))
        return
    with postgres_server(safe=True) as server, server.database() as url:
        yield url


def _measured(database: Database, past: int, unfinished: int) -> int:
    clock = SystemClock()
    database.start()
    try:
        began_s = clock.monotonic_s()
        fill(database, past, unfinished)
        print(f"filled in {clock.monotonic_s() - began_s:.0f} s")
        return 0 if ask(Repository(database), past + unfinished) else 1
    finally:
        database.stop()


if __name__ == "__main__":
    raise SystemExit(main())
