"""Grants over HTTP: given, listed, taken back; nobody gives more than he has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from hub.access import Permission, Role
from hub.errors import NotAllowedError
from hub.reach import Grant, GrantKind
from tests.api.access.two_sides import grant, take_all_back, there
from tests.api.room import Room, open_room


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    opened = open_room(tmp_path_factory.mktemp("hub") / "data", there=there())
    yield opened
    opened.close()


def admin(room: Room) -> httpx.Client:
    return room.person("chief", Role.ADMINISTRATOR)


def id_of(room: Room, name: str) -> str:
    return next(each.id for each in room.hub.parts.accounts.list() if each.username == name)


def give(room: Room, account: str, kind: str, place: str = "", **more: Any) -> httpx.Response:
    return admin(room).post("/grants", json={"account": account, "kind": kind, "place": place, **more})


def test_an_account_is_narrowed_by_giving_a_part_and_taking_back_the_whole(room: Room) -> None:
    lin = room.person("lin", Role.OPERATOR)
    assert lin.get("/me").json()["reach"]["everywhere"]
    made = give(room, "lin", "area", "east", reason="works there")
    assert made.status_code == 201, made.text
    assert admin(room).get(made.headers["Location"].removeprefix("/api/v1")).json() == made.json()
    (whole,) = admin(room).get("/grants", params={"account": "lin", "kind": "community"}).json()["items"]
    assert admin(room).delete(f"/grants/{whole['id']}").status_code == 204
    kept = admin(room).get(f"/grants/{whole['id']}").json()
    assert (kept["in_force"], kept["taken_back_by"]) == (False, "chief")
    reach = lin.get("/me").json()["reach"]
    assert not reach["everywhere"]
    assert reach["areas"] == ["east", "lane"]
    assert [each["id"] for each in lin.get("/cameras").json()["items"]] == ["east-cam", "shared-cam"]


@pytest.mark.parametrize(
    ("body", "status", "where"),
    [
        ({"account": "nobody-there", "kind": "community"}, 404, None),
        ({"account": "lu", "kind": "planet"}, 422, "body.kind"),
        ({"account": "lu", "kind": "area", "place": "atlantis"}, 422, "body.place"),
        ({"account": "lu", "kind": "site"}, 422, "body.place"),
        ({"account": "lu", "kind": "camera", "place": "east-shop"}, 422, "body.place"),
        ({"account": "lu", "kind": "community", "place": "east"}, 422, "body.place"),
        ({"account": "resi", "kind": "household", "place": "east-shop"}, 422, "body.place"),
        ({"account": "lu", "kind": "household", "place": "east-1"}, 422, "body.account"),
        ({"account": "lu", "kind": "community", "permissions": ["fly"]}, 422, "body.permissions.0"),
        ({"account": "lu", "kind": "community", "permissions": []}, 422, "body.permissions"),
        ({"account": "lu", "kind": "community", "permissions": ["accounts.manage"]}, 422, "body.permissions"),
        ({"account": "lu", "kind": "community", "starts": "2031-01-01T00:00:00"}, 422, "body.starts"),
        ({"account": "lu", "kind": "community", "ends": "2020-01-01T00:00:00Z"}, 422, "body.ends"),
        (
            {"account": "lu", "kind": "community", "starts": "2031-01-02T00:00:00Z", "ends": "2031-01-01T00:00:00Z"},
            422,
            "body.ends",
        ),
        ({"account": "lu", "kind": "community", "more": 1}, 422, "body.more"),
        ({"account": "resi", "kind": "community"}, 422, "body.kind"),
    ],
)
def test_what_cannot_be_given_is_refused_with_the_part_that_is_wrong(
    room: Room, body: dict[str, Any], status: int, where: str | None
) -> None:
    room.person("lu", Role.OPERATOR)
    room.person("resi", Role.RESIDENT)
    before = admin(room).get("/grants", params={"limit": 500}).json()["items"]
    answer = admin(room).post("/grants", json=body)
    assert answer.status_code == status, answer.text
    if where is not None:
        assert where in answer.text, answer.text
    assert admin(room).get("/grants", params={"limit": 500}).json()["items"] == before


def test_the_same_grant_is_not_given_twice(room: Room) -> None:
    room.person("twice", Role.OPERATOR)
    assert give(room, "twice", "site", "east-shop").status_code == 201
    assert give(room, "twice", "site", "east-shop").status_code == 409


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.OPERATOR, Role.RESPONDER, Role.RESIDENT, Role.INTEGRATOR])
def test_only_administrators_give_and_look_at_grants(room: Room, role: Role) -> None:
    somebody = room.person(f"a-{role}", role)
    assert somebody.get("/grants").status_code == 403
    assert somebody.post("/grants", json={"account": "lin", "kind": "community"}).status_code == 403
    assert somebody.delete("/grants/x").status_code == 403


def test_nobody_gives_more_than_he_has(room: Room) -> None:
    clerk = room.person("clerk", Role.ADMINISTRATOR)
    grants = room.hub.parts.people.grants
    account = id_of(room, "clerk")
    for each in grants.of(account):
        grants.take_back(each.id, "chief")
    assert clerk.get("/grants").status_code == 403, "without a grant he manages nothing"
    only = frozenset({Permission.MANAGE_ACCOUNTS, Permission.VIEW_CAMERAS})
    grants.give(Grant("", account, GrantKind.COMMUNITY, "", permissions=only))
    room.person("new", Role.OPERATOR)
    body = {"account": "new", "kind": "site", "place": "east-shop"}
    assert clerk.post("/grants", json=body).status_code == 403
    assert clerk.post("/grants", json={**body, "permissions": ["pictures.view"]}).status_code == 403
    assert clerk.post("/grants", json={**body, "permissions": ["cameras.view"]}).status_code == 201


def test_an_administrator_of_a_part_manages_no_grants(room: Room) -> None:
    part = room.person("part", Role.ADMINISTRATOR)
    grant(room, "part", GrantKind.AREA, "east")
    assert part.get("/grants").status_code == 403
    assert part.post("/grants", json={"account": "lin", "kind": "area", "place": "east"}).status_code == 403


def test_a_resident_is_given_the_pictures_of_a_camera_for_a_time(room: Room) -> None:
    resident = room.person("neighbour", Role.RESIDENT)
    assert resident.get("/recordings/cameras").json()["items"] == []
    ends = room.hub.parts.clock.now() + timedelta(hours=1)
    made = give(room, "neighbour", "camera", "east-cam", ends=ends.isoformat())
    assert made.json()["permissions"] == ["pictures.own"]
    assert [each["id"] for each in resident.get("/recordings/cameras").json()["items"]] == ["east-cam"]
    assert resident.get("/me").json()["reach"]["cameras"] == ["east-cam"]
    assert resident.post("/cameras/east-cam/live").status_code == 200
    assert resident.post("/cameras/west-cam/live").status_code == 404
    admin(room).delete(f"/grants/{made.json()['id']}")
    assert resident.get("/recordings/cameras").json()["items"] == []
    assert resident.post("/cameras/east-cam/live").status_code == 404


def test_the_last_administrator_keeps_the_grant_for_all_of_it(room: Room) -> None:
    grants = room.hub.parts.people.grants
    admin(room)
    mine = [each for each in grants.of(id_of(room, "chief")) if each.kind is GrantKind.COMMUNITY]
    for other in room.hub.parts.accounts.list():
        if other.role == Role.ADMINISTRATOR and other.username != "chief":
            room.hub.parts.accounts.disable(other.id)
    refused = admin(room).delete(f"/grants/{mine[0].id}")
    assert refused.status_code in (403, 409), refused.text
    assert admin(room).get("/grants").status_code == 200


def test_a_role_for_an_office_without_a_grant_says_so(room: Room) -> None:
    room.person("promoted", Role.RESIDENT)
    account = id_of(room, "promoted")
    changed = admin(room).patch(f"/accounts/{account}", json={"role": "operator"})
    assert (changed.status_code, changed.json()["reaches"]) == (200, False)
    give(room, "promoted", "area", "east")
    assert admin(room).get(f"/accounts/{account}").json()["reaches"]


def test_whoever_alone_gives_grants_everywhere_is_not_disabled(room: Room) -> None:
    parts = room.hub.parts
    other = parts.accounts.create("second", "three words and a river", Role.ADMINISTRATOR)
    take_all_back(room, "second")
    chief = id_of(room, "chief")
    givers = [each for each in parts.accounts.list() if each.role == Role.ADMINISTRATOR and not each.disabled]
    for each in givers:
        if each.id not in (chief, other.id):
            parts.accounts.disable(each.id)
    with pytest.raises(NotAllowedError):
        parts.accounts.disable(chief)
    with pytest.raises(NotAllowedError):
        parts.accounts.change(chief, role=Role.OPERATOR)
    assert admin(room).get("/grants").status_code == 200


def test_the_list_comes_in_pages(room: Room) -> None:
    room.person("many", Role.RESPONDER)
    made = [give(room, "many", "camera", name).json()["id"] for name in ("east-cam", "west-cam", "shared-cam")]
    seen: list[str] = []
    cursor = None
    while True:
        params = {"account": "many", "limit": 2, **({} if cursor is None else {"cursor": cursor})}
        page = admin(room).get("/grants", params=params).json()
        seen += [each["id"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == made[::-1]
    assert admin(room).get("/grants", params={"cursor": "nonsense"}).status_code == 422
