"""Breaker: keeps a channel that does not answer from being tried with everything that waits for it.

Closed, everything goes through. After some failures in a row it opens: nothing is tried for a while. Then one attempt
is let through; when that succeeds it closes, else it opens for longer. Pure but for the dice that spread attempts.
"""

from __future__ import annotations

import enum
import random

OPENS_AFTER = 5
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
"""A channel that is back is noticed within this."""
_SPREAD = 0.5


class Door(enum.StrEnum):
    """Whether attempts are let through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


def pause_s(failures: int, dice: random.Random, *, least_s: float = 0.0) -> float:
    """How long to wait after so many failures in a row.

    Args:
        failures: 1 or more; each doubles the pause, up to `LONGEST_PAUSE_S`.
        dice: Spreads attempts, so that many who lost the same link do not come back at once.
        least_s: What the other side asked for.
    """
    full_s = min(FIRST_PAUSE_S * 2.0 ** min(failures - 1, 16), LONGEST_PAUSE_S)
    return max(full_s * (1.0 - _SPREAD * dice.random()), least_s)


class Breaker:
    """The breaker of one channel; used by its thread alone, read by any."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._failures = 0
        self._until_s = 0.0

    @property
    def failures(self) -> int:
        """Failures in a row."""
        return self._failures

    def door(self, now_s: float) -> Door:
        """Whether it lets attempts through at a monotonic time, seconds."""
        if self._failures < OPENS_AFTER:
            return Door.CLOSED
        return Door.OPEN if now_s < self._until_s else Door.HALF_OPEN

    def opens_again_in_s(self, now_s: float) -> float:
        """How long until the next attempt is let through, 0 when one is now."""
        return max(0.0, self._until_s - now_s) if self._failures >= OPENS_AFTER else 0.0

    def failed(self, now_s: float) -> None:
        """An attempt failed because of the channel."""
        self._failures += 1
        if self._failures >= OPENS_AFTER:
            self._until_s = now_s + pause_s(self._failures, self._dice)

    def succeeded(self) -> None:
        """An attempt came through."""
        self._failures = 0
