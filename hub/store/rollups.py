"""RollUps: readings by the minute and by the hour, made from the raw ones before these are removed.

What is to be done is itself stored: an hour of one quantity of one sensor stands in `readings_due` when it is over, and
again whenever a reading of it comes late, marked in the transaction that stores the reading. A step works off a few of
these: it reads outside the writer, makes the hour anew from its raw readings, and stores it in one small work, which
strikes the entry off only if it was not marked meanwhile. So it makes no difference how often an hour is rolled up,
when a crash comes, or how late or how often a reading does.

An hour whose raw readings were removed already is changed only by one that counts at least as many: of a reading that
comes again after that, nobody could tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Insert, and_, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hub.store.database import Database
from hub.store.facts import to_us
from hub.store.packing import Bucket, merged, pack
from hub.store.readings import (
    HOUR_US,
    LISTED,
    MINUTE_US,
    MINUTES_FROM,
    NEVER,
    OPENED,
    RAW_FROM,
    Marks,
    Range,
    by_stretch,
    quantities,
    read_marks,
)
from hub.store.schema import cursors, readings, readings_due, readings_hours, readings_minutes

LAG = timedelta(minutes=5)
"""An hour is rolled up so long after its end: most of what is late has come by then."""

STEP_HOURS = 25
"""Hours of one quantity that a step rolls up: some milliseconds of the writer."""

_LIST_ROWS = 500
_OPEN_HOURS = 24
_PRUNE_ROWS = 5_000
"""Rows removed by one work, so that an alert never waits long behind the cleaning."""


@dataclass(frozen=True, slots=True)
class PrunedReadings:
    """How many rows were removed."""

    raw: int
    minutes: int
    hours: int


@dataclass(frozen=True, slots=True)
class _Due:
    sensor: str
    name: str
    hour: int
    marks: int


class _Made:
    """What a step made, packed and ready to be stored."""

    def __init__(self) -> None:
        self.minutes: list[dict[str, Any]] = []
        self.hours: list[dict[str, Any]] = []
        self.done: list[dict[str, Any]] = []

    def add(self, due: _Due, minutes: Sequence[Bucket], marks: Marks) -> None:
        """Take the minutes of an hour; none leaves what is stored."""
        self.done.append({"s": due.sensor, "n": due.name, "h": due.hour, "m": due.marks})
        if not minutes:
            return
        key = {"sensor": due.sensor, "name": due.name, "hour": due.hour}
        [all_] = merged(minutes, 60)
        self.hours.append(
            {**key, "count": all_.number, "mean": all_.mean, "minimum": all_.minimum, "maximum": all_.maximum}
        )
        if due.hour >= marks.minutes_from:
            self.minutes.append({**key, "body": pack(minutes)})

    def keep(self, connection: Connection) -> None:
        """Store it, and strike off what was not marked again meanwhile."""
        statements = _STATEMENTS[connection.dialect.name]
        if self.minutes:
            connection.execute(statements.minutes, self.minutes)
        if self.hours:
            connection.execute(statements.hours, self.hours)
        connection.execute(_DONE, self.done)


class RollUps:
    """Rolls readings up, step by step. Used from one thread."""

    def __init__(self, database: Database, *, step_hours: int = STEP_HOURS) -> None:
        """Work on `database`, at most `step_hours` hours to a transaction."""
        self._database = database
        self._step_hours = step_hours

    def step(self, now: datetime) -> int:
        """Do a small piece of what there is to do.

        Returns:
            How much was done; 0 when nothing is left to do.
        """
        with self._database.read() as connection:
            marks = read_marks(connection)
        if marks.listed < marks.opened:
            return self._list(marks)
        rolled = self._roll(marks)
        return rolled or self._open(marks, over=to_us(now - LAG) // HOUR_US)

    def prune(self, *, raw_before: datetime, minutes_before: datetime, hours_before: datetime) -> PrunedReadings:
        """Remove what is older, in many small works; blocks the caller, not the writer.

        Args:
            raw_before: Raw readings of whole hours before, as far as they are rolled up.
            minutes_before: Minutes of whole hours before.
            hours_before: Hours before.
        """
        with self._database.read() as connection:
            marks = read_marks(connection)
            pairs = quantities(connection)
        raw_from = min(to_us(raw_before) // HOUR_US, marks.listed)
        minutes_from = min(to_us(minutes_before) // HOUR_US, raw_from)
        if raw_from > marks.raw_from:
            self._database.write(lambda connection: _write_mark(connection, RAW_FROM, raw_from))
        if minutes_from > marks.minutes_from:
            self._database.write(lambda connection: _write_mark(connection, MINUTES_FROM, minutes_from))
        raw = sum(self._prune_raw(sensor, name, raw_from) for sensor, name in pairs)
        minutes = hours = 0
        with self._database.read() as connection:
            rolled = quantities(connection, readings_hours)
        for sensor, name in rolled:
            minutes += self._prune_rolled(readings_minutes, sensor, name, minutes_from)
            hours += self._prune_rolled(readings_hours, sensor, name, min(to_us(hours_before) // HOUR_US, minutes_from))
        return PrunedReadings(raw, minutes, hours)

    def _open(self, marks: Marks, *, over: int) -> int:
        """Say of further hours that they are over: what comes for them from now on is late, and marks its hour."""
        if marks.opened >= over:
            return 0
        with self._database.read() as connection:
            first = min(
                (
                    at_us
                    for sensor, name in quantities(connection)
                    if (at_us := connection.execute(_NEXT, _of(sensor, name, marks.opened)).scalar()) is not None
                ),
                default=None,
            )
        opened = over if first is None else min(over, first // HOUR_US + _OPEN_HOURS)
        self._database.write(lambda connection: _write_mark(connection, OPENED, opened))
        return 1

    def _list(self, marks: Marks) -> int:
        """List what there is in the hours that were opened, all of it stored by now or marking itself."""
        with self._database.read() as connection:
            found = [
                {"sensor": sensor, "name": name, "hour": hour, "marks": 1}
                for sensor, name in quantities(connection)
                for hour in connection.scalars(_HOURS, {**_of(sensor, name, marks.listed), "end": _us(marks.opened)})
            ]
        for begin in range(0, len(found), _LIST_ROWS):
            self._database.write(lambda connection, some=found[begin : begin + _LIST_ROWS]: mark_due(connection, some))  # type: ignore[misc]
        self._database.write(lambda connection: _write_mark(connection, LISTED, marks.opened))
        return 1

    def _roll(self, marks: Marks) -> int:
        made = _Made()
        with self._database.read() as connection:
            for row in connection.execute(_SOME_DUE, {"limit": self._step_hours}):
                due = _Due(*row)
                made.add(due, self._minutes(connection, marks, due), marks)
        if made.done:
            self._database.write(made.keep)
        return len(made.done)

    def _minutes(self, connection: Connection, marks: Marks, due: _Due) -> list[Bucket]:
        """The minutes of an hour, with beginnings 0..59; none when what is stored knows more."""
        begin_us, end_us = _us(due.hour), _us(due.hour + 1)
        found = by_stretch(connection, Range(due.sensor, due.name, begin_us, end_us), MINUTE_US)
        if due.hour < marks.raw_from:
            known = connection.execute(_KNOWN, {"s": due.sensor, "n": due.name, "h": due.hour}).scalar() or 0
            if known > sum(each.number for each in found):
                return []
        return [
            Bucket((each.start - begin_us) // MINUTE_US, each.number, each.mean, each.minimum, each.maximum)
            for each in found
        ]

    def _prune_raw(self, sensor: str, name: str, before: int) -> int:
        old = and_(readings.c.sensor == sensor, readings.c.name == name, readings.c.at_us < _us(before))
        beyond = select(readings.c.at_us).where(old).order_by(readings.c.at_us).limit(1).offset(_PRUNE_ROWS)
        waits = select(readings_due.c.hour).where(
            readings_due.c.sensor == sensor, readings_due.c.name == name, readings_due.c.hour < before
        )
        removed, more = 0, True
        while more:
            with self._database.read() as connection:
                bound_us = connection.execute(beyond).scalar()
            more = bound_us is not None
            some = and_(old, readings.c.at_us < bound_us) if more else old

            def work(connection: Connection, some: Any = some) -> int:
                if connection.execute(waits.limit(1)).first() is not None:
                    return 0  # it came late, and is not rolled up yet
                return connection.execute(delete(readings).where(some)).rowcount

            gone = self._database.write(work)
            removed += gone
            more = more and gone > 0
        return removed

    def _prune_rolled(self, table: Any, sensor: str, name: str, before: int) -> int:
        old = and_(table.c.sensor == sensor, table.c.name == name, table.c.hour < before)
        with self._database.read() as connection:
            if connection.execute(select(table.c.hour).where(old).limit(1)).first() is None:
                return 0
        gone: int = self._database.write(lambda connection: connection.execute(delete(table).where(old)).rowcount)
        return gone


def mark_due(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Mark hours (`sensor`, `name`, `hour`, `marks` 1) as due to be rolled up, in the transaction of `connection`."""
    if rows:
        connection.execute(_STATEMENTS[connection.dialect.name].due, rows)


def mark_late(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Mark the hours of those readings (rows of the table) that came after their hour was opened."""
    opened_us = _us(connection.execute(_OPENED).scalar_one_or_none() or NEVER)
    late = {(row["sensor"], row["name"], row["at_us"] // HOUR_US) for row in rows if row["at_us"] < opened_us}
    mark_due(connection, [dict(zip(("sensor", "name", "hour", "marks"), (*each, 1), strict=True)) for each in late])


def _write_mark(connection: Connection, name: str, hour: int) -> None:
    if connection.execute(update(cursors).where(cursors.c.reader == name).values(seq=hour)).rowcount == 0:
        connection.execute(cursors.insert(), {"reader": name, "seq": hour})


def _us(hour: int) -> int:
    return hour * HOUR_US


def _of(sensor: str, name: str, hour: int) -> dict[str, Any]:
    return {"sensor": sensor, "name": name, "begin": _us(hour)}


_OPENED = select(cursors.c.seq).where(cursors.c.reader == OPENED)
_OF_PAIR = and_(
    readings.c.sensor == bindparam("sensor"),
    readings.c.name == bindparam("name"),
    readings.c.at_us >= bindparam("begin"),
)
_NEXT = select(func.min(readings.c.at_us)).where(_OF_PAIR)
_HOURS = (
    select((readings.c.at_us // HOUR_US).label("hour")).where(_OF_PAIR, readings.c.at_us < bindparam("end")).distinct()
)
_SOME_DUE = select(
    readings_due.c.sensor, readings_due.c.name, readings_due.c.hour, readings_due.c.marks
).limit(bindparam("limit"))  # fmt: skip
_KNOWN = select(readings_hours.c.count).where(
    readings_hours.c.sensor == bindparam("s"),
    readings_hours.c.name == bindparam("n"),
    readings_hours.c.hour == bindparam("h"),
)
_DONE = delete(readings_due).where(
    readings_due.c.sensor == bindparam("s"),
    readings_due.c.name == bindparam("n"),
    readings_due.c.hour == bindparam("h"),
    readings_due.c.marks == bindparam("m"),
)


@dataclass(frozen=True, slots=True)
class _Statements:
    due: Insert
    minutes: Insert
    hours: Insert


def _statements(dialect: Any) -> _Statements:
    key = ["sensor", "name", "hour"]
    due, minutes, hours = (dialect.insert(table) for table in (readings_due, readings_minutes, readings_hours))
    whole = {name: hours.excluded[name] for name in ("count", "mean", "minimum", "maximum")}
    return _Statements(
        due=due.on_conflict_do_update(index_elements=key, set_={"marks": readings_due.c.marks + 1}),
        minutes=minutes.on_conflict_do_update(index_elements=key, set_={"body": minutes.excluded.body}),
        hours=hours.on_conflict_do_update(index_elements=key, set_=whole),
    )


_STATEMENTS: Mapping[str, _Statements] = MappingProxyType(
    {"sqlite": _statements(sqlite), "postgresql": _statements(postgresql)}
)
