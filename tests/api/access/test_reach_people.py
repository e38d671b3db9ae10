"""What people report and are offered, as far as the room reaches: reports, tasks, orders and notices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from hub.access import Role
from tests.api.access.two_sides import narrowed, there
from tests.api.room import Room, open_room


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    opened = open_room(tmp_path_factory.mktemp("hub") / "data", there=there())
    opened.person("chief", Role.ADMINISTRATOR)
    narrowed(opened, "lin", "east")
    yield opened
    opened.close()


def report(room: Room, side: str) -> dict[str, Any]:
    form = {"client_id": f"of-{side}", "category": "light", "text": f"lamp of {side}", "site": f"{side}-shop"}
    url = f"{room.hub.url}/api/v1/reports"
    answer = room.person(f"{side}-resident", Role.RESIDENT).post(url, data=form)
    assert answer.status_code in (200, 201), answer.text
    made: dict[str, Any] = answer.json()
    return made


def texts(client: httpx.Client, path: str, **params: Any) -> set[str]:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return {each["text"] for each in answer.json()["items"]}


def test_the_room_reads_reports_of_its_part(room: Room) -> None:
    near, far = report(room, "east"), report(room, "west")
    lin, chief = room.person("lin"), room.person("chief")
    assert texts(lin, "/reports") == {"lamp of east"}
    assert texts(chief, "/reports") == {"lamp of east", "lamp of west"}
    assert texts(lin, "/reports", q="lamp") == {"lamp of east"}
    assert texts(lin, "/reports", site="west-shop") == set()
    assert "west" not in lin.get("/reports.csv").text
    assert lin.get(f"/reports/{near['id']}").status_code == 200
    refused, missing = lin.get(f"/reports/{far['id']}"), lin.get("/reports/nothing")
    assert (refused.status_code, missing.status_code) == (404, 404)
    assert refused.text.replace(far["id"], "X") == missing.text.replace("nothing", "X")
    for move, body in (("reopen", {}), ("rate", {"stars": 5})):
        assert lin.post(f"/reports/{far['id']}/{move}", json=body).status_code == 404, move
    assert room.person("west-resident").get(f"/reports/{far['id']}").status_code == 200, "his own he sees anyway"


def test_tasks_are_offered_and_judged_in_ones_part(room: Room) -> None:
    lin, chief = room.person("lin"), room.person("chief")
    offer = {"text": "sweep", "points": 1}
    assert lin.post("/tasks", json={**offer, "site": "east-shop"}).status_code == 201
    for name, place in (("site", "west-shop"), ("area", "west"), ("site", "atlantis")):
        assert lin.post("/tasks", json={**offer, name: place}).status_code == 422, place
    far = chief.post("/tasks", json={**offer, "site": "west-shop"}).json()["id"]
    doer = room.person("east-resident", Role.RESIDENT)
    assert doer.post(f"/tasks/{far}/take").status_code == 200
    assert doer.post(f"/tasks/{far}/done").status_code == 200
    assert lin.get(f"/tasks/{far}").status_code == 404
    assert far not in {each["id"] for each in lin.get("/tasks").json()["items"]}
    for move, body in (("confirm", {}), ("send-back", {"note": "x"}), ("withdraw", {})):
        assert lin.post(f"/tasks/{far}/{move}", json=body).status_code == 404, move
    assert chief.post(f"/tasks/{far}/confirm").status_code == 200


def test_orders_and_notices_are_of_incidents_in_ones_part(room: Room) -> None:
    lin, chief = room.person("lin"), room.person("chief")
    room.person("patrol", Role.RESPONDER)
    report(room, "east")
    report(room, "west")
    incidents = {each["site"]: each["id"] for each in chief.get("/incidents").json()["items"]}
    orders = {}
    for side in ("east", "west"):
        sent = chief.post(f"/incidents/{incidents[f'{side}-shop']}/dispatch", json={"unit": "patrol"})
        assert sent.status_code == 201, sent.text
        orders[side] = sent.json()["id"]
    assert {each["id"] for each in lin.get("/dispatches").json()["items"]} == {orders["east"]}
    assert lin.get(f"/dispatches/{orders['east']}").status_code == 200
    assert lin.get(f"/dispatches/{orders['west']}").status_code == 404
    for move, body in (("accept", {}), ("decline", {"reason": "x"}), ("cancel", {"reason": "x"})):
        refused = lin.post(f"/dispatches/{orders['west']}/{move}", json=body)
        assert refused.status_code == 404, (move, refused.text)
    assert lin.post(f"/dispatches/{orders['east']}/cancel", json={"reason": "x"}).status_code == 200
    told = lin.get("/notices", params={"limit": 500}).json()["items"]
    assert {each["incident"] for each in told} <= {incidents["east-shop"]}
