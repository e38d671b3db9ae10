"""Where somebody is signed in, what ends it, and that it ends at once."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from api.errors import NotSignedInError
from api.feed import CHECK_EVERY_S
from api.recordings.links import holder_of, link_holder, links_of
from hub.access import Principal, Role
from tests.api.room import PASSWORD, Room

OTHER = "another river of words"


def _sign_in(room: Room, name: str, password: str = PASSWORD, agent: str = "test") -> dict[str, str]:
    form = {"username": name, "password": password}
    answer = room.client(None).post("/api/v1/auth/token", data=form, headers={"User-Agent": agent})
    assert answer.status_code == 200, answer.text
    body: dict[str, str] = answer.json()
    return body


def _as(room: Room, session: dict[str, str], method: str, path: str, **more: object) -> httpx.Response:
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    return room.client(None).request(method, f"/api/v1{path}", headers=headers, **more)  # type: ignore[arg-type]


def _refresh(room: Room, session: dict[str, str]) -> int:
    body = {"refresh_token": session["refresh_token"]}
    return room.client(None).post("/api/v1/auth/refresh", json=body).status_code


def _account(room: Room, name: str, role: Role = Role.OPERATOR) -> str:
    return room.hub.parts.accounts.create(name, PASSWORD, role).id


def test_one_sees_where_one_is_signed_in_and_ends_one_of_them(room: Room) -> None:
    _account(room, "ai")
    desk, phone = _sign_in(room, "ai", agent="desk"), _sign_in(room, "ai", agent="phone")
    listed = _as(room, desk, "GET", "/me/sign-ins").json()["items"]
    assert {(each["agent"], each["address"], each["this"]) for each in listed} == {
        ("desk", "127.0.0.1", True),
        ("phone", "127.0.0.1", False),
    }
    family = next(each["family"] for each in listed if not each["this"])
    assert _as(room, desk, "DELETE", f"/me/sign-ins/{family}").status_code == 204
    assert _as(room, desk, "DELETE", f"/me/sign-ins/{family}").status_code == 404
    assert _as(room, phone, "GET", "/me").status_code == 401
    assert _refresh(room, phone) == 401
    assert _as(room, desk, "GET", "/me").status_code == 200


def test_the_sign_in_of_somebody_else_is_not_found(room: Room) -> None:
    _account(room, "bo")
    _account(room, "ce")
    mine, other = _sign_in(room, "bo"), _sign_in(room, "ce")
    family = _as(room, other, "GET", "/me/sign-ins").json()["items"][0]["family"]
    assert _as(room, mine, "DELETE", f"/me/sign-ins/{family}").status_code == 404
    assert _as(room, other, "GET", "/me").status_code == 200


def test_signing_out_ends_the_access_token_too(room: Room) -> None:
    _account(room, "de")
    session = _sign_in(room, "de")
    body = {"refresh_token": session["refresh_token"]}
    assert _as(room, session, "POST", "/auth/logout", json=body).status_code == 204
    assert _as(room, session, "GET", "/me").status_code == 401


def test_signing_out_needs_no_refresh_token_and_ends_the_links_of_that_sign_in_alone(room: Room) -> None:
    _account(room, "dong")
    leaving, staying = _sign_in(room, "dong"), _sign_in(room, "dong")
    span = {"what": "clip", "from": "2026-03-01T08:00:00Z", "to": "2026-03-01T08:01:00Z"}
    addresses = [
        _as(room, each, "POST", "/cameras/cam-1/links", json=span).json()["url"] for each in (leaving, staying)
    ]
    assert _as(room, leaving, "POST", "/auth/logout").status_code == 204
    assert _as(room, leaving, "GET", "/me").status_code == 401
    assert _refresh(room, leaving) == 401
    assert room.client(None).get(addresses[0]).status_code == 401
    assert room.client(None).get(addresses[1]).status_code != 401


def _everywhere(room: Room, session: dict[str, str], _account: str) -> httpx.Response:
    return _as(room, session, "POST", "/auth/logout-everywhere")


def _own_password(room: Room, session: dict[str, str], _account: str) -> httpx.Response:
    return _as(room, session, "PUT", "/me/password", json={"old": PASSWORD, "new": OTHER})


def _by_administrator(room: Room, _session: dict[str, str], account: str) -> httpx.Response:
    return room.client(Role.ADMINISTRATOR).post(f"/api/v1/accounts/{account}/sign-out")


def _other_role(room: Room, _session: dict[str, str], account: str) -> httpx.Response:
    return room.client(Role.ADMINISTRATOR).patch(f"/api/v1/accounts/{account}", json={"role": "supervisor"})


def _disabled(room: Room, _session: dict[str, str], account: str) -> httpx.Response:
    return room.client(Role.ADMINISTRATOR).patch(f"/api/v1/accounts/{account}", json={"disabled": True})


@pytest.mark.parametrize("way", [_everywhere, _own_password, _by_administrator, _other_role, _disabled])
def test_what_ends_everything_ends_tokens_and_links(
    room: Room, way: Callable[[Room, dict[str, str], str], httpx.Response]
) -> None:
    name = f"eve{way.__name__.replace('_', '-')}"
    account = _account(room, name)
    here = room.hub.parts
    first, second = _sign_in(room, name), _sign_in(room, name)
    link = links_of(here).issue(holder_of(here, Principal(account, name, "operator")), "clip", "cam-1")
    assert link_holder(here, links_of(here).read(link)).id == account
    assert way(room, first, account).is_success
    for session in (first, second):
        assert _as(room, session, "GET", "/me").status_code == 401
        assert _refresh(room, session) == 401
    with pytest.raises(NotSignedInError):
        link_holder(here, links_of(here).read(link))


def test_ones_own_password_takes_the_old_one(room: Room) -> None:
    _account(room, "fu")
    session = _sign_in(room, "fu")
    refused = _as(room, session, "PUT", "/me/password", json={"old": "not it at all", "new": OTHER})
    assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "body.old")
    assert _as(room, session, "PUT", "/me/password", json={"old": PASSWORD, "new": "short"}).status_code == 422
    assert _as(room, session, "GET", "/me").status_code == 200
    assert _as(room, session, "PUT", "/me/password", json={"old": PASSWORD, "new": OTHER}).status_code == 204
    assert _sign_in(room, "fu", OTHER)


def test_another_account_goes_on_when_one_is_signed_out(room: Room) -> None:
    account = _account(room, "gu")
    _account(room, "ha")
    goes_on = _sign_in(room, "ha")
    assert room.client(Role.OPERATOR).post(f"/api/v1/accounts/{account}/sign-out").status_code == 403
    assert room.client(Role.ADMINISTRATOR).post(f"/api/v1/accounts/{account}/sign-out").status_code == 204
    assert room.client(Role.ADMINISTRATOR).post("/api/v1/accounts/none/sign-out").status_code == 404
    assert _as(room, goes_on, "GET", "/me").status_code == 200


def test_a_feed_ends_when_its_account_is_signed_out(room: Room) -> None:
    account = _account(room, "ji")
    session = _sign_in(room, "ji")
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    with room.client(None).stream("GET", "/api/v1/feed", headers=headers) as feed:
        lines = feed.iter_lines()
        next(lines)
        room.hub.parts.people.sign_ins.end_all(account)
        ended_s = room.hub.parts.clock.monotonic_s()
        list(lines)  # comes to its end, or the client's deadline fails the test
    assert room.hub.parts.clock.monotonic_s() - ended_s < 2 * CHECK_EVERY_S


def test_a_feed_ends_when_its_own_sign_in_ends_and_another_goes_on(room: Room) -> None:
    _account(room, "jo")
    desk, phone = _sign_in(room, "jo"), _sign_in(room, "jo")
    address, headers = "/api/v1/feed", [{"Authorization": f"Bearer {each['access_token']}"} for each in (desk, phone)]
    with (
        room.client(None).stream("GET", address, headers=headers[0]) as here,
        room.client(None).stream("GET", address, headers=headers[1]) as there,
    ):
        gone, left = here.iter_lines(), there.iter_lines()
        next(gone)
        next(left)
        assert _as(room, desk, "POST", "/auth/logout", json={"refresh_token": desk["refresh_token"]}).status_code == 204
        list(gone)
        incident = room.smoke()
        assert any(incident["id"] in line for line in left)
