"""Accepting: connections counted from the moment they are taken, and not when their handshake is done.

A TLS connection becomes known to the server after its handshake. Until then its place is held here, for
`HANDSHAKE_WITHIN_S` at most, and who has no place is closed at once.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Any

from api.connections import Shares

logger = logging.getLogger(__name__)

HANDSHAKE_WITHIN_S = 10.0
_GOODBYE_WITHIN_S = 5.0


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose servers give a handshake its time, and a goodbye too."""

    async def create_server(self, *args: Any, **more: Any) -> asyncio.Server:
        """As asyncio does."""
        if more.get("ssl") is not None:
            more |= {"ssl_handshake_timeout": HANDSHAKE_WITHIN_S, "ssl_shutdown_timeout": _GOODBYE_WITHIN_S}
        return await super().create_server(*args, **more)


class Accepting(socket.socket):
    """A socket that listens for a server; `shares` are its server's."""

    shares: Shares

    def accept(self) -> tuple[socket.socket, Any]:
        """Take a connection.

        Raises:
            ConnectionAbortedError: Its address has its share.
        """
        taken, address = super().accept()
        connection = _Connection(taken.family, taken.type, taken.proto, fileno=taken.detach())
        peer = (str(address[0]), int(address[1]))
        if not self.shares.admit(peer):
            connection.close()
            logger.warning("an address has too many connections", extra={"address": peer[0]})
            raise ConnectionAbortedError
        connection.held = (self.shares, peer)
        return connection, address


class _Connection(socket.socket):
    held: tuple[Shares, tuple[str, int]] | None = None

    def close(self) -> None:
        """Close it, and give its place back, unless the server looks after that."""
        if self.held is not None:
            shares, peer = self.held
            self.held = None
            shares.gone(peer)
        super().close()
