"""A stream over TLS is opened only from who proves to be the device, unless its settings say that any will do."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cameras.errors import SourceError, SourceProblem
from cameras.streams.certificates import tls_options
from cameras.streams.sources import Sources
from config.community import Stream
from hub.clock import SystemClock
from hub.networks import Allowed
from tests.fakes.certificates import self_signed
from tests.fakes.doors import listening


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def door(certificate: Path) -> Iterator[tuple[int, list[bytes]]]:
    """A server behind that certificate, and what it was told."""
    heard: list[bytes] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            if said := secured.recv(65_536):
                heard.append(said)

    with listening(serve) as number:
        yield number, heard


def opened(url: str, *, insecure: bool = False) -> SourceProblem:
    stream = Stream.model_validate({"url": url, "username": "hub", "password": "s3cret", "insecure": insecure})
    source = Sources(SystemClock(), Allowed.of(("loopback",))).make(stream, stopping=threading.Event())
    try:
        with pytest.raises(SourceError) as caught:
            source.open()
    finally:
        source.close()
    return caught.value.reason


@pytest.mark.parametrize("scheme", ["rtsps", "https"])
def test_nothing_is_said_to_a_device_for_which_nobody_vouches(door: tuple[int, list[bytes]], scheme: str) -> None:
    port, heard = door
    assert opened(f"{scheme}://127.0.0.1:{port}/x") is SourceProblem.UNTRUSTED
    assert heard == []


@pytest.mark.parametrize("scheme", ["rtsps", "https"])
def test_what_says_insecure_is_opened_all_the_same(door: tuple[int, list[bytes]], scheme: str) -> None:
    port, heard = door
    assert opened(f"{scheme}://127.0.0.1:{port}/x", insecure=True) is not SourceProblem.UNTRUSTED
    assert heard, "the camera was asked"


@pytest.mark.parametrize("scheme", ["rtsps", "https"])
def test_a_certificate_that_the_system_trusts_is_taken(
    door: tuple[int, list[bytes]], scheme: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    port, heard = door
    assert opened(f"{scheme}://127.0.0.1:{port}/x") is not SourceProblem.UNTRUSTED
    assert heard, "the camera was asked"


def test_streams_without_tls_are_told_nothing_of_it() -> None:
    assert tls_options(Stream(url="rtsp://192.0.2.1/x")) == {}
    assert tls_options(Stream(url="rtsps://192.0.2.1/x"))["verifyhost"] == "192.0.2.1"
