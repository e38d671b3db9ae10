"""Auditing: whatever somebody does, sees or is refused over HTTP leaves an entry, and no secret with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from api.access.auditing import CHANGES_NOTHING
from api.access.wall import routes_of
from api.app import create_app
from hub.access import Role
from hub.store.audit import Stored, Wanted
from tests.api.room import PASSWORD, Room, open_room


@pytest.fixture
def own_room(tmp_path: Any) -> Iterator[Room]:
    """A hub whose refusals nobody else uses up."""
    opened = open_room(tmp_path / "data")
    yield opened
    opened.close()


def told(room: Room, **wanted: Any) -> list[Stored]:
    return room.hub.parts.audit.log.entries(Wanted(**wanted), limit=500)


def test_a_change_is_told_with_who_what_and_from_where_before_the_answer(room: Room) -> None:
    admin = room.client(Role.ADMINISTRATOR)
    camera = {"id": "told-1", "site": "crossing", "main": {"url": "rtsp://192.0.2.9/a", "password": "pl4nted"}}
    assert admin.post("/api/v1/cameras", json=camera).status_code == 201
    made = told(room, kind="camera", id="told-1", outcome="done")
    assert [(each.action, each.actor, each.role) for each in made] == [("change", "administrator-1", "administrator")]
    assert made[0].address == "127.0.0.1"
    assert made[0].site == "crossing"
    assert made[0].more["route"] == "POST /api/v1/cameras"
    assert "pl4nted" not in json.dumps(made[0].more)
    answer = admin.delete("/api/v1/cameras/told-1", headers={"If-Match": "*"})
    assert answer.status_code == 204
    assert [each.more["route"] for each in told(room, camera="told-1", outcome="done")][:1] == [
        "DELETE /api/v1/cameras/{camera_id}"
    ]


def test_a_change_that_fails_is_told_as_failed(room: Room) -> None:
    answer = room.client(Role.ADMINISTRATOR).post("/api/v1/cameras", json={"id": "no good"})
    assert answer.status_code == 422
    newest = told(room, outcome="failed")[0]
    assert (newest.kind, newest.more["status"]) == ("camera", 422)


def test_pictures_of_a_tile_that_is_refreshed_are_one_entry(room: Room) -> None:
    client = room.client(Role.SUPERVISOR)
    for _ in range(12):
        assert client.get("/api/v1/cameras/cam-2/still.jpg").status_code == 200
    room.client(Role.SUPERVISOR).post("/api/v1/cameras", json={})  # stored after it by the one writer
    looks = told(room, camera="cam-2", actor="supervisor-1", actions=["still"])
    assert [(each.more["phase"], each.site) for each in looks] == [("began", "crossing")]


def test_what_is_refused_is_told_and_a_flood_of_it_is_counted(own_room: Room) -> None:
    resident = own_room.client(Role.RESIDENT)
    for _ in range(30):
        assert resident.get("/api/v1/cameras/cam-1/still.jpg").status_code == 404
    refused = told(own_room, camera="cam-1", outcome="refused")
    assert 1 <= len(refused) <= 10
    assert {(each.actor, each.more["status"]) for each in refused} == {("resident-1", 404)}
    own_room.hub.parts.audit.log.stop()
    counted = [each for each in told(own_room, outcome="refused") if "count" in each.more]
    assert sum(each.more["count"] for each in counted) == 30 - len(refused)


def test_a_role_that_may_not_is_told(own_room: Room) -> None:
    assert own_room.client(Role.OPERATOR).post("/api/v1/accounts", json={}).status_code == 403
    newest = told(own_room, outcome="refused")[0]
    assert (newest.actor, newest.kind, newest.more["status"]) == ("operator-1", "account", 403)


def test_nobody_who_asks_for_nothing_leaves_no_entry(own_room: Room) -> None:
    before = own_room.hub.parts.audit.log.head().number
    nobody = own_room.client(None)
    assert nobody.get("/api/v1/cameras").status_code == 401
    assert nobody.get("/wp-admin/setup.php").status_code == 404
    assert own_room.hub.parts.audit.log.head().number == before


def test_no_password_stands_in_the_log(own_room: Room) -> None:
    nobody = own_room.client(None)
    own_room.token(Role.OPERATOR)
    nobody.post("/api/v1/auth/token", data={"username": "operator-1", "password": PASSWORD})
    nobody.post("/api/v1/auth/token", data={"username": "operator-1", "password": "wrong and secret"})
    everything = json.dumps([str(each) for each in told(own_room)])
    assert PASSWORD not in everything
    assert "wrong and secret" not in everything
    assert "sign_in" in everything


def test_every_writing_route_leaves_an_entry_or_says_why_it_changes_nothing() -> None:
    """Those that change nothing are a list, each with its reason and each a route; the rest is told by the layer."""
    routes = {f"{method} {path}" for method, path, _ in routes_of(create_app(None).routes) if path.startswith("/api/")}
    assert set(CHANGES_NOTHING) <= routes
    assert all(re.search(r"\w+ \w+", reason) for reason in CHANGES_NOTHING.values())


def test_the_log_is_read_by_filters_and_pages_and_reading_it_is_told(own_room: Room) -> None:
    supervisor = own_room.client(Role.SUPERVISOR)
    for number in range(5):
        own_room.client(Role.ADMINISTRATOR).delete(f"/api/v1/cameras/none-{number}", headers={"If-Match": "*"})
    asked = {"actor": "administrator-1", "outcome": "refused", "limit": 2}
    first = supervisor.get("/api/v1/audit", params=asked).json()
    second = supervisor.get("/api/v1/audit", params={**asked, "cursor": first["next"]}).json()
    objects = [each["object"] for page in (first, second) for each in page["items"]]
    assert objects == ["none-4", "none-3", "none-2", "none-1"]
    assert own_room.client(Role.OPERATOR).get("/api/v1/audit").status_code == 403
    searched = told(own_room, actions=["search"])
    assert len(searched) == 2
    assert "actor=administrator-1" in searched[0].more["looked_for"]


def test_the_table_has_a_row_for_each_entry_and_no_formula(own_room: Room) -> None:
    own_room.client(None).post("/api/v1/auth/token", data={"username": "=1+1", "password": "a"})
    answer = own_room.client(Role.SUPERVISOR).get("/api/v1/audit.csv")
    rows = answer.text.splitlines()
    assert answer.status_code == 200
    assert rows[0].lstrip("\ufeff").startswith("number,at,account")
    assert not [cell for row in rows for cell in row.split(",") if cell.startswith("=")]


def test_the_check_says_that_the_log_is_whole(own_room: Room) -> None:
    own_room.client(Role.ADMINISTRATOR).post("/api/v1/cameras", json={})
    found = own_room.client(Role.SUPERVISOR).get("/api/v1/audit/verify").json()
    assert (found["state"], found["good"], found["broken"]) == ("done", True, None)
    assert found["checked"] == found["entries"] > 0


def test_who_watches_live_is_told_from_the_beginning_to_the_end(own_room: Room) -> None:
    answer = own_room.client(Role.SUPERVISOR).post("/api/v1/cameras/cam-2/live", json={}).json()
    assert not told(own_room, actions=["view"])  # an address is no look
    url = own_room.hub.url.replace("http", "ws") + answer["socket"]
    with connect(url, open_timeout=20, proxy=None):
        began = own_room.wait_for(lambda: told(own_room, actions=["view"]))
        assert [(each.actor, each.camera, each.site, each.more["phase"]) for each in began] == [
            ("supervisor-1", "cam-2", "crossing", "began")
        ]
    own_room.wait_for(lambda: len(told(own_room, actions=["view"])) == 2)
    assert told(own_room, actions=["view"])[0].more["phase"] == "ended"


def test_who_may_not_watch_live_is_told(own_room: Room) -> None:
    answer = own_room.client(Role.SUPERVISOR).post("/api/v1/cameras/cam-2/live", json={}).json()
    url = own_room.hub.url.replace("http", "ws") + answer["socket"].replace("cam-2", "cam-1")
    with pytest.raises(InvalidStatus), connect(url, open_timeout=20, proxy=None):
        pass
    refused = told(own_room, outcome="refused")
    assert [(each.actor, each.camera) for each in refused] == [("supervisor-1", "cam-1")]


def test_the_parts_of_a_playback_are_one_look_with_its_span(own_room: Room) -> None:
    link = {"what": "playback", "from": "2026-05-04T08:00:00Z", "to": "2026-05-04T09:00:00Z"}
    client = own_room.client(Role.SUPERVISOR)
    made = client.post("/api/v1/cameras/cam-2/links", json=link)
    assert made.status_code == 201
    assert client.get(made.json()["url"]).status_code == 404  # nothing was recorded: nobody saw anything
    assert not told(own_room, actions=["playback"])
    assert not told(own_room, outcome="refused")


def test_the_figures_say_how_much_is_told_and_what_could_not_be(own_room: Room) -> None:
    def figure(name: str) -> float:
        text = own_room.client(None).get("/metrics").text
        return float(next(line.split()[1] for line in text.splitlines() if line.startswith(f"hub_audit_{name} ")))

    before = figure("entries_total")
    own_room.client(Role.ADMINISTRATOR).post("/api/v1/cameras", json={})
    assert figure("entries_total") == before + 1
    own_room.client(Role.SUPERVISOR).get("/api/v1/cameras/cam-2/still.jpg")
    assert figure("open_views") == 1
    assert {figure(name) for name in ("views_refused_total", "lost_total", "owed")} == {0}
