"""Tours over HTTP: planned, looked at, missed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.access import Role
from tests.api.room import Room, open_room
from tests.fakes.clocks import ShiftedClock

NINE = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
"""In the evening in China."""
STEPS = [{"cameras": ["cam-1"], "seconds": 10}, {"cameras": ["cam-2", "cam-1"], "seconds": 20}]
NIGHT = {"name": {"zh": "夜巡", "en": "Night"}, "steps": STEPS, "schedule": {"times": ["22:00"], "within_min": 20}}
TOURS = "/api/v1/tours"


@pytest.fixture(scope="module")
def clock() -> ShiftedClock:
    made = ShiftedClock()
    made.advance((NINE - made.now()).total_seconds())
    return made


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, clock: ShiftedClock) -> Iterator[Room]:
    opened = open_room(tmp_path_factory.mktemp("hub") / "data", clock=clock)
    yield opened
    opened.close()


def _later(room: Room, clock: ShiftedClock, seconds: float) -> None:
    """Time goes by, and everybody signs in again."""
    clock.advance(seconds)
    for client in room._clients.values():
        client.close()
    room._clients.clear()
    room._tokens.clear()


def _evening(room: Room, clock: ShiftedClock) -> datetime:
    """Wait for nine in the evening."""
    days = (clock.now() - NINE) // timedelta(days=1) + 1
    nine = NINE + days * timedelta(days=1)
    _later(room, clock, (nine - clock.now()).total_seconds())
    return nine


def _plan(room: Room, **more: Any) -> dict[str, Any]:
    answer = room.client(Role.SUPERVISOR).post(TOURS, json={**NIGHT, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_round_is_ticked_and_what_nobody_looked_at_shows_as_missed(room: Room, clock: ShiftedClock) -> None:
    begins = _evening(room, clock) + timedelta(hours=1)
    tour = _plan(room)
    assert tour["now"] is None
    path = f"{TOURS}/{tour['id']}"
    _later(room, clock, 3605)
    going = room.client().get(path).json()["now"]
    assert (going["begins"], going["ends"]) == (begins.isoformat()[:19] + "Z", f"{begins:%Y-%m-%dT%H}:20:00Z")
    ticked = room.client().post(f"{path}/looks", json={"step": 0, "finding": "fine"})
    assert ticked.status_code == 201, ticked.text
    assert (ticked.json()["author"], ticked.json()["begins"]) == ("operator-1", going["begins"])
    assert room.client().get(path).json()["now"]["seen"] == [0]
    [still] = room.client().get(f"{path}/looks").json()["rounds"]
    assert (still["outcome"], [each["missed"] for each in still["steps"]]) == ("open", [False, False])
    _later(room, clock, 1200)
    late = {"step": 1, "finding": "something", "note": "gate open"}
    assert room.client().post(f"{path}/looks", json=late).json()["begins"] is None
    found = room.client().get(f"{path}/looks").json()
    [over] = found["rounds"]
    assert (over["outcome"], found["missed"]) == ("missed", 1)
    assert [(each["step"], each["missed"], len(each["looks"])) for each in over["steps"]] == [
        (0, False, 1),
        (1, True, 0),
    ]
    assert [(each["finding"], each["note"]) for each in found["between"]] == [("something", "gate open")]


def test_a_shift_is_asked_for_by_its_times(room: Room, clock: ShiftedClock) -> None:
    nine = _evening(room, clock)
    path = f"{TOURS}/{_plan(room, schedule={'every_min': 60})['id']}/looks"
    _later(room, clock, 8 * 3600)
    shift = {"from": (nine + timedelta(hours=1)).isoformat(), "to": (nine + timedelta(hours=4)).isoformat()}
    assert len(room.client().get(path, params=shift).json()["rounds"]) == 3
    assert room.client().get(path, params={"from": "2026-11-23T14:00:00"}).status_code == 422
    assert room.client().get(path, params={"from": "2026-11-01T00:00:00Z"}).status_code == 422


def test_who_leads_the_room_plans_and_a_change_names_what_it_changes(room: Room) -> None:
    tour = _plan(room)
    path, leader = f"{TOURS}/{tour['id']}", room.client(Role.SUPERVISOR)
    assert room.client().post(TOURS, json=NIGHT).status_code == 403
    assert room.client().put(path, json=NIGHT).status_code == 403
    read = room.client().get(path)
    assert read.headers["etag"] == '"1"'
    assert leader.put(path, json=NIGHT).status_code == 428
    fewer = {**NIGHT, "steps": STEPS[:1]}
    changed = leader.put(path, json=fewer, headers={"If-Match": read.headers["etag"]})
    assert (changed.status_code, changed.headers["etag"], len(changed.json()["steps"])) == (200, '"2"', 1)
    again = leader.put(path, json=NIGHT, headers={"If-Match": read.headers["etag"]})
    assert (again.status_code, again.json()["current"]["version"]) == (412, 2)
    assert leader.delete(path, headers={"If-Match": '"1"'}).status_code == 412
    assert leader.delete(path).status_code == 204
    assert leader.get(path).status_code == 404
    assert leader.delete(path).status_code == 404
    assert tour["id"] not in str(room.client().get(TOURS).json())


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": {}},
        {"steps": []},
        {"steps": [{"cameras": []}]},
        {"steps": [{"cameras": ["cam-1"], "seconds": 1}]},
        {"schedule": {"times": ["25:00"]}},
        {"schedule": {"every_min": 1}},
        {"schedule": {"weekdays": [8]}},
    ],
)
def test_a_tour_that_makes_no_sense_is_refused(room: Room, wrong: dict[str, Any]) -> None:
    assert room.client(Role.SUPERVISOR).post(TOURS, json={**NIGHT, **wrong}).status_code == 422


def test_a_look_says_what_there_was_and_names_a_step_and_a_camera_that_there_is(room: Room) -> None:
    path = f"{TOURS}/{_plan(room)['id']}/looks"
    assert room.client().post(path, json={"step": 0, "finding": "something", "note": " "}).status_code == 422
    assert room.client().post(path, json={"step": 2, "finding": "fine"}).status_code == 404
    missing = {**NIGHT, "steps": [{"cameras": ["no-such-thing"]}]}
    assert room.client(Role.SUPERVISOR).post(TOURS, json=missing).status_code == 404
