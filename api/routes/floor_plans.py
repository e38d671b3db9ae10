"""Floor plans: pictures of areas from above, for the map.

A picture is taken as those of reports are: walked by its structure, stripped, never decoded by the hub. It is written
before the Revision that names it; pictures of older Revisions stay, so that one may go back to them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.responses import FileResponse

from api.access.auth import needs
from api.access.reaching import reached_area
from api.errors import BadRequestError
from api.parts import Here, Parts
from api.routes.places import area_view
from api.schemas.places import AreaView, PlanCorners, PlanForm
from api.uploads import Form, read_form
from config.community import Area, Community, FloorPlan, Location
from hub.access import Permission, Principal
from hub.errors import NotFoundError

router = APIRouter(prefix="/api/v1", tags=["places"])
Viewer = Annotated[Principal, Depends(needs(Permission.VIEW_PLACES))]
Editor = Annotated[Principal, Depends(needs(Permission.EDIT_COMMUNITY))]


async def _form(request: Request, _who: Editor) -> Form:
    return await read_form(request)


def _described() -> dict[str, Any]:
    body = PlanForm.model_json_schema()
    body["properties"]["photo"] = {"type": "string", "format": "binary", "description": "JPEG or PNG, at most 8 MiB"}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": body}}}}


@router.get(
    "/areas/{area_id}/plan",
    summary="The picture of an area from above",
    response_class=FileResponse,
    responses={200: {"content": {"image/jpeg": {}, "image/png": {}}, "description": "The picture."}},
)
def plan(here: Here, who: Viewer, area_id: str) -> FileResponse:
    """The picture alone; where it lies stands with the area. 404 where there is none."""
    found = reached_area(here, who, Permission.VIEW_PLACES, area_id).plan
    path = None if found is None else here.reception.plans.of(found.picture, found.media)
    if found is None or path is None:
        raise NotFoundError(f"area {area_id!r} has no picture")
    return FileResponse(path, media_type=found.media, headers={"Cache-Control": "private, no-cache"})


@router.put("/areas/{area_id}/plan", summary="Give an area a picture", openapi_extra=_described())
def put_plan(here: Here, who: Editor, area_id: str, sent: Annotated[Form, Depends(_form)]) -> AreaView:
    """A picture of a floor or a yard, from above and north up, in place of the one that it has."""
    wanted = reached_area(here, who, Permission.EDIT_COMMUNITY, area_id).id
    try:
        form = PlanForm.model_validate(sent.fields)
    except ValidationError as error:
        wrong = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise RequestValidationError(wrong) from error
    if len(sent.pictures) != 1:
        raise BadRequestError("body.photo", "send one picture")
    (picture,) = sent.pictures
    name = uuid4().hex
    made = FloorPlan(
        picture=name,
        media="image/jpeg" if picture.media == "image/jpeg" else "image/png",
        south_west=Location(lat=form.south, lon=form.west),
        north_east=Location(lat=form.north, lon=form.east),
    )
    here.reception.plans.keep(name, picture.media, picture.data)
    try:
        return _change(here, who, wanted, lambda _before: made)
    except Exception:  # whatever keeps it from being in force, nobody would ever ask for the file
        here.reception.plans.drop([(name, picture.media)])
        raise


@router.put("/areas/{area_id}/plan/corners", summary="Move the picture of an area")
def move_plan(here: Here, who: Editor, area_id: str, body: PlanCorners) -> AreaView:
    """Where its picture lies, from corner to corner. 404 where it has none."""
    wanted = reached_area(here, who, Permission.EDIT_COMMUNITY, area_id).id
    corners = {"south_west": body.south_west, "north_east": body.north_east}

    def moved(before: FloorPlan | None) -> FloorPlan:
        if before is None:
            raise NotFoundError(f"area {area_id!r} has no picture")
        return before.model_copy(update=corners)

    return _change(here, who, wanted, moved)


@router.delete("/areas/{area_id}/plan", summary="Take the picture of an area away")
def drop_plan(here: Here, who: Editor, area_id: str) -> AreaView:
    """The map shows it no more; an older version of the community may bring it back."""
    wanted = reached_area(here, who, Permission.EDIT_COMMUNITY, area_id).id
    return _change(here, who, wanted, lambda _before: None)


def _change(
    here: Parts, who: Principal, wanted: str, change: Callable[[FloorPlan | None], FloorPlan | None]
) -> AreaView:
    def one(area: Area) -> Area:
        return area.model_copy(update={"plan": change(area.plan)}) if area.id == wanted else area

    def edit(community: Community) -> Community:
        return community.model_copy(update={"areas": tuple(one(each) for each in community.areas)})

    here.revisions.change(edit, author=who.name, reason=f"picture of area {wanted} changed")
    return area_view(reached_area(here, who, Permission.EDIT_COMMUNITY, wanted))
