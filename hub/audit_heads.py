"""Heads: what the audit log ended with, signed, a line each in a small file of which anybody may keep a copy.

A head that was kept elsewhere shows that the log was cut off after it, or made anew. Each line is JSON with the public
half of the key, so that it can be checked alone; a line that a power cut tore is taken off before the next is written.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hub.audit import Head

FILE = "audit-heads.jsonl"
"""In the data folder."""
LONGEST_LINE = 2048
_HASH_BYTES = 32


class Signer(Protocol):
    """Half of a key pair that signs."""

    @property
    def public(self) -> bytes:
        """32 bytes of Ed25519."""

    def sign(self, content: bytes) -> bytes:
        """64 bytes."""


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head with what vouches for it."""

    head: Head
    public: bytes
    signature: bytes


class HeadFile:
    """The file that heads are written to. One writer."""

    def __init__(self, path: Path, signer: Signer) -> None:
        """Write to `path`, signed by `signer`."""
        self._path = path
        self._signer = signer

    def keep(self, head: Head) -> None:
        """Sign a head and write it down for good.

        Raises:
            OSError: It cannot be written.
        """
        line = line_of(SignedHead(head, self._signer.public, self._signer.sign(head.signed_bytes())))
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            file.seek(_whole(file.read()))
            file.truncate()
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


def line_of(signed: SignedHead) -> bytes:
    """A head as its line."""
    body = {
        "number": signed.head.number,
        "hash": signed.head.hash.hex(),
        "at": signed.head.at,
        "key": base64.b64encode(signed.public).decode(),
        "signature": base64.b64encode(signed.signature).decode(),
    }
    return json.dumps(body, separators=(",", ":")).encode() + b"\n"


def read_heads(lines: Iterable[bytes]) -> Iterator[tuple[int, SignedHead | None]]:
    """The heads of a file with the numbers of their lines; None for a line that is none.

    A last line without its end is left out: the power went while it was written.
    """
    for number, line in enumerate(lines, 1):
        if line.endswith(b"\n"):
            yield number, _head(line)


def _whole(content: bytes) -> int:
    """Where the last whole line ends."""
    return content.rfind(b"\n") + 1


def _head(line: bytes) -> SignedHead | None:
    try:
        body = json.loads(line[:LONGEST_LINE])
        number, at = body["number"], body["at"]
        hashed = bytes.fromhex(body["hash"])
        public, signature = (base64.b64decode(body[name], validate=True) for name in ("key", "signature"))
    except (ValueError, KeyError, TypeError, binascii.Error):
        return None
    if not isinstance(number, int) or number < 1 or not isinstance(at, str) or len(hashed) != _HASH_BYTES:
        return None
    return SignedHead(Head(number, hashed, at), public, signature)
