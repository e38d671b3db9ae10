"""A device announces itself over MQTT, is taken over with one call, and speaks at once."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from hub.access import Role
from tests.api.room import Room
from tests.fakes.brokers import Device

CONFIG = "homeassistant/binary_sensor/0xa4c1/smoke/config"
BODY = {
    "name": "Smoke",
    "unique_id": "0xa4c1_smoke",
    "device_class": "smoke",
    "state_topic": "esp/attic/smoke",
    "device": {"identifiers": ["0xa4c1"], "name": "Attic detector", "manufacturer": "Acme", "model": "S1"},
}


@pytest.fixture
def device(room: Room) -> Iterator[Device]:
    made = room.device("attic")
    yield made
    made.close()


def listed(room: Room, *, configured: bool = False) -> list[dict[str, object]]:
    answer = room.client(Role.SUPERVISOR).get("/api/v1/sensors/discovered", params={"configured": configured})
    found: list[dict[str, object]] = answer.json()["items"]
    return found


def test_a_device_that_announced_itself_is_taken_over_with_one_call(room: Room, device: Device) -> None:
    device.send("esp/attic/smoke", "OFF", retain=True)
    device.send(CONFIG, json.dumps(BODY), retain=True)
    room.wait_for(lambda: [each for each in listed(room) if each["values"]])
    (found,) = listed(room)
    assert (found["name"], found["manufacturer"], found["kinds"]) == ("Attic detector", "Acme", ["smoke"])
    assert found["values"] == {"smoke.alarm": False}
    assert room.hub.parts.event_log.events(kind="smoke", source="attic", limit=1) == []

    body = {"id": "attic", "site": "home-39", "address": "0xa4c1"}
    assert room.client(Role.SUPERVISOR).post("/api/v1/sensors", json=body).status_code == 403
    answer = room.client(Role.ADMINISTRATOR).post("/api/v1/sensors", json=body)
    assert (answer.status_code, answer.headers["Location"]) == (201, "/api/v1/sensors/attic")
    assert answer.json()["name"]["en"] == "Attic detector"
    room.wait_for(lambda: room.hub.parts.event_log.events(kind="smoke", source="attic", limit=1))
    assert listed(room) == []
    assert listed(room, configured=True)[0]["sensor"] == "attic"

    device.send("esp/attic/smoke", "ON")
    incident = room.wait_for(lambda: room.incident_at("home-39"))
    assert incident["kind"] == "fire.smoke"

    again = room.client(Role.ADMINISTRATOR).post("/api/v1/sensors", json={**body, "id": "attic-2"})
    assert again.status_code == 422
    nobody = room.client(Role.ADMINISTRATOR).post("/api/v1/sensors", json={**body, "id": "x", "address": "0xffff"})
    assert nobody.status_code == 404


def test_only_who_may_see_unknown_messages_sees_unknown_devices(room: Room) -> None:
    assert room.client(Role.OPERATOR).get("/api/v1/sensors/discovered").status_code == 403
    assert room.client(None).get("/api/v1/sensors/discovered").status_code == 401


def test_a_device_is_not_taken_over_to_a_site_that_is_not_there(room: Room, device: Device) -> None:
    config = json.dumps({**BODY, "unique_id": "u9", "device": {"identifiers": ["0x9"]}})
    device.send("homeassistant/binary_sensor/0x9/smoke/config", config)
    room.wait_for(lambda: [each for each in listed(room) if each["address"] == "0x9"])
    answer = room.client(Role.ADMINISTRATOR).post("/api/v1/sensors", json={"id": "y", "site": "none", "address": "0x9"})
    assert answer.status_code == 422
    assert "site" in answer.json()["errors"][0]["where"]
