"""GroundPlane: from places in the picture to metres on the ground, by four or more places that somebody measured.

Holds for what stands on the ground, and the ground is taken for flat. Near the horizon a pixel is many metres: there it
answers None rather than a number that means nothing. Immutable.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from config.says import in_english
from config.zones import Ground
from hub.errors import ConfigurationError, Mistake
from hub.geometry import Box, Point

Metres = tuple[float, float]
"""East and north of the place from which was measured."""

_ERROR: Final = 0.005
"""Shares of the picture by which a foot is off: two pixels of a sub stream."""
_MOST_ERROR_M: Final = 1.5
"""Metres that such an error may make; beyond it no speed is told."""
_LEAST_S: Final = 0.4
_LEAST_FEET: Final = 3
"""A speed wants three looks over so long: two may be off by a pixel each."""
_LONGEST: Final = 2.8
_SHORTEST: Final = 0.35
_USUAL: Final = 0.9
"""Focal lengths in picture widths: of a narrow lens (20 degrees across), a wide one (110) and a usual one (60)."""


class GroundPlane:
    """The ground of one camera."""

    def __init__(self, ground: Ground) -> None:
        """Lay the plane through the measured places.

        Raises:
            ConfigurationError: No plane goes through them: three in one line, or two in one place.
        """
        seen = np.array([(point.x, point.y) for point in ground.points], np.float64)
        measured = np.array([(point.east_m, point.north_m) for point in ground.points], np.float64)
        plane, _ = cv2.findHomography(seen, measured, 0)
        if plane is None or not np.isfinite(plane).all() or abs(np.linalg.det(plane)) < 1e-12:  # noqa: PLR2004
            said = "no ground goes through these places; measure four of which no three lie in one line"
            raise ConfigurationError((Mistake(None, "ground.points", in_english(said)),))
        self._plane: NDArray[np.float64] = np.asarray(plane, np.float64)
        # In front of the camera the third coordinate has one sign, beyond the horizon the other.
        self._front = math.copysign(1.0, float(np.median(seen @ self._plane[2, :2] + self._plane[2, 2])))
        self._views: dict[float, _View | None] = {}

    def metres(self, point: Point) -> Metres | None:
        """Where on the ground a place of the picture (shares) is; None above the horizon."""
        east, north, depth = (float(part) for part in self._plane @ (point[0], point[1], 1.0))
        if depth * self._front < 1e-9:  # noqa: PLR2004 -- on the horizon, which is infinitely far
            return None
        return (east / depth, north / depth)

    def speed_m_s(self, feet: Sequence[tuple[float, Point]]) -> float | None:
        """Metres per second of something that touched the ground at these times and places of the picture.

        None when it was seen too seldom, or so far away that the picture does not tell.
        """
        places = [(at_s, self.metres(point)) for at_s, point in feet]
        known = [(at_s, place) for at_s, place in places if place is not None]
        if len(known) < _LEAST_FEET or known[-1][0] - known[0][0] < _LEAST_S:
            return None
        if not self.tells(feet[-1][1]):
            return None
        middle_s = sum(at_s for at_s, _ in known) / len(known)
        weight = sum((at_s - middle_s) ** 2 for at_s, _ in known)
        east = sum((at_s - middle_s) * place[0] for at_s, place in known) / weight
        north = sum((at_s - middle_s) * place[1] for at_s, place in known) / weight
        return math.hypot(east, north)

    def tells(self, point: Point) -> bool:
        """Whether a foot that is off by a pixel or two is still told to a metre or so there."""
        here, above = self.metres(point), self.metres((point[0], point[1] - _ERROR))
        return here is not None and above is not None and math.dist(here, above) <= _MOST_ERROR_M

    def height_m(self, box: Box, aspect: float) -> float | None:
        """Height of something upright that stands on the ground, to some 15 %; None where the picture cannot tell.

        Args:
            box: Around all of it, from head to foot.
            aspect: Height of the picture over its width; pixels are taken for square.
        """
        here = self.metres(box.foot)
        if here is None or not self.tells(box.foot):
            return None
        if aspect not in self._views:
            self._views[aspect] = _view(np.asarray(np.linalg.inv(self._plane), np.float64), self._front, aspect)
        view = self._views[aspect]
        return None if view is None else view.height_m(here, (box.y - 0.5) * aspect)


class _View:
    """Where the camera is and how it looks, as far as a ground tells it."""

    def __init__(self, focal: float, turn: NDArray[np.float64], shift: NDArray[np.float64]) -> None:
        self._focal = focal
        self._turn = turn
        self._shift = shift

    def height_m(self, here: Metres, top: float) -> float | None:
        """Metres above `here` at which the picture shows `top`, in widths below its middle."""
        foot = here[0] * self._turn[:, 0] + here[1] * self._turn[:, 1] + self._shift
        up = self._turn[:, 2]
        if foot[2] <= 0:
            return None
        if self._focal * up[1] * foot[2] > self._focal * foot[1] * up[2]:
            up = -up  # the way in which the picture rises
        slope = float(self._focal * up[1] - top * up[2])
        # Seen from right above, what is upright hardly rises in the picture.
        if abs(slope) < 0.1 * self._focal:
            return None
        height = float(top * foot[2] - self._focal * foot[1]) / slope
        return height if height > 0 else None


def _view(ground: NDArray[np.float64], front: float, aspect: float) -> _View | None:
    """The camera from the map ground -> picture: two edges of a square stay square and equal only for one lens."""
    centred = np.array([[1, 0, -0.5], [0, aspect, -0.5 * aspect], [0, 0, 1]]) @ ground
    one, two = centred[:, 0], centred[:, 1]
    bent = np.array([one[0] * two[0] + one[1] * two[1], one[0] ** 2 + one[1] ** 2 - two[0] ** 2 - two[1] ** 2])
    flat = np.array([one[2] * two[2], one[2] ** 2 - two[2] ** 2])
    weight = float(bent @ bent)
    inverse = -float(bent @ flat) / weight if weight > 0 else 0.0
    focal = 1 / math.sqrt(inverse) if inverse > 0 else math.inf
    if not _SHORTEST <= focal <= _LONGEST:
        focal = _USUAL  # seen from above or straight on, any lens would fit
    lens = np.diag([1 / focal, 1 / focal, 1.0]) @ centred
    scale = (np.linalg.norm(lens[:, 0]) + np.linalg.norm(lens[:, 1])) / 2
    if scale <= 0:
        return None
    lens = lens / scale * front
    turn = np.stack([lens[:, 0], lens[:, 1], np.cross(lens[:, 0], lens[:, 1])], axis=1)
    return _View(focal, turn, lens[:, 2])
