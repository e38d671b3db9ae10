"""A hub with real cameras over RTSP, real workers and real pages: for the tests of what people watch."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from api.main import Hub, build
from cameras.health import CameraState
from cameras.streams.serving import VideoServer
from cameras.supervisor import Supervisor
from config.community import Area, Camera, Community, Contact, Name, Ring, Site, Stream
from config.machine import EmbeddedBroker, Http, Machine, Workers
from hub.access import Role
from tests.fakes.networks import HERE
from tests.fakes.numbered import Tap
from tests.fakes.waiting import until

PASSWORD = "three words and a river"
COMMAND = (sys.executable, "-m", "tests.fakes.worker_program")


@dataclass
class Village:
    """The hub, its camera `cam-1`, and the line between them."""

    hub: Hub
    server: VideoServer
    tap: Tap

    def sign_up(self, name: str, role: Role = Role.OPERATOR) -> httpx.Client:
        """A client of somebody new; his password is `PASSWORD`."""
        account = self.hub.parts.accounts.create(name, PASSWORD, role)
        headers = {"Authorization": f"Bearer {self.hub.parts.tokens.issue(account.id)}"}
        return httpx.Client(base_url=f"{self.hub.url}/api/v1", headers=headers, timeout=20, trust_env=False)

    def state(self, camera: str = "cam-1") -> CameraState:
        return next(each.state for each in self.hub.parts.cameras.status() if each.camera == camera)

    def await_camera(self) -> None:
        until(lambda: self.state() is CameraState.LIVE, timeout_s=30, what="a live camera")


@contextmanager
def village(
    folder: Path,
    *,
    fps: int,
    main: str,
    sub: str | None = None,
    other: str | None = None,
    home_of: tuple[str, ...] = (),
    command: tuple[str, ...] = COMMAND,
    **camera: Any,
) -> Iterator[Village]:
    """A hub whose camera `cam-1` plays files of `folder` through a tap, and `cam-2` plays `other`.

    They stand at the crossing, which is a road, or the home of these accounts.
    `command` starts its worker, which by default is one that looks at nothing.
    """
    with VideoServer(folder) as server, Tap(server.port, fps=fps) as tap:
        second = () if other is None else (Camera(id="cam-2", site="crossing", main=Stream(url=server.url(other))),)
        ring = Ring.HOUSEHOLD if home_of else Ring.ROAD
        there = Community(
            areas=(Area(id="village", name=Name(zh="大坪村", en="Village")),),
            sites=(Site(id="crossing", name=Name(zh="村口", en="Crossing"), area="village", ring=ring),),
            cameras=(
                Camera(
                    id="cam-1",
                    site="crossing",
                    name=Name(zh="村口一号", en="Crossing 1"),
                    main=Stream(url=tap.url(main)),
                    sub=None if sub is None else Stream(url=tap.url(sub)),
                    **camera,
                ),
                *second,
            ),
            contacts=tuple(Contact(account=each, sites=("crossing",)) for each in home_of),
        )
        machine = Machine(
            data=folder / "data",
            http=Http(port=0),
            broker=EmbeddedBroker(port=0),
            workers=Workers(count=1, linger_s=0),
            networks=HERE,
            log_level="warning",
        )
        hub = build(machine, community=there, make_cameras=functools.partial(Supervisor, command=command))
        try:
            yield Village(hub, server, tap)
        finally:
            hub.stop()
