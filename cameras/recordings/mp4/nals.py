"""NAL units: the grain of H.264 and H.265 streams, and what their parameter sets say (ITU-T H.264 and H.265, 7.3).

Cameras send them behind start codes (Annex B), MP4 files hold them behind their lengths. A stream may hold any bytes:
all that can go wrong is a ValueError.
"""

from __future__ import annotations

import itertools
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_CODES = re.compile(b"\0\0\1")
"""Five times faster than `bytes.find`, which is most of what a packet costs."""
_MOST_ZEROS = 32
"""Leading zeros of an Exp-Golomb number: more make a number that none of the fields may have."""
_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_MOST_PX = 16_384
_444 = 3
"""chroma_format_idc of pictures with as much colour as light."""


@dataclass(frozen=True, slots=True)
class PictureSize:
    """What a sequence parameter set says of the pictures.

    Attributes:
        width: Pixels.
        height: Pixels.
        chroma: chroma_format_idc.
        luma_bits: Bits of a pixel's light, minus 8.
        chroma_bits: Bits of its colour, minus 8.
        sub_layers: H.265: temporal layers, minus 1.
        nested: H.265: temporal_id_nesting_flag.
    """

    width: int
    height: int
    chroma: int
    luma_bits: int
    chroma_bits: int
    sub_layers: int = 0
    nested: int = 0


@dataclass(frozen=True, slots=True)
class H264Sequence:
    """What a sequence parameter set of H.264 says.

    Attributes:
        size: Of its pictures.
        references: How many pictures another may refer to.
        is_interlaced: Whether a picture may come as two fields.
    """

    size: PictureSize
    references: int
    is_interlaced: bool


def split(data: bytes) -> Iterator[memoryview]:
    """The NAL units of a piece in Annex B, without their start codes; empty ones are left out."""
    view = memoryview(data)
    places = [found.start() for found in _CODES.finditer(data)]
    for place, following in itertools.pairwise((*places, len(data))):
        begins, ends = place + 3, following
        while ends > begins and not data[ends - 1]:  # trailing zeros, and the first of a start code of four bytes
            ends -= 1
        if ends > begins:
            yield view[begins:ends]


def split_by_length(data: bytes, length_bytes: int) -> Iterator[memoryview]:
    """The NAL units of a piece in which each stands behind its length; empty ones are left out.

    Args:
        data: The piece.
        length_bytes: Bytes of each length, 1 to 4.

    Raises:
        ValueError: A length reaches behind the end.
    """
    view = memoryview(data)
    at, end = 0, len(data)
    while at < end:
        begins = at + length_bytes
        at = begins + int.from_bytes(data[at:begins], "big")
        if at > end:
            raise ValueError("a NAL unit is longer than the packet")
        if at > begins:
            yield view[begins:at]


class Bits:
    """Reads a NAL unit bit by bit, without the bytes that keep start codes out of it."""

    def __init__(self, nal: bytes) -> None:
        payload = nal.replace(b"\0\0\3", b"\0\0")
        self._number = int.from_bytes(payload, "big")
        self._left = 8 * len(payload)

    def take(self, bits: int) -> int:
        """The next bits as a number.

        Raises:
            ValueError: There are not so many.
        """
        if bits > self._left:
            raise ValueError("a parameter set is too short")
        self._left -= bits
        return self._number >> self._left & ((1 << bits) - 1)

    def count(self) -> int:
        """The next unsigned Exp-Golomb number, ue(v)."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > _MOST_ZEROS:
                raise ValueError("a parameter set holds an impossible number")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        """The next signed Exp-Golomb number, se(v)."""
        number = self.count()
        return (number + 1) // 2 if number & 1 else -(number // 2)


def h264_size(sps: bytes) -> PictureSize:
    """What a sequence parameter set of H.264 says of its pictures.

    Args:
        sps: With its header byte.

    Raises:
        ValueError: It is none.
    """
    return h264_sequence(Bits(sps[1:1024])).size


def h264_sequence(bits: Bits) -> H264Sequence:
    """Read a sequence parameter set of H.264 up to the flag that says whether usability information follows.

    Args:
        bits: Behind its header byte; stands before that flag afterwards.

    Raises:
        ValueError: It is none.
    """
    profile = bits.take(8)
    bits.take(16)
    bits.count()
    chroma, separate, luma_bits, chroma_bits = 1, 0, 0, 0
    if profile in _HIGH_PROFILES:
        chroma = bits.count()
        separate = bits.take(1) if chroma == _444 else 0
        luma_bits, chroma_bits = bits.count(), bits.count()
        bits.take(1)
        if bits.take(1):
            for place in range(12 if chroma == _444 else 8):
                if bits.take(1):
                    _skip_scaling_list(bits, 16 if place < 6 else 64)  # noqa: PLR2004 - six lists of 4x4 come first
    bits.count()
    order = bits.count()
    if order == 0:
        bits.count()
    elif order == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(min(bits.count(), 255)):
            bits.signed()
    references = bits.count()
    bits.take(1)
    across, down = bits.count() + 1, bits.count() + 1
    frames_only = bits.take(1)
    if not frames_only:
        bits.take(1)
    bits.take(1)
    left, right, top, bottom = (bits.count() for _ in range(4)) if bits.take(1) else (0, 0, 0, 0)
    wide, high = (1, 1) if separate else _units(chroma)
    width = across * 16 - (left + right) * wide
    height = (2 - frames_only) * (down * 16 - (top + bottom) * high)
    size = _checked(PictureSize(width, height, chroma, luma_bits, chroma_bits))
    return H264Sequence(size, references, is_interlaced=not frames_only)


def h265_size(sps: bytes) -> PictureSize:
    """What a sequence parameter set of H.265 says.

    Args:
        sps: With its header of two bytes.

    Raises:
        ValueError: It is none.
    """
    bits = Bits(sps[2:1024])
    bits.take(4)
    sub_layers, nested = bits.take(3), bits.take(1)
    bits.take(96)
    present = [(bits.take(1), bits.take(1)) for _ in range(sub_layers)]
    if sub_layers:
        bits.take(2 * (8 - sub_layers))
    for profile, level in present:
        bits.take(88 * profile + 8 * level)
    bits.count()
    chroma = bits.count()
    separate = bits.take(1) if chroma == _444 else 0
    width, height = bits.count(), bits.count()
    left, right, top, bottom = (bits.count() for _ in range(4)) if bits.take(1) else (0, 0, 0, 0)
    luma_bits, chroma_bits = bits.count(), bits.count()
    wide, high = (1, 1) if separate else _units(chroma)
    size = PictureSize(
        width - (left + right) * wide,
        height - (top + bottom) * high,
        chroma,
        luma_bits,
        chroma_bits,
        sub_layers,
        nested,
    )
    return _checked(size)


def with_length(nals: list[bytes]) -> bytes:
    """Each unit behind its length in two bytes, as the configuration records hold them."""
    return b"".join(struct.pack(">H", len(nal)) + nal for nal in nals)


def _skip_scaling_list(bits: Bits, entries: int) -> None:
    last = following = 8
    for _ in range(entries):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _units(chroma: int) -> tuple[int, int]:
    """Pixels across and down by which pictures are cropped."""
    return (2 if chroma in {1, 2} else 1), (2 if chroma == 1 else 1)


def _checked(size: PictureSize) -> PictureSize:
    deepest = 8
    sane = 0 < size.width <= _MOST_PX and 0 < size.height <= _MOST_PX and size.chroma <= _444
    if not sane or size.luma_bits > deepest or size.chroma_bits > deepest:
        raise ValueError(f"a parameter set speaks of pictures of {size.width}x{size.height}")
    return size
