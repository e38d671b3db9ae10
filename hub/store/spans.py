"""Spans: readings of a sensor between two times, in the resolution that was asked for or that fits.

A stretch is always whole, counted from 1970 UTC, and comes from where it is kept: what is rolled up from the minutes or
hours, what is not yet, or was marked again by a late reading, from the raw readings. One that has no readings has no
row: nothing is made up between two values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, func, select

from hub.errors import HubError
from hub.events import time_to_text
from hub.store import readings as raw_readings
from hub.store.facts import from_us, storable, to_us
from hub.store.packing import Bucket, columns, merged
from hub.store.readings import HOUR_US, MINUTE_US, Marks, Range, ReadingRow, by_stretch, quantities, read_marks
from hub.store.schema import readings_due, readings_hours, readings_minutes

RAW = 0.0
"""The resolution that means each reading as it came."""

LEAST_S = 0.001
MOST_ROWS = 100_000
"""Stretches of one quantity that one question may ask for."""

_WIDTHS_S = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600, 43200, 86400)
_DAY_S = 86_400


class ResolutionError(HubError):
    """What was asked for is finer than what is kept, or more than one answer holds; says what to ask for."""


@dataclass(frozen=True, slots=True)
class Span:
    """Readings of a sensor, oldest first, then by name.

    Attributes:
        rows: One per reading, or per quantity and stretch that has any.
        resolution_s: Length of a stretch, seconds; 0 when each reading stands alone.
        complete: Whether all there is in the span is in `rows`; else the oldest are left out.
    """

    rows: tuple[ReadingRow, ...]
    resolution_s: float
    complete: bool = True


def span(
    connection: Connection,
    sensor: str,
    *,
    name: str | None,
    since: datetime,
    until: datetime,
    resolution_s: float | None,
    points: int,
    limit: int,
) -> Span:
    """Readings of a sensor.

    Args:
        connection: To read with; it sees one snapshot.
        sensor: Sensor id.
        name: Only this quantity; None takes all.
        since: Not before; of stretches the first is the one that holds this time.
        until: Before this time; of stretches the last is the one that reaches it.
        resolution_s: Length of a stretch, 0 (RAW) for each reading; None takes what gives at most `points`.
        points: Rows of each quantity, about, when no resolution is given.
        limit: At most so many rows of all quantities; the oldest are left out.

    Raises:
        ResolutionError: The resolution is finer than what is kept so far back, too small, or gives too many rows.
    """
    marks, begin_us, end_us = read_marks(connection), to_us(since), to_us(until)
    names = _names(connection, sensor) if name is None else [storable(name)]
    ranges = [Range(sensor, each, begin_us, end_us) for each in names]
    if resolution_s is None:
        resolution_s = _fitting(connection, marks, ranges, points)
        if begin_us < marks.minutes_from * HOUR_US:
            resolution_s = max(resolution_s, 3600.0)
    else:
        _check(marks, begin_us, end_us, resolution_s)
    if resolution_s == RAW:
        rows = raw_readings.raw(connection, ranges, limit + 1)
    else:
        width_us = round(resolution_s * 1_000_000)
        rows = [
            ReadingRow(sensor, each.name, from_us(one.start), one.mean, one.minimum, one.maximum, one.number)
            for each in ranges
            for one in _stretches(connection, marks, _whole(each, width_us), width_us)
        ]
        rows.sort(key=lambda row: (row.at, row.name))
    return Span(tuple(rows[-limit:]), resolution_s, complete=len(rows) <= limit)


def _names(connection: Connection, sensor: str) -> list[str]:
    both = quantities(connection, sensor=sensor) + quantities(connection, readings_hours, sensor=sensor)
    return sorted({name for _, name in both})


def _fitting(connection: Connection, marks: Marks, ranges: Sequence[Range], points: int) -> float:
    """Each reading where these are few, else the shortest stretch that gives about `points` at most."""
    if all(
        each.begin_us >= marks.raw_from * HOUR_US and raw_readings.count(connection, each, most=points + 1) <= points
        for each in ranges
    ):
        return RAW
    wanted_s = max(each.end_us - each.begin_us for each in ranges) / points / 1_000_000
    return next((float(width) for width in _WIDTHS_S if width >= wanted_s), -(-wanted_s // _DAY_S) * _DAY_S)


def _whole(within: Range, width_us: int) -> Range:
    """The range with its first and last stretch whole."""
    begin_us, end_us = within.begin_us, within.end_us
    return replace(within, begin_us=begin_us - begin_us % width_us, end_us=end_us + -end_us % width_us)


def _check(marks: Marks, begin_us: int, end_us: int, resolution_s: float) -> None:
    if resolution_s != RAW:
        if not resolution_s >= LEAST_S:  # also what is no number
            raise ResolutionError(f"a resolution of {resolution_s} s")
        rows = (end_us - begin_us) / 1_000_000 / resolution_s
        if rows > MOST_ROWS:
            raise ResolutionError(
                f"a resolution of {resolution_s:g} s makes {rows:,.0f} rows of this span, the most is {MOST_ROWS:,}"
            )
    whole_hours, whole_minutes = (resolution_s and resolution_s % width == 0 for width in (3600, 60))
    if not whole_hours and begin_us < marks.minutes_from * HOUR_US:
        raise _too_fine("minute", marks.minutes_from, 3600)
    if not whole_minutes and begin_us < marks.raw_from * HOUR_US:
        raise _too_fine("single reading", marks.raw_from, 60)


def _too_fine(what: str, hour: int, instead_s: int) -> ResolutionError:
    kept = time_to_text(from_us(hour * HOUR_US))
    return ResolutionError(f"no {what} before {kept} is kept; ask for a resolution of {instead_s} or a multiple of it")


def _stretches(connection: Connection, marks: Marks, within: Range, width_us: int) -> list[Bucket]:
    """The stretches of one quantity, from where they are kept."""
    first, last = within.begin_us // HOUR_US, min(-(-within.end_us // HOUR_US), marks.listed)
    if first >= last or width_us % MINUTE_US:
        return by_stretch(connection, within, width_us)
    where = {"s": within.sensor, "n": within.name, "first": first, "last": last}
    again = sorted(hour for hour in connection.scalars(_DUE, where) if hour >= marks.raw_from)
    kept, rolled = (HOUR_US, _hours) if width_us % HOUR_US == 0 else (MINUTE_US, _minutes)
    found = rolled(connection, where, kept if again else width_us)
    if again:
        found = [one for one in found if one.start // HOUR_US not in again]
    raws = [replace(within, begin_us=hour * HOUR_US, end_us=(hour + 1) * HOUR_US) for hour in again]
    if last * HOUR_US < within.end_us:
        raws.append(replace(within, begin_us=last * HOUR_US))
    found += [one for each in raws for one in by_stretch(connection, each, kept)]
    return merged([one for one in found if within.begin_us <= one.start < within.end_us], width_us)


def _hours(connection: Connection, where: dict[str, object], width_us: int) -> list[Bucket]:
    values = {**where, "width": width_us // HOUR_US}
    return [Bucket(hour * HOUR_US, *rest) for hour, *rest in connection.execute(_ROLLED_HOURS, values)]


def _minutes(connection: Connection, where: dict[str, object], width_us: int) -> list[Bucket]:
    """Taken together within each hour as far as the width goes, before they become Buckets: a week has ten thousand."""
    together = min(width_us, HOUR_US) // MINUTE_US if HOUR_US % width_us == 0 else 1
    found: list[Bucket] = []
    for hour, body in connection.execute(_ROLLED_MINUTES, where):
        start_us = hour * HOUR_US
        sums: dict[int, list[float]] = {}
        for minute, number, mean, least, greatest in columns(body):
            key = minute - minute % together
            kept = sums.get(key)
            if kept is None:
                sums[key] = [number, mean, least, greatest]
                continue
            kept[0] += number
            kept[1] += (mean - kept[1]) * (number / kept[0])
            kept[2] = min(kept[2], least)
            kept[3] = max(kept[3], greatest)
        found += [Bucket(start_us + key * MINUTE_US, int(kept[0]), *kept[1:]) for key, kept in sums.items()]
    return found


def _within(table: Table) -> ColumnElement[bool]:
    columns = table.c
    return and_(
        columns.sensor == bindparam("s"),
        columns.name == bindparam("n"),
        columns.hour >= bindparam("first"),
        columns.hour < bindparam("last"),
    )


_DUE = select(readings_due.c.hour).where(_within(readings_due))
_ROLLED_MINUTES = select(readings_minutes.c.hour, readings_minutes.c.body).where(_within(readings_minutes))
_HOUR = readings_hours.c
_STRETCH = (_HOUR.hour - _HOUR.hour % bindparam("width", type_=_HOUR.hour.type)).label("stretch")
_READINGS = func.sum(_HOUR.count)
_ROLLED_HOURS = (
    select(
        _STRETCH,
        _READINGS,
        func.sum(_HOUR.mean * _HOUR.count) / _READINGS,
        func.min(_HOUR.minimum),
        func.max(_HOUR.maximum),
    )
    .where(_within(readings_hours))
    .group_by(_STRETCH)
)
