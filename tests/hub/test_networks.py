"""What the hub may connect to: by the address that is reached, however it is written and whatever it wraps."""

from __future__ import annotations

import socket

import pytest
from pydantic import ValidationError

from config.community import Community
from config.load import check_community
from config.machine import Machine
from config.networks import Allowed, Networks, NotAllowedNetworkError
from hub.networks import cameras_allowed, connect, resolve_allowed, webhooks_allowed

ELSEWHERE = Networks(cameras=("private", "link-local"), webhooks=("private", "public"))
CAMERAS = cameras_allowed(ELSEWHERE)
WEBHOOKS = webhooks_allowed(ELSEWHERE)


@pytest.mark.parametrize(
    "ip", ["10.1.2.3", "172.16.0.1", "192.168.1.64", "100.64.0.9", "169.254.7.7", "fd12::1", "fe80::1"]
)
def test_a_camera_may_be_in_a_private_network(ip: str) -> None:
    CAMERAS.check(ip)


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "::1",
        "8.8.8.8",
        "2001:4860:4860::8888",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "2002:7f00:1::",
        "0.0.0.0",  # noqa: S104 - refused
        "::",
        "224.0.0.1",
        "ff02::1",
        "255.255.255.255",
        "172.32.0.1",
        "fec0::1",
    ],
)
def test_a_camera_may_be_nowhere_else(ip: str) -> None:
    with pytest.raises(NotAllowedNetworkError, match="address not allowed"):
        CAMERAS.check(ip)


@pytest.mark.parametrize("ip", ["8.8.8.8", "2001:4860:4860::8888", "192.168.1.9", "fd12::1", "::ffff:8.8.8.8"])
def test_a_webhook_may_be_in_the_internet_and_in_the_house(ip: str) -> None:
    WEBHOOKS.check(ip)


@pytest.mark.parametrize(
    "ip", ["127.0.0.1", "::1", "169.254.1.1", "fe80::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]
)
def test_a_webhook_is_neither_this_machine_nor_link_local(ip: str) -> None:
    with pytest.raises(NotAllowedNetworkError):
        WEBHOOKS.check(ip)


@pytest.mark.parametrize(
    "ip",
    ["169.254.169.254", "169.254.170.2", "100.100.100.200", "169.254.0.23", "fd00:ec2::254", "0.0.0.0", "224.0.0.251"],  # noqa: S104
)
def test_what_hands_out_credentials_is_never_allowed(ip: str) -> None:
    everything = Allowed.of(("0.0.0.0/0", "::/0", "private", "public", "loopback", "link-local"))
    with pytest.raises(NotAllowedNetworkError, match="never"):
        everything.check(ip)
    if ":" not in ip:
        with pytest.raises(NotAllowedNetworkError, match="never"):
            everything.check(f"::ffff:{ip}")


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "LOCALHOST.", "x.localhost"]
)
def test_every_way_to_write_this_machine_is_refused(host: str) -> None:
    with pytest.raises(NotAllowedNetworkError):
        CAMERAS.check_literal(host)
    if host != "x.localhost":
        with pytest.raises((NotAllowedNetworkError, socket.gaierror)):
            resolve_allowed(host, 80, CAMERAS)


def test_a_refusal_says_what_to_write() -> None:
    with pytest.raises(NotAllowedNetworkError) as refused:
        CAMERAS.check("127.0.0.1")
    assert "networks.cameras: [private, link-local, loopback] in machine.yaml" in str(refused.value)
    with pytest.raises(NotAllowedNetworkError, match=r"\[10.0.0.0/8, public\]"):
        Allowed.of(("10.0.0.0/8",), "networks.cameras").check("8.8.8.8")


def test_a_name_is_resolved_once_and_the_checked_address_is_the_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second answer of a name that changes its mind is never asked for."""
    answers = [[(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.168.1.9", 80))], RuntimeError("asked twice")]

    def answer(*_args: object, **_more: object) -> object:
        given = answers.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    assert resolve_allowed("camera.example", 80, CAMERAS).sockaddr == ("192.168.1.9", 80)
    assert len(answers) == 1


def test_of_several_addresses_the_first_allowed_one_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("8.8.8.8", "127.0.0.1", "10.0.0.3")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: found)
    assert str(resolve_allowed("camera.example", 80, CAMERAS).ip) == "10.0.0.3"


def test_a_connection_goes_where_it_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(NotAllowedNetworkError):
            connect("127.0.0.1", port, CAMERAS, timeout_s=2)
        with connect("127.0.0.1", port, Allowed.of(("loopback",)), timeout_s=2) as connected:
            assert connected.getpeername()[1] == port


@pytest.mark.parametrize("wrong", ["10.0.0.1/8", "ten", "300.0.0.0/8", ""])
def test_a_setting_that_is_no_network_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError):
        Machine.model_validate({"networks": {"cameras": [wrong]}})


def test_a_community_with_forbidden_addresses_is_told_where() -> None:
    there = Community.model_validate(
        {
            "name": "Village",
            "sites": [{"id": "gate", "name": "Gate", "ring": "road"}],
            "cameras": [{"id": "one", "name": "One", "site": "gate", "main": {"url": "rtsp://127.0.0.1/x"}}],
            "notifiers": [{"id": "desk", "kind": "webhook", "options": {"url": "http://169.254.169.254/x"}}],
        }
    )
    found = {mistake.path: mistake.message for mistake in check_community(there, networks=ELSEWHERE)}
    assert "networks.cameras: [private, link-local, loopback]" in found["cameras[0].main.url"]
    assert "never" in found["notifiers[0].options.url"]
    assert not check_community(there)


def test_this_machine_is_reached_by_an_address_that_says_so_and_by_no_name_that_leads_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for allowed in (cameras_allowed(Networks()), webhooks_allowed(Networks())):
        for host in ("127.0.0.1", "::1", "localhost", "LOCALHOST"):
            assert resolve_allowed(host, 80, allowed).ip.is_loopback
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))]
        )
        for host in ("camera.example", "2130706433", "0x7f.1", "localhost.example"):
            with pytest.raises(NotAllowedNetworkError, match="leads to this machine itself"):
                resolve_allowed(host, 80, allowed)
        monkeypatch.undo()


def test_a_barred_address_is_refused_however_it_is_written_and_its_neighbours_are_not() -> None:
    allowed = CAMERAS.without(["10.0.2.77"])
    for ip in ("10.0.2.77", "::ffff:10.0.2.77"):
        with pytest.raises(NotAllowedNetworkError, match="not for this request"):
            allowed.check(ip)
    allowed.check("10.0.2.78")
    CAMERAS.check("10.0.2.77")


def test_each_allowed_address_of_a_name_is_tried_until_one_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def both(*_: object, **__: object) -> list[object]:
            stream = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
            return [(*stream, ("127.0.0.9", port)), (*stream, ("127.0.0.1", port))]

        monkeypatch.setattr(socket, "getaddrinfo", both)
        loopback = Allowed.of(("loopback",))
        with connect("localhost", port, loopback, timeout_s=2.0) as connected:
            assert connected.getpeername()[0] == "127.0.0.1"
            assert connected.gettimeout() == 2.0
        server.close()
        with pytest.raises(ConnectionRefusedError):
            connect("localhost", port, loopback, timeout_s=2.0)
