"""Connections: what one client may hold up. A request has to come within seconds, and one address has its share.

On top of uvicorn's own protocol, which waits for ever for a request that never ends: a head has `HEAD_WITHIN_S` from
its first byte (or from the connection), a body has to keep coming, and of the places there are no address takes more
than half. Addresses of this machine and of proxies that are trusted stand for many and are not bounded.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Sequence

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_WITHIN_S = 10.0
BODY_PAUSE_S = 20.0
"""A body that stands still for so long is given up: a phone in a tunnel comes back sooner."""

BODY_WITHIN_S = 300.0
MOST_PER_ADDRESS = 256
MOST_WAITING = 512
"""Connections that have not shaken hands yet, of all addresses."""

MOST_HEAD_BYTES = 32 * 1024


_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def _is_too_long(begun: bytes) -> bool:
    """Whether a head that begins so is longer than any that is taken."""
    if len(begun) <= MOST_HEAD_BYTES:
        return False
    return b"\n\r\n" not in begun[:MOST_HEAD_BYTES] and b"\n\n" not in begun[:MOST_HEAD_BYTES]


class Shares:
    """How many connections each address has."""

    def __init__(self, many: Sequence[str]) -> None:
        """Bound all but this machine and `many`, addresses and networks that stand for many."""
        self._many = tuple(ipaddress.ip_network(each) for each in many)
        self._held: Counter[str] = Counter()
        self._waiting: dict[tuple[str, int], bool] = {}

    def admit(self, peer: tuple[str, int]) -> bool:
        """Hold a place for a connection that may have to shake hands yet; whether there is one."""
        taken = False if len(self._waiting) >= MOST_WAITING else self.take(peer[0])
        if taken is False:
            return False
        self._waiting[peer] = taken is not None
        return True

    def arrived(self, peer: tuple[str, int] | None) -> bool | None:
        """It is a connection now: as `take` says, and a place that was held is its own."""
        if peer is None:
            return None
        held = self._waiting.pop(peer, None)
        return self.take(peer[0]) if held is None else held or None

    def gone(self, peer: tuple[str, int]) -> None:
        """It ended; without ever having been a connection its place is given back."""
        if self._waiting.pop(peer, False):
            self.give_back(peer[0])

    def take(self, address: str) -> bool | None:
        """Take a place: whether there was one; None for an address that is not bounded."""
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return None
        if ip.is_loopback or any(ip in network for network in self._many if network.version == ip.version):
            return None
        if self._held[address] >= MOST_PER_ADDRESS:
            return False
        self._held[address] += 1
        return True

    def give_back(self, address: str) -> None:
        """A connection ended."""
        self._held[address] -= 1
        if self._held[address] <= 0:
            del self._held[address]


class BoundedProtocol(H11Protocol):
    """One connection. `shares` is of its server."""

    shares: Shares
    _deadline: asyncio.TimerHandle | None = None
    _body_since_s: float | None = None
    _counted: str | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it, unless its address has its share."""
        super().connection_made(transport)
        taken = self.shares.arrived(self.client)
        if taken is False:
            transport.abort()
            return
        self._counted = self.client[0] if taken and self.client else None
        self._give(HEAD_WITHIN_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """It ended."""
        self._let_go()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request."""
        if self.conn.their_state is h11.IDLE and _is_too_long(self.conn.trailing_data[0] + data):
            # The library bounds only a head that comes in pieces.
            self.transport.write(_TOO_LARGE)
            self.transport.close()
            return
        super().data_received(data)
        state = self.conn.their_state
        if state is h11.SEND_BODY:
            now_s = self.loop.time()
            self._body_since_s = self._body_since_s or now_s
            self._give(min(BODY_PAUSE_S, max(0.0, self._body_since_s + BODY_WITHIN_S - now_s)))
            return
        self._body_since_s = None
        if state is not h11.IDLE:
            self._stop_deadline()
        elif self._deadline is None:
            self._give(HEAD_WITHIN_S)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """It becomes a WebSocket, which others look after."""
        self._let_go()
        super().handle_websocket_upgrade(event)

    def _give(self, seconds: float) -> None:
        self._stop_deadline()
        self._deadline = self.loop.call_later(seconds, self._late)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        self._deadline = None
        sends_body = self.conn.their_state is h11.SEND_BODY
        answering = self.cycle is not None and not self.cycle.response_complete
        if sends_body and self.flow.read_paused:
            self._give(BODY_PAUSE_S)  # it waits for us
        elif sends_body or not answering:
            self.transport.abort()

    def _let_go(self) -> None:
        self._stop_deadline()
        if self._counted is not None:
            self.shares.give_back(self._counted)
            self._counted = None


def protocol_for(held: Shares) -> type[H11Protocol]:
    """The protocol of one server."""

    class Bounded(BoundedProtocol):
        shares = held

    return Bounded
