"""First start: whoever has the one-time link makes the first administrator; after that there is nothing here."""

from __future__ import annotations

from fastapi import APIRouter

from api.parts import Here
from api.schemas.accounts import Me, SetupBody
from hub.access import Principal, permissions

open_router = APIRouter(prefix="/api/v1", tags=["setup"])
"""Without an access token: nobody has one yet. The one-time token is checked instead."""


@open_router.post("/setup", summary="Make the first administrator", status_code=201)
def set_up(here: Here, body: SetupBody) -> Me:
    """Use the one-time token that the hub printed at its start. 404 once there is an account, or for another token."""
    account = here.accounts.use_setup_token(body.token, body.username, body.password)
    who = Principal(account.id, account.username, account.role)
    return Me(id=who.id, username=who.name, role=who.role, may=sorted(permissions(who)))
