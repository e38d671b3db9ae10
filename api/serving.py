"""Serving: the HTTP server with its certificate, and what is wrong with how it is reached."""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access.guard import is_loopback
from api.certificates import Certificate, Certificates
from api.own_certificate import own_names
from api.server import Server
from config.machine import Machine
from hub.clock import Clock

logger = logging.getLogger(__name__)


class Serving:
    """The server of one hub, by what its settings say. `start` once."""

    def __init__(self, machine: Machine, app: ASGIApp, clock: Clock) -> None:
        """Bind its addresses.

        Raises:
            ConfigurationError: An address is taken, or the certificate cannot be used.
        """
        http = machine.http
        self._certificates = None if http.tls is None else Certificates(http.tls, machine, clock)
        tls = None if self._certificates is None else self._certificates.context
        proxies = tuple(http.trusted_proxies)
        if http.tls is not None and not http.tls.self_signed:
            app = Strict(app)
        self._server = Server(app, host=http.host, port=http.port, tls=tls, trusted_proxies=proxies)
        self._redirecting: Server | None = None
        if http.tls is not None and http.tls.redirect_port is not None:
            port = self._server.port
            names = frozenset(name.lower() for name in own_names(machine))
            self._redirecting = Server(
                Redirecting(port, lambda: names | self._held_names()),
                host=http.host,
                port=http.tls.redirect_port,
                trusted_proxies=proxies,
            )
        self.url = self._server.url
        self.port = self._server.port
        self.warnings = warnings_of(machine)

    @property
    def certificate(self) -> Certificate | None:
        """The one in force; None without TLS."""
        return None if self._certificates is None else self._certificates.current

    def _held_names(self) -> frozenset[str]:
        found = self.certificate
        return frozenset() if found is None else frozenset(name.lower() for name in found.names)

    def reload(self) -> bool:
        """Use the certificate that its files hold now; whether it could be used."""
        return self._certificates is None or self._certificates.reload()

    def start(self) -> None:
        """Begin to answer."""
        if self._certificates is not None:
            self._certificates.start()
        if self._redirecting is not None:
            self._redirecting.start()
        for words in self.warnings:
            logger.warning("how the hub is reached is not safe", extra={"detail": words})
        self._server.start()

    def stop(self) -> None:
        """Answer what is under way, then end; may be called twice."""
        if self._redirecting is not None:
            self._redirecting.stop()
        self._server.stop()
        if self._certificates is not None:
            self._certificates.stop()


def warnings_of(machine: Machine) -> tuple[str, ...]:
    """What is wrong with how a hub with these settings is reached, in words."""
    http = machine.http
    if http.tls is not None or is_loopback(http.host) or http.trusted_proxies:
        return ()
    remedy = "write http.tls: {self_signed: true} in machine.yaml, or http.host: 127.0.0.1"
    return (f"passwords and pictures cross the network readable: plain HTTP on {http.host}; {remedy}",)


class Redirecting:
    """What answers plain HTTP beside HTTPS: where that is, and nothing else."""

    def __init__(self, port: int, names: Callable[[], frozenset[str]]) -> None:
        self._port = port
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: with where to go under a name that is the hub's, or that it is not answered here."""
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: 403
            return
        if scope["type"] != "http":
            return
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        name = _name_of(host)
        answer: ASGIApp
        if name is None or not self._is_ours(name, scope) or scope["method"] not in ("GET", "HEAD"):
            # A form or a password that came here was readable on the way: it must not be sent again as if it were not.
            answer = PlainTextResponse("Write https:// in front of the address.\n", 403)
        else:
            port = "" if self._port == _HTTPS else f":{self._port}"
            query = scope["query_string"].decode("latin-1")
            path = quote(scope["path"]) + (f"?{query}" if query else "")
            answer = RedirectResponse(f"https://{name}{port}{path}", 307)
        await answer(scope, receive, send)

    def _is_ours(self, name: str, scope: Scope) -> bool:
        plain, known = name.strip("[]"), self._names()
        own = (scope.get("server") or ("",))[0]
        return plain in known or plain == own or f"*.{plain.partition('.')[2]}" in known


_HTTPS = 443
_STRICT = b"max-age=31536000"


class Strict:
    """Has browsers come by HTTPS alone for a year: only with a certificate that they trust, or nobody gets in again."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_strictly(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (b"strict-transport-security", _STRICT)]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, send_strictly)


def _name_of(host: str) -> str | None:
    try:
        parts = urlsplit(f"//{host}")
        name = parts.hostname
    except ValueError:
        return None
    if not name or parts.path or parts.query or parts.fragment or parts.username is not None:
        return None
    return f"[{name}]" if ":" in name else name
