"""Tables of what people report, of points, and of small tasks for volunteers; see `schema.py`."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, Table, Text

from hub.store.tables import SEQUENCE, metadata

reports = Table(
    "reports",
    metadata,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True, comment="order of arrival"),
    Column("id", Text, nullable=False, unique=True, comment="random"),
    Column("incident", Text, ForeignKey("incidents.id"), nullable=False, comment="what became of it"),
    Column("account", Text, nullable=False, comment="account name of who sent it"),
    Column("role", Text, nullable=False, comment="role of that account then"),
    Column("client_id", Text, nullable=False, comment="made by the phone; the same again is the same report"),
    Column("at", Text, nullable=False, comment="when it came"),
    Column("category", Text, nullable=False, comment="what it is about"),
    Column("kind", Text, nullable=False, comment="alert kind that the category stands for"),
    Column("site", Text, comment="Site id"),
    Column("area", Text, comment="Area id"),
    Column("lat", Float, comment="degrees, WGS 84"),
    Column("lon", Float, comment="degrees, WGS 84"),
    Column("text", Text, nullable=False, comment="in the sender's words"),
    Column("contact", Text, nullable=False, comment="how to reach the sender; for the room alone"),
    Column("for_name", Text, nullable=False, comment="on whose behalf, who has no account; for the room alone"),
    Column("for_phone", Text, nullable=False, comment="how to reach that person; for the room alone"),
    Column("rating", Integer, comment="what the sender gave it, 1 to 5"),
    Column("rating_note", Text, nullable=False, server_default="", comment="what the sender said to that"),
    Column("rated", Text, comment="when"),
    Index("ix_reports_account_client", "account", "client_id", unique=True),
    Index("ix_reports_account_at", "account", "at"),
    Index("ix_reports_incident", "incident"),
    Index("ix_reports_area_seq", "area", "seq"),
    Index("ix_reports_at", "at"),
    comment="what people reported",
    sqlite_autoincrement=True,
)

report_photos = Table(
    "report_photos",
    metadata,
    Column("id", Text, primary_key=True, comment="random; the name of the file"),
    Column("report", Text, ForeignKey("reports.id"), nullable=False, comment="what it shows"),
    Column("stage", Text, nullable=False, comment="before or after"),
    Column("at", Text, nullable=False, comment="when it came"),
    Column("by", Text, nullable=False, comment="account name of who took it"),
    Column("media", Text, nullable=False, comment="image/jpeg or image/png"),
    Column("size_bytes", Integer, nullable=False, comment="as stored, without what the camera wrote about itself"),
    Column("width_px", Integer, nullable=False, comment="of the picture"),
    Column("height_px", Integer, nullable=False, comment="of the picture"),
    Index("ix_report_photos_report", "report"),
    comment="pictures of reports; the files lie in the data folder",
)

points = Table(
    "points",
    metadata,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True, comment="order"),
    Column("key", Text, nullable=False, unique=True, comment="what it is for, made by who asks; never entered twice"),
    Column("account", Text, nullable=False, comment="whose"),
    Column("delta", Integer, nullable=False, comment="points; the balance is the sum"),
    Column("reason", Text, nullable=False, comment="report, task or redeemed, or taken back"),
    Column("ref", Text, nullable=False, comment="id of the report or task, or what it was redeemed for"),
    Column("note", Text, nullable=False, comment="in words"),
    Column("by", Text, nullable=False, comment="account name, or engine"),
    Column("at", Text, nullable=False, comment="when"),
    Index("ix_points_account_seq", "account", "seq"),
    Index("ix_points_ref", "ref"),
    comment="append-only: points given, taken back and redeemed",
    sqlite_autoincrement=True,
)

volunteer_tasks = Table(
    "volunteer_tasks",
    metadata,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True, comment="order of offering"),
    Column("id", Text, nullable=False, unique=True, comment="random"),
    Column("text", Text, nullable=False, comment="what is to be done"),
    Column("points", Integer, nullable=False, comment="what it gives"),
    Column("site", Text, comment="Site id"),
    Column("area", Text, comment="Area id"),
    Column("until", Text, comment="not to be taken later"),
    Column("state", Text, nullable=False, comment="offered, taken, done, confirmed or withdrawn"),
    Column("offered", Text, nullable=False, comment="when"),
    Column("offered_by", Text, nullable=False, comment="account name"),
    Column("taken", Text, comment="when"),
    Column("taken_by", Text, comment="account name"),
    Column("done", Text, comment="when that person said so"),
    Column("judged", Text, comment="when it was confirmed or sent back"),
    Column("judged_by", Text, comment="account name"),
    Column("note", Text, nullable=False, server_default="", comment="what was said last"),
    Index("ix_volunteer_tasks_state_seq", "state", "seq"),
    comment="small tasks that the room offers and residents take",
    sqlite_autoincrement=True,
)
