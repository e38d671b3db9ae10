"""Own certificate: a key and what is signed with it, made by the hub for itself and written to last.

Key and certificate are two files, replaced one after the other: whoever reads them has to bear a pair that does not
fit, after a power cut between them, and makes another one then. Nothing is readable for others, drafts neither.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from config.machine import Machine

_VALID = dt.timedelta(days=397)
_BACKDATED = dt.timedelta(hours=1)  # clocks of phones that are a little behind


def make_pair(certificate: Path, key: Path, *, names: set[str], now: dt.datetime) -> None:
    """Make a key and a certificate for `names`, in place of what there is.

    Raises:
        OSError: They cannot be written.
        ValueError: One of `names` is none.
    """
    certificate.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = ec.generate_private_key(ec.SECP256R1())
    signed = _signed(private, sorted(names), now)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    _write(key, private.private_bytes(encoding, form, serialization.NoEncryption()))
    _write(certificate, signed.public_bytes(encoding))


def own_names(machine: Machine) -> Iterator[str]:
    """What a new certificate holds for: names and addresses of this machine, and those that are set."""
    name = socket.gethostname()
    if name and _is_name(name):
        yield name
        if "." not in name:
            yield f"{name}.local"
    yield from set_names(machine)
    yield from _addresses()


def set_names(machine: Machine) -> Iterator[str]:
    """What it has to hold for, as the settings say; other names come and go with the network."""
    yield from ("localhost", "127.0.0.1", "::1")
    if machine.http.host not in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound
        yield _one_form(machine.http.host)
    if machine.http.tls is not None:
        yield from (_one_form(name) for name in machine.http.tls.names)


def _one_form(name: str) -> str:
    """As it is read back from a certificate."""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name


def _addresses() -> Iterator[str]:
    """The addresses by which others would reach this machine; nothing is sent to find out."""
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))
            yield str(probe.getsockname()[0])


def _is_name(name: str) -> bool:
    return name.isascii() and all(part and part.replace("-", "").isalnum() for part in name.split("."))


def _signed(private: ec.EllipticCurvePrivateKey, names: list[str], now: dt.datetime) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "community hub")])
    purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now - _BACKDATED + _VALID)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(purposes, critical=False)
        .sign(private, hashes.SHA256())
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
