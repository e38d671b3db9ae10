"""Describing: what an RTSP server says of a stream, asked by our own few lines before FFmpeg opens it.

FFmpeg tells a closed port, a missing route and an unknown name as one thing, and a stream without video as broken data.
Here they are told apart: that is the whole purpose. One connection, two questions at most, bounded in bytes and time;
the password is never said, only proved. Parsers are pure.
"""

from __future__ import annotations

import re
import secrets
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from cameras.onvif.digest import authorization, strongest
from cameras.onvif.exchange import reached
from cameras.reaching import AskingError, Problem
from hub.clock import Clock
from hub.networks import Allowed, NotAllowedNetworkError, connect

_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_MOST_BYTES = 65_536
_STATUS = re.compile(rb"RTSP/\d\.\d (\d{3}) ?([^\r\n]{0,200})\r?\n")
_OK, _UNAUTHORIZED, _FORBIDDEN = 200, 401, 403
_MISSING = frozenset({404, 410, 451, 454, 460, 461})
_FULL = frozenset({453, 486, 503})

VIDEO = frozenset(
    {"h264", "h265", "hevc", "jpeg", "mp4v-es", "mpv", "mp2t", "h263", "h263-1998", "h263-2000", "vp8", "vp9", "av1"}
)
"""Names, as RTP has them, of what can be read."""

_STATIC = {"26": "jpeg", "32": "mpv", "33": "mp2t", "34": "h263", "0": "pcmu", "8": "pcma", "14": "mpa"}


@dataclass(frozen=True, slots=True)
class Described:
    """What a session description announces.

    Attributes:
        video: Encodings of its video, lower case.
        sound: Of its sound.
    """

    video: tuple[str, ...]
    sound: tuple[str, ...]


def parse_description(text: bytes) -> Described:
    """The encodings in a session description; empty where there is none."""
    kinds: dict[str, list[str]] = {"video": [], "audio": []}
    kind, formats = "", []
    for line in text[:_MOST_BYTES].decode("utf-8", "replace").splitlines():
        if line.startswith("m="):
            kind, *rest = line[2:].split(" ")
            formats = rest[2:3]
            if kind in kinds:
                kinds[kind].append(_STATIC.get("".join(formats), ""))
        elif line.startswith("a=rtpmap:") and kind in kinds and kinds[kind]:
            number, _, encoding = line.removeprefix("a=rtpmap:").partition(" ")
            if [number] == formats:
                kinds[kind][-1] = encoding.partition("/")[0].strip().lower()[:32]
    return Described(tuple(kinds["video"][:8]), tuple(kinds["audio"][:8]))


def parse_reply(data: bytes) -> tuple[int, list[tuple[str, str]], int] | None:
    """Status, headers and where the body begins; None while it is not whole.

    Raises:
        AskingError: It is no RTSP.
    """
    found = _STATUS.match(data)
    if found is None:
        if len(data) > 64 or b"\n" in data or not b"RTSP/".startswith(data[:5]):  # noqa: PLR2004 - more than a status
            raise AskingError(Problem.NOT_A_CAMERA, f"no RTSP: {data[:40]!r}")
        return None
    end = re.search(rb"\r?\n\r?\n", data)
    if end is None:
        return None
    lines = data[found.end() : end.start()].decode("latin-1").splitlines()
    headers = [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return int(found[1]), headers, end.end()


class Describing:
    """One RTSP server, asked about one stream."""

    def __init__(
        self,
        url: str,
        *,
        username: str | None,
        password: str | None,
        allowed: Allowed,
        clock: Clock,
        insecure: bool = False,
    ) -> None:
        """Prepare.

        Args:
            url: Without user and password.
            username: User.
            password: Its password.
            allowed: Where cameras may be.
            clock: For the deadline.
            insecure: Whether any certificate is taken.
        """
        self._url = url
        self._username = username
        self._password = password
        self._allowed = allowed
        self._clock = clock
        self._insecure = insecure

    def ask(self, *, timeout_s: float = 6.0) -> Described:
        """What the stream holds.

        Raises:
            AskingError: What is wrong.
        """
        until_s = self._clock.monotonic_s() + timeout_s
        with self.reach(until_s) as connection:
            status, headers, body = self._describe(connection, until_s, "", number=1)
            challenge = strongest([value for name, value in headers if name == "www-authenticate"])
            if status == _UNAUTHORIZED and challenge is not None and self._username is not None:
                proof = authorization(
                    challenge,
                    username=self._username,
                    password=self._password or "",
                    url=self._url,
                    count=1,
                    client_nonce=secrets.token_hex(8),
                    method="DESCRIBE",
                    target=self._url,
                )
                status, headers, body = self._describe(connection, until_s, f"Authorization: {proof}\r\n", number=2)
            elif status == _UNAUTHORIZED and self._username is not None and _wants_basic(headers):
                return Described((), ())  # FFmpeg may say the password here; whether it is right, it will tell
        if status in (_UNAUTHORIZED, _FORBIDDEN):
            raise AskingError(Problem.WRONG_PASSWORD, f"RTSP {status}")
        if status in _MISSING:
            raise AskingError(Problem.WRONG_PATH, f"RTSP {status}")
        if status in _FULL:
            raise AskingError(Problem.TOO_MANY_SESSIONS, f"RTSP {status}")
        if status != _OK:
            raise AskingError(Problem.REDIRECTED if 300 <= status < 400 else Problem.REFUSED, f"RTSP {status}")  # noqa: PLR2004
        described = parse_description(body)
        if not described.video:
            raise AskingError(Problem.NO_VIDEO, "the session description announces none")
        if not VIDEO.intersection(described.video):
            raise AskingError(Problem.UNKNOWN_CODEC, f"announced: {', '.join(described.video)}"[:120])
        return described

    def reach(self, until_s: float) -> socket.socket:
        """A connection to the server, over TLS where the address says so.

        Raises:
            AskingError: Nobody is there, or the certificate is not trusted.
        """
        try:
            parts = urlsplit(self._url)
            port = parts.port or _PORTS[parts.scheme.lower()]
            host = parts.hostname or ""
        except (ValueError, KeyError):
            raise AskingError(Problem.BAD_ADDRESS, self._url[:200]) from None
        if not host:
            raise AskingError(Problem.BAD_ADDRESS, self._url[:200])
        try:
            connection = connect(host, port, self._allowed, timeout_s=self._left(until_s))
        except (NotAllowedNetworkError, OSError) as error:
            raise reached(error) from None
        if parts.scheme.lower() not in ("rtsps", "https"):
            return connection
        try:
            connection.settimeout(self._left(until_s))
            context = ssl.create_default_context()
            if self._insecure:
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            return context.wrap_socket(connection, server_hostname=host)
        except OSError as error:
            connection.close()
            raise reached(error) from None

    def _describe(
        self, connection: socket.socket, until_s: float, more: str, *, number: int
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        question = f"DESCRIBE {self._url} RTSP/1.0\r\nCSeq: {number}\r\nAccept: application/sdp\r\n{more}\r\n"
        data = b""
        try:
            connection.settimeout(self._left(until_s))
            connection.sendall(question.encode("utf-8", "replace"))
            while True:
                reply = parse_reply(data)
                if reply is not None:
                    status, headers, begins = reply
                    length = _length(headers)
                    if len(data) >= begins + length:
                        return status, headers, data[begins : begins + length]
                connection.settimeout(self._left(until_s))
                piece = connection.recv(_MOST_BYTES)
                if not piece:
                    raise AskingError(Problem.BROKE, "the server closed the connection")
                data += piece
                if len(data) > _MOST_BYTES:
                    raise AskingError(Problem.NOT_A_CAMERA, "more than a session description is long")
        except OSError as error:
            raise reached(error) from None

    def _left(self, until_s: float) -> float:
        left_s = until_s - self._clock.monotonic_s()
        if left_s <= 0:
            raise AskingError(Problem.TIMED_OUT, "no whole answer in time")
        return left_s


def _wants_basic(headers: list[tuple[str, str]]) -> bool:
    return any(name == "www-authenticate" and value.lower().startswith("basic") for name, value in headers)


def _length(headers: list[tuple[str, str]]) -> int:
    text = next((value for name, value in headers if name == "content-length"), "0")
    return min(int(text), 2 * _MOST_BYTES) if text.isascii() and text.isdigit() and len(text) < 10 else 0  # noqa: PLR2004
