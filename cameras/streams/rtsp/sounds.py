"""Sounds: AAC (RFC 3640) and G.711 (RFC 3551) out of RTP packets."""

from __future__ import annotations

from collections.abc import Callable

from cameras.streams.rtsp.sdp import AacFraming

TakeSound = Callable[[int, bytes], None]
"""Gets the time and the data."""

_SAMPLES = 1024
"""Of an AAC frame."""
_MOST_UNITS = 64
_MOST_UNIT_BYTES = 1 << 16


class LawSounds:
    """G.711: a packet is a piece of sound. Fulfils Payloads."""

    def __init__(self, take: TakeSound) -> None:
        """Give each piece to `take`."""
        self.damaged = 0
        self._take_sound = take

    def take(self, view: memoryview, place: tuple[int, int], *, time: int, marker: bool, lost: bool) -> None:
        """The next payload; see `Payloads`."""
        del marker, lost
        self._take_sound(time, bytes(view[place[0] : place[1]]))


class AacSounds:
    """AAC: several frames in a packet, or parts of one in several. Fulfils Payloads."""

    def __init__(self, take: TakeSound, framing: AacFraming) -> None:
        """Give each frame to `take`."""
        self.damaged = 0
        self._take_sound = take
        self._framing = framing
        self._part = bytearray()
        self._part_size = 0
        self._part_time = 0

    def take(self, view: memoryview, place: tuple[int, int], *, time: int, marker: bool, lost: bool) -> None:
        """The next payload; see `Payloads`."""
        del marker
        begin, end = place
        sizes, at = self._sizes(view, begin, end)
        if lost or time != self._part_time:
            self._part.clear()
        if len(sizes) == 1 and sizes[0] > end - at:
            self._go_on(bytes(view[at:end]), sizes[0], time)
            return
        if len(sizes) == 1 and self._part and sizes[0] == self._part_size:
            self._go_on(bytes(view[at:end]), sizes[0], time)
            return
        if not sizes or sum(sizes) > end - at:
            self.damaged += 1
            return
        for number, size in enumerate(sizes):
            if size:
                self._take_sound(time + number * _SAMPLES, bytes(view[at : at + size]))
            at += size

    def _go_on(self, piece: bytes, size: int, time: int) -> None:
        """A part of a frame that is larger than a packet."""
        if size > _MOST_UNIT_BYTES:
            self.damaged += 1
            return
        self._part += piece
        self._part_size, self._part_time = size, time
        if len(self._part) >= size:
            self._take_sound(time, bytes(self._part[:size]))
            self._part.clear()

    def _sizes(self, view: memoryview, begin: int, end: int) -> tuple[list[int], int]:
        """How long each frame is, and where the first begins (RFC 3640, 3.2.1)."""
        framing = self._framing
        if end - begin < 2:  # noqa: PLR2004 - how long the headers are, in bits
            return [], end
        bits = view[begin] << 8 | view[begin + 1]
        at = begin + 2 + (bits + 7) // 8
        if at > end:
            return [], end
        headers, left = int.from_bytes(view[begin + 2 : at], "big"), 8 * (at - begin - 2)
        used = 0
        sizes: list[int] = []
        while len(sizes) < _MOST_UNITS:
            index = framing.delta_bits if sizes else framing.index_bits
            if used + framing.size_bits + index > bits:
                break
            sizes.append(headers >> left - used - framing.size_bits & ((1 << framing.size_bits) - 1))
            used += framing.size_bits + index
        return sizes, at
