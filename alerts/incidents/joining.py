"""Joining: people say that two incidents are one happening, or that one is two.

Alerts go from one incident to another with everything that happens to them later; nothing is deleted. What is merged
keeps its number and says in which incident it goes on; the earliest alert of that is what came first.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from alerts.incidents.deadlines import stamped
from alerts.incidents.grouping import announces_again, in_line
from alerts.incidents.handling import Ask, Handling, applied, write_move
from alerts.incidents.hiding import with_more
from alerts.incidents.incident import OPEN, REALARM_AFTER_S, Verdict
from alerts.incidents.incident import Handling as State
from alerts.incidents.views import IncidentView
from alerts.store.connection import Connection
from alerts.store.incidents import move_alerts, next_number, read_incident, write_incident
from alerts.store.journal import write_journal
from alerts.store.orders import State as OrderState
from alerts.store.orders import furthest, move_orders
from alerts.store.reports import move_reports
from config.handling import Deadlines
from hub.access import Principal
from hub.errors import NotAllowedError
from hub.events import time_to_text

_IDS = uuid.UUID("6f0e7a52-0d8e-5c1b-9c57-6a5f5b2d9e12")


def merge(
    handling: Handling,
    incident_id: str,
    who: Principal,
    *,
    into: str,
    note: str = "",
    expected_version: int | None = None,
) -> IncidentView:
    """Say that an incident is the same happening as another, and goes on there.

    Args:
        handling: Makes the move.
        incident_id: The one that ends.
        who: Who says so.
        into: The one that goes on.
        note: For the record.
        expected_version: The version the person saw of the one that ends.

    Returns:
        The one that goes on.

    Raises:
        NotFoundError: One of them is not there.
        MovedMeanwhileError: Somebody else was first.
        NotAllowedError: The table does not have it, the two are the same, or the other is not open.
    """
    if into == incident_id:
        raise NotAllowedError("an incident cannot be merged into itself", allowed=())
    result: list[IncidentView] = []

    def also(connection: Connection, merged: IncidentView, now: datetime) -> None:
        target = read_incident(connection, into)
        if target.handling not in OPEN:
            raise NotAllowedError(
                f"incident {target.number} is {target.handling}; merge into one that is open", allowed=()
            )
        move_alerts(connection, [alert.id for alert in merged.alerts], into)
        move_orders(connection, merged.id, into, who=who.name, now=now)
        move_reports(connection, merged.id, into)
        joined = in_line(read_incident(connection, into))
        joined = with_more(connection, replace(joined, reporter=joined.reporter or merged.reporter), now)
        again = announces_again(
            target.handling,
            before=target.level,
            after=joined.level,
            returned_s=None,
            realarm_after_s=REALARM_AFTER_S,
        )
        if again:
            joined = applied(joined, "realarm")
        elif joined.handling is not State.NEW and (sent := furthest(connection, into)) is not None:
            joined = replace(joined, handling=State.ON_SCENE if sent is OrderState.ARRIVED else State.DISPATCHED)
        written = write_move(
            connection,
            target,
            joined,
            name="join",
            who=who.name,
            note=note,
            extra={"merged": merged.id},
            now=now,
            deadlines=handling.deadlines(),
        )
        result.append(written.view)

    handling.make(
        incident_id,
        Ask("merge", who, expected_version, note, extra={"into": into}),
        lambda view: replace(view, verdict=Verdict.DUPLICATE, merged_into=into, active=False, muted=False),
        also=also,
    )
    return result[-1]


def split(
    handling: Handling,
    incident_id: str,
    who: Principal,
    *,
    alerts: Collection[str],
    note: str = "",
    expected_version: int | None = None,
) -> IncidentView:
    """Say that some alerts of an incident are another happening.

    Args:
        handling: Makes the move.
        incident_id: The one that keeps its number.
        who: Who says so; has seen the new one by that.
        alerts: Ids of the alerts that go.
        note: For the record.
        expected_version: The version the person saw.

    Returns:
        The new incident.

    Raises:
        NotFoundError: No such incident.
        MovedMeanwhileError: Somebody else was first.
        NotAllowedError: The table does not have it, an alert is not of this incident, or none would stay.
    """
    going = set(alerts)
    result: list[IncidentView] = []

    def stays(view: IncidentView) -> IncidentView:
        strangers = going - {alert.id for alert in view.alerts}
        rest = tuple(alert for alert in view.alerts if alert.id not in going)
        if strangers or not going:
            raise NotAllowedError(f"name alerts of incident {view.number}", allowed=("split",))
        if not rest:
            raise NotAllowedError("one alert has to stay", allowed=("split",))
        return in_line(replace(view, alerts=rest))

    def also(connection: Connection, left: IncidentView, now: datetime) -> None:
        new = _opened(connection, left, going, now=now, deadlines=handling.deadlines())
        row = {
            "at": time_to_text(now),
            "topic": "incident",
            "subject": new.id,
            "incident": new.id,
            "move": "opened",
            "who": who.name,
            "note": note,
            "body": {**new.to_json(), "split_from": left.id},
        }
        write_journal(connection, [row])
        result.append(new)

    handling.make(
        incident_id, Ask("split", who, expected_version, note, extra={"alerts": sorted(going)}), stays, also=also
    )
    return result[-1]


def _opened(
    connection: Connection, left: IncidentView, going: Collection[str], *, now: datetime, deadlines: Deadlines
) -> IncidentView:
    """The incident of the alerts that go; its place is that of the first of them."""
    view = replace(
        left,
        id=uuid.uuid5(_IDS, f"{left.id}:{left.version}").hex,
        number=next_number(connection),
        handling=State.SEEN,
        verdict=Verdict.NONE,
        changed=now,
        version=1,
        alerts=(),
        escalated=0,
        reporter=None,
        rating=None,
    )
    write_incident(connection, view, new=True)
    move_alerts(connection, going, view.id)
    moved = in_line(read_incident(connection, view.id))
    first = moved.alerts[0]
    moved = replace(
        moved, kind=first.kind, opened=first.raised, site=first.site, area=first.area, since=None, resolved=None
    )
    moved = stamped(moved, None, now, deadlines)
    write_incident(connection, moved, new=False)
    return moved
