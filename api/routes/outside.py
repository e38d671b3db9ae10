"""Signing in through a provider (OpenID Connect): a browser goes there and comes back here.

Whom the provider vouches for is an account only if he was linked to it: by himself, signed in; by an invitation; or by
an administrator. Where the settings give roles, who is unknown gets an account of his own; a name or an e-mail address
that is the same as somebody's makes nobody that person. Failures come back to the page as one word behind `#`.
"""

from __future__ import annotations

import logging
import re
import secrets
from typing import Annotated

from fastapi import APIRouter, Cookie, Query, Request, Response
from starlette.responses import RedirectResponse

from api.access.auditing import note
from api.access.auth import Person, standing_of
from api.access.inviting import still_invited
from api.access.limits import Kind, address_of, neighbours_of
from api.access.oidc import PENDING_S, Arrived, Provider, Purpose
from api.errors import NotSignedInError, TooManyError, UnavailableError
from api.parts import Here, Parts
from api.routes.auth import answer_to
from api.schemas.accounts import GoThere, Ways
from api.schemas.keys import InvitationOutside
from hub.access import Principal, Role
from hub.audit import Action, Outcome
from hub.errors import ConfigurationError, ConflictError, NotAllowedError, NotFoundError
from hub.store.people.accounts import Account
from hub.store.people.sessions import new_token

logger = logging.getLogger(__name__)

COOKIE = "hub_oidc"
_COOKIE_PATH = "/api/v1/auth/oidc"
_CALLBACK = "/api/v1/auth/oidc/callback"
_LONGEST_NAME = 48
_NAME_TRIES = 5

open_router = APIRouter(prefix="/api/v1", tags=["auth"])
"""Without a token: who comes is asked at the provider."""
router = APIRouter(prefix="/api/v1", tags=["auth"])

Pages = Annotated[
    str,
    Query(
        pattern=r"^/(home|live|playback|account|(desk|m)(/[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}){0,6}/?)?$",
        max_length=400,
        examples=["/desk/wall"],
        description="The page to come back to: one of the hub's own, never another site.",
    ),
]
Browser = Annotated[str | None, Cookie(alias=COOKIE, max_length=128, include_in_schema=False)]


@open_router.get("/auth/ways", summary="How one can sign in")
def ways(here: Here) -> Ways:
    """By password, and through a provider if there is one."""
    provider = here.people.provider
    return Ways(provider=None if provider is None else provider.settings.name)


@open_router.get(
    "/auth/oidc/start", summary="Sign in through the provider", status_code=303, response_class=RedirectResponse
)
def start(*, here: Here, request: Request, page: Pages = "/", browser: Browser = None) -> Response:
    """Send the browser to the provider."""
    here.people.limits.take(Kind.OUTSIDE, neighbours_of(address_of(request)))
    try:
        return _sent_there(here, request, browser, Purpose(page=page), answer=RedirectResponse("/", 303))
    except UnavailableError:
        return RedirectResponse(f"{page}#outside=unavailable", 303)


@router.post("/me/outside-identities", summary="Link this account to the provider", status_code=201)
def link(*, here: Here, asker: Person, request: Request, response: Response, browser: Browser = None) -> GoThere:
    """An address to send this browser to; who signs in there is this account from then on."""
    here.people.limits.take(Kind.PROOF, asker.principal.id)
    purpose = Purpose("link", page="/m/account", account=asker.principal.id, generation=asker.generation or 0)
    return GoThere(address=_sent_there(here, request, browser, purpose, answer=response).headers["Location"])


@open_router.post("/invitations/outside", summary="Use an invitation through the provider", status_code=201)
def use_invitation(
    *, here: Here, request: Request, response: Response, body: InvitationOutside, browser: Browser = None
) -> GoThere:
    """An address to send this browser to; who signs in there gets the account, without a password."""
    here.people.limits.take(Kind.INVITATION, neighbours_of(address_of(request)))
    still_invited(here, here.people.invitations.look(body.token))
    purpose = Purpose("invitation", invitation=body.token, username=body.username)
    return GoThere(address=_sent_there(here, request, browser, purpose, answer=response).headers["Location"])


@open_router.get(
    "/auth/oidc/callback", summary="Back from the provider", status_code=303, response_class=RedirectResponse
)
def callback(
    *,
    here: Here,
    request: Request,
    state: Annotated[str, Query(max_length=128)] = "",
    code: Annotated[str, Query(max_length=4096)] = "",
    iss: Annotated[str | None, Query(max_length=512)] = None,
    browser: Browser = None,
) -> Response:
    """Take what the provider says, once, and go on to a page, which says how it went."""
    near = neighbours_of(address_of(request))
    answer = RedirectResponse("/", 303)
    page = "/" if here.people.provider is None else here.people.provider.page_of(state)
    try:
        here.people.limits.take(Kind.OUTSIDE, near)
        here.people.limits.check(Kind.REFUSED, near)
        arrived = _provider(here).finish(browser or "", state, code, issuer=iss)
        where = _let_in(here, request, answer, arrived)
    except (UnavailableError, TooManyError):
        where = f"{page}#outside=unavailable"
    except (NotSignedInError, NotFoundError, NotAllowedError, ConflictError, ConfigurationError) as error:
        here.people.limits.count(Kind.REFUSED, near)
        here.metrics.sign_ins.labels("refused").inc()
        reason = "unknown" if isinstance(error, _UnknownPersonError) else "refused"
        logger.info("sign-in through the provider refused", extra={"reason": str(error)})
        note(request, Action.SIGN_IN, kind="account", id="", outcome=Outcome.REFUSED, through="provider", why=reason)
        where = f"{page}#outside={reason}"
    answer.headers["Location"] = where
    answer.delete_cookie(COOKIE, path=_COOKIE_PATH)
    return answer


class _UnknownPersonError(NotSignedInError):
    """The provider knows him, and nobody here does."""


def _let_in(here: Parts, request: Request, answer: Response, arrived: Arrived) -> str:
    """Do what the sign-in at the provider was begun for; gives the page to go on to."""
    purpose, identity = arrived.purpose, arrived.identity
    if purpose.what == "link":
        standing = standing_of(here, purpose.account, generation=purpose.generation)
        here.people.outside.link(purpose.account, identity)
        account = standing.account
        who = Principal(account.id, account.username, account.role)
        note(request, Action.GIVE, kind="account", id=account.id, who=who, changed=["outside identity"])
        return f"{purpose.page}#outside=linked"
    if purpose.what == "invitation":
        account = here.people.invitations.use(purpose.invitation, purpose.username, new_token(), identity=identity)
    else:
        found = here.people.outside.account_of(identity)
        account = _entered(here, request, arrived) if found is None else found
    if account.disabled:
        raise NotSignedInError("this account may not sign in")
    answer_to(here, request, answer, account, page=True, through=identity.issuer)
    return f"{purpose.page}#outside=in"


def _entered(here: Parts, request: Request, arrived: Arrived) -> Account:
    """A new account for somebody who comes for the first time, if the settings give him a role."""
    role = _provider(here).role_of(arrived.claims)
    if role is None:
        raise _UnknownPersonError("nobody here is linked to this person")
    said = arrived.claims.get("preferred_username")
    name = re.sub(r"[^\w.@-]+", "", said if isinstance(said, str) else "")[:_LONGEST_NAME] or "person"
    for _ in range(_NAME_TRIES):
        try:
            account = here.people.outside.enter(arrived.identity, name, Role(role))
        except ConflictError:  # the name is somebody else's, or the same person came twice at once
            found = here.people.outside.account_of(arrived.identity)
            if found is not None:
                return found
            name = f"{name[:_LONGEST_NAME]}-{secrets.token_hex(3)}"
        else:
            who = Principal(account.id, account.username, account.role)
            note(request, Action.CHANGE, kind="account", id=account.id, who=who, made="through the provider", role=role)
            return account
    raise NotSignedInError("no name is free")


def _sent_there(here: Parts, request: Request, browser: str | None, purpose: Purpose, *, answer: Response) -> Response:
    """An answer that sends a browser to the provider, and lets it be known again."""
    provider = _provider(here)
    known = browser or new_token()
    base = provider.settings.address or str(request.base_url)
    answer.headers["Location"] = provider.begin(known, redirect=f"{base.rstrip('/')}{_CALLBACK}", purpose=purpose)
    answer.set_cookie(
        COOKIE,
        known,
        max_age=int(PENDING_S),
        path=_COOKIE_PATH,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",  # it comes back with a navigation from the provider's page
    )
    return answer


def _provider(here: Parts) -> Provider:
    if here.people.provider is None:
        raise NotFoundError("there is no sign-in provider here")
    return here.people.provider
