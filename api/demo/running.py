"""The demo: a hub beside a simulated village, with real protocols in between, printed as it happens.

Everything goes the way it goes in earnest: scenes over RTSP to the camera workers, messages over the MQTT broker, and
what is printed comes from the hub's feed. The hub's state under `DATA/state` is new at every start; drawn scenes
stay in `DATA/scenes`. All child processes end with this one, however it ends.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from api.demo.footprint import Footprint
from api.demo.story import Login, Story
from api.demo.village import PATROL, RESIDENTS, Footage, community_yaml
from api.demo.watch import FeedWatch
from api.main import Hub, build
from cameras.streams.serving import VideoServer
from config.machine import EmbeddedBroker, Http, Machine, Workers
from config.networks import Networks
from config.says import in_english
from hub.access import Role
from hub.clock import Clock, SystemClock
from hub.consent import Analyse, Consent, Watch
from hub.errors import ConfigurationError, HubError, Mistake
from hub.lifecycle import Lifecycle
from hub.sensors.mqtt import Publisher
from hub.sensors.simulator import Simulator

logger = logging.getLogger(__name__)

USERNAME = "demo"
OPERATOR = "room"
SCENE_S = 75.0
"""Long enough for a car to stand until it counts as stopped; then everything begins anew."""
_READY_S = 20.0
_ABOUT_THIS_MACHINE = "time.not_synchronised"
"""True in many a sandbox, and no part of the village's story."""
_MARK = ".demo"
"""A state folder with this file in it is ours to empty."""


@dataclass(frozen=True, slots=True)
class _Scene:
    """A file that is served as a camera, and the zones that belong into its picture."""

    name: str
    file: Path
    zones: dict[str, list[tuple[float, float]]]


def run_demo(*, data: Path, port: int, seconds: float | None) -> int:
    """Run the demo until it is stopped, or for `seconds` from when it is ready.

    Args:
        data: Folder for state, scenes, community.yaml and demo.json; made if missing.
        port: HTTP port; 0 takes a free one, and so does one that is taken.
        seconds: How long; None is until Ctrl-C or SIGTERM.

    Returns:
        The exit code: 0.

    Raises:
        HubError: A part does not start.
    """
    clock = SystemClock()
    data = data.resolve()
    state = _fresh_state(data)
    told = Story(clock)
    scenes = _draw(data / "scenes", told)
    wanted = threading.Event()
    lifecycle = Lifecycle()
    with _signals(wanted):
        try:
            footprint = Footprint(clock)
            footprint.start()
            told.line("启动 … | starting ...")
            told.begin()
            server = VideoServer(data / "scenes")
            lifecycle.push("video server", server.stop)
            server.start()
            footage = {scene.name: Footage(server.url(scene.file.name), scene.zones) for scene in scenes}
            (data / "community.yaml").write_text(community_yaml(footage), encoding="utf-8")
            hub = build(_machine(state, port), community_path=data / "community.yaml")
            lifecycle.push("hub", hub.stop)
            _let_residents_decide(hub)
            hub.parts.rules.set_state(
                _ABOUT_THIS_MACHINE, "off", author=USERNAME, reason="a machine for trying things out"
            )
            logins = _sign_up(hub)
            password = logins[0].password
            watch = FeedWatch(hub.url, username=USERNAME, password=password, clock=clock, on_entry=told.entry)
            lifecycle.push("watch", watch.stop)
            watch.start()
            _simulate(hub, lifecycle, clock, told)
            _await_ready(hub, wanted, clock)
            _write_access(data / "demo.json", hub, logins, [one.url for one in footage.values()])
            told.ready(hub.url, logins, data)
            if seconds is None:
                while not wanted.wait(1.0):
                    pass
            else:
                wanted.wait(seconds)
            told.line("停止 … | stopping ...")
        finally:
            cost = footprint.stop()
            lifecycle.stop()
            (data / "demo.json").unlink(missing_ok=True)
    told.summary(cost)
    return 0


def _fresh_state(data: Path) -> Path:
    """The folder of the hub's state, emptied of an earlier demo's."""
    state = data / "state"
    if state.exists() and any(state.iterdir()) and not (state / _MARK).exists():
        message = "holds a folder `state` that no demo made; choose another with --data"
        raise ConfigurationError((Mistake(data, "", in_english(message)),))
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    (state / _MARK).touch()
    (data / "demo.json").unlink(missing_ok=True)
    return state


def _draw(folder: Path, told: Story) -> list[_Scene]:
    """Have the scenes drawn, in a program of its own: this process never loads OpenCV."""
    command = [sys.executable, "-m", "cameras.scenes", str(folder), "--seconds", str(SCENE_S), "--tied"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        assert process.stdout is not None
        answer: dict[str, dict[str, Any]] = {}
        for line in process.stdout:
            said = json.loads(line)
            if "drawing" in said:
                told.line(f"画场景（只需一次） | drawing a scene (once): {said['drawing']}")
            answer = said.get("scenes", answer)
    if process.returncode:
        raise HubError(f"the scenes could not be drawn: the program ended with {process.returncode}")
    return [_Scene(name, Path(scene["file"]), scene["zones"]) for name, scene in answer.items()]


def _machine(state: Path, port: int) -> Machine:
    return Machine(
        data=state,
        http=Http(port=port if _is_free(port) else 0),
        broker=EmbeddedBroker(port=0, linger_s=1.0),
        workers=Workers(linger_s=0),  # a demo leaves nothing running
        networks=Networks(cameras=("loopback",)),  # it serves its cameras itself
        log_level="warning",
    )


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _sign_up(hub: Hub) -> list[Login]:
    """An account for each who uses the hub, the administrator's first; all residents have one password."""
    people = {USERNAME: Role.ADMINISTRATOR, OPERATOR: Role.OPERATOR, PATROL: Role.RESPONDER}
    logins = [Login(role, name, secrets.token_urlsafe(9)) for name, role in people.items()]
    home = secrets.token_urlsafe(9)
    logins += [Login(Role.RESIDENT, resident, home) for resident in RESIDENTS]
    for login in logins:
        hub.parts.accounts.create(login.username, login.password, login.role)
    return logins


def _let_residents_decide(hub: Hub) -> None:
    """The households of the demo let their cameras be analysed and watched; they may think again at /home."""
    for camera in hub.parts.revisions.current().cameras:
        resident = next((name for name, site in RESIDENTS.items() if site == camera.site), None)
        if resident is not None:
            hub.parts.households.decide(
                Consent(camera.id, camera.site, Analyse.ALL, Watch.ALWAYS, keep_days=7, author=resident)
            )


def _simulate(hub: Hub, lifecycle: Lifecycle, clock: Clock, told: Story) -> None:
    """Start the village's devices on the hub's broker."""
    publisher = Publisher(replace(hub.broker, client_id="demo-village"), is_hub=False)
    lifecycle.push("publisher", publisher.stop)
    publisher.start()
    simulator = Simulator(publisher, clock, on_news=told.news)
    lifecycle.push("simulator", simulator.stop)
    simulator.start()


def _await_ready(hub: Hub, wanted: threading.Event, clock: Clock) -> None:
    """Wait until every part works, or long enough to go on and say what does not."""
    until_s = clock.monotonic_s() + _READY_S
    while not all(hub.parts.readiness().values()) and not wanted.is_set():
        if clock.monotonic_s() > until_s:
            unready = [name for name, works in hub.parts.readiness().items() if not works]
            logger.warning("not everything works yet", extra={"parts": ",".join(unready)})
            return
        clock.wait(wanted, 0.1)


def _write_access(path: Path, hub: Hub, logins: list[Login], urls: list[str]) -> None:
    """Write demo.json: complete or not there, and for this user only, because of the passwords."""
    broker = hub.broker
    access = {
        "url": hub.url,
        "username": logins[0].username,
        "password": logins[0].password,
        "logins": [asdict(login) for login in logins],
        "mqtt": {
            "url": f"mqtt://{broker.host}:{broker.port}",
            "username": broker.username,
            "password": broker.password.reveal() if broker.password else None,
        },
        "rtsp": urls,
    }
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(access, file, indent=2)
    part.replace(path)


@contextmanager
def _signals(wanted: threading.Event) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the demo in order."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number in before:
        signal.signal(number, lambda _number, _frame: wanted.set())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
