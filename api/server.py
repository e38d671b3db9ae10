"""Server: uvicorn in a thread of its own, on a socket that is bound before anything is promised.

The port is known (and taken) when the constructor returns, also for port 0. `stop` ends open feeds through the
application's own closing and waits at most `grace_s` seconds for answers that are under way.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Sequence

import uvicorn
from starlette.types import ASGIApp

from api.accepting import Accepting
from api.connections import MOST_HEAD_BYTES, Shares, protocol_for
from config.says import in_english
from hub.errors import ConfigurationError, Mistake

logger = logging.getLogger(__name__)

MOST_MESSAGE_BYTES = 4096
"""What a client may send on a WebSocket at once: a link, some 200 characters."""

_WAITING = 2048
"""Connections that may wait to be taken."""

_UNSENT_BYTES = 128 * 1024
"""What the system takes of an answer before it is sent. Its own bound is 4 MB: on a slow line a minute of live pictures
that nobody can take back, when what is late should be left out."""


class _Ending(uvicorn.Server):
    """Leaves no connection open behind it: uvicorn forgets those whose answer did not end in the time of grace."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        await asyncio.sleep(0)  # what was cut off ends in order, where it can
        for connection in tuple(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)


class Server:
    """Serves one application over HTTP."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str,
        port: int,
        grace_s: int = 3,
        trusted_proxies: Sequence[str] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Bind the address.

        Args:
            app: What answers.
            host: Address to listen on.
            port: TCP port; 0 takes a free one.
            grace_s: How long answers under way are waited for at the end.
            trusted_proxies: Addresses and networks whose X-Forwarded-For and X-Forwarded-Proto are believed.
            tls: With what is encrypted; None is plain HTTP.

        Raises:
            ConfigurationError: The address cannot be bound; names it.
        """
        shares = Shares(trusted_proxies)
        self._socket = _bind(host, port, shares)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,  # /metrics counts requests; who did what stands in the journal
            server_header=False,
            proxy_headers=bool(trusted_proxies),  # uvicorn would believe whoever comes from loopback
            forwarded_allow_ips=list(trusted_proxies),
            timeout_graceful_shutdown=grace_s,
            timeout_keep_alive=15,
            lifespan="off",
            limit_concurrency=512,  # more at once than a room, its villagers and integrators make; then 503
            ws="websockets-sansio",
            ws_max_size=MOST_MESSAGE_BYTES,
            ws_per_message_deflate=False,  # what is sent is video, which does not get smaller
            http=protocol_for(shares),
            h11_max_incomplete_event_size=MOST_HEAD_BYTES,
            loop="api.accepting:Loop",  # asyncio's, the same everywhere, whatever else is installed
        )
        if tls is not None:
            config.load()
            config.ssl = tls  # ours, so that another certificate can be put into it while it serves
        self._scheme = "http" if tls is None else "https"
        self._server = _Ending(config)
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)
        self._grace_s = grace_s

    @property
    def url(self) -> str:
        """Where it is reached from this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return f"{self._scheme}://{host}:{self.port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread that answers runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Answer what is under way, then end; may be called twice."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(self._grace_s + 2)
        self._socket.close()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        except Exception:
            logger.exception("http server ended")


def _bind(host: str, port: int, shares: Shares) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sets TCP_NODELAY; without it each answer waited 40 ms for the client's TCP.
    bound = Accepting(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.shares = shares
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):  # Linux; connections get it from the socket that listens
            bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
        bound.bind((host, port))
        bound.listen(_WAITING)  # who comes before the thread answers waits, and is not refused
    except OSError as error:
        bound.close()
        message = f"cannot listen on {host}:{port}: {error.strerror}; choose another port, 0 takes a free one"
        raise ConfigurationError((Mistake(None, "http.port", in_english(message)),)) from error
    return bound
