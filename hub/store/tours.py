"""Tours in the database: every version of each, and every look; rows go in and out here, and nothing is changed.

What a round is and what was missed is worked out in `hub/tours.py`. Safe from any thread.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, time
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select

from hub.clock import Clock
from hub.errors import ConflictError, NotFoundError
from hub.events import time_from_text, time_to_text
from hub.store.database import Database
from hub.store.facts import storable
from hub.store.tour_tables import tour_looks, tours
from hub.tours import Finding, Look, Schedule, Step, Tour

MOST = 200
"""Tours that there are at the same time."""


class Tours:
    """All tours."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def all(self) -> list[Tour]:
        """Those that there are, by id."""
        with self._database.read() as connection:
            return [each for each in _read(connection, _newest()) if not each.removed]

    def get(self, tour_id: str) -> Tour:
        """The version in force.

        Raises:
            NotFoundError: There is none.
        """
        with self._database.read() as connection:
            return _get(connection, tour_id)

    def versions(self, tour_id: str) -> list[Tour]:
        """Every version of one, the oldest first; none of one that never was."""
        query = select(tours).where(tours.c.id == storable(tour_id)).order_by(tours.c.version)
        with self._database.read() as connection:
            return _read(connection, query)

    def make(self, author: str, name: Mapping[str, str | None], steps: Iterable[Step], schedule: Schedule) -> Tour:
        """A new one.

        Raises:
            ConflictError: There are enough.
        """
        made = Tour(secrets.token_hex(8), 1, self._clock.now(), author, dict(name), tuple(steps), schedule)

        def add(connection: Connection) -> Tour:
            if sum(not each.removed for each in _read(connection, _newest())) >= MOST:
                raise ConflictError(f"there are {MOST} tours already")
            return _add(connection, made)

        return self._database.write(add)

    def change(self, made: Tour, *, expected: int | None) -> Tour:
        """Put another version in force, with what `made` says; its number and time are given here.

        Args:
            made: With the id of one that there is.
            expected: The version that was read; None for any.

        Raises:
            NotFoundError: There is none.
            ConflictError: Another version is in force than the expected one.
        """

        def add(connection: Connection) -> Tour:
            was = _get(connection, made.id)
            if expected is not None and was.version != expected:
                raise ConflictError(f"the tour is at version {was.version}")
            return _add(connection, replace(made, version=was.version + 1, at=self._clock.now()))

        return self._database.write(add)

    def look(self, look: Look) -> Look:
        """Keep that somebody looked; its number is given here."""
        row = {
            "tour": look.tour,
            "version": look.version,
            "step": look.step,
            "begins": None if look.begins is None else time_to_text(look.begins),
            "at": time_to_text(look.at),
            "author": storable(look.author),
            "finding": look.finding.value,
            "note": storable(look.note),
        }
        query = insert(tour_looks).values(row).returning(tour_looks.c.id)
        return replace(look, id=self._database.write(lambda connection: connection.execute(query).scalar_one()))

    def looks(self, tour_id: str, since: datetime, until: datetime) -> list[Look]:
        """Those of a tour in a time, oldest first; `until` is not included."""
        query = select(tour_looks).where(
            tour_looks.c.tour == storable(tour_id),
            tour_looks.c.at >= time_to_text(since),
            tour_looks.c.at < time_to_text(until),
        )
        with self._database.read() as connection:
            return [_look(row) for row in connection.execute(query.order_by(tour_looks.c.at, tour_looks.c.id))]


def _newest() -> Select[Any]:
    newest = select(tours.c.id, func.max(tours.c.version).label("version")).group_by(tours.c.id).subquery()
    return (
        select(tours)
        .join(newest, (tours.c.id == newest.c.id) & (tours.c.version == newest.c.version))
        .order_by(tours.c.id)
    )


def _get(connection: Connection, tour_id: str) -> Tour:
    query = select(tours).where(tours.c.id == storable(tour_id)).order_by(tours.c.version.desc()).limit(1)
    found = _read(connection, query)
    if not found or found[0].removed:
        raise NotFoundError(f"no tour {tour_id!r}")
    return found[0]


def _add(connection: Connection, tour: Tour) -> Tour:
    schedule = tour.schedule
    connection.execute(
        insert(tours).values(
            id=tour.id,
            version=tour.version,
            at=time_to_text(tour.at),
            author=storable(tour.author),
            name={language: text and storable(text) for language, text in tour.name.items()},
            steps=[{"cameras": list(step.cameras), "seconds": step.seconds} for step in tour.steps],
            schedule={
                "times": [each.strftime("%H:%M") for each in schedule.times],
                "every_min": schedule.every_min,
                "weekdays": sorted(schedule.weekdays),
                "within_min": schedule.within_min,
            },
            removed=tour.removed,
        )
    )
    return tour


def _read(connection: Connection, query: Select[Any]) -> list[Tour]:
    return [_tour(row) for row in connection.execute(query)]


def _tour(row: Row[Any]) -> Tour:
    schedule = row.schedule
    return Tour(
        id=row.id,
        version=row.version,
        at=time_from_text(row.at),
        author=row.author,
        name=row.name,
        steps=tuple(Step(tuple(each["cameras"]), each["seconds"]) for each in row.steps),
        schedule=Schedule(
            times=tuple(time.fromisoformat(each) for each in schedule["times"]),
            every_min=schedule["every_min"],
            weekdays=frozenset(schedule["weekdays"]),
            within_min=schedule["within_min"],
        ),
        removed=row.removed,
    )


def _look(row: Row[Any]) -> Look:
    return Look(
        id=row.id,
        tour=row.tour,
        version=row.version,
        step=row.step,
        begins=None if row.begins is None else time_from_text(row.begins),
        at=time_from_text(row.at),
        author=row.author,
        finding=Finding(row.finding),
        note=row.note,
    )
