"""Viewing: how a camera's whole picture compares with the picture that it usually gives, in cells of 16 by 9.

What stands still in a scene has fine detail and larger structure at fixed places. Both are measured between two looks
some seconds apart, so that sensor noise, rain, snow and what passes by, which differ from look to look, count for
nothing. Contrast is taken relative to the brightness of its cell, so that exposure and dusk change it little; structure
is compared by the direction of its edges alone, whichever side is the brighter, so that infra-red, in which leaves are
white, is still the same scene. No thread; knows no Events and no troubles.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

CELLS: Final = (16, 9)
"""Columns and rows. A cell of a 640 px picture is 40 px: large enough to hold structure, small enough that a hand at
the lens covers dozens."""
FINE_WIDTH_PX: Final = 640
"""About: a whole factor is taken. Detail that cameras of a village resolve; wider ones are scaled down."""
_DETAIL_PX: Final = 1.5
"""Detail is what a blur of this radius takes away: edges as sharp as a lens in focus draws them. What is so near to the
lens that it is out of focus, or a scene out of focus, has hardly any."""
_STRUCTURE_PX: Final = 2.0
"""Structure is what is left after a blur of this radius of the small picture, 1 % of its width: what a shaking mast
moves is still in its place, and a picture out of focus still shows it."""
_BLACK: Final = 8.0
"""Grey levels added to a cell's brightness before contrast is divided by it: below that, there is only noise."""
_STRUCTURED: Final = 1.2
_DETAILED: Final = 0.9
"""Grey levels (per pixel of the small picture, and of the fine one) from which a cell has something that can get lost:
a codec at a low bit rate keeps less than that of nothing."""

_RESTS: Final = 0.5
"""Less than this share of a cell's structure being the same in both looks, it moves."""

Cells = NDArray[np.float32]
"""(9, 16) float32: a value per cell."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One picture, prepared for comparing.

    Attributes:
        at_s: Its time.
        grey: (height, width) uint8, about FINE_WIDTH_PX wide.
        light: Mean brightness, 0..255.
        edges: Two (height, width) float32, along x and y: gradients of the structure, in the small picture.
        detail: (height, width) int16: what a little blur takes away from `grey`.
        colour: Mean distance of the colours from grey, in grey levels; about 0 in infra-red.
    """

    at_s: float
    grey: NDArray[np.uint8]
    light: Cells
    edges: tuple[NDArray[np.float32], NDArray[np.float32]]
    detail: NDArray[np.int16]
    colour: float


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What two looks have in common.

    Attributes:
        light: Mean brightness, 0..255.
        detail: Contrast of fine detail, relative to the brightness.
        structure: Contrast of structure, relative to the brightness.
        directions: (2, height, width) float32: strength and direction of edges, the same for light on dark as for dark
            on light.
        fine: (height, width) int16: fine detail of the later look.
        restless: Cells whose structure is another in each look: people, smoke, a camera that is carried.
    """

    light: Cells
    detail: Cells
    structure: Cells
    directions: NDArray[np.float32]
    fine: NDArray[np.int16]
    restless: NDArray[np.bool_]


def look_at(image: NDArray[np.uint8], small: NDArray[np.uint8], luminance: NDArray[np.uint8], at_s: float) -> Look:
    """Prepare a picture.

    Args:
        image: (height, width, 3) uint8, BGR.
        small: (height, width, 3) uint8, BGR: the picture scaled down to some 240 px.
        luminance: (height, width) uint8, of `small`.
        at_s: Its time.
    """
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    factor = max(1, round(grey.shape[1] / FINE_WIDTH_PX))
    if factor > 1:
        size = (grey.shape[1] // factor, grey.shape[0] // factor)
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    detail = cv2.subtract(grey, cv2.GaussianBlur(grey, (0, 0), _DETAIL_PX), dtype=cv2.CV_16S)
    smooth = cv2.GaussianBlur(luminance, (0, 0), _STRUCTURE_PX)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125)
    thin = small[::4, ::4]
    colour = float(np.mean(thin.max(axis=2).astype(np.float32) - thin.min(axis=2)))
    light = _cells(luminance.astype(np.float32))
    return Look(at_s, grey, light, (np.asarray(across, np.float32), np.asarray(down, np.float32)),
                np.asarray(detail, np.int16), colour)  # fmt: skip


def compare(now: Look, before: Look) -> View:
    """What two looks, some seconds apart, both show; `before` is of the same size."""
    (across, down), (across_before, down_before) = now.edges, before.edges
    fine = _cells(cv2.multiply(now.detail, before.detail, dtype=cv2.CV_32F))
    coarse = _cells(across * across_before + down * down_before)
    strength = np.sqrt(across * across + down * down) + np.float32(1e-3)
    directions = np.stack([(across * across - down * down) / strength, 2 * across * down / strength])
    alone = _cells(across * across + down * down)
    brightness = now.light + np.float32(_BLACK)
    return View(
        now.light,
        np.sqrt(np.maximum(fine, 0)) / brightness,
        np.sqrt(np.maximum(coarse, 0)) / brightness,
        np.asarray(directions, np.float32),
        now.detail,
        (alone >= _STRUCTURED**2) & (coarse < _RESTS * alone),
    )


class UsualView:
    """What a camera usually shows: running means of its Views.

    Attributes:
        looks: How many it has learned from.
        begun_s: Time of the first of them.
    """

    def __init__(self, view: View, at_s: float) -> None:
        """Begin with one View."""
        self.light = view.light.copy()
        self.detail = view.detail.copy()
        self.structure = view.structure.copy()
        self.directions = view.directions.copy()
        self._fine = view.fine.astype(np.float32)
        self.looks = 1
        self.begun_s = at_s

    @property
    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """All that it knows, by name, for keeping."""
        return {
            "light": self.light,
            "detail": self.detail,
            "structure": self.structure,
            "directions": self.directions,
            "fine": self._fine,
        }

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[np.float32]], at_s: float) -> UsualView:
        """What `arrays` gave.

        Raises:
            KeyError: One of them is missing.
        """
        mine = {name: np.asarray(arrays[name], np.float32) for name in
                ("light", "detail", "structure", "directions", "fine")}  # fmt: skip
        still = np.zeros(mine["light"].shape, np.bool_)
        view = View(mine["light"], mine["detail"], mine["structure"], mine["directions"],
                    np.asarray(np.round(mine["fine"]), np.int16), still)  # fmt: skip
        return cls(view, at_s)

    def learn(self, view: View, share: float) -> None:
        """Take in a View with the weight `share`, 0..1; with 0 all that were taken in weigh the same."""
        self.looks += 1
        rate = share or 1 / self.looks
        taken = (view.light, view.detail, view.structure, *view.directions, view.fine.astype(np.float32))
        mine = (self.light, self.detail, self.structure, *self.directions, self._fine)
        for new, mean in zip(taken, mine, strict=True):
            cv2.accumulateWeighted(new, mean, rate)

    def take_light(self, view: View, where: NDArray[np.bool_]) -> None:
        """The same scene in another light: contrasts begin anew in the cells `where`; the places of edges stay."""
        for mine, theirs in ((self.light, view.light), (self.detail, view.detail), (self.structure, view.structure)):
            mine[where] = theirs[where]

    def telling(self) -> NDArray[np.bool_]:
        """Cells that have something which can get lost."""
        brightness = self.light + np.float32(_BLACK)
        telling: NDArray[np.bool_] = (self.structure * brightness >= _STRUCTURED) & (
            self.detail * brightness >= _DETAILED
        )
        return telling

    def alike(self, directions: NDArray[np.float32]) -> Cells:
        """How far edges run as they usually do, -1..1 per cell; about 0 when it is another scene."""
        mine, theirs = self.directions, directions
        shared = _cells(mine[0] * theirs[0] + mine[1] * theirs[1])
        usual = _cells(mine[0] * mine[0] + mine[1] * mine[1])
        now = _cells(theirs[0] * theirs[0] + theirs[1] * theirs[1])
        return np.asarray(shared / np.sqrt(usual * now + np.float32(1e-4)), np.float32)

    def alike_finely(self, view: View) -> Cells:
        """How far fine detail is what it usually is, -1..1 per cell; half of a cell that is covered leaves some 0.7."""
        shared = _cells(cv2.multiply(self._fine, view.fine, dtype=cv2.CV_32F))
        usual = _cells(cv2.multiply(self._fine, self._fine))
        now = (view.detail * (view.light + np.float32(_BLACK))) ** 2
        return np.asarray(shared / np.sqrt(usual * now + np.float32(1e-2)), np.float32)

    def detail_there(self, view: View, cells: NDArray[np.bool_]) -> float:
        """How much of the usual fine detail of some cells one look shows, wherever a little sway has put it; 1 is all.

        A shaken camera smears what two looks have in common, as a lens out of focus does; but each of its looks is as
        sharp as ever. Measured along the usual detail, so that noise, which is detail too, counts for nothing. Costs
        as much as two looks: for asking before something is told.
        """
        mine, theirs = self._fine, view.fine.astype(np.float32)
        height, width = mine.shape
        (x, y), _ = cv2.phaseCorrelate(mine, theirs, cv2.createHanningWindow((width, height), cv2.CV_32F))
        reach_px = _SWAY * width
        if abs(x) > reach_px or abs(y) > reach_px:
            x = y = 0.0
        back = np.array([[1.0, 0.0, x], [0.0, 1.0, y]])
        theirs = np.asarray(
            cv2.warpAffine(theirs, back, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP), np.float32
        )
        usual, shared = _cells(cv2.multiply(mine, mine)), _cells(cv2.multiply(mine, theirs))
        return float(shared[cells].sum() / max(float(usual[cells].sum()), 1e-6))

    def sharp(self, view: View) -> NDArray[np.bool_]:
        """Cells that show something sharp now."""
        sharp: NDArray[np.bool_] = view.detail * (view.light + np.float32(_BLACK)) >= 2 * _DETAILED
        return sharp

    def displaced(self, directions: NDArray[np.float32]) -> tuple[float, float] | None:
        """Whether another picture shows the usual scene elsewhere: by which shares of width and height, else None."""
        mine, theirs = (np.asarray(np.hypot(each[0], each[1]), np.float32) for each in (self.directions, directions))
        height, width = mine.shape
        window = cv2.createHanningWindow((width, height), cv2.CV_32F)
        (x, y), _ = cv2.phaseCorrelate(mine, theirs, window)
        across, down = round(x), round(y)
        if abs(across) >= width * _OVERLAP or abs(down) >= height * _OVERLAP:
            return None
        at_home = np.s_[:, max(0, -down) : height - max(0, down), max(0, -across) : width - max(0, across)]
        elsewhere = np.s_[:, max(0, down) : height - max(0, -down), max(0, across) : width - max(0, -across)]
        agrees = alike_whole(self.directions[at_home], directions[elsewhere])
        if agrees < _SAME_SCENE or agrees < alike_whole(self.directions, directions) + _BETTER:
            return None
        return across / width, down / height


_SWAY: Final = 0.02
"""Of the width: a mast in the wind; what moves a camera further is somebody who turns it."""
_OVERLAP: Final = 0.6
_SAME_SCENE: Final = 0.5
_BETTER: Final = 0.15
"""Agreement of edges: scenes that have nothing to do with each other have 0.2 and less, for much in the world is level
or upright; the same scene, looked at again, 0.8."""


def alike_whole(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """As `UsualView.alike`, for whole pictures."""
    shared = float(np.sum(one * other))
    return shared / (math.sqrt(float(np.sum(one * one)) * float(np.sum(other * other))) + 1e-6)


def directions_of(luminance: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The directions of one small picture, as in View."""
    smooth = cv2.GaussianBlur(luminance, (0, 0), _STRUCTURE_PX)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125)
    strength = np.sqrt(across * across + down * down) + np.float32(1e-3)
    return np.asarray(np.stack([(across * across - down * down) / strength, 2 * across * down / strength]), np.float32)


def unchanged(now: NDArray[np.uint8], before: NDArray[np.uint8]) -> float:
    """Share of the cells in which two pictures are the same, but for a grey level here and there."""
    differs = cv2.threshold(cv2.absdiff(now, before), 1, 1, cv2.THRESH_BINARY)[1]
    return float(np.mean(_cells(differs.astype(np.float32)) < _SAME))


_SAME: Final = 0.004
"""Share of the pixels of a cell: 6 of 1,600. Noise changes half of them, a decoder none."""


def _cells(values: NDArray[np.float32] | cv2.typing.MatLike) -> Cells:
    return np.asarray(cv2.resize(values, CELLS, interpolation=cv2.INTER_AREA), np.float32)
