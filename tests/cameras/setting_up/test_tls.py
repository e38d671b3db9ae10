"""A device whose certificate nobody vouches for is told as that, and its user is not proved to it."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cameras.reaching import Problem
from cameras.setting_up.__main__ import answer_to
from cameras.setting_up.words import Failed, Probe
from hub.clock import SystemClock
from tests.fakes.doors import listening


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "camera")])
    now = SystemClock().now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "camera.pem"
    form = serialization.Encoding.PEM
    secret = key.private_bytes(form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + made.public_bytes(form))
    return path


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
