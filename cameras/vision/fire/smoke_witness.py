"""Smoke witness: numbers of how a hazy place changes over a second, each with a physical reason; nothing is learned.

Smoke changes a picture where it has no edges as well as where it has some: the change has nothing to do with what is
there. What moves, and what a moving camera sees, changes at its edges. And smoke has no outline: the change rises and
falls over many pixels, that of a thing is cut off sharply. It goes on for seconds, over most of its place, by more than
the sensor's noise, which is all over the picture. One thread.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.vision.fire.degrees import ramp
from hub.geometry import Box

_LATER_LOOKS: Final = (1, 4)
"""Changes since a quarter of a second and since a second: thin smoke drifts slowly."""
_SMOOTHED_S: Final = 2.0
_LIVE: Final = (2.5, 6.0)
"""Grey levels, after averaging over 5 x 5 pixels: more than the noise of a good camera leaves, and than that of any."""
_LIVE_NOISES: Final = 2.0
"""Standard deviations of the noise: one pixel of twenty has as much by chance."""
_QUIET_SHARE: Final = 25
"""Per cent of the picture that stand still, so that what they change is noise."""
_OF_NORMAL: Final = 0.32
"""Of its standard deviation: below it lies that share of a normal distribution's amounts."""
_LEAST_PX: Final = 64
_AT_EDGES: Final = (0.12, 0.3)
"""Correlation of change with the edges there: smoke near 0, people, vehicles and shaken cameras 0.2 to 0.6."""
_SHARPNESS: Final = (1.5, 1.85)
"""Root mean square of the change's slope over its mean: 1.25 is noise, smoke up to 1.6, outlines 2 and more."""
_LIVE_SHARE: Final = (0.2, 0.5)
_LASTS_S: Final = (1.0, 3.0)
"""A puff of breath or vapour is gone by then."""


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What changed in the whole picture since an earlier look.

    Attributes:
        before: (height, width) uint8, the earlier picture.
        levels: (height, width) grey levels by which it changed, averaged over 5 x 5 pixels, without the exposure's.
        live: From so many on it is more than noise.
    """

    before: NDArray[np.uint8]
    levels: NDArray[np.float32]
    live: float


def changes(recent: Sequence[NDArray[np.uint8]]) -> list[Change]:
    """What changed since a quarter of a second and since a second.

    Args:
        recent: The last pictures of the cells, (height, width), some four a second, the newest last.
    """
    return [_change(recent[-1], recent[-1 - lag]) for lag in _LATER_LOOKS if lag < len(recent)]


def _change(now: NDArray[np.uint8], before: NDArray[np.uint8]) -> Change:
    # The exposure went up or down: what is bright changed more by it.
    gain = float(np.median((now[::4, ::4] + 1.0) / (before[::4, ::4] + 1.0)))
    levels = np.asarray(cv2.GaussianBlur(now - before * np.float32(gain), (5, 5), 0), np.float32)
    noise = float(np.percentile(np.abs(levels[::4, ::4]), _QUIET_SHARE)) / _OF_NORMAL
    return Change(before, levels, min(max(_LIVE_NOISES * noise, _LIVE[0]), _LIVE[1]))


@dataclass(slots=True)
class SmokeWitness:
    """One hazy place over time.

    Attributes:
        since_s: When it was first looked at.
        numbers: What was measured last, by name with the unit in it.
    """

    since_s: float
    numbers: dict[str, float] = field(default_factory=dict)
    _mean: dict[str, float] = field(default_factory=dict)
    _at_s: float | None = None

    def look(self, seen: Sequence[Change], box: Box, cells: int, at_s: float) -> None:
        """Measure what is in `box` now.

        Args:
            seen: What changed in the picture.
            box: The place.
            cells: How many cells it has.
            at_s: The time.
        """
        self.numbers["seen_s"] = round(at_s - self.since_s, 1)
        if not seen:
            return
        height, width = seen[0].before.shape
        rows = slice(round(box.y * height), round((box.y + box.h) * height))
        columns = slice(round(box.x * width), round((box.x + box.w) * width))
        found = [_measured(change, (rows, columns)) for change in seen]
        measured = [one for one in found if one is not None]
        if not measured:
            return
        now = dict(zip(_NAMES, np.mean(measured, axis=0).tolist(), strict=True)) | {"hazy_cells": float(cells)}
        past_s = at_s - self._at_s if self._at_s is not None else math.inf
        self._at_s = at_s
        share = 1 - math.exp(-min(past_s, 1.0) / _SMOOTHED_S)
        for name, value in now.items():
            before = self._mean.get(name, value)
            self._mean[name] = before + share * (value - before)
            self.numbers[name] = round(self._mean[name], 2)

    def support(self) -> float:
        """How much what was seen is like smoke's doing, 0..1; 0 speaks against it."""
        told = self.numbers
        if _NAMES[0] not in told:
            return 0.0
        return (
            (1 - ramp(told["change_at_edges"], *_AT_EDGES))
            * (1 - ramp(told["change_sharpness"], *_SHARPNESS))
            * ramp(told["changing_share"], *_LIVE_SHARE)
            * ramp(told["seen_s"], *_LASTS_S)
        )


_NAMES: Final = ("change_at_edges", "change_sharpness", "changing_share")


def _measured(change: Change, place: tuple[slice, slice]) -> tuple[float, float, float] | None:
    """How the change within `place` goes with the edges there, how sharp it is, and what share of it changes."""
    here, there = change.levels[place], change.before[place]
    if here.size < _LEAST_PX or min(here.shape) < 3:  # noqa: PLR2004 -- a slope needs three pixels
        return None
    slope = _slope(here)
    edges = _slope(there)
    amount = np.abs(here)
    spread = float(amount.std() * edges.std())
    together = float(((amount - amount.mean()) * (edges - edges.mean())).mean()) / spread if spread > 1e-6 else 0.0  # noqa: PLR2004
    sharpness = float(np.sqrt((slope**2).mean()) / (slope.mean() + 1e-6))
    return (together, sharpness, float(np.count_nonzero(amount > change.live)) / amount.size)


def _slope(picture: NDArray[Any]) -> NDArray[np.float32]:
    across, down = cv2.Sobel(picture, cv2.CV_32F, 1, 0), cv2.Sobel(picture, cv2.CV_32F, 0, 1)
    return np.asarray(cv2.magnitude(across, down), np.float32)
