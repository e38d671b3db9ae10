"""Faces: where they are in a picture, by the fetched network (CenterFace); who they are is asked nowhere.

It is used to hide faces in what is given away, and for nothing else: it names nobody, compares and keeps nothing. One
thread, one core.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.errors import ModelError
from cameras.vision.objects.networks import open_session
from cameras.vision.objects.wheel_models import FACES, lacking

Rect = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels."""

SIDE_PX: Final = 960
"""The longer side that a picture is brought to at most: a face of some 10 px there is found."""
LEAST: Final = 0.25
"""Low on purpose: what is hidden without need costs little, a face that is shown cannot be taken back."""
_STEP_PX: Final = 32
_CELL_PX: Final = 4
_SAME: Final = 0.3
"""Both are the network's."""
_MOST: Final = 400


class FaceFinder:
    """The loaded network."""

    def __init__(self, models_dir: Path) -> None:
        """Load it.

        Raises:
            ModelError: It is missing, or no such model.
        """
        path = models_dir / FACES.file
        if not path.is_file():
            raise ModelError(lacking(models_dir)[-1])
        self._session = open_session(path)
        self._input = self._session.get_inputs()[0].name

    def find(self, picture: NDArray[np.uint8], *, least: float = LEAST, side_px: int = SIDE_PX) -> list[Rect]:
        """Faces in a BGR picture, the surest first."""
        height, width = picture.shape[:2]
        scale = min(1.0, side_px / max(height, width))
        size = (_whole(width * scale), _whole(height * scale))
        small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
        data = np.ascontiguousarray(small[:, :, ::-1].transpose(2, 0, 1)[None])  # it was trained on RGB, 0..255
        heat, sizes, offsets, _marks = self._session.run(None, {self._input: data})
        found = decode(heat[0, 0], sizes[0], offsets[0], least=least)
        across, down = width / size[0], height / size[1]
        return [
            (
                max(0.0, left * across),
                max(0.0, top * down),
                min(float(width), right * across),
                min(float(height), low * down),
            )
            for left, top, right, low in found
        ]


def decode(
    heat: NDArray[np.float32], sizes: NDArray[np.float32], offsets: NDArray[np.float32], *, least: float
) -> list[Rect]:
    """What the network's answer means, in pixels of its picture.

    Args:
        heat: (rows, columns) likelihood of a face's middle.
        sizes: (2, rows, columns) logarithms of height and width, in cells.
        offsets: (2, rows, columns) of the middle within its cell, down and across.
        least: Less sure ones are left out.
    """
    rows, columns = np.nonzero(heat >= least)
    scores = heat[rows, columns]
    order = np.argsort(-scores, kind="stable")[:_MOST]
    kept: list[Rect] = []
    for row, column in zip(rows[order], columns[order], strict=True):
        high, wide = np.exp(sizes[:, row, column]) * _CELL_PX
        y = (row + offsets[0, row, column] + 0.5) * _CELL_PX
        x = (column + offsets[1, row, column] + 0.5) * _CELL_PX
        one = (float(x - wide / 2), float(y - high / 2), float(x + wide / 2), float(y + high / 2))
        if all(overlap(one, other) < _SAME for other in kept):
            kept.append(one)
    return kept


def overlap(one: Rect, other: Rect) -> float:
    """Intersection over union."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    if across <= 0 or down <= 0:
        return 0.0
    shared = across * down
    areas = (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1])
    return shared / max(areas - shared, 1e-9)


def _whole(pixels: float) -> int:
    """The next multiple of what the network takes."""
    return max(_STEP_PX, int(np.ceil(pixels / _STEP_PX)) * _STEP_PX)
