"""Budget: shares the time for object detection among the cameras of one worker.

A worker may spend a set share of one core on inference. Every camera that asks gets its part of it, one that may hold
an alert four times the part of the others; what nobody needs anyone may take. So the share holds, alerts go first and
nobody starves. Used from the worker's analysis thread alone. The time is the caller's, so that a file analysed on its
own time is never short of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_SAVED_S: Final = 0.5
"""Inference time that may be saved up, or owed: a burst when several cameras wake at once, and no more."""
_ASKING_S: Final = 2.0
"""A camera that asked within this time counts when the time is divided."""
_URGENT_WEIGHT: Final = 4.0
_FIRST_LOOK_S: Final = 0.05
"""What a look is taken to cost before one was measured: three runs of a 20 ms network, about."""


@dataclass(slots=True)
class _Asking:
    asked_s: float
    weight: float
    granted_s: float | None = None


class InferenceBudget:
    """A bucket of inference seconds, filled at the set share of real time and divided among those who ask.

    Attributes:
        refused: Looks that were put off because it was another camera's turn.
    """

    def __init__(self, share: float) -> None:
        """Allow `share` (0..1) of one core."""
        self._share = share
        self._left_s = _SAVED_S
        self._at_s: float | None = None
        self._look_s = _FIRST_LOOK_S
        self._asking: dict[tuple[str, str], _Asking] = {}
        self.refused = 0

    def grant(self, camera: str, now_s: float, *, urgent: bool, purpose: str = "") -> bool:
        """Whether `camera` may look now.

        Args:
            camera: Its id.
            now_s: Monotonic time.
            urgent: Something there may become an alert.
            purpose: What for; each purpose of a camera has its own turn.
        """
        if self._at_s is not None:
            self._left_s = min(self._left_s + max(0.0, now_s - self._at_s) * self._share, _SAVED_S)
        self._at_s = now_s
        asking = self._asking.setdefault((camera, purpose), _Asking(now_s, 1.0))
        asking.asked_s, asking.weight = now_s, _URGENT_WEIGHT if urgent else 1.0
        weights = sum(one.weight for one in self._asking.values() if now_s - one.asked_s < _ASKING_S)
        every_s = self._look_s * weights / (self._share * asking.weight)
        due = asking.granted_s is None or not 0 <= now_s - asking.granted_s < every_s
        spare = self._left_s > _SAVED_S / 2
        if self._left_s < -_SAVED_S or not (due or spare):
            self.refused += 1
            return False
        asking.granted_s = now_s
        return True

    def spend(self, seconds: float) -> None:
        """Book the time that a look took."""
        self._left_s -= max(0.0, seconds)
        self._look_s += 0.1 * (max(0.0, seconds) - self._look_s)

    def forget(self, camera: str) -> None:
        """The camera left this worker."""
        self._asking = {who: asking for who, asking in self._asking.items() if who[0] != camera}
