"""What the hub notices of its sensors and of itself, as the API and the figures show it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from hub.access import Role
from tests.api.room import Room
from tests.fakes.brokers import Device


@pytest.fixture
def device(room: Room) -> Iterator[Device]:
    made = room.device("home")
    yield made
    made.close()


def test_one_sensor_shows_how_it_stands_and_why(room: Room) -> None:
    asked = room.client().get("/api/v1/sensors/home-1-smoke").json()
    assert asked["presence"]["state"] == "unknown"
    assert asked["presence"]["why"] == "nothing heard yet"
    assert asked["presence"]["doubts"] == {}
    assert asked["presence"]["flooding"] is False
    listed = room.client().get("/api/v1/sensors").json()["items"]
    assert all(each["presence"] is None for each in listed)


def test_the_hub_shows_what_it_found_in_itself(room: Room) -> None:
    room.hub.parts.self_watch.look()
    found = room.client(Role.SUPERVISOR).get("/api/v1/health").json()["hub"]
    by_kind = {each["kind"]: each for each in found}
    assert by_kind["hub.disk"]["fields"]["failing"] is False
    assert by_kind["hub.disk"]["source"] == "data"
    assert by_kind["hub.clock"]["known"] is ("reason" not in by_kind["hub.clock"]["fields"])
    assert "hub.rules" not in by_kind, "only rules that are blind are shown"


def test_the_figures_hold_it_too(room: Room) -> None:
    room.hub.parts.self_watch.look()
    text = room.client(None).get("/metrics").text
    assert 'hub_disk_free_percent{folder="data"}' in text
    assert 'hub_sensors_noticed{what="stuck"} 0.0' in text
    assert "hub_rules_blind 0.0" in text


def test_a_sensor_that_lies_raises_one_alert_and_shows_why(room: Room, device: Device) -> None:
    for _ in range(5):
        device.send("hub/v1/home-30/home-30-smoke/smoke", json.dumps({"alarm": False, "concentration": 1e9}))
    incident = room.wait_for(lambda: room.incident_at("home-30"))
    assert incident["kind"] == "sensor.stuck"
    shown = room.client().get("/api/v1/sensors/home-30-smoke").json()["presence"]
    assert (shown["state"], shown["doubts"]) == ("online", {"smoke.concentration": "impossible"})
    assert shown["last_heard"] is not None


def test_a_sensor_that_floods_raises_one_alert_and_its_alarm_comes_through(room: Room, device: Device) -> None:
    topic = "hub/v1/home-31/home-31-smoke/smoke"
    for number in range(600):
        device.send(topic, json.dumps({"alarm": False, "concentration": number}))
    device.send(topic, json.dumps({"alarm": True}))
    get = room.client().get
    kinds = room.wait_for(
        lambda: (
            len(
                found := {each["kind"] for each in get("/api/v1/incidents", params={"site": "home-31"}).json()["items"]}
            )
            == 2
            and found
        )
    )
    assert kinds == {"sensor.fault", "fire.smoke"}
    assert get("/api/v1/sensors/home-31-smoke").json()["presence"]["flooding"] is True
    stored = room.hub.parts.event_log.events(kind="smoke", source="home-31-smoke", limit=1000)
    assert 300 < len(stored) < 420
