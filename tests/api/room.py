"""Room: a real hub on free ports, with its database, broker, rules and HTTP server; only the cameras are a fake."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from pwdlib.hashers.argon2 import Argon2Hasher

from api.main import Hub, build
from config.community import Area, Camera, Community, Name, Ring, Sensor, Site, Stream
from config.machine import Database, EmbeddedBroker, Http, Machine, Workers
from hub.access import Role
from hub.bus import Topic
from hub.clock import Clock
from hub.consent import Analyse, Consent, Watch
from hub.events import Event, new_event_id
from hub.store.event_log import Fact
from hub.store.people.passwords import Passwords
from tests.fakes.brokers import Device
from tests.fakes.cameras import JPEG, FakeCameras
from tests.fakes.networks import HERE
from tests.fakes.waiting import until

JPEG_OF = JPEG
PASSWORD = "three words and a river"
DEADLINE_S = 60.0
HOMES = 40
CHEAP = Passwords(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))
"""What a hash costs is held by the tests of the passwords themselves."""


@dataclass
class Room:
    """The hub, and a client that is signed in as each role."""

    hub: Hub
    cameras: FakeCameras
    data: Path
    _homes: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _tokens: dict[Role, str] = field(default_factory=dict)
    _clients: dict[Role | None, httpx.Client] = field(default_factory=dict)
    _persons: dict[str, httpx.Client] = field(default_factory=dict)

    def client(self, role: Role | None = Role.OPERATOR) -> httpx.Client:
        """The client of somebody with this role, or of nobody."""
        if role not in self._clients:
            headers = {} if role is None else {"Authorization": f"Bearer {self.token(role)}"}
            self._clients[role] = httpx.Client(
                base_url=self.hub.url, headers=headers, timeout=DEADLINE_S, trust_env=False
            )
        return self._clients[role]

    def person(self, name: str, role: Role = Role.RESPONDER) -> httpx.Client:
        """The client of somebody of his own name."""
        if name not in self._persons:
            accounts = self.hub.parts.accounts
            known = {each.username: each for each in accounts.list()}
            account = known.get(name) or accounts.create(name, PASSWORD, role)
            headers = {"Authorization": f"Bearer {self.hub.parts.tokens.issue(account.id)}"}
            self._persons[name] = httpx.Client(
                base_url=f"{self.hub.url}/api/v1", headers=headers, timeout=DEADLINE_S, trust_env=False
            )
        return self._persons[name]

    def close(self) -> None:
        for client in self._persons.values():
            client.close()
        for client in self._clients.values():
            client.close()
        self.hub.stop()

    def token(self, role: Role) -> str:
        if role not in self._tokens:
            accounts = self.hub.parts.accounts
            known = {each.username: each for each in accounts.list()}
            account = known.get(f"{role}-1") or accounts.create(f"{role}-1", PASSWORD, role)
            self._tokens[role] = self.hub.parts.tokens.issue(account.id)
        return self._tokens[role]

    def event(
        self, kind: str, source: str, *, camera: str | None = None, site: str | None = None, **fields: Any
    ) -> Event:
        now = self.hub.parts.clock.now()
        return Event(
            id=new_event_id(),
            kind=kind,
            at=now,
            arrived=now,
            source=source,
            driver="test",
            site=site,
            area="village",
            camera=camera,
            fields=fields,
        )

    def say(self, kind: str, source: str, **more: Any) -> Event:
        """Store an event, as a camera or sensor would."""
        event = self.event(kind, source, **more)
        self.hub.parts.event_log.append([Fact(event)]).result(DEADLINE_S)
        return event

    def smoke(self) -> dict[str, Any]:
        """A smoke alarm in a home that had none before; gives its incident as the API shows it."""
        home = f"home-{next(self._homes)}"
        self.say("smoke", f"{home}-smoke", site=home, alarm=True)
        return self.wait_for(lambda: self.incident_at(home))

    def incident_at(self, site: str) -> dict[str, Any] | None:
        answer = self.client().get("/api/v1/incidents", params={"site": site})
        found: list[dict[str, Any]] = answer.json()["items"]
        return found[0] if found else None

    def device(self, name: str) -> Device:
        """A device that sends to the hub, which listens by now: what comes before nobody would keep."""
        until(lambda: self.hub.parts.readiness()["broker"], timeout_s=DEADLINE_S, what="the hub's listening")
        return Device(self.hub.broker, name)

    def wait_for(self, look: Any) -> Any:
        """What `look` gives as soon as it gives anything; looks again at every journal entry."""
        clock, bus = self.hub.parts.clock, self.bus
        end_s = clock.monotonic_s() + DEADLINE_S
        while clock.monotonic_s() < end_s:
            newest = bus.newest(Topic.JOURNAL)
            if found := look():
                return found
            bus.wait(Topic.JOURNAL, after=newest, timeout_s=0.2)
        raise AssertionError("it did not happen in time")

    @property
    def bus(self) -> Any:
        return self.hub.parts.feed._bus


def community() -> Community:
    sites = tuple(
        Site(id=f"home-{n}", name=Name(zh=f"{n}号", en=f"Home {n}"), area="village") for n in range(1, HOMES + 1)
    )
    crossing = Site(id="crossing", name=Name(zh="村口", en="Crossing"), area="village", ring=Ring.ROAD)
    return Community(
        areas=(Area(id="village", name=Name(zh="大坪村", en="Village")),),
        sites=(*sites, crossing),
        cameras=(
            Camera(
                id="cam-1", site="crossing", main=Stream(url="rtsp://192.0.2.1/main", username="hub", password="s3cret")
            ),
            Camera(id="cam-2", site="crossing", main=Stream(url="rtsp://192.0.2.2/main")),
        ),
        sensors=tuple(
            Sensor(id=f"home-{n}-smoke", site=f"home-{n}", kinds=("smoke",), life_safety=n == 38)
            for n in range(1, HOMES + 1)
        ),
    )


def machine(data: Path, port: int = 0) -> Machine:
    return Machine(
        data=data,
        http=Http(port=port),
        broker=EmbeddedBroker(port=0),
        workers=Workers(count=1, linger_s=0),
        database=Database(durability="normal"),
        networks=HERE,
        log_level="warning",
    )


def let_watch(room: Room, *cameras: tuple[str, str]) -> None:
    """Have households agree to everything: each camera at a site."""
    for camera, site in cameras:
        room.hub.parts.households.decide(Consent(camera, site, Analyse.ALL, Watch.ALWAYS))


def open_room(data: Path, *, port: int = 0, there: Community | None = None, clock: Clock | None = None) -> Room:
    made: list[FakeCameras] = []

    def make_cameras(_machine: Machine, clock: Any, _on_events: Any, **_more: Any) -> FakeCameras:
        made.append(FakeCameras(clock))
        return made[0]

    hub = build(machine(data, port), community=there or community(), clock=clock, make_cameras=make_cameras)
    hub.parts.accounts._passwords = CHEAP
    return Room(hub, made[0], data)
