"""Tables of what was recorded; a part of `schema.py`, and changed only together with a migration.

A month of a village is three million segments. So that they stay few bytes and are found quickly, a segment's row is
short and lies beside its stream's others, what names them is said once in tables of their own, and times count
milliseconds since 1970. What is needed only to play one, its marks, lies apart.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text, text

from hub.store.tables import SEQUENCE, metadata

recording_streams = Table(
    "recording_streams",
    metadata,
    Column("id", SEQUENCE, primary_key=True, autoincrement=True, comment="how segments name it"),
    Column("site", Text, nullable=False, comment="Site id"),
    Column("camera", Text, nullable=False, comment="Camera id"),
    Column("stream", Text, nullable=False, comment="main or sub"),
    Index("ix_recording_streams_camera", "camera", "stream", "site", unique=True),
    comment="the streams of which anything was ever recorded",
    sqlite_autoincrement=True,
)

recording_formats = Table(
    "recording_formats",
    metadata,
    Column("id", SEQUENCE, primary_key=True, autoincrement=True, comment="how segments name it"),
    Column("digest", Text, nullable=False, unique=True, comment="SHA-256 of the body"),
    Column("body", Text, nullable=False, comment="codecs, sizes and parameter sets, as JSON"),
    comment="what segments hold; each form once",
    sqlite_autoincrement=True,
)

recording_segments = Table(
    "recording_segments",
    metadata,
    Column("stream", Integer, primary_key=True, autoincrement=False, comment="recording_streams.id"),
    Column("began_ms", BigInteger, primary_key=True, autoincrement=False, comment="when it began"),
    Column("id", Text, primary_key=True, comment="SegmentHead.id"),
    Column("ended_ms", BigInteger, nullable=False, comment="where its last fragment ends; of an open one, where known"),
    Column("disk", Text, nullable=False, comment="Disk id"),
    Column("path", Text, comment="from the disk's folder; none where it is as its stream and beginning say"),
    Column("form", Integer, nullable=False, comment="recording_formats.id"),
    Column("because", Text, nullable=False, comment="why it begins"),
    Column("state", Integer, nullable=False, comment="0 closed, 1 open, 2 to be removed"),
    Column("init_bytes", Integer, nullable=False, comment="what stands before its first fragment"),
    Column("size_bytes", BigInteger, nullable=False, comment="of the file"),
    Column("drift_ms", Integer, comment="how much longer it took by the hub's clock than by the stream's"),
    Column("marks", BigInteger, comment="recording_marks.id, none while it is open"),
    Column("also_on", Text, comment="Disk id where a second copy may lie that is to be removed"),
    Index("ix_recording_segments_id", "id", unique=True),
    Index("ix_recording_segments_disk", "disk", "began_ms"),
    Index(
        "ix_recording_segments_unsettled",
        "state",
        sqlite_where=text("state IN (1, 2)"),
        postgresql_where=text("state IN (1, 2)"),
    ),
    Index(
        "ix_recording_segments_also_on",
        "also_on",
        sqlite_where=text("also_on IS NOT NULL"),
        postgresql_where=text("also_on IS NOT NULL"),
    ),
    comment="a recorded file each",
    sqlite_with_rowid=False,
)

recording_marks = Table(
    "recording_marks",
    metadata,
    Column("id", SEQUENCE, primary_key=True, autoincrement=True, comment="order of storing"),
    Column("body", LargeBinary, nullable=False, comment="the fragments of a segment, as cameras/recordings packs them"),
    comment="where in a file what is shown when",
)

recording_totals = Table(
    "recording_totals",
    metadata,
    Column("stream", Integer, primary_key=True, autoincrement=False, comment="recording_streams.id"),
    Column("disk", Text, primary_key=True, comment="Disk id"),
    Column("segments", Integer, nullable=False, comment="how many"),
    Column("size_bytes", BigInteger, nullable=False, comment="of all of them"),
    comment="how much of each stream lies on each disk; kept in the transactions that change it",
    sqlite_with_rowid=False,
)

recording_removals = Table(
    "recording_removals",
    metadata,
    Column("stream", Integer, primary_key=True, autoincrement=False, comment="recording_streams.id"),
    Column("began_ms", BigInteger, primary_key=True, autoincrement=False, comment="from when"),
    Column("ended_ms", BigInteger, nullable=False, comment="until when"),
    Column("because", Text, nullable=False, comment="deleted by somebody, expired, or lost"),
    comment="spans that were recorded and are no more; those that touch are one",
    sqlite_with_rowid=False,
)
