"""API keys over HTTP: what they open, what they never open, and who sees them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.feed import CHECK_EVERY_S
from cameras.live import playlists
from hub.access import Permission, Role
from hub.reach import Grant, GrantKind
from tests.api.room import Room

SCOPE = ["cameras.view", "incidents.view", "pictures.view"]


@pytest.fixture
def device(room: Room) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{room.hub.url}/api/v1", trust_env=False, timeout=20) as client:
        yield client


def _make(room: Room, role: Role = Role.ADMINISTRATOR, **more: Any) -> httpx.Response:
    expires = (room.hub.parts.clock.now() + timedelta(days=30)).isoformat()
    body = {"name": "gate display", "permissions": SCOPE, "expires": expires, **more}
    return room.client(role).post("/api/v1/keys", json=body)


def test_a_key_opens_what_its_scope_says_and_no_more(room: Room, device: httpx.Client) -> None:
    made = _make(room)
    assert made.status_code == 201
    key = made.json()["key"]
    device.headers["X-API-Key"] = key
    assert device.get("/me").json()["may"] == SCOPE
    assert device.get("/incidents").status_code == 200
    assert device.get("/sensors").status_code == 403
    assert len(device.get("/cameras").json()["items"]) == 2
    admin = room.client(Role.ADMINISTRATOR)
    assert key not in admin.get("/api/v1/keys").text
    shown = admin.get(made.headers["Location"])
    assert key not in shown.text
    assert shown.json()["used"] is not None


def test_a_key_with_cameras_reaches_these_alone(room: Room, device: httpx.Client) -> None:
    device.headers["X-API-Key"] = _make(room, cameras=["cam-2"]).json()["key"]
    assert [each["id"] for each in device.get("/cameras").json()["items"]] == ["cam-2"]
    foreign, missing = device.get("/cameras/cam-1"), device.get("/cameras/cam-x")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.text.replace("cam-1", "X") == missing.text.replace("cam-x", "X")


def test_keys_never_open_accounts_keys_and_second_factors(room: Room, device: httpx.Client) -> None:
    everything = [each.value for each in Permission]
    refused = _make(room, permissions=everything)
    assert refused.status_code == 422
    for never in ("accounts.manage", "keys.manage", "residents.invite", "pictures.break_glass"):
        answer = _make(room, permissions=[never])
        assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, "body.permissions.0")
    may = set(room.client(Role.ADMINISTRATOR).get("/api/v1/me").json()["may"])
    able = sorted(
        may - {"accounts.manage", "keys.manage", "residents.invite", "pictures.break_glass", "consent.decide"}
    )
    device.headers["X-API-Key"] = _make(room, permissions=able).json()["key"]
    for method, path in (
        ("GET", "/accounts"),
        ("GET", "/keys"),
        ("POST", "/keys"),
        ("GET", "/invitations"),
        ("GET", "/me/second-factor"),
        ("POST", "/me/second-factor"),
        ("GET", "/me/sign-ins"),
        ("PUT", "/me/password"),
        ("POST", "/auth/logout"),
        ("POST", "/auth/logout-everywhere"),
    ):
        assert device.request(method, path, json={}).status_code == 403, path


def test_nobody_gives_more_than_he_has(room: Room) -> None:
    assert _make(room, Role.OPERATOR).status_code == 403
    assert _make(room, Role.INTEGRATOR, permissions=["cameras.view", "incidents.view"]).status_code == 422
    assert _make(room, Role.INTEGRATOR, permissions=["cameras.view"]).status_code == 201
    for cameras in (["cam-x"], ["cam-1", "cam-x"]):
        assert _make(room, cameras=cameras).status_code == 422
    now = room.hub.parts.clock.now()
    for expires in (now, now - timedelta(days=1), now + timedelta(days=740)):
        assert _make(room, expires=expires.isoformat()).status_code == 422
    assert _make(room, expires="2026-03-01T00:00:00").status_code == 422
    assert _make(room, permissions=[]).status_code == 422
    assert _make(room, permissions=["all"]).status_code == 422


def test_an_integrator_sees_his_own_and_an_administrator_all(room: Room) -> None:
    mine = _make(room, Role.INTEGRATOR, permissions=["cameras.view"]).json()["id"]
    other = _make(room).json()["id"]
    integrator, admin = room.client(Role.INTEGRATOR), room.client(Role.ADMINISTRATOR)
    listed = {each["id"] for each in integrator.get("/api/v1/keys").json()["items"]}
    assert mine in listed
    assert other not in listed
    for path in (f"/api/v1/keys/{other}", "/api/v1/keys/none"):
        assert integrator.get(path).status_code == integrator.delete(path).status_code == 404
    assert {mine, other} <= {each["id"] for each in admin.get("/api/v1/keys").json()["items"]}
    assert admin.delete(f"/api/v1/keys/{mine}").status_code == 204
    assert mine not in {each["id"] for each in integrator.get("/api/v1/keys").json()["items"]}


def test_an_ended_key_opens_nothing_and_neither_do_its_links(
    room: Room, device: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playlists, "_FIRST_WITHIN_S", 0.05)  # the camera sends nothing
    made = _make(room).json()
    device.headers["X-API-Key"] = made["key"]
    address = device.post("/cameras/cam-1/live").json()["playlist"].removeprefix("/api/v1")
    del device.headers["X-API-Key"]
    assert device.get(address).status_code != 401
    room.client(Role.ADMINISTRATOR).delete(f"/api/v1/keys/{made['id']}")
    assert device.get(address).status_code == 401
    assert device.get("/me", headers={"X-API-Key": made["key"]}).status_code == 401


def test_a_feed_ends_within_seconds_when_its_key_ends(room: Room, device: httpx.Client) -> None:
    """Nothing that happens afterwards comes to it, also while something happens all the time."""
    made = _make(room).json()
    with device.stream("GET", "/feed", headers={"X-API-Key": made["key"]}) as feed:
        assert feed.status_code == 200
        lines = feed.iter_lines()
        next(lines)
        assert room.client(Role.ADMINISTRATOR).delete(f"/api/v1/keys/{made['id']}").status_code == 204
        ended_s = room.hub.parts.clock.monotonic_s()
        incident = room.smoke()
        assert incident["id"] not in "".join(lines)  # comes to its end, or the client's deadline fails the test
    assert room.hub.parts.clock.monotonic_s() - ended_s < 2 * CHECK_EVERY_S


def test_a_key_ends_with_its_account_and_shrinks_with_its_role(room: Room, device: httpx.Client) -> None:
    accounts = room.hub.parts.accounts
    owner = room.person("kun", Role.INTEGRATOR)
    account = next(each.id for each in accounts.list() if each.username == "kun")
    expires = (room.hub.parts.clock.now() + timedelta(days=1)).isoformat()
    body = {"name": "x", "permissions": ["cameras.view", "rules.edit"], "expires": expires}
    device.headers["X-API-Key"] = owner.post("/keys", json=body).json()["key"]
    assert device.get("/me").json()["may"] == ["cameras.view", "rules.edit"]
    accounts.change(account, role=Role.OPERATOR)
    assert device.get("/me").json()["may"] == ["cameras.view"]
    for grant in room.hub.parts.people.grants.of(account):
        room.hub.parts.people.grants.take_back(grant.id, "test")
    room.hub.parts.people.grants.give(Grant("", account, GrantKind.CAMERA, "cam-1"))
    assert [each["id"] for each in device.get("/cameras").json()["items"]] == ["cam-1"]
    accounts.disable(account)
    assert device.get("/me").status_code == 401


def test_both_ways_at_once_two_keys_and_wrong_ones_are_refused(room: Room, device: httpx.Client) -> None:
    key = _make(room).json()["key"]
    token = room.token(Role.ADMINISTRATOR)
    for headers in (
        [("X-API-Key", key), ("Authorization", f"Bearer {token}")],
        [("X-API-Key", key), ("X-API-Key", key)],
        [("X-API-Key", "")],
        [("X-API-Key", "chk_x_y")],
        [("X-API-Key", token)],
        [("X-API-Key", key + "x" * 5000)],
        [("Authorization", f"Bearer {key}")],
    ):
        assert device.get("/me", headers=headers).status_code == 401
    assert device.get(f"/me?api_key={key}").status_code == 401


def test_keys_are_in_the_description() -> None:
    described = create_app(None).openapi()
    schemes = described["components"]["securitySchemes"].values()
    assert any(each["type"] == "apiKey" and each["name"] == "X-API-Key" for each in schemes)
    assert len(described["paths"]["/api/v1/incidents"]["get"]["security"]) == 2
