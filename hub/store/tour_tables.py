"""Tables of tours and of who looked. Part of `schema.py`, and changed only together with a migration."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, Integer, Table, Text

from hub.store.tables import SEQUENCE, metadata

tours = Table(
    "tours",
    metadata,
    Column("id", Text, primary_key=True, comment="random"),
    Column("version", Integer, primary_key=True, autoincrement=False, comment="counts up; the newest is in force"),
    Column("at", Text, nullable=False, comment="since when it is"),
    Column("author", Text, nullable=False, comment="account name of who made it so"),
    Column("name", JSON, nullable=False, comment="zh, en"),
    Column("steps", JSON, nullable=False, comment="cameras and seconds of each"),
    Column("schedule", JSON, nullable=False, comment="times, every_min, weekdays, within_min"),
    Column("removed", Boolean, nullable=False, comment="no such tour any more"),
    comment="views that the room looks at on schedule, every version of them",
)

tour_looks = Table(
    "tour_looks",
    metadata,
    Column("id", SEQUENCE, primary_key=True, autoincrement=True),
    Column("tour", Text, nullable=False, comment="id"),
    Column("version", Integer, nullable=False, comment="of the tour, as it was then"),
    Column("step", Integer, nullable=False, comment="from 0"),
    Column("begins", Text, comment="of the round; null for a look between rounds"),
    Column("at", Text, nullable=False, comment="when"),
    Column("author", Text, nullable=False, comment="account name"),
    Column("finding", Text, nullable=False, comment="fine or something"),
    Column("note", Text, nullable=False, comment="in words"),
    Index("ix_tour_looks_tour_at", "tour", "at"),
    comment="who looked at which step of a tour, and what was seen",
)
