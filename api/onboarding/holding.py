"""Holding: who turns which camera: whoever moved it first holds it until a while after his last move.

Two people at one camera undo each other's moves, so the second is told who holds it and until when. Who leads the shift
may take it over. Nothing is stored: a hub that starts anew holds nothing, and every camera stops by itself.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.access import Principal
from hub.clock import Clock

HOLD_S = 30.0
"""After the last move."""


@dataclass(frozen=True, slots=True)
class Held:
    """That somebody turns a camera.

    Attributes:
        who: Whose it is.
        until: When he holds it no more, UTC.
        until_s: The same on the clock that is never set.
    """

    who: Principal
    until: datetime
    until_s: float


class Holding:
    """Who holds which camera. Safe from any thread."""

    def __init__(self, clock: Clock, *, hold_s: float = HOLD_S) -> None:
        """Nobody holds any."""
        self._clock = clock
        self._hold_s = hold_s
        self._lock = threading.Lock()
        self._held: dict[str, Held] = {}

    def of(self, camera: str) -> Held | None:
        """Who holds a camera now."""
        with self._lock:
            return self._now(camera)

    def take(self, camera: str, who: Principal, *, over: bool = False) -> Held | None:
        """Hold a camera, or go on holding it.

        Args:
            camera: Which.
            who: Whose it is to be.
            over: Whoever holds it now holds it no more.

        Returns:
            None when it is his now; who else holds it otherwise.
        """
        with self._lock:
            held = self._now(camera)
            if held is not None and held.who.id != who.id and not over:
                return held
            until = self._clock.now() + timedelta(seconds=self._hold_s)
            self._held[camera] = Held(who, until, self._clock.monotonic_s() + self._hold_s)
            return None

    def let_go(self, account: str, camera: str | None = None) -> None:
        """Somebody holds a camera no more; none, when it is not named."""
        with self._lock:
            for each, held in list(self._held.items()):
                if held.who.id == account and camera in (None, each):
                    del self._held[each]

    def _now(self, camera: str) -> Held | None:
        held = self._held.get(camera)
        if held is not None and held.until_s <= self._clock.monotonic_s():
            del self._held[camera]
            return None
        return held
