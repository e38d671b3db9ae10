"""Readings as they came: what stands in the table of raw readings, and how far the roll-ups have come.

The table's key is (sensor, name, at_us), and every query here walks that key: a day of one sensor is one range of it,
and the names of a sensor are found by skipping from one to the next instead of reading all rows between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, Connection, Table, and_, bindparam, func, select, true

from hub.store.facts import from_us
from hub.store.packing import Bucket
from hub.store.schema import cursors, readings

MINUTE_US = 60_000_000
HOUR_US = 3_600_000_000

OPENED, LISTED = "readings:opened", "readings:listed"
RAW_FROM, MINUTES_FROM = "readings:raw_from", "readings:minutes_from"
NEVER = -1_000_000
"""An hour before all readings (in 1855)."""


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


@dataclass(frozen=True, slots=True)
class Marks:
    """How far the roll-ups have come, each an hour since 1970.

    Attributes:
        opened: A reading of an hour before is late, and marks its hour.
        listed: All hours before are rolled up, or stand among those that are due.
        raw_from: Raw readings of earlier hours were removed.
        minutes_from: Minutes of earlier hours were removed.
    """

    opened: int = NEVER
    listed: int = NEVER
    raw_from: int = NEVER
    minutes_from: int = NEVER


@dataclass(frozen=True, slots=True)
class Range:
    """One quantity of one sensor, from one time up to another, microseconds since 1970."""

    sensor: str
    name: str
    begin_us: int
    end_us: int


def read_marks(connection: Connection) -> Marks:
    """How far the roll-ups have come."""
    found = {reader: seq for reader, seq in connection.execute(_MARKS)}  # noqa: C416 - rows are no pairs to dict()
    return Marks(*(found.get(name, NEVER) for name in (OPENED, LISTED, RAW_FROM, MINUTES_FROM)))


def quantities(connection: Connection, table: Table = readings, *, sensor: str | None = None) -> list[tuple[str, str]]:
    """Every (sensor, name) in a table whose key begins with them; cost grows with them, not with the rows."""
    sensors = [sensor] if sensor is not None else _values(connection, _distinct(table.c.sensor, true()))
    return [
        (each, name)
        for each in sensors
        for name in _values(connection, _distinct(table.c.name, table.c.sensor == each))
    ]


def by_stretch(connection: Connection, within: Range, width_us: int) -> list[Bucket]:
    """The raw readings by stretches of `width_us`, whose beginnings are microseconds since 1970."""
    return [Bucket(*row) for row in connection.execute(_BY_STRETCH, {**_values_of(within), "width": width_us})]


def raw(connection: Connection, within: Sequence[Range], limit: int) -> list[ReadingRow]:
    """The newest `limit` readings of some quantities, oldest first, then by name."""
    found: list[ReadingRow] = []
    for each in within:
        rows = connection.execute(_NEWEST_RAW, {**_values_of(each), "limit": limit})
        found += [
            ReadingRow(each.sensor, each.name, from_us(at_us), value, value, value, 1, quality)
            for at_us, value, quality in rows
        ]
    return sorted(found, key=lambda row: (row.at, row.name))[-limit:]


def count(connection: Connection, within: Range, *, most: int) -> int:
    """How many raw readings there are, counted up to `most`."""
    return connection.execute(_COUNT, {**_values_of(within), "limit": most}).scalar_one()


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


def _distinct(column: ColumnElement[str], condition: ColumnElement[bool]) -> CTE:
    """The different values of a key column, as `value`, ending with one NULL: each is one look into the index."""
    found = select(func.min(column).label("value")).where(condition).cte("found", recursive=True)
    following = select(func.min(column)).where(condition, column > found.c.value).correlate(found).scalar_subquery()
    return found.union_all(select(following).where(found.c.value.is_not(None)))


def _values(connection: Connection, values: CTE) -> list[str]:
    return list(connection.scalars(select(values.c.value).where(values.c.value.is_not(None))))


def _values_of(within: Range) -> dict[str, Any]:
    return {"sensor": within.sensor, "name": within.name, "begin": within.begin_us, "end": within.end_us}


_MARKS = select(cursors.c.reader, cursors.c.seq).where(cursors.c.reader.in_((OPENED, LISTED, RAW_FROM, MINUTES_FROM)))
_IN_RANGE = and_(
    readings.c.sensor == bindparam("sensor"),
    readings.c.name == bindparam("name"),
    readings.c.at_us >= bindparam("begin"),
    readings.c.at_us < bindparam("end"),
)
_START = (readings.c.at_us - readings.c.at_us % bindparam("width", type_=readings.c.at_us.type)).label("start_us")
_VALUE = readings.c.value
_BY_STRETCH = (
    select(_START, func.count(), func.avg(_VALUE), func.min(_VALUE), func.max(_VALUE))
    .where(_IN_RANGE)
    .group_by(_START)
    .order_by(_START)
)
_COUNT = select(func.count()).select_from(
    select(readings.c.at_us).where(_IN_RANGE).limit(bindparam("limit")).subquery()
)  # fmt: skip
_NEWEST_RAW = (
    select(readings.c.at_us, readings.c.value, readings.c.quality)
    .where(_IN_RANGE)
    .order_by(readings.c.at_us.desc())
    .limit(bindparam("limit"))
)
