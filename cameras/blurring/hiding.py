"""Hiding: what is covered in which picture, and how.

What was found is followed, so that a look that misses a face does not show it: between two finds it is where the way
between them leads, and it stays covered for a while before the first find and after the last, growing, for nobody knows
where it was then. A place is covered by a few flat blocks, too few to tell a face or a plate from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.blurring.faces import Rect

BEFORE_S: Final = 0.5
"""So long before the first find it is covered: a face that turns to the camera is found when it has."""
AFTER_S: Final = 1.0
"""So long after the last: it looked down, or passed behind a post."""
_REACH: Final = 1.5
"""Own sizes within which the next find is the same thing."""
_GROWS: Final = 0.8
"""Of its size a second that is covered around it where it was not found."""
_BLOCKS: Final = 5
"""Flat blocks across the longer side: a face needs some 20 px to be known, a plate several for each character."""


@dataclass(slots=True)
class _Followed:
    finds: list[tuple[float, Rect]] = field(default_factory=list)

    def at(self, at_s: float) -> Rect | None:
        """Where it is covered at a moment; None when it is not."""
        first_s, first = self.finds[0]
        last_s, last = self.finds[-1]
        if at_s < first_s:
            return None if first_s - at_s > BEFORE_S else _grown(first, _GROWS * (first_s - at_s))
        if at_s >= last_s:
            return None if at_s - last_s > AFTER_S else _grown(last, _GROWS * (at_s - last_s))
        for (early_s, early), (late_s, late) in zip(self.finds, self.finds[1:], strict=False):
            if early_s <= at_s < late_s:
                share = (at_s - early_s) / (late_s - early_s)
                left, top, right, low = (one + share * (other - one) for one, other in zip(early, late, strict=True))
                apart_s = min(at_s - early_s, late_s - at_s)
                return _grown((left, top, right, low), _GROWS * apart_s)
        return None


class Hidden:
    """What has been found, over time. Times grow; `at` may be asked for moments up to BEFORE_S back."""

    def __init__(self, margin: float) -> None:
        """Cover `margin` of its size around everything that is found."""
        self._margin = margin
        self._followed: list[_Followed] = []

    def add(self, at_s: float, found: Iterable[Rect]) -> None:
        """Take what one look found."""
        self._followed = [one for one in self._followed if at_s - one.finds[-1][0] <= AFTER_S + BEFORE_S]
        free = [one for one in self._followed if at_s - one.finds[-1][0] <= AFTER_S]
        for rect in found:
            wide = _grown(rect, self._margin)
            best = min(free, key=lambda one: _apart(one.finds[-1][1], wide), default=None)
            if best is not None and _apart(best.finds[-1][1], wide) <= _REACH:
                free.remove(best)
                best.finds.append((at_s, wide))
            else:
                self._followed.append(_Followed([(at_s, wide)]))

    def at(self, at_s: float) -> list[Rect]:
        """What is covered in the picture of a moment."""
        return [rect for one in self._followed if (rect := one.at(at_s)) is not None]


def cover(image: NDArray[np.uint8], rects: Iterable[Rect]) -> None:
    """Cover places in a BGR picture, in the picture itself."""
    height, width = image.shape[:2]
    for rect in rects:
        left, top = max(0, int(np.floor(rect[0]))), max(0, int(np.floor(rect[1])))
        right, low = min(width, int(np.ceil(rect[2]))), min(height, int(np.ceil(rect[3])))
        if right > left and low > top:
            image[top:low, left:right] = _blocks(image[top:low, left:right])


def cover_polygons(image: NDArray[np.uint8], polygons: Sequence[Sequence[tuple[float, float]]]) -> None:
    """Cover polygons, given in shares of width and height, in the picture itself."""
    height, width = image.shape[:2]
    for polygon in polygons:
        points = np.array([(x * width, y * height) for x, y in polygon], np.float32)
        left, top = np.maximum(np.floor(points.min(axis=0)).astype(int), 0)
        right, low = np.minimum(np.ceil(points.max(axis=0)).astype(int), (width, height))
        if right <= left or low <= top:
            continue
        inside = np.zeros((low - top, right - left), np.uint8)
        cv2.fillPoly(inside, [np.rint(points - (left, top)).astype(np.int32)], 1)
        part = image[top:low, left:right]
        part[inside > 0] = _blocks(part)[inside > 0]


def _blocks(part: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The part as flat blocks, each of the mean colour of what it covers."""
    height, width = part.shape[:2]
    block = max(height, width) / _BLOCKS
    few = (max(1, round(width / block)), max(1, round(height / block)))
    small = cv2.resize(part, few, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST), dtype=np.uint8)


def _grown(rect: Rect, share: float) -> Rect:
    wide, high = (rect[2] - rect[0]) * share, (rect[3] - rect[1]) * share
    return (rect[0] - wide, rect[1] - high, rect[2] + wide, rect[3] + high)


def _apart(one: Rect, other: Rect) -> float:
    """Distance of the middles, in the mean of their sizes."""
    size = (one[2] - one[0] + one[3] - one[1] + other[2] - other[0] + other[3] - other[1]) / 4
    across = (one[0] + one[2] - other[0] - other[2]) / 2
    down = (one[1] + one[3] - other[1] - other[3]) / 2
    return float(np.hypot(across, down) / max(size, 1e-6))
