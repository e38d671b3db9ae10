"""Signing: the hub's key for evidence, Ed25519, and what a signature is worth.

The key is made at the first start and never leaves its file, which only the hub's user may read. A signature is the 64
bytes of RFC 8032 over a manifest as it stands in its file, so any tool that knows Ed25519 can check it.
"""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from hub.errors import HubError

SIGNATURE_BYTES = 64
PUBLIC_BYTES = 32
_FILE = "evidence-key.pem"
_MOST_BYTES = 4096


class KeyFileError(HubError):
    """A key that cannot be read, or that others could have read."""


def fingerprint_of(public: bytes) -> str:
    """What people compare: `SHA256:` and 43 characters, of the 32 bytes of a public key."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(public).digest()).decode().rstrip("=")


def pem_of(public: bytes) -> bytes:
    """A public key as other tools read it."""
    key = Ed25519PublicKey.from_public_bytes(public)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def public_of(pem: bytes) -> bytes:
    """The 32 bytes of a public key in a PEM file.

    Raises:
        KeyFileError: It is none of Ed25519.
    """
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError("this is no public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError("this is no key of Ed25519")
    return key.public_bytes_raw()


def is_signed(public: bytes, signature: bytes, content: bytes) -> bool:
    """Whether whoever has the other half of a key signed exactly this."""
    if len(signature) != SIGNATURE_BYTES or len(public) != PUBLIC_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


class SigningKey:
    """The hub's key. `key_of` makes or reads it."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key().public_bytes_raw()
        """32 bytes."""
        self.fingerprint = fingerprint_of(self.public)
        self.pem = pem_of(self.public)
        """The public half as other tools read it."""

    def sign(self, content: bytes) -> bytes:
        """The signature, 64 bytes."""
        return self._key.sign(content)


def key_of(data: Path, *, make: bool = True) -> SigningKey:
    """The key of the hub with this data folder; made at the first call, with mode 0600.

    Args:
        data: The data folder.
        make: Whether one is made where there is none.

    Raises:
        KeyFileError: There is none, the file is no key, or others than its owner may read it.
        OSError: It cannot be read or written.
    """
    path = data / _FILE
    if not path.exists():
        if not make:
            raise KeyFileError(f"{path}: there is no key yet; the hub makes it at its first start")
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path)
    if path.stat().st_mode & 0o077:
        raise KeyFileError(f"{path}: others could read this key and sign in the hub's name; chmod 600, or remove it")
    with path.open("rb") as file:
        pem = file.read(_MOST_BYTES)
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError(
            f"{path}: this is no private key; restore it, or remove it and have a new one made"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path}: this is no key of Ed25519")
    return SigningKey(key)


def _make(path: Path) -> None:
    """Write a new key; of two that do so at once one wins, and both read that one."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)
        except FileExistsError:
            return
    finally:
        part.unlink(missing_ok=True)
