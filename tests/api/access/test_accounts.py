"""Accounts while the hub runs."""

from __future__ import annotations

from typing import Any

import httpx

from hub.access import Role
from tests.api.room import PASSWORD, Room


def _make(room: Room, name: str, **more: Any) -> httpx.Response:
    body = {"username": name, "password": PASSWORD, "role": "operator", **more}
    return room.client(Role.ADMINISTRATOR).post("/api/v1/accounts", json=body)


def _sign_in(room: Room, name: str, password: str = PASSWORD) -> httpx.Response:
    return room.client(None).post("/api/v1/auth/token", data={"username": name, "password": password})


def test_an_account_is_made_and_signs_in(room: Room) -> None:
    made = _make(room, "Hong")
    assert made.status_code == 201
    assert made.json()["username"] == "hong"
    assert PASSWORD not in made.text
    assert _sign_in(room, "hong").status_code == 200
    assert _make(room, "hong").status_code == 409
    assert _make(room, "other", password="short").status_code == 422
    assert _make(room, "other", role="king").status_code == 422


def test_a_disabled_account_is_signed_out_and_in_again_when_enabled(room: Room) -> None:
    account = _make(room, "jun").json()["id"]
    admin = room.client(Role.ADMINISTRATOR)
    token = _sign_in(room, "jun").json()["refresh_token"]
    assert admin.patch(f"/api/v1/accounts/{account}", json={"disabled": True}).json()["disabled"] is True
    assert _sign_in(room, "jun").status_code == 401
    assert room.client(None).post("/api/v1/auth/refresh", json={"refresh_token": token}).status_code == 401
    admin.patch(f"/api/v1/accounts/{account}", json={"disabled": False})
    assert _sign_in(room, "jun").status_code == 200


def test_a_role_and_a_password_change(room: Room) -> None:
    account = _make(room, "kai").json()["id"]
    changed = room.client(Role.ADMINISTRATOR).patch(
        f"/api/v1/accounts/{account}", json={"role": "supervisor", "password": "another river of words"}
    )
    assert changed.json()["role"] == "supervisor"
    assert _sign_in(room, "kai").status_code == 401
    assert _sign_in(room, "kai", "another river of words").status_code == 200


def test_the_last_administrator_stays(room: Room) -> None:
    admin = room.client(Role.ADMINISTRATOR)
    me = admin.get("/api/v1/me").json()["id"]
    answer = admin.patch(f"/api/v1/accounts/{me}", json={"disabled": True})
    assert answer.status_code == 409
    assert admin.get("/api/v1/me").status_code == 200


def test_an_unknown_account_is_not_found(room: Room) -> None:
    admin = room.client(Role.ADMINISTRATOR)
    assert admin.get("/api/v1/accounts/none").status_code == 404
    assert admin.patch("/api/v1/accounts/none", json={}).status_code == 404
