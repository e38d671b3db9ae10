"""Grants, for administrators: where somebody may do what his role allows.

What was given is never changed: it is taken back, which is kept for the record, and given anew. Narrowing an account is
to give it what it needs and to take back its grant for the whole community.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from api.access.auditing import note
from api.access.auth import needs
from api.access.reaching import everywhere, reach_of
from api.errors import BadRequestError, ForbiddenError
from api.paging import Cursor, Limit, Page, decode, encode
from api.parts import Here, Parts
from api.schemas.grants import GrantBody, GrantView
from config.community import Ring
from hub.access import Permission, Principal, Role, permissions
from hub.audit import Action
from hub.errors import NotFoundError
from hub.events import time_to_text
from hub.reach import OF_ONES_HOME, Grant, GrantKind, Reach
from hub.store.people.accounts import Account

router = APIRouter(prefix="/api/v1", tags=["grants"])


def _manager(here: Here, who: Annotated[Principal, Depends(needs(Permission.MANAGE_ACCOUNTS))]) -> Principal:
    if who.key is not None:
        raise ForbiddenError("this is for people, not for API keys")
    everywhere(here, who, Permission.MANAGE_ACCOUNTS)
    return who


Manager = Annotated[Principal, Depends(_manager)]

_OWN = OF_ONES_HOME | {Permission.VIEW_SHARED_LIVE}
"""What nobody does for an office: whoever gives it need not be able to do it himself."""


@router.get("/grants", summary="List grants")
def grants(
    *,
    here: Here,
    _who: Manager,
    account: Annotated[str | None, Query(max_length=64, description="Of this account: its id or user name.")] = None,
    place: Annotated[str | None, Query(max_length=64, description="For this area, site or camera.")] = None,
    kind: GrantKind | None = None,
    in_force: Annotated[bool | None, Query(description="Only those that count now, or only those that do not.")] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[GrantView]:
    """Grants, the one given last first, also those that are over or were taken back."""
    after = decode(cursor, parts=2)
    found = here.people.grants.list(
        account=None if account is None else _account(here, account).id,
        place=place,
        kind=kind,
        in_force=in_force,
        before=None if after is None else (after[0], after[1]),
        limit=limit + 1,
    )
    shown = found[:limit]
    names = {each.id: each.username for each in here.accounts.list()}
    following = encode(_given(shown[-1]), shown[-1].id) if len(found) > limit else None
    return Page(items=[_view(here, each, names[each.account]) for each in shown], next=following)


@router.post("/grants", summary="Give a grant", status_code=201)
def give(*, here: Here, who: Manager, request: Request, body: GrantBody, response: Response) -> GrantView:
    """Let somebody do what his role allows in an area with all below it, at a site, or with one camera.

    `household` says that somebody lives at a site; where others live, one of them has to confirm it. Nobody gives
    more than he has.
    """
    account = _account(here, body.account)
    named = _permissions(account, body)
    site = _site_of(here, body)
    starts, ends = _times(here, body)
    _check_giver(reach_of(here, who), named)
    given = here.people.grants.give(
        Grant(
            id="",
            account=account.id,
            kind=body.kind,
            place=body.place,
            permissions=named,
            starts=starts,
            ends=ends,
            given_by=who.name,
            reason=body.reason.strip(),
            site=site,
            waits=body.kind is GrantKind.HOUSEHOLD and here.households.must_wait(body.place, who.name),
        )
    )
    _tell(request, Action.GIVE, given, account)
    response.headers["Location"] = f"/api/v1/grants/{given.id}"
    return _view(here, given, account.username)


@router.get("/grants/{grant_id}", summary="One grant")
def one(here: Here, _who: Manager, grant_id: str) -> GrantView:
    """One grant, also one that is over or was taken back."""
    found = here.people.grants.get(grant_id)
    return _view(here, found, _account(here, found.account).username)


@router.delete("/grants/{grant_id}", summary="Take a grant back", status_code=204)
def take_back(here: Here, who: Manager, request: Request, grant_id: str) -> None:
    """It counts no more from now on, and is kept for the record; live pictures and feeds end within seconds.

    The last administrator with a grant for the whole community keeps it.
    """
    account = _account(here, here.people.grants.get(grant_id).account)
    taken = here.people.grants.take_back(grant_id, who.name)
    _tell(request, Action.TAKE_BACK, taken, account)


def _account(here: Parts, named: str) -> Account:
    """The account with an id, or of a name.

    Raises:
        NotFoundError: There is none.
    """
    found = here.accounts.get(named)
    if found is None:
        folded = named.casefold()
        found = next((each for each in here.accounts.list() if each.username == folded), None)
    if found is None:
        raise NotFoundError(f"no account {named!r}")
    return found


def _permissions(account: Account, body: GrantBody) -> frozenset[Permission] | None:
    """What the grant is to allow; None for all that the role does."""
    by_role = permissions(Principal(account.id, account.username, account.role))
    if body.kind is GrantKind.HOUSEHOLD and account.role != Role.RESIDENT:
        raise BadRequestError(
            "body.account",
            f"is an account of the role {account.role}; who has an office lives there by a second account",
        )
    named = None if body.permissions is None else frozenset(body.permissions)
    if named is not None and not named & by_role:
        raise BadRequestError("body.permissions", f"the role {account.role} allows none of these anywhere")
    if body.kind is GrantKind.HOUSEHOLD and named is not None:
        raise BadRequestError("body.permissions", "who lives there may do what a resident may; leave it out")
    if account.role == Role.RESIDENT and body.kind is GrantKind.COMMUNITY:
        raise BadRequestError("body.kind", "for a resident name an area, a site, a camera or a household")
    if account.role == Role.RESIDENT and body.kind is not GrantKind.HOUSEHOLD and named is None:
        # Said, so that no grant that is left from an office shows a resident pictures.
        return frozenset({Permission.VIEW_OWN_PICTURES})
    return named


def _site_of(here: Parts, body: GrantBody) -> str | None:
    """Where a camera is of which a grant is given.

    Raises:
        BadRequestError: There is no such place.
    """
    community = here.revisions.current()
    if body.kind is GrantKind.COMMUNITY:
        if body.place:
            raise BadRequestError("body.place", "leave it out: this is for the whole community")
        return None
    if body.kind is GrantKind.CAMERA:
        camera = community.camera(body.place)
        if camera is None:
            raise BadRequestError("body.place", f"there is no camera {body.place!r}")
        return camera.site
    if body.kind is GrantKind.AREA:
        if body.place not in {area.id for area in community.areas}:
            raise BadRequestError("body.place", f"there is no area {body.place!r}")
        return None
    site = community.site(body.place)
    if site is None:
        raise BadRequestError("body.place", f"there is no site {body.place!r}")
    if body.kind is GrantKind.HOUSEHOLD and site.ring is not Ring.HOUSEHOLD:
        raise BadRequestError("body.place", f"nobody lives at {body.place!r}: its ring is {site.ring.value}")
    return None


def _times(here: Parts, body: GrantBody) -> tuple[datetime | None, datetime | None]:
    try:
        starts = None if body.starts is None else body.starts.astimezone(UTC)
        ends = None if body.ends is None else body.ends.astimezone(UTC)
    except OverflowError as error:
        raise BadRequestError("body.ends", "there is no such time") from error
    if ends is not None and ends <= (starts or here.clock.now()):
        raise BadRequestError("body.ends", "has to lie after `starts`")
    if ends is not None and ends <= here.clock.now():
        raise BadRequestError("body.ends", "is past")
    return starts, ends


def _check_giver(giver: Reach, named: frozenset[Permission] | None) -> None:
    """Refuse to give more than the giver has.

    Raises:
        ForbiddenError: He may not do some of it everywhere himself.
    """
    wanted = permissions(giver.who) if named is None else named
    missing = sorted(each.value for each in wanted - _OWN if not giver.is_everywhere(each))
    if missing:
        raise ForbiddenError(f"nobody gives more than he has; you lack {', '.join(missing)}")


def _tell(request: Request, action: Action, grant: Grant, account: Account) -> None:
    note(
        request,
        action,
        kind="grant",
        id=grant.id,
        account=account.id,
        name=account.username,
        of=grant.kind.value,
        place=grant.place,
    )


def _given(grant: Grant) -> str:
    assert grant.given is not None, grant
    return time_to_text(grant.given)


def _view(here: Parts, grant: Grant, username: str) -> GrantView:
    assert grant.given is not None, grant
    return GrantView(
        id=grant.id,
        account=grant.account,
        username=username,
        kind=grant.kind,
        place=grant.place,
        permissions=None if grant.permissions is None else sorted(grant.permissions),
        starts=grant.starts,
        ends=grant.ends,
        given_by=grant.given_by,
        given=grant.given,
        reason=grant.reason,
        waits=grant.waits,
        in_force=grant.is_in_force(here.clock.now()),
        taken_back=grant.taken_back,
        taken_back_by=grant.taken_back_by,
    )
