"""Camera spans: when alerts were about what a camera could show; those times of its recordings are kept longer."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select

from alerts.language.kinds import ALERT_KINDS
from hub.events import time_from_text, time_to_text
from hub.store.database import Database
from hub.store.schema import alerts

_BEFORE, _AFTER = timedelta(seconds=30), timedelta(seconds=60)
_MOST = timedelta(hours=1)
"""Of one alert: a bin that is full for a week is no week of interest."""
_LOOK_BACK = timedelta(days=2)
_OF_ITSELF = tuple(kind.kind for kind in ALERT_KINDS.values() if kind.sources == "H")
"""Kinds that tell how devices and the hub do: no picture shows that."""


def camera_spans(
    database: Database, camera: str, site: str | None, *, since: datetime, until: datetime
) -> list[tuple[datetime, datetime]]:
    """From and to of each alert of a camera, or of a sensor at its site, that touches a time, oldest first.

    Args:
        database: Where alerts are.
        camera: Camera id.
        site: Where it stands; None takes its own alerts alone.
        since: Beginning of the time.
        until: Its end.
    """
    its_own = alerts.c.camera == camera
    at_site = and_(alerts.c.camera.is_(None), alerts.c.site == site) if site is not None else None
    query = select(alerts.c.started, alerts.c.last_seen).where(
        its_own if at_site is None else or_(its_own, at_site),
        alerts.c.raised >= time_to_text(since - _LOOK_BACK),
        alerts.c.started <= time_to_text(until + _BEFORE),
        alerts.c.kind.not_in(_OF_ITSELF),
    )
    with database.read() as connection:
        rows = [(time_from_text(started), time_from_text(last)) for started, last in connection.execute(query)]
    spans = [(started - _BEFORE, min(max(last, started), started + _MOST) + _AFTER) for started, last in rows]
    return sorted(span for span in spans if span[1] > since and span[0] < until)
