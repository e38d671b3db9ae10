"""Who asks: the access token in the Authorization header, and whether that account may do what it asks for.

Every route but a short list asks `signed_in`, because the routers of the application carry it; what a role may do is
decided by `hub/access.py` alone. The account is looked up at each request, so that one that was disabled is out at once
and not after the quarter of an hour that its token still has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer

from api.errors import ForbiddenError, NotSignedInError
from api.parts import Here
from hub.access import Permission, Principal, allows

# Describes the scheme in OpenAPI; the reading of the header is ours, so that a refusal is a problem like any other.
_scheme = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/token", auto_error=False)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and until when the token is good."""

    principal: Principal
    expires: datetime


def signed_in(here: Here, token: Annotated[str | None, Depends(_scheme)], request: Request) -> Asker:
    """The principal of the request.

    Raises:
        NotSignedInError: No token, a bad one, or its account is gone or disabled.
    """
    if token is None:
        raise NotSignedInError("send an access token as Authorization: Bearer")
    claims = here.tokens.read(token)
    standing = here.people.sign_ins.standing(claims.account, claims.family)
    if standing is None or standing.account.disabled:
        raise NotSignedInError("this account may not sign in")
    if standing.generation != claims.generation or (claims.family and standing.through is None):
        raise NotSignedInError("this sign-in is over")
    account = standing.account
    asker = Asker(Principal(account.id, account.username, account.role), claims.expires)
    request.state.asker = asker
    return asker


Someone = Annotated[Asker, Depends(signed_in)]
"""Anyone who is signed in."""


def needs(*permissions: Permission) -> Callable[[Asker], Principal]:
    """A dependency that gives the principal if it has any of these permissions at all.

    Raises:
        ForbiddenError: Its role has none of them.
    """

    def check(asker: Someone) -> Principal:
        if not any(allows(asker.principal, permission) for permission in permissions):
            raise ForbiddenError(f"this needs the permission {' or '.join(permissions)}")
        return asker.principal

    return check
