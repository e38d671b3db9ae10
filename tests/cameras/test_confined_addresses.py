"""A camera is reached where the settings allow it, and its redirects lead nowhere else."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cameras.errors import SourceError, SourceProblem
from cameras.streams.sources import Sources
from config.community import Stream
from config.networks import Networks
from hub.clock import SystemClock
from hub.networks import Allowed, cameras_allowed

ROOT = Path(__file__).resolve().parents[2]
LOOPBACK = Allowed.of(("127.0.0.2/32",), "networks.cameras")


def problem(url: str, allowed: Allowed) -> SourceError:
    source = Sources(SystemClock(), allowed).make(Stream(url=url), stopping=threading.Event())
    with pytest.raises(SourceError) as raised:
        source.open()
    source.close()
    return raised.value


@pytest.mark.parametrize(
    "url", ["rtsp://127.0.0.1:1/x", "http://2130706433:1/x", "https://localhost:1/", "rtsp://8.8.8.8/x"]
)
def test_a_forbidden_address_is_told_plainly(url: str) -> None:
    error = problem(url, cameras_allowed(Networks(cameras=("private",))))
    assert error.reason is SourceProblem.NOT_ALLOWED
    assert "address not allowed" in str(error)
    assert "networks.cameras" in str(error)


def test_a_name_that_cannot_be_resolved_is_unreachable() -> None:
    assert (
        problem("rtsp://no.such.name.invalid/x", cameras_allowed(Networks(cameras=("private",)))).reason
        is SourceProblem.UNREACHABLE
    )


PROGRAM = """
import json, socket, sys, threading
from cameras.confining.connections import watch_connections
from cameras.errors import SourceError
from cameras.streams.sources import Sources
from config.community import Stream
from hub.clock import SystemClock
from hub.networks import Allowed

reached = []
def serve(listening, answer):
    while True:
        taken, _ = listening.accept()
        asked = taken.recv(4096)
        reached.append(listening.getsockname()[0])
        taken.sendall(answer)
        taken.close()

def at(ip, answer):
    listening = socket.create_server((ip, 0))
    threading.Thread(target=serve, args=(listening, answer), daemon=True).start()
    return listening.getsockname()[1]

inner = at("127.0.0.1", b"HTTP/1.1 404 no\\r\\n\\r\\n")
where = f"Location: SCHEME://127.0.0.1:{inner}/secret\\r\\nContent-Length: 0\\r\\n\\r\\n"
rtsp = at("127.0.0.2", ("RTSP/1.0 302 Found\\r\\nCSeq: 1\\r\\n" + where.replace("SCHEME", "rtsp")).encode())
web = at("127.0.0.2", ("HTTP/1.1 302 Found\\r\\n" + where.replace("SCHEME", "http")).encode())
play_list = f"#EXTM3U\\n#EXT-X-TARGETDURATION:5\\n#EXTINF:5,\\nhttp://127.0.0.1:{inner}/a.ts\\n#EXT-X-ENDLIST\\n"
listed = at("127.0.0.2", f"HTTP/1.1 200 OK\\r\\nContent-Type: application/vnd.apple.mpegurl\\r\\n"
    f"Content-Length: {len(play_list)}\\r\\n\\r\\n{play_list}".encode())
allowed = Allowed.of(("127.0.0.2/32",), "networks.cameras")
if sys.argv[1] == "watched":
    watch_connections(allowed)()
said = {}
for name, url in (("rtsp", f"rtsp://127.0.0.2:{rtsp}/x"), ("web", f"http://127.0.0.2:{web}/x"),
                  ("list", f"http://127.0.0.2:{listed}/x.m3u8")):
    source = Sources(SystemClock(), allowed).make(Stream(url=url), stopping=threading.Event())
    try:
        source.open()
        said[name] = "opened"
    except SourceError as error:
        said[name] = str(error.reason)
    source.close()
print(json.dumps({"said": said, "reached": reached}))
"""


def run(how: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_no_redirect_and_no_play_list_leads_to_an_address_that_is_not_allowed() -> None:
    """Of a camera that is taken over: RTSP and HTTP redirects and segments of a play-list towards this machine."""
    answer = run("watched")
    assert "127.0.0.1" not in answer["reached"]  # type: ignore[operator]
    said = answer["said"]
    assert isinstance(said, dict)
    assert said["rtsp"] == said["web"] == "address_not_allowed"
    assert said["list"] != "opened"


def test_without_the_watch_neither_web_redirects_nor_play_lists_are_followed() -> None:
    said = run("unwatched")["said"]
    assert isinstance(said, dict)
    assert said["web"] != "opened"
    assert said["list"] == "not_video"
