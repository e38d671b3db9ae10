"""Exchanges: one question to a device over HTTP, and its answer, whatever it does.

The connection goes to the very address that was checked against the allowed networks. Bytes are bounded, and so is the
whole time: a device that sends a byte a second is as late as one that sends none. Nothing is redirected, nothing
unpacked, no cookie kept. Who asks the same device again and again keeps one connection (`Line`) for a while; after
anything but a whole answer it is closed. Runs in an asyncio loop; every wait can be cancelled.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import SplitResult, urlsplit

import h11

from cameras.onvif.answers import MOST_BYTES
from cameras.reaching import AskingError, Problem
from hub.networks import Allowed, NotAllowedNetworkError, Resolved, resolve_allowed

_PORTS = {"http": 80, "https": 443}
_PIECE_BYTES = 65_536
_KEPT_S = 600.0
"""So long a connection is used at most: then the name is looked up and held against the allowed networks anew."""
_KEEPING = frozenset({200, 401})
"""After any other answer something is wrong over there."""
_REFUSED_ERRORS = frozenset({errno.ECONNREFUSED})
_NO_ROUTE_ERRORS = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EACCES})


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Attributes:
        status: Of HTTP.
        headers: By lower-case name, in order.
        body: As it came.
        host: The address that answered.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    host: str

    def header(self, name: str) -> list[str]:
        """All values of a header."""
        return [value for each, value in self.headers if each == name]


def split_address(url: str) -> SplitResult:
    """The parts of a web address.

    Raises:
        AskingError: It is none.
    """
    try:
        parts = urlsplit(url)
        sound = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or " " in url or not url.isprintable():
        raise AskingError(Problem.BAD_ADDRESS, url[:200])
    return parts


@dataclass(slots=True)
class _Wire:
    """An open connection, between two questions."""

    key: tuple[str, str, int]
    host: str
    made_s: float
    talk: h11.Connection
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    answered: bool = False

    def is_good_for(self, key: tuple[str, str, int], now_s: float) -> bool:
        return (
            self.key == key
            and now_s - self.made_s < _KEPT_S
            and not self.reader.at_eof()
            and not self.writer.transport.is_closing()
        )


class Line:
    """At most one connection to one device, open between two questions; `close` it in the loop."""

    def __init__(self) -> None:
        """None yet."""
        self._wire: _Wire | None = None
        self._is_closed = False

    def take(self, key: tuple[str, str, int], now_s: float) -> _Wire | None:
        """The connection, if it leads there and may be used again; whoever takes it gives it back, or closes it."""
        wire, self._wire = self._wire, None
        if wire is not None and not wire.is_good_for(key, now_s):
            wire.writer.transport.abort()
            return None
        return wire

    def give_back(self, wire: _Wire) -> None:
        """Keep a connection after a whole answer."""
        if self._wire is not None or self._is_closed:
            wire.writer.transport.abort()
        else:
            self._wire = wire

    def close(self) -> None:
        """Keep none, now and later."""
        self._is_closed = True
        if self._wire is not None:
            self._wire.writer.transport.abort()
            self._wire = None


class Exchange:
    """Asks devices. For one loop."""

    def __init__(self, allowed: Allowed) -> None:
        """Prepare; only what is allowed is connected to."""
        self._allowed = allowed

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        headers: Mapping[str, str],
        timeout_s: float,
        most_bytes: int = MOST_BYTES,
        line: Line | None = None,
    ) -> Reply:
        """Ask.

        Args:
            url: http or https.
            body: Of the question.
            headers: Besides those that every question has.
            timeout_s: For all of it.
            most_bytes: Of the answer.
            line: Keeps the connection for the next question; None closes it.

        Raises:
            AskingError: There is no answer, or none that may be taken.
        """
        parts = split_address(url)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._ask(parts, body, headers, most_bytes=most_bytes, line=line)
        except TimeoutError:
            raise AskingError(Problem.TIMED_OUT, f"no whole answer in {timeout_s:g} s") from None
        except h11.RemoteProtocolError as error:
            raise AskingError(Problem.NOT_A_CAMERA, f"no HTTP: {str(error)[:120]}") from None
        except (NotAllowedNetworkError, OSError) as error:
            raise reached(error) from None

    async def _ask(
        self, parts: SplitResult, body: bytes, headers: Mapping[str, str], *, most_bytes: int, line: Line | None
    ) -> Reply:
        assert parts.hostname is not None
        key = (parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme])
        now_s = asyncio.get_running_loop().time()
        kept = None if line is None else line.take(key, now_s)
        if kept is not None:
            try:
                return await _asked(kept, parts, body, headers, most_bytes=most_bytes, line=line)
            except (OSError, h11.RemoteProtocolError, AskingError):
                if kept.answered:
                    raise
                # The device had closed it meanwhile, which it may: it never saw this question.
        return await _asked(await self._connect(key, now_s), parts, body, headers, most_bytes=most_bytes, line=line)

    async def _connect(self, key: tuple[str, str, int], now_s: float) -> _Wire:
        scheme, host, port = key
        resolved = await resolve(host, port, self._allowed)
        connected = socket.socket(resolved.family, socket.SOCK_STREAM)
        connected.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(connected, resolved.sockaddr)
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            secure = scheme == "https"
            reader, writer = await asyncio.open_connection(
                sock=connected,
                limit=_PIECE_BYTES,
                ssl=self._trust if secure else None,
                server_hostname=host if secure else None,
            )
        except BaseException:
            connected.close()
            raise
        talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=32_768)
        return _Wire(key, str(resolved.ip), now_s, talk, reader, writer)

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context()


async def _asked(
    wire: _Wire, parts: SplitResult, body: bytes, headers: Mapping[str, str], *, most_bytes: int, line: Line | None
) -> Reply:
    """Ask over a connection, and keep it on the line, or close it."""
    is_kept = False
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        said = {
            "host": parts.netloc.rpartition("@")[2],
            "content-length": str(len(body)),
            "connection": "close" if line is None else "keep-alive",
        }
        request = h11.Request(
            method="POST", target=target.encode("ascii", "replace"), headers=list((said | dict(headers)).items())
        )
        wire.answered = False
        talk = wire.talk
        pieces = (talk.send(request), talk.send(h11.Data(body)), talk.send(h11.EndOfMessage()))
        wire.writer.write(b"".join(piece for piece in pieces if piece))
        await wire.writer.drain()
        reply = await _answer(wire, most_bytes)
        if line is not None and reply.status in _KEEPING and _goes_on(talk):
            talk.start_next_cycle()
            line.give_back(wire)
            is_kept = True
        return reply
    finally:
        if not is_kept:
            wire.writer.transport.abort()


def _goes_on(talk: h11.Connection) -> bool:
    """Whether both sides are done with this question, are ready for another, and nothing came that nobody asked for."""
    return talk.our_state is h11.DONE and talk.their_state is h11.DONE and talk.trailing_data == (b"", False)


async def _answer(wire: _Wire, most_bytes: int) -> Reply:
    head: h11.Response | None = None
    pieces: list[bytes] = []
    size = 0
    while True:
        event = wire.talk.next_event()
        if event is h11.NEED_DATA:
            data = await wire.reader.read(_PIECE_BYTES)
            wire.answered = wire.answered or bool(data)
            wire.talk.receive_data(data)
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            size += len(event.data)
            if size > most_bytes:
                raise AskingError(Problem.BROKE, f"an answer of more than {most_bytes} bytes")
            pieces.append(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            assert head is not None
            headers = tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in head.headers)
            return Reply(head.status_code, headers, b"".join(pieces), wire.host)
        elif not isinstance(event, h11.InformationalResponse):
            raise AskingError(Problem.BROKE, "the device closed the connection without an answer")


async def resolve(host: str, port: int, allowed: Allowed) -> Resolved:
    """The address to connect to; a name is looked up beside the loop.

    Raises:
        NotAllowedNetworkError: None of its addresses is allowed.
        OSError: The name cannot be resolved.
    """
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return await asyncio.to_thread(resolve_allowed, host, port, allowed)
    return resolve_allowed(host, port, allowed)


def reached(error: Exception) -> AskingError:
    """Why nobody was reached, told apart."""
    match error:
        case NotAllowedNetworkError():
            problem = Problem.NOT_ALLOWED
        case ssl.SSLCertVerificationError():
            problem = Problem.TLS_UNTRUSTED
        case ssl.SSLError():
            problem = Problem.NOT_A_CAMERA
        case socket.gaierror():
            problem = Problem.UNKNOWN_HOST
        case TimeoutError():
            problem = Problem.TIMED_OUT
        case OSError(errno=number) if number in _REFUSED_ERRORS:
            problem = Problem.PORT_CLOSED
        case OSError(errno=number) if number in _NO_ROUTE_ERRORS:
            problem = Problem.NO_ROUTE
        case OSError(errno=errno.ETIMEDOUT):
            problem = Problem.TIMED_OUT
        case _:
            problem = Problem.BROKE
    return AskingError(problem, str(error)[:200])
