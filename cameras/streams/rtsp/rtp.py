"""RTP: the packets of one track of a session, read as they lie in the buffer (RFC 3550).

Numbers tell what was lost on the way (a camera whose line is full leaves packets out, over TCP too); times are counted
on past the 32 bits that they have; sender reports tell which times of picture and sound belong together.
"""

from __future__ import annotations

import struct
from typing import Protocol

_HEAD = struct.Struct(">BBHI")
_HEAD_BYTES = 12
_VERSION, _VERSION_2 = 0xC0, 0x80
_PADDED, _EXTENDED, _SOURCES = 0x20, 0x10, 0x0F
_MARKER = 0x80
_TURN = 1 << 32
_HALF = 1 << 31
_MOST_LOST = 1000
"""A larger step of the numbers is a new beginning of the camera's count, and says nothing about what was lost."""
_REPORT = struct.Struct(">IIII")
_SENDER_REPORT, _GOODBYE = 200, 203
_REPORT_BYTES = 24
_NTP = float(1 << 32)


class Payloads(Protocol):
    """Takes what is in the packets of one track."""

    damaged: int

    def take(self, view: memoryview, place: tuple[int, int], *, time: int, marker: bool, lost: bool) -> None:
        """The next payload.

        Args:
            view: Where it lies; used over again as soon as this returns.
            place: Where it begins and ends there.
            time: Of the track's clock, counted on.
            marker: The packet's mark: the last of a picture.
            lost: Whether packets before it are missing.
        """


class Track:
    """One track. Not for several threads.

    Attributes:
        payloads: Takes what is in its packets.
        hz: Of its clock.
        lost: Packets that never came.
        damaged: Packets that are none.
        is_over: The camera said goodbye.
        first_time: Time of the first packet, None before.
    """

    def __init__(self, payload_type: int, hz: int, payloads: Payloads) -> None:
        """Begin.

        Args:
            payload_type: Of its packets; others are left out.
            hz: Of its clock.
            payloads: Takes what is in them.
        """
        self.payloads = payloads
        self.hz = hz
        self.lost = 0
        self.damaged = 0
        self.is_over = False
        self.first_time: int | None = None
        self._type = payload_type
        self._next = -1
        self._time = 0
        self._report: tuple[float, int] | None = None

    def take(self, view: memoryview, begin: int, end: int) -> None:
        """The next packet, which lies there in `view`."""
        at = begin + _HEAD_BYTES
        if at >= end:
            self.damaged += 1
            return
        flags, kind, number, time = _HEAD.unpack_from(view, begin)
        if kind & 0x7F != self._type:
            return
        if flags != _VERSION_2:
            at, end = _inside(view, begin, end)
            if at >= end or flags & _VERSION != _VERSION_2:
                self.damaged += 1
                return
        step = 0 if self._next < 0 else (number - self._next) & 0xFFFF
        if step:
            self.lost += step if step <= _MOST_LOST else 1
        self._next = (number + 1) & 0xFFFF
        if self.first_time is None:
            self.first_time = self._time = time
        else:
            self._time += ((time - self._time + _HALF) & (_TURN - 1)) - _HALF
        self.payloads.take(view, (at, end), time=self._time, marker=kind >= _MARKER, lost=step != 0)

    def report(self, view: memoryview, begin: int, end: int) -> None:
        """What the camera reports about the track (RTCP), which lies there in `view`."""
        while end - begin >= 4:  # noqa: PLR2004 - the head of a report
            kind = view[begin + 1]
            size = 4 + 4 * (view[begin + 2] << 8 | view[begin + 3])
            if kind == _GOODBYE:
                self.is_over = True
            elif kind == _SENDER_REPORT and min(size, end - begin) >= _REPORT_BYTES and self.first_time is not None:
                _, seconds, fraction, time = _REPORT.unpack_from(view, begin + 4)
                near = self._time + ((time - self._time + _HALF) & (_TURN - 1)) - _HALF
                if seconds:
                    self._report = seconds + fraction / _NTP, near
            begin += size

    def wall_s(self, time: int) -> float | None:
        """The camera's own time of day at a time of the track; None before it reported."""
        if self._report is None:
            return None
        wall_s, reported = self._report
        return wall_s + (time - reported) / self.hz


def _inside(view: memoryview, begin: int, end: int) -> tuple[int, int]:
    """Where the payload lies in a packet with sources, an extension or padding."""
    flags = view[begin]
    at = begin + _HEAD_BYTES + 4 * (flags & _SOURCES)
    if flags & _EXTENDED:
        if at + 4 > end:
            return end, end
        at += 4 + 4 * (view[at + 2] << 8 | view[at + 3])
    if flags & _PADDED:
        end -= view[end - 1]
    return at, end
