"""Lists: alerts, incidents and the journal as people and programs read them. Reads may come from any thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    Column,
    Select,
    Table,
    and_,
    func,
    or_,
    select,
    text,
)

from alerts.alert import Condition
from alerts.incidents.incident import OPEN, Handling
from alerts.incidents.views import (
    AlertView,
    IncidentView,
    JournalEntry,
    alert_view,
    incident_view,
    journal_entry,
)
from alerts.store.incidents import fetched, members_of, read_incident
from alerts.store.sighted import in_sight, lies_in
from config.community import Level
from hub.errors import NotFoundError
from hub.events import Event, event_from_json, time_from_text, time_to_text
from hub.reach import Within
from hub.store.database import Database
from hub.store.schema import INCIDENT_IS_OPEN, alerts, events, incidents, journal

Item = TypeVar("Item")


_CURSOR_DIGITS = 18
"""More do not fit into a whole number of the databases."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which alerts or incidents are wanted; an empty part wants all.

    Attributes:
        handling: Of incidents.
        condition: Of alerts.
        level: Any of these.
        kind: Any of these kinds or families (`fire`).
        area, site, camera: Any of these ids.
        since: Raised or opened not before.
        until: Raised or opened before.
        within: Only what lies in there; None for all. An incident does when any of its alerts does.
    """

    handling: tuple[Handling, ...] = ()
    condition: tuple[Condition, ...] = ()
    level: tuple[Level, ...] = ()
    kind: tuple[str, ...] = ()
    area: tuple[str, ...] = ()
    site: tuple[str, ...] = ()
    camera: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    within: Within | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items, newest first, and the cursor of the next page, None on the last one."""

    items: tuple[Item, ...]
    next_cursor: str | None


class Repository:
    """What people and programs read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest_seq(self) -> int:
        """The number of the newest journal entry, 0 before the first."""
        with self._database.read() as connection:
            newest: int | None = connection.execute(select(func.max(journal.c.seq))).scalar_one()
        return newest or 0

    def journal_after(self, seq: int, limit: int) -> list[JournalEntry]:
        """At most `limit` entries with a number greater than `seq`, in order."""
        query = select(journal).where(journal.c.seq > seq).order_by(journal.c.seq).limit(limit)
        with self._database.read() as connection:
            return [journal_entry(row) for row in fetched(connection, query)]

    def history(self, incident: str) -> list[JournalEntry]:
        """All moves of an incident and of its alerts, in order; what became of its orders is told by these."""
        query = (
            select(journal).where(journal.c.incident == incident, journal.c.topic != "order").order_by(journal.c.seq)
        )
        with self._database.read() as connection:
            return [journal_entry(row) for row in fetched(connection, query)]

    def incident(self, incident: str) -> IncidentView:
        """One incident.

        Raises:
            NotFoundError: There is none with this id.
        """
        with self._database.read() as connection:
            return read_incident(connection, incident)

    def incidents(self, wanted: Filter, *, cursor: str | None = None, limit: int = 100) -> Page[IncidentView]:
        """Incidents, the highest number first.

        Raises:
            ValueError: The cursor is none of this list.
        """
        query = select(incidents).order_by(incidents.c.number.desc()).limit(limit + 1).where(in_sight(wanted.within))
        query = _wanted(query, incidents, wanted, at=incidents.c.opened)
        query = _numbered(_of_handling(query, wanted), wanted)
        if cursor is not None:
            if not cursor.isascii() or not cursor.isdigit() or len(cursor) > _CURSOR_DIGITS:
                raise ValueError("this is no cursor of this list")
            query = query.where(incidents.c.number < int(cursor))
        with self._database.read() as connection:
            rows = fetched(connection, query)
            members = members_of(connection, [row["id"] for row in rows[:limit]])
        found = tuple(incident_view(row, members.get(row["id"], ())) for row in rows[:limit])
        return Page(found, str(found[-1].number) if len(rows) > limit else None)

    def count(self, wanted: Filter) -> dict[tuple[Handling, Level], int]:
        """How many incidents there are of each handling and level; those of which there are none are left out."""
        query = select(incidents.c.handling, incidents.c.level, func.count()).group_by(
            incidents.c.handling, incidents.c.level
        )
        query = query.where(in_sight(wanted.within))
        query = _of_handling(_wanted(query, incidents, wanted, at=incidents.c.opened), wanted)
        with self._database.read() as connection:
            return {(Handling(row[0]), Level(row[1])): row[2] for row in connection.execute(query)}

    def raised(self, wanted: Filter) -> int:
        """How many alerts there are that are not muted."""
        query = select(func.count()).select_from(alerts).where(alerts.c.muted_by.is_(None))
        query = _wanted(query.where(lies_in(alerts, wanted.within)), alerts, wanted, at=alerts.c.raised)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def alert(self, alert: str) -> AlertView:
        """One alert.

        Raises:
            NotFoundError: There is none with this id.
        """
        with self._database.read() as connection:
            found = fetched(connection, select(alerts).where(alerts.c.id == alert))
        if not found:
            raise NotFoundError(f"no alert {alert}")
        return alert_view(found[0])

    def events_of(self, ids: Sequence[str]) -> list[Event]:
        """Those of the events with these ids that are still stored, in the order in which they were stored."""
        query = select(events.c.body).where(events.c.id.in_(ids)).order_by(events.c.seq)
        with self._database.read() as connection:
            return [event_from_json(body) for body in connection.execute(query).scalars()]

    def alerts(self, wanted: Filter, *, cursor: str | None = None, limit: int = 100) -> Page[AlertView]:
        """Alerts, the one raised last first.

        Raises:
            ValueError: The cursor is none of this list.
        """
        query = select(alerts).order_by(alerts.c.raised.desc(), alerts.c.id.desc()).limit(limit + 1)
        query = query.where(lies_in(alerts, wanted.within))
        query = _wanted(query, alerts, wanted, at=alerts.c.raised)
        if wanted.condition:
            query = query.where(alerts.c.condition.in_([each.value for each in wanted.condition]))
        if cursor is not None:
            raised, separator, last = cursor.partition("_")
            if not separator:
                raise ValueError("this is no cursor of this list")
            raised = time_to_text(time_from_text(raised))
            query = query.where(or_(alerts.c.raised < raised, and_(alerts.c.raised == raised, alerts.c.id < last)))
        with self._database.read() as connection:
            found = tuple(alert_view(row) for row in fetched(connection, query))
        if len(found) <= limit:
            return Page(found, None)
        last_shown = found[limit - 1]
        return Page(found[:limit], f"{time_to_text(last_shown.raised)}_{last_shown.id}")


def _wanted(query: Select[Any], table: Table, wanted: Filter, *, at: Column[str]) -> Select[Any]:
    columns = table.c
    if wanted.level:
        query = query.where(columns.level.in_([level.value for level in wanted.level]))
    if wanted.kind:
        query = query.where(
            or_(*(columns.kind == kind if "." in kind else columns.kind.startswith(f"{kind}.") for kind in wanted.kind))
        )
    for column, values in ((columns.area, wanted.area), (columns.site, wanted.site), (columns.camera, wanted.camera)):
        if values:
            query = query.where(column.in_(values))
    if wanted.since is not None:
        query = query.where(at >= time_to_text(wanted.since))
    if wanted.until is not None:
        query = query.where(at < time_to_text(wanted.until))
    return query


def _of_handling(query: Select[Any], wanted: Filter) -> Select[Any]:
    if not wanted.handling:
        return query
    if wanted.handling == OPEN:
        return query.where(text(INCIDENT_IS_OPEN))
    return query.where(incidents.c.handling.in_([each.value for each in wanted.handling]))


def _numbered(query: Select[Any], wanted: Filter) -> Select[Any]:
    """Bounds by number that follow from those by time: the list is in the order of numbers, and reads no further."""
    within = select(incidents.c.number)
    if wanted.since is not None:
        within = within.where(incidents.c.opened >= time_to_text(wanted.since))
    if wanted.until is not None:
        within = within.where(incidents.c.opened < time_to_text(wanted.until))
    if wanted.since is None and wanted.until is None:
        return query
    numbers = within.subquery()
    # Plus nothing: else PostgreSQL walks all numbers from the first one until it meets one of this time.
    first, last = select(func.min(numbers.c.number + 0)), select(func.max(numbers.c.number + 0))
    return query.where(incidents.c.number.between(first.scalar_subquery(), last.scalar_subquery()))
