"""Incidents and alerts in the database, as the engine and people's moves read and write them.

Every function is part of a transaction: a work of the one writer of the Database, in which all that belongs together
is written together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from alerts.alert import Alert, Condition
from alerts.incidents.grouping import WINDOW, Candidate, joined
from alerts.incidents.incident import OPEN, Display
from alerts.incidents.views import (
    AlertView,
    IncidentView,
    alert_row,
    alert_view,
    incident_row,
    incident_view,
)
from alerts.language.kinds import family
from hub.errors import NotFoundError
from hub.events import time_from_text, time_to_text
from hub.store.schema import INCIDENT_IS_OPEN, alerts, incidents, orders

_MOST_KEYS = 500  # values in one IN list; SQLite takes 32,766 parameters in a statement


def fetched(
    connection: Connection, query: Select[Any], values: Mapping[str, object] | None = None
) -> list[dict[str, Any]]:
    """The rows that a query finds, by the names of the columns."""
    return [{str(name): value for name, value in row.items()} for row in connection.execute(query, values).mappings()]


def members_of(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[AlertView, ...]]:
    """The alerts of incidents, the first one first."""
    found: dict[str, list[AlertView]] = {}
    for start in range(0, len(ids), _MOST_KEYS):
        some = ids[start : start + _MOST_KEYS]
        query = select(alerts).where(alerts.c.incident.in_(some)).order_by(alerts.c.raised, alerts.c.id)
        for row in fetched(connection, query):
            found.setdefault(row["incident"], []).append(alert_view(row))
    return {incident: tuple(views) for incident, views in found.items()}


def read_incident(connection: Connection, incident: str) -> IncidentView:
    """One incident, as this connection sees it.

    Raises:
        NotFoundError: There is none with this id.
    """
    found = fetched(connection, select(incidents).where(incidents.c.id == incident))
    if not found:
        raise NotFoundError(f"no incident {incident}")
    return incident_view(found[0], members_of(connection, [incident]).get(incident, ()))


def write_incident(connection: Connection, view: IncidentView, *, new: bool) -> None:
    """Store all of an incident but its alerts."""
    row = incident_row(view)
    if new:
        connection.execute(insert(incidents), row)
    else:
        connection.execute(update(incidents).where(incidents.c.id == view.id), row)


def move_alerts(connection: Connection, ids: Iterable[str], incident: str) -> None:
    """Let alerts belong to another incident from now on."""
    connection.execute(update(alerts).where(alerts.c.id.in_(list(ids))).values(incident=incident))


def next_number(connection: Connection) -> int:
    """The number of the next incident."""
    newest: int | None = connection.execute(select(func.max(incidents.c.number))).scalar_one()
    return (newest or 0) + 1


def _joinable(place: ColumnElement[bool]) -> Select[Any]:
    """Open incidents of some kinds at a place, with when the newest alert was raised, or people reported it."""
    newest = func.max(func.coalesce(alerts.c.raised, incidents.c.opened))
    return (
        select(incidents.c.id, incidents.c.kind, incidents.c.site, incidents.c.area, newest)
        .outerjoin(alerts, alerts.c.incident == incidents.c.id)
        .where(
            incidents.c.handling.in_([each.value for each in OPEN]),
            incidents.c.changed >= bindparam("changed"),
            incidents.c.kind.like(bindparam("kinds")),
            place,
        )
        .group_by(incidents.c.id, incidents.c.kind, incidents.c.site, incidents.c.area)
    )


# Made once: in a storm of alarms, making these statements costs more than running them.
_AT_SITE = _joinable(incidents.c.site == bindparam("place"))
_IN_AREA = _joinable(incidents.c.area == bindparam("place"))
_NOWHERE = _joinable(incidents.c.area.is_(None))
_ONE_ALERT = select(alerts).where(alerts.c.id == bindparam("alert"))


def incident_to_join(connection: Connection, alert: Alert) -> str | None:
    """The unresolved incident that a new alert belongs to."""
    values = {
        "changed": time_to_text(alert.raised - WINDOW - timedelta(minutes=1)),
        "kinds": f"{family(alert.kind)}.%",
        "place": alert.area if alert.site is None else alert.site,
    }
    query = _AT_SITE if alert.site is not None else _IN_AREA if alert.area is not None else _NOWHERE
    rows = connection.execute(query, values).all()
    return joined(alert, [Candidate(row[0], row[1], row[2], row[3], time_from_text(row[4])) for row in rows])


def incident_of(connection: Connection, alert: str) -> tuple[str, AlertView] | None:
    """The incident of a stored alert, and the alert as it was stored last."""
    found = fetched(connection, _ONE_ALERT, {"alert": alert})
    return (found[0]["incident"], alert_view(found[0])) if found else None


def write_alert(connection: Connection, alert: Alert, incident: str, *, new: bool) -> AlertView:
    """Store an alert; the view is what was stored."""
    row = alert_row(alert, incident)
    if new:
        connection.execute(insert(alerts), row)
    else:
        connection.execute(update(alerts).where(alerts.c.id == alert.id), row)
    return alert_view(row)


def due_incidents(connection: Connection, now: datetime, most: int) -> list[str]:
    """Ids of incidents that time moves, the longest due first."""
    query = select(incidents.c.id).where(incidents.c.due <= time_to_text(now)).order_by(incidents.c.due).limit(most)
    return list(connection.execute(query).scalars())


def unsent(connection: Connection, kinds: Iterable[str], most: int) -> list[str]:
    """Ids of open incidents with an active alert of one of these kinds to which nobody was ever sent, the newest first.

    What people alone reported as of such a kind is among them.
    What somebody hid, because its device is worked on or with a reason of his own, is not among them.
    """
    holds = select(alerts.c.id).where(
        alerts.c.incident == incidents.c.id,
        alerts.c.kind.in_(sorted(kinds)),
        alerts.c.condition == Condition.ACTIVE.value,
    )
    has_alerts = select(alerts.c.id).where(alerts.c.incident == incidents.c.id).exists()
    query = (
        select(incidents.c.id)
        .where(
            text(INCIDENT_IS_OPEN),
            incidents.c.display == Display.SHOWN.value,
            or_(
                holds.exists(),
                and_(incidents.c.kind.in_(sorted(kinds)), incidents.c.reporter.is_not(None), ~has_alerts),
            ),
            ~select(orders.c.id).where(orders.c.incident == incidents.c.id).exists(),
        )
        .order_by(incidents.c.number.desc())
        .limit(most)
    )
    return list(connection.execute(query).scalars())


def is_own(connection: Connection, incident: IncidentView, account: str) -> bool:
    """Whether a person reported an incident, or was sent there and has not left the order since."""
    if incident.reporter == account:
        return True
    mine = select(orders.c.id).where(
        orders.c.incident == incident.id,
        orders.c.unit == account,
        orders.c.state.not_in(("declined", "cancelled", "lapsed")),
    )
    return connection.execute(mine.limit(1)).first() is not None


def to_reset(connection: Connection, incident: str) -> bool:
    """Whether a device that a person has to reset still reports an incident."""
    query = select(alerts.c.id).where(
        alerts.c.incident == incident, alerts.c.to_reset, alerts.c.condition == Condition.ACTIVE.value
    )
    return connection.execute(query.limit(1)).first() is not None
