"""Open incidents: where something happened that nobody has settled, and since when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import select, text

from alerts.language.kinds import ALERT_KINDS
from alerts.people.categories import CATEGORIES
from hub.consent import Incident, report_opens
from hub.events import time_from_text
from hub.store.database import Database
from hub.store.report_tables import reports
from hub.store.schema import INCIDENT_IS_OPEN, alerts, incidents

_OF_DEVICES = frozenset(
    kind.kind for kind in ALERT_KINDS.values() if kind.sources == "H" or kind.kind.startswith("sensor.")
)
"""Kinds that tell how devices and the hub do: that a camera has no network opens nobody's pictures."""


def open_incidents(database: Database, residents: Mapping[str, Collection[str]]) -> tuple[Incident, ...]:
    """What devices and people told in every incident that is neither resolved nor closed, but of devices alone.

    Args:
        database: Where they are.
        residents: The names of accounts by the site where they live.
    """
    is_open = text(f"incidents.{INCIDENT_IS_OPEN}")
    of_alerts = (
        select(alerts.c.incident, alerts.c.kind, alerts.c.site, alerts.c.camera, alerts.c.raised)
        .join(incidents, incidents.c.id == alerts.c.incident)
        .where(is_open)
    )
    of_reports = (
        select(reports.c.site, reports.c.at, reports.c.account, reports.c.role, reports.c.category)
        .join(incidents, incidents.c.id == reports.c.incident)
        .where(is_open)
    )
    with database.read() as connection:
        raised = connection.execute(of_alerts).all()
        reported = connection.execute(of_reports).all()
    members = defaultdict(list)
    for alert in raised:
        if alert.kind not in _OF_DEVICES:
            members[alert.incident].append(alert)
    made = [
        Incident(
            sites=frozenset(each.site for each in told if each.site is not None),
            cameras=frozenset(each.camera for each in told if each.camera is not None),
            began=time_from_text(min(each.raised for each in told)),
        )
        for told in members.values()
    ]
    for report in reported:
        category = CATEGORIES.get(report.category)
        is_request = category is not None and category.is_request
        there = residents.get(report.site, ())
        if report_opens(report.role, report.account, is_request=is_request, residents=there):
            sites = frozenset((report.site,)) if report.site is not None else frozenset[str]()
            made.append(Incident(sites, frozenset(), time_from_text(report.at), report.account))
    return tuple(made)
