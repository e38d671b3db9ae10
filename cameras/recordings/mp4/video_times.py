"""VideoTimes: the times of a stream's pictures in ticks, of which those of decoding only go forward.

A source's own times may be missing, stand still, go back or jump; what follows must still play everywhere. A small step
back is squeezed, a larger one is a new beginning of the source's time, bridged by one usual step. Where pictures are
not sent in the order they are shown and nobody says when they are to be decoded (RTSP), that is worked out.
"""

from __future__ import annotations

from cameras.recordings.media import VIDEO_TICKS
from cameras.streams.packets import Packet

_USUAL_STEP = VIDEO_TICKS // 25
_LONGEST_STEP = VIDEO_TICKS
_SQUEEZED = VIDEO_TICKS // 10
"""Jitter of a camera's clock; further back than this, its time was set."""
_REORDERED = 2 * VIDEO_TICKS
"""Pictures are sent this much before one that is shown earlier, at most: 16 at 8 a second."""
_USUAL_DEPTH = 2
"""By how many places pictures are sent early where it is only known that they are: one B-frame between two others that
refers to both needs one, a pyramid of three two."""
_REMEMBERED = 17
"""16 is the most by which H.264 and H.265 let pictures change places."""


class VideoTimes:
    """The times of one session of a stream. Not for several threads.

    Attributes:
        shift: What was added to the source's axis so far, in ticks; its sound needs the same.
        newest: `dts` of the newest picture, None before the first.
    """

    def __init__(self, *, reorders: bool = False) -> None:
        """Begin.

        Args:
            reorders: Whether pictures are known not to be sent in the order they are shown.
        """
        self.shift = 0
        self.newest: int | None = None
        self._step = _USUAL_STEP
        self._shown: list[int] = []
        self._depth = _USUAL_DEPTH if reorders else 0

    def place(self, packet: Packet) -> tuple[int, int, bool]:
        """When a packet is decoded, when it is shown, and whether the source's time jumped before it."""
        pts = round(packet.stream_s * VIDEO_TICKS) + self.shift
        jumped = packet.jumped
        if packet.dts_s is None:
            if jumped or (self._shown and pts < max(self._shown) - _REORDERED):
                self._shown.clear()
            dts = self._in_order(pts)
        else:
            dts = min(pts, round(packet.dts_s * VIDEO_TICKS) + self.shift)
        newest = self.newest
        if newest is not None and dts <= newest:
            back = newest - dts
            if back > (_SQUEEZED if packet.dts_s is not None else _REORDERED) or jumped:
                self.shift += back + self._step
                dts, pts = dts + back + self._step, pts + back + self._step
                self._shown = [pts]
                jumped = True
            else:
                dts = newest + 1
            pts = max(pts, dts)
        elif newest is not None:
            self._step = min(dts - newest, _LONGEST_STEP)
        self.newest = dts
        return dts, pts, jumped

    def _in_order(self, pts: int) -> int:
        """Decoding happens in the order of showing, as many pictures earlier as pictures were seen to change places."""
        shown = self._shown
        self._depth = max(self._depth, sum(1 for other in shown if other > pts))
        if not self._depth:
            self._shown = [pts]
            return pts
        shown.append(pts)
        del shown[:-_REMEMBERED]
        ordered = sorted(shown)
        missing = self._depth + 1 - len(ordered)
        return ordered[0] - missing * self._step if missing > 0 else ordered[-1 - self._depth]
