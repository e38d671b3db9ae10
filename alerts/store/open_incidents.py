"""Open incidents: where something happened that nobody has settled, and since when."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select, text

from alerts.language.kinds import ALERT_KINDS
from hub.consent import Incident
from hub.events import time_from_text
from hub.store.database import Database
from hub.store.schema import INCIDENT_IS_OPEN, alerts, incidents

_OF_DEVICES = frozenset(
    kind.kind for kind in ALERT_KINDS.values() if kind.sources == "H" or kind.kind.startswith("sensor.")
)
"""Kinds that tell how devices and the hub do: that a camera has no network opens nobody's pictures."""


def open_incidents(database: Database) -> tuple[Incident, ...]:
    """Every incident that is neither resolved nor closed, but those of devices alone."""
    is_open = text(f"incidents.{INCIDENT_IS_OPEN}")
    of_incidents = select(incidents.c.id, incidents.c.site, incidents.c.camera, incidents.c.opened).where(is_open)
    of_alerts = (
        select(alerts.c.incident, alerts.c.kind, alerts.c.site, alerts.c.camera, alerts.c.raised)
        .join(incidents, incidents.c.id == alerts.c.incident)
        .where(is_open)
    )
    with database.read() as connection:
        found = connection.execute(of_incidents).all()
        raised = connection.execute(of_alerts).all() if found else []
    members = defaultdict(list)
    for alert in raised:
        members[alert.incident].append(alert)
    made = []
    for one in found:
        told = [alert for alert in members[one.id] if alert.kind not in _OF_DEVICES]
        if told or not members[one.id]:  # what people report has no alerts
            everywhere = [one, *told]
            made.append(
                Incident(
                    sites=frozenset(each.site for each in everywhere if each.site is not None),
                    cameras=frozenset(each.camera for each in everywhere if each.camera is not None),
                    began=time_from_text(min((alert.raised for alert in told), default=one.opened)),
                )
            )
    return tuple(made)
