"""Sealing: a stream of bytes encrypted with a passphrase, so that a cut or a changed byte is told and nothing is read.

scrypt makes a key of the passphrase; pieces of 1 MiB are encrypted by AES-256-GCM, each with its number and whether it
is the last in its nonce, and the head of the file as its associated data. So pieces cannot be left out, changed round
or cut off, and the whole never needs to be in memory.
"""

from __future__ import annotations

import json
import os
import struct
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from hub.errors import HubError

MAGIC = b"HUBBACKUP1\n"
PIECE_BYTES = 1024 * 1024
_TAG_BYTES = 16
_MOST_HEAD_BYTES = 4096
_MOST_COST = 2**20
_COST, _BLOCK, _LANES = 2**16, 8, 1
"""64 MiB and a fifth of a second for each guess."""


class BackupError(HubError):
    """A backup that cannot be made, or a file that is none, was cut or changed, or another passphrase's."""


class Sealing:
    """Takes bytes and writes them encrypted; `close` writes the last piece and leaves the file open."""

    def __init__(self, out: IO[bytes], passphrase: str) -> None:
        """Write the head.

        Raises:
            OSError: It cannot be written.
        """
        salt, self._prefix = os.urandom(16), os.urandom(7)
        head = {"kdf": "scrypt", "n": _COST, "r": _BLOCK, "p": _LANES, "salt": salt.hex(), "nonce": self._prefix.hex()}
        self._head = MAGIC + json.dumps(head).encode() + b"\n"
        self._key = AESGCM(_key_of(passphrase, salt, (_COST, _BLOCK, _LANES)))
        self._out = out
        self._pending = bytearray()
        self._number = 0
        out.write(self._head)

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Take bytes; a whole piece is written when it is known that more follows."""
        self._pending += data
        while len(self._pending) > PIECE_BYTES:
            self._write_piece(bytes(self._pending[:PIECE_BYTES]), is_last=False)
            del self._pending[:PIECE_BYTES]
        return len(data)

    def flush(self) -> None:
        """Nothing to do: pieces are written when they are whole."""

    def close(self) -> None:
        """Write the last piece."""
        self._write_piece(bytes(self._pending), is_last=True)
        self._pending.clear()

    def _write_piece(self, piece: bytes, *, is_last: bool) -> None:
        self._out.write(self._key.encrypt(_nonce(self._prefix, self._number, is_last=is_last), piece, self._head))
        self._number += 1


def is_sealed(begin: bytes) -> bool:
    """Whether a file that begins so is encrypted."""
    return begin.startswith(MAGIC)


def unseal(sealed: IO[bytes], out: IO[bytes], passphrase: str) -> None:
    """Write in clear what was sealed, from its beginning.

    Raises:
        BackupError: Another passphrase's, cut, or changed; what was written by then is not to be used.
    """
    head = sealed.readline(_MOST_HEAD_BYTES) + sealed.readline(_MOST_HEAD_BYTES)
    try:
        said = json.loads(head[len(MAGIC) :])
        salt, prefix = bytes.fromhex(said["salt"]), bytes.fromhex(said["nonce"])
        cost, block, lanes = int(said["n"]), int(said["r"]), int(said["p"])
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError("the head of the file cannot be read: it was cut or changed") from error
    if said.get("kdf") != "scrypt" or cost > _MOST_COST or block > _BLOCK or lanes > _LANES or len(prefix) != 7:  # noqa: PLR2004 - a nonce less number and mark
        raise BackupError("the head of the file asks for what no hub writes: it was changed")
    try:
        key = AESGCM(_key_of(passphrase, salt, (cost, block, lanes)))
    except ValueError as error:
        raise BackupError("the head of the file asks for what no hub writes: it was changed") from error
    number = 0
    piece = sealed.read(PIECE_BYTES + _TAG_BYTES)
    while True:
        following = sealed.read(PIECE_BYTES + _TAG_BYTES)
        try:
            out.write(key.decrypt(_nonce(prefix, number, is_last=not following), piece, head))
        except (InvalidTag, ValueError) as error:
            raise BackupError(_why(number)) from error
        if not following:
            return
        piece, number = following, number + 1


def _why(number: int) -> str:
    if number == 0:
        return "the passphrase is another one, or the file was changed"
    return f"the file was cut or changed, after {number} MiB"


def _key_of(passphrase: str, salt: bytes, costs: tuple[int, int, int]) -> bytes:
    cost, block, lanes = costs
    return Scrypt(salt=salt, length=32, n=cost, r=block, p=lanes).derive(passphrase.encode())


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    return prefix + struct.pack(">IB", number, is_last)
