"""A code of a telephone beside the password."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest

from api.main import build
from config.machine import Machine
from config.sign_in import SignIn
from hub.access import Role
from tests.api.room import PASSWORD, Room, community, machine
from tests.fakes.cameras import FakeCameras

TYPE = "urn:hub:problem:"


def _sign_in(room: Room, name: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    return room.client(None).post("/api/v1/auth/token", data={"username": name, "password": password, **more})


def _bearer(answer: httpx.Response) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def _enrol(room: Room, name: str, role: Role = Role.OPERATOR) -> tuple[pyotp.TOTP, list[str], httpx.Client]:
    client = room.person(name, role)
    begun = client.post("/me/second-factor").json()
    totp = pyotp.TOTP(begun["secret"])
    now = room.hub.parts.clock.now()
    confirmed = client.post("/me/second-factor/confirm", json={"code": totp.at(now, counter_offset=-1)})
    assert confirmed.status_code == 200, confirmed.text
    return totp, confirmed.json()["recovery_codes"], client


def test_a_code_is_asked_for_only_of_who_has_the_password(room: Room) -> None:
    totp, _, client = _enrol(room, "an")
    assert client.get("/me/second-factor").json() == {
        "confirmed": True,
        "required": False,
        "recovery_codes_left": 10,
    }
    wrong, unknown = _sign_in(room, "an", "not it at all"), _sign_in(room, "nobody", "not it at all")
    assert wrong.json() == unknown.json()
    assert wrong.json()["type"] == f"{TYPE}not-signed-in"
    missing = _sign_in(room, "an")
    assert (missing.status_code, missing.json()["type"]) == (401, f"{TYPE}second-factor-needed")
    assert "access_token" not in missing.text
    for field in ("code", "otp"):
        assert _sign_in(room, "an", **{field: "000000"}).json()["type"] == f"{TYPE}second-factor-needed"
        assert _sign_in(room, "an", "not it at all", **{field: "000000"}).json() == wrong.json()
    code = totp.at(room.hub.parts.clock.now())
    assert _sign_in(room, "an", code=code).status_code == 200
    assert _sign_in(room, "an", otp=code).status_code == 401


def test_what_is_for_the_telephone_is_shown_once_as_code_and_as_picture(room: Room) -> None:
    client = room.person("bao", Role.OPERATOR)
    begun = client.post("/me/second-factor").json()
    assert begun["uri"].startswith("otpauth://totp/Community%20hub:bao?secret=" + begun["secret"])
    assert begun["qr"].startswith("<svg")
    assert begun["secret"] not in client.get("/me/second-factor").text
    assert client.post("/me/second-factor").json()["secret"] != begun["secret"]
    assert client.post("/me/second-factor/confirm", json={"code": "abc"}).status_code == 422
    assert _sign_in(room, "bao").status_code == 200


def test_a_recovery_code_lets_in_once(room: Room) -> None:
    _, recovery, _ = _enrol(room, "chen")
    assert _sign_in(room, "chen", code=recovery[0]).status_code == 200
    assert _sign_in(room, "chen", code=recovery[0]).status_code == 401


def test_it_is_removed_with_password_and_code(room: Room) -> None:
    _, recovery, client = _enrol(room, "dong")
    for body, status in (
        ({"password": "not it at all", "code": recovery[0]}, 422),
        ({"password": PASSWORD, "code": "000000"}, 401),
        ({"password": PASSWORD}, 422),
        ({"password": PASSWORD, "code": recovery[0]}, 204),
        ({"password": PASSWORD, "code": recovery[1]}, 404),
    ):
        assert client.post("/me/second-factor/remove", json=body).status_code == status
    assert _sign_in(room, "dong").status_code == 200


def test_an_administrator_removes_a_lost_one_and_it_is_told(room: Room) -> None:
    _enrol(room, "er")
    admin = room.client(Role.ADMINISTRATOR)
    account = next(each["id"] for each in admin.get("/api/v1/accounts").json()["items"] if each["username"] == "er")
    path = f"/api/v1/accounts/{account}/second-factor"
    assert room.client(Role.SUPERVISOR).delete(path).status_code == 403
    assert admin.delete(path).status_code == 204
    assert admin.delete(path).status_code == 404
    assert _sign_in(room, "er").status_code == 200
    told = admin.get("/api/v1/audit", params={"object": account}).json()["items"]
    assert any("second factor" in str(each) for each in told)


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Room]:
    """A hub whose room has to have a second factor."""
    made: list[FakeCameras] = []

    def make_cameras(_machine: Machine, clock: Any, _on_events: Any, **_more: Any) -> FakeCameras:
        made.append(FakeCameras(clock))
        return made[0]

    settings = machine(tmp_path / "data").model_copy(update={"sign_in": SignIn(second_factor="required")})
    hub = build(settings, community=community(), make_cameras=make_cameras)
    opened = Room(hub, made[0], tmp_path / "data")
    yield opened
    opened.close()


def test_where_it_is_required_the_room_can_do_nothing_before_it_has_one(strict: Room) -> None:
    client = strict.person("fu", Role.OPERATOR)
    refused = client.get("/incidents")
    assert (refused.status_code, refused.json()["type"]) == (403, f"{TYPE}second-factor-missing")
    assert client.get("/me").status_code == 200
    assert client.get("/me/second-factor").json()["required"] is True
    assert strict.person("gu", Role.RESIDENT).get("/me/second-factor").json()["required"] is False
    assert strict.person("gu", Role.RESIDENT).get("/me/reports").status_code == 200
    _enrol(strict, "fu")
    assert client.get("/incidents").status_code == 200
