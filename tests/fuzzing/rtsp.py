"""RTSP: what a camera answers, request by request, then what it sends; our source opens it and reads all of it.

Answers stand behind each other, parted by a line of `===`; `{cseq}` in one is the number of the request it answers. A
server on loopback gives them to FFmpeg, in this process: what brings FFmpeg down brings the run down.
"""

from __future__ import annotations

import re
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from cameras.errors import SourceError
from cameras.streams.serving import VideoServer
from cameras.streams.sources import Sources
from config.community import Stream
from hub.clock import SystemClock
from tests.fakes.clips import write_clip
from tests.fuzzing.target import Target

_PARTED = b"\n===\n"
_TIMEOUTS = {"open_timeout_s": 0.2, "read_timeout_s": 0.2, "sound": True}
_MOST_PACKETS = 200


class _Camera:
    """Answers one connection after the other with what it is given."""

    def __init__(self) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self.answers: list[bytes] = []
        threading.Thread(target=self._run, name="fuzzed-camera", daemon=True).start()

    def _run(self) -> None:
        while True:
            connected, _ = self._door.accept()
            with connected:
                connected.settimeout(0.05)  # FFmpeg asks at once, or not any more
                try:
                    self._answer(connected)
                except OSError:
                    continue  # the source has heard enough

    def _answer(self, connected: socket.socket) -> None:
        heard = b""
        for answer in self.answers:
            while b"\r\n\r\n" not in heard:
                more = connected.recv(4096)
                if not more:
                    return
                heard += more
            request, _, heard = heard.partition(b"\r\n\r\n")
            number = re.search(rb"(?i)cseq: *(\d+)", request)
            connected.sendall(answer.replace(b"{cseq}", number[1] if number else b"0"))


def _start() -> Callable[[bytes], None]:
    camera, clock = _Camera(), SystemClock()
    sources = Sources(clock)
    stream = Stream(url=f"rtsp://127.0.0.1:{camera.port}/main", username="hub", password="three words and a river")

    def run(raw: bytes) -> None:
        camera.answers = raw.split(_PARTED)
        source = sources.make(stream, stopping=threading.Event(), options=_TIMEOUTS)
        try:
            source.open()
            for number, _ in enumerate(source.packets()):
                if number >= _MOST_PACKETS:
                    break
        except SourceError as error:
            refused = str(error)
        else:
            refused = ""
        finally:
            source.close()
        assert "three words" not in refused

    return run


def _seeds() -> Iterator[bytes]:
    """What our own server says for a small film, and the same by cameras of other manners."""
    with tempfile.TemporaryDirectory() as made:
        write_clip(Path(made, "small.mp4"), key_every=2)
        with VideoServer(Path(made)) as server:
            honest = _recorded(server.url("small.mp4"))
    yield honest
    yield b'RTSP/1.0 401 Unauthorized\r\nCSeq: {cseq}\r\nWWW-Authenticate: Digest realm="x", nonce="1"\r\n\r\n'
    yield b"RTSP/1.0 302 Moved\r\nCSeq: {cseq}\r\nLocation: rtsp://127.0.0.1:1/x\r\n\r\n"
    yield honest.replace(b"H264", b"H265")
    yield honest.replace(b"a=fmtp", b"a=x-fmtp")
    yield _PARTED.join(honest.split(_PARTED)[:2])


def _recorded(url: str) -> bytes:
    """One conversation with a real server, with its numbers taken out."""
    found = re.fullmatch(r"rtsp://([\d.]+):(\d+)/(.*)", url)
    assert found is not None
    answers = []
    with socket.create_connection((found[1], int(found[2])), timeout=5) as connected:
        control, session = url, ""
        for number, method in enumerate(("OPTIONS", "DESCRIBE", "SETUP", "PLAY"), start=1):
            target = control if method == "SETUP" else url
            more = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n" if method == "SETUP" else ""
            connected.sendall(f"{method} {target} RTSP/1.0\r\nCSeq: {number}\r\n{session}{more}\r\n".encode())
            answer = connected.recv(65_536)
            if method == "DESCRIBE":
                part = re.findall(rb"a=control:(\S+)", answer)[-1].decode()
                control = part if "://" in part else f"{url}/{part}"
            if (named := re.search(rb"Session: *([^;\r\n]+)", answer)) is not None:
                session = f"Session: {named[1].decode()}\r\n"
            answers.append(re.sub(rb"(?i)cseq: *\d+", b"CSeq: {cseq}", answer))
        answers[-1] += connected.recv(3000)
    return _PARTED.join(answers)


TARGET = Target(
    name="rtsp",
    start=_start,
    seeds=_seeds,
    words=(
        "\n===\n",
        "{cseq}",
        "a=fmtp:96 ",
        "sprop-parameter-sets=",
        "Content-Length: ",
        "interleaved=",
        "$\x00",
        "a=rtpmap:96 ",
    ),
)
