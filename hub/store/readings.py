"""Readings: what sensors measured, as it came or thinned out by the database, and its pruning.

The table's key is (sensor, name, at_us), and every query here walks that key: a day of one sensor is one range of it,
and the names of a sensor are found by skipping from one to the next instead of reading all rows between.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CTE, ColumnElement, Connection, and_, delete, func, select, true

from hub.store.database import Database
from hub.store.facts import from_us, storable, to_us
from hub.store.schema import readings


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """One reading, or all of them within one stretch of time.

    Attributes:
        sensor: Sensor id.
        name: What was measured, with its unit.
        at: When; of a stretch its beginning.
        value: The value; of a stretch its mean.
        minimum: The smallest value, the value itself for one reading.
        maximum: The largest value.
        count: How many readings.
        quality: Reasons for doubt, comma between; empty for a stretch.
    """

    sensor: str
    name: str
    at: datetime
    value: float
    minimum: float
    maximum: float
    count: int
    quality: str = ""


def between(
    connection: Connection,
    sensor: str,
    *,
    name: str | None,
    since: datetime,
    until: datetime,
    resolution_s: float | None,
    limit: int,
) -> list[ReadingRow]:
    """Readings of a sensor, oldest first.

    Args:
        connection: To read with.
        sensor: Sensor id.
        name: Only this quantity; None takes all.
        since: Not before.
        until: Before this time.
        resolution_s: None gives each reading; else one row per quantity and stretch of so many seconds (0.001 or
            more, counted from 1970) that has any.
        limit: At most so many rows; the oldest are left out.

    Raises:
        ValueError: The resolution is too small or no number.
    """
    at_us = readings.c.at_us
    wanted = and_(readings.c.sensor == sensor, at_us >= to_us(since), at_us < to_us(until))
    if name is not None:
        wanted = and_(wanted, readings.c.name == storable(name))
    if resolution_s is None:
        raw = select(readings).where(wanted).order_by(at_us.desc(), readings.c.name.desc()).limit(limit)
        rows = [
            ReadingRow(sensor, row.name, from_us(row.at_us), row.value, row.value, row.value, 1, row.quality)
            for row in connection.execute(raw)
        ]
        return rows[::-1]
    if not (math.isfinite(resolution_s) and resolution_s >= 0.001):  # noqa: PLR2004 - said in the docstring
        raise ValueError(f"a resolution of {resolution_s} s")
    width_us = round(resolution_s * 1_000_000)
    start_us = (at_us - at_us % width_us).label("start_us")
    value = readings.c.value
    thinned = (
        select(readings.c.name, start_us, func.avg(value), func.min(value), func.max(value), func.count())
        .where(wanted)
        .group_by(readings.c.name, start_us)
        .order_by(start_us.desc(), readings.c.name.desc())
        .limit(limit)
    )
    buckets = [
        ReadingRow(sensor, quantity, from_us(start), mean, low, high, count)
        for quantity, start, mean, low, high, count in connection.execute(thinned)
    ]
    return buckets[::-1]


def latest(connection: Connection, sensor: str) -> list[ReadingRow]:
    """The newest reading under each name of a sensor, by name; cost grows with the names, not with the readings."""
    names = _distinct(readings.c.name, readings.c.sensor == sensor)
    same = and_(readings.c.sensor == sensor, readings.c.name == names.c.value)
    newest = select(func.max(readings.c.at_us)).where(same).correlate(names).scalar_subquery()
    row = readings.alias("row")
    query = (
        select(row)
        .join(names, and_(row.c.sensor == sensor, row.c.name == names.c.value, row.c.at_us == newest))
        .order_by(row.c.name)
    )
    return [
        ReadingRow(sensor, row.name, from_us(row.at_us), row.value, row.value, row.value, 1, row.quality)
        for row in connection.execute(query)
    ]


def prune(database: Database, before: datetime, *, rows: int) -> int:
    """Remove readings of an earlier time, at most `rows` in one work.

    Returns:
        How many were removed.
    """
    before_us = to_us(before)
    with database.read() as connection:
        sensors = _values(connection, _distinct(readings.c.sensor, true()))
        pairs = [
            (sensor, name)
            for sensor in sensors
            for name in _values(connection, _distinct(readings.c.name, readings.c.sensor == sensor))
        ]
    removed = 0
    for sensor, name in pairs:
        old = and_(readings.c.sensor == sensor, readings.c.name == name, readings.c.at_us < before_us)
        more = True
        while more:
            beyond = select(readings.c.at_us).where(old).order_by(readings.c.at_us).limit(1).offset(rows)
            with database.read() as connection:
                bound_us = connection.execute(beyond).scalar()
            more = bound_us is not None
            removed += database.write(_removal(and_(old, readings.c.at_us < (bound_us if more else before_us))))
    return removed


def _removal(condition: ColumnElement[bool]) -> Callable[[Connection], int]:
    return lambda connection: connection.execute(delete(readings).where(condition)).rowcount


def _distinct(column: ColumnElement[str], condition: ColumnElement[bool]) -> CTE:
    """The different values of a key column, as `value`, ending with one NULL: each is one look into the index."""
    found = select(func.min(column).label("value")).where(condition).cte("found", recursive=True)
    following = select(func.min(column)).where(condition, column > found.c.value).correlate(found).scalar_subquery()
    return found.union_all(select(following).where(found.c.value.is_not(None)))


def _values(connection: Connection, values: CTE) -> list[str]:
    return list(connection.scalars(select(values.c.value).where(values.c.value.is_not(None))))
