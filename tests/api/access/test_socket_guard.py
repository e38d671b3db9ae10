"""What holds for every WebSocket before any route sees it, on a real server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from api import problems
from api.access import guard
from api.access.guard import Guard
from api.errors import NotSignedInError
from api.server import MOST_MESSAGE_BYTES, Server
from hub.clock import SetClock
from tests.fakes.waiting import until

Seen = list[tuple[str, str, int]]


@pytest.fixture
def seen() -> Seen:
    return []


@pytest.fixture
def server(seen: Seen) -> Iterator[Server]:
    app = FastAPI()
    problems.install(app)
    app.add_middleware(
        Guard,
        clock=SetClock(datetime(2026, 3, 1, tzinfo=UTC)),
        observe=lambda method, route, status, _took_s: seen.append((method, route, status)),
        loopback_only=True,
    )

    @app.websocket("/echo/{name}")
    async def echo(asked: WebSocket, name: str) -> None:
        if name == "nobody":
            raise NotSignedInError("this link has run out")
        await asked.accept()
        async for text in asked.iter_text():
            await asked.send_text(text)

    running = Server(app, host="127.0.0.1", port=0)
    running.start()
    until(lambda: _listens(running.port), what="the server listens")
    yield running
    running.stop()


def _connect(server: Server, name: str = "me", *, host: str | None = None, **more: Any) -> ClientConnection:
    address = f"ws://{host or '127.0.0.1'}:{server.port}/echo/{name}"
    raw = socket.create_connection(("127.0.0.1", server.port))
    return connect(address, sock=raw, compression=None, proxy=None, **more)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_page_of_this_hub_and_a_program_may_connect(server: Server, seen: Seen) -> None:
    for origin in (None, f"http://127.0.0.1:{server.port}"):
        with _connect(server, origin=origin) as link:
            link.send("hello")
            assert link.recv(timeout=5) == "hello"
    assert seen == [("WEBSOCKET", "/echo/{name}", 101)] * 2


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_a_page_of_another_origin_may_not(server: Server, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        _connect(server, origin=origin)
    assert refused.value.response.status_code == 403
    assert b"another origin" in refused.value.response.body
    assert "content-security-policy" in refused.value.response.headers


def test_another_name_that_leads_here_is_refused(server: Server) -> None:
    with pytest.raises(InvalidStatus) as refused:
        _connect(server, host="evil.example")
    assert refused.value.response.status_code == 421


def test_what_a_route_refuses_is_a_problem_too(server: Server, seen: Seen) -> None:
    with pytest.raises(InvalidStatus) as refused:
        _connect(server, "nobody")
    assert refused.value.response.status_code == 401
    assert b"urn:hub:problem:not-signed-in" in refused.value.response.body
    assert seen == [("WEBSOCKET", "/echo/{name}", 401)]


def test_more_than_there_is_room_for_are_told_to_come_back(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "MOST_SOCKETS", 1)
    with _connect(server) as link:
        with pytest.raises(InvalidStatus) as refused:
            _connect(server)
        assert refused.value.response.status_code == 503
        assert refused.value.response.headers["retry-after"] == "10"
        link.send("still here")
        assert link.recv(timeout=5) == "still here"


def test_a_message_that_is_too_long_ends_the_connection(server: Server) -> None:
    with _connect(server) as link:
        link.send("x" * (MOST_MESSAGE_BYTES + 1))
        with pytest.raises(ConnectionClosedError) as closed:
            link.recv(timeout=5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
