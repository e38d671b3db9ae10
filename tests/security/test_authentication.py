"""Nothing is open that is not declared to be: no route, no page of a framework, no port, no default password."""

from __future__ import annotations

import contextlib
import os
import re
import socket
from pathlib import Path

import httpx
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from api.access.declaration import PREFIX, Entrance
from api.access.declared import DECLARED
from tests.api.access.world import NOT_THERE, World
from tests.api.room import DEADLINE_S, open_room

OPEN = {
    "GET /", "GET /live", "GET /playback", "GET /setup", "GET /home", "GET /invite", "GET /account",
    "GET /desk/{path:path}", "GET /m/{path:path}", "GET /m/sw.js", "GET /m/manifest.webmanifest", "GET /ui/{path:path}",
    "GET /healthz", "GET /readyz",
    "GET /api/v1/openapi.json", "GET /api/v1/auth/ways", "GET /api/v1/auth/oidc/start",
}  # fmt: skip
"""Written here once more, so that opening a route takes two decisions."""
DOCS = ("/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect", "/api/v1/docs", "/debug", "/admin", "/console")
DEFAULTS = ("admin", "administrator", "root", "hub", "user", "guest", "operator", "", "password", "123456", "changeme")
GUESSES = (("", ""), ("admin", "admin"), ("hub", "hub"), ("hub", ""), ("guest", "guest"), ("mqtt", "mqtt"))


def test_nothing_is_open_but_pages_and_what_says_yes_or_no() -> None:
    opened = {f"{each.method} {each.path}" for each in DECLARED if each.entrance is Entrance.OPEN}
    assert opened == OPEN


def test_every_other_route_asks_who_comes(world: World) -> None:
    wrong = []
    for each in DECLARED:
        if each.entrance in (Entrance.OPEN, Entrance.SECRET):
            continue
        path = re.sub(r"\{\w+\}", NOT_THERE, each.path)
        if each.method == "WEBSOCKET":
            if (status := world.knock(path, "")) != 401:
                wrong.append(f"{each.path}: {status}")
            continue
        for headers in (
            {},
            {"Authorization": "Bearer "},
            {"Authorization": "Basic YWRtaW46YWRtaW4="},
            {"X-API-Key": "x"},
        ):
            asker = world.askers["nobody"]
            answer = world.ask(each.method, path, asker, headers=headers)
            if answer.status_code != 401:
                wrong.append(f"{each.method} {each.path} {headers}: {answer.status_code}")
    assert not wrong, wrong


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"])
def test_no_page_of_a_framework_and_no_other_method_answers(world: World, method: str) -> None:
    nobody = world.askers["nobody"]
    for path in DOCS:
        assert world.ask(method, path, nobody).status_code in (401, 404, 405), path
    for path in ("/api/v1/incidents", "/metrics", f"{PREFIX}/cameras"):
        if method != "GET":
            assert world.ask(method, path, nobody).status_code in (401, 403, 404, 405), path


def test_a_slash_or_another_case_opens_nothing(world: World) -> None:
    for path in (
        "/api/v1/incidents/",
        "//api/v1/incidents",
        "/API/V1/incidents",
        "/api/v1/./incidents",
        "/api/v1//incidents",
    ):
        assert world.ask("GET", path, world.askers["nobody"]).status_code in (401, 404), path


def test_the_figures_are_for_this_machine_alone(world: World) -> None:
    """Nor for whoever claims to be it behind a proxy."""
    nobody = world.askers["nobody"]
    assert world.ask("GET", "/metrics", nobody).status_code == 401
    with httpx.Client(base_url=world.room.hub.url, trust_env=False) as here:
        assert here.get("/metrics").status_code == 200
        for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
            assert here.get("/metrics", headers={name: "127.0.0.1"}).status_code == 401, name


def test_a_fresh_hub_has_no_account_and_no_default_password(tmp_path: Path) -> None:
    first, second = open_room(tmp_path / "one"), open_room(tmp_path / "two")
    try:
        assert first.hub.parts.accounts.list() == ()
        for name in DEFAULTS:
            for password in DEFAULTS[:4]:
                body = {"username": name, "password": password}
                answer = first.client(None).post("/api/v1/auth/token", data=body)
                assert answer.status_code in (401, 422, 429), (name, password)
        tokens = [str(each.hub.setup_url).partition("token=")[2] for each in (first, second)]
        assert tokens[0] != tokens[1]
        assert min(map(len, tokens)) >= 32
        wrong = {"token": tokens[1], "username": "eve", "password": "three words and a river"}
        assert first.client(None).post("/api/v1/setup", json=wrong).status_code == 404
        right = {**wrong, "token": tokens[0]}
        assert first.client(None).post("/api/v1/setup", json=right).status_code == 201
        assert first.client(None).post("/api/v1/setup", json={**right, "username": "eve2"}).status_code == 404
    finally:
        first.close()
        second.close()


@pytest.mark.parametrize(("username", "password"), GUESSES)
def test_the_broker_lets_nobody_in_without_its_password(world: World, username: str, password: str) -> None:
    codes: list[int] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    if username:
        client.username_pw_set(username, password)
    client.on_connect = lambda _client, _data, _flags, reason, _more: codes.append(reason.value)
    port = world.room.hub.broker.port
    client.connect("127.0.0.1", port)
    end_s = world.room.hub.parts.clock.monotonic_s() + DEADLINE_S
    while not codes and world.room.hub.parts.clock.monotonic_s() < end_s:
        client.loop(0.1)
    assert codes, "the broker said nothing"
    assert codes[0] in (4, 5, 134, 135), codes


def _children(pid: int) -> set[int]:
    """All processes below one, as `/proc` says."""
    parents: dict[int, set[int]] = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            with contextlib.suppress(OSError):
                parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
                parents.setdefault(parent, set()).add(int(path.name))
    found: set[int] = set()
    left = [pid]
    while left:
        below = parents.get(left.pop(), set()) - found
        found |= below
        left += below
    return found


def _listening(pids: set[int]) -> set[tuple[str, int]]:
    """Addresses and ports on which processes listen over TCP."""
    sockets: set[str] = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            for each in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):  # it was closed meanwhile
                    sockets.add(str(each.readlink()))
    found = set()
    for name, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                address, _, port = fields[1].partition(":")
                words = bytes.fromhex(address)
                raw = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
                found.add((socket.inet_ntop(family, raw), int(port, 16)))
    return found


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs /proc")
def test_every_port_is_known_and_on_this_machine_alone(world: World) -> None:
    """All that this process and its children listen on, as the kernel says."""
    listening = _listening({os.getpid(), *_children(os.getpid())})
    hub = world.room.hub
    known = {hub.port, hub.broker.port}
    # The broker outlives a hub that falls, and is nobody's child then.
    every = {int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()}
    listening |= {(address, port) for address, port in _listening(every) if port in known}
    assert {port for _, port in listening} >= known
    for address, port in listening:
        assert address in ("127.0.0.1", "::1"), f"{address}:{port} is open to the network"
        if port not in known:
            # What else is there (the broker's own watch) must say nothing to strangers.
            with socket.create_connection((address, port), timeout=2) as stranger:
                stranger.sendall(b"GET /varz HTTP/1.0\r\n\r\n")
                stranger.settimeout(2)
                said = stranger.recv(4096)
            assert b"200 OK" not in said, f"{address}:{port} answers whoever asks: {said[:200]!r}"
