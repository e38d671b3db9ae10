"""Positions: where responders last said they are, so that the nearest can be sent.

Held in memory alone and forgotten after a quarter of an hour: nobody's way can be read from the hub, also not from a
copy of its store. Never logged, and shown only to who sends people. After a restart phones say it again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.language.nearness import Position
from hub.clock import Clock

KEPT = timedelta(minutes=15)
MOST = 10_000
"""People; when there are more, who has said nothing for longest is forgotten."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where somebody was.

    Attributes:
        position: Latitude and longitude, WGS 84.
        accuracy_m: How well it is known.
        at: When he said it.
    """

    position: Position
    accuracy_m: float
    at: datetime


class Positions:
    """The last position of each person. Safe from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._spots: dict[str, Spot] = {}

    def say(self, account: str, position: Position, accuracy_m: float) -> None:
        """Remember where somebody is."""
        now = self._clock.now()
        with self._lock:
            self._spots.pop(account, None)
            self._spots[account] = Spot(position, accuracy_m, now)
            self._forget_old(now)

    def forget(self, account: str) -> None:
        """Forget where somebody is."""
        with self._lock:
            self._spots.pop(account, None)

    def of(self, account: str) -> Spot | None:
        """Where somebody is, if he said so not long ago."""
        with self._lock:
            self._forget_old(self._clock.now())
            return self._spots.get(account)

    def _forget_old(self, now: datetime) -> None:
        while self._spots:
            oldest = next(iter(self._spots))  # they stand in the order in which they were said
            if self._spots[oldest].at + KEPT > now and len(self._spots) <= MOST:
                return
            del self._spots[oldest]
