"""What readings cost: bytes for each sensor and day, the size at which it stays, time of rolling up, time of questions.

    python -m benchmarks.readings [--sensors 1200] [--days 2] [--history 365] [--folder FOLDER]

Some days of raw readings are stored and rolled up by the real steps. Before them lies a history as it is kept: hours
for all of it, minutes for its last 30 days. Of three sensors two measure every minute, the third is a door that speaks
when it changes and once an hour; for it the mean of its readings is held against the share of time that it was open.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, text

from hub.bus import Bus
from hub.clock import SystemClock
from hub.store.database import Database, sqlite_url
from hub.store.event_log import EventLog
from hub.store.facts import to_us
from hub.store.packing import Bucket, pack
from hub.store.readings import HOUR_US, LISTED, MINUTE_US, MINUTES_FROM, OPENED, RAW_FROM
from hub.store.rollups import RollUps
from hub.store.schema import cursors, readings, readings_hours, readings_minutes

CLOCK = SystemClock()
NOW = datetime(2026, 7, 1, tzinfo=UTC)
DAY_US = 24 * HOUR_US
MINUTES_DAYS = 30
"""Of the history; more would only take longer to make."""
KEPT_DAYS = {"readings": 30, "readings_minutes": 180, "readings_hours": 1826}
QUESTIONS = 60
_ROWS = 50_000


def key_of(sensor: int) -> dict[str, str]:
    """Sensor and name, as long as they really are."""
    name = "door.open" if sensor % 3 == 2 else "temperature.temperature_c"  # noqa: PLR2004 - every third
    return {"sensor": f"house-{sensor // 8:03}-{sensor % 8}", "name": name}


def measured(sensor: int, day_us: int, dice: random.Random) -> Iterator[tuple[int, float]]:
    """Times and values of a day, from its beginning."""
    if sensor % 3 == 2:  # noqa: PLR2004 - every third
        yield from _door(day_us, dice)
        return
    for minute in range(1440):
        wave = 20 + 5 * math.sin(minute / 229)
        yield day_us + minute * MINUTE_US + dice.randrange(MINUTE_US), round(wave + dice.gauss(0, 0.2), 1)


def _door(day_us: int, dice: random.Random) -> Iterator[tuple[int, float]]:
    """Opened some 20 times for seconds or minutes, and its state told every hour."""
    opened = sorted(day_us + dice.randrange(DAY_US) for _ in range(20))
    spans = [(at, at + round(dice.expovariate(1 / 45) * 1e6) + 1_000_000) for at in opened]
    changes = [(at, 1.0) for at, _ in spans] + [(end, 0.0) for _, end in spans if end < day_us + DAY_US]
    hours = [day_us + hour * HOUR_US for hour in range(24)]
    yield from sorted({*changes, *((at, float(any(a <= at < b for a, b in spans))) for at in hours)})


def bulk(database: Database, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    """Store many rows."""
    waiting: list[dict[str, Any]] = []

    def store(connection: Connection) -> None:
        connection.execute(insert(table), waiting)

    for row in rows:
        waiting.append(row)
        if len(waiting) == _ROWS:
            database.write(store)
            waiting = []
    if waiting:
        database.write(store)


def raw_rows(sensors: int, days: int) -> Iterator[dict[str, Any]]:
    """What was measured in the last days, in the order of the key."""
    dice = random.Random(1)  # noqa: S311 - a repeatable benchmark
    for sensor in range(sensors):
        for day in range(days, 0, -1):
            for at_us, value in measured(sensor, to_us(NOW) - day * DAY_US, dice):
                yield {**key_of(sensor), "at_us": at_us, "value": value, "arrived_us": at_us + 500_000, "quality": ""}


def history(sensors: int, days: int, history_days: int) -> tuple[Iterator[dict[str, Any]], Iterator[dict[str, Any]]]:
    """Hours of the whole history, and minutes of its end."""
    last = to_us(NOW) // HOUR_US - days * 24
    first = last - history_days * 24
    body = {
        sensor: pack(
            [
                Bucket((at_us - 12 * HOUR_US) // MINUTE_US, 1, value, value, value)
                for at_us, value in measured(sensor, 0, random.Random(2))  # noqa: S311 - a repeatable benchmark
                if 12 * HOUR_US <= at_us < 13 * HOUR_US
            ][:60]
        )
        for sensor in range(3)
    }
    hours = (
        {**key_of(sensor), "hour": hour, "count": 60, "mean": 20.0 + hour % 7, "minimum": 18.0, "maximum": 29.0}
        for sensor in range(sensors)
        for hour in range(first, last)
    )
    minutes = (
        {**key_of(sensor), "hour": hour, "body": body[sensor % 3]}
        for sensor in range(sensors)
        for hour in range(max(first, last - MINUTES_DAYS * 24), last)
    )
    return hours, minutes


def marks(database: Database, days: int) -> None:
    """Say that all before the raw readings is rolled up."""
    hour = to_us(NOW) // HOUR_US - days * 24
    found = {OPENED: hour, LISTED: hour, RAW_FROM: hour, MINUTES_FROM: hour - MINUTES_DAYS * 24}
    rows = [{"reader": name, "seq": value} for name, value in found.items()]
    database.write(lambda connection: connection.execute(insert(cursors), rows))


def sizes(database: Database) -> dict[str, int]:
    """Bytes of each table, whole pages."""
    with database.read() as connection:
        rows = connection.execute(text("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))
        return {name: size for name, size in rows if name in KEPT_DAYS}


def took_ms(work: Callable[[], object]) -> float:
    """Milliseconds that it takes."""
    began_s = CLOCK.monotonic_s()
    work()
    return (CLOCK.monotonic_s() - began_s) * 1000


def said(times_ms: list[float]) -> str:
    """Middle, 95 of 100, and the longest."""
    ordered = sorted(times_ms)
    return (
        f"p50 {statistics.median(ordered):.1f} ms, p95 {ordered[int(len(ordered) * 0.95)]:.1f} ms, "
        f"longest {ordered[-1]:.1f} ms"
    )


def roll_up(database: Database) -> None:
    """Roll everything up, and say what it took."""
    rollups, steps, holds = RollUps(database), [], []
    write = database.write

    def timed(work: Callable[[Connection], Any], **more: Any) -> Any:
        def within(connection: Connection) -> Any:
            began_s = CLOCK.monotonic_s()
            try:
                return work(connection)
            finally:
                holds.append((CLOCK.monotonic_s() - began_s) * 1000)

        return write(within, **more)

    database.write = timed  # type: ignore[method-assign]
    done, began_s = 1, CLOCK.monotonic_s()
    while done:
        step_s = CLOCK.monotonic_s()
        done = rollups.step(NOW + timedelta(minutes=10))
        steps.append((CLOCK.monotonic_s() - step_s) * 1000)
    del database.write
    print(f"rolled up in {CLOCK.monotonic_s() - began_s:.0f} s, {len(steps):,} steps: {said(steps)}")
    print(f"of these the writer was held in each: {said(holds)}")


def questions(log: EventLog, sensors: int) -> None:
    """Ask for a day, a month and a year of sensors of chance."""
    dice = random.Random(3)  # noqa: S311 - a repeatable benchmark
    for word, days in (("a day", 1), ("a week", 7), ("a month", 30), ("a year", 365)):
        times, resolution, rows = [], 0.0, 0
        for _ in range(QUESTIONS):
            sensor = dice.randrange(sensors // 3) * 3
            began_s = CLOCK.monotonic_s()
            span = log.readings(
                key_of(sensor)["sensor"], since=NOW - timedelta(days=days), until=NOW, resolution_s=None, points=500
            )
            times.append((CLOCK.monotonic_s() - began_s) * 1000)
            resolution, rows = span.resolution_s, len(span.rows)
        print(f"{word}: {rows} rows of {resolution:,.0f} s, {said(times)}")


def doors(log: EventLog, days: int, sensors: int) -> None:
    """Hold the mean of a door's readings against the share of time that it was open."""
    dice, shares, means = random.Random(1), [], []  # noqa: S311 - a repeatable benchmark
    for sensor in range(sensors):
        for day in range(days, 0, -1):
            begin_us = to_us(NOW) - day * DAY_US
            told = list(measured(sensor, begin_us, dice))
            if sensor % 3 != 2:  # noqa: PLR2004 - every third
                continue
            ends = [*(at for at, _ in told[1:]), begin_us + DAY_US]
            open_us = sum(value * (end - at) for (at, value), end in zip(told, ends, strict=True))
            shares.append(open_us / DAY_US)
            since = NOW - timedelta(days=day)
            [row] = log.readings(
                key_of(sensor)["sensor"], since=since, until=since + timedelta(days=1), resolution_s=86_400
            ).rows
            means.append(row.value)
    print(
        f"doors: open {statistics.fmean(shares):.1%} of the time, the mean of their readings says "
        f"{statistics.fmean(means):.1%}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sensors", type=int, default=1_200)
    parser.add_argument("--days", type=int, default=2)
    parser.add_argument("--history", type=int, default=365, help="days before these")
    parser.add_argument("--folder", type=Path, help="where the database is made; a temporary folder without it")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        database = Database(sqlite_url(Path(folder)))
        database.start()
        try:
            measure(database, asked.sensors, asked.days, asked.history)
        finally:
            database.stop()


def measure(database: Database, sensors: int, days: int, history_days: int) -> None:
    """Everything on one database."""
    log = EventLog(database, Bus())
    bulk(database, readings, raw_rows(sensors, days))
    marks(database, days)
    roll_up(database)
    found = sizes(database)
    gb = 0.0
    for name, kept in KEPT_DAYS.items():
        daily = found[name] / sensors / days
        kept_gb = daily * sensors * kept / 1e9
        gb += kept_gb
        print(f"{name}: {daily:,.0f} bytes for each sensor and day, kept {kept} days: {kept_gb:.2f} GB")
    print(f"all of it: {gb:.1f} GB for {sensors:,} sensors")
    doors(log, days, min(90, sensors))
    hours, minutes = history(sensors, days, history_days)
    bulk(database, readings_hours, hours)
    bulk(database, readings_minutes, minutes)
    print(f"with {history_days} days before: {sum(sizes(database).values()) / 1e9:.1f} GB of readings")
    questions(log, sensors)


if __name__ == "__main__":
    main()
