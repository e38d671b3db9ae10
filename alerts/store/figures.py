"""Figures in the database: the moves between two times, and what stood when they begin, without what is not counted."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select, text

from alerts.bad_actors import WRONG, Case
from alerts.incident import FINISHED, Display, Handling, Verdict, done
from alerts.signs import ALERT_MOVES, Deed, Entry, Member, Sign
from config.community import Level
from hub.events import time_from_text, time_to_text
from hub.store.database import Database
from hub.store.schema import INCIDENT_IS_OPEN, alerts, incidents, journal

_RESOLVED = done("resolve")
_ROWS_AT_ONCE = 2_000


def read_entries(database: Database, since: datetime, until: datetime) -> list[Entry]:
    """What happened between two times, after all that happened before to incidents that were open or moved then.

    Returns:
        In the order of the journal.
    """
    begins, ends = time_to_text(since), time_to_text(until)
    within = and_(journal.c.at >= begins, journal.c.at < ends)
    standing = (
        select(incidents.c.id)
        .where(incidents.c.opened < begins)
        .where(
            or_(
                text(INCIDENT_IS_OPEN),
                and_(
                    incidents.c.handling.in_([each.value for each in Handling]),
                    incidents.c.changed >= begins,
                ),
            )
        )
    )
    before = and_(journal.c.incident.in_(standing), journal.c.at < begins)
    with database.read() as connection:
        members = _members(connection, within)
        earlier = _in_order(_signs(connection, before), _deeds(connection, before, {}))
        return earlier + _in_order(_signs(connection, within), _deeds(connection, within, members))


def _in_order(signs: Iterable[tuple[int, Entry]], deeds: Iterable[tuple[int, Entry]]) -> list[Entry]:
    return [entry for _, entry in heapq.merge(signs, deeds, key=lambda numbered: numbered[0])]


def _signs(connection: Connection, wanted: ColumnElement[bool]) -> Iterator[tuple[int, Sign]]:
    query = (
        select(
            journal.c.seq,
            journal.c.at,
            journal.c.move,
            journal.c.subject,
            journal.c.incident,
            alerts.c.kind,
            alerts.c.rule,
            alerts.c.key,
            alerts.c.sensor,
            alerts.c.camera,
            journal.c.body["level"].as_string(),
            journal.c.body["muted_by"].as_string(),
        )
        .join(alerts, alerts.c.id == journal.c.subject)
        .where(wanted, journal.c.topic == "alert", journal.c.move.in_(sorted(ALERT_MOVES)))
        .order_by(journal.c.seq)
    )
    for row in connection.execute(query).yield_per(_ROWS_AT_ONCE):
        seq, at, move, alert, incident, kind, rule, key, sensor, camera, level, muted_by = row
        yield (
            seq,
            Sign(
                at=time_from_text(at),
                move=move,
                alert=alert,
                kind=kind,
                rule=rule,
                key=key,
                level=Level(level),
                hidden=muted_by is not None,
                incident=incident or "",
                device=sensor or camera or "",
            ),
        )


def _deeds(
    connection: Connection, wanted: ColumnElement[bool], members: dict[str, tuple[Member, ...]]
) -> Iterator[tuple[int, Deed]]:
    body = journal.c.body
    query = (
        select(
            journal.c.seq,
            journal.c.at,
            journal.c.move,
            journal.c.subject,
            journal.c.who,
            incidents.c.number,
            incidents.c.kind,
            body["level"].as_string(),
            body["handling"].as_string(),
            body["display"].as_string(),
            body["active"].as_boolean(),
            body["verdict"].as_string(),
            body["cause"].as_string(),
            body["unit"].as_string(),
        )
        .join(incidents, incidents.c.id == journal.c.subject)
        .where(wanted, journal.c.topic == "incident")
        .order_by(journal.c.seq)
    )
    for row in connection.execute(query).yield_per(_ROWS_AT_ONCE):
        seq, at, move, incident, who, number, kind, level, handling, display, active, verdict, cause, unit = row
        yield (
            seq,
            Deed(
                at=time_from_text(at),
                move=move,
                incident=incident,
                who=who,
                level=Level(level),
                handling=Handling(handling),
                display=Display(display or Display.SHOWN),
                active=bool(active),
                verdict=Verdict(verdict),
                cause=cause or "",
                unit=unit or "",
                number=number,
                kind=kind,
                members=members.get(incident, ()) if move == _RESOLVED else (),
            ),
        )


def _members(connection: Connection, wanted: ColumnElement[bool]) -> dict[str, tuple[Member, ...]]:
    """The rules and devices of the incidents that were resolved."""
    query = (
        select(alerts.c.incident, alerts.c.rule, alerts.c.sensor, alerts.c.camera)
        .join(journal, journal.c.subject == alerts.c.incident)
        .where(wanted, journal.c.topic == "incident", journal.c.move == _RESOLVED)
        .distinct()
        .order_by(alerts.c.incident, alerts.c.rule, alerts.c.sensor, alerts.c.camera)
    )
    found: dict[str, dict[Member, Any]] = {}
    for incident, rule, sensor, camera in connection.execute(query):
        found.setdefault(incident, {})[Member(rule, sensor or camera or "")] = None
    return {incident: tuple(some) for incident, some in found.items()}


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
