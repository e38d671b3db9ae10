"""The only place that reads a clock.

Everything else takes a Clock, so that a day of events runs in a test within milliseconds, and `hub analyse` runs on the
time of its file. Times that are stored are UTC and know their zone; durations come from the monotonic clock.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock that is right shows an earlier time; one that was never set does."""


class Clock(Protocol):
    """What time it is, and how long something took."""

    def now(self) -> datetime:
        """The time in UTC, zone known."""

    def monotonic_s(self) -> float:
        """Seconds on a clock that never jumps; only differences mean anything."""

    def wait(self, condition: threading.Event, timeout_s: float) -> bool:
        """Wait until `condition` is set, at most `timeout_s` seconds of this clock.

        Returns:
            Whether the condition is set.
        """


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """The time in UTC, zone known."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Seconds since some moment; only differences mean anything."""
        return time.monotonic()

    def wait(self, condition: threading.Event, timeout_s: float) -> bool:
        """Wait until `condition` is set, at most `timeout_s` seconds."""
        return condition.wait(max(0.0, timeout_s))


class SetClock:
    """A clock that stands until its owner moves it: for files analysed on their own time, for replays and for tests."""

    def __init__(self, start: datetime) -> None:
        """Stand at `start` (zone required)."""
        if start.tzinfo is None:
            raise ValueError("a clock needs a time with a zone")
        self._start = start.astimezone(UTC)
        self._now = self._start

    def now(self) -> datetime:
        """Where the clock was last set to."""
        return self._now

    def monotonic_s(self) -> float:
        """Seconds since the clock's start."""
        return (self._now - self._start).total_seconds()

    def wait(self, condition: threading.Event, timeout_s: float) -> bool:
        """Move on by `timeout_s` at once, unless the condition is set already."""
        if not condition.is_set():
            self.advance(timeout_s)
        return condition.is_set()

    def advance(self, seconds: float) -> None:
        """Move on by `seconds` (0 or more)."""
        if seconds < 0:
            raise ValueError(f"a clock does not go back ({seconds} s)")
        self._now += timedelta(seconds=seconds)

    def set(self, moment: datetime) -> None:
        """Move on to `moment`; a moment in the past leaves the clock where it is."""
        self._now = max(self._now, moment.astimezone(UTC))
