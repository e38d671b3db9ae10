"""Signing in and out. The token address is the OAuth2 password flow, so that ordinary clients work as they are.

A page asks with `client=page`: its refresh token goes into a cookie that no script reads, that is sent to these
addresses only, and never along with a request of another site.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Cookie, Depends, Form, Request, Response
from fastapi.security import OAuth2PasswordRequestForm

from api.access import tokens
from api.access.auth import Someone
from api.errors import NotSignedInError
from api.parts import Here, Parts
from api.schemas.accounts import Me, RefreshBody, TokenAnswer
from hub.access import permissions
from hub.errors import NotAllowedError
from hub.store.people.sessions import Origin, Session

COOKIE = "hub_refresh"
_COOKIE_PATH = "/api/v1/auth"
_COOKIE_DAYS = 30

open_router = APIRouter(prefix="/api/v1", tags=["auth"])
"""Without a token: these addresses are how one gets it."""
router = APIRouter(prefix="/api/v1", tags=["auth"])

RefreshCookie = Annotated[str | None, Cookie(alias=COOKIE, max_length=512, include_in_schema=False)]


@open_router.post("/auth/token", summary="Sign in", response_model_exclude_none=True)
def sign_in(
    *,
    here: Here,
    request: Request,
    response: Response,
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    client: Annotated[Literal["api", "page"], Form(description="`page` keeps the refresh token in a cookie.")] = "api",
) -> TokenAnswer:
    """Exchange user name and password for an access token and a refresh token (OAuth2 password flow)."""
    account = here.accounts.verify(form.username, form.password, here.clock.now())
    if account is None:
        here.metrics.sign_ins.labels("refused").inc()
        raise NotSignedInError("wrong user name or password, or the account is disabled or locked for a while")
    here.metrics.sign_ins.labels("done").inc()
    begun = here.people.sign_ins.begin(account, origin_of(request))
    if client == "page":
        _set_cookie(request, response, begun.refresh_token)
    return _answer(here, begun, with_refresh_token=client != "page")


@open_router.post("/auth/refresh", summary="Get the next access token", response_model_exclude_none=True)
def refresh(
    *, here: Here, request: Request, response: Response, body: RefreshBody | None = None, cookie: RefreshCookie = None
) -> TokenAnswer:
    """Exchange a refresh token, from the body or the page's cookie. It works once; using it twice ends the sign-in."""
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
    *, here: Here, asker: Someone, response: Response, body: RefreshBody | None = None, cookie: RefreshCookie = None
) -> None:
    """End this sign-in: its refresh tokens are good for nothing from now on, and its live pictures end.

    Live pictures of the same account elsewhere end too; a page that is still signed in opens them again by itself.
    """
    given = body.refresh_token if body is not None else cookie
    if given is not None:
        here.people.sign_ins.close(given)
    here.live.sign_out(asker.principal.id)
    response.delete_cookie(COOKIE, path=_COOKIE_PATH)


@router.get("/me", summary="Who am I")
def me(asker: Someone) -> Me:
    """Who is signed in, and what the role allows."""
    who = asker.principal
    return Me(id=who.id, username=who.name, role=who.role, may=sorted(permissions(who)))


def origin_of(request: Request) -> Origin:
    """Where a sign-in comes from."""
    address = request.client.host if request.client else ""
    return Origin(address, request.headers.get("user-agent", ""))


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
