"""Boxes: the grain of an MP4 file (ISO/IEC 14496-12), made and read with nothing but `struct`.

Reading takes any bytes whatever: lengths are held against what is there before anything is taken, nothing recurses, and
all that can go wrong is a DamagedFileError.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from cameras.errors import DamagedFileError

_HEADER = struct.Struct(">I4s")

HEADER_BYTES = 8
"""Length and kind; what this program writes is never so long that its length needs more."""

_MOST_CHILDREN = 64
"""In one box. This program writes six at most; a hostile file could hold a hundred thousand empty ones."""


class Box(NamedTuple):
    """Where a box lies in the bytes it was found in.

    Attributes:
        kind: Four characters.
        start: Of its header.
        body: Behind its header.
        end: Behind it.
    """

    kind: bytes
    start: int
    body: int
    end: int


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box that holds `parts`."""
    return _HEADER.pack(HEADER_BYTES + sum(map(len, parts)), kind) + b"".join(parts)


def full_box(kind: bytes, version_and_flags: int, *parts: bytes) -> bytes:
    """A box with a version (its highest byte) and flags before its parts."""
    return box(kind, struct.pack(">I", version_and_flags), *parts)


def header_at(data: bytes, start: int) -> tuple[int, bytes]:
    """Length and kind of the box whose header stands at `start`; the length is not held against anything but its own.

    Raises:
        DamagedFileError: There is no header, or it says a length that none of ours has.
    """
    size, kind = values(_HEADER.format, data, start)
    if size < HEADER_BYTES:
        raise DamagedFileError(f"a box says that it has {size} bytes")
    return size, kind


def children(data: bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes that fill `data` from `start` to `end`.

    Raises:
        DamagedFileError: They do not fill it, or there are too many.
    """
    for _ in range(_MOST_CHILDREN):
        if start == end:
            return
        try:
            size, kind = _HEADER.unpack_from(data, start)
        except struct.error:
            raise DamagedFileError("the bytes end in the middle of a box") from None
        if size < HEADER_BYTES or start + size > end:
            raise DamagedFileError(f"a box says {size} bytes where {end - start} are left")
        yield Box(kind, start, start + HEADER_BYTES, start + size)
        start += size
    raise DamagedFileError(f"more than {_MOST_CHILDREN} boxes in one")


def child(data: bytes, within: Box, *kinds: bytes) -> Box:
    """The first box of the first of `kinds` in `within`, in it the first of the second, and so on.

    Raises:
        DamagedFileError: There is none.
    """
    for kind in kinds:
        found = next((one for one in children(data, within.body, within.end) if one.kind == kind), None)
        if found is None:
            raise DamagedFileError(f"there is no {kind.decode('latin-1')} where one has to be")
        within = found
    return within


def values(form: str, data: bytes, at: int) -> tuple[Any, ...]:
    """What `struct` reads at `at`.

    Raises:
        DamagedFileError: The bytes end before.
    """
    try:
        return struct.unpack_from(form, data, at)
    except struct.error:
        raise DamagedFileError("the bytes end in the middle of a box") from None
