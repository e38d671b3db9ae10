"""Repository: alerts, incidents, journal and the engine's memory in the database. The only file here with SQL.

Everything that changes something is a function of a connection, to be run as a work of the Database's one writer: the
engine loop and the people's moves each put all that belongs together into one such work. Reads may come from any
thread.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from alerts.alert import Alert, Condition
from alerts.cells import StoredState, Unsaved
from alerts.grouping import WINDOW, Candidate, joined
from alerts.incident import OPEN, Handling
from alerts.kinds import family
from alerts.views import (
    AlertView,
    IncidentView,
    JournalEntry,
    alert_row,
    alert_view,
    incident_row,
    incident_view,
    journal_entry,
)
from config.community import Level
from hub.errors import NotFoundError
from hub.events import Event, event_from_json, time_from_text, time_to_text
from hub.store.database import Database
from hub.store.facts import event_row
from hub.store.schema import INCIDENT_IS_OPEN, alerts, cursors, events, incidents, journal, orders, rule_states

__all__ = ["AlertView", "Connection", "Filter", "IncidentView", "JournalEntry", "Page", "Repository"]

Item = TypeVar("Item")

_MOST_KEYS = 500  # values in one IN list; SQLite takes 32,766 parameters in a statement


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
            return [journal_entry(row) for row in _rows(connection, query)]

    def history(self, incident: str) -> list[JournalEntry]:
        """All moves of an incident and of its alerts, in order."""
        query = select(journal).where(journal.c.incident == incident).order_by(journal.c.seq)
        with self._database.read() as connection:
            return [journal_entry(row) for row in _rows(connection, query)]

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
        query = select(incidents).order_by(incidents.c.number.desc()).limit(limit + 1)
        query = _wanted(query, incidents, wanted, at=incidents.c.opened)
        query = _numbered(_of_handling(query, wanted), wanted)
        if cursor is not None:
            if not cursor.isascii() or not cursor.isdigit():
                raise ValueError("this is no cursor of this list")
            query = query.where(incidents.c.number < int(cursor))
        with self._database.read() as connection:
            rows = _rows(connection, query)
            members = _members(connection, [row["id"] for row in rows[:limit]])
        found = tuple(incident_view(row, members.get(row["id"], ())) for row in rows[:limit])
        return Page(found, str(found[-1].number) if len(rows) > limit else None)

    def count(self, wanted: Filter) -> dict[tuple[Handling, Level], int]:
        """How many incidents there are of each handling and level; those of which there are none are left out."""
        query = select(incidents.c.handling, incidents.c.level, func.count()).group_by(
            incidents.c.handling, incidents.c.level
        )
        query = _of_handling(_wanted(query, incidents, wanted, at=incidents.c.opened), wanted)
        with self._database.read() as connection:
            return {(Handling(row[0]), Level(row[1])): row[2] for row in connection.execute(query)}

    def alert(self, alert: str) -> AlertView:
        """One alert.

        Raises:
            NotFoundError: There is none with this id.
        """
        with self._database.read() as connection:
            found = _rows(connection, select(alerts).where(alerts.c.id == alert))
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
            found = tuple(alert_view(row) for row in _rows(connection, query))
        if len(found) <= limit:
            return Page(found, None)
        last_shown = found[limit - 1]
        return Page(found[:limit], f"{time_to_text(last_shown.raised)}_{last_shown.id}")


def _rows(
    connection: Connection, query: Select[Any], values: Mapping[str, object] | None = None
) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in connection.execute(query, values).mappings()]


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
    first, last = select(func.min(numbers.c.number)), select(func.max(numbers.c.number))
    return query.where(incidents.c.number.between(first.scalar_subquery(), last.scalar_subquery()))


def _members(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[AlertView, ...]]:
    found: dict[str, list[AlertView]] = {}
    for start in range(0, len(ids), _MOST_KEYS):
        some = ids[start : start + _MOST_KEYS]
        query = select(alerts).where(alerts.c.incident.in_(some)).order_by(alerts.c.raised, alerts.c.id)
        for row in _rows(connection, query):
            found.setdefault(row["incident"], []).append(alert_view(row))
    return {incident: tuple(views) for incident, views in found.items()}


def read_incident(connection: Connection, incident: str) -> IncidentView:
    """One incident, as this connection sees it.

    Raises:
        NotFoundError: There is none with this id.
    """
    found = _rows(connection, select(incidents).where(incidents.c.id == incident))
    if not found:
        raise NotFoundError(f"no incident {incident}")
    return incident_view(found[0], _members(connection, [incident]).get(incident, ()))


def write_incident(connection: Connection, view: IncidentView, *, new: bool) -> None:
    """Store all of an incident but its alerts."""
    row = incident_row(view)
    if new:
        connection.execute(insert(incidents), row)
    else:
        connection.execute(update(incidents).where(incidents.c.id == view.id), row)


def move_alerts(connection: Connection, ids: Iterable[str], incident: str) -> None:
    """Let alerts belong to another incident from now on."""
    connection.execute(update(alerts).where(alerts.c.id.in_(list(ids))).values(incident=incident))


def next_number(connection: Connection) -> int:
    """The number of the next incident."""
    newest: int | None = connection.execute(select(func.max(incidents.c.number))).scalar_one()
    return (newest or 0) + 1


def _joinable(place: ColumnElement[bool]) -> Select[Any]:
    """Open incidents of some kinds at a place, with when the newest of their alerts was raised."""
    return (
        select(incidents.c.id, incidents.c.kind, incidents.c.site, incidents.c.area, func.max(alerts.c.raised))
        .join(alerts, alerts.c.incident == incidents.c.id)
        .where(
            incidents.c.handling.in_([each.value for each in OPEN]),
            incidents.c.changed >= bindparam("changed"),
            incidents.c.kind.like(bindparam("kinds")),
            place,
        )
        .group_by(incidents.c.id, incidents.c.kind, incidents.c.site, incidents.c.area)
    )


# Made once: in a storm of alarms, making these statements costs more than running them.
_AT_SITE = _joinable(incidents.c.site == bindparam("place"))
_IN_AREA = _joinable(incidents.c.area == bindparam("place"))
_NOWHERE = _joinable(incidents.c.area.is_(None))
_ONE_ALERT = select(alerts).where(alerts.c.id == bindparam("alert"))


def incident_to_join(connection: Connection, alert: Alert) -> str | None:
    """The unresolved incident that a new alert belongs to."""
    values = {
        "changed": time_to_text(alert.raised - WINDOW - timedelta(minutes=1)),
        "kinds": f"{family(alert.kind)}.%",
        "place": alert.area if alert.site is None else alert.site,
    }
    query = _AT_SITE if alert.site is not None else _IN_AREA if alert.area is not None else _NOWHERE
    rows = connection.execute(query, values).all()
    return joined(alert, [Candidate(row[0], row[1], row[2], row[3], time_from_text(row[4])) for row in rows])


def incident_of(connection: Connection, alert: str) -> tuple[str, AlertView] | None:
    """The incident of a stored alert, and the alert as it was stored last."""
    found = _rows(connection, _ONE_ALERT, {"alert": alert})
    return (found[0]["incident"], alert_view(found[0])) if found else None


def write_alert(connection: Connection, alert: Alert, incident: str, *, new: bool) -> AlertView:
    """Store an alert; the view is what was stored."""
    row = alert_row(alert, incident)
    if new:
        connection.execute(insert(alerts), row)
    else:
        connection.execute(update(alerts).where(alerts.c.id == alert.id), row)
    return alert_view(row)


def write_journal(connection: Connection, entries: Iterable[Mapping[str, Any]]) -> int:
    """Add entries (rows without number), and return the number of the newest in the journal."""
    rows = list(entries)
    if rows:
        connection.execute(insert(journal), rows)
    newest: int | None = connection.execute(select(func.max(journal.c.seq))).scalar_one()
    return newest or 0


def due_incidents(connection: Connection, now: datetime, most: int) -> list[str]:
    """Ids of incidents that time moves, the longest due first."""
    query = select(incidents.c.id).where(incidents.c.due <= time_to_text(now)).order_by(incidents.c.due).limit(most)
    return list(connection.execute(query).scalars())


def unsent(connection: Connection, kinds: Iterable[str], most: int) -> list[str]:
    """Ids of open incidents with an active alert of one of these kinds to which nobody was ever sent."""
    query = (
        select(alerts.c.incident)
        .join(incidents, incidents.c.id == alerts.c.incident)
        .where(
            alerts.c.kind.in_(sorted(kinds)),
            alerts.c.condition == Condition.ACTIVE.value,
            incidents.c.handling.in_([each.value for each in OPEN]),
            ~select(orders.c.id).where(orders.c.incident == incidents.c.id).exists(),
        )
        .distinct()
        .limit(most)
    )
    return list(connection.execute(query).scalars())


def is_own(connection: Connection, incident: IncidentView, account: str) -> bool:
    """Whether a person reported an incident, or was sent there and has not declined."""
    if incident.reporter == account:
        return True
    mine = select(orders.c.id).where(
        orders.c.incident == incident.id, orders.c.unit == account, orders.c.state.not_in(("declined", "cancelled"))
    )
    return connection.execute(mine.limit(1)).first() is not None


def to_reset(connection: Connection, incident: str) -> bool:
    """Whether a device that a person has to reset still reports an incident."""
    query = select(alerts.c.id).where(
        alerts.c.incident == incident, alerts.c.to_reset, alerts.c.condition == Condition.ACTIVE.value
    )
    return connection.execute(query.limit(1)).first() is not None


def last_move(connection: Connection, incident: str, moves: Sequence[str]) -> JournalEntry | None:
    """The newest of some moves of people on an incident."""
    query = (
        select(journal)
        .where(journal.c.incident == incident, journal.c.topic == "incident", journal.c.move.in_(moves))
        .order_by(journal.c.seq.desc())
        .limit(1)
    )
    found = _rows(connection, query)
    return journal_entry(found[0]) if found else None


def append_events(connection: Connection, facts: Sequence[Event]) -> int:
    """Store events that are not stored yet, and return the newest number in their log."""
    for event in facts:
        if connection.execute(select(events.c.seq).where(events.c.id == event.id)).first() is None:
            connection.execute(insert(events), event_row(event))
    newest: int | None = connection.execute(select(func.max(events.c.seq))).scalar_one()
    return newest or 0


def read_cursor(connection: Connection, reader: str) -> int | None:
    """How far a reader has come, None when it never read."""
    seq: int | None = connection.execute(select(cursors.c.seq).where(cursors.c.reader == reader)).scalar_one_or_none()
    return seq


def write_cursor(connection: Connection, reader: str, seq: int) -> None:
    """Remember how far a reader has come."""
    moved = connection.execute(update(cursors).where(cursors.c.reader == reader).values(seq=seq))
    if moved.rowcount == 0:
        connection.execute(insert(cursors), {"reader": reader, "seq": seq})


def read_states(connection: Connection, *, rule: str | None = None) -> list[StoredState]:
    """The engine's memory, or what of it belongs to one rule."""
    query = select(rule_states).order_by(rule_states.c.rule, rule_states.c.key)
    rows = connection.execute(query if rule is None else query.where(rule_states.c.rule == rule)).all()
    return [
        StoredState(rule, key, hash_, None if due is None else time_from_text(due), body)
        for rule, key, hash_, due, body in rows
    ]


def write_states(connection: Connection, unsaved: Unsaved) -> None:
    """Store what changed in the engine's memory."""
    if unsaved.gone:
        here = and_(rule_states.c.rule == bindparam("r"), rule_states.c.key == bindparam("k"))
        connection.execute(delete(rule_states).where(here), [{"r": rule, "k": key} for rule, key in unsaved.gone])
    if unsaved.states:
        rows = [
            {
                "rule": state.rule,
                "key": state.key,
                "hash": state.hash,
                "due": None if state.due is None else time_to_text(state.due),
                "body": _json(state.body),
            }
            for state in unsaved.states
        ]
        connection.execute(_KEEP_STATE, rows)


_json = json.JSONEncoder(separators=(",", ":"), default=dict).encode
# In words that both databases know: nearly every event changes a state, and an insert of SQLAlchemy costs thrice this.
_KEEP_STATE = text(
    "INSERT INTO rule_states (rule, key, hash, due, body) VALUES (:rule, :key, :hash, :due, :body)"
    " ON CONFLICT (rule, key) DO UPDATE SET hash = excluded.hash, due = excluded.due, body = excluded.body"
)
