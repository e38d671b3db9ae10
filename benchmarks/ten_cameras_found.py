"""How long a box of ten cameras takes from the search to recording: `python -m benchmarks.ten_cameras_found`.

Ten cameras of an ONVIF simulator, each at an address of its own on loopback with real RTSP streams, are found, tried,
imported from a sheet that names only their hosts, and recorded, by an API key against a real hub with real workers.
Then what an integrator meets: a wrong password, a wrong path, a host that is silent, an unknown codec. Prints the
seconds of each step; exit 1 when recording took longer than a minute.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from api.main import Hub, build
from cameras.streams.serving import VideoServer
from config.community import Community, Name, Ring, Site
from config.machine import EmbeddedBroker, Http, Machine, Workers
from config.networks import Networks
from hub.access import Permission, Role
from hub.clock import SystemClock
from tests.fakes.clips import write_clip
from tests.fakes.doors import listening, locked, silence
from tests.fakes.onvif_camera import FakeProfile, OnvifCamera
from tests.fakes.rtsp_talk import UNKNOWN, answering

CLOCK = SystemClock()
NEVER = threading.Event()
PASSWORD = "s3cret"  # noqa: S105 - of simulated cameras
WITHIN_S = 60.0
_PORT = 3702
_WAIT_S = 90.0


@dataclass
class Found:
    """What came of it.

    Attributes:
        seconds: Of each step, from the beginning.
        problems: What was said of each thing that was wrong: its word, in Chinese, in English.
        trials: Of each camera, as the import told.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    problems: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    trials: list[dict[str, Any]] = field(default_factory=list)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="From the box to recording.")
    parser.add_argument("--cameras", type=int, default=10)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = find(arguments.cameras, Path(folder))
    for step, seconds in found.seconds.items():
        print(f"{seconds:6.1f} s  {step}")
    for what, (word, zh, en) in found.problems.items():
        print(f"{what}: {word}: {en} / {zh}")
    if found.seconds["all are recording"] > WITHIN_S:
        raise SystemExit(1)


def find(count: int, folder: Path, *, network: str = "127.0.7") -> Found:
    """Bring `count` cameras in; the simulator stands at `network`.1 and on."""
    streams = folder / "streams"
    streams.mkdir()
    write_clip(streams / "main.mp4", width=640, height=360, fps=10, seconds=10)
    write_clip(streams / "sub.mp4", width=320, height=180, fps=8, seconds=10)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(VideoServer(streams))
        for number in range(1, count + 1):
            stack.enter_context(_camera(server, streams, number, f"{network}.{number}"))
        hub, key = _hub(folder / "data")
        stack.callback(hub.stop)
        client = stack.enter_context(
            httpx.Client(base_url=f"{hub.url}/api/v1", headers={"X-API-Key": key}, timeout=_WAIT_S, trust_env=False)
        )
        found = Found()
        begun_s = CLOCK.monotonic_s()

        def done(step: str) -> None:
            found.seconds[step] = CLOCK.monotonic_s() - begun_s

        _bring_in(client, [f"{network}.{number}" for number in range(1, count + 1)], found, done)
        _go_wrong(client, server, found)
        return found


def _bring_in(client: httpx.Client, hosts: list[str], found: Found, done: Callable[[str], None]) -> None:
    count = len(hosts)
    seen = _json(client.post("/cameras/discover", json={"networks": hosts, "multicast": False, "timeout_s": 2}))
    assert {each["host"] for each in seen["items"]} == set(hosts), seen
    done(f"{count} cameras found")
    one = seen["items"][0]["onvif_url"]
    probed = _json(client.post("/cameras/probe", json={"host": one, "username": "hub", "password": PASSWORD}))
    assert probed["answers"], probed
    done("one probed")
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(["编号", "名称", "场所", "IP地址", "用户名", "密码", "ONVIF地址"])
    for number, each in enumerate(seen["items"], 1):
        host = each["onvif_url"].split("/")[2]
        writer.writerow([f"box-{number}", f"第{number}号", "crossing", host, "hub", PASSWORD, "是"])
    headers = {"Content-Type": "text/csv"}
    data = sheet.getvalue().encode("gb18030")
    imported = client.post("/cameras/import", params={"probe": "true"}, content=data, headers=headers)
    made = _json(imported)
    assert (made["adds"], made["mistakes"]) == (count, []), made
    assert PASSWORD not in imported.text
    found.trials = made["trials"]
    done(f"{count} tried and imported")
    _wait_for(lambda: _recording(client) == count, "all cameras recording")
    done("all are recording")


def _go_wrong(client: httpx.Client, server: VideoServer, found: Found) -> None:
    url = server.url("main.mp4")
    with (
        listening(locked("hub", PASSWORD, server.port)) as door,
        listening(silence) as silent,
        listening(answering("200 OK", body=UNKNOWN)) as odd,
    ):
        guarded = url.replace(str(server.port), str(door))
        wrong = {
            "wrong password": {"url": guarded, "username": "hub", "password": "guess"},
            "wrong path": {"url": guarded.replace("main", "none"), "username": "hub", "password": PASSWORD},
            "silent host": {"url": f"rtsp://127.0.0.1:{silent}/main"},
            "unknown codec": {"url": f"rtsp://127.0.0.1:{odd}/main"},
        }
        for what, body in wrong.items():
            problem = _json(client.post("/cameras/probe", json={**body, "seconds": 1}))["problem"]
            found.problems[what] = (problem["word"], problem["zh"], problem["en"])


def _hub(data: Path) -> tuple[Hub, str]:
    machine = Machine(
        data=data,
        http=Http(port=0),
        broker=EmbeddedBroker(port=0),
        workers=Workers(count=1, linger_s=0),
        networks=Networks(cameras=("loopback",)),
        log_level="error",
    )
    site = Site(id="crossing", name=Name(zh="村口", en="Crossing"), ring=Ring.ROAD)
    hub = build(machine, community=Community(sites=(site,)))
    account = hub.parts.accounts.create("installer", "three words and a river", Role.INTEGRATOR)
    scope = frozenset({Permission.ADD_DEVICES, Permission.VIEW_CAMERAS})
    expires = CLOCK.now() + timedelta(days=1)
    _, key = hub.parts.people.keys.make(account.id, "installer's laptop", scope, cameras=None, expires=expires)
    return hub, key


@contextlib.contextmanager
def _camera(server: VideoServer, streams: Path, number: int, host: str) -> Iterator[OnvifCamera]:
    for name in ("main", "sub"):
        shutil.copy(streams / f"{name}.mp4", streams / f"{name}-{number}.mp4")
    profiles = (
        FakeProfile("main", server.url(f"main-{number}.mp4"), 640, 360),
        FakeProfile("sub", server.url(f"sub-{number}.mp4"), 320, 180, fps=8),
    )
    with OnvifCamera(profiles, name=f"Camera {number}", password=PASSWORD, host=host, discovery_port=_PORT) as camera:
        yield camera


def _recording(client: httpx.Client) -> int:
    items = _json(client.get("/cameras"))["items"]
    return sum(
        any(each["state"] == "recording" and each["written_bytes"] > 0 for each in camera["status"]["recording"])
        for camera in items
    )


def _json(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code >= httpx.codes.BAD_REQUEST:
        raise SystemExit(f"{answer.request.url}: {answer.status_code}: {answer.text}")
    body: dict[str, Any] = answer.json()
    return body


def _wait_for(condition: Callable[[], bool], what: str) -> None:
    end_s = CLOCK.monotonic_s() + _WAIT_S
    while not condition():
        if CLOCK.monotonic_s() > end_s:
            raise SystemExit(f"not so in time: {what}")
        CLOCK.wait(NEVER, 0.2)


if __name__ == "__main__":
    main()
