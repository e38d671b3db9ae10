"""Invitations over HTTP: who may invite where, and what a link makes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx

from hub.access import Role
from hub.events import time_from_text
from hub.reach import Grant, GrantKind
from tests.api.room import PASSWORD, Room


def _invite(room: Room, by: Role = Role.SUPERVISOR, **more: Any) -> httpx.Response:
    return room.client(by).post("/api/v1/invitations", json={"sites": ["home-1"], "note": "Wang", **more})


def _token(answer: httpx.Response) -> str:
    address, _, token = answer.json()["link"].partition("#token=")
    assert address.endswith("/invite")
    return token  # type: ignore[no-any-return]


def _use(room: Room, token: str, name: str, password: str = PASSWORD) -> httpx.Response:
    body = {"token": token, "username": name, "password": password}
    return room.client(None).post("/api/v1/invitations/use", json=body)


def test_a_link_makes_a_resident_of_that_home_once(room: Room) -> None:
    made = _invite(room)
    assert made.status_code == 201
    assert made.json()["qr"].startswith("<svg")
    token = _token(made)
    assert token not in room.client(Role.SUPERVISOR).get(made.headers["Location"]).text
    look = room.client(None).post("/api/v1/invitations/look", json={"token": token}).json()
    assert (look["role"], look["sites"][0]["en"]) == ("resident", "Home 1")
    used = _use(room, token, "Wang")
    assert used.status_code == 201
    assert (used.json()["username"], used.json()["role"]) == ("wang", "resident")
    homes = [grant.place for grant in room.hub.parts.people.grants.of(used.json()["id"])]
    assert homes == ["home-1"]
    form = {"username": "wang", "password": PASSWORD}
    assert room.client(None).post("/api/v1/auth/token", data=form).status_code == 200
    shown = room.client(Role.SUPERVISOR).get(made.headers["Location"]).json()
    assert shown["used"] is not None


def test_used_wrong_and_taken_back_links_are_the_same(room: Room) -> None:
    used, back = _invite(room), _invite(room)
    assert _use(room, _token(used), "li").status_code == 201
    path = back.headers["Location"]
    assert room.client(Role.SUPERVISOR).delete(path).status_code == 204
    answers = [_use(room, token, "someone") for token in (_token(used), _token(back), "guess")]
    answers += [
        room.client(None).post("/api/v1/invitations/look", json={"token": token})
        for token in (_token(used), _token(back), "guess")
    ]
    assert {each.status_code for each in answers} == {404}
    assert len({each.text for each in answers}) == 1


def test_what_cannot_be_used_leaves_the_link_good(room: Room) -> None:
    token = _token(_invite(room))
    room.person("taken")
    assert _use(room, token, "taken").status_code == 409
    assert _use(room, token, "zhao", "short").status_code == 422
    assert _use(room, token, "a b/c").status_code == 422
    assert _use(room, token, "zhao").status_code == 201


def test_who_invites_needs_the_role_and_has_to_reach_the_site(room: Room) -> None:
    for role in (Role.OPERATOR, Role.RESPONDER, Role.RESIDENT, Role.INTEGRATOR):
        # Who lives somewhere invites to his own home alone.
        refused = 422 if role is Role.RESIDENT else 403
        assert _invite(room, role).status_code == refused
    assert _invite(room, Role.ADMINISTRATOR).status_code == 201
    person = room.person("narrow", Role.SUPERVISOR)
    account = next(each.id for each in room.hub.parts.accounts.list() if each.username == "narrow")
    for grant in room.hub.parts.people.grants.of(account):
        room.hub.parts.people.grants.take_back(grant.id, "test")
    room.hub.parts.people.grants.give(Grant("", account, GrantKind.SITE, "home-2"))
    foreign = person.post("/invitations", json={"sites": ["home-3"]})
    missing = person.post("/invitations", json={"sites": ["home-x"]})
    assert foreign.status_code == missing.status_code == 422
    assert foreign.text.replace("home-3", "X") == missing.text.replace("home-x", "X")
    assert person.post("/invitations", json={"sites": ["home-2", "home-3"]}).status_code == 422
    mine = person.post("/invitations", json={"sites": ["home-2"]})
    assert mine.status_code == 201
    other = _invite(room).json()["id"]
    assert {each["id"] for each in person.get("/invitations").json()["items"]} == {mine.json()["id"]}
    for path in (f"/invitations/{other}", "/invitations/none"):
        assert person.get(path).status_code == person.delete(path).status_code == 404


def test_what_is_asked_for_is_bounded(room: Room) -> None:
    now = room.hub.parts.clock.now()
    for more in (
        {"role": "operator"},
        {"role": "administrator"},
        {"sites": []},
        {"sites": ["home-1"] * 21},
        {"expires": now.isoformat()},
        {"expires": (now + timedelta(days=31)).isoformat()},
        {"expires": "2026-03-01T00:00:00"},
        {"note": "x" * 201},
        {"more": 1},
    ):
        assert _invite(room, **more).status_code == 422, more
    responder = _invite(room, role="responder", sites=[])
    assert responder.status_code == 201
    assert _use(room, _token(responder), "patrol").json()["role"] == "responder"


def test_a_link_is_good_for_seven_days_unless_it_says_otherwise(room: Room) -> None:
    made = _invite(room).json()
    now = room.hub.parts.clock.now()
    assert timedelta(days=6, hours=23) < time_from_text(made["expires"]) - now <= timedelta(days=7)


def test_the_page_of_an_invitation_holds_nothing_of_it(room: Room) -> None:
    asked = room.client(None)
    assert asked.get("/invite").headers["location"] == "/m/invite", "what stands behind the # stays in the browser"
    assert asked.get("/m/invite").text == asked.get("/m/").text


def test_an_invitation_does_no_more_than_its_maker_may_when_it_is_used(room: Room) -> None:
    for ends in ("disabled", "narrowed"):
        maker = room.person(f"maker-{ends}", Role.SUPERVISOR)
        made = maker.post("/invitations", json={"sites": ["home-5"], "note": "Zhao"})
        token = _token(made)
        accounts, grants = room.hub.parts.accounts, room.hub.parts.people.grants
        account = next(each.id for each in accounts.list() if each.username == f"maker-{ends}")
        if ends == "disabled":
            accounts.disable(account)
        else:
            for grant in grants.of(account):
                grants.take_back(grant.id, "test")
            grants.give(Grant("", account, GrantKind.SITE, "home-6"))
        assert room.client(None).post("/api/v1/invitations/look", json={"token": token}).status_code == 404
        assert _use(room, token, f"zhao-{ends}").status_code == 404


def test_who_has_a_part_invites_nobody_who_is_sent_everywhere(room: Room) -> None:
    part = room.person("part", Role.SUPERVISOR)
    account = next(each.id for each in room.hub.parts.accounts.list() if each.username == "part")
    for grant in room.hub.parts.people.grants.of(account):
        room.hub.parts.people.grants.take_back(grant.id, "test")
    room.hub.parts.people.grants.give(Grant("", account, GrantKind.SITE, "home-2"))
    patrol = {"role": "responder", "sites": []}
    assert part.post("/invitations", json=patrol).status_code == 422
    assert room.client(Role.SUPERVISOR).post("/api/v1/invitations", json=patrol).status_code == 201
