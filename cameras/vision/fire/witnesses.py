"""Fire witnesses: numbers of what happens at one place over seconds, each with a physical reason; nothing is learned.

For a flame: its brightness turns 1 to 10 times a second (buoyant puffing), more than its surroundings do, which a
shaken camera does not; its parts turn each for itself, those of a blinking lamp all at once; from yellow core to red
fringe its colour spreads, that of paint hardly does; and it stays where it burns while its outline comes and goes,
which people and vehicles do not. Flicker holds the picture's turns, FlameWitness what is known of a place. One thread.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.vision.fire.degrees import ramp
from hub.geometry import Box

_RED: Final = 150
_RED_OVER_BLUE: Final = 45
_WHITE: Final = 235
"""As in the cells: flame coloured, or burnt out to white."""
_TURN: Final = 12.0
"""Grey levels that the brightness must come back from an extreme, so that codec noise is no flicker."""
_TURNS_S: Final = 2.0
"""Turns are counted over about this long: a few periods of the slowest flicker."""
_TURNS_LEAST_S: Final = 1.0
"""Before so much was seen one turn by chance would make a high rate."""
_PRESENCE_S: Final = 1.5
_PRESENT: Final = 0.2
"""A pixel that was hot for this share of the last seconds belongs to the place: tips of flames come and go."""
_LEAST_PX: Final = 6
"""Pixels of the small picture; fewer have no colour spread."""
_OUTSIDE: Final = 0.1
"""Share of a place and its surroundings that is neither at least; less is nothing to compare with."""
_TOGETHER_S: Final = 2.0
"""How much of the change is common to all parts is judged over so long."""
_PATH_LOOKS: Final = 8
"""Two seconds. Where it was in the second half of them against the first: a flame dances, a yellow bus is gone."""
_LEAST_SIZE_PX: Final = 8.0
"""One cell: the middle of a few hot pixels jumps from tip to tip."""
_QUIET_HZ: Final = 0.25
"""Turns per second added to the surroundings' before comparing, so that a still scene does not divide by nothing."""
_GROWTH_S: Final = 5.0
_LIVELY_HZ: Final = (0.3, 0.9)
"""Below the first no flame; large ones puff about 1 Hz, small ones faster than pictures come."""
_CONTRAST: Final = (1.2, 2.5)
_SPREAD: Final = (0.03, 0.06)
"""Of green over red: paint and plastic have one colour, a flame has all from red to white."""
_TOGETHER: Final = (0.6, 0.85)
_TRAVEL: Final = (0.35, 0.8)
"""Own sizes a second: a person walking is one size away by then."""
_ALONE_HZ: Final = (0.5, 1.1)
_ALONE_CONTRAST: Final = (1.5, 3.5)
_ALONE_TRAVEL: Final = (0.2, 0.4)
"""The same when nobody else is asked: the flame has to be a plain one."""


class Flicker:
    """How often each pixel's brightness turned, and how often it was hot, over the last seconds."""

    def __init__(self, luminance: NDArray[np.uint8], at_s: float) -> None:
        """Begin with the first of the small pictures, (height, width)."""
        self._at_s = at_s
        self._weight = 0.0
        self._last = luminance.astype(np.float32)
        self._extreme = self._last
        self._turns = np.zeros_like(self._last)
        self._rising = np.ones(luminance.shape, bool)
        self._presence = np.zeros_like(self._last)
        self._seen_s = 0.0
        self.change = np.zeros_like(self._last)
        self.hot = np.zeros(luminance.shape, bool)

    def turns_hz(self, window: tuple[slice, slice]) -> NDArray[np.float32]:
        """Turns per second of the pixels in `window`."""
        return self._turns[window] / np.float32(max(self._weight, _TURNS_LEAST_S))

    def present(self, window: tuple[slice, slice]) -> NDArray[np.bool_]:
        """Which pixels in `window` were hot for a while."""
        return self._presence[window] > _PRESENT * (1 - math.exp(-self._seen_s / _PRESENCE_S))

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the small pictures."""
        return self._last.shape

    def add(
        self,
        small: NDArray[np.uint8],
        luminance: NDArray[np.uint8],
        at_s: float,
        watched: NDArray[np.bool_] | None = None,
    ) -> None:
        """Count the next picture.

        Args:
            small: (height, width, 3) uint8, BGR.
            luminance: (height, width) uint8, its brightness.
            at_s: Its time.
            watched: (height, width), False where nothing counts.
        """
        past_s = min(max(at_s - self._at_s, 0.01), 1.0)
        self._at_s = at_s
        light = luminance.astype(np.float32)
        extreme = np.where(self._rising, np.maximum(self._extreme, light), np.minimum(self._extreme, light))
        turned = cv2.absdiff(extreme, light) > _TURN
        self._extreme = np.where(turned, light, extreme)
        self._rising ^= turned
        keep = math.exp(-past_s / _TURNS_S)
        self._turns *= np.float32(keep)
        self._turns += turned
        self._weight = self._weight * keep + past_s
        self.hot = hot_pixels(small)
        if watched is not None:
            self.hot &= watched
        self._seen_s += past_s
        self._presence += np.float32(1 - math.exp(-past_s / _PRESENCE_S)) * (self.hot - self._presence)
        self.change = light - self._last
        self._last = light


@dataclass(slots=True)
class FlameWitness:
    """One place over time.

    Attributes:
        numbers: What was measured last, by name with the unit in it.
        since_s: When it was first looked at.
    """

    since_s: float
    numbers: dict[str, float] = field(default_factory=dict)
    _net: float = 0.0
    _gross: float = 0.0
    _middles: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=_PATH_LOOKS))
    _size: float = 0.0
    _at_s: float | None = None

    def look(self, flicker: Flicker, small: NDArray[np.uint8], box: Box, at_s: float) -> None:
        """Measure what is in `box` now."""
        height, width = flicker.shape
        left, top = max(0, math.floor(box.x * width)), max(0, math.floor(box.y * height))
        right, bottom = min(width, math.ceil((box.x + box.w) * width)), min(height, math.ceil((box.y + box.h) * height))
        wide, high = right - left, bottom - top
        if wide <= 0 or high <= 0:
            return
        around = np.s_[max(0, top - high // 2) : bottom + high // 2, max(0, left - wide // 2) : right + wide // 2]
        window = np.s_[top:bottom, left:right]
        present = flicker.present(around)
        first_row, first_column = around[0].start, around[1].start
        own = np.s_[top - first_row : bottom - first_row, left - first_column : right - first_column]
        inside = np.zeros_like(present)
        inside[own] = present[own]
        now = flicker.hot[window]
        pixels = int(np.count_nonzero(now))
        past_s = min(max(at_s - (at_s - 0.25 if self._at_s is None else self._at_s), 0.01), 1.0)
        self._at_s = at_s
        self.numbers["seen_s"] = round(at_s - self.since_s, 1)
        if np.count_nonzero(inside) < _LEAST_PX or pixels < _LEAST_PX // 2:
            return
        turns_hz = flicker.turns_hz(around)
        # Its liveliest fifth: the core of a large flame is burnt out and steady.
        lively_hz = float(np.percentile(turns_hz[inside], 80))
        outside = ~present
        compared = np.count_nonzero(outside) >= _OUTSIDE * outside.size
        around_hz = float(turns_hz[outside].mean()) if compared else 0.0
        colours = small[window][now & ~burnt_out(small[window])].astype(np.float32)
        spread = float((colours[:, 1] / np.maximum(colours[:, 2], 1)).std()) if len(colours) >= _LEAST_PX // 2 else 0.0
        change = flicker.change[around][inside]
        keep = math.exp(-past_s / _TOGETHER_S)
        self._net = self._net * keep + abs(float(change.sum()))
        self._gross = self._gross * keep + float(np.abs(change).sum())
        rows, columns = np.nonzero(now)
        middle = (float(columns.mean()) + left, float(rows.mean()) + top)
        size_px = max(math.sqrt(pixels), _LEAST_SIZE_PX)
        self._middles.append(middle)
        area = pixels / (height * width)
        slow = 1.0 if self._size == 0.0 else 1 - math.exp(-past_s / _GROWTH_S)
        self._size += slow * (area - self._size)
        self.numbers |= {
            "flicker_hz": round(lively_hz / 2, 2),  # two turns are one period
            "flicker_contrast": round(lively_hz / (around_hz + _QUIET_HZ), 2),
            "colour_spread": round(spread, 3),
            "change_together": round(self._net / max(self._gross, 1e-6), 2),
            "travel_sizes": round(_travel(self._middles) / size_px, 2),
            "growth": round(area / max(self._size, 1e-9), 2),
            "hot_share": round(area, 5),
        }

    def support(self) -> float:
        """How much what was seen is like a flame's doing, 0..1; 0 speaks against it."""
        told = self.numbers
        if "flicker_hz" not in told:
            return 0.0
        return (
            ramp(told["flicker_hz"], *_LIVELY_HZ)
            * ramp(told["flicker_contrast"], *_CONTRAST)
            * ramp(told["colour_spread"], *_SPREAD)
            * (1 - ramp(told["change_together"], *_TOGETHER))
            * (1 - ramp(told["travel_sizes"], *_TRAVEL))
        )

    def testimony(self) -> float:
        """What the witnesses say when nobody else is asked: a flame only when all are as good as sure."""
        told = self.numbers
        if "flicker_hz" not in told:
            return 0.0
        return (
            self.support()
            * ramp(told["flicker_hz"], *_ALONE_HZ)
            * ramp(told["flicker_contrast"], *_ALONE_CONTRAST)
            * (1 - ramp(told["travel_sizes"], *_ALONE_TRAVEL))
        )


def _travel(middles: Sequence[tuple[float, float]]) -> float:
    """How far the second half of the middles is from the first, in pixels; 0 while there are too few."""
    half = len(middles) // 2
    if half == 0:
        return 0.0
    path = np.array(middles)
    return float(np.hypot(*(path[-half:].mean(axis=0) - path[:half].mean(axis=0))))


def burnt_out(small: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which pixels are white, so that nobody knows their colour."""
    return np.asarray(small.min(axis=2) >= _WHITE)


def hot_pixels(small: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which pixels of (height, width, 3) BGR are flame coloured or burnt out to white."""
    blue, green, red = cv2.split(small)
    warm = (red >= _RED) & (cv2.subtract(red, blue) >= _RED_OVER_BLUE) & (red >= green)
    return np.asarray(warm | (cv2.min(cv2.min(blue, green), red) >= _WHITE))
