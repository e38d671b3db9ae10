"""Grouping: which alerts are one happening.

Alerts of the same place (the site; the area when there is no site) and the same family (`fire`, `road`) that are raised
within a window belong together: people get one incident with its first alert named, not a list. Pure; the repository
finds the candidates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.alert import Alert, Condition
from alerts.incidents.incident import Handling
from alerts.incidents.views import IncidentView
from alerts.language.kinds import family
from alerts.people.categories import category_of
from config.community import Level

WINDOW = timedelta(minutes=10)
"""After this long without a further alert a new one is another happening."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An unresolved incident that an alert might join.

    Attributes:
        id: Of the incident.
        kind: Kind of its first alert.
        site: Where.
        area: Where.
        last_raised: When its newest alert was raised.
    """

    id: str
    kind: str
    site: str | None
    area: str | None
    last_raised: datetime


def joined(alert: Alert, candidates: Iterable[Candidate]) -> str | None:
    """The incident that a new alert belongs to, the newest if there are several; None when it opens its own."""
    near = [each for each in candidates if _belongs(alert, each)]
    return max(near, key=lambda each: (each.last_raised, each.id)).id if near else None


def _belongs(alert: Alert, candidate: Candidate) -> bool:
    if alert.site is not None:
        same_place = candidate.site == alert.site
    else:
        same_place = alert.area is not None and candidate.site is None and candidate.area == alert.area
    return (
        same_place
        and family(candidate.kind) == family(alert.kind)
        and abs(alert.raised - candidate.last_raised) <= WINDOW
    )


def in_line(incident: IncidentView) -> IncidentView:
    """The incident with the level, words and camera of the alert that matters most.

    That is what is not closed before what is, what is not muted before what is, then the highest, the earliest. Without
    alerts it stays as it is: people reported it.
    """
    if not incident.alerts:
        return incident
    ordered = sorted(
        incident.alerts,
        key=lambda each: (
            each.condition == Condition.CLOSED,
            each.muted_by is not None,
            -each.level.rank,
            each.raised,
            each.id,
        ),
    )
    most = ordered[0]
    told = category_of(None, incident.kind) if incident.reporter is not None else None
    return replace(
        incident,
        # What somebody saw is not less because a device says less of it.
        level=most.level if told is None else max(most.level, told.level, key=lambda level: level.rank),
        active=any(each.condition == Condition.ACTIVE for each in ordered),
        muted=most.muted_by is not None,
        camera=next((each.camera for each in ordered if each.camera is not None), None),
        text_zh=most.text_zh,
        text_en=most.text_en,
    )


def announces_again(
    handling: Handling,
    *,
    before: Level,
    after: Level,
    returned_s: float | None,
    realarm_after_s: float,
    shown: bool = False,
) -> bool:
    """Whether people who have seen an incident must see it again.

    Args:
        handling: How far they are.
        before: Its level until now.
        after: Its level now.
        returned_s: How long an alert of it had been normal before it came again, None when none came again.
        realarm_after_s: Shorter returns are chatter.
        shown: An alert of it that is active was hidden and is no more.
    """
    rose = after.rank > before.rank
    again = returned_s is not None and returned_s >= realarm_after_s
    return (handling in (Handling.SEEN, Handling.RESOLVED) and rose) or (handling is Handling.SEEN and (again or shown))
