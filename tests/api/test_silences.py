"""Silences and maintenance over HTTP."""

from __future__ import annotations

import json
from datetime import timedelta, timezone
from typing import Any

import pytest

from api.outbound import Outbound
from hub.access import Role
from tests.api.room import Room

CHINA = timezone(timedelta(hours=8))


def _make(room: Room, role: Role = Role.OPERATOR, *, minutes: float = 20, path: str = "", **body: Any) -> Any:
    until = (room.hub.parts.clock.now() + timedelta(minutes=minutes)).astimezone(CHINA).isoformat()
    return room.client(role).post(f"/api/v1/silences{path}", json={"until": until, "reason": "drill", **body})


def test_a_silence_hides_what_stands_open_and_shows_it_when_it_is_ended(room: Room) -> None:
    incident = room.smoke()
    before = _make(room, path="/preview", kind="fire", site=incident["site"]).json()
    assert [each["number"] for each in before["now"]] == [incident["number"]]
    answer = _make(room, kind="fire", site=incident["site"])
    assert answer.status_code == 201, answer.text
    made = room.client().get(answer.headers["location"]).json()
    assert (made["stage"], made["made_by"], made["until"][-1]) == ("active", "operator-1", "Z")
    hidden = room.client().get(f"/api/v1/incidents/{incident['id']}").json()
    assert (hidden["display"], hidden["hidden_under"], hidden["hidden_why"]) == ("shelved", made["id"], "drill")
    extended = room.client().post(f"/api/v1/silences/{made['id']}/extend", json={"until": made["until"]})
    assert extended.json()["until"] == made["until"]
    ended = room.client().post(f"/api/v1/silences/{made['id']}/end", json={"note": "over"}).json()
    assert (ended["stage"], ended["ended_by"]) == ("past", "operator-1")
    shown = room.client().get(f"/api/v1/incidents/{incident['id']}").json()
    assert (shown["display"], shown["handling"]) == ("shown", "new")


def test_the_list_is_by_stage_and_paged(room: Room) -> None:
    for number in range(3):
        assert _make(room, rule=f"rule-{number}").status_code == 201
    first = room.client().get("/api/v1/silences", params={"limit": 2, "stage": "active"}).json()
    rest = room.client().get("/api/v1/silences", params={"cursor": first["next"], "stage": "active"}).json()
    rules = [each["rule"] for each in (*first["items"], *rest["items"])]
    assert [rule for rule in rules if rule and rule.startswith("rule-")] == ["rule-2", "rule-1", "rule-0"]


@pytest.mark.parametrize(
    ("role", "body", "answers"),
    [
        (Role.OPERATOR, {}, (409, "nothing hides everything")),
        (Role.OPERATOR, {"kind": "sos", "level": "red"}, (409, "only a supervisor")),
        (Role.INTEGRATOR, {"kind": "fire"}, (409, "as integrator you may not")),
        (Role.OPERATOR, {"site": "nowhere"}, (404, "no site nowhere")),
        (Role.RESPONDER, {"kind": "fire"}, (403, "devices.maintain or silences.make")),
    ],
)
def test_who_may_not_is_told_why(room: Room, role: Role, body: dict[str, Any], answers: tuple[int, str]) -> None:
    answer = _make(room, role, **body)
    assert answer.status_code == answers[0]
    assert answers[1] in answer.json()["detail"]


def test_an_integrator_takes_a_device_out_of_service_and_sees_no_incidents(room: Room) -> None:
    answer = _make(room, Role.INTEGRATOR, device="home-39-smoke", mode="maintenance", minutes=600)
    assert answer.status_code == 201, answer.text
    assert answer.json()["level"] == "orange"
    preview = _make(room, Role.INTEGRATOR, path="/preview", device="home-39-smoke", mode="maintenance")
    assert preview.json()["now"] == []
    assert room.client(Role.INTEGRATOR).post(f"/api/v1/silences/{answer.json()['id']}/end").status_code == 200


def test_a_household_is_told_over_mqtt_when_a_detector_of_it_is_off(room: Room) -> None:
    published: list[tuple[str, Any]] = []
    parts = room.hub.parts

    class Outlet:
        def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
            published.append((topic, json.loads(payload or b"{}") | {"retain": retain}))
            return True

    outbound = Outbound(
        Outlet(), event_log=parts.event_log, repository=parts.alerts, bus=room.bus, community=parts.revisions.current
    )
    outbound.start()
    try:
        answer = _make(room, Role.SUPERVISOR, device="home-38-smoke", mode="out_of_service", minutes=600)
        assert answer.json()["told"] == ["home-38"]
        told = room.wait_for(lambda: [each for each in published if each[0] == "hub/v1/households/home-38"])
        assert (told[0][1]["move"], told[0][1]["reason"], told[0][1]["retain"]) == ("out_of_service", "drill", False)
    finally:
        outbound.stop()
    assert _make(room, Role.INTEGRATOR, device="home-38-smoke", mode="maintenance").status_code == 409
