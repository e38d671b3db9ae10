"""Turning cameras: moves and stored positions, by one person at a time.

For the room, of cameras that it may watch now: of a household, only while its people let it; and for who lives there,
always. With the right to turn a camera ends that one holds it. Every move is audited. The camera stops by itself a few
seconds after the last word of whoever turns it.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from api.access.auditing import note
from api.access.auth import needs
from api.access.camera_sight import seen_camera
from api.access.reaching import reach_of, reached_camera
from api.errors import CameraHeldError, ForbiddenError, TrialFailedError
from api.onboarding.holding import Held
from api.parts import Here, Parts
from api.schemas.ptz import HeldView, MoveBody, MovedView, PresetBody, PresetView, PtzView
from cameras.moves import Moved, MoveWanted
from cameras.reaching import Problem, words
from config.community import Camera
from hub.access import Permission, Principal, Role
from hub.audit import Action
from hub.errors import NotFoundError

router = APIRouter(prefix="/api/v1/cameras/{camera_id}/ptz", tags=["cameras"])
_MOVERS = (Permission.MOVE_CAMERAS, Permission.MOVE_OWN_CAMERAS)
Mover = Annotated[Principal, Depends(needs(*_MOVERS))]

_TAKES_OVER = frozenset({Role.SUPERVISOR.value, Role.ADMINISTRATOR.value})


@router.get("", summary="Whether a camera can be turned, and who does")
def ptz(here: Here, who: Mover, camera_id: str) -> PtzView:
    """Its stored positions, where it looks, and who holds it."""
    _may_move(here, who, camera_id)
    held = _held(here, who, camera_id)
    answer = here.cameras.move(camera_id, MoveWanted(0, camera_id, "presets"))
    if answer.problem is not None:
        return PtzView(can_turn=False, problem=answer.problem, held=held)
    at = here.cameras.move(camera_id, MoveWanted(0, camera_id, "position"))
    presets = [PresetView(preset=token, name=name) for token, name in answer.presets]
    return PtzView(can_turn=True, presets=presets, held=held, pan=at.pan, tilt=at.tilt, zoom=at.zoom, moving=at.moving)


@router.post("/move", summary="Turn a camera")
def move(*, here: Here, who: Mover, request: Request, camera_id: str, body: MoveBody) -> MovedView:
    """Turn it for up to 5 seconds; you hold it for 30 more. 409 with who and until when, while somebody else does."""
    _hold(here, who, camera_id, take_over=body.take_over)
    note(
        request, Action.MOVE, kind="camera", id=camera_id, pan=body.pan, tilt=body.tilt, zoom=body.zoom,
        for_s=body.for_s, took_over=body.take_over,
    )  # fmt: skip
    wanted = MoveWanted(0, camera_id, "move", pan=body.pan, tilt=body.tilt, zoom=body.zoom, for_s=body.for_s)
    return _done(here, who, camera_id, here.cameras.move(camera_id, wanted))


@router.post("/stop", summary="Stop a camera that turns")
def stop(here: Here, who: Mover, request: Request, camera_id: str) -> MovedView:
    """Stop it at once; you hold it for 30 seconds more."""
    _hold(here, who, camera_id, take_over=False)
    note(request, Action.MOVE, kind="camera", id=camera_id, did="stop")
    return _done(here, who, camera_id, here.cameras.move(camera_id, MoveWanted(0, camera_id, "stop")))


@router.post("/presets", summary="Go to a stored position, store or remove one")
def presets(*, here: Here, who: Mover, request: Request, camera_id: str, body: PresetBody) -> MovedView:
    """Positions are kept in the camera itself."""
    _hold(here, who, camera_id, take_over=body.take_over)
    note(request, Action.MOVE, kind="camera", id=camera_id, did=f"preset {body.do}", preset=body.preset)
    word = {"go": "go", "set": "store", "remove": "remove"}[body.do]
    wanted = MoveWanted(0, camera_id, word, preset=body.preset, name=body.name)
    return _done(here, who, camera_id, here.cameras.move(camera_id, wanted))


@router.delete("/hold", summary="Let a camera go", status_code=204)
def let_go(here: Here, who: Mover, camera_id: str) -> None:
    """You hold it no more; somebody else may turn it at once."""
    _may_move(here, who, camera_id)
    here.onboarding.holding.let_go(who.id, camera_id)


def _may_move(here: Parts, who: Principal, camera_id: str) -> Camera:
    """The camera, if somebody may turn it: he lives there; or he reaches it, and the room may watch it now.

    Raises:
        NotFoundError: There is none, or it is not for him.
    """
    if _is_of_ones_home(here, who, camera_id):
        return reached_camera(here, who, Permission.MOVE_OWN_CAMERAS, camera_id)
    found = reached_camera(here, who, Permission.MOVE_CAMERAS, camera_id)
    # What somebody shows him as a friend is no reason to turn it for his office.
    if not here.households.sight().room(who, camera_id, found.site).live:
        raise NotFoundError(f"no camera {camera_id!r}")
    return seen_camera(here, who, camera_id)


def _is_of_ones_home(here: Parts, who: Principal, camera_id: str) -> bool:
    return reach_of(here, who).allows(Permission.MOVE_OWN_CAMERAS, camera=camera_id)


def _hold(here: Parts, who: Principal, camera_id: str, *, take_over: bool) -> None:
    """Take hold of a camera.

    Raises:
        NotFoundError: It is not for him.
        ForbiddenError: He may not take it from somebody.
        CameraHeldError: Somebody else has it.
    """
    _may_move(here, who, camera_id)
    if take_over and who.role not in _TAKES_OVER and not _is_of_ones_home(here, who, camera_id):
        raise ForbiddenError("only supervisors, administrators and who lives there take a camera from somebody")
    _holder(here, camera_id)
    held = here.onboarding.holding.take(camera_id, who, over=take_over)
    if held is not None:
        raise CameraHeldError(held.who.name, until=held.until)


def _holder(here: Parts, camera_id: str) -> Held | None:
    """Who holds a camera; who may turn it no more, lets go of it."""
    held = here.onboarding.holding.of(camera_id)
    if held is None:
        return None
    try:
        _may_move(here, held.who, camera_id)
    except NotFoundError:
        here.onboarding.holding.let_go(held.who.id, camera_id)
        return None
    return held


def _held(here: Parts, who: Principal, camera_id: str) -> HeldView | None:
    held = _holder(here, camera_id)
    return None if held is None else HeldView(by=held.who.name, until=held.until, mine=held.who.id == who.id)


def _done(here: Parts, who: Principal, camera_id: str, answer: Moved) -> MovedView:
    """That it was done.

    Raises:
        TrialFailedError: The camera did not.
        NotFoundError: It is not for him any more.
    """
    if answer.problem is not None:
        zh, en = words(Problem(answer.problem))
        raise TrialFailedError(answer.problem, zh=zh, en=en)
    held = _held(here, who, camera_id)
    if held is None:  # his right ended while the camera was asked
        raise NotFoundError(f"no camera {camera_id!r}")
    return MovedView(held=held, preset=answer.preset)
