"""Who may call a route is declared, for every route, and no application is built that holds another."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from api import app as application
from api.access.auth import needs
from api.access.declaration import By, Declaration, Entrance, Keys, says
from api.access.declared import DECLARED
from api.access.table import text
from api.access.wall import UndeclaredError, asked_by, check, hold_to, routes_of
from api.app import create_app
from api.errors import ForbiddenError
from hub.access import Permission, Principal, Role

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "access.md"


@functools.cache
def _routes() -> dict[tuple[str, str], Any]:
    return {(method, path): route for method, path, route in routes_of(create_app(None).routes)}


def test_an_application_with_a_route_that_nobody_declared_is_not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has the line to write, with what the route asks already."""
    router = APIRouter(prefix="/api/v1")

    @router.post("/cameras/{camera_id}/wipe", dependencies=[Depends(needs(Permission.MOVE_CAMERAS))])
    def wipe(camera_id: str) -> None: ...

    @router.websocket("/anything")
    async def anything(_asked: WebSocket) -> None: ...

    monkeypatch.setattr(application, "SIGNED_IN", (*application.SIGNED_IN, router))
    with pytest.raises(UndeclaredError) as refused:
        create_app(None)
    assert 'says("POST /cameras/{camera_id}/wipe", P.MOVE_CAMERAS),' in str(refused.value)
    assert 'says("WEBSOCKET /anything"),' in str(refused.value)


def test_a_declaration_without_a_route_is_refused_too() -> None:
    routes = create_app(None).routes
    with pytest.raises(UndeclaredError, match="take out: GET /nowhere"):
        hold_to(routes, (), (*DECLARED, Declaration("GET", "/nowhere")))


def test_one_route_is_declared_once() -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/x")
    def x() -> None: ...

    with pytest.raises(UndeclaredError, match="one of two: GET /x"):
        hold_to(app.routes, (), (*says("GET /x"), *says("GET /x")))


def test_a_route_that_needs_no_token_may_not_be_declared_as_one_that_does() -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/x")
    def x() -> None: ...

    hold_to(app.routes, (), says("GET /x"))
    with pytest.raises(UndeclaredError, match="GET /x is open"):
        hold_to(app.routes, app.routes, says("GET /x"))
    with pytest.raises(UndeclaredError, match="GET /x is not open"):
        hold_to(app.routes, (), says("GET /x", entrance=Entrance.OPEN))


def test_a_route_of_another_kind_cannot_be_smuggled_in() -> None:
    async def page(_request: Any) -> PlainTextResponse:
        return PlainTextResponse("")

    with pytest.raises(UndeclaredError, match="no kind that can be declared"):
        hold_to([Route("/x", page)], (), ())


def test_what_a_route_asks_is_what_is_declared() -> None:
    """Routes that take links ask inside; the matrix holds them."""
    wrong = []
    for declared in DECLARED:
        asked = set(asked_by(_routes()[declared.method, declared.path]))
        wanted = {frozenset({each}) for each in declared.also} | ({declared.opens} if declared.opens else set())
        if asked != wanted and (asked or declared.entrance is Entrance.TOKEN):
            wrong.append(f"{declared.method} {declared.path} asks {asked}, not {wanted}")
    assert wrong == []


def test_every_declaration_makes_sense() -> None:
    for declared in DECLARED:
        _makes_sense(declared)


def _makes_sense(declared: Declaration) -> None:
    if declared.entrance in (Entrance.OPEN, Entrance.SECRET):
        assert not declared.opens
    if declared.entrance in (Entrance.LINK, Entrance.ONLY_LINK):
        assert declared.opens
        assert declared.names_object
    assert set(declared.by) == declared.opens
    if Permission.DECIDE_CONSENT in declared.opens:
        assert declared.keys is Keys.NONE, "what a household decides is decided by a person"
    if Permission.MANAGE_ACCOUNTS in declared.opens:
        assert declared.keys is Keys.NONE, "a key must not make what may do more than itself"


def test_the_wall_asks_for_what_is_declared() -> None:
    opened, people = (
        *says("GET /x", Permission.VIEW_AUDIT, also=(Permission.VIEW_SYSTEM,)),
        *says("GET /y", keys=Keys.NONE),
    )
    check(opened, Principal("1", "a", Role.SUPERVISOR.value))
    for role in (Role.OPERATOR.value, Role.RESIDENT.value, "of another version"):
        with pytest.raises(ForbiddenError):
            check(opened, Principal("1", "a", role))
    key = Principal("1", "a", Role.SUPERVISOR.value, key="k", only=frozenset({Permission.VIEW_AUDIT}))
    with pytest.raises(ForbiddenError):
        check(opened, key)
    check(people, Principal("1", "a", Role.RESIDENT.value))
    with pytest.raises(ForbiddenError, match="not for API keys"):
        check(people, key)


def test_permissions_of_ones_own_are_decided_in_their_own_way() -> None:
    (told,) = says("GET /x", Permission.VIEW_PICTURES, Permission.VIEW_OWN_PICTURES, by=By.ANY)
    assert dict(told.by) == {Permission.VIEW_PICTURES: By.ANY, Permission.VIEW_OWN_PICTURES: By.HOME}


def test_the_page_is_made_of_what_is_declared() -> None:
    """After a change: `python -m api.access.table > docs/reference/access.md`."""
    assert PAGE.read_text(encoding="utf-8") == text()
