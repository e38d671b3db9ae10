"""Every writing route of the application, called by who may, by who may not and for what is not there: each is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.access.auditing import CHANGES_NOTHING
from api.access.declaration import Declaration, Entrance
from api.access.declared import DECLARED
from hub.access import permissions
from hub.audit import Outcome
from hub.refusals import Refusals
from hub.store.audit import Stored, Wanted
from tests.api.access.calls import call_of
from tests.api.access.world import NOT_THERE, Asker, World, make_world


def _name(declared: Declaration) -> str:
    return f"{declared.method} {declared.path}"


WRITES = [each for each in DECLARED if each.method not in ("GET", "HEAD", "WEBSOCKET")]
OF_ANYBODY = [each for each in WRITES if each.entrance is Entrance.SECRET]
OF_SOMEBODY = [each for each in WRITES if each.entrance is not Entrance.SECRET]
CALLERS = ("whole-administrator", "near-supervisor", "near-responder", "near-resident")
"""Who calls a route: the first who may."""
WRONG_PASSWORD = frozenset({"PUT /api/v1/me/password", "POST /api/v1/me/erase", "POST /api/v1/me/second-factor/remove"})
"""What is sent there is a wrong one, so that whoever may is refused all the same."""


GUESSES: dict[str, dict[str, Any]] = {
    "/auth/token": {"data": {"username": "near-operator", "password": "guessed"}},
    "/auth/refresh": {"json": {"refresh_token": "guessed"}},
    "/setup": {"json": {"token": "guessed", "username": "eve", "password": "three words and a river"}},
    "/invitations/look": {"json": {"token": "guessed"}},
    "/invitations/use": {"json": {"token": "guessed", "username": "eve", "password": "three words and a river"}},
    "/invitations/outside": {"json": {"token": "guessed", "username": "eve"}},
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = make_world(tmp_path_factory.mktemp("hub") / "data")
    yield made
    made.close()


def _send(world: World, declared: Declaration, asker: Asker, things: dict[str, str]) -> httpx.Response:
    began = world.began
    params = {"began": began.isoformat(), "ended": (began + timedelta(seconds=5)).isoformat()}
    params["soon"] = (world.room.hub.parts.clock.now() + timedelta(minutes=10)).isoformat()
    params |= dict.fromkeys(re.findall(r"\{(\w+)\}", declared.path), NOT_THERE) | things
    call = call_of(declared.method, declared.path, params)
    path = re.sub(r"\{(\w+)\}", lambda match: params[match[1]], declared.path)
    return world.ask(declared.method, path, asker, **call)


def _told(world: World, declared: Declaration, asker: Asker, things: dict[str, str]) -> tuple[int, list[Stored]]:
    """The status of the answer, and what stands in the log of it when the answer is there."""
    log = world.room.hub.parts.audit.log
    log._refusals = Refusals()  # what is told of a flood of refusals has its own tests
    before = log.head().number
    status = _send(world, declared, asker, things).status_code
    found = [each for each in log.entries(Wanted(), limit=50) if each.number > before]
    return status, [each for each in found if each.more.get("route") == _name(declared)]


def _outcome(status: int) -> str:
    if status in (401, 403, 404, 429):
        return Outcome.REFUSED
    return Outcome.DONE if status < 400 else Outcome.FAILED


def _named(told: list[Stored]) -> set[Any]:
    """All that entries say of what it is about."""
    beside = {each.more.get(name) for each in told for name in ("family", "identity")}
    return beside | {each.id for each in told} | {each.camera for each in told}


def _of(declared: Declaration, things: dict[str, str]) -> set[str]:
    """What the path names; nothing where it names nothing."""
    return {things.get(name, NOT_THERE) for name in re.findall(r"\{(\w+)\}", declared.path)}


@pytest.mark.parametrize("declared", OF_SOMEBODY, ids=_name)
def test_what_somebody_does_is_told(world: World, declared: Declaration) -> None:
    """With the route, the object, who it was and how it went; what changes nothing says so, with its reason."""
    world.sign_in_again()
    caller = next(world.askers[name] for name in CALLERS if _may(world.askers[name], declared))
    assert caller.who is not None
    things: dict[str, str] = {}
    if declared.names_object and world.things[declared.kind][0].exists:
        things = dict(world.things[declared.kind][0].params)
    status, told = _told(world, declared, caller, things)
    assert status != 403 or _name(declared) in WRONG_PASSWORD, "somebody who may was to be asked"
    if status < 400 and _name(declared) in CHANGES_NOTHING:
        assert not told
        return
    assert told, f"answered {status}, and not told"
    assert {(each.outcome, each.account, each.actor) for each in told} == {
        (_outcome(status), caller.who.id, caller.who.name)
    }
    if objects := _of(declared, things):
        assert objects & _named(told), told
    assert all(each.kind for each in told)


@pytest.mark.parametrize("declared", OF_SOMEBODY, ids=_name)
def test_what_somebody_is_refused_is_told(world: World, declared: Declaration) -> None:
    """To who may not, and to who names what is not there."""
    world.sign_in_again()
    if (shut := next((each for each in _people(world) if not _may(each, declared)), None)) is not None:
        status, told = _told(world, declared, shut, {})
        assert status == 403
        assert [(each.outcome, each.actor, each.more["status"]) for each in told] == [("refused", shut.name, 403)]
    if declared.names_object:
        caller = next(world.askers[name] for name in CALLERS if _may(world.askers[name], declared))
        status, told = _told(world, declared, caller, {})
        assert told, f"answered {status}, and not told"
        assert {(each.outcome, each.actor) for each in told} == {(_outcome(status), caller.name)}
        assert NOT_THERE in _named(told)


@pytest.mark.parametrize("declared", OF_ANYBODY, ids=_name)
def test_a_wrong_secret_is_told(world: World, declared: Declaration) -> None:
    """Who guesses has no name, and an address."""
    log = world.room.hub.parts.audit.log
    log._refusals, before = Refusals(), log.head().number
    sent = GUESSES[declared.path.removeprefix("/api/v1")]
    answer = world.ask(declared.method, declared.path, world.askers["nobody"], **sent)
    assert answer.status_code in (401, 404), answer.text
    told = [each for each in log.entries(Wanted(), limit=50) if each.number > before]
    assert [(each.outcome, each.address, each.more["route"]) for each in told] == [
        ("refused", "203.0.113.9", _name(declared))
    ]
    assert "guessed" not in str(told)


def _may(asker: Asker, declared: Declaration) -> bool:
    return asker.who is not None and declared.lets(permissions(asker.who))


def _people(world: World) -> list[Asker]:
    return [each for each in world.askers.values() if each.who is not None and each.who.key is None]
