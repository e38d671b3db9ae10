"""A device whose certificate nobody vouches for is told as that, and its user is not proved to it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from cameras.reaching import Problem
from cameras.setting_up.__main__ import answer_to
from cameras.setting_up.words import Failed, Probe
from hub.clock import SystemClock
from tests.fakes.certificates import self_signed
from tests.fakes.doors import listening


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def port(certificate: Path) -> Iterator[tuple[int, list[bytes]]]:
    """A server behind that certificate, and what it was told."""
    heard: list[bytes] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            heard.append(secured.recv(65_536))

    with listening(serve) as number:
        yield number, heard


@pytest.mark.parametrize("address", ["rtsps://127.0.0.1:{}/x", "https://127.0.0.1:{}/onvif/device_service"])
def test_a_certificate_that_nobody_vouches_for_is_told(port: tuple[int, list[bytes]], address: str) -> None:
    number, heard = port
    probe = Probe(address.format(number), "hub", "s3cret", allowed=("loopback",))
    answer = answer_to(probe, SystemClock(), lambda _progress: None)
    assert isinstance(answer, Failed)
    assert answer.problem is Problem.TLS_UNTRUSTED
    assert not any(heard)


def test_what_its_settings_call_insecure_is_looked_at_as_the_worker_opens_it(port: tuple[int, list[bytes]]) -> None:
    number, heard = port
    probe = Probe(f"rtsps://127.0.0.1:{number}/x", "hub", "s3cret", allowed=("loopback",), insecure=True)
    answer = answer_to(probe, SystemClock(), lambda _progress: None)
    assert isinstance(answer, Failed)
    assert answer.problem is not Problem.TLS_UNTRUSTED
    assert any(heard)
