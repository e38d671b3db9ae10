"""Rosters and duties over HTTP, and the codes that hang at sites."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from config.community import Community
from hub.access import Role
from tests.api.room import Room, open_room
from tests.api.test_dispatches import village

WEEK = {"from": "2026-03-02T00:00:00+08:00", "to": "2026-03-04T00:00:00+08:00"}


def community() -> Community:
    body = village().model_dump(mode="json", context={"secrets": True})
    body["calendars"] = {"holiday": ["2026-03-03"]}
    body["duties"] = [
        {"account": "zhao", "area": "village", "on": {"between": "08:00-20:00", "calendar": "workday"}},
        {"account": "he", "area": "village", "standby": True, "on": {"calendar": "holiday"}},
        {"account": "zhou", "area": "town", "on": {"between": "08:00-22:00"}},
    ]
    return Community.model_validate(body)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    opened = open_room(tmp_path_factory.mktemp("hub") / "data", there=community())
    for name in ("zhao", "he", "zhou"):
        opened.person(name)
    yield opened
    opened.close()


def test_a_roster_says_who_answers_when_with_holidays_and_gaps(room: Room) -> None:
    found = room.client().get("/api/v1/rosters", params={"area": "village", **WEEK}).json()
    spans = [
        (
            span["from"][5:16],
            span["own"] and ",".join(span["own"]["accounts"]),
            span["answering"] and f"{span['answering']['area']}:{','.join(span['answering']['accounts'])}",
        )
        for span in found["spans"]
    ]
    assert spans == [  # UTC; eight hours behind the village
        ("03-01T16:00", None, None),
        ("03-02T00:00", "zhao", "village:zhao"),
        ("03-02T12:00", None, "town:zhou"),
        ("03-02T14:00", None, None),
        ("03-02T16:00", "he", "village:he"),
    ]
    assert found["spans"][-1]["own"]["standby"] is True
    assert [span["from"][5:16] for span in found["gaps"]] == ["03-01T16:00", "03-02T14:00"]
    assert found["spans"][-1]["to"].startswith("2026-03-03T16:00")


def test_a_roster_of_no_area_or_of_no_time_is_refused(room: Room) -> None:
    assert room.client().get("/api/v1/rosters", params={"area": "nowhere"}).status_code == 404
    for asked in ({"to": "2025-03-04T00:00:00Z"}, {"to": "2036-03-04T00:00:00Z"}, {"from": "2026-03-02T00:00:00"}):
        assert room.client().get("/api/v1/rosters", params={"area": "village", **asked}).status_code == 422
    assert room.client().get("/api/v1/rosters", params={"area": "village"}).status_code == 200


def test_duties_are_changed_with_checks_and_are_in_force_at_once(room: Room) -> None:
    admin = room.client(Role.ADMINISTRATOR)
    read = room.client().get("/api/v1/duties")
    new: dict[str, Any] = {"duties": [*read.json()["duties"], {"account": "he", "area": "block"}], "reason": "holiday"}
    tag = {"If-Match": read.headers["etag"]}
    assert room.client().put("/api/v1/duties", json=new, headers=tag).status_code == 403
    assert admin.put("/api/v1/duties", json=new).status_code == 428
    for wrong, where in (
        ({"account": "nobody", "area": "block"}, "duties[0].account"),
        ({"account": "he", "area": "nowhere"}, "duties[0].area"),
    ):
        refused = admin.put("/api/v1/duties", json={"duties": [wrong]}, headers=tag)
        assert refused.status_code == 422
        assert where in [each["where"] for each in refused.json()["errors"]]
    changed = admin.put("/api/v1/duties", json=new, headers=tag)
    assert changed.status_code == 200
    assert changed.json()["duties"][-1]["account"] == "he"
    stale = admin.put("/api/v1/duties", json=new, headers=tag)
    assert stale.status_code == 412
    assert stale.json()["current"]["duties"][-1]["area"] == "block"
    block = room.client().get("/api/v1/rosters", params={"area": "block", **WEEK}).json()
    assert [span["own"]["accounts"] for span in block["spans"]] == [["he"]]
    newest = room.hub.parts.revisions.history(limit=1)[0]
    assert (newest.author, newest.reason) == ("administrator-1", "holiday")


def test_the_code_of_a_site_is_its_own_and_can_be_printed(room: Room) -> None:
    supervisor = room.client(Role.SUPERVISOR)
    codes = [supervisor.get(f"/api/v1/sites/home-{n}/arrival-code").json() for n in (1, 2, 1)]
    assert codes[0] == codes[2]
    assert codes[0]["code"] != codes[1]["code"]
    assert codes[0]["printed"] == f"hub-arrival:home-1:{codes[0]['code']}"
    drawn = supervisor.get(codes[0]["svg"])
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert drawn.text.lstrip().startswith("<?xml")
    assert supervisor.get("/api/v1/sites/nowhere/arrival-code").status_code == 404
    assert room.client().get(codes[0]["svg"]).status_code == 403, "who goes there must not be able to make it up"
    assert room.person("zhao").get("/sites/home-1/arrival-code").status_code == 403
