"""Things that listen where a camera should be: one that wants a password, one speaking garbage, one silent."""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve each connection in a thread of its own; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        closed = threading.Event()

        def accept() -> None:
            while not closed.is_set():
                try:
                    connection, _ = door.accept()
                except OSError:
                    return
                threading.Thread(target=guard, args=(connection,), daemon=True).start()

        def guard(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                serve(connection)

        threading.Thread(target=accept, daemon=True).start()
        yield door.getsockname()[1]
        closed.set()
        door.shutdown(socket.SHUT_RDWR)


def garbage(connection: socket.socket) -> None:
    """Another service."""
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n" * 50)


def silence(connection: socket.socket) -> None:
    """Takes everything, says nothing."""
    while connection.recv(4096):
        pass


def locked(username: str, password: str, behind: int) -> Callable[[socket.socket], None]:
    """An RTSP camera with a password: what carries the right one goes on to the server at port `behind`."""
    wanted = base64.b64encode(f"{username}:{password}".encode())

    def serve(connection: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", behind)) as camera:
            threading.Thread(target=_pump, args=(camera, connection), daemon=True).start()
            while request := connection.recv(65536):
                if not request.startswith(b"DESCRIBE") or b"Basic " + wanted in request:
                    camera.sendall(request)
                    continue
                found = re.search(rb"CSeq: *(\d+)", request)
                number = b"0" if found is None else found[1]
                connection.sendall(
                    b"RTSP/1.0 401 Unauthorized\r\nCSeq: "
                    + number
                    + b'\r\nWWW-Authenticate: Basic realm="camera"\r\n\r\n'
                )

    return serve


def muted(behind: int) -> Callable[[socket.socket], None]:
    """An RTSP camera that announces and sets up sound, and never sends any: all but the first track is kept back."""

    def serve(connection: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", behind)) as camera:
            threading.Thread(target=_pump, args=(connection, camera), daemon=True).start()
            data = b""
            while more := camera.recv(65536):
                data += more
                while (size := _whole(data)) and size <= len(data):
                    if data[:1] != b"$" or data[1] < 2:
                        connection.sendall(data[:size])
                    data = data[size:]

    return serve


def without_second_track(behind: int) -> Callable[[socket.socket], None]:
    """An RTSP camera that announces sound and refuses to set it up."""

    def serve(connection: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", behind)) as camera:
            threading.Thread(target=_pump, args=(camera, connection), daemon=True).start()
            tracks = 0
            while request := connection.recv(65536):
                tracks += request.startswith(b"SETUP")
                if not request.startswith(b"SETUP") or tracks == 1:
                    camera.sendall(request)
                    continue
                found = re.search(rb"CSeq: *(\d+)", request)
                number = b"0" if found is None else found[1]
                connection.sendall(b"RTSP/1.0 461 Unsupported Transport\r\nCSeq: " + number + b"\r\n\r\n")

    return serve


def _whole(data: bytes) -> int:
    """Length of the answer or the interleaved packet that `data` begins with; 0 while that is not known."""
    if data[:1] == b"$":
        return 4 + int.from_bytes(data[2:4], "big") if len(data) >= 4 else 0
    end = data.find(b"\r\n\r\n")
    found = re.search(rb"(?i)content-length: *(\d+)", data[: max(end, 0)])
    return 0 if end < 0 else end + 4 + (0 if found is None else int(found[1]))


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_RDWR)
