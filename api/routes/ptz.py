"""Turning cameras: moves and stored positions, by one person at a time.

For who may move cameras and sees what this one sees: of a household, only while its people let the room watch. Every
move is audited. The camera stops by itself a few seconds after the last word of whoever turns it.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from api.access.auditing import note
from api.access.auth import needs
from api.access.camera_sight import seen_camera
from api.access.reaching import reached_camera
from api.errors import CameraHeldError, ForbiddenError, TrialFailedError
from api.parts import Here, Parts
from api.schemas.ptz import HeldView, MoveBody, MovedView, PresetBody, PresetView, PtzView
from cameras.moves import Moved, MoveWanted
from cameras.reaching import Problem, words
from config.community import Camera
from hub.access import Permission, Principal, Role
from hub.audit import Action

router = APIRouter(prefix="/api/v1/cameras/{camera_id}/ptz", tags=["cameras"])
Mover = Annotated[Principal, Depends(needs(Permission.MOVE_CAMERAS))]

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
    """The camera, if somebody may turn it: he reaches it, and sees what it sees.

    Raises:
        NotFoundError: There is none, or it is not for him.
    """
    reached_camera(here, who, Permission.MOVE_CAMERAS, camera_id)
    return seen_camera(here, who, camera_id)


def _hold(here: Parts, who: Principal, camera_id: str, *, take_over: bool) -> None:
    """Take hold of a camera.

    Raises:
        NotFoundError: It is not for him.
        ForbiddenError: He may not take it from somebody.
        CameraHeldError: Somebody else has it.
    """
    _may_move(here, who, camera_id)
    if take_over and who.role not in _TAKES_OVER:
        raise ForbiddenError("only supervisors and administrators take a camera from somebody")
    held = here.onboarding.holding.take(camera_id, account=who.id, name=who.name, over=take_over)
    if held is not None:
        raise CameraHeldError(held.name, until=held.until)


def _held(here: Parts, who: Principal, camera_id: str) -> HeldView | None:
    held = here.onboarding.holding.of(camera_id)
    return None if held is None else HeldView(by=held.name, until=held.until, mine=held.account == who.id)


def _done(here: Parts, who: Principal, camera_id: str, answer: Moved) -> MovedView:
    """That it was done.

    Raises:
        TrialFailedError: The camera did not.
    """
    if answer.problem is not None:
        zh, en = words(Problem(answer.problem))
        raise TrialFailedError(answer.problem, zh=zh, en=en)
    held = _held(here, who, camera_id)
    assert held is not None
    return MovedView(held=held, preset=answer.preset)
