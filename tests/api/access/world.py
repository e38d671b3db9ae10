"""A community of two areas that know nothing of each other, and somebody of every role who is for one of them.

Everything in the second area has `far` in its id or name, so that a trace of it is found in any answer.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt

from api.access.declaration import Kind
from api.app import create_app
from config.community import Area, Camera, Community, Contact, Name, Ring, Sensor, Site, Stream
from config.recording import Evidence
from hub.access import Permission, Principal, Role, permissions
from hub.reach import Grant, GrantKind
from hub.store.tables import metadata
from tests.api.access.in_process import InProcess
from tests.api.room import PASSWORD, Room, open_room
from tests.fakes.pictures import phone_jpeg
from tests.fakes.recordings import footage, write_segment

SIDES = ("near", "far")
NOT_THERE = "no-such-thing"


def community() -> Community:
    """Of each side a road, a shop and two households with a camera and a sensor each."""
    places = (("road", Ring.ROAD), ("shop", Ring.ENTERPRISE), ("home", Ring.HOUSEHOLD), ("neighbour", Ring.HOUSEHOLD))
    sites = tuple(
        Site(id=f"{side}-{what}", name=Name(zh=f"{side}{what}", en=f"{side} {what}"), area=side, ring=ring)
        for side in SIDES
        for what, ring in places
    )
    return Community(
        areas=(
            Area(id="town", name=Name(zh="镇", en="Town")),
            *(Area(id=side, name=Name(zh=f"{side}组", en=f"{side} group"), parent="town") for side in SIDES),
        ),
        sites=sites,
        cameras=tuple(
            Camera(
                id=f"{site.id}-cam",
                name=Name(en=f"{site.id} camera"),
                site=site.id,
                main=Stream(url=f"rtsp://10.9.8.{number}/{site.id}"),
            )
            for number, site in enumerate(sites, 1)
        ),
        sensors=tuple(Sensor(id=f"{site.id}-smoke", site=site.id, kinds=("smoke",)) for site in sites),
        contacts=tuple(
            Contact(account=f"{side}-{who}", sites=(f"{side}-{home}",))
            for side in SIDES
            for who, home in (("resident", "home"), ("friend", "neighbour"))
        ),
        evidence=Evidence(before_s=10, after_s=0),
    )


@dataclass
class Asker:
    """Somebody who calls.

    Attributes:
        name: Account name.
        who: As the hub knows him; None for nobody that it lets in.
        headers: What he sends.
        side: Where his grants reach; None for everywhere, empty for nowhere.
    """

    name: str
    who: Principal | None
    headers: Mapping[str, str]
    side: str | None = None


@dataclass(frozen=True)
class Thing:
    """An object that a path may name.

    Attributes:
        params: What stands in the path for it.
        side: Where it is; None for nowhere.
        home: The household where it is, if somebody lives there by account.
        sent: Who was sent there.
        owners: Whose own it is, or who it is for by itself.
        exists: False for one that is not there at all.
    """

    params: Mapping[str, str]
    side: str | None = None
    home: frozenset[str] = frozenset()
    sent: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    exists: bool = True


@dataclass
class World:
    """A running hub, those who call it and what there is to call for."""

    room: Room
    askers: dict[str, Asker] = field(default_factory=dict)
    things: dict[Kind, list[Thing]] = field(default_factory=dict)
    strangers: dict[str, Asker] = field(default_factory=dict)
    """Who is for the far side, and calls nothing here."""
    traces: list[bytes] = field(default_factory=list)
    """What tells that there is something on the far side."""

    def __post_init__(self) -> None:
        self.began = self.room.hub.parts.clock.now()
        """From when on everything is recorded."""
        self.app = create_app(self.room.hub.parts)
        self._calls = InProcess(self.app)
        self._ended = False

    def sign_in_again(self) -> None:
        """Give everybody a new token if anything was changed: some routes end those that there are."""
        if not self._ended:
            return
        self._ended = False
        parts = self.room.hub.parts
        for asker in self.askers.values():
            if asker.who is not None and asker.who.key is None:
                standing = parts.people.sign_ins.standing(asker.who.id, "")
                assert standing is not None
                token = parts.tokens.issue(asker.who.id, generation=standing.generation)
                asker.headers = {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, asker: Asker, **more: Any) -> httpx.Response:
        """Call in this process, from an address that is not this machine."""
        self._ended = self._ended or method not in ("GET", "HEAD")
        headers = {**asker.headers, **more.pop("headers", {})}
        return self._calls.request(method, path, headers=headers, **more)

    def knock(self, path: str, query: str, headers: Sequence[tuple[bytes, bytes]] = ()) -> int:
        """Try to open a WebSocket; gives the status of the answer, 101 when it is let in."""
        return self._calls.knock(path, query, headers)

    def close(self) -> None:
        self._calls.close()
        self.room.close()


def make_world(data: Path) -> World:
    """Start a hub, and let something of everything happen on both sides of it."""
    opened = open_room(data, there=community())
    world = World(opened)
    _people(world)
    _things(world)
    return world


def _people(world: World) -> None:
    parts = world.room.hub.parts
    for role in Role:
        for side in (None, *SIDES):
            name = f"{side or 'whole'}-{role}"
            account = parts.accounts.create(name, PASSWORD, role)
            if side is not None:
                for grant in parts.people.grants.of(account.id):
                    if grant.kind is GrantKind.COMMUNITY:
                        parts.people.grants.take_back(grant.id, "test")
                if role not in (Role.RESPONDER, Role.RESIDENT):
                    parts.people.grants.give(
                        Grant(f"{name}-grant", account.id, GrantKind.AREA, side, given_by="test", reason="test")
                    )
            signed = {"Authorization": f"Bearer {parts.tokens.issue(account.id)}"}
            who = Principal(account.id, name, role.value)
            reaches = side if role not in (Role.RESPONDER, Role.RESIDENT) else ""
            if side == "near" or (side is None and role in (Role.ADMINISTRATOR, Role.OPERATOR)):
                world.askers[name] = Asker(name, who, signed, reaches)
            elif role is Role.RESIDENT:
                world.strangers[name] = Asker(name, who, signed, reaches)
    nobodies = {
        "nobody": {},
        "forged": {"Authorization": "Bearer e30.e30.x"},
        "expired": {"Authorization": f"Bearer {_expired(world)}"},
        "disabled": {"Authorization": f"Bearer {_disabled(world)}"},
        "gone": {"Authorization": f"Bearer {parts.tokens.issue('nobody')}"},
        "no-key": {"X-API-Key": "hub_0123456789abcdef"},
    }
    world.askers |= {name: Asker(name, None, headers) for name, headers in nobodies.items()}
    world.askers["stranger"] = _stranger(world)
    own = world.askers["near-operator"].who
    assert own is not None
    for name, scope in (("key-operator", permissions(own)), ("key-places", frozenset({Permission.VIEW_PLACES}))):
        expires = parts.clock.now() + timedelta(days=1)
        key, text = parts.people.keys.make(own.id, name, scope, cameras=None, expires=expires)
        who = dataclasses.replace(own, key=key.id, only=scope)
        world.askers[name] = Asker(own.name, who, {"X-API-Key": text}, "near")
    ended, text = parts.people.keys.make(own.id, "ended", permissions(own), cameras=None, expires=expires)
    parts.people.keys.end(ended.id)
    world.askers["ended-key"] = Asker("ended-key", None, {"X-API-Key": text})


def _expired(world: World) -> str:
    parts = world.room.hub.parts
    account = world.askers["whole-administrator"].who
    assert account is not None
    claims = jwt.decode(parts.tokens.issue(account.id), options={"verify_signature": False})
    past = {**claims, "iat": claims["iat"] - 3600, "exp": claims["exp"] - 3600}
    return jwt.encode(past, parts.desk.key, algorithm="HS256")


def _disabled(world: World) -> str:
    parts = world.room.hub.parts
    account = parts.accounts.create("was-here", PASSWORD, Role.ADMINISTRATOR)
    token = parts.tokens.issue(account.id)
    parts.accounts.disable(account.id)
    return token


def _stranger(world: World) -> Asker:
    """Somebody whose role this version does not know."""
    parts = world.room.hub.parts
    account = parts.accounts.create("stranger", PASSWORD, Role.OPERATOR)
    accounts = metadata.tables["accounts"]
    parts.desk.database.write(
        lambda connection: connection.execute(
            accounts.update().where(accounts.c.id == account.id).values(role="of-another-version")
        )
    )
    signed = {"Authorization": f"Bearer {parts.tokens.issue(account.id)}"}
    return Asker("stranger", Principal(account.id, "stranger", "of-another-version"), signed)


def _things(world: World) -> None:
    none = Thing({"number": "99999"}, exists=False)
    happened = {side: _happen(world, side) for side in SIDES}
    near, far = happened["near"], happened["far"]
    world.traces += [b"far-", b"far group", "far组".encode(), *(value.encode() for value in _ids(far))]
    world.things = {
        Kind.CAMERA: [_camera(side, what, happened[side]) for side in SIDES for what in ("road", "home")],
        Kind.SITE: [Thing({"site_id": f"{side}-road"}, side) for side in SIDES],
        Kind.AREA: [Thing({"area_id": side}, side) for side in SIDES],
        Kind.SENSOR: [Thing({"sensor_id": f"{side}-road-smoke"}, side) for side in SIDES],
        Kind.INCIDENT: [_incident(side, each) for side, each in happened.items()],
        Kind.ALERT: [
            Thing({"alert_id": each["alert"]}, side, sent=frozenset({f"{side}-responder"}))
            for side, each in happened.items()
        ],
        Kind.ORDER: [
            Thing({"order_id": each["order"]}, side, sent=frozenset({f"{side}-responder"}))
            for side, each in happened.items()
        ],
        Kind.REPORT: [_report(side, each) for side, each in happened.items()],
        Kind.TASK: [Thing({"task_id": near["task"]}, "near", owners=frozenset(world.askers))],
        Kind.SILENCE: [Thing({"silence_id": each["silence"]}, side) for side, each in happened.items()],
        Kind.TOUR: [Thing({"tour_id": each["tour"]}, side) for side, each in happened.items()],
        Kind.RULE: [Thing({"rule_id": near["rule"], "trial_id": NOT_THERE}, "near")],
        Kind.REVISION: [Thing({"number": "1"}, None)],
        Kind.ACCOUNT: [Thing({"account_id": _id(world, "near-friend"), "account": "near-friend"}, "near")],
    }  # fmt: skip
    for kind in Kind:
        world.things.setdefault(kind, []).append(none)


def _camera(side: str, what: str, happened: Mapping[str, Any]) -> Thing:
    params = {
        "camera_id": f"{side}-{what}-cam",
        "segment_id": happened["segments"][what],
        "name": "init.mp4",
        "trial_id": NOT_THERE,
    }
    return Thing(params, side, home=frozenset({f"{side}-resident"}) if what == "home" else frozenset())


def _incident(side: str, happened: Mapping[str, Any]) -> Thing:
    folder, clip = happened["clip"]
    params = {"incident_id": happened["incident"], "name": happened["manifest"], "folder": folder, "clip": clip}
    return Thing(params, side, sent=frozenset({f"{side}-responder"}))


def _report(side: str, happened: Mapping[str, Any]) -> Thing:
    params = {"report_id": happened["report"], "photo_id": happened["photo"]}
    return Thing(params, side, owners=frozenset({f"{side}-resident"}))


def _id(world: World, name: str) -> str:
    return world.room.hub.parts.accounts.create(name, PASSWORD, Role.RESIDENT).id


def _ids(happened: Mapping[str, Any]) -> list[str]:
    return [happened[name] for name in ("incident", "alert", "order", "report", "silence", "tour")]


def _happen(world: World, side: str) -> dict[str, Any]:
    """Record, raise an incident, send somebody, report and silence on one side."""
    room, parts = world.room, world.room.hub.parts
    master = world.askers["whole-administrator"]
    found: dict[str, Any] = {"segments": {}}
    began = (parts.clock.now() - timedelta(seconds=60)).replace(microsecond=0)
    for what in ("road", "home"):
        form, samples = footage(90)
        made = write_segment(
            room.data / "recordings", began, form, samples, camera=f"{side}-{what}-cam", site=f"{side}-{what}"
        )
        parts.recordings.catalog.keep_all([made], timeout_s=10)
        found["segments"][what] = made.head.id
    world.began = began
    room.say("smoke", f"{side}-road-smoke", site=f"{side}-road", area=side, camera=f"{side}-road-cam", alarm=True)

    def get(path: str, **params: Any) -> Any:
        answer = world.ask("GET", f"/api/v1{path}", master, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(path: str, body: Any, who: str = "whole-administrator", **more: Any) -> Any:
        answer = world.ask("POST", f"/api/v1{path}", world.askers[who], json=body, **more)
        assert answer.is_success, (path, answer.text)
        return answer.json()

    incident = room.wait_for(lambda: get("/incidents", site=f"{side}-road")["items"])[0]
    detail = get(f"/incidents/{incident['id']}")
    found |= {"incident": incident["id"], "alert": detail["alerts"][0]["id"]}
    room.wait_for(lambda: get(f"/incidents/{incident['id']}")["still"])
    # Smoke in a house opens the evidence of the cameras around it.
    room.wait_for(
        lambda: world.ask("GET", f"/api/v1/incidents/{incident['id']}/evidence", master).json().get("version")
    )
    evidence = get(f"/incidents/{incident['id']}/evidence")
    found["manifest"] = evidence["manifest"].rpartition("/")[2]
    found["clip"] = evidence["files"][0]["name"].split("/")
    found["order"] = post(f"/incidents/{incident['id']}/dispatch", {"unit": f"{side}-responder"})["id"]

    sent = world.ask(
        "POST",
        "/api/v1/reports",
        {**world.askers, **world.strangers}[f"{side}-resident"],
        data={"client_id": f"{side}-1", "category": "road_damage", "site": f"{side}-shop", "text": f"{side}-hole"},
        files=[("photo", ("a.jpg", phone_jpeg()))],
    )
    assert sent.status_code == 201, sent.text
    found["report"], found["photo"] = sent.json()["id"], sent.json()["photos"][0]["id"]
    # Tasks are offered to everybody, wherever they are.
    found["task"] = post("/tasks", {"text": "sweep", "points": 1, "site": "near-shop"})["id"]
    until = (parts.clock.now() + timedelta(minutes=20)).isoformat()
    silence = {"mode": "silence", "kind": "fire.smoke", "site": f"{side}-shop", "reason": "work", "until": until}
    found["silence"] = post("/silences", silence)["id"]
    steps = [{"cameras": [f"{side}-road-cam"]}]
    found["tour"] = post("/tours", {"name": {"en": f"{side} round"}, "steps": steps})["id"]
    found["rule"] = get("/rules", limit=1)["items"][0]["id"]
    return found
