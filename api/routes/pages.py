"""The pages for people: what `make ui` built of `api/ui/`, each file known by name, so that no address reaches another.

Two pages are applications with addresses of their own below `/desk/` and `/m/`; whatever stands there is answered with
the same file, and the page itself says when there is no such place.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from hub.errors import NotFoundError

open_router = APIRouter(include_in_schema=False)
"""Without a token: a page holds nothing but words until somebody signs in on it."""

MOVED = {
    "/live": "/desk/wall",
    "/playback": "/desk/playback",
    "/home": "/m/home",
    "/setup": "/m/first-start",
    "/invite": "/m/invite",
    "/account": "/m/account",
}
"""Short addresses that people know or were given, and where they lead. What stands behind a `#` goes along."""

_BUILT = files("api") / "ui" / "dist"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_CODINGS = {"br": ".br", "gzip": ".gz"}
_FOREVER = "public, max-age=31536000, immutable"
"""For files whose name holds a digest of what is in them."""
_ASK_AGAIN = "no-cache"
"""For the others: after an update of the hub an old page must not talk to a new API."""
_NOT_BUILT = (
    "<!doctype html><meta charset=utf-8><title>Community hub</title>"
    "<p lang=zh-CN>网页尚未生成。请在程序所在的文件夹运行 <code>make ui</code>，然后重新打开。"
    "<p lang=en>The pages have not been built. Run <code>make ui</code> in the program's folder, then open this again."
)


@open_router.get("/")
@open_router.get("/desk/{path:path}")
def desk() -> Response:
    """The desk of the room and of whoever sets the hub up."""
    return _page("desk.html")


@open_router.get("/m/sw.js")
@open_router.get("/m/manifest.webmanifest")
def phone_file(request: Request) -> Response:
    """What makes the page for phones one that is installed; a service worker only serves what is beside it or below."""
    return _page(request.url.path.removeprefix("/m/"))


@open_router.get("/m/{path:path}")
def phone(path: str) -> Response:
    """The page for phones."""
    del path  # the page reads it itself
    return _page("phone.html")


@open_router.get("/live")
@open_router.get("/playback")
@open_router.get("/home")
@open_router.get("/setup")
@open_router.get("/invite")
@open_router.get("/account")
def moved(request: Request) -> Response:
    """A short address."""
    return RedirectResponse(MOVED[request.url.path])


@open_router.get("/ui/{path:path}")
def asset(path: str, request: Request) -> Response:
    """A script, style or picture of a page, packed as the browser takes it."""
    known = _built()
    if path not in known or _suffix(path) not in _TYPES:
        raise NotFoundError(f"no file {path!r}")
    cached = _FOREVER if path.startswith("assets/") else _ASK_AGAIN
    taken = {each.split(";")[0].strip() for each in request.headers.get("accept-encoding", "").split(",")}
    for coding, suffix in _CODINGS.items():
        if coding in taken and path + suffix in known:
            return _answer(path, known[path + suffix], cached, {"Content-Encoding": coding, "Vary": "Accept-Encoding"})
    return _answer(path, known[path], cached, {"Vary": "Accept-Encoding"})


def _page(name: str) -> Response:
    known = _built()
    if name not in known:
        return Response(_NOT_BUILT, status_code=503, media_type="text/html; charset=utf-8")
    return _answer(name, known[name], _ASK_AGAIN, {})


def _answer(name: str, body: bytes, cached: str, headers: dict[str, str]) -> Response:
    return Response(body, media_type=_TYPES[_suffix(name)], headers={"Cache-Control": cached, **headers})


def _suffix(name: str) -> str:
    return name[name.rindex(".") :] if "." in name else ""


@cache
def _built() -> dict[str, bytes]:
    """Everything that was built, by its path: a few megabytes, read once."""
    return dict(_files(_BUILT, "")) if _BUILT.is_dir() else {}


def _files(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for each in folder.iterdir():
        if each.is_dir():
            found += _files(each, f"{prefix}{each.name}/")
        else:
            found.append((prefix + each.name, each.read_bytes()))
    return found
