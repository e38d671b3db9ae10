"""Locating: where a report is, as well as that is known, and which open incident is the same matter.

Pure. A position names the site that is right there and the area around it; a site names its area. Two are the same
matter when they are of one family, near each other in place and time, and, if people alone speak of it, of one
category: a hole in the road and a lamp above it are two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.alert import Condition
from alerts.incidents.views import AlertView, IncidentView
from alerts.language.nearness import Nearness, Position, distance_m
from alerts.language.places import Places
from alerts.people.categories import RESIDENT
from alerts.store.reports import Report
from config.reporting import Reporting

AT_SITE_M = 50.0
"""A position so near a site is at that site."""
IN_AREA_M = 1_000.0
"""A position so near a site is in the area of that site: beyond it, the town answers."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something is, as far as it was said: degrees, WGS 84."""

    lat: float | None = None
    lon: float | None = None
    site: str | None = None
    area: str | None = None

    @property
    def position(self) -> Position | None:
        """Latitude and longitude."""
        return None if self.lat is None or self.lon is None else (self.lat, self.lon)


def located(spot: Spot, places: Places) -> Spot:
    """The spot with what follows from what was said."""
    position = spot.position
    if position is not None and spot.site is None:
        spot = replace(spot, site=_nearest(position, places.nearness, AT_SITE_M))
    if spot.area is None and spot.site is not None:
        spot = replace(spot, area=places.area_of_site.get(spot.site))
    if spot.area is None and position is not None:
        around = _nearest(position, places.nearness, IN_AREA_M)
        spot = replace(spot, area=None if around is None else places.area_of_site.get(around))
    if position is None and (own := places.nearness.sites.get(spot.site or "")) is not None:
        spot = replace(spot, lat=own[0], lon=own[1])
    return spot


def _nearest(position: Position, nearness: Nearness, within_m: float) -> str | None:
    near = set(nearness.sites_near(position, within_m))
    spots = [(distance_m(position, (lat, lon)), site) for lat, lon, site in nearness.spots if site in near]
    return min(spots)[1] if spots else None


def same_matter(
    report: Report,
    candidates: Iterable[IncidentView],
    told: Sequence[Report],
    *,
    settings: Reporting,
    nearness: Nearness,
) -> IncidentView | None:
    """The open incident that a report supports, the newest if there are several; None when it opens its own.

    Args:
        report: The new one.
        candidates: Open incidents of its family.
        told: The reports of these.
        settings: How near is near.
        nearness: Where devices are.
    """
    since = report.at - timedelta(seconds=settings.same_within_s)
    found: list[tuple[datetime, int, IncidentView]] = []
    for incident in candidates:
        own = [each for each in told if each.incident == incident.id]
        if not incident.alerts and report.kind == RESIDENT and all(each.category != report.category for each in own):
            continue
        newest = max((incident.opened, *(_last(alert, report.at) for alert in incident.alerts), *(o.at for o in own)))
        if newest >= since and _near(report, incident, own, within_m=settings.same_within_m, nearness=nearness):
            found.append((newest, incident.number, incident))
    return max(found, key=lambda each: each[:2])[2] if found else None


def _last(alert: AlertView, now: datetime) -> datetime:
    return now if alert.condition == Condition.ACTIVE else max(alert.raised, alert.last_seen)


def _near(
    report: Report, incident: IncidentView, told: Sequence[Report], *, within_m: float, nearness: Nearness
) -> bool:
    if report.site is not None and report.site == incident.site:
        return True
    position = report.position
    if position is None:
        return False
    spots = [each.position for each in told]
    for alert in incident.alerts:
        named = [nearness.devices.get(each or "") for each in (alert.camera, alert.sensor)]
        spots += [spot for spot in named if spot is not None] or [nearness.sites.get(alert.site or "")]
    return any(spot is not None and distance_m(position, spot) <= within_m for spot in spots)
