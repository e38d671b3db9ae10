"""Who tries too much is told when to come back, whoever he tries to be, and before anything is hashed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from api.access.limits import RATES, Kind, Limits, Rate, address_of, neighbours_of
from api.errors import TooManyError
from hub.access import Role
from hub.clock import SetClock
from hub.events import time_from_text
from tests.api.room import PASSWORD, Room, open_room


@pytest.fixture
def clock() -> SetClock:
    return SetClock(time_from_text("2026-03-01T00:00:00Z"))


def test_so_many_at_once_and_then_one_for_each_share_of_the_time(clock: SetClock) -> None:
    limits = Limits(clock, {kind: Rate(3, 30) for kind in Kind})
    for _ in range(3):
        limits.take(Kind.SETUP, "a")
    with pytest.raises(TooManyError) as refused:
        limits.take(Kind.SETUP, "a")
    assert refused.value.retry_after_s == 10
    limits.take(Kind.SETUP, "b")
    limits.take(Kind.PROBE, "a")
    clock.advance(9.5)
    with pytest.raises(TooManyError) as refused:
        limits.take(Kind.SETUP, "a")
    assert refused.value.retry_after_s == 1
    clock.advance(0.5)
    limits.take(Kind.SETUP, "a")
    with pytest.raises(TooManyError):
        limits.take(Kind.SETUP, "a")
    clock.advance(30)
    for _ in range(3):
        limits.take(Kind.SETUP, "a")


def test_what_is_only_looked_at_does_not_count_and_what_failed_always_does(clock: SetClock) -> None:
    limits = Limits(clock, {kind: Rate(2, 10) for kind in Kind})
    for _ in range(10):
        limits.check(Kind.REFUSED, "a")
    for _ in range(10):
        limits.count(Kind.REFUSED, "a")
    with pytest.raises(TooManyError) as refused:
        limits.check(Kind.REFUSED, "a")
    assert refused.value.retry_after_s <= 10


def test_memory_is_bounded_whatever_comes(clock: SetClock) -> None:
    limits = Limits(clock)
    for number in range(25_000):
        limits.take(Kind.SIGN_IN, f"address {number}")
    assert limits.remembered(Kind.SIGN_IN) == 20_000


@pytest.mark.parametrize(
    ("address", "together"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1%eth0", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", "?"),
        ("nonsense", "?"),
    ],
)
def test_who_counts_as_one_address(address: str, together: str) -> None:
    assert neighbours_of(address) == together


def test_an_unknown_address_is_empty() -> None:
    assert address_of(Request({"type": "http", "client": None})) == ""


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A hub of each test's own: what is tried counts for all from one address."""
    opened = open_room(tmp_path / "data")
    yield opened
    opened.close()


def _sign_in(room: Room, name: str, password: str, **more: Any) -> httpx.Response:
    return room.client(None).post("/api/v1/auth/token", data={"username": name, "password": password}, **more)


def test_many_names_from_one_address_are_stopped_before_anything_is_hashed(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.person("lin", Role.OPERATOR)
    limits = room.hub.parts.people.limits
    assert _sign_in(room, "a name", "not it at all").status_code == 401
    assert limits.remembered(Kind.REFUSED) == 1
    for _ in range(2 * RATES[Kind.REFUSED].times):  # as if so many had come; hashing them takes too long here
        limits.count(Kind.REFUSED, "127.0.0.1")
    hashed: list[object] = []
    verify = room.hub.parts.accounts._passwords.verify
    monkeypatch.setattr(room.hub.parts.accounts._passwords, "verify", lambda *a: hashed.append(a) or verify(*a))
    known, unknown = _sign_in(room, "lin", PASSWORD), _sign_in(room, "nobody", PASSWORD)
    assert known.status_code == unknown.status_code == 429
    assert 1 <= int(known.headers["Retry-After"]) <= 300
    assert known.json()["type"] == "urn:hub:problem:too-many"
    assert not hashed
    # Nobody says where he comes from but the connection, unless the settings trust who passes it on.
    assert _sign_in(room, "lin", PASSWORD, headers={"X-Forwarded-For": "192.0.2.9"}).status_code == 429
    assert room.person("lin").get("/me").status_code == 200


def test_a_lock_and_refused_sign_ins_are_told(room: Room) -> None:
    room.person("lin", Role.OPERATOR)
    for _ in range(10):
        _sign_in(room, "lin", "not it at all")
    assert _sign_in(room, "lin", PASSWORD).status_code == 401
    told = room.client(Role.ADMINISTRATOR).get("/api/v1/audit", params={"limit": 100}).json()["items"]
    sign_ins = [each for each in told if each["action"] == "sign_in" and each["outcome"] == "refused"]
    assert any(each["actor"] == "lin" for each in sign_ins)
    assert any(each["actor"] == "system" and "locked_s" in str(each) for each in sign_ins)
    assert "not it at all" not in str(told)


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("/api/v1/setup", {"token": "x", "username": "a", "password": PASSWORD}, Kind.SETUP),
        ("/api/v1/invitations/look", {"token": "x"}, Kind.INVITATION),
        ("/api/v1/invitations/use", {"token": "x", "username": "a", "password": PASSWORD}, Kind.INVITATION),
    ],
)
def test_guessing_of_links_is_slowed_down(room: Room, path: str, body: dict[str, str], kind: Kind) -> None:
    client = room.client(None)
    answers = [client.post(path, json=body) for _ in range(2 * RATES[kind].times)]
    assert {each.status_code for each in answers} == {404, 429}
    assert all(each.headers["Retry-After"] for each in answers if each.status_code == 429)
