"""Sealing: a stream of bytes encrypted with a passphrase, so that a cut or a changed byte is told and nothing is read.

scrypt makes a key of the passphrase; pieces of 1 MiB are encrypted by AES-256-GCM, each with its number and whether it
is the last in its nonce, and the head of the file as its associated data. So pieces cannot be left out, changed round
or cut off, and the whole never needs to be in memory.
"""

from __future__ import annotations

import errno
import io
import json
import os
import struct
from typing import IO, Annotated, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import Buffer

from hub.errors import HubError

MAGIC = b"HUBBACKUP1\n"
PIECE_BYTES = 1024 * 1024
_TAG_BYTES = 16
_SEALED_BYTES = PIECE_BYTES + _TAG_BYTES
_MOST_HEAD_BYTES = 4096
_COST, _BLOCK, _LANES = 2**16, 8, 1
"""64 MiB and a fifth of a second for each guess."""


class BackupError(HubError):
    """A backup that cannot be made, or a file that is none, was cut or changed, or another passphrase's."""


class _Head(BaseModel):
    """What stands readable at the beginning: how the key is made of the passphrase."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kdf: Literal["scrypt"]
    n: Literal[16384, 32768, 65536, 131072, 262144]
    r: Literal[8]
    p: Literal[1]
    salt: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    nonce: Annotated[str, Field(pattern=r"^[0-9a-f]{14}$")]


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


class Unsealed(io.RawIOBase):
    """What was sealed, in clear, read from anywhere in it; nothing of it is written down."""

    def __init__(self, sealed: IO[bytes], passphrase: str) -> None:
        """Read the head and the first piece of a file.

        Raises:
            BackupError: Another passphrase's, cut, or changed.
        """
        super().__init__()
        self._sealed = sealed
        sealed.seek(0)
        self._head = sealed.readline(len(MAGIC)) + sealed.readline(_MOST_HEAD_BYTES)
        try:
            said = _Head.model_validate_json(self._head[len(MAGIC) :])
            self._key = AESGCM(_key_of(passphrase, bytes.fromhex(said.salt), (said.n, said.r, said.p)))
        except (ValueError, MemoryError) as error:
            raise BackupError("the head of the file is none that a hub writes: it was cut or changed") from error
        self._prefix = bytes.fromhex(said.nonce)
        length = sealed.seek(0, os.SEEK_END) - len(self._head)
        self._pieces = max(1, -(-length // _SEALED_BYTES))
        self._length = max(0, length - self._pieces * _TAG_BYTES)
        self._at = 0
        self._number, self._piece = 0, self._decrypted(0)

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Read on from there."""
        begin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._length}[whence]
        if begin + offset < 0:
            raise OSError(errno.EINVAL, "nothing is before the beginning")
        self._at = begin + offset
        return self._at

    def readinto(self, buffer: Buffer) -> int:
        """Read some bytes.

        Raises:
            BackupError: The piece that they are in was cut or changed.
        """
        number, begin = divmod(self._at, PIECE_BYTES)
        if self._at >= self._length:
            return 0
        if number != self._number:
            self._number, self._piece = number, self._decrypted(number)
        into = memoryview(buffer).cast("B")
        some = self._piece[begin : begin + len(into)]
        into[: len(some)] = some
        self._at += len(some)
        return len(some)

    def _decrypted(self, number: int) -> bytes:
        self._sealed.seek(len(self._head) + number * _SEALED_BYTES)
        piece = self._sealed.read(_SEALED_BYTES)
        is_last = number == self._pieces - 1
        try:
            return self._key.decrypt(_nonce(self._prefix, number, is_last=is_last), piece, self._head)
        except (InvalidTag, ValueError) as error:
            raise BackupError(_why(number)) from error


def _why(number: int) -> str:
    if number == 0:
        return "the passphrase is another one, or the file was cut or changed"
    return f"the file was cut or changed, after {number} MiB"


def _key_of(passphrase: str, salt: bytes, costs: tuple[int, int, int]) -> bytes:
    cost, block, lanes = costs
    return Scrypt(salt=salt, length=32, n=cost, r=block, p=lanes).derive(passphrase.encode())


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    return prefix + struct.pack(">IB", number, is_last)
