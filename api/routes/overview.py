"""The overview: what is open, so that one person can follow it in a flood of alarms."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from alerts.figures.flood_watch import Rate
from alerts.figures.load import FLOOD_BEGINS, TEN_MINUTES
from alerts.incidents.incident import OPEN, Handling
from alerts.incidents.overview import Group, overview
from alerts.store.lists import Filter
from api.access.auth import needs
from api.access.sight import Sight, sight_of
from api.parts import Here, Parts
from api.routes.incidents import Names, shown
from api.schemas.incidents import IncidentView, Place
from config.community import Level
from hub.access import Permission, Principal

router = APIRouter(prefix="/api/v1", tags=["incidents"])
Viewer = Annotated[Principal, Depends(needs(Permission.VIEW_INCIDENTS))]

MOST = 2_000
"""Open incidents that are looked at, the newest first; how many there are in all is said."""


class GroupView(BaseModel):
    """Incidents of one area and family of kinds, collapsed."""

    area: str | None
    place: Place
    family: str = Field(examples=["power"], description="Of the kind that causes them.")
    count: int
    by_level: dict[Level, int]
    by_handling: dict[Handling, int]
    newest: datetime
    first: IncidentView = Field(description="What came first, often the cause.")
    incidents: list[str] = Field(description="Ids, the first one first.")


class OverviewView(BaseModel):
    """What is open."""

    flooding: bool
    per_10_min: int = Field(description="Annunciations in the last ten minutes.")
    since: datetime | None = Field(description="When the flood began.")
    collapsed: bool
    total: int = Field(description="Open incidents in all.")
    complete: bool = Field(description="False when there are more than were looked at.")
    hidden: int = Field(description="Those that a person put aside, or took out with their device.")
    incidents: list[IncidentView] = Field(description="The gravest first; collapsed, only those of level red.")
    groups: list[GroupView]


@router.get("/incidents/overview", summary="What is open, collapsed in a flood")
def incidents_overview(
    here: Here,
    who: Viewer,
    collapse: Annotated[Literal["auto", "always", "never"], Query(description="`auto`: in a flood.")] = "auto",
) -> OverviewView:
    """Red incidents individually on top; in a flood the rest by area and cause, each with what came first."""
    sight = sight_of(here, who)
    rate = _rate(here, sight)
    collapsed = rate.flooding if collapse == "auto" else collapse == "always"
    wanted = Filter(handling=OPEN, within=sight.within)
    page = here.alerts.incidents(wanted, limit=MOST)
    found = overview(page.items, collapse=collapsed)
    total = sum(here.alerts.count(wanted).values())
    names = Names(here.revisions.current())
    return OverviewView(
        flooding=rate.flooding,
        per_10_min=rate.per_10_min,
        since=rate.since,
        collapsed=collapsed,
        total=total,
        complete=page.next_cursor is None,
        hidden=found.hidden,
        incidents=[shown(here, names, sight, each) for each in found.single],
        groups=[_group(here, names, sight, each) for each in found.groups],
    )


def _rate(here: Parts, sight: Sight) -> Rate:
    """How it stands; for who sees a part, by what was raised there in ten minutes."""
    if sight.within is None:
        return here.figures.rate()
    raised = here.alerts.raised(Filter(since=here.clock.now() - TEN_MINUTES, within=sight.within))
    return Rate(per_10_min=raised, flooding=raised > FLOOD_BEGINS)


def _group(here: Parts, names: Names, sight: Sight, group: Group) -> GroupView:
    return GroupView(
        area=group.area,
        place=names.place(site=None, area=group.area, camera=None),
        family=group.family,
        count=len(group.incidents),
        by_level=dict(group.levels),
        by_handling=dict(group.handlings),
        newest=group.newest,
        first=shown(here, names, sight, group.first),
        incidents=list(group.incidents),
    )
