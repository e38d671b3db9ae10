"""Hand-overs in the database: what a shift writes for the next one, and that somebody else has read it.

Rows are only added. The newest note counts; it is confirmed when a confirmation stands after it, by somebody who did
not write it. Safe from any thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, select

from hub.clock import Clock
from hub.errors import ConflictError, NotAllowedError
from hub.events import time_from_text, time_to_text
from hub.store.database import Database
from hub.store.facts import storable
from hub.store.handover_tables import handovers

_NOTE, _CONFIRMED = "note", "confirmed"


@dataclass(frozen=True, slots=True)
class Handover:
    """What one shift hands over.

    Attributes:
        version: Counts the notes; 0 when none was written.
        note: The newest.
        author: Name of the account that wrote it.
        at: When that was.
        confirmed_by: Name of the account that has read it and took over.
        confirmed_at: When that was.
    """

    version: int = 0
    note: str = ""
    author: str | None = None
    at: datetime | None = None
    confirmed_by: str | None = None
    confirmed_at: datetime | None = None


class Handovers:
    """Those of all shifts."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def of(self, day: date, shift: str) -> Handover:
        """That of the shift that began on `day`."""
        with self._database.read() as connection:
            return _read(connection, day, shift)

    def write(self, day: date, shift: str, author: str, *, note: str, seen: int) -> Handover:
        """Put another note in the place of version `seen`; it has to be confirmed anew.

        Raises:
            ConflictError: Another one was written since.
        """

        def add(connection: Connection) -> Handover:
            _unchanged(_read(connection, day, shift), seen)
            self._add(connection, day, shift, author=author, what=_NOTE, note=note)
            return _read(connection, day, shift)

        return self._database.write(add)

    def confirm(self, day: date, shift: str, who: str, *, seen: int) -> Handover:
        """Say that `who` has read version `seen` and takes over.

        Raises:
            ConflictError: Another one was written since.
            NotAllowedError: `who` wrote it.
        """

        def add(connection: Connection) -> Handover:
            there = _read(connection, day, shift)
            _unchanged(there, seen)
            if there.author == who:
                raise NotAllowedError("who wrote the note does not confirm it; the next shift does", allowed=())
            if there.confirmed_by is None:
                self._add(connection, day, shift, author=who, what=_CONFIRMED, note="")
            return _read(connection, day, shift)

        return self._database.write(add)

    def _add(self, connection: Connection, day: date, shift: str, *, author: str, what: str, note: str) -> None:
        connection.execute(
            insert(handovers).values(
                date=day.isoformat(),
                shift=storable(shift),
                at=time_to_text(self._clock.now()),
                author=storable(author),
                what=what,
                note=storable(note),
            )
        )


def _unchanged(there: Handover, seen: int) -> None:
    if there.version != seen:
        raise ConflictError("somebody else wrote there meanwhile; read it first")


def _read(connection: Connection, day: date, shift: str) -> Handover:
    query = select(handovers).where(handovers.c.date == day.isoformat(), handovers.c.shift == storable(shift))
    found = Handover()
    for row in connection.execute(query.order_by(handovers.c.id)):
        at = time_from_text(row.at)
        if row.what == _NOTE:
            found = Handover(found.version + 1, row.note, row.author, at)
        elif found.confirmed_by is None:
            found = Handover(found.version, found.note, found.author, found.at, row.author, at)
    return found
