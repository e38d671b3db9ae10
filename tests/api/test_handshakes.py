"""TLS connections that never shake hands: bounded in number and time, and in nobody else's way."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from api import accepting, connections
from api.certificates import Certificates
from api.server import Server
from config.hardening import Tls
from config.machine import Http, Machine
from hub.clock import SystemClock


async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


def bounded(self: connections.Shares, address: str) -> bool:
    """As for any address that is not this machine's."""
    if self._held[address] >= connections.MOST_PER_ADDRESS:
        return False
    self._held[address] += 1
    return True


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(connections, "MOST_PER_ADDRESS", 4)
    monkeypatch.setattr(connections.Shares, "take", bounded)
    monkeypatch.setattr(accepting, "HANDSHAKE_WITHIN_S", 0.5)
    tls = Tls(self_signed=True)
    made = Certificates(tls, Machine(data=tmp_path, http=Http(tls=tls)), SystemClock())
    serving = Server(app, host="127.0.0.1", port=0, grace_s=1, tls=made.context)
    serving.start()
    yield serving
    serving.stop()


def trusted(tmp_path: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(tmp_path / "tls" / "hub.pem"))


def test_who_never_shakes_hands_has_his_share_and_his_time(server: Server, tmp_path: Path) -> None:
    """900 connections from one address stood for a minute, while 256 and 10 s were promised."""
    silent = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(4)]
    with socket.create_connection(("127.0.0.1", server.port), timeout=0.3) as refused:
        assert _ended(refused)
    for client in silent:
        assert _ended(client)
        client.close()
    verify = trusted(tmp_path)
    for _ in range(8):
        assert httpx.get(server.url, verify=verify, trust_env=False).text == "ok"


def test_a_place_is_given_back_after_the_handshake_too(server: Server, tmp_path: Path) -> None:
    context = trusted(tmp_path)
    for _ in range(3):
        held = [
            context.wrap_socket(socket.create_connection(("127.0.0.1", server.port)), server_hostname="localhost")
            for _ in range(4)
        ]
        for client in held:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            while client.recv(4096):
                pass
            client.close()


def test_all_that_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_WAITING", 2)
    shares = connections.Shares([])
    assert [shares.admit(("127.0.0.1", port)) for port in (1, 2, 3)] == [True, True, False]
    assert shares.arrived(("127.0.0.1", 1)) is None
    assert shares.admit(("192.0.2.1", 4))
    assert shares.arrived(("192.0.2.1", 4)) is True
    shares.gone(("127.0.0.1", 2))
    assert shares.admit(("127.0.0.1", 5))


def _ended(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except ConnectionError:
        return True
