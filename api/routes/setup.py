"""First start: whoever has the one-time link makes the first administrator; after that there is nothing here."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api.access.auditing import note
from api.access.limits import Kind, address_of, neighbours_of
from api.parts import Here
from api.schemas.accounts import Me, SetupBody
from hub.access import Principal, permissions
from hub.audit import Action

open_router = APIRouter(prefix="/api/v1", tags=["setup"])
"""Without an access token: nobody has one yet. The one-time token is checked instead."""


@open_router.post("/setup", summary="Make the first administrator", status_code=201)
def set_up(here: Here, request: Request, body: SetupBody) -> Me:
    """Use the one-time token that the hub printed at its start. 404 once there is an account, or for another token."""
    here.people.limits.take(Kind.SETUP, neighbours_of(address_of(request)))
    account = here.accounts.use_setup_token(body.token, body.username, body.password)
    who = Principal(account.id, account.username, account.role)
    note(request, Action.CHANGE, kind="account", id=account.id, who=who, changed=["made"], made="at the first start")
    return Me(id=who.id, username=who.name, role=who.role, may=sorted(permissions(who)))
