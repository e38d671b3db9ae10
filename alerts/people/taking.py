"""Taking: a report becomes an incident, or supports one that is open nearby; part of the report's transaction.

What it is about decides its level. For requests, and where there is no time to lose, whoever answers for the place is
sent in the same transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.dispatch.grid import Grid
from alerts.dispatch.sending import AT_ONCE, send_next
from alerts.incidents.deadlines import is_request, stamped
from alerts.incidents.grouping import announces_again
from alerts.incidents.handling import Written, applied, write_move
from alerts.incidents.hiding import with_more
from alerts.incidents.incident import REALARM_AFTER_S, Verdict
from alerts.incidents.incident import Handling as State
from alerts.incidents.views import IncidentView
from alerts.language.places import Places
from alerts.people.categories import Category
from alerts.people.locating import Spot, located, same_matter
from alerts.people.pictures import Picture
from alerts.store.connection import Connection
from alerts.store.incidents import next_number, write_incident
from alerts.store.journal import write_journal
from alerts.store.reports import Report, open_of_family, reports_of, write_report
from config.handling import Deadlines
from config.reporting import Reporting as Settings
from hub.access import Principal
from hub.events import time_to_text

_SHOWN_TEXT = 200
"""So much of what somebody wrote stands in the incident's own line."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody sends.

    Attributes:
        client_id: Made by the phone; the same again is the same report.
        category: What it is about.
        text: In any language.
        spot: Where, as far as it was said.
        contact: How to reach the sender.
        for_name, for_phone: On whose behalf.
        pictures: What it looks like.
    """

    client_id: str
    category: Category
    text: str
    spot: Spot
    contact: str = ""
    for_name: str = ""
    for_phone: str = ""
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Ground:
    """What a report is held against: the places, the duties and the settings, as they are now."""

    places: Callable[[], Places]
    grid: Callable[[], Grid]
    settings: Callable[[], Settings]


def drafted(draft: Draft, who: Principal, now: datetime, places: Places) -> Report:
    """The report that somebody sends, with the place that follows from what was said."""
    spot = located(draft.spot, places)
    return Report(
        id=uuid.uuid4().hex,
        incident=uuid.uuid4().hex,
        account=who.name,
        role=who.role,
        client_id=draft.client_id,
        at=now,
        category=draft.category.id,
        kind=draft.category.kind,
        text=draft.text,
        site=spot.site,
        area=spot.area,
        lat=spot.lat,
        lon=spot.lon,
        contact=draft.contact,
        for_name=draft.for_name,
        for_phone=draft.for_phone,
    )


def take(
    connection: Connection, report: Report, category: Category, now: datetime, *, ground: Ground, deadlines: Deadlines
) -> Written:
    """Store a report with the incident that it opens or supports."""
    settings, places = ground.settings(), ground.places()
    since = now - timedelta(seconds=settings.same_within_s)
    candidates = open_of_family(connection, category.kind, since)
    told = reports_of(connection, [each.id for each in candidates]) if candidates else []
    same = same_matter(report, candidates, told, settings=settings, nearness=places.nearness)
    if same is None:
        return _opened(connection, report, category, now, grid=ground.grid(), deadlines=deadlines)
    write_report(connection, replace(report, incident=same.id))
    after = with_more(connection, replace(same, reporter=same.reporter or report.account, rating=None), now)
    if not same.alerts and category.level.rank > same.level.rank:
        after = replace(after, level=category.level)
    again = announces_again(
        same.handling, before=same.level, after=after.level, returned_s=None, realarm_after_s=REALARM_AFTER_S
    )
    return write_move(
        connection,
        same,
        applied(after, "realarm") if again else after,
        name="report",
        who=report.account,
        extra={"report": report.id},
        now=now,
        deadlines=deadlines,
    )


def _opened(
    connection: Connection, report: Report, category: Category, now: datetime, *, grid: Grid, deadlines: Deadlines
) -> Written:
    view = IncidentView(
        id=report.incident,
        number=next_number(connection),
        kind=category.kind,
        level=category.level,
        handling=State.NEW,
        verdict=Verdict.NONE,
        active=True,
        muted=False,
        site=report.site,
        area=report.area,
        camera=None,
        opened=now,
        changed=now,
        version=1,
        text_zh=f"{category.zh}：{report.text[:_SHOWN_TEXT]}" if report.text else category.zh,
        text_en=f"{category.en}: {report.text[:_SHOWN_TEXT]}" if report.text else category.en,
        alerts=(),
        reporter=report.account,
    )
    view = stamped(view, None, now, deadlines)
    write_incident(connection, view, new=True)
    write_report(connection, report)
    row = {
        "at": time_to_text(now),
        "topic": "incident",
        "subject": view.id,
        "incident": view.id,
        "move": "opened",
        "who": report.account,
        "note": "",
        "body": {**view.to_json(), "report": report.id},
    }
    opened = Written(view, write_journal(connection, [row]), 0)
    if not is_request(view) and view.kind not in AT_ONCE:
        return opened
    sent = send_next(connection, view, grid, now=now, from_level=0, deadlines=deadlines)
    return sent or opened
