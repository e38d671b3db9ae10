"""Pruning of the journal: what rang nowhere and who fell silent is kept as long as the events that it tells of.

What happened to alerts and incidents, and what people did, is never removed.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from hub.store.database import Database
from hub.store.schema import journal

PASSING = ("health", "shadow", "withheld")
"""Topics that the events answer for as long as they are kept."""
_ROWS = 1000
"""Removed in one work of the writer."""


def prune_journal(database: Database, before: str) -> int:
    """Remove entries of passing topics from before a time, in many small works; returns how many."""
    removed, after = 0, 0
    while True:
        old = select(journal.c.seq).where(journal.c.seq > after, journal.c.at < before, journal.c.topic.in_(PASSING))
        with database.read() as connection:
            found = list(connection.execute(old.order_by(journal.c.seq).limit(_ROWS)).scalars())
        if not found:
            return removed

        def work(connection: Connection, seqs: list[int] = found) -> int:
            return connection.execute(delete(journal).where(journal.c.seq.in_(seqs))).rowcount

        removed, after = removed + database.write(work), found[-1]
