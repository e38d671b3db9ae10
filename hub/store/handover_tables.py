"""Table of what shifts hand over. Part of `schema.py`, and changed only together with a migration."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from hub.store.tables import SEQUENCE, metadata

handovers = Table(
    "handovers",
    metadata,
    Column("id", SEQUENCE, primary_key=True, autoincrement=True),
    Column("date", Text, nullable=False, comment="day on which the shift began, where the community is"),
    Column("shift", Text, nullable=False, comment="its name"),
    Column("at", Text, nullable=False, comment="when"),
    Column("author", Text, nullable=False, comment="account name"),
    Column("what", Text, nullable=False, comment="note or confirmed"),
    Column("note", Text, nullable=False, comment="the whole note; empty for a confirmation"),
    Index("ix_handovers_date_shift", "date", "shift"),
    comment="notes from one shift to the next, every version of them, and who confirmed them",
)
