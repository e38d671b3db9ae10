"""Signing in, staying signed in, and the first start."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from api.access.tokens import Tokens
from hub.access import Role
from hub.clock import SetClock
from tests.api.room import PASSWORD, Room, open_room


def _sign_in(http: httpx.Client, username: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    form = {"grant_type": "password", "username": username, "password": password, **more}
    return http.post("/api/v1/auth/token", data=form)


@pytest.fixture
def stranger(room: Room) -> Iterator[httpx.Client]:
    """A client with cookies of its own."""
    with httpx.Client(base_url=room.hub.url, trust_env=False) as client:
        yield client


def _account(room: Room, name: str, role: Role = Role.OPERATOR) -> str:
    return room.hub.parts.accounts.create(name, PASSWORD, role).id


def test_the_right_password_gives_tokens_that_work(room: Room, stranger: httpx.Client) -> None:
    _account(room, "ling")
    answer = _sign_in(stranger, "Ling").json()
    assert answer["token_type"] == "bearer"
    assert answer["expires_in"] == 900
    me = stranger.get("/api/v1/me", headers={"Authorization": f"Bearer {answer['access_token']}"}).json()
    assert me["username"] == "ling"
    assert "incidents.handle" in me["may"]


def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(room: Room, stranger: httpx.Client) -> None:
    _account(room, "mei")
    wrong, unknown = _sign_in(stranger, "mei", "not it at all"), _sign_in(stranger, "nobody", "not it at all")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


def test_a_refresh_token_works_once_and_twice_ends_the_sign_in(room: Room, stranger: httpx.Client) -> None:
    _account(room, "wei")
    first = _sign_in(stranger, "wei").json()["refresh_token"]
    second = stranger.post("/api/v1/auth/refresh", json={"refresh_token": first}).json()["refresh_token"]
    again = stranger.post("/api/v1/auth/refresh", json={"refresh_token": first})
    assert again.status_code == 401
    assert stranger.post("/api/v1/auth/refresh", json={"refresh_token": second}).status_code == 401


def test_a_page_gets_its_refresh_token_as_a_cookie_that_no_script_reads(room: Room, stranger: httpx.Client) -> None:
    _account(room, "hao")
    answer = _sign_in(stranger, "hao", client="page")
    assert "refresh_token" not in answer.json()
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/api/v1/auth" in cookie
    fresh = stranger.post("/api/v1/auth/refresh")
    assert fresh.status_code == 200
    assert "refresh_token" not in fresh.json()


def test_signing_out_ends_the_sign_in(room: Room, stranger: httpx.Client) -> None:
    _account(room, "tao")
    token = _sign_in(stranger, "tao", client="page").json()["access_token"]
    out = stranger.post("/api/v1/auth/logout", headers={"Authorization": f"Bearer {token}"})
    assert out.status_code == 204
    assert stranger.post("/api/v1/auth/refresh").status_code == 401


def test_a_disabled_account_is_out_at_once(room: Room, stranger: httpx.Client) -> None:
    _account(room, "chief", Role.ADMINISTRATOR)
    account = _account(room, "fang")
    headers = {"Authorization": f"Bearer {_sign_in(stranger, 'fang').json()['access_token']}"}
    assert stranger.get("/api/v1/me", headers=headers).status_code == 200
    room.hub.parts.accounts.disable(account)
    assert stranger.get("/api/v1/me", headers=headers).status_code == 401


def test_a_password_never_comes_back_in_an_answer(stranger: httpx.Client) -> None:
    for body in (
        {"token": "x", "username": "a", "password": "short"},
        {"token": "x", "username": "a", "passwort": "hunter2"},
    ):
        answer = stranger.post("/api/v1/setup", json=body)
        assert answer.status_code == 422
        assert "short" not in answer.text.replace("too short", "").replace("string_too_short", "")
        assert "hunter2" not in answer.text


def _signed(claims: dict[str, Any], key: bytes, algorithm: str = "HS256") -> str:
    return jwt.encode(claims, key, algorithm=algorithm)


def test_tokens_of_others_are_not_taken() -> None:
    key, clock = b"k" * 32, SetClock(datetime.fromisoformat("2026-03-01T00:00:00+00:00"))
    tokens = Tokens(key, clock)
    good = {"iss": "hub", "sub": "a", "exp": clock.now() + timedelta(minutes=5)}
    assert tokens.read(_signed(good, key)).account == "a"
    unsigned = ".".join(
        base64.urlsafe_b64encode(json.dumps(part, default=str).encode()).decode().rstrip("=")
        for part in ({"alg": "none", "typ": "JWT"}, {**good, "exp": 4_000_000_000})
    )
    for bad in (
        _signed(good, b"x" * 32),
        _signed({**good, "iss": "another"}, key),
        _signed({"iss": "hub", "sub": "a"}, key),
        _signed({**good, "exp": clock.now()}, key),
        f"{unsigned}.",
        "",
        "x",
    ):
        with pytest.raises(Exception, match="access token"):
            tokens.read(bad)


def test_a_token_lasts_a_quarter_of_an_hour() -> None:
    clock = SetClock(datetime.fromisoformat("2026-03-01T00:00:00+00:00"))
    tokens = Tokens(b"k" * 32, clock)
    token = tokens.issue("a")
    clock.advance(899)
    assert tokens.read(token).account == "a"
    clock.advance(1)
    with pytest.raises(Exception, match="run out"):
        tokens.read(token)


def test_the_first_start_gives_a_link_that_makes_one_administrator(tmp_path: Path) -> None:
    opened = open_room(tmp_path / "data")
    try:
        assert opened.hub.setup_url is not None
        address, _, token = opened.hub.setup_url.partition("#token=")
        client = opened.client(None)
        assert client.get(address, follow_redirects=True).status_code == 200
        body = {"token": token, "username": "Admin", "password": PASSWORD}
        assert client.post("/api/v1/setup", json={**body, "token": "guess"}).status_code == 404
        assert client.post("/api/v1/setup", json={**body, "username": "a b/c"}).status_code == 422
        made = client.post("/api/v1/setup", json=body)
        assert made.status_code == 201
        assert made.json()["role"] == "administrator"
        assert client.post("/api/v1/setup", json={**body, "username": "second"}).status_code == 404
        assert _sign_in(client, "admin").status_code == 200
    finally:
        opened.close()
    again = open_room(tmp_path / "data")
    try:
        assert again.hub.setup_url is None
    finally:
        again.close()
