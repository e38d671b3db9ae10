"""Signing in and out. The token address is the OAuth2 password flow, so that ordinary clients work as they are.

A page asks with `client=page`: its refresh token goes into a cookie that no script reads, that is sent to these
addresses only, and never along with a request of another site. Every refusal is the same for a wrong password, an
unknown name and a locked account; only who has the password is told that a code is needed beside it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Cookie, Depends, Form, Request, Response
from fastapi.security import OAuth2PasswordRequestForm

from api.access import tokens
from api.access.auditing import note
from api.access.auth import Person
from api.access.limits import Kind, address_of, neighbours_of
from api.errors import NotSignedInError
from api.parts import Here, Parts
from api.schemas.accounts import RefreshBody, TokenAnswer
from hub.access import Principal
from hub.audit import Action
from hub.errors import NotAllowedError, SecondFactorNeededError
from hub.store.people.accounts import Account
from hub.store.people.sessions import PASSWORD, Origin, Session

COOKIE = "hub_refresh"
_COOKIE_PATH = "/api/v1/auth"
_COOKIE_DAYS = 30
_LONGEST_NAME = 64

open_router = APIRouter(prefix="/api/v1", tags=["auth"])
"""Without a token: these addresses are how one gets it."""
router = APIRouter(prefix="/api/v1", tags=["auth"])

RefreshCookie = Annotated[str | None, Cookie(alias=COOKIE, max_length=512, include_in_schema=False)]
Code = Annotated[
    str | None,
    Form(max_length=64, description="Of the second factor, when the answer was `second-factor-needed`; `otp` too."),
]


@open_router.post("/auth/token", summary="Sign in", response_model_exclude_none=True)
def sign_in(
    *,
    here: Here,
    request: Request,
    response: Response,
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    code: Code = None,
    otp: Annotated[str | None, Form(max_length=64, include_in_schema=False)] = None,
    client: Annotated[Literal["api", "page"], Form(description="`page` keeps the refresh token in a cookie.")] = "api",
) -> TokenAnswer:
    """Exchange user name and password for an access token and a refresh token (OAuth2 password flow).

    401 `second-factor-needed` asks for the same again with `code`: of the telephone, or a recovery code.
    """
    typed = code or otp
    try:
        account = _verified(here, request, form, typed)
    except Exception as error:
        here.metrics.sign_ins.labels("refused").inc()
        if typed or not isinstance(error, SecondFactorNeededError):  # that a code is missing is no failure yet
            note(request, Action.SIGN_IN, kind="account", id="", actor=form.username[:_LONGEST_NAME])
        raise
    return answer_to(here, request, response, account, page=client == "page")


def _verified(here: Parts, request: Request, form: OAuth2PasswordRequestForm, code: str | None) -> Account:
    """Whose password this is.

    Raises:
        NotSignedInError: Nobody's, or he may not sign in now.
        SecondFactorNeededError: It is right, and the code is missing or wrong.
        TooManyError: Too many were tried from there, or with this name.
    """
    limits, neighbours = here.people.limits, neighbours_of(address_of(request))
    limits.check(Kind.REFUSED, neighbours)
    limits.take(Kind.SIGN_IN, neighbours)
    limits.take(Kind.SIGN_IN_NAME, form.username.strip().casefold()[:_LONGEST_NAME])
    try:
        account = here.accounts.verify(form.username, form.password, here.clock.now(), code=code)
    except SecondFactorNeededError:
        if code:
            limits.count(Kind.REFUSED, neighbours)
        raise
    if account is None:
        limits.count(Kind.REFUSED, neighbours)
        raise NotSignedInError("wrong user name or password, or the account is disabled or locked for a while")
    return account


def answer_to(
    here: Parts, request: Request, response: Response, account: Account, *, page: bool, through: str = PASSWORD
) -> TokenAnswer:
    """Begin the sign-in of an account that was found to be who asks."""
    who = Principal(account.id, account.username, account.role)
    note(request, Action.SIGN_IN, kind="account", id=account.id, who=who, through=through)
    origin = Origin(address_of(request), request.headers.get("user-agent", ""), through)
    begun = here.people.sign_ins.begin(account, origin)
    here.metrics.sign_ins.labels("done").inc()
    if page:
        _set_cookie(request, response, begun.refresh_token)
    return _answer(here, begun, with_refresh_token=not page)


@open_router.post("/auth/refresh", summary="Get the next access token", response_model_exclude_none=True)
def refresh(
    *, here: Here, request: Request, response: Response, body: RefreshBody | None = None, cookie: RefreshCookie = None
) -> TokenAnswer:
    """Exchange a refresh token, from the body or the page's cookie. It works once; using it twice ends the sign-in."""
    here.people.limits.take(Kind.REFRESH, neighbours_of(address_of(request)))
    given = body.refresh_token if body is not None else cookie
    if given is None:
        raise NotSignedInError("send a refresh token")
    try:
        following = here.people.sign_ins.exchange(given)
    except NotAllowedError as error:
        raise NotSignedInError(str(error)) from error
    if body is None:
        _set_cookie(request, response, following.refresh_token)
    return _answer(here, following, with_refresh_token=body is not None)


@router.post("/auth/logout", summary="Sign out", status_code=204)
def sign_out(
    *, here: Here, asker: Person, response: Response, body: RefreshBody | None = None, cookie: RefreshCookie = None
) -> None:
    """End this sign-in: its tokens are good for nothing from now on, and its live pictures end.

    Live pictures of the same account elsewhere end too; a page that is still signed in opens them again by itself.
    """
    given = body.refresh_token if body is not None else cookie
    if asker.family:  # whatever else was sent, or was not
        here.people.sign_ins.end(asker.principal.id, asker.family)
    if given is not None:
        here.people.sign_ins.close(given)
    here.live.sign_out(asker.principal.id)
    here.onboarding.holding.let_go(asker.principal.id)
    response.delete_cookie(COOKIE, path=_COOKIE_PATH)


@router.post("/auth/logout-everywhere", summary="Sign out everywhere", status_code=204)
def sign_out_everywhere(here: Here, asker: Person, request: Request, response: Response) -> None:
    """End every sign-in of this account: all access and refresh tokens, links and live pictures, this one's too.

    API keys go on; they are ended one by one.
    """
    note(request, Action.SIGN_OUT, kind="account", id=asker.principal.id, everywhere=True)
    here.people.sign_ins.end_all(asker.principal.id)
    here.live.sign_out(asker.principal.id)
    here.onboarding.holding.let_go(asker.principal.id)
    response.delete_cookie(COOKIE, path=_COOKIE_PATH)


def _set_cookie(request: Request, response: Response, refresh_token: str) -> None:
    response.set_cookie(
        COOKIE,
        refresh_token,
        max_age=_COOKIE_DAYS * 86_400,
        path=_COOKIE_PATH,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def _answer(here: Parts, session: Session, *, with_refresh_token: bool) -> TokenAnswer:
    return TokenAnswer(
        access_token=here.tokens.issue(session.account, generation=session.generation, family=session.family),
        expires_in=int(tokens.LIFETIME.total_seconds()),
        refresh_token=session.refresh_token if with_refresh_token else None,
    )
