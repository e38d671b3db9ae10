"""Rests: how long a camera is left alone after its analysis hung.

Each rest is twice as long as the one before, ten minutes at most: a stream that makes the analysis hang every time must
not cost a thread every minute. After an hour without one it begins anew.
"""

from __future__ import annotations

from hub.clock import Clock

MOST_LEFT_BEHIND = 6
"""Threads of a worker's analysis that hang: with so many of them something is wrong that all cameras share, and no
camera that rests is tried again, which would only cost another thread."""

_GROWTH = 2.0
_LONGEST_S = 600.0
_FORGOTTEN_AFTER_S = 3600.0


class Rests:
    """The rests of one camera.

    Attributes:
        count: How many there were in a row.
    """

    def __init__(self, clock: Clock, *, first_s: float) -> None:
        self._clock = clock
        self._first_s = first_s
        self._until_s: float | None = None
        self._began_s: float | None = None
        self.count = 0

    @property
    def are_on(self) -> bool:
        """Whether it rests, or has not been woken yet."""
        return self._until_s is not None

    @property
    def left_s(self) -> float:
        """Seconds until it may be woken."""
        return 0.0 if self._until_s is None else max(0.0, self._until_s - self._clock.monotonic_s())

    @property
    def is_over(self) -> bool:
        """Whether it may be woken."""
        return self._until_s is not None and self.left_s == 0.0

    def begin(self) -> float:
        """It hangs: rest from now on; for how many seconds."""
        now_s = self._clock.monotonic_s()
        if self._began_s is not None and now_s - self._began_s > _FORGOTTEN_AFTER_S:
            self.count = 0
        rest_s = min(_LONGEST_S, self._first_s * _GROWTH**self.count)
        self.count += 1
        self._began_s = now_s
        self._until_s = now_s + rest_s
        return rest_s

    def end(self) -> None:
        """It was woken."""
        self._until_s = None

    def forget(self) -> None:
        """It has other settings, which may well work."""
        self._until_s = None
        self.count = 0
