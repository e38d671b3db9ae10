"""Tables of what people hide on purpose. Part of `schema.py`, and changed only together with a migration."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, Table, Text

from hub.store.tables import metadata

suppressions = Table(
    "suppressions",
    metadata,
    Column("id", Text, primary_key=True, comment="random"),
    Column("mode", Text, nullable=False, comment="silence, maintenance or out_of_service"),
    Column("kind", Text, comment="alert kind or family (fire)"),
    Column("area", Text, comment="Area id, those below it too"),
    Column("site", Text, comment="Site id"),
    Column("device", Text, comment="Camera, sensor or gateway id"),
    Column("rule", Text, comment="Rule id"),
    Column("areas", JSON, nullable=False, comment="the area and those below it, as they were when it was made"),
    Column("level", Text, nullable=False, comment="what is graver is shown"),
    Column("once", Boolean, nullable=False, comment="ends when something that it hides has returned"),
    Column("since", Text, nullable=False, comment="from when on it hides"),
    Column("until", Text, nullable=False, comment="until when"),
    Column("reason", Text, nullable=False, comment="why"),
    Column("made_by", Text, nullable=False, comment="account name"),
    Column("made", Text, nullable=False, comment="when"),
    Column("told", JSON, nullable=False, comment="sites whose people are told of it"),
    Column("begun", Text, comment="when what stood open was hidden under it"),
    Column("ended", Text, comment="when it stopped hiding"),
    Column("ended_by", Text, comment="account name, or engine"),
    Index("ix_suppressions_ended_until", "ended", "until"),
    Index("ix_suppressions_since", "since"),
    comment="what people hide on purpose, with a name, a reason and an end",
)
