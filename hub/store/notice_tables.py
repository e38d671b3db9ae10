"""Tables of telling people: what is to be told whom, and how people want to be told; a part of `schema.py`."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, Table, Text

from hub.store.tables import SEQUENCE, metadata

notices = Table(
    "notices",
    metadata,
    Column("id", SEQUENCE, primary_key=True, autoincrement=True, comment="order"),
    Column("recipient", Text, nullable=False, comment="Notifier id"),
    Column("account", Text, comment="account name of the person, none when the notifier itself is told"),
    Column("address", Text, comment="that person's own"),
    Column("incident", Text, nullable=False, comment="Incident id"),
    Column("number", BigInteger, nullable=False, comment="of the journal entry"),
    Column("at", Text, nullable=False, comment="when that move was made"),
    Column("move", Text, nullable=False, comment="opened, rose, ordered, ..."),
    Column("level", Text, nullable=False, comment="of the incident then"),
    Column("rank", Integer, nullable=False, comment="0 for green to 4 for red; what is graver goes first"),
    Column("key", Text, nullable=False, comment="what is not repeated within the channel's time for that"),
    Column("language", Text, nullable=False, comment="zh, en or both"),
    Column("title", Text, nullable=False, comment="one line"),
    Column("text", Text, nullable=False, comment="all of it"),
    Column("body", JSON, nullable=False, comment="who, note, incident, and what was told of it before"),
    Column("state", Text, nullable=False, comment="waiting, sending, sent, refused, given_up or skipped"),
    Column("attempts", Integer, nullable=False, server_default="0", comment="made so far"),
    Column("next_at", Text, nullable=False, comment="not sooner than this"),
    Column(
        "reason", Text, nullable=False, server_default="", comment="why the newest attempt failed, or there was none"
    ),
    Column("created", Text, nullable=False, comment="when it was decided"),
    Column("sent", Text, comment="when it was answered"),
    Index("ix_notices_recipient_state", "recipient", "state", "id"),
    Index("ix_notices_recipient_key", "recipient", "key", "id"),
    Index("ix_notices_incident", "incident"),
    Index("ix_notices_created", "created"),
    comment="who is to be told what, decided together with the reader's place in the journal",
    sqlite_autoincrement=True,
)

preferences = Table(
    "preferences",
    metadata,
    Column("account", Text, primary_key=True, comment="account name"),
    Column("body", JSON, nullable=False, comment="language, channels and hours, as in community.yaml"),
    Column("changed", Text, nullable=False, comment="when"),
    comment="how people want to be told, where they have said so themselves",
)
