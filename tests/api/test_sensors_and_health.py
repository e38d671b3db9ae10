"""Sensors, readings, refusals, places, health and the pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hub.access import Role
from hub.counts import seen_fact
from hub.store.event_log import Fact, Reading, Refusal
from tests.api.room import Room


def _level(room: Room, values: list[float], name: str = "water_level.level_m") -> None:
    begin = room.hub.parts.clock.now() - timedelta(minutes=len(values))
    facts = []
    for minute, value in enumerate(values):
        at = begin + timedelta(minutes=minute)
        event = room.event("water_level", "home-1-smoke", site="home-1", level_m=value)
        facts.append(Fact(event, (Reading("home-1-smoke", name, at, value, at),)))
    room.hub.parts.event_log.append(facts).result(10)


def test_readings_come_raw_and_thinned_out(room: Room) -> None:
    _level(room, [1.0, 2.0, 3.0, 4.0])
    get, water = room.client().get, {"name": "water_level.level_m"}
    raw = get("/api/v1/sensors/home-1-smoke/readings", params=water).json()["items"]
    assert [row["value"] for row in raw] == [1.0, 2.0, 3.0, 4.0]
    thin = get("/api/v1/sensors/home-1-smoke/readings", params={**water, "resolution": 86_400}).json()["items"]
    assert sum(row["count"] for row in thin) == 4
    assert max(row["maximum"] for row in thin) == 4.0
    latest = get("/api/v1/sensors/home-1-smoke").json()["latest"]
    assert [row["value"] for row in latest if row["name"] == water["name"]] == [4.0]


def test_what_a_camera_counts_is_readings_of_the_camera(room: Room) -> None:
    camera = room.hub.parts.revisions.current().cameras[0].id
    counted = replace(
        room.event("camera.count", camera, site="home-1", left=2, right=0, car_left=2, seconds=60.0), subject="gate"
    )
    room.hub.parts.event_log.append([seen_fact(counted)]).result(10)
    items = room.client().get(f"/api/v1/cameras/{camera}/readings").json()["items"]
    assert {row["name"]: row["value"] for row in items}["camera.count.car_left@gate"] == 2.0
    assert room.client().get("/api/v1/cameras/nowhere/readings").status_code == 404


def test_the_answer_says_in_which_resolution_it_is(room: Room) -> None:
    _level(room, [float(minute) for minute in range(90)], name="battery.percent")

    def get(**params: object) -> dict[str, Any]:
        wanted = {"name": "battery.percent", **params}
        answer = room.client().get("/api/v1/sensors/home-1-smoke/readings", params=wanted)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    few = get()
    assert (few["resolution_s"], few["complete"], len(few["items"])) == (0, True, 90)
    hourly = get(points=24)
    assert hourly["resolution_s"] == 3600
    assert sum(row["count"] for row in hourly["items"]) == 90
    assert get(resolution="raw", limit=10)["complete"] is False
    assert get(resolution=120)["items"][1]["count"] == 2


def test_a_resolution_that_cannot_be_given_is_refused_with_what_can(room: Room) -> None:
    wrong: list[tuple[dict[str, object], str]] = [
        ({"resolution": "hour"}, "write `raw`, or seconds"),
        ({"resolution": "nan"}, "write `raw`, or seconds"),
        ({"resolution": 60, "points": 5}, "not both"),
        ({"resolution": 1, "from": "2001-01-01T00:00:00Z"}, "the most is 100,000"),
    ]
    for params, words in wrong:
        answer = room.client().get("/api/v1/sensors/home-1-smoke/readings", params=params)
        assert answer.status_code == 422
        error = answer.json()["errors"][0]
        assert error["where"] == "query.resolution"
        assert words in str(error)


def test_times_without_a_zone_and_backward_ones_are_refused(room: Room) -> None:
    for params in ({"from": "2026-03-01T00:00:00"}, {"from": "2026-03-02T00:00:00Z", "to": "2026-03-01T00:00:00Z"}):
        answer = room.client().get("/api/v1/sensors/home-1-smoke/readings", params=params)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["where"] == "query.from"


def test_a_refused_message_can_be_looked_at(room: Room) -> None:
    now = room.hub.parts.clock.now()
    room.hub.parts.event_log.refuse(Refusal(now, "hub/v1/x", "malformed", "not JSON", b"\xff<script>")).result(10)
    assert room.client().get("/api/v1/refusals").status_code == 403
    items = room.client(Role.SUPERVISOR).get("/api/v1/refusals").json()["items"]
    assert (items[0]["reason"], items[0]["payload"]) == ("malformed", "\ufffd<script>")


def test_places_are_listed_by_id_in_pages(room: Room) -> None:
    page = room.client().get("/api/v1/sites", params={"limit": 2}).json()
    assert [site["id"] for site in page["items"]] == ["crossing", "home-1"]
    assert room.client().get("/api/v1/sites", params={"limit": 2, "cursor": page["next"]}).json()["items"]
    assert room.client().get("/api/v1/areas/village").json()["name"]["zh"] == "大坪村"
    assert room.client().get("/api/v1/areas/none").status_code == 404


def test_a_hub_that_runs_is_ready(room: Room) -> None:
    assert room.client(None).get("/healthz").json() == {"status": "ok"}
    ready = room.wait_for(lambda: (answer := room.client(None).get("/readyz")).status_code == 200 and answer.json())
    assert ready == {"ready": True, "parts": {"database": True, "engine": True, "broker": True, "workers": True}}


def test_metrics_are_for_this_machine_or_with_a_token(room: Room) -> None:
    room.smoke()
    text = room.client(None).get("/metrics").text
    assert 'hub_cameras{state="live"}' in text
    assert 'hub_stream_entries_total{stream="events"}' in text
    proxied = {"X-Forwarded-For": "203.0.113.5"}
    assert room.client(None).get("/metrics", headers=proxied).status_code == 401
    assert room.client().get("/metrics", headers=proxied).status_code == 200
    assert room.client(Role.RESIDENT).get("/metrics", headers=proxied).status_code == 403
