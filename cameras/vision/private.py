"""Private: places of a picture that nobody is shown, filled before the picture leaves the worker as a still.

Live view and recordings are never decoded by the hub, and show them; so the fill is for single pictures alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Places = Sequence[Sequence[tuple[float, float]]]
"""Polygons, in shares of the picture's width and height."""

_GREY: Final = (96, 96, 96)


def hide(image: NDArray[np.uint8], places: Places) -> None:
    """Fill `places` of a (height, width, 3) BGR picture, in the picture itself, with one grey."""
    height, width = image.shape[:2]
    for place in places:
        corners = np.array([(round(x * width), round(y * height)) for x, y in place], np.int32)
        cv2.fillPoly(image, [corners], _GREY)
