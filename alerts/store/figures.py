"""Figures in the database: the moves between two times, and what stood when they begin, without what is not counted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select, text

from alerts.figures.signs import ALERT_MOVES, Deed, Entry, Member, Sign
from alerts.incidents.incident import FINISHED, Display, Handling, Verdict, done
from alerts.trials.bad_actors import WRONG, Case
from config.community import Level
from hub.events import time_from_text, time_to_text
from hub.store.database import Database
from hub.store.schema import INCIDENT_IS_OPEN, alerts, incidents, journal

_RESOLVED = done("resolve")
_EVERY = [each.value for each in Handling]
"""Named so that the index by handling and change is used."""
# Looked up some hundred thousand times: a dict is five times as fast as calling the enumeration.
_LEVELS = {each.value: each for each in Level}
_HANDLINGS = {each.value: each for each in Handling}
_DISPLAYS = {each.value: each for each in Display}
_VERDICTS = {each.value: each for each in Verdict}
_TRUE = (1, "1", "true")  # as SQLite and PostgreSQL take it out of JSON


def read_entries(database: Database, since: datetime, until: datetime) -> list[Entry]:
    """What happened between two times, after all that happened before to incidents that were open or moved then.

    Returns:
        In the order of the journal.
    """
    begins, ends = time_to_text(since), time_to_text(until)
    within = and_(journal.c.at >= begins, journal.c.at < ends)
    moved = and_(incidents.c.handling.in_(_EVERY), incidents.c.changed >= begins)
    touched = and_(incidents.c.opened < ends, or_(text(INCIDENT_IS_OPEN), moved))
    standing = select(incidents.c.id).where(touched, incidents.c.opened < begins)
    before = and_(journal.c.incident.in_(standing), journal.c.at < begins)
    with database.read() as connection:
        known = _Known(connection, touched)
        rows = _rows(connection, before) + _rows(connection, within)
    return [entry for row in rows if (entry := known.entry(row)) is not None]


_MORE = 8  # the columns from here on are of incidents


def _rows(connection: Connection, wanted: ColumnElement[bool]) -> list[Any]:
    """Journal entries, in order, with what of their bodies is counted."""
    body = journal.c.body
    query = (
        select(
            journal.c.topic,
            journal.c.move,
            journal.c.subject,
            journal.c.incident,
            journal.c.at,
            journal.c.who,
            body["level"].as_string(),
            body["muted_by"].as_string(),
            body["handling"].as_string(),
            body["display"].as_string(),
            body["active"].as_string(),
            body["verdict"].as_string(),
            body["cause"].as_string(),
            body["unit"].as_string(),
        )
        .where(wanted, journal.c.topic.in_(("alert", "incident")))
        .order_by(journal.c.seq)
    )
    return list(connection.execute(query).all())


class _Known:
    """What stands in the rows of alerts and incidents and never changes."""

    def __init__(self, connection: Connection, touched: ColumnElement[bool]) -> None:
        self._alerts: dict[str, tuple[str, str, str, str]] = {}
        self._incidents: dict[str, tuple[int, str]] = {}
        members: dict[str, dict[Member, None]] = {}
        query = (
            select(
                alerts.c.id,
                alerts.c.kind,
                alerts.c.rule,
                alerts.c.key,
                alerts.c.sensor,
                alerts.c.camera,
                incidents.c.id,
                incidents.c.number,
                incidents.c.kind,
            )
            .join(incidents, incidents.c.id == alerts.c.incident)
            .where(touched)
            .order_by(incidents.c.number, alerts.c.raised, alerts.c.id)
        )
        for alert, kind, rule, key, sensor, camera, incident, number, first in connection.execute(query):
            device = sensor or camera or ""
            self._alerts[alert] = (kind, rule, key, device)
            self._incidents[incident] = (number, first)
            members.setdefault(incident, {})[Member(rule, device)] = None
        self._members = {incident: tuple(some) for incident, some in members.items()}

    def entry(self, row: Row[Any]) -> Entry | None:
        """What a journal entry means for the figures; None when it means nothing."""
        topic, move, subject, incident, at, who, level, muted_by = row[:_MORE]
        if topic == "alert":
            found = self._alerts.get(subject)
            if found is None or move not in ALERT_MOVES:
                return None
            kind, rule, key, device = found
            hidden = muted_by is not None
            return Sign(
                time_from_text(at), move, subject, kind, rule, key, _LEVELS[level], hidden, incident or "", device
            )
        handling, display, active, verdict, cause, unit = row[_MORE:]
        number, kind = self._incidents.get(subject, (0, ""))
        return Deed(
            time_from_text(at),
            move,
            subject,
            who,
            _LEVELS[level],
            _HANDLINGS[handling],
            _DISPLAYS[display] if display else Display.SHOWN,
            active in _TRUE,
            _VERDICTS[verdict],
            cause or "",
            unit or "",
            number,
            kind,
            self._members.get(subject, ()) if move == _RESOLVED else (),
        )


def read_cases(database: Database, rule: str, since: datetime, until: datetime) -> list[Case]:
    """The alerts of a rule that were raised between two times and of which people said what they were."""
    query = (
        select(
            alerts.c.key,
            alerts.c.started,
            alerts.c.raised,
            alerts.c.returned,
            alerts.c.level,
            alerts.c.why,
            incidents.c.verdict,
        )
        .join(incidents, incidents.c.id == alerts.c.incident)
        .where(alerts.c.raised >= time_to_text(since), alerts.c.raised < time_to_text(until), alerts.c.rule == rule)
        .where(incidents.c.handling.in_([each.value for each in FINISHED]))
        .where(incidents.c.verdict.in_([each.value for each in (Verdict.TRUE, *sorted(WRONG))]))
        .order_by(alerts.c.raised, alerts.c.id)
    )
    with database.read() as connection:
        return [
            Case(
                key=key,
                started=time_from_text(started),
                raised=time_from_text(raised),
                returned=None if returned is None else time_from_text(returned),
                level=Level(level),
                value=_number(why.get("facts", {}).get("value")),
                verdict=Verdict(verdict),
            )
            for key, started, raised, returned, level, why, verdict in connection.execute(query)
        ]


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
