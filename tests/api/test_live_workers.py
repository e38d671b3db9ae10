"""Live pictures from a real worker, while it is killed: who watches is told, and sees its successor's pictures."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from config.recording import Policy
from tests.fakes.clips import write_clip
from tests.fakes.waiting import until
from tests.fakes.watched_village import village

FPS = 10


def _next(link: ClientConnection) -> dict[str, Any] | bytes:
    got = link.recv(timeout=10)
    return got if isinstance(got, bytes) else json.loads(got)


def _said(link: ClientConnection) -> dict[str, Any]:
    """The next text."""
    while isinstance(got := _next(link), bytes):
        pass
    return got


def test_who_watches_a_worker_that_is_killed_is_told_and_goes_on_with_the_next(tmp_path: Path) -> None:
    """Over the same WebSocket: `paused`, and then a new beginning with a key picture behind it."""
    write_clip(tmp_path / "main.mp4")
    with village(tmp_path, fps=FPS, main="main.mp4", record=Policy(streams=())) as there:
        there.await_camera()
        with there.sign_up("watcher") as client:
            address = client.post("/cameras/cam-1/live").json()["socket"]
        with connect(f"ws://127.0.0.1:{there.hub.port}{address}", compression=None, proxy=None) as link:
            while _said(link)["type"] != "begins":
                pass
            [worker] = there.hub.parts.cameras.workers()
            os.kill(worker.pid or 0, signal.SIGKILL)
            assert _said(link) == {"type": "paused", "because": "worker_lost"}
            while (said := _said(link))["type"] != "begins":
                assert said["type"] == "paused"
            init, fragment = _next(link), _next(link)
            assert isinstance(init, bytes)
            assert init[4:8] == b"ftyp"
            assert isinstance(fragment, bytes)
            assert fragment[4:8] == b"moof"
            until(lambda: there.hub.parts.cameras.workers()[0].restarts == 1, what="its successor")
            [watched] = there.hub.parts.live.watching.figures()
            assert watched.watchers == 1
