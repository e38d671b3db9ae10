"""How soon a camera that was changed shows its new picture, and whether any other camera noticed.

    python -m benchmarks.one_camera_changed [--cameras 6] [--changes 5]

A whole hub with a real worker, cameras over RTSP, and somebody who watches each of them over a WebSocket. One camera is
pointed from one film to another and back over the API. Measured is from sending the change to the first picture of the
other film at its watcher; of every other camera each picture must follow on the one before, by its own clock, and its
watcher must be told of no pause and no new beginning.
"""

from __future__ import annotations

import argparse
import functools
import json
import statistics
import sys
import tempfile
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from api.main import Hub, build
from cameras.health import CameraState
from cameras.streams.serving import VideoServer
from cameras.supervisor import Supervisor
from config.community import Area, Camera, Community, Name, Ring, Site, Stream
from config.machine import EmbeddedBroker, Http, Machine, Workers
from config.networks import Networks
from hub.access import Role
from hub.clock import SystemClock
from tests.fakes.clips import write_clip
from tests.fakes.waiting import until

CLOCK = SystemClock()
FPS, FILM_S, TICKS = 10, 120.0, 90_000
COMMAND = (sys.executable, "-m", "tests.fakes.worker_program")
NEVER = threading.Event()


@dataclass
class Watcher:
    """Somebody who watches a camera, and what he got."""

    camera: str
    link: ClientConnection
    widths: list[tuple[float, int]] = field(default_factory=list)
    """When he was told of a new beginning, and how wide its pictures are."""
    shown: list[tuple[float, int]] = field(default_factory=list)
    """When a picture came, and its own time."""
    paused: int = 0

    def watch(self) -> None:
        """Until the connection ends."""
        try:
            while True:
                got = self.link.recv()
                now_s = CLOCK.monotonic_s()
                if isinstance(got, str):
                    said = json.loads(got)
                    if said["type"] == "begins":
                        self.widths.append((now_s, said["width"]))
                    else:
                        self.paused += said["type"] in ("paused", "dropped")
                elif (place := got.find(b"tfdt")) > 0:
                    self.shown.append((now_s, int.from_bytes(got[place + 8 : place + 16], "big")))
        except ConnectionClosed:
            return


def there(server: VideoServer, cameras: int) -> Community:
    """Cameras at one place, all on the same film."""
    return Community(
        areas=(Area(id="village", name=Name(zh="村", en="Village")),),
        sites=(Site(id="crossing", name=Name(zh="村口", en="Crossing"), area="village", ring=Ring.ROAD),),
        cameras=tuple(
            Camera(id=f"cam-{number}", site="crossing", main=Stream(url=server.url("one.mp4")))
            for number in range(cameras)
        ),
    )


def client_of(hub: Hub) -> httpx.Client:
    """An administrator."""
    account = hub.parts.accounts.create("measurer", "three words and a river", Role.ADMINISTRATOR)
    headers = {"Authorization": f"Bearer {hub.parts.tokens.issue(account.id)}"}
    return httpx.Client(base_url=f"{hub.url}/api/v1", headers=headers, timeout=30, trust_env=False)


def change(client: httpx.Client, url: str, seen: Watcher, width: int) -> float:
    """Point the first camera elsewhere; seconds until its watcher has a picture from there."""
    read = client.get(f"/cameras/{seen.camera}")
    body = {"id": seen.camera, "site": "crossing", "main": {"url": url}}
    known = len(seen.widths)
    began_s = CLOCK.monotonic_s()
    answer = client.put(f"/cameras/{seen.camera}", json=body, headers={"If-Match": read.headers["etag"]})
    answer.raise_for_status()

    def first() -> float | None:
        begun = next((at_s for at_s, wide in seen.widths[known:] if wide == width), None)
        return None if begun is None else next((at_s for at_s, _ in list(seen.shown) if at_s > begun), None)

    found = until(first, timeout_s=30, what="the other film")
    assert found is not None
    return found - began_s


def report(watchers: list[Watcher]) -> int:
    """Say what the others got; how many holes there are."""
    holes = told = pictures = 0
    longest_s = 0.0
    for each in watchers:
        for (at_s, ticks), (next_s, next_ticks) in zip(each.shown, each.shown[1:], strict=False):
            pictures += 1
            holes += next_ticks - ticks > 1.5 * TICKS / FPS
            longest_s = max(longest_s, next_s - at_s)
        told += each.paused + len(each.widths) - 1
    print(
        f"{len(watchers)} other cameras: {pictures} pictures, {holes} missing, {told} pauses or new beginnings, "
        f"longest time between two {longest_s:.2f} s (they are {1 / FPS:.1f} s apart)"
    )
    return holes + told


def measure(folder: Path, cameras: int, changes: int) -> int:
    """All of it; 0 when no other camera noticed."""
    write_clip(folder / "one.mp4", seconds=FILM_S, fps=FPS)
    write_clip(folder / "other.mp4", seconds=FILM_S, fps=FPS, width=352, height=240)
    with VideoServer(folder) as server:
        machine = Machine(
            data=folder / "data",
            http=Http(port=0),
            broker=EmbeddedBroker(port=0),
            workers=Workers(count=1, linger_s=0),
            networks=Networks(cameras=("loopback",)),
            log_level="warning",
        )
        make = functools.partial(Supervisor, command=COMMAND)
        hub = build(machine, community=there(server, cameras), make_cameras=make)
        try:
            with client_of(hub) as client, ExitStack() as links:
                return _measure(hub, client, server, links, cameras=cameras, changes=changes)
        finally:
            hub.stop()


def _measure(
    hub: Hub, client: httpx.Client, server: VideoServer, links: ExitStack, *, cameras: int, changes: int
) -> int:
    names = [f"cam-{number}" for number in range(cameras)]
    states = hub.parts.cameras.status
    until(lambda: all(each.state is CameraState.LIVE for each in states()), timeout_s=60, what="live cameras")
    watchers = []
    for name in names:
        address = client.post(f"/cameras/{name}/live").json()["socket"]
        url = f"ws://127.0.0.1:{hub.port}{address}"
        watchers.append(Watcher(name, links.enter_context(connect(url, compression=None, proxy=None))))
        threading.Thread(target=watchers[-1].watch, daemon=True).start()
    until(lambda: all(len(each.shown) > FPS for each in watchers), timeout_s=60, what="pictures")
    changed, *others = watchers
    for each in others:
        each.shown, each.paused, each.widths = each.shown[-1:], 0, each.widths[-1:]
    took = []
    for number in range(changes):
        name, width = (("other.mp4", 352), ("one.mp4", 320))[number % 2]
        took.append(change(client, server.url(name), changed, width))
        CLOCK.wait(NEVER, 2.0)
    print(f"{changes} changes: median {statistics.median(took):.2f} s, longest {max(took):.2f} s to the new picture")
    return report(others)


def main() -> int:
    """Measure."""
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    asked.add_argument("--cameras", type=int, default=6)
    asked.add_argument("--changes", type=int, default=5)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return 1 if measure(Path(folder), options.cameras, options.changes) else 0


if __name__ == "__main__":
    sys.exit(main())
