"""A camera is turned by one person at a time, who sees what it sees; what was turned is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from api.onboarding.holding import HOLD_S, Holding
from config.community import Camera, Stream
from hub.access import Principal, Role
from hub.clock import SetClock
from hub.reach import Grant, GrantKind
from hub.store.audit import Wanted
from tests.api.room import PASSWORD, Room, community, open_room

PTZ = "/api/v1/cameras/cam-1/ptz"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    there = community()
    homes = [
        Camera(id=name, site=site, main=Stream(url=f"rtsp://192.0.2.77/{name}"))
        for name, site in (("home-cam", "home-1"), ("chen-cam", "home-2"))
    ]
    opened = open_room(
        tmp_path_factory.mktemp("hub") / "data", there=there.model_copy(update={"cameras": (*there.cameras, *homes)})
    )
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def nobody_holds(room: Room) -> None:
    for account in room.hub.parts.accounts.list():
        room.hub.parts.onboarding.holding.let_go(account.id)
    room.cameras.moved.clear()


def operator(room: Room, name: str) -> httpx.Client:
    return room.person(name, Role.OPERATOR)


def test_a_camera_is_turned_and_says_what_it_can(room: Room) -> None:
    seen = room.client().get(PTZ).json()
    assert (seen["can_turn"], seen["held"], seen["pan"]) == (True, None, 0.5)
    assert seen["presets"] == [{"preset": "1", "name": "Home"}, {"preset": "2", "name": "Gate"}]
    answer = room.client().post(f"{PTZ}/move", json={"pan": -0.5, "tilt": 1, "for_s": 2})
    assert answer.status_code == 200, answer.text
    camera, wanted = room.cameras.moved[-1]
    assert (camera, wanted.move, wanted.pan, wanted.tilt, wanted.zoom, wanted.for_s) == ("cam-1", "move", -0.5, 1, 0, 2)
    assert room.client().get(PTZ).json()["held"]["mine"] is True
    room.client().post(f"{PTZ}/stop")
    assert room.cameras.moved[-1][1].move == "stop"


def test_positions_are_gone_to_stored_and_removed(room: Room) -> None:
    client = room.client()
    assert client.post(f"{PTZ}/presets", json={"do": "go", "preset": "2"}).status_code == 200
    assert room.cameras.moved[-1][1].preset == "2"
    assert client.post(f"{PTZ}/presets", json={"do": "set", "name": "Yard"}).json()["preset"] == "3"
    assert client.post(f"{PTZ}/presets", json={"do": "remove", "preset": "3"}).status_code == 200
    assert [wanted.move for _, wanted in room.cameras.moved] == ["go", "store", "remove"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("move", {"pan": 2}),
        ("move", {"pan": 1, "for_s": 6}),
        ("move", {"pan": 1, "for_s": 0}),
        ("move", {}),
        ("move", {"pan": 1, "speed": 3}),
        ("presets", {"do": "go"}),
        ("presets", {"do": "set"}),
        ("presets", {"do": "home"}),
        ("presets", {"do": "go", "preset": "x" * 65}),
    ],
)
def test_a_move_that_is_none_is_refused_and_holds_nothing(room: Room, path: str, body: dict[str, object]) -> None:
    assert room.client().post(f"{PTZ}/{path}", json=body).status_code == 422
    assert room.client().get(PTZ).json()["held"] is None


def test_whoever_moved_first_holds_it_and_others_hear_who_and_until_when(room: Room) -> None:
    first, second = operator(room, "lin"), operator(room, "wang")
    assert first.post("/cameras/cam-1/ptz/move", json={"pan": 1}).status_code == 200
    refused = second.post("/cameras/cam-1/ptz/move", json={"pan": -1})
    problem = refused.json()
    assert (refused.status_code, problem["type"], problem["held_by"]) == (409, "urn:hub:problem:camera-held", "lin")
    until = datetime.fromisoformat(problem["until"])
    assert timedelta(0) < until - room.hub.parts.clock.now() <= timedelta(seconds=HOLD_S)
    assert second.post("/cameras/cam-1/ptz/stop").status_code == 409
    assert second.post("/cameras/cam-1/ptz/presets", json={"do": "go", "preset": "1"}).status_code == 409
    assert second.post("/cameras/cam-2/ptz/move", json={"pan": -1}).status_code == 200
    assert len(room.cameras.moved) == 2
    assert second.post("/cameras/cam-1/ptz/move", json={"pan": -1, "take_over": True}).status_code == 403
    assert first.delete("/cameras/cam-1/ptz/hold").status_code == 204
    assert second.post("/cameras/cam-1/ptz/move", json={"pan": -1}).status_code == 200


def test_a_supervisor_takes_it_over(room: Room) -> None:
    first = operator(room, "lin")
    first.post("/cameras/cam-1/ptz/move", json={"pan": 1})
    chief = room.client(Role.SUPERVISOR)
    assert chief.post(f"{PTZ}/move", json={"pan": -1}).status_code == 409
    assert chief.post(f"{PTZ}/move", json={"pan": -1, "take_over": True}).status_code == 200
    assert first.post("/cameras/cam-1/ptz/move", json={"pan": 1}).json()["held_by"] == f"{Role.SUPERVISOR}-1"


def test_who_signs_out_lets_go(room: Room) -> None:
    second = operator(room, "wang")
    operator(room, "lin")
    tokens = httpx.post(
        f"{room.hub.url}/api/v1/auth/token", data={"username": "lin", "password": PASSWORD}, trust_env=False
    ).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    with httpx.Client(base_url=room.hub.url, headers=headers, trust_env=False) as first:
        assert first.post(f"{PTZ}/move", json={"pan": 1}).status_code == 200
        assert second.post("/cameras/cam-1/ptz/move", json={"pan": 1}).status_code == 409
        assert first.post("/api/v1/auth/logout").status_code == 204
    assert second.post("/cameras/cam-1/ptz/move", json={"pan": 1}).status_code == 200


def test_a_camera_that_cannot_be_turned_says_so_in_both_languages(room: Room) -> None:
    room.cameras.fixed.add("cam-2")
    try:
        seen = room.client().get("/api/v1/cameras/cam-2/ptz").json()
        assert (seen["can_turn"], seen["problem"]) == (False, "unsupported")
        refused = room.client().post("/api/v1/cameras/cam-2/ptz/move", json={"pan": 1})
        (error,) = refused.json()["errors"]
        assert (refused.status_code, error["where"]) == (422, "unsupported")
        assert error["message"]
        assert error["message_zh"]
    finally:
        room.cameras.fixed.clear()


def test_only_who_sees_a_camera_turns_it(room: Room) -> None:
    """A household's only while its people let the room watch; one out of reach is not there."""
    move = "/api/v1/cameras/home-cam/ptz/move"
    assert room.client().post(move, json={"pan": 1}).status_code == 200  # nobody lives there by account
    people = room.hub.parts.people
    resident = room.hub.parts.accounts.create("li-home-1", PASSWORD, Role.RESIDENT)
    people.grants.give(Grant("", resident.id, GrantKind.HOUSEHOLD, "home-1", given_by="test"))
    assert room.client().post(move, json={"pan": 1}).status_code == 404
    assert room.client().get("/api/v1/cameras/home-cam/ptz").status_code == 404
    account = room.hub.parts.accounts.create("lin-2", PASSWORD, Role.OPERATOR)
    for each in people.grants.of(account.id):
        people.grants.take_back(each.id, by="test")
    people.grants.give(Grant("", account.id, GrantKind.CAMERA, "cam-2", given_by="test"))
    one = room.person("lin-2", Role.OPERATOR)
    assert one.post("/cameras/cam-1/ptz/move", json={"pan": 1}).status_code == 404
    assert one.post("/cameras/cam-2/ptz/move", json={"pan": 1}).status_code == 200
    missing = room.client().post("/api/v1/cameras/none/ptz/move", json={"pan": 1})
    assert missing.status_code == 404
    for role, status in ((Role.INTEGRATOR, 403), (Role.RESIDENT, 404), (Role.RESPONDER, 403), (None, 401)):
        assert room.client(role).post(f"{PTZ}/move", json={"pan": 1}).status_code == status


CONSENT = "/cameras/chen-cam/consent"
CHEN = "/cameras/chen-cam/ptz"


def decide(resident: httpx.Client, watch: str) -> None:
    answer = resident.put(CONSENT, json={"analyse": "all", "watch": watch, "keep_days": None})
    assert answer.status_code == 200, answer.text


@pytest.fixture
def chen(room: Room) -> httpx.Client:
    """Lives at home 2."""
    known = {each.username for each in room.hub.parts.accounts.list()}
    client = room.person("chen", Role.RESIDENT)
    if "chen" not in known:
        account = next(each for each in room.hub.parts.accounts.list() if each.username == "chen")
        room.hub.parts.people.grants.give(Grant("", account.id, GrantKind.HOUSEHOLD, "home-2", given_by="test"))
    return client


def test_who_lives_there_turns_the_own_camera_and_no_other_whatever_the_room_may(chen: httpx.Client) -> None:
    decide(chen, "never")
    for path, body in (("move", {"pan": 1}), ("stop", None), ("presets", {"do": "go", "preset": "1"})):
        assert chen.post(f"{CHEN}/{path}", json=body).status_code == 200, path
    assert chen.get(CHEN).json()["held"]["mine"] is True
    assert chen.delete(f"{CHEN}/hold").status_code == 204
    for other in ("cam-1", "home-cam", "none"):
        assert chen.post(f"/cameras/{other}/ptz/move", json={"pan": 1}).status_code == 404, other


def test_the_room_turns_a_household_only_while_it_may_watch_and_holds_it_no_longer(
    room: Room, chen: httpx.Client
) -> None:
    lin = operator(room, "lin")
    decide(chen, "always")
    assert lin.post(f"{CHEN}/move", json={"pan": 1}).status_code == 200
    assert chen.post(f"{CHEN}/move", json={"pan": 1}).json()["held_by"] == "lin"
    decide(chen, "never")
    turned = len(room.cameras.moved)
    assert chen.get(CHEN).json()["held"] is None, "who may not turn it any more holds it no more"
    assert {
        lin.get(CHEN).status_code,
        lin.post(f"{CHEN}/move", json={"pan": 1}).status_code,
        lin.post(f"{CHEN}/stop").status_code,
        lin.post(f"{CHEN}/presets", json={"do": "go", "preset": "1"}).status_code,
        lin.delete(f"{CHEN}/hold").status_code,
    } == {404}
    assert not [each for each in room.cameras.moved[turned:] if each[1].move not in ("presets", "position")]
    assert chen.post(f"{CHEN}/move", json={"pan": 1}).status_code == 200


def test_who_lives_there_takes_the_own_camera_from_the_room(room: Room, chen: httpx.Client) -> None:
    decide(chen, "always")
    assert operator(room, "lin").post(f"{CHEN}/move", json={"pan": 1}).status_code == 200
    assert chen.post(f"{CHEN}/move", json={"pan": -1, "take_over": True}).status_code == 200


def test_broken_glass_turns_and_its_end_lets_go(room: Room, chen: httpx.Client) -> None:
    decide(chen, "never")
    lin = operator(room, "lin")
    reason = {"reason": "smoke out of the window, nobody answers"}
    assert lin.post("/cameras/chen-cam/break-glass", json=reason).status_code == 201
    assert lin.post(f"{CHEN}/move", json={"pan": 1}).status_code == 200
    assert lin.delete("/cameras/chen-cam/break-glass").status_code in (200, 204)
    assert lin.post(f"{CHEN}/move", json={"pan": 1}).status_code == 404
    assert chen.post(f"{CHEN}/move", json={"pan": 1}).status_code == 200


def test_a_camera_that_is_shared_with_somebody_of_an_office_is_not_turned_by_him(
    room: Room, chen: httpx.Client
) -> None:
    decide(chen, "never")
    until = (room.hub.parts.clock.now() + timedelta(hours=1)).isoformat()
    boss = room.person("boss", Role.ADMINISTRATOR)
    shared = chen.post("/cameras/chen-cam/shares", json={"username": "boss", "until": until, "recordings": False})
    assert shared.status_code == 201, shared.text
    assert boss.post("/cameras/chen-cam/live", json={}).status_code == 404, "as a resident he has another account"
    assert boss.post(f"{CHEN}/move", json={"pan": 1}).status_code == 404


def test_every_move_is_told_in_the_audit(room: Room) -> None:
    operator(room, "zhou").post("/cameras/cam-1/ptz/move", json={"pan": 1})
    told = [each for each in room.hub.parts.audit.log.entries(Wanted(), limit=20) if "zhou" in repr(each)]
    assert any("move" in repr(each) and "cam-1" in repr(each) for each in told)


def test_a_hold_ends_thirty_seconds_after_the_last_move(clock: SetClock) -> None:
    holding = Holding(clock)
    lin, wang = (Principal(number, name, Role.OPERATOR) for number, name in (("1", "lin"), ("2", "wang")))
    assert holding.take("cam", lin) is None
    clock.advance(20)
    assert holding.take("cam", lin) is None
    clock.advance(20)
    held = holding.take("cam", wang)
    assert held is not None
    assert (held.who.name, held.until) == ("lin", datetime(2026, 5, 4, 8, 0, 50, tzinfo=UTC))
    clock.advance(10)
    assert holding.of("cam") is None
    assert holding.take("cam", wang) is None
