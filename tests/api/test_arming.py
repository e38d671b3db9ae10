"""Arming and disarming over the API, and by a keypad."""

from __future__ import annotations

from typing import Any

import pytest

from hub.access import Role
from tests.api.room import Room


def _state(room: Room, place: str) -> dict[str, Any]:
    answer = room.client().get(f"/api/v1/{place}/arming")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def _say(room: Room, place: str, *, armed: bool, note: str = "", role: Role = Role.OPERATOR) -> Any:
    return room.client(role).put(f"/api/v1/{place}/arming", json={"armed": armed, "note": note})


@pytest.fixture(autouse=True)
def _disarmed(room: Room) -> None:
    for place in ("areas/village", "sites/home-30", "sites/home-31"):
        assert _say(room, place, armed=False).status_code == 200


def test_who_arms_a_site_sees_it_armed_and_stands_in_the_journal(room: Room) -> None:
    answer = _say(room, "sites/home-30", armed=True, note="away")
    assert answer.status_code == 200
    said = answer.json()
    assert (said["armed"], said["site"], said["area"], said["who"]) == (True, "home-30", None, "operator-1")
    assert _state(room, "sites/home-30") == said
    entry = room.hub.parts.alerts.journal_after(0, 100_000)[-1]
    assert (entry.topic, entry.subject, entry.move, entry.who, entry.note) == (
        "arming",
        "home-30",
        "armed",
        "operator-1",
        "away",
    )
    assert _state(room, "sites/home-31")["armed"] is False


def test_an_area_is_armed_for_what_nobody_spoke_of(room: Room) -> None:
    assert _say(room, "areas/village", armed=True, role=Role.SUPERVISOR).json()["area"] == "village"
    found = _state(room, "sites/home-32")
    assert (found["armed"], found["site"], found["area"], found["who"]) == (True, None, "village", "supervisor-1")
    assert _state(room, "sites/home-30")["armed"] is False


def test_a_site_that_has_no_word_of_its_own_any_more_follows_its_area(room: Room) -> None:
    _say(room, "areas/village", armed=True)
    answer = room.client(Role.OPERATOR).put("/api/v1/sites/home-30/arming", json={"armed": None})
    assert (answer.status_code, answer.json()["armed"], answer.json()["area"]) == (200, True, "village")
    entry = room.hub.parts.alerts.journal_after(0, 100_000)[-1]
    assert (entry.subject, entry.move, entry.who) == ("home-30", "follows", "operator-1")


def test_a_keypad_says_it_too(room: Room) -> None:
    room.say("arming", "keypad", site="home-31", armed=True)
    found = _state(room, "sites/home-31")
    assert (found["armed"], found["who"]) == (True, "keypad")


@pytest.mark.parametrize(
    ("status", "place", "body"),
    [
        (404, "sites/nowhere", {"armed": True}),
        (404, "areas/nowhere", {"armed": True}),
        (422, "sites/home-30", {}),
        (422, "sites/home-30", {"armed": True, "until": "6:00"}),
    ],
)
def test_what_cannot_be_armed_is_refused(room: Room, status: int, place: str, body: dict[str, Any]) -> None:
    assert room.client().put(f"/api/v1/{place}/arming", json=body).status_code == status


@pytest.mark.parametrize("role", [Role.INTEGRATOR, Role.RESIDENT, Role.RESPONDER])
def test_only_the_room_arms(room: Room, role: Role) -> None:
    assert _say(room, "sites/home-30", armed=True, role=role).status_code == 403
    assert _state(room, "sites/home-30")["armed"] is False
