"""Closings: the tidy end of a file, by which it is known whole and its fragments are found at once.

Our own `uuid` box tells all fragments and why the file ended; the `mfra` behind it is the table by which players seek.
Both are found from behind. Works in any process, without PyAV.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

from cameras.errors import DamagedFileError
from cameras.recordings.media import VIDEO_TICKS, Because, Mark
from cameras.recordings.mp4.boxes import HEADER_BYTES, box, full_box, values
from cameras.recordings.mp4.header import VIDEO_TRACK, words_of
from cameras.recordings.mp4.packed import pack, unpack

CLOSING_UUID = UUID("6b1d9c0e-5a1c-4a6f-9f57-0f3f5c1f2a02").bytes

_TICKS_PER_MS = VIDEO_TICKS // 1000
_MOST_CLOSING_BYTES = 1 << 22
_MFRO_BYTES = 16


@dataclass(frozen=True, slots=True)
class Closing:
    """What a file says of itself at its tidy end.

    Attributes:
        drift_ms: How much longer it took by the hub's clock than by the stream's own; None where nobody measured it.
        because: Why it ended.
    """

    drift_ms: int | None
    because: Because


def closing_bytes(marks: Sequence[Mark], *, drift_ms: int | None, because: Because) -> bytes:
    """What ends a file tidily: all its marks for us, and the table by which players seek (`mfra`).

    Args:
        marks: All fragments of the file.
        drift_ms: How much longer it took by the hub's clock than by the stream's own; None where nobody measured it.
        because: Why it ends.
    """
    words = json.dumps({"version": 1, "drift_ms": drift_ms, "because": str(because)}, separators=(",", ":")).encode()
    packed = pack(marks)
    # Its own length stands at its end too, so that it is found from behind.
    length = HEADER_BYTES + 16 + 2 + len(words) + len(packed) + 4
    ours = box(b"uuid", CLOSING_UUID, struct.pack(">H", len(words)), words, packed, struct.pack(">I", length))
    keys = [mark for mark in marks if mark.is_key]
    entries = [struct.pack(">QQBBB", max(0, mark.at_ms) * _TICKS_PER_MS, mark.offset, 1, 1, 1) for mark in keys]
    tfra = full_box(b"tfra", 1 << 24, struct.pack(">III", VIDEO_TRACK, 0, len(entries)), *entries)
    mfra_bytes = HEADER_BYTES + len(tfra) + _MFRO_BYTES
    return ours + box(b"mfra", tfra, full_box(b"mfro", 0, struct.pack(">I", mfra_bytes)))


def read_closing(file: BinaryIO) -> tuple[Closing, tuple[Mark, ...]] | None:
    """What a file says of itself at its end, None where it was never closed.

    Args:
        file: Opened for reading; its position is moved.
    """
    try:
        return _closing(file, os.fstat(file.fileno()).st_size)
    except DamagedFileError:
        return None


def _closing(file: BinaryIO, size: int) -> tuple[Closing, tuple[Mark, ...]]:
    length, kind, _, mfra_bytes = values(">I4sII", read_at(file, size - _MFRO_BYTES, _MFRO_BYTES), 0)
    ends = size - mfra_bytes
    (ours_bytes,) = values(">I", read_at(file, ends - 4, 4), 0)
    if length != _MFRO_BYTES or kind != b"mfro" or ours_bytes > _MOST_CLOSING_BYTES:
        raise DamagedFileError("it was not closed")
    ours = read_at(file, ends - ours_bytes, ours_bytes)
    said, kind, uuid, words_bytes = values(">I4s16sH", ours, 0)
    if (said, kind, uuid) != (ours_bytes, b"uuid", CLOSING_UUID):
        raise DamagedFileError("it was not closed by this program")
    begins = HEADER_BYTES + 16 + 2
    words = words_of(ours[begins : begins + words_bytes])
    marks = unpack(ours[begins + words_bytes : -4])
    drift_ms = words.get("drift_ms")
    if not isinstance(drift_ms, int | None) or words.get("because") not in set(Because):
        raise DamagedFileError("its closing says nothing that is understood")
    if marks and marks[-1].offset + marks[-1].size_bytes != ends - ours_bytes:
        raise DamagedFileError("its closing is of another file")
    return Closing(drift_ms, Because(str(words["because"]))), marks


def read_at(file: BinaryIO, at: int, size: int) -> bytes:
    """What stands in a file from `at`, at most `size` bytes; nothing where that is before its beginning."""
    if at < 0:
        return b""
    file.seek(at)
    data = file.read(size)
    while len(data) < size:
        more = file.read(size - len(data))
        if not more:
            break
        data += more
    return data
