"""API keys: for devices and services. Who makes one gives no more than he has; an administrator sees and ends all."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api.access.auditing import note
from api.access.auth import in_person, needs
from api.access.reaching import reach_of
from api.errors import BadRequestError
from api.paging import Page
from api.parts import Here, Parts
from api.schemas.keys import KeyBody, KeyMade, KeyView
from hub.access import Permission, Principal, allows, permissions
from hub.audit import Action
from hub.store.people.api_keys import FOR_PERSONS, LONGEST, ApiKey

router = APIRouter(prefix="/api/v1", tags=["keys"], dependencies=[Depends(in_person)])
Keeper = Annotated[Principal, Depends(needs(Permission.MANAGE_KEYS))]

_SLACK = timedelta(minutes=5)
"""Clocks of clients are off; two years from theirs is not refused."""


@router.get("/keys", summary="List API keys")
def keys(here: Here, who: Keeper) -> Page[KeyView]:
    """The keys that were not ended, the newest first: one's own, for administrators all. They come on one page."""
    return Page(items=[KeyView(**_shown(each)) for each in here.people.keys.list(account=_whose(who))])


@router.post("/keys", summary="Make an API key", status_code=201)
def make(*, here: Here, who: Keeper, request: Request, response: Response, body: KeyBody) -> KeyMade:
    """Make a key that does what `permissions` say, on `cameras`, until `expires`, and never more than you may then.

    The key itself is shown in this answer and never again.
    """
    scope = frozenset(body.permissions)
    for number, each in enumerate(body.permissions):
        if each in FOR_PERSONS:
            raise BadRequestError(f"body.permissions.{number}", f"{each} is for people, not for API keys")
        if each not in permissions(who):
            raise BadRequestError(f"body.permissions.{number}", f"you have no permission {each}")
    now = here.clock.now()
    if not now < body.expires <= now + LONGEST + _SLACK:
        raise BadRequestError("body.expires", "lies between now and two years from now")
    cameras = None if body.cameras is None else frozenset(body.cameras)
    _check_cameras(here, who, scope, body.cameras or [])
    made, text = here.people.keys.make(who.id, body.name, scope, cameras=cameras, expires=body.expires)
    note(request, Action.GIVE, kind="key", id=made.id, name=made.name, permissions=sorted(scope))
    response.headers["Location"] = f"/api/v1/keys/{made.id}"
    return KeyMade(**_shown(made), key=text)


@router.get("/keys/{key_id}", summary="One API key")
def key(here: Here, who: Keeper, key_id: str) -> KeyView:
    """One key, without what opens the door."""
    return KeyView(**_shown(here.people.keys.get(key_id, account=_whose(who))))


@router.delete("/keys/{key_id}", summary="End an API key", status_code=204)
def end(here: Here, who: Keeper, request: Request, key_id: str) -> None:
    """Let a key open nothing more, from the next request on."""
    found = here.people.keys.get(key_id, account=_whose(who))
    note(request, Action.TAKE_BACK, kind="key", id=found.id, name=found.name, account=found.account)
    here.people.keys.end(found.id)


def _whose(who: Principal) -> str | None:
    """Whose keys somebody handles; None for all."""
    return None if allows(who, Permission.MANAGE_ACCOUNTS) else who.id


def _check_cameras(here: Parts, who: Principal, scope: frozenset[Permission], cameras: list[str]) -> None:
    """Refuse a camera that there is not, or that is not for who makes the key, in the same words."""
    community, reach = here.revisions.current(), reach_of(here, who)
    for number, camera in enumerate(cameras):
        there = community.camera(camera) is not None
        if not there or not any(reach.allows(each, camera=camera) for each in scope):
            raise BadRequestError(f"body.cameras.{number}", f"there is no camera {camera}")


def _shown(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "account": key.username,
        "name": key.name,
        "permissions": sorted(key.permissions),
        "cameras": None if key.cameras is None else sorted(key.cameras),
        "created": key.created,
        "expires": key.expires,
        "used": key.used,
    }
