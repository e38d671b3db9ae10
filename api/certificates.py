"""Certificates: what the API is encrypted with, given or the hub's own, and changed without dropping a connection.

The hub's own is made at the first start, and again before it runs out, when a name is set that it does not hold for, or
when it cannot be used: people compare its fingerprint, so it changes for nothing else.
New handshakes use what was read last; a pair that cannot be used is told in the log and leaves the old one in force.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from api.own_certificate import make_pair, own_names, set_names
from config.hardening import Tls
from config.machine import Machine
from config.says import in_english
from hub.clock import EARLIEST, Clock
from hub.errors import ConfigurationError, Mistake

logger = logging.getLogger(__name__)

_RENEW_BEFORE = dt.timedelta(days=30)
_WARN_BEFORE = dt.timedelta(days=21)
_LOOK_EVERY_S = 30.0


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is shown to who connects.

    Attributes:
        fingerprint: SHA-256 of it, as browsers show it.
        names: Names and addresses it holds for.
        begins: From when, UTC.
        ends: Until when, UTC.
        is_own: Whether the hub made it.
    """

    fingerprint: str
    names: tuple[str, ...]
    begins: dt.datetime
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
        self._trouble = ""
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
        failed = False
        while not self._clock.wait(self._stopping, _LOOK_EVERY_S):
            try:
                self._look()
                failed = False
            except Exception:
                if not failed:
                    logger.exception("the certificate could not be looked at, the old one stays")
                failed = True

    def _look(self) -> None:
        now = self._clock.now()
        is_due = self._tls.self_signed and (_runs_out(self.current, now) or EARLIEST <= now < self.current.begins)
        if is_due:
            self._make_if_due()
        if _times(self._files) != self._seen:
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
            raise ConfigurationError((Mistake(None, "http.tls", in_english(message)),)) from error
        self._seen = seen
        return found

    def _make_if_due(self) -> None:
        """Make the hub's own pair, where there is none that does; what cannot be written leaves the one there is.

        Raises:
            ConfigurationError: There is none, and none can be made.
        """
        why = self._why_due()
        if why is None:
            self._trouble = ""
            return
        certificate, key = self._files
        names = set(own_names(self._machine))
        try:
            make_pair(certificate, key, names=names, now=self._clock.now())
        except ValueError as error:
            raise ConfigurationError(
                (Mistake(None, "http.tls.names", in_english(f"cannot stand in a certificate: {error}")),)
            ) from error
        except OSError as error:
            words = f"a certificate cannot be written to {certificate.parent}: {error.strerror or error}"
            if self._own() is None:
                raise ConfigurationError(
                    (Mistake(None, "http.tls", in_english(f"{words}; make room, or mend the folder")),)
                ) from error
            if words != self._trouble:
                self._trouble = words
                logger.error("no new certificate, the old one stays", extra={"detail": words, "reason": why})  # noqa: TRY400
            return
        self._trouble = ""
        logger.info("the hub made itself a certificate", extra={"names": ", ".join(sorted(names)), "reason": why})

    def _why_due(self) -> str | None:
        """Why the hub's own certificate has to be made, in a word; None when it does."""
        there, now = self._own(), self._clock.now()
        if there is None:
            return "there is none that can be used"
        if not set(set_names(self._machine)) <= set(there.names):
            return "a name is set that it does not hold for"
        if now < EARLIEST:
            return None  # a clock that was not set yet says nothing about a certificate
        return "it begins later than now" if now < there.begins else "it runs out" if _runs_out(there, now) else None

    def _own(self) -> Certificate | None:
        """The hub's own; None where its files are not there or do not fit: a power cut may come between them."""
        certificate, key = self._files
        try:
            _context().load_cert_chain(certificate, key, password=_no_password)
            return _read(certificate, is_own=True)
        except (OSError, ValueError):
            return None


def _runs_out(certificate: Certificate, now: dt.datetime) -> bool:
    return now >= certificate.ends - _RENEW_BEFORE


def _read(path: Path, *, is_own: bool) -> Certificate:
    found = x509.load_pem_x509_certificates(path.read_bytes())[0]
    names: tuple[str, ...] = ()
    with suppress(x509.ExtensionNotFound):
        held = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        addresses = (str(address) for address in held.get_values_for_type(x509.IPAddress))
        names = (*held.get_values_for_type(x509.DNSName), *addresses)
    digest = hashlib.sha256(found.public_bytes(serialization.Encoding.DER)).hexdigest().upper()
    fingerprint = ":".join(digest[place : place + 2] for place in range(0, len(digest), 2))
    return Certificate(fingerprint, names, found.not_valid_before_utc, found.not_valid_after_utc, is_own)


def certificate_there(machine: Machine) -> Certificate | None:
    """The certificate that a hub with these settings shows; None without TLS, or before its first start."""
    tls = machine.http.tls
    if tls is None:
        return None
    try:
        return _read(tls.certificate or machine.data / "tls" / "hub.pem", is_own=tls.self_signed)
    except (OSError, ValueError):
        return None


def certificate_warnings(machine: Machine, now: dt.datetime) -> tuple[str, ...]:
    """What is wrong with that certificate, in words."""
    found = certificate_there(machine)
    if found is None or now < found.ends - _WARN_BEFORE:
        return ()
    what = (
        "the hub's own certificate"
        if found.is_own
        else f"the certificate {machine.http.tls and machine.http.tls.certificate}"
    )
    remedy = "look for `certificate` in the log" if found.is_own else "put a new one in its place"
    word = "ended" if now >= found.ends else "ends"
    return (f"{what} {word} on {found.ends:%Y-%m-%d %H:%M} UTC, and then browsers refuse the hub; {remedy}",)


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
