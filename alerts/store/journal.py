"""The journal, the people's events, and how far each reader of a stream has come; parts of somebody's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    func,
    insert,
    select,
    update,
)

from alerts.incidents.views import (
    JournalEntry,
    journal_entry,
)
from alerts.store.incidents import fetched
from hub.events import Event
from hub.store.facts import event_row
from hub.store.schema import cursors, events, journal


def write_journal(connection: Connection, entries: Iterable[Mapping[str, Any]]) -> int:
    """Add entries (rows without number), and return the number of the newest in the journal."""
    rows = list(entries)
    if rows:
        connection.execute(insert(journal), rows)
    newest: int | None = connection.execute(select(func.max(journal.c.seq))).scalar_one()
    return newest or 0


def last_move(connection: Connection, incident: str, moves: Sequence[str]) -> JournalEntry | None:
    """The newest of some moves of people on an incident."""
    query = (
        select(journal)
        .where(journal.c.incident == incident, journal.c.topic == "incident", journal.c.move.in_(moves))
        .order_by(journal.c.seq.desc())
        .limit(1)
    )
    found = fetched(connection, query)
    return journal_entry(found[0]) if found else None


def moves_of(connection: Connection, incident: str) -> list[JournalEntry]:
    """All moves of an incident, and of what belongs to it, in order."""
    query = select(journal).where(journal.c.incident == incident).order_by(journal.c.seq)
    return [journal_entry(row) for row in fetched(connection, query)]


def moves_after(connection: Connection, seq: int, moves: Sequence[str], most: int) -> list[tuple[int, str]]:
    """The next moves of some names: the number of each, and the id of its incident."""
    query = (
        select(journal.c.seq, journal.c.incident)
        .where(journal.c.seq > seq, journal.c.topic == "incident", journal.c.move.in_(moves))
        .order_by(journal.c.seq)
        .limit(most)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


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
