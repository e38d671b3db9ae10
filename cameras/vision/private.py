"""Private: what of a picture nobody is shown, filled or made coarse before it leaves the worker as a still.

Live view and recordings are never decoded by the hub, and show them; so the fill is for single pictures alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hub.geometry import Box

Places = Sequence[Sequence[tuple[float, float]]]
"""Polygons, in shares of the picture's width and height."""

_GREY: Final = (96, 96, 96)
NOWHERE: Final = Box(0.0, 0.0, 0.0, 0.0)
_MARGIN: Final = 0.15
"""Of the box's own size, shown around it on each side."""
_CELLS: Final = 24
"""Parts across a veiled picture: at 24 a person who fills the picture is a few spots, and no plate has a letter."""


def hide(image: NDArray[np.uint8], places: Places) -> None:
    """Fill `places` of a (height, width, 3) BGR picture, in the picture itself, with one grey."""
    height, width = image.shape[:2]
    for place in places:
        corners = np.array([(round(x * width), round(y * height)) for x, y in place], np.int32)
        cv2.fillPoly(image, [corners], _GREY)


def veil(image: NDArray[np.uint8], shown: Box) -> None:
    """Make everything but `shown` and a little around it coarse, in the (height, width, 3) BGR picture itself."""
    height, width = image.shape[:2]
    left, right = (shown.x - _MARGIN * shown.w) * width, (shown.x + (1 + _MARGIN) * shown.w) * width
    top, bottom = (shown.y - _MARGIN * shown.h) * height, (shown.y + (1 + _MARGIN) * shown.h) * height
    columns = slice(max(0, round(left)), max(0, round(right)))
    rows = slice(max(0, round(top)), max(0, round(bottom)))
    kept = image[rows, columns].copy()
    cells = (_CELLS, max(1, round(_CELLS * height / width)))
    small = cv2.resize(image, cells, interpolation=cv2.INTER_AREA)
    image[:] = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
    if shown != NOWHERE:
        image[rows, columns] = kept
