"""All tables, each column explained. Changed only together with a migration in `migrations/`.

Times are texts as `hub.events.time_to_text` writes them (UTC, microseconds, `Z`), so that they sort, are the same in
SQLite and PostgreSQL, and read well in a shell; readings, of which there are many, count microseconds since 1970.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from hub.store import evidence_tables, people_tables, recording_tables
from hub.store.handover_tables import handovers
from hub.store.notice_tables import notices, preferences
from hub.store.report_tables import points, report_photos, reports, volunteer_tasks
from hub.store.suppression_tables import suppressions
from hub.store.tables import SEQUENCE, metadata
from hub.store.tour_tables import tour_looks, tours

__all__ = [
    "evidence_tables",
    "handovers",
    "metadata",
    "notices",
    "people_tables",
    "points",
    "preferences",
    "recording_tables",
    "report_photos",
    "reports",
    "suppressions",
    "tour_looks",
    "tours",
    "volunteer_tasks",
]

_Sequence = SEQUENCE

events = Table(
    "events",
    metadata,
    Column("seq", _Sequence, primary_key=True, autoincrement=True, comment="order of storing; marks a reader's place"),
    Column("id", Text, nullable=False, unique=True, comment="Event.id; the same event twice is stored once"),
    Column("kind", Text, nullable=False, comment="Event.kind"),
    Column("at", Text, nullable=False, comment="event time"),
    Column("arrived", Text, nullable=False, comment="arrival time"),
    Column("source", Text, nullable=False, comment="camera, sensor, worker or person"),
    Column("body", JSON, nullable=False, comment="the whole Event as event_to_json writes it"),
    Index("ix_events_at", "at"),
    Index("ix_events_kind_at", "kind", "at"),
    Index("ix_events_kind_seq", "kind", "seq"),
    Index("ix_events_source_at", "source", "at"),
    comment="append-only log of everything the rules see",
    sqlite_autoincrement=True,
)

readings = Table(
    "readings",
    metadata,
    Column("sensor", Text, primary_key=True, comment="Sensor id"),
    Column("name", Text, primary_key=True, comment="what was measured, with its unit: water_level.level_m"),
    Column("at_us", BigInteger, primary_key=True, comment="event time, microseconds since 1970 UTC"),
    Column("value", Float, nullable=False, comment="the value; true is 1, false is 0"),
    Column("arrived_us", BigInteger, nullable=False, comment="arrival time, microseconds since 1970 UTC"),
    Column("quality", Text, nullable=False, server_default="", comment="reasons for doubt, comma between"),
    comment="one value of one sensor at one time",
    sqlite_with_rowid=False,
)

readings_minutes = Table(
    "readings_minutes",
    metadata,
    Column("sensor", Text, primary_key=True, comment="Sensor id"),
    Column("name", Text, primary_key=True, comment="what was measured"),
    Column("hour", Integer, primary_key=True, autoincrement=False, comment="hours since 1970 UTC"),
    Column("body", LargeBinary, nullable=False, comment="its minutes, each with mean, least, greatest and number"),
    comment="readings rolled up by the minute, an hour to a row, as `packing.py` writes them",
    sqlite_with_rowid=False,
)

readings_hours = Table(
    "readings_hours",
    metadata,
    Column("sensor", Text, primary_key=True, comment="Sensor id"),
    Column("name", Text, primary_key=True, comment="what was measured"),
    Column("hour", Integer, primary_key=True, autoincrement=False, comment="hours since 1970 UTC"),
    Column("count", Integer, nullable=False, comment="how many readings"),
    Column("mean", Float, nullable=False, comment="their mean"),
    Column("minimum", Float, nullable=False, comment="the least"),
    Column("maximum", Float, nullable=False, comment="the greatest"),
    comment="readings rolled up by the hour",
    sqlite_with_rowid=False,
)

readings_due = Table(
    "readings_due",
    metadata,
    Column("sensor", Text, primary_key=True, comment="Sensor id"),
    Column("name", Text, primary_key=True, comment="what was measured"),
    Column("hour", Integer, primary_key=True, autoincrement=False, comment="hours since 1970 UTC"),
    Column("marks", Integer, nullable=False, comment="how often it was marked; another number means: again"),
    comment="hours to be rolled up, because they are over or because a reading of them came late",
    sqlite_with_rowid=False,
)

deliveries_in = Table(
    "mqtt_deliveries",
    metadata,
    Column("client", Text, primary_key=True, comment="MQTT client id of the intake"),
    Column("packet", Integer, primary_key=True, autoincrement=False, comment="MQTT packet id, 1..65535"),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of topic and payload last stored under it"),
    Column("arrived", Text, nullable=False, comment="when"),
    comment="recognises a message that the broker sends again because our acknowledgement was lost",
)

refusals = Table(
    "refusals",
    metadata,
    Column("seq", _Sequence, primary_key=True, autoincrement=True, comment="order"),
    Column("arrived", Text, nullable=False, comment="when"),
    Column("topic", Text, nullable=False, comment="MQTT topic"),
    Column("reason", Text, nullable=False, comment="too_large, malformed, unknown_sensor, ..."),
    Column("detail", Text, nullable=False, comment="what was wrong, in words"),
    Column("size_bytes", Integer, nullable=False, comment="size of the whole payload"),
    Column("payload", LargeBinary, nullable=False, comment="its first 65,536 bytes"),
    comment="messages that were not understood, the newest of them kept for inspection",
    sqlite_autoincrement=True,
)

health = Table(
    "health",
    metadata,
    Column("source", Text, primary_key=True, comment="camera, sensor, gateway, broker or worker"),
    Column("kind", Text, primary_key=True, comment="camera.health, sensor.health, ...: ids are unique per kind only"),
    Column("state", Text, nullable=False, comment="online or offline"),
    Column("reason", Text, nullable=False, comment="why, in words"),
    Column("since", Text, nullable=False, comment="event time of the change"),
    comment="who is there and who is silent, from the newest HealthChange of each",
)

cursors = Table(
    "cursors",
    metadata,
    Column("reader", Text, primary_key=True, comment="engine, or delivery:<notifier>"),
    Column("seq", BigInteger, nullable=False, comment="the last number that reader has dealt with"),
    comment="how far each reader of a stored stream has come; moved in the transaction of what it made of it",
)

rule_states = Table(
    "rule_states",
    metadata,
    Column("rule", Text, primary_key=True, comment="rule id"),
    Column("key", Text, primary_key=True, comment="what the rule counts for: a site, a camera, a zone, a sensor"),
    Column("hash", Text, nullable=False, comment="of the rule's shape and key; another hash means start afresh"),
    Column("due", Text, comment="when a timer of this state runs out"),
    Column("body", JSON, nullable=False, comment="the shape's own state"),
    comment="alerts in the making, so that a restart loses none",
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Text, primary_key=True, comment="made from rule, key and first event, so replay gives the same"),
    Column("incident", Text, ForeignKey("incidents.id"), nullable=False, comment="the Incident it belongs to"),
    Column("rule", Text, nullable=False, comment="rule id"),
    Column("rule_version", Integer, nullable=False, comment="the rule's version when it was raised"),
    Column("kind", Text, nullable=False, comment="alert kind: fire.smoke, road.crash"),
    Column("key", Text, nullable=False, comment="its subject"),
    Column("level", Text, nullable=False, comment="green, blue, yellow, orange, red"),
    Column("condition", Text, nullable=False, comment="active, returned or closed"),
    Column("site", Text, comment="Site id"),
    Column("area", Text, comment="Area id"),
    Column("camera", Text, comment="Camera id, when a camera spoke"),
    Column("zone", Text, comment="Zone id"),
    Column("sensor", Text, comment="Sensor id, when a sensor spoke"),
    Column("started", Text, nullable=False, comment="event time of the first event"),
    Column("raised", Text, nullable=False, comment="hub time when it became active"),
    Column("last_seen", Text, nullable=False, comment="event time of the newest support"),
    Column("returned", Text, comment="when the condition ended"),
    Column("times", Integer, nullable=False, comment="how often it recurred, 1 at first"),
    Column("text_zh", Text, nullable=False, comment="what is said, Chinese"),
    Column("text_en", Text, nullable=False, comment="what is said, English"),
    Column("do_zh", Text, nullable=False, comment="what to do, Chinese"),
    Column("do_en", Text, nullable=False, comment="what to do, English"),
    Column("muted_by", Text, comment="id of the active alert that hides it, none when it is shown"),
    Column("to_reset", Boolean, nullable=False, comment="whether a person has to reset its device afterwards"),
    Column("why", JSON, nullable=False, comment="rule, shape, facts and ids of the events that spoke"),
    Index("ix_alerts_incident", "incident"),
    Index("ix_alerts_raised", "raised"),
    Index("ix_alerts_kind_key", "kind", "key"),
    comment="a rule's claim about one subject",
)

INCIDENT_IS_OPEN = "handling IN ('new', 'seen', 'dispatched', 'on_scene')"
"""A list of what is open names it in these very words, so that it is read from the index of what is open alone."""

_HIDDEN = "hidden_under IS NOT NULL"

incidents = Table(
    "incidents",
    metadata,
    Column("id", Text, primary_key=True, comment="made from its first alert"),
    Column("number", _Sequence, nullable=False, unique=True, comment="what people call it by"),
    Column("kind", Text, nullable=False, comment="kind of the first alert"),
    Column("level", Text, nullable=False, comment="highest level of its alerts"),
    Column("handling", Text, nullable=False, comment="new, seen, dispatched, on_scene, resolved, closed"),
    Column("verdict", Text, nullable=False, comment="none, true, false, test, nuisance, duplicate"),
    Column("active", Boolean, nullable=False, comment="whether any of its alerts is active"),
    Column("muted", Boolean, nullable=False, comment="whether other alerts hide all of it that is not closed"),
    Column("site", Text, comment="Site id"),
    Column("area", Text, comment="Area id"),
    Column("camera", Text, comment="camera whose still shows it"),
    Column("opened", Text, nullable=False, comment="when"),
    Column("changed", Text, nullable=False, comment="last change of any kind"),
    Column("version", Integer, nullable=False, comment="counts changes; ETag, and the guard against two at once"),
    Column("text_zh", Text, nullable=False, comment="of the alert that matters most"),
    Column("text_en", Text, nullable=False, comment="of the alert that matters most"),
    Column("since", Text, comment="when its handling last changed, or it was escalated"),
    Column("resolved", Text, comment="when it was resolved"),
    Column("due", Text, comment="when time moves it next"),
    Column("escalated", Integer, nullable=False, server_default="0", comment="levels up the grid, 0 to 3"),
    Column("reporter", Text, comment="account name of the person who reported it"),
    Column("rating", Integer, comment="what that person gave it, 1 to 5"),
    Column("merged_into", Text, comment="id of the incident in which it goes on"),
    Column("display", Text, nullable=False, server_default="shown", comment="shown, shelved, maintenance, ..."),
    Column("hidden_until", Text, comment="when it is shown again; none until it returns"),
    Column("hidden_by", Text, comment="account name"),
    Column("hidden_why", Text, nullable=False, server_default="", comment="why"),
    Column("hidden_under", Text, comment="id of the suppression that hides it; none when a person put this one aside"),
    Index("ix_incidents_due", "due"),
    Index("ix_incidents_handling_level_number", "handling", "level", "number"),
    Index("ix_incidents_open", "number", sqlite_where=text(INCIDENT_IS_OPEN), postgresql_where=text(INCIDENT_IS_OPEN)),
    Index("ix_incidents_opened_number_handling_level", "opened", "number", "handling", "level"),
    Index("ix_incidents_area_number", "area", "number"),
    Index("ix_incidents_site_number", "site", "number"),
    Index("ix_incidents_kind_number", "kind", "number"),
    Index("ix_incidents_handling_changed", "handling", "changed"),
    Index("ix_incidents_hidden_under", "hidden_under", sqlite_where=text(_HIDDEN), postgresql_where=text(_HIDDEN)),
    comment="one happening that people work on",
)

ASIDE = "topic IN ('rule', 'shadow', 'withheld')"
"""Which journal entries are few and are asked for by topic; a query must say it word for word to use the index."""

orders = Table(
    "orders",
    metadata,
    Column("id", Text, primary_key=True, comment="random"),
    Column("incident", Text, ForeignKey("incidents.id"), nullable=False, comment="what it is about"),
    Column("unit", Text, nullable=False, comment="account name of who is sent"),
    Column("state", Text, nullable=False, comment="ordered, accepted, arrived, done, declined, lapsed, cancelled"),
    Column("grid", Integer, nullable=False, comment="level of the grid it was given to, 0 to 3"),
    Column("ordered", Text, nullable=False, comment="when"),
    Column("ordered_by", Text, nullable=False, comment="account name, or engine"),
    Column("due", Text, comment="when time moves it next: to be accepted, or done, by then"),
    Column("accepted", Text, comment="when"),
    Column("arrived", Text, comment="when"),
    Column("arrived_by", Text, comment="how that was shown: position, code or photo"),
    Column("ended", Text, comment="when it was done, declined or cancelled"),
    Column("note", Text, nullable=False, server_default="", comment="what who was sent should know"),
    Column("answer", Text, nullable=False, server_default="", comment="what was said to it last"),
    Column("version", Integer, nullable=False, server_default="1", comment="counts its changes"),
    Column("remind", Text, comment="when who was sent is reminded of what is due"),
    Index("ix_orders_incident", "incident"),
    Index("ix_orders_unit_state", "unit", "state"),
    Index("ix_orders_due", "due"),
    Index("ix_orders_remind", "remind"),
    comment="somebody is sent to an incident",
)

journal = Table(
    "journal",
    metadata,
    Column("seq", _Sequence, primary_key=True, autoincrement=True, comment="order; the feed's Last-Event-ID"),
    Column("at", Text, nullable=False, comment="when"),
    Column("topic", Text, nullable=False, comment="alert, incident, health, shadow, withheld or rule"),
    Column(
        "subject", Text, nullable=False, comment="id of the alert, incident or rule, or source of the health change"
    ),
    Column("incident", Text, comment="Incident id"),
    Column("move", Text, nullable=False, comment="raised, recurred, returned, acknowledged, commented, resolved, ..."),
    Column("who", Text, nullable=False, comment="account name, or engine"),
    Column("note", Text, nullable=False, server_default="", comment="what the person wrote, or why"),
    Column("body", JSON, nullable=False, comment="the subject as it was after this move"),
    Index("ix_journal_incident", "incident"),
    Index("ix_journal_at", "at"),
    Index("ix_journal_aside", "topic", "seq", sqlite_where=text(ASIDE), postgresql_where=text(ASIDE)),
    comment="append-only: every move of every alert and incident, and every health change",
    sqlite_autoincrement=True,
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True, comment="random"),
    Column("username", Text, nullable=False, unique=True, comment="lower case"),
    Column("role", Text, nullable=False, comment="administrator, supervisor, operator, ..."),
    Column("password_hash", Text, nullable=False, comment="Argon2id"),
    Column("disabled", Boolean, nullable=False, comment="may not sign in"),
    Column("created", Text, nullable=False, comment="when"),
    Column("failures", Integer, nullable=False, server_default="0", comment="wrong passwords in a row"),
    Column("locked_until", Text, comment="no sign-in before"),
    comment="people",
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("digest", LargeBinary, primary_key=True, comment="SHA-256 of the token; the token itself is not kept"),
    Column("family", Text, nullable=False, comment="one sign-in; a token used twice ends its family"),
    Column("account", Text, ForeignKey("accounts.id"), nullable=False, comment="whose"),
    Column("expires", Text, nullable=False, comment="when"),
    Column("used", Boolean, nullable=False, comment="was exchanged for the next"),
    Index("ix_refresh_tokens_family", "family"),
    comment="opaque, rotated at each use",
)

revisions = Table(
    "revisions",
    metadata,
    Column("number", _Sequence, primary_key=True, autoincrement=True, comment="counts up"),
    Column("at", Text, nullable=False, comment="when"),
    Column("author", Text, nullable=False, comment="account name, or file"),
    Column("reason", Text, nullable=False, comment="why"),
    Column("file_digest", Text, comment="SHA-256 of the community.yaml it came from"),
    Column("body", JSON, nullable=False, comment="the whole Community; passwords as they were written"),
    comment="every accepted version of the Community",
    sqlite_autoincrement=True,
)

announcements = Table(
    "announcements",
    metadata,
    Column("topic", Text, primary_key=True, comment="on which a device announced itself"),
    Column("payload", LargeBinary, nullable=False, comment="as it came"),
    comment="what discovered devices said of themselves, so that a restarted hub understands their first message",
)

raw_messages = Table(
    "raw_messages",
    metadata,
    Column("seq", _Sequence, primary_key=True, autoincrement=True, comment="order"),
    Column("arrived", Text, nullable=False, comment="when"),
    Column("topic", Text, nullable=False, comment="MQTT topic"),
    Column("size_bytes", Integer, nullable=False, comment="of the payload"),
    Column("payload", LargeBinary, nullable=False, comment="all of it"),
    Index("ix_raw_messages_arrived", "arrived"),
    comment="messages that nobody could place, for a sensor or map that is added later",
    sqlite_autoincrement=True,
)

rule_revisions = Table(
    "rule_revisions",
    metadata,
    Column("number", _Sequence, primary_key=True, autoincrement=True, comment="counts up"),
    Column("at", Text, nullable=False, comment="when"),
    Column("rule", Text, nullable=False, comment="rule id"),
    Column("version", Integer, nullable=False, comment="as written in the rule"),
    Column("state", Text, nullable=False, comment="live, shadow, off or removed"),
    Column("hash", Text, nullable=False, comment="of the content without its state; one for each rule and version"),
    Column("text", Text, nullable=False, comment="the rule as it was written, YAML"),
    Column("origin", Text, nullable=False, comment="shipped, folder or api"),
    Column("file_digest", Text, comment="of content and state as they stand in the file, none for a change by people"),
    Column("author", Text, nullable=False, comment="account name, or file"),
    Column("reason", Text, nullable=False, comment="why"),
    Index("ix_rule_revisions_rule", "rule", "number"),
    comment="every accepted form of every rule; the newest of each is in force",
    sqlite_autoincrement=True,
)

settings = Table(
    "settings",
    metadata,
    Column("name", Text, primary_key=True, comment="setup_token, signing_key, ..."),
    Column("value", Text, nullable=False, comment="as text"),
    comment="what the hub must remember about itself",
)

sensor_memory = Table(
    "sensor_memory",
    metadata,
    Column("sensor", Text, primary_key=True, comment="Sensor id"),
    Column("name", Text, primary_key=True, comment="interval, clock, rate, or values:<what was measured>"),
    Column("body", JSON, nullable=False, comment="what is remembered, as that part writes it"),
    Column("changed", Text, nullable=False, comment="when"),
    comment="what the hub has learned of a sensor and doubts in it; written when it changes, never with every message",
)
