"""Areas and sites: as they are configured, and new ones.

A new one is a Revision of the Community like any other change, checked completely before it is in force.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from alerts.language.places import places_of
from api.access.auth import needs
from api.access.reaching import everywhere, reach_of, reached_area, reached_site
from api.paging import Cursor, Limit, Page, page_of
from api.parts import Here, Parts
from api.schemas.places import (
    AreaBody,
    AreaView,
    ArmingBody,
    ArmingView,
    OutlineBody,
    SiteBody,
    SiteView,
    Text,
)
from config.community import Area, Community, Site
from hub.access import Permission, Principal
from hub.errors import ConflictError

router = APIRouter(prefix="/api/v1", tags=["places"])
Viewer = Annotated[Principal, Depends(needs(Permission.VIEW_PLACES))]
Armer = Annotated[Principal, Depends(needs(Permission.ARM_PLACES))]
Editor = Annotated[Principal, Depends(needs(Permission.EDIT_COMMUNITY))]


@router.get("/areas", summary="List areas")
def areas(here: Here, who: Viewer, cursor: Cursor = None, limit: Limit = 100) -> Page[AreaView]:
    """The areas that you reach, by id."""
    within = reach_of(here, who).within(Permission.VIEW_PLACES)
    there = here.revisions.current().areas
    mine = there if within is None else [area for area in there if area.id in within.areas]
    found, following = page_of(mine, cursor, limit)
    return Page(items=[area_view(area) for area in found], next=following)


@router.post("/areas", summary="Add an area", status_code=201)
def add_area(here: Here, who: Editor, body: AreaBody, response: Response) -> AreaView:
    """Add a node to the grid. 409 where an area has its id already."""
    everywhere(here, who, Permission.EDIT_COMMUNITY)
    made = Area(id=body.id, name=body.name, parent=body.parent)

    def edit(community: Community) -> Community:
        if any(each.id == made.id for each in community.areas):
            raise ConflictError(f"there is an area {made.id!r} already")
        return community.model_copy(update={"areas": (*community.areas, made)})

    here.revisions.change(edit, author=who.name, reason=f"area {made.id} added")
    response.headers["Location"] = f"/api/v1/areas/{made.id}"
    return area_view(made)


@router.get("/areas/{area_id}", summary="One area")
def area(here: Here, who: Viewer, area_id: str) -> AreaView:
    """One area."""
    return area_view(reached_area(here, who, Permission.VIEW_PLACES, area_id))


@router.put("/areas/{area_id}/outline", summary="Draw an area")
def draw(here: Here, who: Editor, area_id: str, body: OutlineBody) -> AreaView:
    """Its border on the map. An empty one takes it away."""
    wanted = reached_area(here, who, Permission.EDIT_COMMUNITY, area_id).id

    def edit(community: Community) -> Community:
        areas = [
            each.model_copy(update={"outline": tuple(body.corners)}) if each.id == wanted else each
            for each in community.areas
        ]
        return community.model_copy(update={"areas": tuple(areas)})

    here.revisions.change(edit, author=who.name, reason=f"area {wanted} drawn")
    return area_view(reached_area(here, who, Permission.EDIT_COMMUNITY, wanted))


@router.get("/areas/{area_id}/arming", summary="Whether an area is armed")
def area_arming(here: Here, who: Viewer, area_id: str) -> ArmingView:
    """What was said of it, else of the nearest area above it."""
    return _arming(here, site=None, area=reached_area(here, who, Permission.VIEW_PLACES, area_id).id)


@router.put("/areas/{area_id}/arming", summary="Arm or disarm an area")
def arm_area(here: Here, who: Armer, area_id: str, body: ArmingBody) -> ArmingView:
    """For everything below it of which nothing nearer was said. It stands in the journal with the name."""
    area = reached_area(here, who, Permission.ARM_PLACES, area_id).id
    here.arming.say(site=None, area=area, armed=body.armed, who=who.name, note=body.note)
    return _arming(here, site=None, area=area)


@router.get("/sites", summary="List sites")
def sites(here: Here, who: Viewer, cursor: Cursor = None, limit: Limit = 100) -> Page[SiteView]:
    """The sites that you reach, by id."""
    within = reach_of(here, who).within(Permission.VIEW_PLACES)
    there = here.revisions.current().sites
    mine = there if within is None else [site for site in there if site.id in within.sites]
    found, following = page_of(mine, cursor, limit)
    return Page(items=[_site(site) for site in found], next=following)


@router.post("/sites", summary="Add a site", status_code=201)
def add_site(here: Here, who: Editor, body: SiteBody, response: Response) -> SiteView:
    """Add a place, of which cameras and sensors then are part. 409 where a site has its id already."""
    everywhere(here, who, Permission.EDIT_COMMUNITY)
    made = Site(id=body.id, name=body.name, area=body.area, ring=body.ring, location=body.location)

    def edit(community: Community) -> Community:
        if community.site(made.id) is not None:
            raise ConflictError(f"there is a site {made.id!r} already")
        return community.model_copy(update={"sites": (*community.sites, made)})

    here.revisions.change(edit, author=who.name, reason=f"site {made.id} added")
    response.headers["Location"] = f"/api/v1/sites/{made.id}"
    return _site(made)


@router.get("/sites/{site_id}", summary="One site")
def site(here: Here, who: Viewer, site_id: str) -> SiteView:
    """One site."""
    return _site(reached_site(here, who, Permission.VIEW_PLACES, site_id))


@router.get("/sites/{site_id}/arming", summary="Whether a site is armed")
def site_arming(here: Here, who: Viewer, site_id: str) -> ArmingView:
    """What was said of it, else of the nearest area above it."""
    found = reached_site(here, who, Permission.VIEW_PLACES, site_id)
    return _arming(here, site=found.id, area=found.area)


@router.put("/sites/{site_id}/arming", summary="Arm or disarm a site")
def arm_site(here: Here, who: Armer, site_id: str, body: ArmingBody) -> ArmingView:
    """Whatever is said of its area. It stands in the journal with the name."""
    found = reached_site(here, who, Permission.ARM_PLACES, site_id)
    here.arming.say(site=found.id, area=found.area, armed=body.armed, who=who.name, note=body.note)
    return _arming(here, site=found.id, area=found.area)


def _arming(here: Parts, *, site: str | None, area: str | None) -> ArmingView:
    state = here.arming.state(site=site, area=area, places=places_of(here.revisions.current()))
    return ArmingView.model_validate(asdict(state))


def area_view(area: Area) -> AreaView:
    """An area as it is shown."""
    name = Text(zh=area.name.zh, en=area.name.en)
    return AreaView(id=area.id, name=name, parent=area.parent, outline=list(area.outline), plan=area.plan)


def _site(site: Site) -> SiteView:
    return SiteView(
        id=site.id,
        name=Text(zh=site.name.zh, en=site.name.en),
        area=site.area,
        ring=site.ring,
        location=site.location,
        tags=list(site.tags),
    )
