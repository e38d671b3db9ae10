"""Whatever a device answers costs little, ends in time, opens nothing and is told as a problem."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameras.onvif.answers import Node, parse_xml, xml_of
from cameras.onvif.device import parse_information, parse_services, parse_system_time
from cameras.onvif.digest import authorization, parse_challenge
from cameras.onvif.discovery import parse_probe_matches
from cameras.onvif.envelope import parse_answer
from cameras.onvif.events import parse_life, parse_notifications, parse_subscribed, parse_time
from cameras.onvif.exchange import Exchange
from cameras.onvif.media import lenses, parse_profiles, parse_uri
from cameras.onvif.ptz import parse_position, parse_preset_token, parse_presets
from cameras.onvif.session import Access, Session
from cameras.reaching import AskingError, Problem
from cameras.setting_up.describing import parse_description, parse_reply
from hub.clock import SystemClock
from hub.networks import Allowed
from tests.fakes.doors import garbage, listening, silence

LOOPBACK = Allowed.of(("loopback",))
LAUGHS = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><Envelope><Body><x>&b;</x></Body></Envelope>'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
FAULT = b"<Envelope><Body><Fault><Code><Value>s:Sender</Value></Code></Fault></Body></Envelope>"


def whole(body: bytes) -> Callable[[socket.socket], None]:
    return raw(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def raw(data: bytes, *, again: bytes = b"") -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(data)
        while again:
            connection.sendall(again)

    return serve


def outside(tmp_path: Path) -> bytes:
    kind = f'<!DOCTYPE x [<!ENTITY f SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    return f"{kind}<Envelope><Body><x>&f;</x></Body></Envelope>".encode()


def problem_at(url: str, *, timeout_s: float = 0.7) -> AskingError:
    async def ask() -> None:
        session = Session(Access(url, "hub", "s3cret"), Exchange(LOOPBACK), SystemClock(), timeout_s=timeout_s)
        await session.service("http://www.onvif.org/ver10/media/wsdl")

    with pytest.raises(AskingError) as caught:
        asyncio.run(ask())
    return caught.value


def drip(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n")
    connection.settimeout(0.05)
    while True:
        connection.sendall(b" ")
        try:
            if not connection.recv(1):
                return
        except TimeoutError:
            continue


@pytest.mark.parametrize(
    ("door", "problem"),
    [
        (whole(LAUGHS), Problem.NOT_A_CAMERA),
        (whole(b"<html><body>Sign in</body></html>"), Problem.NOT_A_CAMERA),
        (whole(b"<Envelope><Body/></Envelope>"), Problem.NOT_A_CAMERA),
        (whole(b"<a>" * 5000), Problem.BROKE),
        (whole(b"<a " + b" ".join(b'b%d="1"' % number for number in range(500)) + b"/>"), Problem.BROKE),
        (whole(b'<?xml version="1.0" encoding="no-such"?><a/>'), Problem.NOT_A_CAMERA),
        (raw(CHUNKED, again=b"10000\r\n" + b"a" * 65_536 + b"\r\n"), Problem.BROKE),
        (raw(HEAD + b"Content-Length: 100000000\r\n\r\n", again=b"a" * 65_536), Problem.BROKE),
        (raw(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b"), Problem.BROKE),
        (raw(b"HTTP/1.1 200 OK\r\n", again=b"X-A: " + b"a" * 1000 + b"\r\n"), Problem.NOT_A_CAMERA),
        (raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 10, again=b"HTTP/1.1 100 Continue\r\n\r\n"), Problem.TIMED_OUT),
        (raw(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"), Problem.REDIRECTED),
        (raw(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), Problem.WRONG_PATH),
        (raw(HEAD + b"Content-Length: 10\r\n\r\n<a"), Problem.NOT_A_CAMERA),
        (raw(b""), Problem.NOT_A_CAMERA),
        (garbage, Problem.NOT_A_CAMERA),
        (silence, Problem.TIMED_OUT),
        (drip, Problem.TIMED_OUT),
    ],
)
def test_a_hostile_answer_ends_in_a_problem(door: Callable[[socket.socket], None], problem: Problem) -> None:
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with listening(door) as port:
        clock = SystemClock()
        begun_s = clock.monotonic_s()
        error = problem_at(f"http://127.0.0.1:{port}/onvif/device_service")
        assert clock.monotonic_s() - begun_s < 3.0
    assert error.problem in (problem, Problem.BROKE if problem is Problem.NOT_A_CAMERA else problem)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 64 * 1024


def test_nothing_outside_of_an_answer_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the hub", encoding="utf-8")
    with pytest.raises(AskingError) as caught:
        parse_xml(outside(tmp_path))
    assert "of the hub" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "https://127.0.0.1:1/"])
def test_a_closed_port_is_one(url: str) -> None:
    assert problem_at(url).problem is Problem.PORT_CLOSED


def test_tls_on_a_port_without_it_is_no_camera() -> None:
    with listening(garbage) as port:
        assert problem_at(f"https://127.0.0.1:{port}/").problem is Problem.NOT_A_CAMERA


@pytest.mark.parametrize("url", ["", "x", "ftp://h/", "http://", "http://h:0/", "http://h:99999/", "http://h/\r\nX: y"])
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(AskingError) as caught:
        Session(Access(url), Exchange(LOOPBACK), SystemClock())
    assert caught.value.problem is Problem.BAD_ADDRESS


PIECES = st.sampled_from(
    [
        "Envelope", "Body", "Profiles", "Configurations", "VideoEncoder", "Resolution", "Width", "Uri", "Preset",
        "PTZStatus", "Position", "PanTilt", "NotificationMessage", "Topic", "Message", "Data", "SimpleItem", "Service",
        "Namespace", "XAddr", "Fault", "Code", "Value", "SubscriptionReference", "Address", "TerminationTime",
        "CurrentTime", "SystemDateAndTime", "UTCDateTime", "Date", "Year", "Time", "ProbeMatches", "ProbeMatch",
    ]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=40), st.sampled_from(["9" * 400, "-1", "NaN", "1e999", "rtsp://[", "http://h:x/"]))
ATTRIBUTES = st.dictionaries(st.sampled_from(["token", "x", "y", "Name", "Value", "UtcTime"]), TEXTS, max_size=3)
NODES = st.recursive(
    st.builds(Node, PIECES, st.just(""), ATTRIBUTES, TEXTS),
    lambda inner: st.builds(Node, PIECES, st.just(""), ATTRIBUTES, TEXTS, st.lists(inner, max_size=4)),
    max_leaves=12,
)


@given(NODES)
def test_every_parser_of_a_tree_takes_whatever_is_in_it(node: Node) -> None:
    lenses(parse_profiles(node))
    parse_information(node)
    parse_system_time(node)
    parse_services(node)
    parse_uri(node)
    parse_presets(node)
    parse_position(node)
    parse_preset_token(node)
    parse_notifications(node)
    assert 5.0 <= parse_life(node, asked_s=60.0) <= 3600.0
    with contextlib.suppress(AskingError):
        parse_subscribed(node, asked_s=60.0)


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_every_parser_of_bytes_ends_in_a_value_or_a_problem(data: bytes) -> None:
    for parse in (parse_xml, parse_answer, parse_reply, lambda data: parse_probe_matches(data, asked="x")):
        try:
            parse(data)
        except AskingError:
            continue
    parse_description(data)
    parse_time(data.decode("utf-8", "replace"))
    challenge = parse_challenge("Digest " + data.decode("utf-8", "replace"))
    if challenge is not None:
        header = authorization(challenge, username="u", password="p", url="http://h/", count=1, client_nonce="c")
        assert "\r" not in header
        assert "\n" not in header


def test_what_a_device_wants_back_goes_back_as_it_was() -> None:
    node = parse_xml(b'<a:Id xmlns:a="urn:x" n="1&amp;2"><b>&lt;7&gt;</b></a:Id>')
    again = parse_xml(xml_of(node).encode())
    assert (again.name, again.space, again.attributes, again.text_of("b")) == ("Id", "urn:x", {"n": "1&2"}, "<7>")
    assert parse_answer(FAULT.replace(b"Fault", b"Fine")).name == "Fine"
