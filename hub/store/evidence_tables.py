"""Tables of evidence and of recordings that people deleted; a part of `schema.py`, changed only with a migration."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, text

from hub.store.tables import SEQUENCE, metadata

evidence = Table(
    "evidence",
    metadata,
    Column("incident", Text, primary_key=True, comment="Incident id; the name of its folder"),
    Column("version", Integer, nullable=False, comment="of its newest manifest, 0 before the first"),
    Column("size_bytes", BigInteger, nullable=False, comment="of the files that manifest names"),
    Column("changed", Text, nullable=False, comment="when it was last added to, released or deleted"),
    Column("released", Text, comment="when somebody said that it is not needed any more"),
    Column("released_by", Text, comment="account name"),
    Column("released_why", Text, nullable=False, server_default="", comment="in words"),
    Column("delete_after", Text, comment="when its clips and pictures go; null when they went"),
    Column("deleted", Text, comment="when they went, or began to go while delete_after is not null"),
    Index("ix_evidence_delete_after", "delete_after"),
    comment="what is kept of an incident beyond the recordings' own time",
)

evidence_wanted = Table(
    "evidence_wanted",
    metadata,
    Column("number", SEQUENCE, primary_key=True, autoincrement=True, comment="order of asking; stands in manifests"),
    Column("incident", Text, nullable=False, comment="Incident id"),
    Column("cause", Text, nullable=False, comment="id of the alert or incident it is for, or random"),
    Column("camera", Text, nullable=False, comment="Camera id"),
    Column("since", Text, nullable=False, comment="from when"),
    Column("until", Text, nullable=False, comment="to when"),
    Column("who", Text, nullable=False, comment="account name, or engine"),
    Column("why", Text, nullable=False, comment="in words"),
    Column("asked", Text, nullable=False, comment="when"),
    Column("state", Text, nullable=False, comment="waiting, kept, missing or left_out"),
    Column("reason", Text, nullable=False, server_default="", comment="why it waits, or is not there"),
    Column("attempts", Integer, nullable=False, server_default="0", comment="how often it failed"),
    Column("next_at", Text, nullable=False, comment="when it is tried next"),
    Column("still", Text, comment="name of the picture that was taken when it was asked for; empty for none"),
    Column("version", Integer, comment="of the manifest that it went into"),
    Index("ix_evidence_wanted_cause", "incident", "cause", "camera", unique=True),
    Index("ix_evidence_wanted_camera", "camera", "since"),
    Index(
        "ix_evidence_wanted_waiting",
        "next_at",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    comment="the spans that evidence is to hold, a row for each camera and cause",
    sqlite_autoincrement=True,
)

recording_deletions = Table(
    "recording_deletions",
    metadata,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True, comment="order"),
    Column("deletion", Text, nullable=False, comment="random; one for all steps of a deletion"),
    Column("step", Text, nullable=False, comment="asked, deleted or done"),
    Column("at", Text, nullable=False, comment="when"),
    Column("camera", Text, nullable=False, comment="Camera id"),
    Column("site", Text, nullable=False, comment="Site id"),
    Column("since", Text, nullable=False, comment="from when"),
    Column("until", Text, nullable=False, comment="to when"),
    Column("who", Text, nullable=False, comment="account name"),
    Column("role", Text, nullable=False, comment="role of that account then"),
    Column("reason", Text, nullable=False, comment="in that person's words"),
    Column("segments", Integer, nullable=False, comment="how many were removed or cut in this step"),
    Column("size_bytes", BigInteger, nullable=False, comment="how much less there is by this step"),
    Index("ix_recording_deletions_camera", "camera", "seq"),
    Index("ix_recording_deletions_deletion", "deletion"),
    comment="append-only: who deleted which span of which camera, and what went",
    sqlite_autoincrement=True,
)
