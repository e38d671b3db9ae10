"""Devices that announced themselves, and taking one over as a sensor of the Community."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.access.auth import needs
from api.access.reaching import everywhere, reach_of, reached_site
from api.errors import BadRequestError
from api.paging import Cursor, Limit, Page, page_of
from api.parts import Here, Parts
from api.schemas.discovered import DiscoveredView, TakeBody
from api.schemas.places import Text
from api.schemas.sensors import SensorView
from config.community import Community, Name, Sensor
from hub.access import Permission, Principal
from hub.errors import NotFoundError
from hub.sensors.parsing import Discovered

router = APIRouter(prefix="/api/v1", tags=["sensors"])
Looker = Annotated[Principal, Depends(needs(Permission.VIEW_REFUSALS))]
Editor = Annotated[Principal, Depends(needs(Permission.EDIT_COMMUNITY))]


@router.get("/sensors/discovered", summary="Devices that announced themselves")
def discovered(
    here: Here, who: Looker, *, configured: bool = False, cursor: Cursor = None, limit: Limit = 100
) -> Page[DiscoveredView]:
    """Devices that nobody configured yet, by format and address; with `configured` those that are, too.

    Everything about them is what they say of themselves: anybody who may publish to the broker can announce anything.
    """
    everywhere(here, who, Permission.VIEW_REFUSALS)
    taken = _taken(here.revisions.current())
    views = [_view(kind, each, taken) for kind, each in here.discovered()]
    wanted = [view for view in views if configured or view.sensor is None]
    found, following = page_of(wanted, cursor, limit)
    return Page(items=found, next=following)


@router.post("/sensors", summary="Take a discovered device over", status_code=201)
def take_over(here: Here, who: Editor, body: TakeBody, response: Response) -> SensorView:
    """Make a sensor of a device that announced itself; it is heard at once. 404 for one that did not."""
    if not reach_of(here, who).is_everywhere(Permission.EDIT_COMMUNITY):
        reached_site(here, who, Permission.EDIT_COMMUNITY, body.site)
    found = _announced(here, body)
    sensor = Sensor(
        id=body.id,
        site=body.site,
        name=Name(zh=body.name.zh, en=body.name.en) if body.name is not None else _name(found),
        format=body.format,
        address=body.address,
        kinds=tuple(body.kinds),
        silent_after_s=body.silent_after_s,
        life_safety=body.life_safety,
    )

    def edit(community: Community) -> Community:
        owner = _taken(community).get((body.format, body.address))
        if owner is not None:
            raise BadRequestError("body.address", f"it is the sensor {owner!r} already")
        return community.model_copy(update={"sensors": (*community.sensors, sensor)})

    here.revisions.change(edit, author=who.name, reason=f"took over {body.address}")
    response.headers["Location"] = f"/api/v1/sensors/{body.id}"
    site = here.revisions.current().site(body.site)
    return SensorView(
        id=sensor.id,
        site=sensor.site,
        area=None if site is None else site.area,
        name=Text.of(sensor.name),
        format=sensor.format,
        address=body.address,
        kinds=list(sensor.kinds),
        silent_after_s=sensor.silent_after_s,
        life_safety=sensor.life_safety,
    )


def _announced(here: Parts, body: TakeBody) -> Discovered:
    for kind, each in here.discovered():
        if kind == body.format and body.address in {*each.addresses, *each.entities}:
            return each
    raise NotFoundError(f"no device with the address {body.address!r} announced itself")


def _taken(community: Community) -> dict[tuple[str, str], str]:
    return {(sensor.format, sensor.address or sensor.id): sensor.id for sensor in community.sensors}


def _name(found: Discovered) -> Name | None:
    return None if found.name is None else Name(zh=found.name, en=found.name)


def _view(kind: str, found: Discovered, taken: dict[tuple[str, str], str]) -> DiscoveredView:
    known = [taken[kind, each] for each in (*found.addresses, *found.entities) if (kind, each) in taken]
    return DiscoveredView(
        id=f"{kind}:{found.address}",
        format=kind,
        address=found.address,
        addresses=list(found.addresses),
        entities=list(found.entities),
        name=found.name,
        manufacturer=found.manufacturer,
        model=found.model,
        kinds=list(found.kinds),
        values=dict(found.values),
        heard=found.heard,
        sensor=known[0] if known else None,
    )
