"""Clocks for tests."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from hub.clock import SystemClock


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
