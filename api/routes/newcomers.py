"""Newcomers: who is entered as living at a home where others live, and has to be confirmed by one of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from api.access.auditing import note
from api.access.auth import needs
from api.access.reaching import reach_of
from api.paging import Page
from api.parts import Here, Parts
from api.schemas.home import ConfirmBody, NewcomerView
from hub.access import Permission, Principal
from hub.audit import Action
from hub.errors import ConflictError, NotFoundError
from hub.reach import Grant
from hub.store.people.contact_homes import ContactHome

router = APIRouter(prefix="/api/v1", tags=["home"])
Resident = Annotated[Principal, Depends(needs(Permission.DECIDE_CONSENT))]


@router.get("/me/home/newcomers", summary="Who waits to be confirmed as living at your home")
def newcomers(here: Here, who: Resident) -> Page[NewcomerView]:
    """They see nothing of it before. They come on one page, the oldest first."""
    names = {each.id: each.username for each in here.accounts.list()}
    found = sorted(_waiting(here, who), key=_at)
    return Page(
        items=[
            NewcomerView(
                id=each.id,
                site=_site(each),
                name=each.name if isinstance(each, ContactHome) else names.get(each.account, ""),
                at=_at(each),
                by=each.given_by if isinstance(each, Grant) else None,
            )
            for each in found
        ]
    )


@router.post("/me/home/newcomers/{newcomer_id}/confirm", summary="Somebody does live at your home", status_code=204)
def confirm(*, here: Here, who: Resident, request: Request, newcomer_id: str, body: ConfirmBody | None = None) -> None:
    """He decides with you from now on, and sees what is recorded from now on, or from `since` on.

    Nobody shows another more than he sees himself.
    """
    found = _find(here, who, newcomer_id)
    since = here.clock.now() if body is None or body.since is None else body.since.astimezone(UTC)
    own = reach_of(here, who).home_since.get(_site(found))
    begins = since if own is None else max(since, own)
    if isinstance(found, Grant):
        here.people.grants.confirm(found.id, begins)
    else:
        here.households.contact_homes.confirm(found, begins)
    note(request, Action.GIVE, kind="newcomer", id=newcomer_id, site=_site(found))
    here.households.refresh()


@router.delete("/me/home/newcomers/{newcomer_id}", summary="Somebody does not live at your home", status_code=204)
def refuse(here: Here, who: Resident, request: Request, newcomer_id: str) -> None:
    """He gets nothing of it."""
    found = _find(here, who, newcomer_id)
    if isinstance(found, Grant):
        here.people.grants.take_back(found.id, who.name)
    else:
        here.households.contact_homes.refuse(found)
    note(request, Action.TAKE_BACK, kind="newcomer", id=newcomer_id, site=_site(found))
    here.households.refresh()


@router.delete("/me/home/cameras/{camera_id}", summary="Let go of a camera that left your home", status_code=204)
def let_go(here: Here, who: Resident, request: Request, camera_id: str) -> None:
    """What was decided at your home holds for it no more, wherever it is now; only for one that is not there."""
    homes = reach_of(here, who).homes
    sites = sorted(site for camera, site in here.households.held.all if camera == camera_id and site in homes)
    if not sites:
        raise NotFoundError(f"no camera {camera_id!r} of yours")
    there = here.revisions.current().camera(camera_id)
    for site in sites:
        if there is not None and there.site == site:
            raise ConflictError("it is at your home; decide what it is for instead")
        here.households.held.let_go(camera_id, site)
        note(request, Action.CONSENT, kind="camera", id=camera_id, site=site, let_go=True)
    here.households.refresh()


def _waiting(here: Parts, who: Principal) -> list[Grant | ContactHome]:
    homes = reach_of(here, who).homes
    return [*here.people.grants.waiting(homes), *here.households.contact_homes.waiting(homes)]


def _find(here: Parts, who: Principal, newcomer_id: str) -> Grant | ContactHome:
    for each in _waiting(here, who):
        if each.id == newcomer_id:
            return each
    raise NotFoundError(f"nobody waits as {newcomer_id!r}")


def _site(each: Grant | ContactHome) -> str:
    return each.place if isinstance(each, Grant) else each.site


def _at(each: Grant | ContactHome) -> datetime:
    if isinstance(each, ContactHome):
        return each.at
    assert each.given is not None, each
    return each.given
