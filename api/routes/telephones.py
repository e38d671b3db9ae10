"""Telephone numbers: whom to call about an incident, whom anybody may call, and the numbers of people in the settings.

A change is a revision of the Community like any other. What a person gave as his own number is his to change.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from api.access.auditing import note
from api.access.auth import in_person, needs
from api.access.reaching import reached_site
from api.access.whole import CommunityKeeper
from api.paging import Page
from api.parts import Here
from api.schemas.telephones import CallsView, PersonPhoneBody, PersonPhoneView, PhonesBody, PhonesView
from api.telephones import calls_of, numbers, phone_of, settled, with_phone
from config.account_names import AccountName
from config.community import Community
from hub.access import Permission, Principal, Role
from hub.audit import Action
from hub.errors import NotFoundError

router = APIRouter(prefix="/api/v1", tags=["telephones"])
Caller = Annotated[Principal, Depends(needs(Permission.HANDLE_INCIDENTS, Permission.ANSWER_ORDERS))]
Anybody = Annotated[Principal, Depends(needs(Permission.SEND_REPORTS))]
Editor = Annotated[Principal, Depends(needs(Permission.EDIT_COMMUNITY))]


@router.get("/incidents/{incident_id}/calls", summary="Whom to call", dependencies=[Depends(in_person)])
def calls(here: Here, who: Caller, incident_id: str) -> CallsView:
    """Numbers about an incident, of places and people, for who handles it and for who is sent there until it is over.

    To who was there before, those of the community alone.
    """
    return CallsView(calls=calls_of(here, who, incident_id))


@router.get("/phones", summary="Whom anybody may call")
def phones(here: Here, _who: Anybody) -> PhonesView:
    """Numbers of the community, the monitoring room first."""
    return PhonesView(phones=numbers(here.revisions.current().phones))


@router.put("/phones", summary="Change them")
def change_phones(here: Here, who: CommunityKeeper, request: Request, body: PhonesBody) -> PhonesView:
    """Replace the numbers that anybody may call."""
    note(request, Action.CHANGE, kind="revision", id="phones", changed=["phones"])
    here.revisions.change(
        lambda there: there.model_copy(update={"phones": tuple(body.phones)}), author=who.name, reason="phones changed"
    )
    return PhonesView(phones=numbers(here.revisions.current().phones))


@router.get("/sites/{site_id}/phones", summary="Numbers of a site")
def site_phones(here: Here, who: Editor, site_id: str) -> PhonesView:
    """Whom one reaches there, as the settings say."""
    return PhonesView(phones=numbers(reached_site(here, who, Permission.EDIT_COMMUNITY, site_id).phones))


@router.put("/sites/{site_id}/phones", summary="Change them")
def change_site_phones(*, here: Here, who: Editor, request: Request, site_id: str, body: PhonesBody) -> PhonesView:
    """Replace the numbers of a site."""
    wanted = reached_site(here, who, Permission.EDIT_COMMUNITY, site_id).id
    note(request, Action.CHANGE, kind="site", id=wanted, site=wanted, changed=["phones"])

    def edit(community: Community) -> Community:
        sites = [
            each.model_copy(update={"phones": tuple(body.phones)}) if each.id == wanted else each
            for each in community.sites
        ]
        return community.model_copy(update={"sites": tuple(sites)})

    here.revisions.change(edit, author=who.name, reason=f"phones of {wanted} changed")
    return site_phones(here, who, wanted)


@router.get("/phones/people", summary="Numbers of people", dependencies=[Depends(in_person)])
def people(here: Here, _who: CommunityKeeper) -> Page[PersonPhoneView]:
    """Of everybody who may be sent or has a place in the settings; they come on one page."""
    named = _named(here.revisions.current())
    staff = {each.username for each in here.accounts.list() if not each.disabled and each.role in _CALLED}
    return Page(items=[_person(here, account) for account in sorted(named | staff)])


@router.put("/phones/people/{account}", summary="Change one", dependencies=[Depends(in_person)])
def change_person(
    *, here: Here, who: CommunityKeeper, request: Request, account: AccountName, body: PersonPhoneBody
) -> PersonPhoneView:
    """Another number of a person in the settings, or none. What he gave himself stays, and counts more."""
    community = here.revisions.current()
    if account not in _named(community) | {each.username for each in here.accounts.list()}:
        raise NotFoundError(f"no account {account!r}")
    note(request, Action.CHANGE, kind="account", id=account, changed=["phone"])
    if settled(community, account) != body.number:
        here.revisions.change(
            lambda there: with_phone(there, account, body.number), author=who.name, reason="a phone number changed"
        )
    return _person(here, account)


_CALLED = (Role.ADMINISTRATOR, Role.SUPERVISOR, Role.OPERATOR, Role.RESPONDER)
"""Who is called because of an office."""


def _named(community: Community) -> set[str]:
    return {each.account for each in community.contacts} | {each.account for each in community.duties}


def _person(here: Here, account: str) -> PersonPhoneView:
    return PersonPhoneView(
        account=account, number=phone_of(here, account), settled=settled(here.revisions.current(), account)
    )
