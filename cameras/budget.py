"""Budget: shares the time for object detection among the cameras of one worker.

A worker may spend a set share of one core on inference. Whoever may hold an alert goes first, the others as their turn
comes; nobody starves, because a camera that was refused long enough is urgent too. Used from the worker's analysis
thread alone. The time is the caller's, so that a file analysed on its own time is never short of it.
"""

from __future__ import annotations

from typing import Final

_SAVED_S: Final = 0.5
"""Inference time that may be saved up: a burst when several cameras wake at once, and no more."""
_PATIENCE_S: Final = 2.0
"""A camera that was refused for longer goes first."""


class InferenceBudget:
    """A bucket of inference seconds, filled at the set share of real time.

    Attributes:
        refused: Looks that were put off because the time was spent.
    """

    def __init__(self, share: float) -> None:
        """Allow `share` (0..1) of one core."""
        self._share = share
        self._left_s = _SAVED_S
        self._at_s: float | None = None
        self._granted_s: dict[str, float] = {}
        self.refused = 0

    def grant(self, camera: str, now_s: float, *, urgent: bool) -> bool:
        """Whether `camera` may look now.

        Args:
            camera: Its id.
            now_s: Monotonic time.
            urgent: Something there may become an alert.
        """
        if self._at_s is not None:
            self._left_s = min(self._left_s + max(0.0, now_s - self._at_s) * self._share, _SAVED_S)
        self._at_s = now_s
        waited_s = now_s - self._granted_s.get(camera, now_s - _PATIENCE_S)
        # Ordinary looks leave a reserve to the urgent ones, who may go into debt by as much: it is paid off first.
        needed_s = -_SAVED_S / 2 if urgent or waited_s >= _PATIENCE_S else _SAVED_S / 4
        if self._left_s < needed_s:
            self.refused += 1
            return False
        self._granted_s[camera] = now_s
        return True

    def spend(self, seconds: float) -> None:
        """Book the time that a look took."""
        self._left_s -= max(0.0, seconds)

    def forget(self, camera: str) -> None:
        """The camera left this worker."""
        self._granted_s.pop(camera, None)
