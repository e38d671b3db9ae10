"""Marks in few bytes, as the catalogue's rows and the ends of files hold them; made and read in any process."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from cameras.errors import DamagedFileError
from cameras.recordings.media import Mark

_MOST_MARKS = 100_000
"""In one file: a day of fragments of one second."""
_MOST_UNPACKED_BYTES = 1 << 22


def pack(marks: Sequence[Mark]) -> bytes:
    """Marks in few bytes: column by column, as differences. 300 fragments take about 1 kB."""
    columns: list[list[int]] = [[], [], [], []]
    at_ms = offset = 0
    for mark in marks:
        columns[0].append(_folded(mark.at_ms - at_ms))
        columns[1].append(_folded(mark.duration_ms) << 1 | mark.is_key)
        columns[2].append(_folded(mark.offset - offset))
        columns[3].append(_folded(mark.size_bytes))
        at_ms, offset = mark.at_ms + mark.duration_ms, mark.offset + mark.size_bytes
    numbers = bytearray()
    for number in (len(marks), *columns[0], *columns[1], *columns[2], *columns[3]):
        rest = number
        while rest > 0x7F:  # noqa: PLR2004 - seven bits a byte, the eighth says that more follow
            numbers.append(rest & 0x7F | 0x80)
            rest >>= 7
        numbers.append(rest)
    return zlib.compress(numbers)


def unpack(packed: bytes) -> tuple[Mark, ...]:
    """What `pack` made.

    Raises:
        DamagedFileError: It was not `pack`.
    """
    try:
        opened = zlib.decompressobj()
        data = opened.decompress(packed, _MOST_UNPACKED_BYTES)
    except zlib.error:
        raise DamagedFileError("a list of fragments cannot be unpacked") from None
    numbers = []
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        shift += 7
        if shift > 70:  # noqa: PLR2004 - no number here needs more than 64 bits
            raise DamagedFileError("a list of fragments holds an impossible number")
        if not byte & 0x80:
            numbers.append(number)
            number = shift = 0
    count = numbers[0] if numbers else -1
    if shift or not opened.eof or not 0 <= count <= _MOST_MARKS or len(numbers) != 1 + 4 * count:
        raise DamagedFileError("a list of fragments is not as long as it says")
    marks = []
    at_ms = offset = 0
    for place in range(1, count + 1):
        duration_and_key = numbers[place + count]
        mark = Mark(
            at_ms=at_ms + _unfolded(numbers[place]),
            duration_ms=_unfolded(duration_and_key >> 1),
            offset=offset + _unfolded(numbers[place + 2 * count]),
            size_bytes=_unfolded(numbers[place + 3 * count]),
            is_key=bool(duration_and_key & 1),
        )
        marks.append(mark)
        at_ms, offset = mark.at_ms + mark.duration_ms, mark.offset + mark.size_bytes
    return tuple(marks)


def _folded(number: int) -> int:
    return number << 1 if number >= 0 else -number << 1 | 1


def _unfolded(number: int) -> int:
    return -(number >> 1) if number & 1 else number >> 1
