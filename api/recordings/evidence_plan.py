"""Evidence, planned: which spans of which cameras an incident is to leave, by the `evidence` setting. Pure.

Asked at every move of an incident, and the same each time: an alert that was there already wants nothing new, one that
joined wants its own spans, and one that came again those of that moment. Bounded in cameras and spans of one incident;
what is beyond that is planned as left out, so that the manifest can say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from config.community import Camera, Community, Level
from hub.events import time_from_text
from hub.store.evidence import Want

ENGINE = "engine"

MOST_CAMERAS = 16
"""Of one incident, the nearest first; those of an area of the yardstick's village are some ten."""
MOST_SPANS = 400
"""Of one incident: 25 alerts with 16 cameras each."""
MOST_SPANS_AGAIN = 200
"""Of these, for alerts that came again, so that one that chatters leaves room for others."""
LONGEST_S = 600.0
"""Of one span: what began long before it was an alert is kept from so long before on."""

AGAIN = frozenset({"recurred", "reactivated"})
"""Moves of an incident by which an alert of it came again: the same alert, with one more in `times`."""
_AGAIN = "#"
"""In the id of such a cause, between that of the alert and the number."""
_JUST_NOW = timedelta(seconds=120)
"""What was seen longer ago than this did not just come again, or its clock is wrong."""


@dataclass(frozen=True, slots=True)
class _Cause:
    """What evidence is wanted for: an alert, one that came again, or an incident that has none."""

    id: str
    began: datetime
    raised: datetime
    camera: str | None
    site: str | None
    area: str | None
    why: str


def wants_of(
    incident: Mapping[str, Any],
    community: Community,
    *,
    known: Iterable[tuple[str, str]] = (),
    again: datetime | None = None,
) -> list[Want]:
    """What an incident is to leave.

    Args:
        incident: As it stands in the journal.
        community: What there is.
        known: Cause and camera of what is wanted already.
        again: When an alert of it came again, if that is what moved it.
    """
    setting = community.evidence
    if Level(incident["level"]).rank < Level(setting.at_least).rank:
        return []
    known = set(known)
    cameras = {camera for _, camera in known}
    spans, spans_again = len(known), sum(_AGAIN in each for each, _ in known)
    wants: list[Want] = []
    for cause in (*_causes(incident), *(_causes_again(incident, again) if again is not None else ())):
        comes_again = _AGAIN in cause.id
        # A device with a wrong clock says that it began tomorrow, or in 1970.
        since = min(cause.began, cause.raised) - timedelta(seconds=setting.before_s)
        until = cause.raised + timedelta(seconds=setting.after_s)
        since = max(since, until - timedelta(seconds=LONGEST_S))
        for camera in _cameras(cause, community):
            if (cause.id, camera.id) in known:
                continue
            if spans > MOST_SPANS:
                return wants  # that there was more is said once
            if comes_again and spans_again > MOST_SPANS_AGAIN:
                break
            left_out = ""
            if comes_again and spans_again == MOST_SPANS_AGAIN:
                left_out = f"more than {MOST_SPANS_AGAIN} spans of alerts that come again are not kept"
            elif spans == MOST_SPANS:
                left_out = f"more than {MOST_SPANS} spans of one incident are not kept"
            elif camera.id not in cameras and len(cameras) >= MOST_CAMERAS:
                left_out = f"more than {MOST_CAMERAS} cameras of one incident are not kept"
            else:
                cameras.add(camera.id)
            spans, spans_again = spans + 1, spans_again + comes_again
            wants.append(
                Want(str(incident["id"]), cause.id, camera.id, since, until, ENGINE, cause.why, left_out=left_out)
            )
    return wants


def _causes(incident: Mapping[str, Any]) -> Iterator[_Cause]:
    alerts: Sequence[Mapping[str, Any]] = incident.get("alerts") or ()
    for alert in alerts:
        yield _Cause(
            id=str(alert["id"]),
            began=time_from_text(alert["started"]),
            raised=time_from_text(alert["raised"]),
            camera=alert.get("camera"),
            site=alert.get("site") or incident.get("site"),
            area=alert.get("area") or incident.get("area"),
            why=f"{alert['kind']} was raised",
        )
    if not alerts:
        opened = time_from_text(incident["opened"])
        yield _Cause(
            id=str(incident["id"]),
            began=opened,
            raised=opened,
            camera=incident.get("camera"),
            site=incident.get("site"),
            area=incident.get("area"),
            why=f"{incident['kind']} was reported",
        )


def _causes_again(incident: Mapping[str, Any], now: datetime) -> Iterator[_Cause]:
    for alert in incident.get("alerts") or ():
        if alert.get("times", 1) == 1 or alert.get("condition") != "active":
            continue
        seen = time_from_text(alert["last_seen"])
        yield _Cause(
            id=f"{alert['id']}{_AGAIN}{alert['times']}",
            began=seen if abs(now - seen) <= _JUST_NOW else now,
            raised=now,
            camera=alert.get("camera"),
            site=alert.get("site") or incident.get("site"),
            area=alert.get("area") or incident.get("area"),
            why=f"{alert['kind']} came again",
        )


def _cameras(cause: _Cause, community: Community) -> list[Camera]:
    """The cameras of the setting, those nearest to what happened first."""
    areas = {site.id: site.area for site in community.sites}
    own = community.camera(cause.camera) if cause.camera else None
    site = own.site if own is not None else cause.site
    area = cause.area or (areas.get(site) if site else None)
    reach = community.evidence.cameras
    found: list[Camera] = [] if own is None else [own]
    if reach != "camera" or own is None:
        found += [each for each in community.cameras if site is not None and each.site == site]
    if reach == "area" and area is not None:
        found += [each for each in community.cameras if areas.get(each.site) == area]
    return [each for each in {each.id: each for each in found}.values() if each.enabled]
