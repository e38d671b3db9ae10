"""View changes: how a picture became another one: between two pictures, or over several.

Looked at in every analysed picture, at some 30 microseconds each; keeps the last seconds only. One per camera.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.vision.views.viewing import CELLS, Cells, alike_whole, directions_of

_NEXT_S: Final = 0.35
"""Pictures further apart than this do not show how it came about: a quick hand needs no longer."""
_KEEP_S: Final = 30.0
"""Whoever asks does so within about 20 s of the change, and wants that one, not the one before."""
_DARKER: Final = 0.5
_UNTOUCHED: Final = 0.8
_SOME: Final = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class _Jump:
    """The largest change between two neighbouring pictures."""

    size: float
    at_s: float
    step_s: float
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]


class Jumps:
    """The changes of one camera's picture."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._last: NDArray[np.uint8] | None = None
        self._cells: Cells | None = None
        self._last_s = 0.0
        self._largest: _Jump | None = None
        self._swept_s = -math.inf

    def reset(self) -> None:
        """The stream broke."""
        self._last = self._cells = self._largest = None
        self._swept_s = -math.inf

    def see(self, luminance: NDArray[np.uint8], at_s: float) -> None:
        """Take the next picture, (height, width) uint8."""
        cells = np.asarray(cv2.resize(luminance, CELLS, interpolation=cv2.INTER_AREA), np.float32)
        before, self._cells = self._cells, cells
        last, self._last = self._last, luminance
        step_s, self._last_s = at_s - self._last_s, at_s
        if before is None or last is None or last.shape != luminance.shape:
            return
        size = float(np.mean(np.abs(cells - before)))
        largest = self._largest
        if largest is None or size > largest.size or not 0 <= at_s - largest.at_s <= _KEEP_S:
            self._largest = _Jump(size, at_s, step_s, last, luminance)
        lit = before >= 30.0  # grey levels: in what was dark before nothing gets darker  # noqa: PLR2004
        if np.count_nonzero(lit) >= _SOME * lit.size:
            ratio = cells[lit] / before[lit]
            if np.mean(ratio < _DARKER) >= _SOME and np.mean(ratio > _UNTOUCHED) >= _SOME:
                self._swept_s = at_s

    def swept(self, at_s: float, *, within_s: float) -> bool:
        """Whether lately one part got dark while another was as before, which no lamp that goes out does."""
        return at_s - self._swept_s <= within_s

    def cut_between(self, usual: NDArray[np.float32], other: NDArray[np.float32], *, near: float) -> bool:
        """Whether one scene became the other between two neighbouring pictures, as only edited footage does.

        Args:
            usual: Directions of the scene before (as of a View).
            other: Directions of the scene after.
            near: Agreement from which a picture is of a scene, 0..1.
        """
        jump = self._largest
        if jump is None or jump.step_s > _NEXT_S or jump.after.shape != usual.shape[1:]:
            return False
        return (
            alike_whole(directions_of(jump.before), usual) >= near
            and alike_whole(directions_of(jump.after), other) >= near
        )
