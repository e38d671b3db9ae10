"""Fire cells: where in a picture a flame or smoke might be, four times a second, for about a millisecond a look.

The picture, scaled to about 320 x 180 px or as many in another shape, is cut into cells of 8 x 8 px. A cell is hot
while part of it is flame coloured or burnt out to white and it is restless; hazy while it is grey, unlike its slow
background, has lost edges and moves softly. Heat and haze add up and fade within seconds; cells that touch are one
Region. Finds nearly every fire and much else: it saves work and decides nothing. One per camera, one thread.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hub.geometry import Box, Point

_PIXELS: Final = 320 * 180
"""About: a whole factor is taken, which scales ten times faster. Tall pictures get as many, and cost as much, as wide
ones."""
_CELL_PX: Final = 8
"""2.5 % of the picture's width: a person at the far end of a yard."""
_FADE_S: Final = 2.0
"""Heat and haze fade with this time constant: a few of the slowest flickers."""
_RED: Final = 150
_RED_OVER_BLUE: Final = 45
"""Grey levels: less red is skin, wood or dusk; less saturated is lamp light and haze."""
_WHITE: Final = 235
"""All three colours: the sensor is full, as in the core of a flame at night."""
_WARM_SHARE: Final = 0.06
_WHITE_SHARE: Final = 0.10
"""Of a cell: 4 px and 6 px; white is more common than warm."""
_LIVE_NOISES: Final = 2.0
_LIVE_LEVELS: Final = 3.0
"""A cell is restless when it changes by so many times the picture's usual change, and so many grey levels more."""
_MOST_NOISE: Final = 12.0
"""Grey levels: no noise or shaken camera changes half of the picture by more; a fire all over it does."""
_HOT_S: Final = 0.5
_HAZY_S: Final = 0.8
"""Seconds of heat or haze, faded, from which a cell belongs to a Region: two or three looks."""
_BACKGROUND_S: Final = 20.0
_LEARN_SOFT: Final = np.float32(0.3)
"""What may be smoke is taken into the background so much more slowly."""
_UNLIKE: Final = 7.0
"""Grey levels of a cell's mean: thin smoke before a wall."""
_EDGES_LEFT: Final = 0.9
_EDGE_LEVELS: Final = 2.0
_GREY: Final = 60
"""Between the strongest and the weakest colour; smoke has less."""
_BLACK: Final = 30
"""Darker is shadow; black smoke in daylight is lighter than this, for there is air before it."""
_SOFT: Final = 12.0
"""Grey levels a cell of smoke changes between looks at most; people and cars change more."""
_RESTLESS: Final = 0.4
_CUT: Final = 25.0
_CUT_SHARE: Final = 0.5
"""More than this share changed by so many levels at once: another scene, or other light."""
_RECENT: Final = 5
_WATCHED_SHARE: Final = 0.5
_MOST_REGIONS: Final = 6
_LEAST_HAZY_CELLS: Final = 12
"""After growing by one cell to each side; a single cell gives nine."""


@dataclass(frozen=True, slots=True)
class Region:
    """Cells that touch.

    Attributes:
        box: Around them, with one cell more to each side.
        core: Around them alone.
        peak: Middle of the cell with the most heat or haze.
        cells: How many.
    """

    box: Box
    core: Box
    peak: Point
    cells: int


@dataclass(frozen=True, slots=True)
class Regions:
    """What one look found, the largest first."""

    hot: tuple[Region, ...] = ()
    hazy: tuple[Region, ...] = ()


class FireCells:
    """The cells of one camera's picture."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._state: _State | None = None

    @property
    def recent(self) -> list[NDArray[np.uint8]]:
        """The pictures of the last second since the last cut, (height, width), the newest last."""
        return [] if self._state is None else list(self._state.recent)

    def reset(self) -> None:
        """Forget the past."""
        self._state = None

    def look(self, image: NDArray[np.uint8], at_s: float, watched: NDArray[np.bool_] | None = None) -> Regions:
        """Take the next picture.

        Args:
            image: (height, width, 3) uint8, BGR.
            at_s: Its time; four looks a second are meant, fewer find less.
            watched: (any height, any width), False where nothing counts; None counts everywhere.
        """
        factor = max(1, round(math.sqrt(image.shape[0] * image.shape[1] / _PIXELS)))
        rows, columns = (side // factor // _CELL_PX for side in image.shape[:2])
        if rows == 0 or columns == 0:
            return Regions()
        high, wide = rows * _CELL_PX, columns * _CELL_PX
        whole = image[: high * factor, : wide * factor]
        small = np.asarray(cv2.resize(whole, (wide, high), interpolation=cv2.INTER_AREA), np.uint8)
        now = _Cells(small)
        if watched is not None:
            counts = cv2.resize(watched.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
            now.hot &= counts > _WATCHED_SHARE
            now.colour[counts <= _WATCHED_SHARE] = 255  # nothing so colourful is smoke
        if self._state is None or self._state.last.shape != now.grey.shape:
            self._state = _State(now, at_s)
            return Regions()
        state = self._state
        difference = np.asarray(cv2.absdiff(now.grey, state.last))
        cut = np.count_nonzero(difference > _CUT) > _CUT_SHARE * difference.size
        if cut and not state.cut:
            self._state = _State(now, at_s, cut=True)
            return Regions()
        state.cut = bool(cut)  # what changes so much again and again is no cut: it is a fire all over the picture
        state.take(now, _per_cell(difference), at_s)
        across, down = wide * factor / image.shape[1] / columns, high * factor / image.shape[0] / rows
        return Regions(
            _regions(state.heat, state.heat > _HOT_S, (across, down), least=1),
            _regions(state.haze, state.haze > _HAZY_S, (across, down), least=_LEAST_HAZY_CELLS),
        )


class _Cells:
    """One picture, measured per cell."""

    def __init__(self, small: NDArray[np.uint8]) -> None:
        blue, green, red = cv2.split(small)
        self.grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)
        most, least = cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red)
        warm = (red >= _RED) & (cv2.subtract(red, blue) >= _RED_OVER_BLUE) & (red >= green)
        self.hot = (_per_cell(warm) > _WARM_SHARE) | (_per_cell(least >= _WHITE) > _WHITE_SHARE)
        self.mean = _per_cell(self.grey)
        across = cv2.Sobel(self.grey, cv2.CV_16S, 1, 0)
        down = cv2.Sobel(self.grey, cv2.CV_16S, 0, 1)
        self.edges = _per_cell(cv2.add(cv2.convertScaleAbs(across, alpha=0.25), cv2.convertScaleAbs(down, alpha=0.25)))
        self.colour = _per_cell(cv2.subtract(most, least))


class _State:
    """What is remembered per cell."""

    @property
    def last(self) -> NDArray[np.uint8]:
        return self.recent[-1]

    def __init__(self, now: _Cells, at_s: float, *, cut: bool = False) -> None:
        self.recent = deque([now.grey], maxlen=_RECENT)
        self.cut = cut
        self._at_s = at_s
        self._mean, self._edges = now.mean.copy(), now.edges.copy()
        self.heat = np.zeros_like(now.mean)
        self.haze = np.zeros_like(now.mean)
        self._restless = np.zeros_like(now.mean)

    def take(self, now: _Cells, change: NDArray[np.float32], at_s: float) -> None:
        past_s = min(max(at_s - self._at_s, 0.02), 1.0)
        self._at_s = at_s
        self.recent.append(now.grey)
        keep = np.float32(math.exp(-past_s / _FADE_S))
        self._restless += (1 - keep) * (change - self._restless)
        noise = float(np.median(self._restless))
        usual = min(max(noise, float(np.median(change))), _MOST_NOISE)
        live = change > _LIVE_NOISES * usual + _LIVE_LEVELS
        self.heat = np.asarray(self.heat * keep + np.float32(past_s) * (now.hot & live), np.float32)
        off = now.mean - self._mean
        off -= np.median(off)  # the exposure went up or down, or a cloud came
        soft = (
            (np.abs(off) > _UNLIKE)
            & (now.edges < _EDGES_LEFT * self._edges + _EDGE_LEVELS)
            & (now.colour < _GREY)
            & (now.mean > _BLACK)
        )
        drifting = soft & (self._restless > noise + _RESTLESS) & (self._restless < _SOFT)
        self.haze = self.haze * keep + np.float32(past_s) * drifting
        learn = np.where(soft, _LEARN_SOFT, np.float32(1)) * np.float32(1 - math.exp(-past_s / _BACKGROUND_S))
        self._mean += (learn * off).astype(np.float32)
        self._edges += (learn * (now.edges - self._edges)).astype(np.float32)


def _per_cell(picture: NDArray[Any]) -> NDArray[np.float32]:
    """The mean of each cell."""
    high, wide = picture.shape[0] // _CELL_PX, picture.shape[1] // _CELL_PX
    numbers = picture.astype(np.float32)
    return np.asarray(cv2.resize(numbers, (wide, high), interpolation=cv2.INTER_AREA), np.float32)


def _regions(
    weight: NDArray[np.float32], mask: NDArray[np.bool_], cell: tuple[float, float], *, least: int
) -> tuple[Region, ...]:
    if not mask.any():
        return ()
    grown = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(grown, connectivity=8, ltype=cv2.CV_16U)
    found = []
    for number in range(1, count):
        left, top, wide, high, cells = (int(value) for value in stats[number])
        if cells < least:
            continue
        window = np.s_[top : top + high, left : left + wide]
        own = (labels[window] == number) & mask[window]
        row, column = divmod(int(np.where(own, weight[window], -1).argmax()), wide)
        rows, columns = np.nonzero(own)
        core = Box(
            (left + int(columns.min())) * cell[0],
            (top + int(rows.min())) * cell[1],
            (int(np.ptp(columns)) + 1) * cell[0],
            (int(np.ptp(rows)) + 1) * cell[1],
        )
        box = Box(left * cell[0], top * cell[1], wide * cell[0], high * cell[1])
        peak = ((left + column + 0.5) * cell[0], (top + row + 0.5) * cell[1])
        found.append(Region(box, core, peak, cells))
    return tuple(sorted(found, key=lambda region: -region.cells)[:_MOST_REGIONS])
