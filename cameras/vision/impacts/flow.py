"""Flow: how the picture moves from one look to the next, and how fast what is in a box is.

The object network is blind to a car that has just been crushed, turned over or hidden in its own dust; the motion of
its pixels is not. Dense inverse search on a small picture takes some 1.5 ms. It loses what moves by more than half its
size between two looks; so what is in a box is besides searched for as a whole in the look before. Speeds are against
the picture as a whole, so that a shaking camera moves nothing. One per camera, one thread; keeps one picture.

**Source**: Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016, as OpenCV implements it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hub.geometry import Box, Point

WIDTH_PX: Final = 320
"""A car that is 8 % of the picture wide covers some 25 pixels; narrower pictures make fast ones too slow by a third."""

_REPEATED: Final = 0.3
"""Mean grey levels between two looks below which it is the same picture again, as senders do when frames are missing: a
real camera's noise alone is more."""
_LONGEST_S: Final = 0.6
"""Between looks further apart everything has moved by more than can be followed."""
_LEAST_PX: Final = 4
_PLAIN: Final = 4.0
"""Grey levels (one standard deviation): in what is plainer there is nothing to find again."""
_MOST_OF: Final = 70.0
"""Percentile of the speeds inside a box that counts: a box holds some of the road as well."""


_CORE: Final = 0.6
"""Share of a box's width and height that is looked at: its middle is the thing itself."""
_REACH: Final = 1.75
_REACH_S: Final = 5.0
"""Own sizes, and own sizes per second, that something is searched for around where it is: 36 km/h and more."""
_SEARCH_PX: Final = 40
"""What is wider is searched for in a smaller picture."""
_LIKE: Final = 0.8
"""Correlation from which what was found is the same thing."""
_LIKE_THERE: Final = 0.55
_AGREE: Final = 0.35
"""And the same where the detector's boxes say that it came from, within so many own sizes."""
_LIKER: Final = 0.2
"""By so much it must be more alike than what the flow points at."""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """How the picture moved since the look before.

    Attributes:
        at_s: The scene's time.
        past_s: Seconds since the look before.
        moved: (height, width, 2) float32: for every pixel of the present picture how far it came, in pixels.
        now: (height, width) uint8: the present picture.
        last: (height, width) uint8: the one before.
        shake: How far the picture as a whole came, in pixels.
    """

    at_s: float
    past_s: float
    moved: NDArray[np.float32]
    now: NDArray[np.uint8]
    last: NDArray[np.uint8]
    shake: Point = (0.0, 0.0)

    def speed(self, box: Box, expected: Point | None = None) -> Point | None:
        """Picture widths per second (to the right, down) of what is in the middle of `box`; None outside the picture.

        Args:
            box: In the present picture.
            expected: What the boxes of a detector say, picture widths per second; None when they say nothing.
        """
        pixels = self._pixels(box, _CORE)
        if pixels is None:
            return None
        middle = np.median(pixels, axis=0)
        amount = float(np.hypot(*middle))
        if amount > 0:
            middle *= max(float(np.percentile(pixels @ middle / amount, _MOST_OF)) / amount, 1.0)
        scale = self.moved.shape[1] * self.past_s
        there = None if expected is None else (expected[0] * scale, expected[1] * scale)
        found = self._searched(box, (float(middle[0]), float(middle[1])), there)
        return (found[0] / scale, found[1] / scale)

    def going(self, box: Box, speed: Point, *, at_least: float) -> float:
        """Share of `box` that moves along `speed`, at least so fast; all of it when the whole does.

        Args:
            box: In the present picture.
            speed: Picture widths per second, not zero.
            at_least: Share of the amount of `speed` from which a pixel goes along.
        """
        pixels, whole = self._pixels(box, 1.0), self.speed(box)
        if pixels is None or whole is None:
            return 0.0
        amount = math.hypot(*speed)
        if whole[0] * speed[0] + whole[1] * speed[1] >= at_least * amount**2:
            return 1.0
        along = pixels @ np.asarray(speed, np.float32) / amount
        return float(np.mean(along >= at_least * amount * self.past_s * self.moved.shape[1]))

    def _searched(self, box: Box, flow_px: Point, expected_px: Point | None) -> Point:
        """How far what is in `box` came, in pixels: by the flow, or by where it is found in the look before."""
        left, top, right, bottom = self._window(box, _CORE, 0.0)
        size = math.sqrt(box.w * self.now.shape[1] * box.h * self.now.shape[0])
        reach = min(_REACH, _REACH_S * self.past_s) * size
        around = self._window(box, _CORE, reach)
        step = max(1, math.ceil((right - left) / _SEARCH_PX))
        sample = self.now[top:bottom:step, left:right:step]
        scene = self.last[around[1] : around[3] : step, around[0] : around[2] : step]
        if min(sample.shape) < _LEAST_PX or float(sample.std()) < _PLAIN or not _fits(sample, scene):
            return flow_px
        alike = cv2.matchTemplate(scene, sample, cv2.TM_CCOEFF_NORMED)

        def best_near(moved: Point, within_px: float) -> tuple[float, Point]:
            """How alike, and how far it came, at best near one place in the look before."""
            x = (left - moved[0] - self.shake[0] - around[0]) / step
            y = (top - moved[1] - self.shake[1] - around[1]) / step
            off = max(within_px / step, 1.0)
            x0, y0 = max(round(x - off), 0), max(round(y - off), 0)
            part = np.ascontiguousarray(alike[y0 : max(round(y + off) + 1, 0), x0 : max(round(x + off) + 1, 0)])
            if not part.size:
                return -1.0, moved
            _, best, _, (found_x, found_y) = cv2.minMaxLoc(part)
            came_x = left - around[0] - (x0 + found_x) * step - self.shake[0]
            return best, (came_x, top - around[1] - (y0 + found_y) * step - self.shake[1])

        flown, _ = best_near(flow_px, 1.0)
        wanted = [(best_near((0.0, 0.0), 2 * reach), _LIKE)]
        if expected_px is not None:
            wanted.append((best_near(expected_px, _AGREE * size), _LIKE_THERE))
        for (best, found), least in wanted:
            if best >= max(least, flown + _LIKER):
                return found
        return flow_px

    def _pixels(self, box: Box, core: float) -> NDArray[np.float32] | None:
        left, top, right, bottom = self._window(box, core, 0.0)
        if right - left < _LEAST_PX or bottom - top < _LEAST_PX:
            return None
        return self.moved[top:bottom, left:right].reshape(-1, 2)

    def _window(self, box: Box, core: float, margin_px: float) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of the middle of `box` and a margin around it, inside the picture, in pixels."""
        height, width = self.now.shape
        x, y = box.centre
        half_w, half_h = box.w * core / 2 * width + margin_px, box.h * core / 2 * height + margin_px
        left, right = max(round(x * width - half_w), 0), min(round(x * width + half_w) + 1, width)
        top, bottom = max(round(y * height - half_h), 0), min(round(y * height + half_h) + 1, height)
        return left, top, right, bottom


def _fits(sample: NDArray[np.uint8], scene: NDArray[np.uint8]) -> bool:
    return bool(scene.shape[0] >= sample.shape[0] and scene.shape[1] >= sample.shape[1])


class Flow:
    """Compares each look with the one before."""

    def __init__(self) -> None:
        self._engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._last: NDArray[np.uint8] | None = None
        self._last_s = 0.0

    def reset(self) -> None:
        """Forget the last look."""
        self._last = None

    def keep(self, image: NDArray[np.uint8], at_s: float) -> None:
        """Take a look that need not be compared; the next may be, with this one."""
        self._last, self._last_s = _small(image), at_s

    def update(self, image: NDArray[np.uint8], at_s: float) -> Field | None:
        """Take the next look; None when there is nothing to compare it with, or when it is the same picture again.

        Args:
            image: (height, width, 3) uint8, BGR.
            at_s: The scene's time; grows.
        """
        now = _small(image)
        last, past_s = self._last, at_s - self._last_s
        if last is None or last.shape != now.shape or past_s <= 0:
            self._last, self._last_s = now, at_s
            return None
        if float(cv2.absdiff(last, now).mean()) < _REPEATED:
            # Nothing moves, unless the sender repeats itself for a moment.
            still = np.zeros((*now.shape, 2), np.float32)
            return Field(at_s, past_s, still, now, now) if past_s > _LONGEST_S else None
        self._last, self._last_s = now, at_s
        if past_s > _LONGEST_S:
            return None
        moved = np.negative(self._engine.calc(now, last, None))  # type: ignore[call-overload]
        shake = np.median(moved[::8, ::8].reshape(-1, 2), axis=0)
        moved = np.asarray(moved - shake, np.float32)
        return Field(at_s, past_s, moved, now, last, (float(shake[0]), float(shake[1])))


def _small(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    if width > 2 * WIDTH_PX:  # every second pixel first: shrinking by area reads all that there are
        step = width // (2 * WIDTH_PX)
        image = image[::step, ::step]
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    size = (WIDTH_PX, round(WIDTH_PX * height / width))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
