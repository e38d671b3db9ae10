"""An RTSP camera over TCP that says and sends what a test wants, one connection after the other or several at once."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction

import av
import numpy as np

from tests.fakes.clips import yard
from tests.fakes.doors import listening

Frames = Sequence[tuple[int, bytes]]
"""Channel and RTP packet, in the order of sending."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came.

    Attributes:
        method: What is wanted.
        url: Of what.
        headers: Names in lower case.
    """

    method: str
    url: str
    headers: dict[str, str]


@dataclass
class RtspCamera:
    """What the camera is like; `serve` it.

    Attributes:
        sdp: What it describes.
        frames: What it sends on PLAY.
        login: User and password it wants; None wants none.
        challenge: How it asks for them.
        session: Its header.
        more: Further headers of an answer, by method.
        instead: Whole answers in place of its own, by method; `{cseq}` is filled in.
        asked: What it was asked, all connections together.
        port: Where it listens.
    """

    sdp: str
    frames: Frames = ()
    login: tuple[str, str] | None = None
    challenge: Callable[[int], list[str]] = lambda _: ['Digest realm="cam", nonce="n1"']
    session: str = "7;timeout=60"
    more: dict[str, str] = field(default_factory=dict)
    instead: dict[str, str] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/live"

    def methods(self) -> list[str]:
        return [each.method for each in self.asked]

    @contextmanager
    def serve(self) -> Iterator[RtspCamera]:
        with listening(self._talk) as self.port:
            yield self

    def _talk(self, connection: socket.socket) -> None:
        read, refused = b"", 0
        while more := connection.recv(65_536):
            read += more
            while b"\r\n\r\n" in read:
                head, _, read = read.partition(b"\r\n\r\n")
                asked = _request(head.decode())
                self.asked.append(asked)
                if self.login and not self._is_let_in(asked, refused):
                    refused += 1
                    lines = [f"WWW-Authenticate: {each}" for each in self.challenge(refused)]
                    self._say(connection, asked, "401 Unauthorized", lines)
                    continue
                self._answer(connection, asked)

    def _answer(self, connection: socket.socket, asked: Asked) -> None:
        if asked.method in self.instead:
            connection.sendall(self.instead[asked.method].replace("{cseq}", asked.headers["cseq"]).encode())
            return
        lines = [self.more[asked.method]] if asked.method in self.more else []
        body = ""
        if asked.method == "DESCRIBE":
            body = self.sdp
        elif asked.method == "SETUP":
            lines += [f"Transport: {asked.headers['transport']}", f"Session: {self.session}"]
        elif asked.method == "PLAY":
            lines.append(f"Session: {self.session}")
        self._say(connection, asked, "200 OK", lines, body=body)
        if asked.method == "PLAY":
            connection.sendall(b"".join(interleaved(*frame) for frame in self.frames))

    def _say(
        self, connection: socket.socket, asked: Asked, status: str, lines: Sequence[str], *, body: str = ""
    ) -> None:
        more = [f"Content-Type: application/sdp\r\nContent-Length: {len(body)}"] if body else []
        head = "\r\n".join([f"RTSP/1.0 {status}", f"CSeq: {asked.headers['cseq']}", *lines, *more])
        connection.sendall(f"{head}\r\n\r\n{body}".encode())

    def _is_let_in(self, asked: Asked, refused: int) -> bool:
        assert self.login is not None
        if asked.method == "OPTIONS":
            return True
        name, password = self.login
        said = asked.headers.get("authorization", "")
        newest = " ".join(self.challenge(max(1, refused)))
        if said.startswith("Basic "):
            return "Basic" in newest and base64.b64decode(said[6:]).decode() == f"{name}:{password}"
        return said.startswith("Digest ") and _is_right(said, asked, newest, (name, password))


def interleaved(channel: int, packet: bytes) -> bytes:
    """As it goes over the connection (RFC 2326, 10.12)."""
    return b"$" + bytes([channel]) + len(packet).to_bytes(2, "big") + packet


def _request(head: str) -> Asked:
    first, *lines = head.split("\r\n")
    method, url, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    return Asked(method, url, {name.strip().lower(): value.strip() for name, _, value in pairs})


def _is_right(said: str, asked: Asked, newest: str, login: tuple[str, str]) -> bool:
    """The other side of RFC 7616, written on its own."""
    parts = {name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', said)}
    if f'nonce="{parts["nonce"]}"' not in newest or parts["uri"] != asked.url or parts["username"] != login[0]:
        return False
    algorithm = parts.get("algorithm", "MD5")
    if algorithm not in newest and algorithm != "MD5":
        return False

    def h(text: str) -> str:
        return hashlib.new("sha256" if "SHA-256" in algorithm else "md5", text.encode()).hexdigest()

    secret = h(f"{login[0]}:{parts['realm']}:{login[1]}")
    if algorithm.endswith("-sess"):
        secret = h(f"{secret}:{parts['nonce']}:{parts['cnonce']}")
    place = h(f"{asked.method}:{asked.url}")
    middle = f"{parts['nonce']}:"
    if "qop" in newest:
        if parts.get("qop") != "auth":
            return False
        middle += f"{parts['nc']}:{parts['cnonce']}:auth:"
    return bool(parts["response"] == h(f"{secret}:{middle}{place}"))


def ffmpeg_video(
    codec: str, *, pictures: int = 30, b_frames: int = 0, size: tuple[int, int] = (320, 180), key_every: int = 10
) -> tuple[str, list[bytes]]:
    """A moving picture cut into RTP packets by FFmpeg's own muxer: the lines of the SDP, and the packets."""
    with _rtp_port() as (port, arrived):
        with av.open(f"rtp://127.0.0.1:{port}?pkt_size=1200", "w", format="rtp") as container:
            options = {"preset": "ultrafast", "sc_threshold": "0"}
            if codec == "libx265":
                options = {
                    "preset": "ultrafast",
                    "x265-params": f"log-level=none:keyint={key_every}:bframes={b_frames}",
                }
            stream = container.add_stream(codec, rate=10, options=options)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            stream.codec_context.gop_size, stream.codec_context.max_b_frames = key_every, b_frames
            packets = []
            for number in range(pictures):
                image = yard(number, width=size[0], height=size[1], moving=True)
                frame = av.VideoFrame.from_ndarray(image, format="bgr24")
                frame.pts, frame.time_base = number, Fraction(1, 10)
                for packet in stream.encode(frame):
                    container.mux(packet)
                    packets += arrived()
            for packet in stream.encode(None):
                container.mux(packet)
                packets += arrived()
        packets += arrived()
    name = "H265" if codec == "libx265" else "H264"
    sdp = f"m=video 0 RTP/AVP 96\r\na=rtpmap:96 {name}/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:video\r\n"
    return sdp, packets


def ffmpeg_sound(codec: str, *, rate_hz: int = 8000, seconds: float = 3.0) -> tuple[str, list[bytes]]:
    """A tone cut into RTP packets by FFmpeg's own muxer: the lines of the SDP, and the packets."""
    with _rtp_port() as (port, arrived):
        packets = []
        with av.open(f"rtp://127.0.0.1:{port}?pkt_size=1200", "w", format="rtp") as container:
            stream = container.add_stream(codec, rate=rate_hz, layout="mono")
            assert isinstance(stream, av.AudioStream)
            for begins in range(0, round(seconds * rate_hz), 800):
                wave = 9000 * np.sin(np.arange(begins, begins + 800) * 440 * 2 * np.pi / rate_hz)[None]
                frame = av.AudioFrame.from_ndarray(wave.astype(np.int16), format="s16", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = rate_hz, begins, Fraction(1, rate_hz)
                for packet in stream.encode(frame):
                    container.mux(packet)
                    packets += arrived()
            config = bytes(stream.codec_context.extradata or b"").hex()
        packets += arrived()
    if codec == "aac":
        framing = "streamtype=5;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3"
        words = (
            f"m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/{rate_hz}/1\r\na=fmtp:97 {framing};config={config}\r\n"
        )
    else:
        words = f"m=audio 0 RTP/AVP {0 if codec == 'pcm_mulaw' else 8}\r\n"
    return words + "a=control:sound\r\n", packets


@contextmanager
def _rtp_port() -> Iterator[tuple[int, Callable[[], list[bytes]]]]:
    """A port for RTP, and what arrived there since it was last asked, without reports."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        door.bind(("127.0.0.1", 0))
        door.setblocking(False)

        def arrived() -> list[bytes]:
            found = []
            while True:
                try:
                    found.append(door.recv(65_536))
                except BlockingIOError:
                    return found

        yield door.getsockname()[1], arrived


def described(*media: str) -> str:
    """A session description of these media."""
    return "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=test\r\nt=0 0\r\n" + "".join(media)


class Collected:
    """What a reader put, safe to look at while it goes on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: list[object] = []

    def put(self, item: object) -> None:
        with self._lock:
            self._items.append(item)

    @property
    def items(self) -> list[object]:
        with self._lock:
            return list(self._items)
