"""Cameras are found by searching, each once, and nobody leads the search elsewhere or fills it with names."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from cameras.onvif.discovery import Match, Search, discover, located, own_addresses, parse_probe_matches, targets_of
from cameras.reaching import AskingError, Problem
from cameras.setting_up.asking import ask
from cameras.setting_up.words import Discover, Discovered, Failed
from hub.clock import SystemClock
from hub.networks import Allowed
from tests.fakes.onvif_camera import OnvifCamera

LOOPBACK = Allowed.of(("loopback",))
HOSTS = [f"127.0.7.{number}" for number in range(1, 11)]


@contextmanager
def ten() -> Iterator[list[OnvifCamera]]:
    with ExitStack() as stack:
        first = stack.enter_context(OnvifCamera(name="Cam 1", host=HOSTS[0], discovery_port=0))
        others = [
            stack.enter_context(OnvifCamera(name=f"Cam {number}", host=host, discovery_port=first.discovery_port))
            for number, host in enumerate(HOSTS[1:], 2)
        ]
        yield [first, *others]


def test_ten_cameras_are_found_one_by_one_and_each_once() -> None:
    with ten() as cameras:
        port = cameras[0].discovery_port
        assert port is not None
        search = Search(("127.0.7.0/28", HOSTS[0]), multicast=False, timeout_s=0.8, port=port)
        found, twice = discover(search, LOOPBACK, SystemClock())
    assert {each.url for each in found} == {camera.url for camera in cameras}
    assert {each.match.name for each in found} >= {"Cam"}
    assert not twice


def test_a_camera_is_found_by_asking_everybody() -> None:
    with OnvifCamera() as camera, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with camera.hear_multicast(port):
            found, _ = discover(Search(timeout_s=0.6, port=port, own=own_addresses()), LOOPBACK, SystemClock())
            answer = ask(Discover(timeout_s=1.0, port=port, allowed=("loopback",)))
    assert [each.match.endpoint for each in found] == [camera.endpoint]
    assert isinstance(answer, Discovered)
    assert [each.host for each in answer.cameras] == ["127.0.0.1"]


def test_the_process_tells_what_it_finds() -> None:
    with OnvifCamera(discovery_port=0, stands_at="192.0.2.7:8000") as camera:
        assert camera.discovery_port is not None
        request = Discover(("127.0.0.1",), multicast=False, timeout_s=0.6, allowed=("loopback",))
        answer = ask(Discover(**{**_fields(request), "port": camera.discovery_port}))
    assert isinstance(answer, Discovered)
    (found,) = answer.cameras
    assert found.onvif_url == "http://127.0.0.1/onvif/device_service"
    assert found.elsewhere == ("http://192.0.2.7:8000/onvif/device_service",)
    refused = ask(Discover(("192.0.2.0/24",), allowed=("private",), multicast=False))
    assert isinstance(refused, Failed)
    assert refused.problem is Problem.NOT_ALLOWED


def test_one_device_that_answers_from_two_hosts_is_told_and_both_are_listed() -> None:
    with ten() as cameras:
        cameras[1].endpoint = cameras[0].endpoint
        port = cameras[0].discovery_port
        assert port is not None
        search = Search((HOSTS[0], HOSTS[1]), multicast=False, timeout_s=0.5, port=port)
        found, twice = discover(search, LOOPBACK, SystemClock())
    assert ({each.host for each in found}, twice) == ({HOSTS[0], HOSTS[1]}, [cameras[0].endpoint])


def test_a_host_cannot_fill_the_list_nor_answer_what_nobody_asked() -> None:
    with OnvifCamera() as camera, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as liar:
        liar.bind(("127.0.0.1", 0))

        def lie() -> None:
            data, sender = liar.recvfrom(65_535)
            asked = data.decode().partition("MessageID>")[2].partition("<")[0]
            liar.sendto(camera.probe_match("urn:uuid:another question"), sender)
            for number in range(200):
                camera.endpoint = f"urn:uuid:{number}"
                liar.sendto(camera.probe_match(asked), sender)

        threading.Thread(target=lie, daemon=True).start()
        search = Search(("127.0.0.1",), multicast=False, timeout_s=0.6, port=liar.getsockname()[1])
        found, _ = discover(search, LOOPBACK, SystemClock())
    assert 1 <= len(found) <= 8


def test_a_device_is_asked_where_its_answer_came_from() -> None:
    def at(*urls: str) -> str | None:
        found = located(Match("e", urls, "", "", ""), "10.0.0.2")
        return None if found is None else found.url

    assert at("http://10.0.0.9/a", "http://10.0.0.2:81/b") == "http://10.0.0.2:81/b"
    assert at("http://10.0.0.9:99/a?x=1") == "http://10.0.0.2/a?x=1"
    assert at("file:///etc/passwd", "rtsp://10.0.0.2/", "http://", "http://h:99999/", "") is None


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("10.0.0.0/8",), Problem.BAD_ADDRESS),
        (("10.0.0.0/20", "10.1.0.0/20"), Problem.BAD_ADDRESS),
        (("gate.local",), Problem.BAD_ADDRESS),
        (("10.0.0.1:x",), Problem.BAD_ADDRESS),
        (("169.254.169.254",), Problem.NOT_ALLOWED),
        (("8.8.8.8",), Problem.NOT_ALLOWED),
    ],
)
def test_what_may_be_searched_is_bounded(words: tuple[str, ...], problem: Problem) -> None:
    with pytest.raises(AskingError) as caught:
        list(targets_of(words, Allowed.of(("private", "link-local")), port=3702))
    assert caught.value.problem is problem


def test_a_match_without_its_list_is_one_too() -> None:
    with OnvifCamera() as camera:
        data = camera.probe_match("urn:uuid:1").replace(b"<d:ProbeMatches>", b"").replace(b"</d:ProbeMatches>", b"")
    (match,) = parse_probe_matches(data, asked="urn:uuid:1")
    assert (match.endpoint, match.name, match.model) == (camera.endpoint, "Gate", "Fake-1")


@pytest.mark.parametrize("data", [b"", b"x", b"\xff" * 100])
def test_an_answer_that_is_no_xml_is_refused(data: bytes) -> None:
    with pytest.raises(AskingError):
        parse_probe_matches(data, asked="urn:uuid:1")


def _fields(request: Discover) -> dict[str, object]:
    return {name: getattr(request, name) for name in Discover.__dataclass_fields__}
