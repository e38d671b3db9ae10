"""Zones tried before they are saved, over what a camera followed: which alerts would be new, and which gone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cameras.traces.keeping import TRACES, Traces
from hub.access import Role
from hub.geometry import Box
from tests.api.room import Room
from tests.fakes.traces import stand, walk, watched

BAY = {"id": "bay", "use": "no_parking", "points": [[0.3, 0.3], [0.7, 0.3], [0.7, 0.9], [0.3, 0.9]]}
CAR = Box(0.4, 0.4, 0.2, 0.2)


def trace(room: Room, now: datetime, camera: str = "cam-1") -> None:
    """Two hours that were watched, in which a car stood for eight minutes and somebody walked by."""
    traces = Traces(room.data / TRACES)
    begin = now - timedelta(hours=2)
    for data in watched(begin, begin + timedelta(minutes=60)):
        traces.take(camera, data, now)
    for data in stand(begin + timedelta(minutes=60), "car-1", CAR):
        traces.take(camera, data, now)
    traces.take(camera, walk(begin + timedelta(minutes=70), "p-1"), now)
    for data in watched(begin + timedelta(minutes=71), now):
        traces.take(camera, data, now)


def tried(room: Room, body: dict[str, Any], camera: str = "cam-1") -> dict[str, Any]:
    """What comes of it when it is done."""
    client = room.client(Role.ADMINISTRATOR)
    begun = client.post(f"/api/v1/cameras/{camera}/what-if", json=body)
    assert begun.status_code == 202, begun.text
    clock = room.hub.parts.clock
    end_s = clock.monotonic_s() + 30
    while clock.monotonic_s() < end_s:
        view = client.get(begun.headers["Location"]).json()
        if view["state"] != "running":
            assert view["state"] == "done", view
            found: dict[str, Any] = view["found"]
            return found
    raise AssertionError("it was not done in time")


def test_a_zone_that_is_drawn_says_what_it_had_raised_and_what_is_not_known(room: Room) -> None:
    now = room.hub.parts.clock.now()
    trace(room, now)
    found = tried(room, {"zones": [BAY]})
    assert {(each["change"], each["kind"], each["zone"]) for each in found["alerts"]} == {
        ("new", "road.illegal_parking", "bay")
    }
    assert (found["alerts_before"], found["alerts_gone"]) == (0, 0)
    began = datetime.fromisoformat(found["alerts"][0]["began"])
    assert timedelta(minutes=50) < now - began < timedelta(minutes=56)
    assert {(each["change"], each["kind"], each["zone"]) for each in found["visits"]} == {
        ("new", "camera.vehicle", "bay"),
        ("new", "camera.person", "bay"),
    }
    assert 7_000 < found["covered_s"] < 7_300
    assert found["asked_s"] == 86_400
    assert len(found["gaps"]) >= 1
    assert "pixels" in found["unjudged"]
    assert room.client().get("/api/v1/cameras/cam-1").json()["zones"] == [], "nothing was changed"


def test_a_zone_that_goes_says_what_is_gone(room: Room) -> None:
    client = room.client(Role.ADMINISTRATOR)
    now = room.hub.parts.clock.now()
    trace(room, now, "cam-2")
    view = client.get("/api/v1/cameras/cam-2")
    body = {"zones": [BAY], "lines": [], "ground": None}
    path = "/api/v1/cameras/cam-2/zones?reason=parking"
    assert client.put(path, json=body, headers={"If-Match": '"old"'}).status_code == 412
    put = client.put(path, json=body, headers={"If-Match": view.headers["ETag"]})
    assert put.status_code == 200, put.text
    found = tried(room, {"zones": [{**BAY, "use": "ignore"}]}, "cam-2")
    assert {each["change"] for each in found["alerts"]} == {"gone"}
    assert found["visits_after"] == 0
    again = tried(room, {"zones": [BAY]}, "cam-2")
    assert (again["alerts"], again["visits"], again["alerts_before"]) == ([], [], found["alerts_before"])
    history = client.get("/api/v1/cameras/cam-2/zones/history").json()
    assert [len(each["zones"]) for each in history["items"]] == [1, 0]
    assert "parking" in history["items"][0]["reason"]
    assert history["complete"]


def test_what_was_told_counts_where_there_is_no_trace(room: Room) -> None:
    room.say("camera.person", "cam-1", camera="cam-1", site="crossing")
    found = tried(room, {"zones": [], "lines": [{"id": "l", "points": [[0, 0.5], [1, 0.5]]}], "hours": 0.05})
    assert {"no_trace", "lines", "movers", "pixels"} >= set(found["unjudged"]) >= {"pixels"}


def test_zones_that_could_not_be_saved_are_not_tried(room: Room) -> None:
    bow = {**BAY, "points": [[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]}
    client = room.client(Role.ADMINISTRATOR)
    assert client.post("/api/v1/cameras/cam-1/what-if", json={"zones": [bow]}).status_code == 422
    assert client.post("/api/v1/cameras/none/what-if", json={"zones": []}).status_code == 404
    assert room.client().post("/api/v1/cameras/cam-1/what-if", json={"zones": []}).status_code == 403
    assert client.get("/api/v1/cameras/cam-1/what-if/t99").status_code == 404
    assert room.client(Role.SUPERVISOR).get("/api/v1/rules/backtests").json()["items"] == []
