"""H.264 in RTP packets (RFC 6184): single NAL units, several in one packet, and parts of one.

What counts as a key picture is what FFmpeg takes for one: an IDR, a recovery point, and an intra picture of a stream in
which pictures refer to nothing but the one before.
"""

from __future__ import annotations

from cameras.recordings.mp4.nals import Bits, split
from cameras.streams.rtsp.h264_sps import read_sps
from cameras.streams.rtsp.pictures import Pictures, TakePicture

_KIND = 0x1F
_FIRST_SLICE, _IDR, _SEI, _SPS, _PPS = 1, 5, 6, 7, 8
_LAST_UNIT = 23
_SEVERAL, _PART = 24, 28
_BEGINS, _ENDS = 0x80, 0x40
_RECOVERY_POINT = 6
_INTRA, _ALL_INTRA = 0b1011, 0b10001000


class H264Pictures(Pictures):
    """The pictures of an H.264 track."""

    def __init__(self, take: TakePicture) -> None:
        """Give whole pictures to `take`."""
        super().__init__(take)
        self._refers_to_one = False

    def know(self, extradata: bytes) -> None:
        """Take up the parameter sets that the session description holds."""
        for nal in split(extradata):
            self.sets[nal[0] & _KIND] = bytes(nal)
        self.look_at_sets()

    def _payload(self, view: memoryview, begin: int, end: int) -> None:
        kind = view[begin] & _KIND
        if kind == _PART:
            if end - begin < 3:  # noqa: PLR2004 - two bytes of header, and something
                self.damaged += 1
                return
            flags = view[begin + 1]
            if flags & _BEGINS:
                self._begin_fragment(bytes((view[begin] & 0xE0 | flags & _KIND,)))
            self._go_on(view, begin + 2, end, is_last=bool(flags & _ENDS))
        elif kind <= _LAST_UNIT:
            self._unit(view, begin, end)
        elif kind == _SEVERAL:
            at = begin + 1
            while at + 2 < end:
                size = view[at] << 8 | view[at + 1]
                at += 2 + size
                if not size or at > end:
                    self.damaged += 1
                    return
                self._unit(view, at - size, at)
        else:
            self.damaged += 1

    def _learn(self, begin: int, end: int) -> None:
        kind = self._data[begin] & _KIND
        self._learn_one(begin, end)
        if not _FIRST_SLICE <= kind <= _IDR:
            self._inner(begin, end)

    def _learn_one(self, begin: int, end: int) -> None:
        data = self._data
        kind = data[begin] & _KIND
        if _FIRST_SLICE <= kind <= _IDR:
            following = data[begin + 1] if begin + 1 < end else 0
            is_key = kind == _IDR or (self._refers_to_one and kind == _FIRST_SLICE and _is_intra(following))
            self._picture(is_first=bool(following & 0x80), is_key=is_key)
        elif kind == _SEI:
            if _tells_recovery_point(bytes(data[begin + 1 : end])):
                self.is_key = True
        elif kind in {_SPS, _PPS}:
            found = bytes(data[begin:end])
            if self.sets.get(kind) != found:
                self.sets[kind] = found
                self.look_at_sets()

    def look_at_sets(self) -> None:
        """The parameter sets have changed."""
        try:
            self._refers_to_one = (
                read_sps(self.sets[_SPS]).references <= 1 and _default_references(self.sets[_PPS]) <= 1
            )
        except (KeyError, ValueError):
            self._refers_to_one = False


def _is_intra(following: int) -> bool:
    """Whether the byte behind a slice's header says: the picture's first slice, and all intra (slice_type 2 or 7)."""
    return following >> 4 == _INTRA or following == _ALL_INTRA


def _tells_recovery_point(body: bytes) -> bool:
    """Whether supplemental information (7.3.2.3) holds a message about a recovery point."""
    at, end = 0, len(body) - 2
    while at < end:
        numbers = []
        for _ in range(2):
            number = 0
            while at < len(body) - 1 and body[at] == 0xFF:  # noqa: PLR2004 - numbers of more than a byte
                number += 0xFF
                at += 1
            numbers.append(number + body[at])
            at += 1
            if at >= len(body):
                return False
        if numbers[0] == _RECOVERY_POINT:
            return True
        at += numbers[1]
    return False


def _default_references(pps: bytes) -> int:
    """num_ref_idx_l0_default_active of a picture parameter set (7.3.2.2)."""
    bits = Bits(pps[1:256])
    bits.count()
    bits.count()
    bits.take(2)
    if bits.count():
        raise ValueError("several groups of slices: not looked into")
    return bits.count() + 1
