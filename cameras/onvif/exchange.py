"""Exchanges: one question to a device over HTTP, and its answer, whatever it does.

The connection goes to the very address that was checked against the allowed networks. Bytes are bounded, and so is the
whole time: a device that sends a byte a second is as late as one that sends none. Nothing is redirected, nothing
unpacked, no cookie kept. Runs in an asyncio loop; every wait can be cancelled.
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
    if not sound or any(sign.isspace() or not sign.isprintable() for sign in url):
        raise AskingError(Problem.BAD_ADDRESS, url[:200])
    return parts


class Exchange:
    """Asks devices. For one loop."""

    def __init__(self, allowed: Allowed) -> None:
        """Prepare; only what is allowed is connected to."""
        self._allowed = allowed

    async def post(
        self, url: str, body: bytes, *, headers: Mapping[str, str], timeout_s: float, most_bytes: int = MOST_BYTES
    ) -> Reply:
        """Ask.

        Args:
            url: http or https.
            body: Of the question.
            headers: Besides those that every question has.
            timeout_s: For all of it.
            most_bytes: Of the answer.

        Raises:
            AskingError: There is no answer, or none that may be taken.
        """
        parts = split_address(url)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._ask(parts, body, headers, most_bytes)
        except TimeoutError:
            raise AskingError(Problem.TIMED_OUT, f"no whole answer in {timeout_s:g} s") from None
        except h11.RemoteProtocolError as error:
            raise AskingError(Problem.NOT_A_CAMERA, f"no HTTP: {str(error)[:120]}") from None
        except (NotAllowedNetworkError, OSError) as error:
            raise reached(error) from None

    async def _ask(self, parts: SplitResult, body: bytes, headers: Mapping[str, str], most_bytes: int) -> Reply:
        port = parts.port or _PORTS[parts.scheme]
        assert parts.hostname is not None
        resolved = await resolve(parts.hostname, port, self._allowed)
        connected = socket.socket(resolved.family, socket.SOCK_STREAM)
        connected.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(connected, resolved.sockaddr)
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            secure = parts.scheme == "https"
            reader, writer = await asyncio.open_connection(
                sock=connected,
                limit=_PIECE_BYTES,
                ssl=self._trust if secure else None,
                server_hostname=parts.hostname if secure else None,
            )
        except BaseException:
            connected.close()
            raise
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            said = {"host": parts.netloc.rpartition("@")[2], "content-length": str(len(body)), "connection": "close"}
            talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=32_768)
            request = h11.Request(
                method="POST", target=target.encode("ascii", "replace"), headers=list((said | dict(headers)).items())
            )
            writer.write(talk.send(request) or b"")
            writer.write((talk.send(h11.Data(body)) or b"") + (talk.send(h11.EndOfMessage()) or b""))
            await writer.drain()
            return await _answer(talk, reader, most_bytes, str(resolved.ip))
        finally:
            writer.transport.abort()

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context()


async def _answer(talk: h11.Connection, reader: asyncio.StreamReader, most_bytes: int, host: str) -> Reply:
    head: h11.Response | None = None
    pieces: list[bytes] = []
    size = 0
    while True:
        event = talk.next_event()
        if event is h11.NEED_DATA:
            talk.receive_data(await reader.read(_PIECE_BYTES))
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
            return Reply(head.status_code, headers, b"".join(pieces), host)
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
