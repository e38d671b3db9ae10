"""Areas and sites, as they are configured."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from api.auth import needs
from api.paging import Cursor, Limit, Page, page_of
from api.parts import Here
from api.schemas.places import AreaView, SiteView, Text
from config.community import Area, Site
from hub.access import Permission, Principal
from hub.errors import NotFoundError

router = APIRouter(prefix="/api/v1", tags=["places"])
Viewer = Annotated[Principal, Depends(needs(Permission.VIEW_PLACES))]


@router.get("/areas", summary="List areas")
def areas(here: Here, _who: Viewer, cursor: Cursor = None, limit: Limit = 100) -> Page[AreaView]:
    """All areas, by id."""
    found, following = page_of(here.revisions.current().areas, cursor, limit)
    return Page(items=[_area(area) for area in found], next=following)


@router.get("/areas/{area_id}", summary="One area")
def area(here: Here, _who: Viewer, area_id: str) -> AreaView:
    """One area."""
    found = next((each for each in here.revisions.current().areas if each.id == area_id), None)
    if found is None:
        raise NotFoundError(f"no area {area_id!r}")
    return _area(found)


@router.get("/sites", summary="List sites")
def sites(here: Here, _who: Viewer, cursor: Cursor = None, limit: Limit = 100) -> Page[SiteView]:
    """All sites, by id."""
    found, following = page_of(here.revisions.current().sites, cursor, limit)
    return Page(items=[_site(site) for site in found], next=following)


@router.get("/sites/{site_id}", summary="One site")
def site(here: Here, _who: Viewer, site_id: str) -> SiteView:
    """One site."""
    found = here.revisions.current().site(site_id)
    if found is None:
        raise NotFoundError(f"no site {site_id!r}")
    return _site(found)


def _area(area: Area) -> AreaView:
    return AreaView(id=area.id, name=Text(zh=area.name.zh, en=area.name.en), parent=area.parent)


def _site(site: Site) -> SiteView:
    return SiteView(
        id=site.id,
        name=Text(zh=site.name.zh, en=site.name.en),
        area=site.area,
        ring=site.ring,
        location=site.location,
        tags=list(site.tags),
    )
