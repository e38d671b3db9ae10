"""Devices that nobody knows are told by what they said, and one call takes one in with what it had said before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from hub.access import Role
from hub.reach import Grant, GrantKind
from hub.sensors.finds import clean
from tests.api.room import Room
from tests.fakes.brokers import Device


@pytest.fixture
def device(room: Room) -> Iterator[Device]:
    made = room.device("stranger")

    def is_heard() -> bool:
        """The hub has subscribed: what is sent before is nobody's."""
        made.send("hub/v1/home-3/first/temperature", json.dumps({"value": 1}))
        return "first" in finds(room)

    room.wait_for(is_heard)
    yield made
    made.close()


def kept(room: Room, topic: str, *payloads: bytes, every_s: float = 60) -> None:
    """As the intake keeps what nobody can place."""
    begun = room.hub.parts.clock.now() - timedelta(seconds=every_s * len(payloads))
    for number, payload in enumerate(payloads):
        room.hub.parts.raw.keep(topic, payload, begun + timedelta(seconds=every_s * number)).result(10)


def finds(room: Room, client: httpx.Client | None = None) -> dict[str, dict[str, Any]]:
    answer = (client or room.client(Role.INTEGRATOR)).get("/api/v1/sensors/finds")
    assert answer.status_code == 200, answer.text
    return {each["address"]: each for each in answer.json()["items"]}


def test_an_unheard_topic_becomes_a_sensor_with_what_it_had_said(room: Room, device: Device) -> None:
    device.send("hub/v1/home-3/attic-temp/temperature", json.dumps({"value": 21.5}))
    room.wait_for(lambda: "attic-temp" in finds(room))
    kept(room, "hub/v1/home-3/attic-temp/temperature", *(json.dumps({"value": 20 + n}).encode() for n in range(4)))
    found = finds(room)["attic-temp"]
    assert (found["format"], found["site"], found["kinds"], found["count"]) == ("plain", "home-3", ["temperature"], 5)
    assert found["interval_s"] == pytest.approx(60, abs=5)
    assert found["values"]
    body = found["sensor"]
    assert body == {"id": "attic-temp", "site": "home-3", "kinds": ["temperature"]}

    before = room.hub.parts.revisions.number
    answer = room.client(Role.INTEGRATOR).post(f"/api/v1/sensors/finds/{found['id']}/accept", json=body)
    assert (answer.status_code, answer.headers["Location"]) == (201, "/api/v1/sensors/attic-temp")
    assert (answer.json()["read"], answer.json()["readings"]) == (5, 5)
    assert room.hub.parts.revisions.number == before + 1
    assert "attic-temp" not in finds(room)
    again = room.client(Role.INTEGRATOR).post(f"/api/v1/sensors/finds/{found['id']}/accept", json=body)
    assert again.status_code == 404
    wrong = finds_of_other_site(room)
    assert wrong.status_code == 422


def finds_of_other_site(room: Room) -> httpx.Response:
    kept(room, "hub/v1/home-4/other/temperature", b"20")
    found = finds(room)["other"]
    body = {**found["sensor"], "site": "home-5"}
    return room.client(Role.INTEGRATOR).post(f"/api/v1/sensors/finds/{found['id']}/accept", json=body)


def test_a_device_that_announced_itself_is_a_find_too(room: Room, device: Device) -> None:
    config = {
        "name": "Smoke", "unique_id": "0xb1_smoke", "device_class": "smoke", "state_topic": "esp/barn/smoke",
        "device": {"identifiers": ["0xb1"], "name": "Barn\x07 detector", "manufacturer": "Acme", "model": "S1"},
    }  # fmt: skip
    device.send("homeassistant/binary_sensor/0xb1/smoke/config", json.dumps(config), retain=True)
    room.wait_for(lambda: "0xb1" in finds(room))
    found = finds(room)["0xb1"]
    assert (found["format"], found["kinds"], found["manufacturer"]) == ("home_assistant", ["smoke"], "Acme")
    assert "\x07" not in found["name"]
    body = {**found["sensor"], "site": "home-6"}
    assert body["id"] == "barn-detector"
    answer = room.client(Role.INTEGRATOR).post(f"/api/v1/sensors/finds/{found['id']}/accept", json=body)
    assert answer.status_code == 201, answer.text
    assert "0xb1" not in finds(room)


def test_what_no_format_reads_is_guessed_and_needs_a_map(room: Room) -> None:
    kept(room, "factory/line-3/data", json.dumps({"temp": 21.5, "湿度": 40, "raw": {"deep": 1}}).encode())
    found = finds(room)["factory/line-3/data"]
    assert (found["format"], found["sensor"], found["values"]) == ("", None, {"temp": 21.5, "湿度": 40})
    assert found["kinds"] == ["humidity", "temperature"]
    body = {"id": "line-3", "site": "home-7"}
    answer = room.client(Role.INTEGRATOR).post(f"/api/v1/sensors/finds/{found['id']}/accept", json=body)
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "payload",
    [
        b"<script>alert(1)</script>",
        b"\x00\xff" * 5000,
        b"[" * 60_000,
        b"9" * 60_000,
        json.dumps({f"k{n}\u202e": "v" * 5000 for n in range(200)}).encode(),
        b'{"temp": NaN, "hum": 1e999, "x": "\\u0000\\u001b[31m"}',
        b"",
    ],
)
def test_whatever_a_payload_holds_is_bounded_and_harmless(room: Room, payload: bytes) -> None:
    topic = f"strange/{abs(hash(payload))}\x1b"
    kept(room, topic, payload)
    answer = room.client(Role.INTEGRATOR).get("/api/v1/sensors/finds", params={"limit": 500})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    found = next(each for each in answer.json()["items"] if each["address"] == clean(topic, 256))
    assert len(json.dumps(found, ensure_ascii=False)) < 10_000
    assert not any(sign in json.dumps(found, ensure_ascii=False) for sign in "\x00\x1b\u202e")


def test_what_belongs_to_no_place_of_his_is_not_shown(room: Room) -> None:
    kept(room, "hub/v1/home-8/mine/temperature", b"20")
    kept(room, "hub/v1/home-9/theirs/temperature", b"20")
    kept(room, "anywhere/at/all", b"1")
    accounts, grants = room.hub.parts.accounts, room.hub.parts.people.grants
    account = accounts.create("sun-8", "three words and a river", Role.INTEGRATOR)
    for each in grants.of(account.id):
        grants.take_back(each.id, by="test")
    grants.give(Grant("", account.id, GrantKind.SITE, "home-8", given_by="test"))
    with httpx.Client(
        base_url=room.hub.url, headers={"Authorization": f"Bearer {room.hub.parts.tokens.issue(account.id)}"},
        trust_env=False,
    ) as mine:  # fmt: skip
        assert set(finds(room, mine)) == {"mine"}
        theirs = finds(room)["theirs"]
        body = {**theirs["sensor"], "site": "home-8"}
        assert mine.post(f"/api/v1/sensors/finds/{theirs['id']}/accept", json=body).status_code == 404
        own = finds(room, mine)["mine"]
        elsewhere = {**own["sensor"], "site": "home-9"}
        assert mine.post(f"/api/v1/sensors/finds/{own['id']}/accept", json=elsewhere).status_code == 404


def test_only_who_adds_devices_sees_finds(room: Room) -> None:
    for role, status in ((Role.OPERATOR, 403), (Role.RESIDENT, 403), (Role.SUPERVISOR, 403), (None, 401)):
        assert room.client(role).get("/api/v1/sensors/finds").status_code == status
        assert room.client(role).post("/api/v1/sensors/import").status_code == status


def sheet(room: Room, text: str, **params: str) -> httpx.Response:
    headers = {"Content-Type": "text/csv; charset=utf-8"}
    return room.client(Role.INTEGRATOR).post(
        "/api/v1/sensors/import", content=text.encode("gb18030"), headers=headers, params=params
    )


def test_sensors_come_by_a_sheet_as_cameras_do(room: Room) -> None:
    before = room.hub.parts.revisions.number
    text = "编号,名称,场所,格式,设备地址,观测项,生命安全\nsheet-1,厨房烟感,home-10,zigbee2mqtt,0xaa,smoke battery,是\n"
    dry = sheet(room, text, dry_run="true").json()
    assert (dry["adds"], dry["mistakes"]) == (1, [])
    done = sheet(room, text)
    assert done.json()["revision"] == before + 1, done.text
    stored = next(each for each in room.hub.parts.revisions.current().sensors if each.id == "sheet-1")
    assert (stored.address, stored.kinds, stored.life_safety) == ("0xaa", ("smoke", "battery"), True)
    assert sheet(room, text).json()["leaves"] == 1
    broken = sheet(
        room,
        "id,site,format,address,kinds,silent_after_s,life_safety,lat\n"
        "a,nowhere,plain,,smoke,,,\n"
        "b,home-1,plane,,smok,0,perhaps,1\n"
        "b,home-1,,,,,,\n"
        "B c,home-1,,,,,,\n",
    )
    assert broken.status_code == 422
    found = {(each["line"], each["where"]) for each in broken.json()["errors"]}
    assert found == {
        (2, "site"), (3, "format"), (3, "kinds"), (3, "silent_after_s"), (3, "life_safety"), (3, "lon"), (4, "id"),
        (5, "id"),
    }  # fmt: skip
    same = sheet(room, "id,site,format,address\nsheet-2,home-11,zigbee2mqtt,0xaa\n")
    assert [(each["line"], each["where"]) for each in same.json()["errors"]] == [(2, "address")]
    template = room.client(Role.INTEGRATOR).get("/api/v1/sensors/import/template.csv")
    assert template.content.startswith("\ufeff编号".encode())
