"""Suppressions in the database, and the incidents under them. The only file that reads and writes the table."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, insert, or_, select, update
from sqlalchemy import text as sql

from alerts.alert import Condition
from alerts.incidents.incident import Display
from alerts.incidents.suppressions import Mode, Scope, Stage, Suppression
from alerts.incidents.views import AlertView, IncidentView, alert_view, incident_view
from alerts.store.incidents import fetched, members_of
from alerts.store.sighted import lies_in
from config.community import Level
from hub.errors import NotFoundError
from hub.events import time_from_text, time_to_text
from hub.reach import Within
from hub.store.schema import INCIDENT_IS_OPEN, alerts, events, incidents, suppressions

_TIMES = ("since", "until", "made", "begun", "ended")


def write_suppression(connection: Connection, suppression: Suppression, *, new: bool) -> None:
    """Store one."""
    row = suppression.to_json()
    if new:
        connection.execute(insert(suppressions), row)
    else:
        connection.execute(update(suppressions).where(suppressions.c.id == suppression.id), row)


def read_suppression(connection: Connection, suppression: str) -> Suppression:
    """One of them.

    Raises:
        NotFoundError: There is none with this id.
    """
    found = fetched(connection, select(suppressions).where(suppressions.c.id == suppression))
    if not found:
        raise NotFoundError(f"no silence or maintenance {suppression}")
    return _suppression(found[0])


def not_ended(connection: Connection) -> list[Suppression]:
    """Those that hide or are to come, the earliest first."""
    query = select(suppressions).where(suppressions.c.ended.is_(None)).order_by(suppressions.c.since, suppressions.c.id)
    return [_suppression(row) for row in fetched(connection, query)]


def suppressions_in(
    connection: Connection,
    stage: Stage | None,
    now: datetime,
    *,
    within: Within | None = None,
    devices: Collection[str] = (),
    before: tuple[str, str] | None = None,
    limit: int,
) -> list[Suppression]:
    """Suppressions, the one that begins last first.

    Args:
        connection: To read from.
        stage: Only those in it; None for all.
        now: When that is.
        within: Only those for a place in there,
        devices: or for one of these; of which none counts when `within` is None, for everywhere.
        before: Since and id of the last one of the page before.
        limit: At most so many.
    """
    columns, moment = suppressions.c, time_to_text(now)
    query = select(suppressions).order_by(columns.since.desc(), columns.id.desc()).limit(limit)
    if stage is Stage.PAST:
        query = query.where(or_(columns.ended.is_not(None), columns.until <= moment))
    elif stage is not None:
        begun = columns.since <= moment if stage is Stage.ACTIVE else columns.since > moment
        query = query.where(columns.ended.is_(None), columns.until > moment, begun)
    if within is not None:
        query = query.where(or_(lies_in(suppressions, within), columns.device.in_(sorted(devices))))
    if before is not None:
        since, last = before
        query = query.where(or_(columns.since < since, (columns.since == since) & (columns.id < last)))
    return [_suppression(row) for row in fetched(connection, query)]


def count_not_ended(connection: Connection) -> int:
    """How many hide or are to come."""
    query = select(func.count()).select_from(suppressions).where(suppressions.c.ended.is_(None))
    return int(connection.execute(query).scalar_one())


def shown_near(connection: Connection, suppression: Suppression) -> list[IncidentView]:
    """Open incidents that are shown and have an alert within a suppression's scope, whatever hides them by rule."""
    near = (
        select(alerts.c.incident)
        .where(alerts.c.condition != Condition.CLOSED.value, *_within(suppression))
        .distinct()
        .scalar_subquery()
    )
    query = select(incidents).where(
        sql(INCIDENT_IS_OPEN), incidents.c.display == Display.SHOWN.value, incidents.c.id.in_(near)
    )
    return _incidents(connection, query)


def hidden_under(connection: Connection, suppression: str) -> list[IncidentView]:
    """Incidents that a suppression hides."""
    return _incidents(connection, select(incidents).where(incidents.c.hidden_under == suppression))


def raised_since(connection: Connection, suppression: Suppression, since: datetime, limit: int) -> list[AlertView]:
    """Alerts within a suppression's scope that were raised since then, the newest first."""
    query = (
        select(alerts)
        .where(alerts.c.raised >= time_to_text(since), *_within(suppression))
        .order_by(alerts.c.raised.desc(), alerts.c.id)
        .limit(limit)
    )
    return [alert_view(row) for row in fetched(connection, query)]


def who_spoke(connection: Connection, alert: AlertView) -> frozenset[str]:
    """Ids of the cameras, sensors and gateways whose events speak for an alert, as far as they are still stored."""
    query = select(events.c.source).where(events.c.id.in_(list(alert.why.get("events", ())))).distinct()
    return frozenset(connection.execute(query).scalars())


def _within(suppression: Suppression) -> list[ColumnElement[bool]]:
    """The scope as far as the database can tell; `Suppression.reaches` has the last word."""
    scope, columns = suppression.scope, alerts.c
    found: list[ColumnElement[bool]] = []
    if scope.kind is not None:
        found.append(columns.kind == scope.kind if "." in scope.kind else columns.kind.startswith(f"{scope.kind}."))
    if scope.area is not None:
        found.append(columns.area.in_(suppression.areas))
    if scope.site is not None:
        found.append(columns.site == scope.site)
    if scope.rule is not None:
        found.append(columns.rule == scope.rule)
    if scope.device is not None:
        owner = columns.key.startswith(f"{scope.device}/", autoescape=True)
        found.append(or_(*(each == scope.device for each in (columns.key, columns.sensor, columns.camera)), owner))
    return found


def _incidents(connection: Connection, query: Select[Any]) -> list[IncidentView]:
    rows: Sequence[dict[str, Any]] = fetched(connection, query.order_by(incidents.c.number))
    members = members_of(connection, [row["id"] for row in rows])
    return [incident_view(row, members.get(row["id"], ())) for row in rows]


def _suppression(row: dict[str, Any]) -> Suppression:
    parts = dict(row)
    for name in _TIMES:
        parts[name] = None if parts[name] is None else time_from_text(parts[name])
    scope = Scope(**{name: parts.pop(name) for name in asdict(Scope())})
    return Suppression(
        **{
            **parts,
            "scope": scope,
            "mode": Mode(parts["mode"]),
            "level": Level(parts["level"]),
            "areas": tuple(parts["areas"]),
            "told": tuple(parts["told"]),
        }
    )
