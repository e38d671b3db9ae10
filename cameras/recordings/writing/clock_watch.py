"""ClockWatch: how a stream's own time runs against the hub's clocks, over one segment.

A segment's place in time is the hub's clock at its first packet, its length the stream's own. The two drift apart; by
how much is what arrives with the least delay in a group of pictures, for a packet may come late and never early. The
clock itself may be set while a segment lasts: then wall and monotonic clock part, and what was measured before counts.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cameras.recordings.media import VIDEO_TICKS, Sample

STEP_S = 0.5
"""A clock that is set by less is slewed in the course of a segment anyway (500 ppm are 0.15 s in five minutes)."""
FAR_S = 1.0
"""Stream and clock may be so far apart before a new segment sets it right."""
FOR_S = 5.0
"""They are apart when they have been for so long: a network or a machine that was held up catches up before that."""


class ClockWatch:
    """Measures one segment. Not for several threads."""

    def __init__(self, first: Sample, *, now: datetime, monotonic_s: float, began: datetime) -> None:
        """Begin at the segment's first sample.

        Args:
            first: Of video.
            now: The hub's clock.
            monotonic_s: The clock that never jumps, at the same moment.
            began: Where the segment's time begins.
        """
        self._dts = first.dts
        self._began = began
        self._apart = _apart(now, monotonic_s)
        self._least_s = (first.at - began).total_seconds()
        self._drift_s = self._least_s
        self._far_s: float | None = None
        self._is_far = False
        self.stepped = False

    def hear(self, sample: Sample, *, now: datetime, monotonic_s: float) -> None:
        """The next sample of video.

        Args:
            sample: After the first.
            now: The hub's clock.
            monotonic_s: The clock that never jumps, at the same moment.
        """
        if abs(_apart(now, monotonic_s) - self._apart) > timedelta(seconds=STEP_S):
            self.stepped = True
        if self.stepped:
            return
        elapsed_s = self.elapsed_s(sample.dts)
        late_s = (sample.at - self._began).total_seconds() - elapsed_s
        if sample.is_key:
            self._drift_s, self._least_s = self._least_s, late_s
            if abs(self._drift_s) <= FAR_S:
                self._far_s = None
            elif self._far_s is None:
                self._far_s = elapsed_s
            self._is_far = self._far_s is not None and elapsed_s - self._far_s >= FOR_S
        else:
            self._least_s = min(self._least_s, late_s)

    def elapsed_s(self, dts: int) -> float:
        """Seconds of the stream's own time since the segment began."""
        return (dts - self._dts) / VIDEO_TICKS

    @property
    def drift_ms(self) -> int:
        """How much longer it took by the hub's clock than by the stream's own."""
        return round(1000 * self._drift_s)

    @property
    def is_off(self) -> bool:
        """Whether another segment should set the time right, at the next key picture."""
        return self.stepped or self._is_far

    def right_time(self, sample: Sample) -> datetime:
        """When a sample was made by the hub's clock, without the delay that this one packet may have had."""
        return self._began + timedelta(seconds=self.elapsed_s(sample.dts) + self._drift_s)


def _apart(now: datetime, monotonic_s: float) -> timedelta:
    return timedelta(seconds=now.timestamp() - monotonic_s)
