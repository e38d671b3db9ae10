"""Accounts, for administrators: while the hub runs, the command line cannot reach them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api.access.auditing import note
from api.access.auth import in_person, needs
from api.paging import Page
from api.parts import Here, Parts
from api.routes.me import id_of, identity_of, identity_views
from api.schemas.accounts import AccountBody, AccountChange, AccountView, IdentityView, SubjectBody
from hub.access import Permission, Principal
from hub.audit import Action
from hub.errors import NotFoundError
from hub.reach import GrantKind
from hub.store.people.accounts import REACHING_ALL, Account
from hub.store.people.outside import Identity

router = APIRouter(prefix="/api/v1", tags=["accounts"], dependencies=[Depends(in_person)])
Manager = Annotated[Principal, Depends(needs(Permission.MANAGE_ACCOUNTS))]


@router.get("/accounts", summary="List accounts")
def accounts(here: Here, _who: Manager) -> Page[AccountView]:
    """All accounts, by name; there are few, so they come on one page."""
    return Page(items=[_view(here, account) for account in here.accounts.list()])


@router.post("/accounts", summary="Make an account", status_code=201)
def add(*, here: Here, _who: Manager, request: Request, body: AccountBody, response: Response) -> AccountView:
    """Make an account for a person."""
    made = here.accounts.create(body.username, body.password, body.role)
    note(request, Action.CHANGE, kind="account", id=made.id, name=made.username, changed=["made"], role=made.role)
    response.headers["Location"] = f"/api/v1/accounts/{made.id}"
    return _view(here, made)


@router.get("/accounts/{account_id}", summary="One account")
def account(here: Here, _who: Manager, account_id: str) -> AccountView:
    """One account."""
    return _view(here, _find(here, account_id))


@router.patch("/accounts/{account_id}", summary="Change an account")
def change(*, here: Here, _who: Manager, request: Request, account_id: str, body: AccountChange) -> AccountView:
    """Give it another role or password, disable or enable it.

    All but enabling end its sign-ins, links and live pictures. The last administrator stays one. A new role reaches
    what the grants of the account hold, and for an office nothing without any, which `reaches` tells.
    """
    before = _find(here, account_id)
    role = None if body.role is None or body.role.value == before.role else body.role.value
    changed = sorted(body.model_dump(exclude_none=True))
    more: dict[str, Any] = {"role": role, "role_before": before.role} if role else {}
    note(request, Action.CHANGE, kind="account", id=account_id, name=before.username, changed=changed, **more)
    here.accounts.change(account_id, role=body.role, password=body.password, disabled=body.disabled)
    if role is not None or body.password is not None or body.disabled:
        here.live.sign_out(account_id)
    return _view(here, _find(here, account_id))


@router.post("/accounts/{account_id}/sign-out", summary="Sign somebody out everywhere", status_code=204)
def sign_out(here: Here, _who: Manager, request: Request, account_id: str) -> None:
    """End every sign-in of an account: all access and refresh tokens, links and live pictures."""
    found = _find(here, account_id)
    note(request, Action.SIGN_OUT, kind="account", id=account_id, name=found.username, everywhere=True)
    here.people.sign_ins.end_all(account_id)
    here.live.sign_out(account_id)


@router.delete("/accounts/{account_id}/second-factor", summary="Remove a lost second factor", status_code=204)
def remove_second_factor(here: Here, _who: Manager, request: Request, account_id: str) -> None:
    """Let somebody sign in without a code who lost his telephone and his recovery codes. Be sure that it is he."""
    found = _find(here, account_id)
    note(request, Action.CHANGE, kind="account", id=account_id, name=found.username, changed=["second factor"])
    here.people.second_factors.remove(account_id)


@router.get("/accounts/{account_id}/outside-identities", summary="Who somebody is at the provider")
def outside_identities(here: Here, _who: Manager, account_id: str) -> Page[IdentityView]:
    """The persons of the sign-in provider that an account is."""
    return Page(items=identity_views(here, _find(here, account_id).id))


@router.post("/accounts/{account_id}/outside-identities", summary="Link somebody to the provider", status_code=201)
def link(*, here: Here, _who: Manager, request: Request, account_id: str, body: SubjectBody) -> IdentityView:
    """Let a person of the sign-in provider, by the subject that it gives him, be this account."""
    found, provider = _find(here, account_id), here.people.provider
    if provider is None:
        raise NotFoundError("there is no sign-in provider here")
    identity = Identity(provider.settings.issuer, body.subject)
    note(request, Action.GIVE, kind="account", id=account_id, name=found.username, changed=["outside identity"])
    here.people.outside.link(account_id, identity)
    return next(each for each in identity_views(here, account_id) if each.id == id_of(identity))


@router.delete("/accounts/{account_id}/outside-identities/{identity_id}", summary="Unlink somebody", status_code=204)
def unlink(*, here: Here, _who: Manager, request: Request, account_id: str, identity_id: str) -> None:
    """Let him sign in through the provider no more."""
    found = _find(here, account_id)
    note(request, Action.TAKE_BACK, kind="account", id=account_id, name=found.username, changed=["outside identity"])
    here.people.outside.unlink(account_id, identity_of(here, account_id, identity_id))


def _find(here: Parts, account_id: str) -> Account:
    found = here.accounts.get(account_id)
    if found is None:
        raise NotFoundError("no such account")
    return found


def _view(here: Parts, account: Account) -> AccountView:
    return AccountView(
        id=account.id,
        username=account.username,
        role=account.role,
        disabled=account.disabled,
        created=account.created,
        reaches=account.role not in REACHING_ALL or _reaches(here, account),
    )


def _reaches(here: Parts, account: Account) -> bool:
    """Whether some grant of the account counts now."""
    now = here.clock.now()
    return any(
        each.kind is not GrantKind.HOUSEHOLD and each.is_in_force(now) for each in here.people.grants.of(account.id)
    )
