"""What if: zones, lines and ground of a camera tried over what it saw, before they are saved; and their history.

Nothing is changed, and nobody is told. Who may change the camera may try. A camera whose pictures may not be looked at
for everything has no trace, and nothing of it is tried.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.access.auth import needs
from api.access.reaching import reached_camera
from api.errors import BadRequestError
from api.parts import Here
from api.schemas.what_if import WhatIfBody, WhatIfView, ZoneHistoryView, ZoneVersionView
from config.analysing import Analyse
from config.community import Camera, Community, Ground, Line, Zone
from config.load import check_community
from hub.access import Permission, Principal
from hub.errors import (
    ConfigurationError,
    NotAllowedError,
    NotFoundError,
    StoreBusyError,
    StoreClosedError,
    StoreError,
)

router = APIRouter(prefix="/api/v1", tags=["cameras"])
MOST_REVISIONS = 100
MOST_VERSIONS = 20
Editor = Annotated[Principal, Depends(needs(Permission.EDIT_COMMUNITY))]


@router.post("/cameras/{camera_id}/what-if", summary="Try zones before they are saved", status_code=202)
def begin(*, here: Here, who: Editor, camera_id: str, body: WhatIfBody, response: Response) -> WhatIfView:
    """Begin to try a camera's zones over the last hours: which alerts would be new, which gone. One at a time (429)."""
    reached_camera(here, who, Permission.EDIT_COMMUNITY, camera_id)
    there = here.revisions.current()
    before = _camera(there, camera_id)
    running = here.households.current().camera(camera_id)
    if running is None or running.analyse is not Analyse.ALL:
        raise NotAllowedError("the pictures of this camera may not be looked at for everything; nothing was traced")
    change = body.model_dump(mode="json", exclude={"hours", "behaviours"})
    if body.behaviours is not None:
        change["behaviours"] = body.behaviours
    _check(there, before, change)
    until = here.clock.now()
    trial = here.trials.begin_zones(
        camera_id, change, since=until - timedelta(hours=body.hours), until=until, who=who.name
    )
    response.headers["Location"] = f"/api/v1/cameras/{camera_id}/what-if/{trial.id}"
    return WhatIfView.of(trial)


@router.get("/cameras/{camera_id}/what-if/{trial_id}", summary="How a trial of zones does")
def trial(here: Here, who: Editor, camera_id: str, trial_id: str) -> WhatIfView:
    """Whether it is done, and what came of it."""
    reached_camera(here, who, Permission.EDIT_COMMUNITY, camera_id)
    return WhatIfView.of(here.trials.get(trial_id, camera=camera_id))


@router.get("/cameras/{camera_id}/zones/history", summary="How a camera's zones came about")
def history(here: Here, who: Editor, camera_id: str) -> ZoneHistoryView:
    """Its zones, lines and ground as they were, the newest first, with who changed them, when and why.

    To go back, `PUT` older ones. Reaches a hundred revisions of the community back.
    """
    reached_camera(here, who, Permission.EDIT_COMMUNITY, camera_id)
    revisions = here.revisions.history(limit=MOST_REVISIONS)
    found: list[ZoneVersionView] = []
    complete = len(revisions) < MOST_REVISIONS
    for each in revisions:
        try:
            camera = here.revisions.version(each.number).camera(camera_id)
        except (StoreBusyError, StoreClosedError):
            raise
        except StoreError:  # of a program that wrote what this one does not read: older ones are not shown
            complete = False
            break
        if camera is None:
            break
        if found and _zones(camera) == (found[-1].zones, found[-1].lines, found[-1].ground):
            found.pop()  # it was so before: the oldest one with it made it so
        zones, lines, ground = _zones(camera)
        found.append(
            ZoneVersionView(
                number=each.number,
                at=each.at,
                author=each.author,
                reason=each.reason,
                zones=zones,
                lines=lines,
                ground=ground,
            )
        )
        if len(found) > MOST_VERSIONS:
            complete = False
            break
    return ZoneHistoryView(items=found[:MOST_VERSIONS], complete=complete)


def _zones(camera: Camera) -> tuple[list[Zone], list[Line], Ground | None]:
    return list(camera.zones), list(camera.lines), camera.ground


def _camera(there: Community, camera_id: str) -> Camera:
    found = there.camera(camera_id)
    if found is None:
        raise NotFoundError(f"no camera {camera_id!r}")
    return found


def _check(there: Community, before: Camera, change: dict[str, object]) -> None:
    """Refuse what could not be saved either, with every mistake.

    Raises:
        ConfigurationError: It has mistakes.
    """
    whole = before.model_dump(mode="json", context={"secrets": True}) | change
    try:
        after = Camera.model_validate(whole)
    except ValueError as error:
        raise BadRequestError("body", str(error)) from error
    cameras = tuple(after if each is before else each for each in there.cameras)
    wrong = check_community(there.model_copy(update={"cameras": cameras}))
    mine = tuple(each for each in wrong if each.path.startswith("cameras"))
    if mine:
        raise ConfigurationError(mine)
