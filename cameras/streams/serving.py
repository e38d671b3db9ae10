"""VideoServer: shows a folder of MP4 files as RTSP cameras, for the demo, the tests and the benchmarks.

The server itself (`cameras.streams.rtsp_server`) is a child process, so that serving costs the caller nothing but the
start, and so that a camera that goes away (`stop`), falls silent (`freeze`) and comes back on the same port can be had
at will. The child ends when its parent does. Nothing here loads PyAV.
"""

from __future__ import annotations

import json
import selectors
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self
from urllib.parse import quote

from hub.errors import HubError


class VideoServerError(HubError):
    """The server did not start."""


class VideoServer:
    """An RTSP server over a folder: every MP4 (H.264 or H.265) in it plays in a loop, for each viewer from its start.

    Files may be added while it runs. Usable as a context manager. Not for several threads.
    """

    def __init__(self, folder: Path, *, host: str = "127.0.0.1", port: int = 0) -> None:
        """Prepare; nothing runs before `start`.

        Args:
            folder: Where the files are.
            host: Address to listen on.
            port: TCP port; 0 takes a free one at the first start and keeps it over later ones.
        """
        self._folder = folder.resolve()
        self._host = host
        self._port = port
        self._process: subprocess.Popen[str] | None = None

    @property
    def port(self) -> int:
        """The TCP port, 0 before the first start."""
        return self._port

    @property
    def pid(self) -> int | None:
        """The server's process, None while it is stopped."""
        return None if self._process is None else self._process.pid

    def url(self, name: str) -> str:
        """The address at which the file `name` (relative to the folder) plays without end."""
        # The count stands in the path, not in a query: players add the track's name behind whatever is there.
        return f"rtsp://{self._host}:{self._port}/{quote(name)}/play_count_0"

    def start(self, *, timeout_s: float = 20.0) -> None:
        """Start, and return when it listens. Does nothing when it runs.

        Raises:
            VideoServerError: It did not come up within `timeout_s` seconds; says what it wrote last.
        """
        if self._process is not None:
            return
        arguments = [str(self._folder), "--host", self._host, "--port", str(self._port)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cameras.streams.rtsp_server", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            text=True,
        )
        line = _first_line(self._process, timeout_s)
        if not line:
            self.stop()
            raise VideoServerError(f"the RTSP server on {self._host}:{self._port} did not start")
        self._port = int(json.loads(line)["port"])

    def stop(self) -> None:
        """Cut every connection and free the port. Does nothing when it is stopped."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()  # cameras that lose power do not say goodbye either; it also ends a frozen one
        process.communicate()

    def freeze(self) -> None:
        """Stop sending, with every connection left open: a camera that hangs."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after `freeze`."""
        self._signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)


def _first_line(process: subprocess.Popen[str], timeout_s: float) -> str:
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        return process.stdout.readline() if selector.select(timeout_s) else ""
