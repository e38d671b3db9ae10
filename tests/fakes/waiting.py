"""Waiting in tests: for a condition, with a deadline, never for a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from hub.clock import SystemClock

Found = TypeVar("Found")


DEADLINE_S = 60.0
"""Only a failure takes so long; a machine with much other work may need it."""


def until(condition: Callable[[], Found], *, timeout_s: float = DEADLINE_S, what: str = "the condition") -> Found:
    """The first true value of `condition`, asked every 20 ms.

    Raises:
        AssertionError: It did not come true within `timeout_s` seconds.
    """
    clock = SystemClock()
    end_s = clock.monotonic_s() + timeout_s
    pause = threading.Event()
    while True:
        found = condition()
        if found:
            return found
        if clock.monotonic_s() > end_s:
            raise AssertionError(f"{what} did not come true in {timeout_s:g} s; it is {found!r}")
        clock.wait(pause, 0.02)
