"""Finding: where plates are in a picture, with their four corners, by the fetched network (RetinaFace's layout).

The network sees a plate from some 25 px of width on; a picture of a vehicle is brought to a size at which its plate
has that. Boxes and corners are in pixels of the picture that was given. One thread, one core.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.vision.objects.networks import open_session

_STEPS: Final = (8, 16, 32)
_ANCHORS_PX: Final = ((24, 48), (96, 192), (384, 768))
_CENTRE: Final = 0.1
_SIZE: Final = 0.2
"""Anchors and variances are part of the network, as it was trained."""
_MEAN: Final = (104.0, 117.0, 123.0)
_SAME: Final = 0.4
"""Intersection over union at which two boxes are one plate."""
_MOST: Final = 200
"""Anchors looked at, the surest first: a picture with more than a dozen plates is no picture of vehicles."""
SIDE_PX: Final = 960
"""The longer side that a whole picture is brought to; 100 ms on one core."""

Corners = NDArray[np.float32]
"""Upper left, upper right, lower right, lower left, in pixels; shape (4, 2)."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One plate, or what looks like one.

    Attributes:
        score: How sure the network is, 0..1.
        corners: Its corners in the picture.
    """

    score: float
    corners: Corners

    @property
    def width_px(self) -> float:
        """Along its upper edge."""
        return float(np.linalg.norm(self.corners[1] - self.corners[0]))

    @property
    def height_px(self) -> float:
        """Along its left edge."""
        return float(np.linalg.norm(self.corners[3] - self.corners[0]))

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        left, top = self.corners.min(axis=0)
        right, bottom = self.corners.max(axis=0)
        return float(left), float(top), float(right), float(bottom)


class PlateFinder:
    """The loaded network."""

    def __init__(self, path: Path) -> None:
        """Load it.

        Raises:
            ModelError: The file is no such model.
        """
        self._session = open_session(path)
        self._input = self._session.get_inputs()[0].name

    def find(self, picture: NDArray[np.uint8], *, least: float, side_px: int = SIDE_PX) -> list[Found]:
        """Plates, the surest first.

        Args:
            picture: BGR of any size.
            least: Less sure ones are left out.
            side_px: The longer side that it is brought to.
        """
        height, width = picture.shape[:2]
        scale = side_px / max(height, width)
        if scale != 1:
            size = (max(32, round(width * scale)), max(32, round(height * scale)))
            way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            picture = np.asarray(cv2.resize(picture, size, interpolation=way), dtype=np.uint8)
        scales = np.array((picture.shape[1] / width, picture.shape[0] / height), np.float32)
        data = (picture.astype(np.float32) - np.array(_MEAN, np.float32)).transpose(2, 0, 1)[None]
        places, scores, corners = self._session.run(None, {self._input: data})
        found = decode(places[0], scores[0][:, 1], corners[0], size_px=picture.shape[:2], least=least)
        return [Found(one.score, (one.corners / scales).astype(np.float32)) for one in found]


def decode(
    places: NDArray[np.float32],
    scores: NDArray[np.float32],
    corners: NDArray[np.float32],
    *,
    size_px: tuple[int, ...],
    least: float,
) -> list[Found]:
    """What the network's answer means.

    Args:
        places: (anchors, 4): centre and size, as differences from each anchor.
        scores: (anchors,).
        corners: (anchors, 8): lower right, lower left, upper left, upper right.
        size_px: Height and width that the network was given.
        least: Less sure ones are left out.
    """
    anchors = _anchors(size_px[0], size_px[1])
    sure = np.flatnonzero(scores >= least)
    sure = sure[np.argsort(-scores[sure], kind="stable")][:_MOST]
    centres = anchors[sure, :2] + places[sure, :2] * _CENTRE * anchors[sure, 2:]
    sizes = anchors[sure, 2:] * np.exp(places[sure, 2:] * _SIZE)
    boxes = np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1)
    points = anchors[sure, None, :2] + corners[sure].reshape(-1, 4, 2) * _CENTRE * anchors[sure, None, 2:]
    kept: list[int] = []
    for number in range(len(sure)):
        if all(_overlap(boxes[number], boxes[other]) <= _SAME for other in kept):
            kept.append(number)
    order = [2, 3, 0, 1]
    return [Found(float(scores[sure[number]]), points[number][order].astype(np.float32)) for number in kept]


def _overlap(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    if across <= 0 or down <= 0:
        return 0.0
    shared = float(across * down)
    areas = float((one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1]))
    return shared / max(areas - shared, 1e-6)


@lru_cache(maxsize=16)
def _anchors(height: int, width: int) -> NDArray[np.float64]:
    """Centre and size of every anchor, in pixels: (anchors, 4)."""
    parts = []
    for step, sides in zip(_STEPS, _ANCHORS_PX, strict=True):
        down = (np.arange(math.ceil(height / step)) + 0.5) * step
        across = (np.arange(math.ceil(width / step)) + 0.5) * step
        y, x, side = np.meshgrid(down, across, np.array(sides, float), indexing="ij")
        parts.append(np.stack([x, y, side, side], axis=-1).reshape(-1, 4))
    return np.concatenate(parts)
