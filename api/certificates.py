"""Certificates: what the API is encrypted with, given or the hub's own, and changed without dropping a connection.

The hub's own is made at the first start and again before it runs out, valid for 397 days, which is what browsers take.
New handshakes use what was read last; a pair that cannot be used is told in the log and leaves the old one in force.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import logging
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from config.hardening import Tls
from config.machine import Machine
from hub.clock import Clock
from hub.errors import ConfigurationError, Mistake

logger = logging.getLogger(__name__)

_VALID = dt.timedelta(days=397)
_RENEW_BEFORE = dt.timedelta(days=30)
_BACKDATED = dt.timedelta(hours=1)  # clocks of phones that are a little behind
_LOOK_EVERY_S = 30.0


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is shown to who connects.

    Attributes:
        fingerprint: SHA-256 of it, as browsers show it.
        names: Names and addresses it holds for.
        ends: Until when, UTC.
        is_own: Whether the hub made it.
    """

    fingerprint: str
    names: tuple[str, ...]
    ends: dt.datetime
    is_own: bool


class Certificates:
    """The certificate in force. `start` and `stop` once; the rest from any thread."""

    def __init__(self, tls: Tls, machine: Machine, clock: Clock) -> None:
        """Read the files, or make a certificate.

        Raises:
            ConfigurationError: The files cannot be used.
        """
        self._tls = tls
        self._machine = machine
        self._clock = clock
        folder = machine.data / "tls"
        self._files = (tls.certificate or folder / "hub.pem", tls.key or folder / "hub.key")
        self.context = _context()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="certificates", daemon=True)
        self._seen: tuple[object, ...] = ()
        if tls.self_signed:
            self._make_if_due()
        self.current = self._load()

    def start(self) -> None:
        """Look from time to time whether there is a newer one."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def reload(self) -> bool:
        """Use what the files hold now; whether they could be used, else the old one stays."""
        try:
            if self._tls.self_signed:
                self._make_if_due()
            self.current = self._load()
        except ConfigurationError as error:
            logger.error("the certificate cannot be used, the old one stays", extra={"detail": str(error)})  # noqa: TRY400
            self._seen = _times(self._files)
            return False
        logger.info("certificate in force", extra={"sha256": self.current.fingerprint, "ends": self.current.ends})
        return True

    def _watch(self) -> None:
        while not self._clock.wait(self._stopping, _LOOK_EVERY_S):
            due = self._tls.self_signed and self._clock.now() >= self.current.ends - _RENEW_BEFORE
            if due or _times(self._files) != self._seen:
                self.reload()

    def _load(self) -> Certificate:
        seen = _times(self._files)
        certificate, key = self._files
        try:
            # Into a context of its own first: half a pair would leave the one in force without a key.
            _context().load_cert_chain(certificate, key, password=_no_password)
            found = _read(certificate, is_own=self._tls.self_signed)
            self.context.load_cert_chain(certificate, key, password=_no_password)
        except (OSError, ValueError, ssl.SSLError) as error:
            reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or str(error)
            message = f"{certificate} and {key} cannot be used: {reason}; give a PEM certificate and its unlocked key"
            raise ConfigurationError((Mistake(None, "http.tls", message),)) from error
        self._seen = seen
        return found

    def _make_if_due(self) -> None:
        certificate, key = self._files
        wanted = set(own_names(self._machine))
        with suppress(OSError, ValueError):
            there = _read(certificate, is_own=True)
            if self._clock.now() < there.ends - _RENEW_BEFORE and wanted <= set(there.names) and key.exists():
                return
        certificate.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        private = ec.generate_private_key(ec.SECP256R1())
        signed = _signed(private, sorted(wanted), self._clock.now())
        _write(
            key,
            private.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )
        _write(certificate, signed.public_bytes(serialization.Encoding.PEM))
        logger.info("the hub made itself a certificate", extra={"names": ", ".join(sorted(wanted))})


def own_names(machine: Machine) -> Iterator[str]:
    """What the hub's own certificate has to hold for: names and addresses of this machine, and those that are set."""
    yield from ("localhost", "127.0.0.1", "::1")
    name = socket.gethostname()
    if name and _is_name(name):
        yield name
        if "." not in name:
            yield f"{name}.local"
    if machine.http.host not in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound
        yield machine.http.host
    if machine.http.tls is not None:
        yield from machine.http.tls.names
    yield from _addresses()


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


def _read(path: Path, *, is_own: bool) -> Certificate:
    found = x509.load_pem_x509_certificates(path.read_bytes())[0]
    names: tuple[str, ...] = ()
    with suppress(x509.ExtensionNotFound):
        held = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        addresses = (str(address) for address in held.get_values_for_type(x509.IPAddress))
        names = (*held.get_values_for_type(x509.DNSName), *addresses)
    digest = hashlib.sha256(found.public_bytes(serialization.Encoding.DER)).hexdigest().upper()
    fingerprint = ":".join(digest[place : place + 2] for place in range(0, len(digest), 2))
    return Certificate(fingerprint, names, found.not_valid_after_utc, is_own)


def certificate_there(machine: Machine) -> Certificate | None:
    """The certificate that a hub with these settings shows; None without TLS, or before its first start."""
    tls = machine.http.tls
    if tls is None:
        return None
    try:
        return _read(tls.certificate or machine.data / "tls" / "hub.pem", is_own=tls.self_signed)
    except (OSError, ValueError):
        return None


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")  # of TLS 1.2; those of 1.3 are all good
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    return context


def _no_password() -> str:
    raise ValueError("the key is locked with a password")  # without this OpenSSL asks on the terminal


def _times(files: tuple[Path, ...]) -> tuple[object, ...]:
    found: list[object] = []
    for file in files:
        try:
            there = file.stat()
        except OSError:
            found.append(None)
        else:
            found.append((there.st_ino, there.st_mtime_ns, there.st_size))
    return tuple(found)


def _write(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)
    draft.replace(path)
