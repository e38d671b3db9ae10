"""What the hub notices of its sensors and of itself, as the API and the figures show it."""

from __future__ import annotations

from hub.access import Role
from tests.api.room import Room


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
