"""Sighted: what of incidents, alerts and orders lies within somebody's reach, as conditions of queries.

In the query, so that pages stay full and counts are of what is seen.
"""

from __future__ import annotations

from sqlalchemy import Column, ColumnElement, Table, false, or_, select, true

from hub.reach import Within
from hub.store.schema import alerts, incidents


def in_sight(within: Within | None) -> ColumnElement[bool]:
    """Of incidents: one lies where it was opened, and where any of its alerts was raised."""
    if within is None:
        return true()
    joined = select(1).where(alerts.c.incident == incidents.c.id, lies_in(alerts, within))
    own: list[ColumnElement[bool]] = [lies_in(incidents, within)]
    if within.incidents:
        own.append(incidents.c.id.in_(sorted(within.incidents)))
    if within.reporter is not None:
        own.append(incidents.c.reporter == within.reporter)
    if within.areas or within.sites or within.single:
        own.append(joined.exists())
    return or_(*own)


def of_incident_in_sight(column: Column[str], within: Within | None) -> ColumnElement[bool]:
    """Of what names its incident in a column: that incident is in sight."""
    if within is None:
        return true()
    return select(1).where(incidents.c.id == column, in_sight(within)).exists()


def lies_in(table: Table, within: Within | None) -> ColumnElement[bool]:
    """Whether something happened in there, by the area, site and camera that are stored with it, if they are."""
    if within is None:
        return true()
    named = (("area", within.areas), ("site", within.sites), ("camera", within.single))
    return or_(false(), *(table.c[name].in_(sorted(ids)) for name, ids in named if ids and name in table.c))
