"""RTSP servers that misbehave in one way each, over a raw socket; for `tests.fakes.doors.listening`."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable

SOUND_ALONE = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=x\r\nm=audio 0 RTP/AVP 8\r\na=control:track1\r\n"
UNKNOWN = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=x\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 WOBBLE/90000\r\n"
VIDEO = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=x\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:t\r\n"


def answering(
    status: str, *, body: str = "", more: str = "", then: str | None = None
) -> Callable[[socket.socket], None]:
    """Answers OPTIONS properly, DESCRIBE with `status`, everything else with `then` or the same."""

    def serve(connection: socket.socket) -> None:
        while request := connection.recv(65_536):
            number = re.search(rb"CSeq: *(\d+)", request)
            kind = request.split(b" ")[0]
            said = "200 OK" if kind == b"OPTIONS" else status if kind == b"DESCRIBE" or then is None else then
            inside = body if kind == b"DESCRIBE" else ""
            head = f"RTSP/1.0 {said}\r\nCSeq: {'1' if number is None else number[1].decode()}\r\n{more}"
            if inside:
                head += f"Content-Type: application/sdp\r\nContent-Length: {len(inside)}\r\n"
            connection.sendall(f"{head}\r\n{inside}".encode())

    return serve


def endless(connection: socket.socket) -> None:
    """Never comes to an end of its headers."""
    connection.recv(65_536)
    connection.sendall(b"RTSP/1.0 200 OK\r\n")
    while True:
        connection.sendall(b"X-More: " + b"a" * 1000 + b"\r\n")


def hanging_up(connection: socket.socket) -> None:
    """Takes the question and goes."""
    connection.recv(65_536)
