"""Glare: a light so large and bright that the camera is burnt out where it is, and whether it behaves like a fire.

Near such a light no colour and no flicker is left to look at. What is left: it stays where it is, which head-lights do
not; its outline comes and goes from look to look, which that of a window or a lamp does not; and what it lights goes
up and down with it, again and again, which an exposure step or a lamp switched on does once. One per camera.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.vision.fire.degrees import ramp
from hub.geometry import Box

_BRIGHT: Final = 215
"""Grey levels: the sensor is full or nearly so; warm glare is not full in blue."""
_SMOOTHED_S: Final = 2.0
_STAYS_LOOKS: Final = 4
"""A second of looks: where it was then it has to be now."""
_LEVELS: Final = 2.0
"""Grey levels that the surroundings go up or down between two looks: more than noise and rounding do to a median."""
_LARGE: Final = (0.01, 0.03)
"""Of the picture: smaller lights do not light a whole scene."""
_CHANGES: Final = (0.03, 0.1)
"""Of the bright area between two looks: windows and skies less, flames a third."""
_STAYS: Final = (0.1, 0.3)
"""Of both areas together that is in both: a passing light none, the raggedest flame a third."""
_UNSTEADY: Final = (0.15, 0.3)
"""Of the looks: one step is an eighth of two seconds' looks."""


class Glare:
    """The burnt-out part of one camera's picture over time.

    Attributes:
        box: Around its largest piece; None while there is none.
        numbers: What was measured last, by name with the unit in it.
    """

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.box: Box | None = None
        self.numbers: dict[str, float] = {}
        self._masks: deque[NDArray[np.bool_]] = deque(maxlen=_STAYS_LOOKS)
        self._last: NDArray[np.uint8] | None = None
        self._mean: NDArray[np.float64] | None = None
        self._at_s = 0.0

    def look(self, luminance: NDArray[np.uint8], watched: NDArray[np.bool_] | None, at_s: float) -> None:
        """Take the next picture.

        Args:
            luminance: (height, width).
            watched: (height, width), False where nothing counts; None counts everywhere.
            at_s: Its time; four looks a second are meant.
        """
        bright = luminance >= _BRIGHT
        if watched is not None:
            bright &= watched
        last, self._last = self._last, luminance
        past_s, self._at_s = min(max(at_s - self._at_s, 0.02), 1.0), at_s
        share = np.count_nonzero(bright) / bright.size
        if last is None or last.shape != luminance.shape or share < _LARGE[0] / 2:
            self._forget(bright)
            return
        if self._masks:
            before = self._masks[-1]
            dark = ~(bright | before)
            shift = float(np.median(luminance[dark].astype(np.int16) - last[dark])) if dark.any() else 0.0
            now = np.array(
                [share, 1 - _alike(bright, before), _alike(bright, self._masks[0]), float(abs(shift) >= _LEVELS)]
            )
            if self._mean is None:
                self._mean = now * (1, 1, 1, 0)  # that the light is unsteady has to be seen first
            self._mean = self._mean + (1 - math.exp(-past_s / _SMOOTHED_S)) * (now - self._mean)
            self.numbers = dict(zip(_NAMES, np.round(self._mean, 3).tolist(), strict=True))
        self._masks.append(bright)
        self.box = _largest(bright) if self.support() > 0 else None

    def support(self) -> float:
        """How much what was seen is like a large fire's doing, 0..1; 0 speaks against it."""
        if not self.numbers:
            return 0.0
        ranges = (_LARGE, _CHANGES, _STAYS, _UNSTEADY)
        return math.prod(ramp(self.numbers[name], *of) for name, of in zip(_NAMES, ranges, strict=True))

    def _forget(self, bright: NDArray[np.bool_]) -> None:
        self._masks.clear()
        self._masks.append(bright)
        self._mean, self.box, self.numbers = None, None, {}


_NAMES: Final = ("glare_share", "outline_change", "stays", "light_unsteady")


def _alike(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Share of both areas that is in both; 1 when both are empty."""
    both = np.count_nonzero(one | other)
    return float(np.count_nonzero(one & other)) / both if both else 1.0


def _largest(bright: NDArray[np.bool_]) -> Box | None:
    height, width = bright.shape
    count, _, stats, _ = cv2.connectedComponentsWithStats(bright.astype(np.uint8), connectivity=8, ltype=cv2.CV_16U)
    if count < 2:  # noqa: PLR2004 -- the first is what is not bright
        return None
    left, top, wide, high, _ = (int(value) for value in max(stats[1:], key=lambda piece: piece[4]))
    return Box(left / width, top / height, wide / width, high / height)
