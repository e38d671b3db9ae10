"""Stretches of an answer: what a player asks for when it seeks, and a download when it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from api import problems
from api.recordings.ranged import ranged

CONTENT = bytes(range(100))


class Letters:
    """A hundred bytes, read ten at a time."""

    size_bytes = 100
    etag = '"a"'

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        last = 100 if end is None else end
        for place in range(start, last, 10):
            yield CONTENT[place : min(place + 10, last)]


def _ask(method: str = "GET", **headers: str) -> httpx.Response:
    app = FastAPI()
    problems.install(app)

    @app.api_route("/thing", methods=["GET", "HEAD"])
    def thing(request: Request) -> Response:
        return ranged(request, Letters(), "video/mp4")

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hub") as client:
            return await client.request(method, "/thing", headers={k.replace("_", "-"): v for k, v in headers.items()})

    return asyncio.run(ask())


def test_the_whole_says_how_long_it_is_and_that_it_can_be_had_in_parts() -> None:
    answer = _ask()
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-length"] == "100"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["etag"] == '"a"'


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-29", 10, 30),
        ("bytes=95-", 95, 100),
        ("bytes=95-999", 95, 100),
        ("bytes=-7", 93, 100),
        ("bytes=-999", 0, 100),
    ],
)
def test_a_stretch_is_what_was_asked_for(asked: str, start: int, end: int) -> None:
    answer = _ask(range=asked)
    assert (answer.status_code, answer.content) == (206, CONTENT[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/100"
    assert answer.headers["content-length"] == str(end - start)


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=30-20", "bytes=-0", "bytes=999999999999999999-"])
def test_a_stretch_that_there_is_not_is_refused_with_the_length(asked: str) -> None:
    answer = _ask(range=asked)
    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */100"
    assert answer.json()["type"] == "urn:hub:problem:range-not-satisfiable"


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "lines=1-2", "bytes=-", "bytes=a-b", "nonsense"])
def test_what_is_no_single_range_gives_the_whole(asked: str) -> None:
    assert _ask(range=asked).status_code == 200


def test_a_download_goes_on_only_with_what_it_began_with() -> None:
    assert _ask(range="bytes=50-", if_range='"a"').status_code == 206
    assert _ask(range="bytes=50-", if_range='"b"').status_code == 200


def test_what_is_known_already_is_not_sent_again() -> None:
    answer = _ask(if_none_match='"x", W/"a"')
    assert (answer.status_code, answer.content) == (304, b"")


def test_a_head_is_the_answer_without_its_body() -> None:
    for asked in ({}, {"range": "bytes=10-29"}):
        head, full = _ask("HEAD", **asked), _ask("GET", **asked)
        assert head.status_code == full.status_code
        assert head.headers["content-length"] == full.headers["content-length"]
        assert head.content == b""
