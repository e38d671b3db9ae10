"""The HTTP server on its socket."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import StreamingResponse

from api.server import Server
from hub.clock import SystemClock
from hub.errors import ConfigurationError


def _server(port: int = 0) -> Server:
    app = FastAPI()

    @app.get("/")
    def answer() -> dict[str, int]:
        return {"n": 1}

    return Server(app, host="127.0.0.1", port=port)


def test_the_port_is_known_before_the_start() -> None:
    server = _server()
    assert server.port > 0
    server.start()
    assert httpx.get(server.url, trust_env=False).json() == {"n": 1}
    server.stop()
    server.stop()


def test_a_port_that_is_taken_is_a_mistake_in_the_configuration() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(ConfigurationError, match=r"http\.port.*another port"),
    ):
        _server(taken.getsockname()[1])


def test_an_answer_does_not_wait_for_the_delayed_acknowledgement_of_tcp() -> None:
    """Every answer took 40 ms on a kept connection, because the listening socket did not name its protocol."""
    server, clock = _server(), SystemClock()
    server.start()
    took_s = []
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        for _ in range(15):
            begun_s = clock.monotonic_s()
            client.get("/")
            took_s.append(clock.monotonic_s() - begun_s)
    server.stop()
    assert min(took_s[1:]) < 0.03


def test_who_comes_before_the_first_answer_waits_and_is_not_refused() -> None:
    server = _server()
    with socket.create_connection((server.host, server.port), timeout=10) as early:
        server.start()
        try:
            early.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert early.recv(64).startswith(b"HTTP/1.1 200")
        finally:
            server.stop()


def test_a_connection_whose_answer_does_not_end_is_closed_with_the_server() -> None:
    app = FastAPI()
    begun = threading.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"x"
        begun.set()
        while True:
            await asyncio.sleep(0.01)
            yield b"x" * 65536

    @app.get("/")
    def answer() -> StreamingResponse:
        return StreamingResponse(endless())

    server = Server(app, host="127.0.0.1", port=0, grace_s=0)
    server.start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert begun.wait(30)
        connections = tuple(server._server.server_state.connections)
        server.stop()
        assert [each.transport.get_extra_info("socket").fileno() for each in connections] == [-1]
