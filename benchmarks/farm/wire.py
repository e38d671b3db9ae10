"""Wire: MQTT 3.1.1 as a device needs it: publishing at QoS 1 alone, cheap enough for a thousand in one thread."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable

_CONNECT, _CONNACK, _PUBLISH, _PUBACK, _PINGREQ, _DISCONNECT = 0x10, 0x20, 0x32, 0x40, 0xC0, 0xE0
_DUP, _RETAIN = 0x08, 0x01
_KEEPALIVE_S = 60
_LAST_PACKET = 0xFFFF


class Wire(asyncio.Protocol):
    """One connection to the broker."""

    def __init__(
        self,
        client_id: str,
        login: tuple[str, str],
        *,
        on_ready: Callable[[bool], None],
        on_acknowledged: Callable[[int], None],
        on_lost: Callable[[], None],
    ) -> None:
        """Sign in as soon as the connection stands.

        Args:
            client_id: Of this client.
            login: Name and password.
            on_ready: Told whether the broker let us in.
            on_acknowledged: Told of each packet id that the broker acknowledged.
            on_lost: Told that the connection is gone.
        """
        self._client_id = client_id
        self._login = login
        self._on_ready = on_ready
        self._on_acknowledged = on_acknowledged
        self._on_lost = on_lost
        self._read = bytearray()
        self._transport: asyncio.Transport | None = None
        self._packet = 0
        self._pinging: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sign in."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        name, password = self._login
        head = _text("MQTT") + struct.pack(">BBH", 4, 0xC2, _KEEPALIVE_S)
        transport.write(_framed(_CONNECT, head + _text(self._client_id) + _text(name) + _text(password)))
        self._ping()

    def connection_lost(self, _error: Exception | None) -> None:
        """The broker, or we, ended it."""
        if self._pinging is not None:
            self._pinging.cancel()
        self._transport = None
        self._on_lost()

    def data_received(self, data: bytes) -> None:
        """What the broker says: whether we are let in, and what it has."""
        self._read += data
        while len(self._read) >= 2:  # noqa: PLR2004 - what a broker answers a publisher is shorter than 128 bytes
            size = 2 + self._read[1]
            if len(self._read) < size:
                return
            kind, body = self._read[0] & 0xF0, bytes(self._read[2:size])
            del self._read[:size]
            if kind == _CONNACK:
                self._on_ready(body[1] == 0)
            elif kind == _PUBACK:
                self._on_acknowledged(struct.unpack(">H", body[:2])[0])

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, again: int = 0) -> int:
        """Send a message at QoS 1, `again` under the packet id that it had; gives its packet id, 0 when gone."""
        if self._transport is None:
            return 0
        if not again:
            self._packet = self._packet % _LAST_PACKET + 1
        packet = again or self._packet
        kind = _PUBLISH | (_RETAIN if retain else 0) | (_DUP if again else 0)
        self._transport.write(_framed(kind, _text(topic) + struct.pack(">H", packet) + payload))
        return packet

    def close(self, *, in_order: bool) -> None:
        """Go; without a word unless `in_order`."""
        if self._transport is None:
            return
        if in_order:
            self._transport.write(_framed(_DISCONNECT, b""))
            self._transport.close()
        else:
            self._transport.abort()

    def _ping(self) -> None:
        if self._transport is not None:
            self._pinging = asyncio.get_running_loop().call_later(_KEEPALIVE_S / 2, self._ping)
            if self._packet:
                self._transport.write(_framed(_PINGREQ, b""))


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">H", len(encoded)) + encoded


def _framed(kind: int, body: bytes) -> bytes:
    size, length = len(body), bytearray()
    while True:
        size, low = divmod(size, 128)
        length.append(low | (0x80 if size else 0))
        if not size:
            return bytes([kind]) + bytes(length) + body
