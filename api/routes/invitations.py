"""Invitations: links and codes by which residents make their own accounts.

Who invites to a site has to reach it. What is not good, or not any more, is answered alike. The token stands behind the
`#` of the link, so that it never reaches a log of a server or another site.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api.access.auditing import note
from api.access.auth import in_person, needs
from api.access.inviting import still_invited
from api.access.limits import Kind, address_of, neighbours_of
from api.access.reaching import reach_of
from api.errors import BadRequestError
from api.paging import Page
from api.parts import Here, Parts
from api.routes.me import drawn
from api.schemas.accounts import Me
from api.schemas.keys import (
    InvitationBody,
    InvitationLook,
    InvitationMade,
    InvitationToken,
    InvitationUse,
    InvitationView,
)
from api.schemas.places import Text
from hub.access import Permission, Principal, Role, allows, permissions
from hub.audit import Action
from hub.errors import NotFoundError
from hub.store.people.invitations import LONGEST, USUAL, Invitation

open_router = APIRouter(prefix="/api/v1", tags=["invitations"])
"""Without an access token: what the link carries is checked instead."""
router = APIRouter(prefix="/api/v1", tags=["invitations"], dependencies=[Depends(in_person)])
Host = Annotated[Principal, Depends(needs(Permission.INVITE_RESIDENTS, Permission.DECIDE_CONSENT))]
"""An office where it reaches, and who lives somewhere to his own home."""


@router.get("/invitations", summary="List invitations")
def invitations(here: Here, who: Host) -> Page[InvitationView]:
    """Invitations that can still be used, the newest first, to sites that you reach. They come on one page."""
    return Page(
        items=[InvitationView(**_shown(each)) for each in here.people.invitations.list() if _is_for(here, who, each)]
    )


@router.post("/invitations", summary="Invite somebody", status_code=201)
def invite(*, here: Here, who: Host, request: Request, response: Response, body: InvitationBody) -> InvitationMade:
    """Make a link, and the same as a QR code, by which somebody makes an account that lives at these sites.

    Who lives somewhere may invite to his own home. Whom an office invites to a home where somebody lives sees nothing
    of it before one of them has confirmed him. Both are in this answer and never again. It works once, for 7 days
    unless `expires` says otherwise.
    """
    here.people.limits.take(Kind.INVITE, who.id)
    now = here.clock.now()
    expires = body.expires or now + USUAL
    if not now < expires <= now + LONGEST:
        raise BadRequestError("body.expires", "lies between now and 30 days from now")
    if body.role == "resident" and not body.sites:
        raise BadRequestError("body.sites", "say where this resident lives")
    known, reach = {site.id for site in here.revisions.current().sites}, reach_of(here, who)
    if body.role != "resident" and not allows(who, Permission.INVITE_RESIDENTS):
        raise BadRequestError("body.role", "to your home you invite residents")
    if body.role != "resident" and body.sites:
        raise BadRequestError("body.sites", "only residents live somewhere; leave it out")
    if body.role != "resident" and not reach.is_everywhere(Permission.INVITE_RESIDENTS):
        raise BadRequestError("body.role", "who is sent anywhere is invited by an office for the whole Community")
    for number, site in enumerate(body.sites):
        if site not in known or not (site in reach.homes or reach.allows(Permission.INVITE_RESIDENTS, site=site)):
            raise BadRequestError(f"body.sites.{number}", f"there is no site {site}")
    made, token = here.people.invitations.invite(
        Role(body.role), tuple(dict.fromkeys(body.sites)), note=body.note, made_by=who.name, expires=expires
    )
    home = made.sites[0] if len(made.sites) == 1 else None
    note(request, Action.GIVE, kind="invitation", id=made.id, site=home, role=made.role, sites=list(made.sites))
    response.headers["Location"] = f"/api/v1/invitations/{made.id}"
    link = f"{str(request.base_url).rstrip('/')}/invite#token={token}"
    return InvitationMade(**_shown(made), link=link, qr=drawn(link))


@router.get("/invitations/{invitation_id}", summary="One invitation")
def invitation(here: Here, who: Host, invitation_id: str) -> InvitationView:
    """One invitation, also one that was used or taken back."""
    return InvitationView(**_shown(_find(here, who, invitation_id)))


@router.delete("/invitations/{invitation_id}", summary="Take an invitation back", status_code=204)
def take_back(here: Here, who: Host, request: Request, invitation_id: str) -> None:
    """Let its link open nothing more; an account that was made with it stays."""
    found = _find(here, who, invitation_id)
    note(request, Action.TAKE_BACK, kind="invitation", id=found.id)
    here.people.invitations.take_back(found.id)


@open_router.post("/invitations/look", summary="What an invitation is for")
def look(here: Here, request: Request, body: InvitationToken) -> InvitationLook:
    """What the link is for; 404 for one that is not good, or not any more."""
    here.people.limits.take(Kind.INVITATION, neighbours_of(address_of(request)))
    found = here.people.invitations.look(body.token)
    still_invited(here, found)
    names = {site.id: site.name for site in here.revisions.current().sites}
    provider = here.people.provider
    return InvitationLook(
        role=found.role,
        sites=[Text.of(names.get(site)) for site in found.sites],
        expires=found.expires,
        provider=None if provider is None else provider.settings.name,
    )


@open_router.post("/invitations/use", summary="Make the account that one was invited to", status_code=201)
def use(here: Here, request: Request, body: InvitationUse) -> Me:
    """Choose a name and a password. It works once; 404 for a link that is not good, or not any more."""
    here.people.limits.take(Kind.INVITATION, neighbours_of(address_of(request)))
    still_invited(here, here.people.invitations.look(body.token))
    account = here.people.invitations.use(body.token, body.username, body.password)
    who = Principal(account.id, account.username, account.role)
    note(request, Action.CHANGE, kind="account", id=account.id, who=who, made="by invitation")
    return Me(id=who.id, username=who.name, role=who.role, may=sorted(permissions(who)))


def _find(here: Parts, who: Principal, invitation_id: str) -> Invitation:
    """An invitation to sites that somebody reaches.

    Raises:
        NotFoundError: There is none, or not for him.
    """
    found = here.people.invitations.get(invitation_id)
    if not _is_for(here, who, found):
        raise NotFoundError("no such invitation")
    return found


def _is_for(here: Parts, who: Principal, invitation: Invitation) -> bool:
    reach = reach_of(here, who)
    if invitation.made_by == who.name or reach.is_everywhere(Permission.INVITE_RESIDENTS):
        return True
    sites = invitation.sites
    return bool(sites) and all(reach.allows(Permission.INVITE_RESIDENTS, site=site) for site in sites)


def _shown(invitation: Invitation) -> dict[str, Any]:
    return {
        "id": invitation.id,
        "role": invitation.role,
        "sites": list(invitation.sites),
        "note": invitation.note,
        "made_by": invitation.made_by,
        "made": invitation.made,
        "expires": invitation.expires,
        "used": invitation.used,
        "ended": invitation.ended,
    }
