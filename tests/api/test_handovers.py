"""Claims about what one shift hands over to the next."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.access import Role
from tests.api.room import Room, open_room

PATH = "/api/v1/handovers/2026-03-01/night"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    opened = open_room(tmp_path_factory.mktemp("hub") / "data")
    yield opened
    opened.close()


def test_a_note_is_written_read_confirmed_by_another_and_changed(room: Room) -> None:
    night, lead = room.client(Role.OPERATOR), room.client(Role.SUPERVISOR)
    empty = night.get(PATH).json()
    assert (empty["version"], empty["note"], empty["author"], empty["confirmed_by"]) == (0, "", None, None)
    written = night.put(PATH, json={"note": " 后门钥匙在值班室 \n", "seen": 0})
    assert written.status_code == 200, written.text
    assert (written.json()["version"], written.json()["note"]) == (1, "后门钥匙在值班室")
    assert lead.get(PATH).json() == written.json(), "whoever reads it, on whatever computer"

    own = night.post(f"{PATH}/confirm", json={"seen": 1})
    assert own.status_code == 409
    confirmed = lead.post(f"{PATH}/confirm", json={"seen": 1}).json()
    assert (confirmed["confirmed_by"], confirmed["version"]) == ("supervisor-1", 1)
    again = lead.post(f"{PATH}/confirm", json={"seen": 1}).json()
    assert again["confirmed_at"] == confirmed["confirmed_at"], "once is enough"

    assert lead.put(PATH, json={"note": "x", "seen": 0}).status_code == 409, "somebody wrote since"
    changed = lead.put(PATH, json={"note": "后门钥匙已还", "seen": 1}).json()
    assert (changed["version"], changed["author"], changed["confirmed_by"]) == (2, "supervisor-1", None)
    assert night.post(f"{PATH}/confirm", json={"seen": 1}).status_code == 409, "that one is not what stands there"
    assert night.post(f"{PATH}/confirm", json={"seen": 2}).json()["confirmed_by"] == "operator-1"


def test_each_shift_of_each_day_has_its_own(room: Room) -> None:
    night = room.client(Role.OPERATOR)
    assert night.put("/api/v1/handovers/2026-03-02/night", json={"note": "one", "seen": 0}).status_code == 200
    assert night.get("/api/v1/handovers/2026-03-02/day").json()["version"] == 0
    assert night.get("/api/v1/handovers/2026-03-03/night").json()["version"] == 0


def test_a_shift_that_took_over_without_a_note_may_say_so(room: Room) -> None:
    night = room.client(Role.OPERATOR)
    quiet = night.post("/api/v1/handovers/2026-03-04/day/confirm", json={"seen": 0}).json()
    assert (quiet["version"], quiet["confirmed_by"]) == (0, "operator-1")


@pytest.mark.parametrize("path", ["/api/v1/handovers/2026-03-01/noon", "/api/v1/handovers/yesterday/night"])
def test_a_shift_that_there_is_not_has_none(room: Room, path: str) -> None:
    night = room.client(Role.OPERATOR)
    assert night.get(path).status_code == 404
    assert night.put(path, json={"note": "x", "seen": 0}).status_code == 404


def test_a_note_is_for_those_of_the_room_and_not_endless(room: Room) -> None:
    assert room.client(Role.OPERATOR).put(PATH, json={"note": "x" * 4001, "seen": 2}).status_code == 422
    for role in (Role.RESIDENT, Role.RESPONDER):
        assert room.client(role).get(PATH).status_code == 403
        assert room.client(role).put(PATH, json={"note": "x", "seen": 0}).status_code == 403
        assert room.client(role).post(f"{PATH}/confirm", json={"seen": 0}).status_code == 403
