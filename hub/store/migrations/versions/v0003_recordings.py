"""What was recorded.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_UNSETTLED = sa.text("state IN (1, 2)")
_WAITING = sa.text("state = 'waiting'")
_TWICE = sa.text("also_on IS NOT NULL")


def upgrade() -> None:
    """Make the tables."""
    _catalogue()
    _evidence()


def _catalogue() -> None:
    op.create_table(
        "recording_streams",
        sa.Column("id", _SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("camera", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_streams")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_recording_streams_camera", "recording_streams", ["camera", "stream", "site"], unique=True)
    op.create_table(
        "recording_formats",
        sa.Column("id", _SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_formats")),
        sa.UniqueConstraint("digest", name=op.f("uq_recording_formats_digest")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "recording_segments",
        sa.Column("stream", sa.Integer(), nullable=False),
        sa.Column("began_ms", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=False),
        sa.Column("disk", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("form", sa.Integer(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("init_bytes", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("drift_ms", sa.Integer(), nullable=True),
        sa.Column("marks", sa.BigInteger(), nullable=True),
        sa.Column("also_on", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("stream", "began_ms", "id", name=op.f("pk_recording_segments")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_recording_segments_id", "recording_segments", ["id"], unique=True)
    op.create_index("ix_recording_segments_disk", "recording_segments", ["disk", "began_ms"])
    op.create_index(
        "ix_recording_segments_unsettled",
        "recording_segments",
        ["state"],
        sqlite_where=_UNSETTLED,
        postgresql_where=_UNSETTLED,
    )
    op.create_index(
        "ix_recording_segments_also_on",
        "recording_segments",
        ["also_on"],
        sqlite_where=_TWICE,
        postgresql_where=_TWICE,
    )
    op.create_table(
        "recording_marks",
        sa.Column("id", _SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_marks")),
    )
    op.create_table(
        "recording_totals",
        sa.Column("stream", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("disk", sa.Text(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "disk", name=op.f("pk_recording_totals")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "recording_removals",
        sa.Column("stream", sa.Integer(), nullable=False),
        sa.Column("began_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "began_ms", name=op.f("pk_recording_removals")),
        sqlite_with_rowid=False,
    )


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.Text(), nullable=False),
        sa.Column("released", sa.Text(), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_why", sa.Text(), server_default="", nullable=False),
        sa.Column("delete_after", sa.Text(), nullable=True),
        sa.Column("deleted", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("incident", name=op.f("pk_evidence")),
    )
    op.create_index("ix_evidence_delete_after", "evidence", ["delete_after"])
    op.create_table(
        "evidence_wanted",
        sa.Column("number", _SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("camera", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.Text(), nullable=False),
        sa.Column("still", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_evidence_wanted")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_evidence_wanted_cause", "evidence_wanted", ["incident", "cause", "camera"], unique=True)
    op.create_index("ix_evidence_wanted_camera", "evidence_wanted", ["camera", "since"])
    op.create_index(
        "ix_evidence_wanted_waiting",
        "evidence_wanted",
        ["next_at"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.create_table(
        "recording_deletions",
        sa.Column("seq", _SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("deletion", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("camera", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_recording_deletions")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_recording_deletions_camera", "recording_deletions", ["camera", "seq"])
    op.create_index("ix_recording_deletions_deletion", "recording_deletions", ["deletion"])
