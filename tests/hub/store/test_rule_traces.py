"""What came of each rule, counted and listed on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, text

from hub.events import time_to_text
from hub.store.database import Database
from hub.store.rule_traces import RuleTraces
from hub.store.schema import ASIDE, journal

START = datetime(2026, 3, 3, tzinfo=UTC)


def entry(minutes: int, topic: str, move: str, rule: str = "door.open") -> dict[str, Any]:
    return {
        "at": time_to_text(START + timedelta(minutes=minutes)),
        "topic": topic,
        "subject": "alert",
        "move": move,
        "who": "engine",
        "note": "why",
        "body": {"rule": rule, "minutes": minutes},
    }


def test_what_rang_nowhere_is_counted_by_rule_and_time(database: Database) -> None:
    rows = [
        entry(0, "withheld", "withheld"),
        entry(10, "withheld", "withheld"),
        entry(11, "withheld", "withheld", "leak"),
        entry(12, "shadow", "raised"),
        entry(13, "shadow", "returned"),
        entry(14, "alert", "raised"),
    ]
    database.write(lambda connection: connection.execute(insert(journal), rows))
    traces = RuleTraces(database)
    counts = traces.counts(START + timedelta(minutes=5))
    assert {rule: (each.withheld, each.shadow, each.raised) for rule, each in counts.items()} == {
        "door.open": (1, 1, 0),
        "leak": (1, 0, 0),
    }
    every = traces.entries("withheld", "door.open", move="withheld", limit=10)
    assert [each.body["minutes"] for each in every] == [10, 0]
    assert [each.seq for each in traces.entries("withheld", "door.open", move="withheld", before=every[0].seq, limit=1)]
    until = START + timedelta(minutes=10)
    found = traces.entries("withheld", "door.open", move="withheld", since=START, until=until, limit=10)
    assert [(each.body["minutes"], each.note) for each in found] == [(0, "why")]


def test_the_small_index_is_used(sqlite_database: Database) -> None:
    """In a journal of millions of moves the few that rang nowhere must not be looked for one by one."""
    with sqlite_database.read() as connection:
        query = select(journal.c.seq).where(text(ASIDE), journal.c.topic == "withheld").order_by(journal.c.seq.desc())
        words = query.compile(connection, compile_kwargs={"literal_binds": True})
        plan = connection.execute(text(f"EXPLAIN QUERY PLAN {words}")).all()
    assert "ix_journal_aside" in str(plan)
