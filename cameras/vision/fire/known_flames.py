"""Known flames: stoves, shrines and chimneys, where fire and smoke are at home and count only when they come out.

A zone with the use `flame` is drawn around a flame as high as it usually burns. What sits in it and stays inside is no
fire; what reaches out of it, or burns beside it, is. While the camera is turned away the zones are nowhere.
"""

from __future__ import annotations

from typing import Final

from cameras.vision.following.zones import ZoneMap
from config.community import Zone, ZoneUse
from hub.geometry import Box, inside

_INSIDE: Final = 0.8
"""Share of its box that has to lie in the zone: boxes go by cells, and are up to half a cell too large on each side."""
_STEPS: Final = 8


class KnownFlames:
    """The known flames of one camera."""

    def __init__(self, zones: tuple[Zone, ...], there: ZoneMap) -> None:
        """Take the zones whose use is `flame`; `there` knows whether the camera looks where they are."""
        self._zones = tuple(zone for zone in zones if zone.use is ZoneUse.FLAME)
        self._there = there

    def hold(self, box: Box) -> bool:
        """Whether what is in `box` sits in a known flame's place and stays inside."""
        if not self._zones or self._there.disarmed:
            return False
        here = (zone for zone in self._zones if self._there.counts(zone))
        return any(inside(_seat(box), zone.points) and _share_in(box, zone.points) >= _INSIDE for zone in here)


def _seat(box: Box) -> tuple[float, float]:
    """Where it sits: low in the middle, a little above the edge that may be a cell too low."""
    return (box.x + box.w / 2, box.y + 0.75 * box.h)


def _share_in(box: Box, polygon: tuple[tuple[float, float], ...]) -> float:
    """Share of the box that lies in the polygon, by a grid of points."""
    steps = [(number + 0.5) / _STEPS for number in range(_STEPS)]
    points = [(box.x + across * box.w, box.y + down * box.h) for across in steps for down in steps]
    return sum(inside(point, polygon) for point in points) / len(points)
