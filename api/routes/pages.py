"""The pages for people: plain files of `api/ui/`, each named here, so that no address can reach another file."""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter, Request, Response

from hub.errors import NotFoundError

open_router = APIRouter(include_in_schema=False)
"""Without a token: a page holds nothing but words until somebody signs in on it."""

_FOLDER = files("api") / "ui"
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_PAGES = {
    "/": "index.html",
    "/live": "live.html",
    "/playback": "playback.html",
    "/home": "home.html",
    "/account": "account.html",
    "/invite": "invite.html",
    "/setup": "setup.html",
}
_ASSETS = frozenset(
    {
        "account.js",
        "app.js",
        "card.js",
        "chime.js",
        "feed.js",
        "home-card.js",
        "home-words.js",
        "home.css",
        "home.js",
        "icon.svg",
        "invite.js",
        "live-page.js",
        "live.css",
        "live.js",
        "playback.css",
        "playback.js",
        "player.js",
        "resolve.js",
        "session.js",
        "setup.js",
        "sign-in.js",
        "style.css",
        "timeline.js",
        "words.js",
    }
)


@open_router.get("/")
@open_router.get("/live")
@open_router.get("/playback")
@open_router.get("/home")
@open_router.get("/setup")
@open_router.get("/invite")
@open_router.get("/account")
def page(request: Request) -> Response:
    """A page."""
    return _file(_PAGES[request.url.path])


@open_router.get("/ui/{name}")
def asset(name: str) -> Response:
    """A script, style or picture of a page."""
    if name not in _ASSETS:
        raise NotFoundError(f"no file {name!r}")
    return _file(name)


def _file(name: str) -> Response:
    suffix = name[name.rindex(".") :]
    # No caching: after an update of the hub a stale script must not talk to a new API.
    return Response(
        (_FOLDER / name).read_bytes(),
        media_type=f"{_TYPES[suffix]}; charset=utf-8",
        headers={"Cache-Control": "no-cache"},
    )
