"""Problems: what an error says to a client besides its words."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.exceptions import HTTPException

from api import problems
from api.errors import NotSignedInError, TooManyError, UnavailableError
from hub.errors import NoPlaceError, NotFoundError, StoreBusyError, StoreClosedError


@pytest.mark.parametrize(
    ("error", "status", "after"),
    [
        (TooManyError("too many tries", retry_after_s=17), 429, "17"),
        (TooManyError("too many tries", retry_after_s=3600), 429, "3600"),
        (NoPlaceError("nobody else fits", retry_after_s=10), 429, "10"),
        (StoreBusyError("more to write than the disk takes"), 503, "2"),
        (UnavailableError("no worker answers", retry_after_s=5), 503, "5"),
        (UnavailableError("nobody knows for how long"), 503, None),
        (StoreClosedError("over"), 503, None),
        (NotSignedInError("sign in"), 401, None),
        (NotFoundError("no such thing"), 404, None),
        (HTTPException(503, headers={"Retry-After": "4"}), 503, "4"),
        (RuntimeError("a mistake of ours"), 500, None),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else None,
)
def test_who_is_to_come_back_later_is_told_when(error: Exception, status: int, after: str | None) -> None:
    """In whole seconds, which every client understands; where nobody knows when, nothing is made up."""
    answer = problems.from_error(error)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, after)
    assert answer.media_type == problems.MEDIA_TYPE
    body: dict[str, Any] = json.loads(bytes(answer.body))
    assert body["status"] == status
    assert body["type"].startswith(problems.TYPE_PREFIX)


def test_it_reaches_the_client_through_the_application() -> None:
    app = FastAPI()
    problems.install(app)

    @app.get("/full")
    def full() -> None:
        raise TooManyError("256 feeds are open", retry_after_s=10)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            return await client.get("/full")

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "10")
    assert answer.json()["type"] == "urn:hub:problem:too-many"
