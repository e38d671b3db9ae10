"""The hub connects to where the settings allow and to nowhere else, however an address is written or changes."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from config.networks import Networks
from hub.access import Role
from hub.networks import NotAllowedNetworkError, cameras_allowed, connect, resolve_allowed, webhooks_allowed
from tests.api.access.world import World

ELSEWHERE = Networks(cameras=("private", "link-local"), webhooks=("private", "public"))
"""Nothing on this machine is meant to be asked."""
LOOPBACK = (
    "127.0.0.1", "127.1", "127.255.255.254", "0.0.0.0", "0", "2130706433", "0x7f000001", "0177.0.0.1", "017700000001",  # noqa: S104 - bound by nobody
    "0x7f.1", "localhost", "localhost.", "LOCALHOST", "x.localhost", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1",
    "0:0:0:0:0:ffff:127.0.0.1", "::127.0.0.1", "::", "64:ff9b::7f00:1", "2002:7f00:1::", "127.0.0.1.",
)  # fmt: skip
METADATA = (
    "169.254.169.254", "::ffff:169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518",
    "fd00:ec2::254", "100.100.100.200", "169.254.170.2", "64:ff9b::a9fe:a9fe", "168.63.129.16", "2002:a9fe:a9fe::",
)  # fmt: skip
NOWHERE = ("255.255.255.255", "224.0.0.1", "239.255.255.250", "ff02::1", "0.1.2.3")


@pytest.mark.parametrize("host", LOOPBACK + METADATA + NOWHERE)
def test_an_address_that_is_not_allowed_is_refused_in_every_form(host: str) -> None:
    """As it stands in a URL, before anything is resolved, or when it is; nothing is connected to."""
    for allowed in (cameras_allowed(ELSEWHERE), webhooks_allowed(ELSEWHERE)):
        with pytest.raises((NotAllowedNetworkError, socket.gaierror)):
            resolve_allowed(host, 80, allowed)


@pytest.mark.parametrize("host", METADATA + NOWHERE)
def test_some_addresses_are_refused_whatever_is_allowed(host: str) -> None:
    everything = Networks(cameras=("0.0.0.0/0", "::/0"), webhooks=("0.0.0.0/0", "::/0"))
    with pytest.raises((NotAllowedNetworkError, OSError)):
        resolve_allowed(host, 80, cameras_allowed(everything))


def test_a_name_that_changes_its_mind_is_connected_to_as_it_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the second answer is loopback, and nobody asks for a second one."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        asked: list[str] = []
        answers = ["127.0.0.1", "169.254.169.254"]

        def resolve(host: str, _port: Any, **_more: Any) -> list[Any]:
            asked.append(host)
            answer = answers[min(len(asked), len(answers)) - 1]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answer, port))]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        allowed = cameras_allowed(Networks(cameras=("127.0.0.0/8",)))
        with connect("camera.example", port, allowed, timeout_s=2) as connected:
            assert connected.getpeername() == ("127.0.0.1", port)
        assert asked == ["camera.example"]


def test_of_several_answers_none_that_is_not_allowed_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("169.254.169.254", "127.0.0.1", "10.0.0.9")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_asked, **_more: found)
    assert str(resolve_allowed("x.example", 80, cameras_allowed(ELSEWHERE)).ip) == "10.0.0.9"
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_asked, **_more: found[:2])
    with pytest.raises(NotAllowedNetworkError):
        resolve_allowed("x.example", 80, cameras_allowed(ELSEWHERE))


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://0.0.0.0:8080/",
        "http://100.100.100.200/",
        "rtsp://[ff02::1]/",
        "http://8.8.8.8/",
    ],
)
def test_no_camera_is_set_to_an_address_that_is_not_allowed(world: World, url: str) -> None:
    master = world.askers[f"whole-{Role.ADMINISTRATOR}"]
    made = world.ask("POST", "/api/v1/cameras", master, json={"id": "evil", "site": "near-road", "main": {"url": url}})
    assert made.status_code == 422, made.text
    assert world.room.hub.parts.revisions.current().camera("evil") is None


def test_no_recipient_of_notices_is_set_to_an_address_that_is_not_allowed(world: World) -> None:
    """Notifiers stand in the Community, so they are checked where every change of it is."""
    revisions = world.room.hub.parts.revisions
    there = revisions.current()
    for url in ("http://169.254.169.254/x", "http://[::ffff:a9fe:a9fe]/", "http://0.0.0.0/"):
        evil = there.model_validate(
            {
                **there.model_dump(context={"secrets": True}),
                "notifiers": [{"id": "evil", "kind": "webhook", "options": {"url": url}}],
            }
        )
        with pytest.raises(Exception, match=r"not allowed|never connected|cannot be used|mistake"):
            revisions.accept(evil, author="test", reason="test")
