"""Every route denies, unless it says otherwise; the description of them all is the one that is written down."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from api.access.declaration import Declaration, Entrance, Kind
from api.access.declared import DECLARED
from api.access.wall import routes_of
from api.app import create_app
from api.openapi import text
from api.routes.pages import MOVED
from hub.access import Principal, Role, permissions
from tests.api.room import Room

ROOT = Path(__file__).resolve().parents[2]
_PAGE = "a page that holds nothing; what it shows it asks for with a token"
_TRIED = "what is in the body is the key, and there is no body"
ANYBODY = {
    "GET /": (200, _PAGE),
    "GET /desk/{path:path}": (200, _PAGE),
    "GET /m/{path:path}": (200, _PAGE),
    "GET /m/sw.js": (200, "what keeps the phone page on the phone"),
    "GET /m/manifest.webmanifest": (200, "what the phone calls the page"),
    **{f"GET {short}": (307, "leads to a page") for short in MOVED},
    "GET /ui/{path:path}": (404, "the files of the pages, and there is no `x`"),
    "GET /healthz": (200, "says yes"),
    "GET /readyz": (200, "says yes or no"),
    "GET /metrics": (200, "asked from this machine itself"),
    "GET /api/v1/openapi.json": (200, "the description, which is public"),
    "GET /api/v1/auth/ways": (200, "what the sign-in form shows"),
    "GET /api/v1/auth/oidc/start": (404, "nobody set a provider up"),
    "GET /api/v1/auth/oidc/callback": (303, "back to the page that says that it did not go"),
    "POST /api/v1/auth/token": (422, _TRIED),
    "POST /api/v1/auth/refresh": (401, _TRIED),
    "POST /api/v1/setup": (422, _TRIED),
    "POST /api/v1/invitations/look": (422, _TRIED),
    "POST /api/v1/invitations/use": (422, _TRIED),
    "POST /api/v1/invitations/outside": (422, _TRIED),
}
"""All that answers somebody without credentials, what, and why that is right. A line more is a decision."""
RESIDENT = Principal("1", "li", Role.RESIDENT.value)
SNAPSHOT = ROOT / "docs" / "reference" / "openapi.json"


def _asked(declared: Declaration) -> str:
    return f"{declared.method} {declared.path}"


def _resident(room: Room) -> dict[str, str]:
    """His token as of now: one of these routes ends all that he had."""
    room.client(Role.RESIDENT)
    account = next(each for each in room.hub.parts.accounts.list() if each.username == f"{Role.RESIDENT}-1")
    standing = room.hub.parts.people.sign_ins.standing(account.id)
    assert standing is not None
    return {"Authorization": f"Bearer {room.hub.parts.tokens.issue(account.id, generation=standing.generation)}"}


ROUTES = [each for each in DECLARED if each.method != "WEBSOCKET"]
CLOSED = [each for each in ROUTES if _asked(each) not in ANYBODY]


def test_the_walk_sees_every_route_of_the_application() -> None:
    there = {f"{method} {path}" for method, path, _ in routes_of(create_app(None).routes) if method != "WEBSOCKET"}
    assert there == {_asked(each) for each in ROUTES}
    described = json.loads(text())["paths"]
    missing = there - {f"{method.upper()} {path}" for path, operations in described.items() for method in operations}
    pages = {_asked(each) for each in ROUTES if each.kind is Kind.PAGE}
    assert missing <= pages, "only pages and their like are in no description"


def test_what_is_declared_open_is_on_the_list() -> None:
    free = {_asked(each) for each in ROUTES if each.entrance in (Entrance.OPEN, Entrance.SECRET, Entrance.HERE)}
    assert free == set(ANYBODY)


@pytest.mark.parametrize("declared", ROUTES, ids=_asked)
def test_a_route_refuses_whoever_is_not_signed_in(room: Room, declared: Declaration) -> None:
    address = re.sub(r"\{[\w:]+\}", "x", declared.path)
    if _asked(declared) == "GET /readyz":
        room.wait_for(lambda: all(room.hub.parts.readiness().values()))
    answer = room.client(None).request(declared.method, address)
    if _asked(declared) in ANYBODY:
        assert answer.status_code == ANYBODY[_asked(declared)][0]
        return
    forged = room.client(None).request(declared.method, address, headers={"Authorization": "Bearer e30.e30.x"})
    for refused in (answer, forged):
        assert refused.status_code == 401
        if declared.method == "HEAD":
            continue
        assert refused.json()["type"] == "urn:hub:problem:not-signed-in"
        assert refused.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("declared", CLOSED, ids=_asked)
def test_a_resident_gets_nothing_but_what_is_his_own(room: Room, declared: Declaration) -> None:
    """A resident's token is good, and opens nothing but what is declared for what residents may."""
    address = re.sub(r"\{[\w:]+\}", "x", declared.path)
    answer = room.client(None).request(declared.method, address, headers=_resident(room))
    if declared.lets(permissions(RESIDENT)):
        assert answer.status_code in (200, 201, 204, 404, 422)  # an `x` of theirs is not there; a choice needs a body
    else:
        assert answer.status_code == 403
        assert answer.json()["type"] == "urn:hub:problem:forbidden"


def test_the_description_is_the_one_that_is_written_down() -> None:
    """After a wanted change: `python -m api.openapi > docs/reference/openapi.json`, and look at the difference."""
    assert text() == SNAPSHOT.read_text(encoding="utf-8")


def test_every_route_says_what_it_is_for_and_what_an_error_looks_like() -> None:
    for path, operations in json.loads(text())["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), f"{method} {path}"
            assert "application/problem+json" in operation["responses"]["default"]["content"], f"{method} {path}"


def test_the_description_can_be_read_without_a_token(room: Room) -> None:
    assert room.client(None).get("/api/v1/openapi.json").json() == json.loads(text())
