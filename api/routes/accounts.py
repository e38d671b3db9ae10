"""Accounts, for administrators: while the hub runs, the command line cannot reach them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.access.auth import needs
from api.paging import Page
from api.parts import Here, Parts
from api.schemas.accounts import AccountBody, AccountChange, AccountView
from hub.access import Permission, Principal
from hub.errors import NotFoundError
from hub.store.people.accounts import Account

router = APIRouter(prefix="/api/v1", tags=["accounts"])
Manager = Annotated[Principal, Depends(needs(Permission.MANAGE_ACCOUNTS))]


@router.get("/accounts", summary="List accounts")
def accounts(here: Here, _who: Manager) -> Page[AccountView]:
    """All accounts, by name; there are few, so they come on one page."""
    return Page(items=[_view(account) for account in here.accounts.list()])


@router.post("/accounts", summary="Make an account", status_code=201)
def add(here: Here, _who: Manager, body: AccountBody, response: Response) -> AccountView:
    """Make an account for a person."""
    made = here.accounts.create(body.username, body.password, body.role)
    response.headers["Location"] = f"/api/v1/accounts/{made.id}"
    return _view(made)


@router.get("/accounts/{account_id}", summary="One account")
def account(here: Here, _who: Manager, account_id: str) -> AccountView:
    """One account."""
    return _view(_find(here, account_id))


@router.patch("/accounts/{account_id}", summary="Change an account")
def change(here: Here, _who: Manager, account_id: str, body: AccountChange) -> AccountView:
    """Give it another role or password, disable or enable it. Another password and disabling end its sign-ins.

    The last administrator stays one.
    """
    _find(here, account_id)
    if body.role is not None:
        here.accounts.set_role(account_id, body.role)
    if body.password is not None:
        here.accounts.set_password(account_id, body.password)
    if body.disabled is not None:
        (here.accounts.disable if body.disabled else here.accounts.enable)(account_id)
    return _view(_find(here, account_id))


def _find(here: Parts, account_id: str) -> Account:
    found = here.accounts.get(account_id)
    if found is None:
        raise NotFoundError("no such account")
    return found


def _view(account: Account) -> AccountView:
    return AccountView(
        id=account.id,
        username=account.username,
        role=account.role,
        disabled=account.disabled,
        created=account.created,
    )
