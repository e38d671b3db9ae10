"""Packing: the minutes of an hour in a few hundred bytes, where a row for each would take five thousand.

A bucket is packed exactly, as 64-bit floats; what was packed by one version of the program every later one reads.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_EACH_ONCE, _SEVERAL = 1, 2
"""The first byte: whether every minute holds one reading, whose value says all, or some hold more."""


class Bucket(NamedTuple):
    """All readings of one stretch of time; a tuple, because a question about a week takes ten thousand.

    Attributes:
        start: Its beginning; in what unit and since when, whoever uses it knows.
        number: How many readings, at least 1.
        mean: Of their values.
        minimum: The least.
        maximum: The greatest.
    """

    start: int
    number: int
    mean: float
    minimum: float
    maximum: float


def merged(buckets: Iterable[Bucket], width: int) -> list[Bucket]:
    """The buckets taken together in stretches of `width`, counted from 0, in the order of their beginnings."""
    found: dict[int, Bucket] = {}
    for at, count, mean, low, high in buckets:
        start = at - at % width
        before = found.get(start)
        if before is None:
            found[start] = Bucket(start, count, mean, low, high)
            continue
        _, others, their_mean, least, greatest = before
        both = others + count
        mean = their_mean + (mean - their_mean) * (count / both)  # noqa: PLW2901 - weighed by their numbers
        found[start] = Bucket(start, both, mean, min(low, least), max(high, greatest))
    return [found[start] for start in sorted(found)]


def pack(minutes: Sequence[Bucket]) -> bytes:
    """The minutes of an hour, each with its beginning as 0..59, as bytes."""
    number = len(minutes)
    starts = bytes(each.start for each in minutes)
    means = [each.mean for each in minutes]
    if all(each.number == 1 and each.minimum == each.mean == each.maximum for each in minutes):
        body = struct.pack(f"<{number}d", *means)
        return bytes([_EACH_ONCE, number]) + zlib.compress(starts + body)
    counts = [each.number for each in minutes]
    rest = [*means, *(each.minimum for each in minutes), *(each.maximum for each in minutes)]
    body = struct.pack(f"<{number}I{3 * number}d", *counts, *rest)
    return bytes([_SEVERAL, number]) + zlib.compress(starts + body)


def unpack(packed: bytes) -> list[Bucket]:
    """What `pack` was given.

    Raises:
        ValueError: A newer version of the program packed it.
    """
    return [Bucket(*each) for each in columns(packed)]


def columns(packed: bytes) -> Iterable[tuple[int, int, float, float, float]]:
    """The same as plain tuples, for whoever only adds them up."""
    form, number = packed[0], packed[1]
    body = zlib.decompress(packed[2:])
    starts = body[:number]
    if form == _EACH_ONCE:
        values = struct.unpack_from(f"<{number}d", body, number)
        return zip(starts, (1,) * number, values, values, values, strict=True)
    if form != _SEVERAL:
        raise ValueError(f"minutes packed in form {form}")
    found = struct.unpack_from(f"<{number}I{3 * number}d", body, number)
    return zip(starts, *(found[part * number : (part + 1) * number] for part in range(4)), strict=True)
