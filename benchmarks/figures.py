"""How long the figures of a month take: the journal of a room that is asked to act 144 times a day.

    python -m benchmarks.figures [--days 30] [--a-day 144] [--url postgresql+psycopg://...]

Without `--url` on a fresh SQLite file, after two months of journal that must not matter. 144 a day is what ISA-18.2
calls very likely acceptable for one position, 288 the most that is manageable. Every incident is seen, dispatched,
accepted, reached and resolved. Printed are the seconds to read and to count a month and a shift, the median of five,
and the processor's share of it; exit status 1 when the month takes a second or more.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from alerts.figures.room_figures import count
from alerts.incidents.incident import Handling, Verdict
from alerts.incidents.views import AlertView, IncidentView, incident_row
from alerts.store.figures import read_entries
from config.community import Level
from config.handling import STARTING
from hub.clock import SystemClock
from hub.events import time_to_text
from hub.store.database import Database, sqlite_url
from hub.store.schema import alerts, incidents, journal

START = datetime(2026, 3, 1, tzinfo=UTC)
MOST_S = 1.0
RULES = ("fire.smoke_sensor", "road.stopped_vehicle", "door.left_open", "area.intrusion", "camera.video_loss")
PEOPLE = ("lin", "wang", "chen")
BATCH = 500
Row = dict[str, Any]

_STEPS = (
    (0, "opened", Handling.NEW, "engine"),
    (45, "acknowledged", Handling.SEEN, "lin"),
    (90, "dispatched", Handling.DISPATCHED, "lin"),
    (150, "accepted", Handling.DISPATCHED, "zhao"),
    (500, "arrived", Handling.ON_SCENE, "zhao"),
    (900, "resolved", Handling.RESOLVED, "wang"),
    (900, "closed", Handling.CLOSED, "engine"),
)


def happening(number: int, at: datetime, dice: random.Random) -> tuple[Row, Row, list[Row]]:
    """An incident with its alert and its journal entries, as the hub would store them."""
    rule = dice.choice(RULES)
    level = dice.choices((Level.WARNING, Level.SERIOUS, Level.CRITICAL), (80, 15, 5))[0]
    why = {
        "rule": rule,
        "version": 1,
        "shape": "event",
        "facts": {"value": dice.random(), "apart_s": 3.5},
        "events": [f"{dice.getrandbits(128):032x}" for _ in range(16)],
        "rules": [rule],
    }
    alert = AlertView(
        id=f"a{number}", incident=f"i{number}", rule=rule, rule_version=1, kind=rule, key=f"hh-{number % 152}",
        level=level, condition="active", site=f"hh-{number % 152}", area=f"group-{number % 97}", camera=None, zone=None,
        sensor=f"hh-{number % 152}-smoke", started=at, raised=at, last_seen=at, returned=None, times=1,
        text_zh="17 号厨房烟感报警", text_en="Smoke detector of house 17 rings", do_zh="打电话；派人",
        do_en="Call them; send somebody", muted_by=None, to_reset=False, why=why,
    )  # fmt: skip
    view = IncidentView(
        id=f"i{number}", number=number, kind=rule, level=level, handling=Handling.NEW, verdict=Verdict.NONE,
        active=True, muted=False, site=alert.site, area=alert.area, camera=None, opened=at, changed=at, version=1,
        text_zh=alert.text_zh, text_en=alert.text_en, alerts=(alert,), since=at,
    )  # fmt: skip
    told = [_entry(at, "alert", alert.id, view.id, "raised", "engine", alert.to_json())]
    verdict = dice.choice((Verdict.TRUE, Verdict.FALSE, Verdict.NUISANCE))
    for after_s, move, handling, who in _STEPS:
        moment = at + timedelta(seconds=after_s * dice.uniform(0.5, 2))
        view = replace(view, handling=handling, changed=moment, verdict=verdict if move == "resolved" else view.verdict)
        extra = {"unit": "zhao"} if move == "dispatched" else {"cause": "cooking"} if move == "resolved" else {}
        told.append(_entry(moment, "incident", view.id, view.id, move, who, {**view.to_json(), **extra}))
    ended = view.changed
    told.insert(-1, _entry(ended, "alert", alert.id, view.id, "returned", "engine", alert.to_json()))
    row: Row = {
        **{name: getattr(alert, name) for name in AlertView.__slots__},
        "level": level.value,
        "started": time_to_text(at),
        "raised": time_to_text(at),
        "last_seen": time_to_text(at),
        "returned": time_to_text(ended),
        "condition": "closed",
    }
    return incident_row(replace(view, active=False)), row, told


def fill(database: Database, *, days: int, before: int, a_day: int) -> None:
    """Store them in the order of time, some hundred in a transaction."""
    dice = random.Random(7)  # noqa: S311 - a repeatable story, no secret
    number = 0
    for made in _batches(days=days, before=before, a_day=a_day, dice=dice):
        rows = [happening(number + step, at, dice) for step, at in enumerate(made, 1)]
        number += len(rows)
        told = sorted((entry for _, _, entries in rows for entry in entries), key=lambda entry: str(entry["at"]))
        database.write(partial(_store, rows=rows, told=told))


def _store(connection: Connection, *, rows: Sequence[Any], told: Sequence[dict[str, Any]]) -> None:
    connection.execute(insert(incidents), [each[0] for each in rows])
    connection.execute(insert(alerts), [each[1] for each in rows])
    connection.execute(insert(journal), told)


def _batches(*, days: int, before: int, a_day: int, dice: random.Random) -> Iterator[list[datetime]]:
    for day in range(-before, days):
        times = sorted(START + timedelta(days=day, seconds=dice.uniform(0, 86_400)) for _ in range(a_day))
        for begin in range(0, len(times), BATCH):
            yield times[begin : begin + BATCH]


def _entry(at: datetime, topic: str, subject: str, incident: str, move: str, who: str, body: Row) -> Row:  # noqa: PLR0917
    return {
        "at": time_to_text(at),
        "topic": topic,
        "subject": subject,
        "incident": incident,
        "move": move,
        "who": who,
        "note": "",
        "body": body,
    }


def cpu_s() -> float:
    """Seconds of the processor that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.figures", description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--before", type=int, default=60, help="days of journal before these")
    parser.add_argument("--a-day", type=int, default=144)
    parser.add_argument("--url", help="an empty database; a fresh SQLite file if left out")
    chosen = parser.parse_args()
    clock = SystemClock()

    def took_s(what: Callable[[], object]) -> float:
        times_s = []
        for _ in range(5):
            began_s = clock.monotonic_s()
            what()
            times_s.append(clock.monotonic_s() - began_s)
        return statistics.median(times_s)

    with tempfile.TemporaryDirectory() as folder:
        database = Database(chosen.url or sqlite_url(Path(folder)), durability="normal")
        database.start()
        try:
            fill(database, days=chosen.days, before=chosen.before, a_day=chosen.a_day)
            until = START + timedelta(days=chosen.days)
            entries = read_entries(database, START, until)
            read_s = took_s(lambda: read_entries(database, START, until))
            count_s = took_s(lambda: count(entries, since=START, until=until, deadlines=STARTING))
            before_s = cpu_s()
            count(read_entries(database, START, until), since=START, until=until, deadlines=STARTING)
            used_s = cpu_s() - before_s
            eight = until - timedelta(hours=8)
            shift_s = took_s(
                lambda: count(read_entries(database, eight, until), since=eight, until=until, deadlines=STARTING)
            )
        finally:
            database.stop()
    print(f"{chosen.days} days, {len(entries):,} entries: read {read_s:.2f} s, counted {count_s:.2f} s")
    print(f"of which the processor worked {used_s:.2f} s")
    print(f"a shift of eight hours: {shift_s:.3f} s")
    return 0 if read_s + count_s < MOST_S else 1


if __name__ == "__main__":
    raise SystemExit(main())
