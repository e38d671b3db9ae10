"""What holds for every request before any route sees it, and for every answer after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from api import problems
from api.access.guard import BODY_LIMIT_BYTES, Guard
from hub.clock import SetClock
from hub.errors import NotAllowedError, NotFoundError, StoreBusyError


class Body(BaseModel):
    password: str
    number: int


Seen = list[tuple[str, str, int, float]]


def _ask(
    method: str,
    path: str,
    *,
    loopback_only: bool = True,
    seen: Seen | None = None,
    host: str = "127.0.0.1:8080",
    **more: object,
) -> httpx.Response:
    app = FastAPI()
    problems.install(app)
    app.add_middleware(
        Guard,
        clock=SetClock(datetime(2026, 3, 1, tzinfo=UTC)),
        observe=lambda *call: None if seen is None else seen.append(call),
        loopback_only=loopback_only,
    )

    @app.get("/things/{thing_id}")
    def thing(thing_id: str) -> dict[str, str]:
        match thing_id:
            case "missing":
                raise NotFoundError("no thing 'missing'")
            case "late":
                raise NotAllowedError("it is resolved", allowed=("reopen",))
            case "busy":
                raise StoreBusyError("queue of 10000 is full at /var/lib/hub")
            case "broken":
                raise ZeroDivisionError("secret inside")
        return {"id": thing_id}

    @app.post("/things")
    def make(body: Body) -> dict[str, int]:
        return {"number": body.number}

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            return await client.request(method, path, **more)  # type: ignore[arg-type]

    return asyncio.run(ask())


def test_every_answer_carries_the_security_headers() -> None:
    for path in ("/things/1", "/things/missing", "/nowhere", "/things/broken"):
        headers = _ask("GET", path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "status", "slug", "detail"),
    [
        ("/things/missing", 404, "not-found", "no thing 'missing'"),
        ("/things/late", 409, "not-allowed-now", "it is resolved"),
        ("/things/busy", 503, "busy", None),
        ("/things/broken", 500, "internal", None),
        ("/nowhere", 404, "not-found", None),
    ],
)
def test_an_error_is_a_problem_with_a_stable_type(path: str, status: int, slug: str, detail: str | None) -> None:
    answer = _ask("GET", path)
    body = answer.json()
    assert answer.status_code == body["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["type"] == f"urn:hub:problem:{slug}"
    assert body.get("detail") == detail


def test_a_mistake_of_the_hub_shows_nothing_of_its_inside() -> None:
    assert "secret" not in _ask("GET", "/things/broken").text
    assert "/var/lib" not in _ask("GET", "/things/busy").text


def test_what_is_allowed_instead_is_said() -> None:
    assert _ask("GET", "/things/late").json()["allowed"] == ["reopen"]


def test_a_bad_body_says_where_and_does_not_repeat_what_was_sent() -> None:
    answer = _ask("POST", "/things", json={"password": ["hunter2"], "number": "seven"})
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:hub:problem:validation"
    told = {error["where"]: error["message_zh"] for error in answer.json()["errors"]}
    assert told == {"body.password": "应为文字", "body.number": "应为整数"}
    assert "hunter2" not in answer.text


def test_a_body_that_is_no_json_is_a_problem_too() -> None:
    answer = _ask("POST", "/things", content=b"{", headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "localhost.evil.example"])
def test_another_name_that_leads_to_loopback_is_refused(host: str) -> None:
    answer = _ask("GET", "/things/1", host=host)
    assert answer.status_code == 421
    assert answer.json()["type"] == "urn:hub:problem:wrong-host"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8080", "[::1]:8080"])
def test_the_names_of_this_machine_are_taken(host: str) -> None:
    assert _ask("GET", "/things/1", host=host).status_code == 200


def test_a_hub_that_others_reach_goes_by_any_name() -> None:
    assert _ask("GET", "/things/1", host="hub.village.example", loopback_only=False).status_code == 200


def test_a_page_of_another_origin_cannot_write() -> None:
    good = {"password": "x", "number": 1}
    foreign = _ask("POST", "/things", json=good, headers={"origin": "http://evil.example"})
    assert foreign.status_code == 403
    assert _ask("POST", "/things", json=good, headers={"origin": "null"}).status_code == 403
    assert _ask("POST", "/things", json=good, headers={"origin": "http://127.0.0.1:8080"}).status_code == 200
    assert _ask("POST", "/things", json=good).status_code == 200


def test_a_body_over_the_limit_is_refused_with_and_without_a_length() -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * (BODY_LIMIT_BYTES // 10)

    assert _ask("POST", "/things", content=b"x" * (BODY_LIMIT_BYTES + 1)).status_code == 413
    answer = _ask("POST", "/things", content=endless(), headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:hub:problem:too-large"


def test_requests_are_counted_by_route_and_not_by_address() -> None:
    seen: Seen = []
    _ask("GET", "/things/1", seen=seen)
    _ask("GET", "/things/broken", seen=seen)
    _ask("GET", "/nowhere", seen=seen)
    assert [(method, route, status) for method, route, status, _ in seen] == [
        ("GET", "/things/{thing_id}", 200),
        ("GET", "/things/{thing_id}", 500),
        ("GET", "(none)", 404),
    ]
