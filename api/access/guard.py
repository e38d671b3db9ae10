"""Guard: what holds for every request before any route sees it, and for every answer after.

Plain ASGI, outermost, so that streams pass through untouched. It refuses a Host the hub does not go by (a page of
another name that resolves to us), a writing request or a WebSocket that a page of another origin sends, and a body over
the limit; it sets the security headers; it turns what nobody caught into a bare 500; and it counts and times every
request.
"""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from hub.clock import Clock

logger = logging.getLogger(__name__)

BODY_LIMIT_BYTES = 1024 * 1024  # the largest body but pictures is a camera with 64-point zones, some 50 kB
LARGER_BYTES = (  # photos from phones; a form has some text beside its four
    (re.compile(r"/api/v1/dispatches/[^/]+/photo"), 8 * 1024 * 1024),
    (re.compile(r"/api/v1/reports(/[^/]+/photos)?"), 33 * 1024 * 1024),
    (re.compile(r"/api/v1/areas/[^/]+/plan"), 9 * 1024 * 1024),
    (re.compile(r"/api/v1/community"), 16 * 1024 * 1024),  # as large as a file of it may be
)
MOST_SOCKETS = 384
"""WebSockets open at once: who watches live (`cameras/live/watching.py` bounds them too), and some on their way out."""
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
}

_OWN_SITES = frozenset({"same-origin", "none"})
_SCHEMES = {
    "http": ("http", "https"),  # a proxy in front may encrypt
    "ws": ("http", "https"),
    "https": ("https",),
    "wss": ("https",),
}
_FIRST_REFUSAL = 300
_SIGNED_OUT = "/api/v1/auth/logout"
_FORGET = '"cache", "cookies", "storage"'

Observe = Callable[[str, str, int, float], None]
"""Told of every answer: method, route template, status (0 when the client left first), seconds until it began."""


class Guard:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, *, clock: Clock, observe: Observe, loopback_only: bool) -> None:
        """Wrap `app`.

        Args:
            app: What answers.
            clock: Times the answers.
            observe: Told of every answer.
            loopback_only: The hub listens on loopback alone, so that only loopback names are its own.
        """
        self._app = app
        self._clock = clock
        self._observe = observe
        self._loopback_only = loopback_only
        self._sockets = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await self._guard_socket(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_s = self._clock.monotonic_s()
        status = 0
        took_s: float | None = None

        async def send_guarded(message: Message) -> None:
            nonlocal status, took_s
            if message["type"] == "http.response.start":
                status = message["status"]
                took_s = self._clock.monotonic_s() - started_s  # a feed lasts minutes, and that says nothing
                _harden(MutableHeaders(scope=message), scope["path"], status)
            await send(message)

        headers = Headers(scope=scope)
        limit_bytes = limit_of(scope["path"])
        refusal = self._refusal(scope, headers, limit_bytes)
        try:
            if refusal is not None:
                await refusal(scope, receive, send_guarded)
            else:
                await self._app(scope, _bounded(receive, limit_bytes), send_guarded)
        except Exception as error:
            logger.exception("request failed", extra={"method": scope["method"], "path": scope["path"]})
            if status:
                raise  # too late for another answer: the connection is cut
            await problems.from_error(error)(scope, receive, send_guarded)
        finally:
            route = scope.get("route")
            template = getattr(route, "path", "(none)")
            if took_s is None:
                took_s = self._clock.monotonic_s() - started_s
            self._observe(scope["method"], template, status, took_s)

    async def _guard_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a WebSocket in or not; who he is and what he may see is asked by its route."""
        started_s = self._clock.monotonic_s()
        told = False

        async def send_guarded(message: Message) -> None:
            nonlocal told
            if message["type"] == "websocket.http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            if not told:
                told = True
                status = {"websocket.accept": 101, "websocket.close": 403}.get(message["type"]) or message["status"]
                template = getattr(scope.get("route"), "path", "(none)")
                self._observe("WEBSOCKET", template, status, self._clock.monotonic_s() - started_s)
            await send(message)

        refusal = self._socket_refusal(Headers(scope=scope), scope.get("scheme", "ws"))
        self._sockets += 1
        try:
            await (self._app if refusal is None else refusal)(scope, receive, send_guarded)
        finally:
            self._sockets -= 1

    def _socket_refusal(self, headers: Headers, scheme: str) -> ASGIApp | None:
        if not self._is_ours(headers):
            return problems.problem(421)
        # A browser always says where its page is from; a program that is no browser has no user to be misled.
        if not _is_same_origin(headers, scheme):
            return problems.problem(403, detail="this request comes from a page of another origin")
        if self._sockets >= MOST_SOCKETS:
            return problems.problem(503, detail="too many are connected", headers={"Retry-After": "10"})
        return None

    def _is_ours(self, headers: Headers) -> bool:
        host = _host_name(headers.get("host", ""))
        return host is not None and (not self._loopback_only or is_loopback(host))

    def _refusal(self, scope: Scope, headers: Headers, limit_bytes: int) -> ASGIApp | None:
        method, scheme = scope["method"], scope.get("scheme", "http")
        if not self._is_ours(headers):
            return problems.problem(421)
        if method not in _SAFE_METHODS and not _is_same_origin(headers, scheme):
            return problems.problem(403, detail="this request comes from a page of another origin")
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > limit_bytes:
            return problems.problem(413, detail=f"at most {limit_bytes} bytes")
        return None


def _harden(headers: MutableHeaders, path: str, status: int) -> None:
    """Say what a browser may do with an answer, where its route has not said so itself."""
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("Cache-Control", "no-store")
    if path == _SIGNED_OUT and status < _FIRST_REFUSAL:
        headers.setdefault("Clear-Site-Data", _FORGET)


def limit_of(path: str) -> int:
    """How many bytes a body that is sent to an address may have."""
    return next((most for pattern, most in LARGER_BYTES if pattern.fullmatch(path)), BODY_LIMIT_BYTES)


def _bounded(receive: Receive, limit_bytes: int) -> Receive:
    """`receive` that stops a body without a declared length at the limit."""
    taken_bytes = 0

    async def receive_bounded() -> Message:
        nonlocal taken_bytes
        message = await receive()
        taken_bytes += len(message.get("body", b""))
        if taken_bytes > limit_bytes:
            raise HTTPException(413)
        return message

    return receive_bounded


def _is_same_origin(headers: Headers, scheme: str) -> bool:
    """Whether a request comes from a page of the hub's own, or from no page at all.

    A page without an origin of its own (`null`: a sandbox, a file) is another's. Over TLS a page that came without it
    is another's, too: somebody on the way may have written it.
    """
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "none") in _OWN_SITES
    parts = urlsplit(origin)
    return parts.scheme in _SCHEMES[scheme] and parts.netloc == headers.get("host")


def _host_name(host: str) -> str | None:
    """The name in a Host header without its port; None when it is none."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    if not parts.hostname or parts.path or parts.query or parts.fragment or parts.username is not None:
        return None
    return parts.hostname


def is_loopback(name: str) -> bool:
    """Whether a host name is this machine's own alone."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
