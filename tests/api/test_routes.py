"""Every route denies, unless it says otherwise; the description of them all is the one that is written down."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from api.app import create_app
from api.openapi import text
from hub.access import Role
from tests.api.room import Room

ROOT = Path(__file__).resolve().parents[2]
OPEN = {
    ("GET", "/"),
    ("GET", "/live"),
    ("GET", "/playback"),
    ("GET", "/setup"),
    ("GET", "/ui/{name}"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),  # from this machine itself
    ("GET", "/api/v1/openapi.json"),
    ("POST", "/api/v1/auth/token"),
    ("POST", "/api/v1/auth/refresh"),
    ("POST", "/api/v1/setup"),
}
RESIDENTS = {
    ("GET", "/api/v1/recordings/cameras"),
    ("GET", "/api/v1/cameras/{camera_id}/clip.mp4"),
    ("HEAD", "/api/v1/cameras/{camera_id}/clip.mp4"),
    ("POST", "/api/v1/cameras/{camera_id}/links"),
    ("GET", "/api/v1/cameras/{camera_id}/recordings"),
    ("GET", "/api/v1/cameras/{camera_id}/recordings.m3u8"),
    ("GET", "/api/v1/cameras/{camera_id}/recordings/{segment_id}.mp4"),
    ("HEAD", "/api/v1/cameras/{camera_id}/recordings/{segment_id}.mp4"),
    ("GET", "/api/v1/cameras/{camera_id}/still.jpg"),
    ("GET", "/api/v1/cameras/{camera_id}/live.m3u8"),
    ("GET", "/api/v1/cameras/{camera_id}/live/{name}"),
    ("POST", "/api/v1/cameras/{camera_id}/live"),
    ("GET", "/api/v1/cameras/{camera_id}/recordings/deletions"),
    ("POST", "/api/v1/cameras/{camera_id}/recordings/delete"),
    ("GET", "/api/v1/me"),
    ("POST", "/api/v1/auth/logout"),
    ("GET", "/api/v1/me/notifications"),
    ("PUT", "/api/v1/me/notifications"),
    ("GET", "/api/v1/me/points"),
    ("GET", "/api/v1/me/reports"),
    ("GET", "/api/v1/reports"),
    ("POST", "/api/v1/reports"),
    ("GET", "/api/v1/reports.csv"),
    ("GET", "/api/v1/reports/categories"),
    ("GET", "/api/v1/reports/{report_id}"),
    ("POST", "/api/v1/reports/{report_id}/photos"),
    ("GET", "/api/v1/reports/{report_id}/photos/{photo_id}"),
    ("POST", "/api/v1/reports/{report_id}/rate"),
    ("POST", "/api/v1/reports/{report_id}/reopen"),
    ("GET", "/api/v1/tasks"),
    ("GET", "/api/v1/tasks/{task_id}"),
    ("POST", "/api/v1/tasks/{task_id}/take"),
    ("POST", "/api/v1/tasks/{task_id}/give-back"),
    ("POST", "/api/v1/tasks/{task_id}/done"),
}
"""What is open to residents: their own account, reports, points and tasks, and the pictures of home."""
SNAPSHOT = ROOT / "docs" / "reference" / "openapi.json"


def _routes() -> list[tuple[str, str]]:
    described = json.loads(text())["paths"]
    found = [(method.upper(), path) for path, operations in described.items() for method in operations]
    pages = {("GET", path) for path in ("/", "/live", "/playback", "/setup", "/ui/{name}", "/api/v1/openapi.json")}
    return sorted({*found, *pages})


def test_the_walk_sees_every_route_of_the_application() -> None:
    app = create_app(None)

    def walk(routes: Any) -> set[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        for route in routes:
            if isinstance(route, APIRoute):
                found |= {(method, route.path) for method in route.methods}
            else:
                found |= walk(
                    getattr(route, "routes", []) or getattr(getattr(route, "original_router", None), "routes", [])
                )
        return found

    assert walk(app.routes) == set(_routes())


@pytest.mark.parametrize(("method", "path"), _routes(), ids=lambda part: part)
def test_a_route_refuses_whoever_is_not_signed_in(room: Room, method: str, path: str) -> None:
    address = re.sub(r"\{\w+\}", "x", path)
    answer = room.client(None).request(method, address)
    forged = room.client(None).request(method, address, headers={"Authorization": "Bearer e30.e30.x"})
    if (method, path) in OPEN:
        assert answer.status_code != 403
        assert (
            answer.json()["type"] != "urn:hub:problem:not-signed-in" or path.startswith("/api/v1/auth/")
            if (answer.status_code == 401)
            else True
        )
        return
    for refused in (answer, forged):
        assert refused.status_code == 401
        if method == "HEAD":
            continue
        assert refused.json()["type"] == "urn:hub:problem:not-signed-in"
        assert refused.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), [route for route in _routes() if route not in OPEN], ids=lambda part: part)
def test_a_resident_gets_nothing_but_what_is_his_own(room: Room, method: str, path: str) -> None:
    """A resident's token is good, and opens nothing but the own account, reports, points and tasks."""
    address = re.sub(r"\{\w+\}", "x", path)
    answer = room.client(Role.RESIDENT).request(method, address)
    if (method, path) in RESIDENTS:
        assert answer.status_code in (200, 204, 404, 422)  # an `x` of theirs is not there, and a choice needs a body
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
