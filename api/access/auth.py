"""Who asks: an access token in the Authorization header or an API key, and whether that account may do what it asks.

Every route but a short list asks `signed_in`, because the routers of the application carry it; what a role may do is
decided by `hub/access.py` alone. The account is looked up at each request, so that one that was disabled, and a sign-in
that was ended, are out at once and not after the quarter of an hour that their token still has. That look-up runs in a
thread; what only looks at its result is `async`, for a thread costs more than the looking.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, OAuth2PasswordBearer

from api.errors import ForbiddenError, NotSignedInError, SecondFactorMissingError
from api.parts import Here, Parts
from hub.access import Permission, Principal, Role, allows
from hub.store.people.api_keys import ApiKey
from hub.store.people.sessions import PASSWORD
from hub.store.people.sign_ins import Standing

# These describe the schemes in OpenAPI; the reading of the headers is ours, so that a refusal is a problem like any.
_scheme = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/token", auto_error=False)
_key_scheme = APIKeyHeader(
    name="X-API-Key", auto_error=False, description="For devices and services, from `POST /api/v1/keys`."
)

ROOM: Final = frozenset({Role.ADMINISTRATOR.value, Role.SUPERVISOR.value, Role.OPERATOR.value})
"""Roles that the setting `sign_in.second_factor` is about."""
WITHOUT_SECOND_FACTOR: Final = frozenset(
    {
        "/api/v1/me",
        "/api/v1/me/password",
        "/api/v1/me/second-factor",
        "/api/v1/me/second-factor/confirm",
        "/api/v1/me/sign-ins",
        "/api/v1/me/sign-ins/{family}",
        "/api/v1/auth/logout",
        "/api/v1/auth/logout-everywhere",
    }
)
"""What somebody can do who needs a second factor and has none yet."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and until when what he showed is good.

    Attributes:
        principal: He.
        expires: When his token or key ends.
        generation: How often everything of his account had been ended when his token was made; None with a key.
        family: His sign-in; empty for none that is kept, and with a key.
    """

    principal: Principal
    expires: datetime
    generation: int | None = None
    family: str = ""


def signed_in(
    here: Here,
    token: Annotated[str | None, Depends(_scheme)],
    request: Request,
    _key: Annotated[str | None, Depends(_key_scheme)] = None,
) -> Asker:
    """The principal of the request.

    Raises:
        NotSignedInError: No token or key, a bad one, or its account is gone or disabled, or its sign-in is over.
        SecondFactorMissingError: The account has to set up a second factor first.
    """
    keys = request.headers.getlist("x-api-key")
    if keys and (len(keys) > 1 or "authorization" in request.headers):
        raise NotSignedInError("send one of Authorization and X-API-Key, once")
    if keys:
        asker = _by_key(here, keys[0])
    elif token is None:
        raise NotSignedInError("send an access token as Authorization: Bearer, or an API key as X-API-Key")
    else:
        claims = here.tokens.read(token)
        standing = standing_of(here, claims.account, generation=claims.generation, family=claims.family)
        asker = Asker(_principal(standing, claims.family), claims.expires, claims.generation, claims.family)
        if _lacks_second_factor(here, standing) and getattr(request.scope.get("route"), "path", "") not in (
            WITHOUT_SECOND_FACTOR
        ):
            request.state.asker = asker
            raise SecondFactorMissingError("your role needs a second factor here; set one up at /account")
    request.state.asker = asker
    return asker


Someone = Annotated[Asker, Depends(signed_in)]
"""Anyone who is signed in."""


def needs(*permissions: Permission) -> Callable[[Asker], Awaitable[Principal]]:
    """A dependency that gives the principal if it has any of these permissions at all.

    Raises:
        ForbiddenError: Its role has none of them.
    """

    async def check(asker: Someone) -> Principal:
        return having(asker, *permissions)

    return check


def having(asker: Asker, *permissions: Permission) -> Principal:
    """The principal, if it has any of these permissions at all.

    Raises:
        ForbiddenError: Its role has none of them.
    """
    if not any(allows(asker.principal, permission) for permission in permissions):
        raise ForbiddenError(f"this needs the permission {' or '.join(permissions)}")
    return asker.principal


async def in_person(asker: Someone) -> Asker:
    """Whoever is signed in himself.

    Raises:
        ForbiddenError: He came with an API key.
    """
    if asker.principal.key is not None:
        raise ForbiddenError("this is for people, not for API keys")
    return asker


Person = Annotated[Asker, Depends(in_person)]
"""Anyone who is signed in, without a key."""


def standing_of(here: Parts, account_id: str, *, generation: int | None, family: str = "") -> Standing:
    """How an account stands, if what was made at `generation` of its sign-in `family` still counts.

    Raises:
        NotSignedInError: The account is gone or disabled, or the sign-in is over.
    """
    standing = here.people.sign_ins.standing(account_id, family)
    if standing is None or standing.account.disabled:
        raise NotSignedInError("this account may not sign in")
    if (generation is not None and standing.generation != generation) or (family and standing.through is None):
        raise NotSignedInError("this sign-in is over")
    return standing


def holder_of_key(here: Parts, key: ApiKey | None) -> Principal:
    """Who asks with a key, as its account is now.

    Raises:
        NotSignedInError: The key is not good (any more), or its account is gone or disabled.
        SecondFactorMissingError: The account has to set up a second factor first.
    """
    if key is None or key.ended is not None or key.expires <= here.clock.now():
        raise NotSignedInError("this API key is not good")
    standing = standing_of(here, key.account, generation=None)
    if _lacks_second_factor(here, standing):
        raise SecondFactorMissingError("the account of this key needs a second factor")
    account = standing.account
    return Principal(account.id, account.username, account.role, key=key.id, only=key.permissions, cameras=key.cameras)


def is_still_in(here: Parts, asker: Asker) -> bool:
    """Whether what somebody showed before is still good, for streams that last; reads the store."""
    try:
        if asker.principal.key is not None:
            holder_of_key(here, here.people.keys.get(asker.principal.key))
        else:
            standing_of(here, asker.principal.id, generation=asker.generation, family=asker.family)
    except (NotSignedInError, SecondFactorMissingError):
        return False
    return here.clock.now() < asker.expires


def _by_key(here: Parts, text: str) -> Asker:
    key = here.people.keys.open(text)
    principal = holder_of_key(here, key)
    assert key is not None
    return Asker(principal, key.expires)


def _principal(standing: Standing, family: str) -> Principal:
    return Principal(standing.account.id, standing.account.username, standing.account.role, sign_in=family)


def _lacks_second_factor(here: Parts, standing: Standing) -> bool:
    """Whether an account has to set up a second factor; a provider answers for who signs in through it."""
    return (
        here.people.room_needs_second_factor
        and standing.account.role in ROOM
        and not standing.has_second_factor
        and standing.through in (None, PASSWORD)
    )
