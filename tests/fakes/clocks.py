"""Clocks for tests."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from hub.clock import SetClock, SystemClock


class ShiftedClock(SystemClock):
    """The machine's clock, which a test moves on: threads wait as they do, and the time of day jumps."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_s = 0.0

    def now(self) -> datetime:
        with self._lock:
            return super().now() + timedelta(seconds=self._by_s)

    def advance(self, seconds: float) -> None:
        """Jump on."""
        with self._lock:
            self._by_s += seconds


class SetWallClock(SetClock):
    """Stands until it is moved; and what the wall says can be set without time going on, as NTP and people do."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._off = timedelta()

    def now(self) -> datetime:
        return super().now() + self._off

    def monotonic_s(self) -> float:
        return (super().now() - self._start).total_seconds()

    def step(self, seconds: float) -> None:
        """Set the wall by so much, back or forth."""
        self._off += timedelta(seconds=seconds)
