"""Clients that hold a connection up, send too much, or take all places: tried with bare sockets."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send

from api import connections
from api.connections import MOST_HEAD_BYTES, Shares
from api.server import Server


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(connections, "HEAD_WITHIN_S", 0.4)
    monkeypatch.setattr(connections, "BODY_PAUSE_S", 0.4)
    server = Server(app, host="127.0.0.1", port=0, grace_s=1)
    server.start()
    yield server.port
    server.stop()


def said(port: int, *parts: bytes) -> bytes:
    """What the server answers to these bytes, until it closes; a closed connection without an answer is nothing."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        answer = b""
        with contextlib.suppress(ConnectionError):
            for part in parts:
                client.sendall(part)
            while received := client.recv(65536):
                answer += received
        return answer


HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


def test_who_says_nothing_is_let_go(port: int) -> None:
    assert said(port) == b""


def test_a_head_that_never_ends_is_let_go(port: int) -> None:
    assert said(port, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: 1") == b""


def test_a_head_that_comes_in_drops_gets_no_more_time(port: int) -> None:
    """Each drop must not begin the time anew."""
    with socket.create_connection(("127.0.0.1", port), timeout=0.05) as client:
        client.sendall(b"GET / HTTP/1.1\r\n")
        drops = 0
        with contextlib.suppress(ConnectionError):
            for drops in range(400):
                client.sendall(b"X-%d: y\r\n" % drops)
                with contextlib.suppress(TimeoutError):
                    if client.recv(100) == b"":
                        break
        assert 0 < drops < 100


def test_a_body_that_stands_still_is_let_go(port: int) -> None:
    assert said(port, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n", b"abc") == b""


def test_an_honest_request_is_answered_and_the_connection_kept(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        for _ in range(3):
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = b""
            while not answer.endswith(b"ok"):
                answer += client.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /" + b"a" * MOST_HEAD_BYTES + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        HEAD + b"X-Large: " + b"a" * MOST_HEAD_BYTES + b"\r\n\r\n",
        HEAD + b"X: y\r\n" * (MOST_HEAD_BYTES // 6 + 1) + b"\r\n",
    ],
    ids=["line", "header", "headers"],
)
def test_a_head_that_is_too_large_is_refused(port: int, request_bytes: bytes) -> None:
    answer = said(port, request_bytes)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: x, chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
    ],
    ids=["no host", "two hosts", "two lengths", "smuggled", "null", "TLS"],
)
def test_a_request_that_two_servers_could_read_in_two_ways_is_refused(port: int, request_bytes: bytes) -> None:
    answer = said(port, request_bytes)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4") or b" 501 " in answer[:20]


def test_an_address_has_its_share_and_gives_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_PER_ADDRESS", 2)
    shares = Shares(["10.0.0.0/24"])
    assert [shares.take("192.0.2.1") for _ in range(3)] == [True, True, False]
    assert shares.take("192.0.2.2") is True
    assert shares.take("127.0.0.1") is shares.take("10.0.0.9") is None
    shares.give_back("192.0.2.1")
    assert shares.take("192.0.2.1") is True
