"""What a sequence parameter set of H.264 says besides the pictures' size (ITU-T H.264, 7.3.2.1.1 and E.1.1)."""

from __future__ import annotations

from dataclasses import dataclass

from cameras.recordings.mp4.nals import Bits, h264_sequence

_OWN_SHAPE = 255


@dataclass(frozen=True, slots=True)
class SpsSays:
    """What it says.

    Attributes:
        fps: Pictures per second, None where it does not say.
        references: How many pictures another may refer to.
        reorders: Whether pictures are sent in another order than they are shown.
        is_interlaced: Whether a picture may come as two fields.
    """

    fps: float | None
    references: int
    reorders: bool
    is_interlaced: bool


def read_sps(sps: bytes) -> SpsSays:
    """What a sequence parameter set says (7.3.2.1.1, E.1.1).

    Args:
        sps: With its header byte.

    Raises:
        ValueError: It is none.
    """
    bits = Bits(sps[1:1024])
    sequence = h264_sequence(bits)
    fps, reorders = _usability(bits) if bits.take(1) else (None, False)
    return SpsSays(fps, sequence.references, reorders=reorders, is_interlaced=sequence.is_interlaced)


def _usability(bits: Bits) -> tuple[float | None, bool]:
    if bits.take(1) and bits.take(8) == _OWN_SHAPE:
        bits.take(32)
    bits.take(1 if bits.take(1) else 0)
    if bits.take(1):
        bits.take(4)
        bits.take(24 if bits.take(1) else 0)
    if bits.take(1):
        bits.count()
        bits.count()
    rate = None
    if bits.take(1):
        unit, scale = bits.take(32), bits.take(32)
        rate = scale / (2 * unit) if unit and scale else None
        bits.take(1)
    nal = bits.take(1)
    if nal:
        _skip_buffering(bits)
    vcl = bits.take(1)
    if vcl:
        _skip_buffering(bits)
    bits.take(1 if nal or vcl else 0)
    bits.take(1)
    if not bits.take(1):
        return rate, False
    bits.take(1)
    for _ in range(4):
        bits.count()
    return rate, bits.count() > 0


def _skip_buffering(bits: Bits) -> None:
    count = bits.count() + 1
    bits.take(8)
    for _ in range(min(count, 32)):
        bits.count()
        bits.count()
        bits.take(1)
    bits.take(20)
