"""My data: everything that is stored about who asks, and erasing it."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request, Response

from api.access.auditing import note
from api.access.auth import Person
from api.errors import BadRequestError, ForbiddenError
from api.parts import Here
from api.personal import check_may_erase, confirmation, erase, everything_about, goes, is_confirmed, stays
from api.schemas.home import EraseBody, ErasureView
from hub.audit import Action

router = APIRouter(prefix="/api/v1", tags=["me"])


@router.get(
    "/me/data",
    summary="Everything that is stored about you",
    response_class=Response,
    responses={200: {"content": {"application/json": {}}, "description": "One JSON document."}},
)
def data(here: Here, request: Request, asker: Person) -> Response:
    """One JSON document, with what the audit log says of you and of the cameras of your home, and which recordings.

    Account, homes, decisions, shares, sign-ins, reports, points, notices; passwords and keys are in none of it.
    """
    who = asker.principal
    note(request, Action.EXPORT, kind="account", id=who.id)
    text = json.dumps(everything_about(here, who), ensure_ascii=False, indent=1, default=str)
    named = f'attachment; filename="my-data-{here.clock.now():%Y-%m-%d}.json"'
    headers = {"Content-Disposition": named, "Cache-Control": "no-store"}
    return Response(text, media_type="application/json", headers=headers)


@router.post("/me/erase", summary="Erase what is stored about you")
def erase_me(here: Here, request: Request, asker: Person, body: EraseBody) -> ErasureView:
    """In two steps: the first says what goes and what stays and why, the second does it. Both ask for the password.

    The account is closed for good. What the record needs stays under a pseudonym. The last administrator cannot go.
    """
    who = asker.principal
    if body.confirm is not None and not is_confirmed(here, who, body.confirm):
        raise BadRequestError("body.confirm", "is not of a first step within the last ten minutes; begin again")
    if not here.accounts.knows_password(who.id, body.password, here.clock.now()):
        note(request, Action.ERASE, kind="account", id=who.id)
        raise ForbiddenError("the password is not right")
    check_may_erase(here, who)
    going, staying = goes(here, who), stays(here, who)
    if body.confirm is None:
        return ErasureView(done=False, confirm=confirmation(here, who), goes=going, stays=staying)
    note(request, Action.ERASE, kind="account", id=who.id)
    refused = erase(here, who)
    return ErasureView(done=True, goes=going, stays=[*staying, *refused])
