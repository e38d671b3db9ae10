"""Bundle: all files of some evidence as one .zip that is nowhere, put together while it is read.

Files are stored as they are, so the size of the whole and the place of every byte are known beforehand: a broken
download goes on where it stopped, and no more than a piece of one file is ever in memory. Without ZIP64: what is kept
of one incident is bounded far below four gigabytes (`freezing.MOST_BYTES`).
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cameras.errors import MediaGoneError

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_VERSION = 20
_UTF8 = 0x0800
_MADE_BY_UNIX = 3 << 8 | _VERSION
_PLAIN_FILE = 0o100644 << 16
_MOST, _MOST_FILES = 0xFFFF_FFFF, 0xFFFF
_CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Packed:
    """A file in the bundle.

    Attributes:
        name: In the bundle.
        path: Where it lies.
        size_bytes: Its length.
        crc32: Of its content; None has it read once for that.
    """

    name: str
    path: Path
    size_bytes: int
    crc32: int | None = None


class Bundle:
    """The whole. Never changes; may be read by any number of threads.

    Attributes:
        size_bytes: How long it is.
        etag: The same for the same bytes.
    """

    def __init__(self, files: Sequence[Packed], *, made: datetime, tag: str) -> None:
        """Put together.

        Args:
            files: In order.
            made: The time that is written at each.
            tag: What tells this from any other bundle.

        Raises:
            MediaGoneError: A file is not there any more.
            ValueError: It is more than such a file can hold.
        """
        date, time = _dos(made)
        self._pieces: list[tuple[int, bytes | Packed]] = []
        if len(files) > _MOST_FILES or sum(file.size_bytes + 1024 for file in files) > _MOST:
            raise ValueError("more than four gigabytes do not fit into one file")
        central, at = [], 0
        for file in files:
            crc32 = _crc32(file) if file.crc32 is None else file.crc32
            name = file.name.encode()
            numbers = (crc32, file.size_bytes, file.size_bytes)
            local = _LOCAL.pack(b"PK\3\4", _VERSION, _UTF8, 0, time, date, *numbers, len(name), 0) + name
            central.append(
                _CENTRAL.pack(
                    b"PK\1\2", _MADE_BY_UNIX, _VERSION, _UTF8, 0, time, date, *numbers, len(name), 0, 0, 0, 0,
                    _PLAIN_FILE, at,
                ) + name
            )  # fmt: skip
            self._pieces += [(at, local), (at + len(local), file)]
            at += len(local) + file.size_bytes
        index = b"".join(central)
        end = _END.pack(b"PK\5\6", 0, 0, len(files), len(files), len(index), at, 0)
        self._pieces.append((at, index + end))
        self.size_bytes = at + len(index) + len(end)
        digest = hashlib.sha256(f"{tag}\n{self.size_bytes}\n".encode() + index)
        self.etag = f'"{digest.hexdigest()[:24]}"'

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to `end`, not included.

        Raises:
            MediaGoneError: A file is not there any more.
        """
        end = self.size_bytes if end is None else min(end, self.size_bytes)
        for at, piece in self._pieces:
            length = len(piece) if isinstance(piece, bytes) else piece.size_bytes
            first, last = max(start, at) - at, min(end, at + length) - at
            if first >= last:
                continue
            if isinstance(piece, bytes):
                yield piece[first:last]
            else:
                yield from _read(piece, first, last)


def _read(file: Packed, start: int, end: int) -> Iterator[bytes]:
    try:
        with file.path.open("rb") as opened:
            opened.seek(start)
            left = end - start
            while left > 0:
                piece = opened.read(min(_CHUNK_BYTES, left))
                if not piece:
                    raise MediaGoneError(f"{file.name} is shorter than it was")
                left -= len(piece)
                yield piece
    except OSError as error:
        raise MediaGoneError(f"{file.name} cannot be read any more: {error.strerror}") from error


def _crc32(file: Packed) -> int:
    found = 0
    for piece in _read(file, 0, file.size_bytes):
        found = zlib.crc32(piece, found)
    return found


def _dos(moment: datetime) -> tuple[int, int]:
    """Date and time as MS-DOS wrote them, to two seconds."""
    date = (moment.year - 1980) << 9 | moment.month << 5 | moment.day
    return date, moment.hour << 11 | moment.minute << 5 | moment.second // 2
