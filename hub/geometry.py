"""Boxes and polygons in a picture, always in 0..1 with the origin at the top left."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: left, top, width, height, each a share of the picture (0..1)."""

    x: float
    y: float
    w: float
    h: float

    @classmethod
    def around(cls, boxes: Iterable[Box]) -> Box:
        """The smallest box that holds all of one or more."""
        each = tuple(boxes)
        left, top = min(one.x for one in each), min(one.y for one in each)
        right, bottom = max(one.x + one.w for one in each), max(one.y + one.h for one in each)
        return cls(left, top, right - left, bottom - top)

    @property
    def area(self) -> float:
        """Share of the picture that the box covers."""
        return self.w * self.h

    @property
    def centre(self) -> Point:
        """The middle."""
        return (self.x + self.w / 2, self.y + self.h / 2)

    @property
    def foot(self) -> Point:
        """The middle of the lower edge: where a person or vehicle touches the ground."""
        return (self.x + self.w / 2, self.y + self.h)

    def shared(self, other: Box) -> float:
        """Share of the picture that both cover."""
        width = min(self.x + self.w, other.x + other.w) - max(self.x, other.x)
        height = min(self.y + self.h, other.y + other.h) - max(self.y, other.y)
        return width * height if width > 0 and height > 0 else 0.0

    def overlap(self, other: Box) -> float:
        """Intersection over union with `other`, 0..1."""
        shared = self.shared(other)
        return shared / (self.area + other.area - shared) if shared else 0.0

    def gap(self, other: Box) -> float:
        """Distance between the nearest edges, 0 when they touch or overlap, in shares of the picture."""
        across = max(self.x, other.x) - min(self.x + self.w, other.x + other.w)
        down = max(self.y, other.y) - min(self.y + self.h, other.y + other.h)
        return math.hypot(max(0.0, across), max(0.0, down))

    def clipped(self) -> Box:
        """The part inside the picture."""
        left, top = min(max(self.x, 0.0), 1.0), min(max(self.y, 0.0), 1.0)
        right, bottom = min(max(self.x + self.w, 0.0), 1.0), min(max(self.y + self.h, 0.0), 1.0)
        return Box(left, top, right - left, bottom - top)


def inside(point: Point, polygon: tuple[Point, ...]) -> bool:
    """Whether `point` lies in `polygon` (even-odd rule; a point on an edge may fall either way)."""
    x, y = point
    result = False
    for (x1, y1), (x2, y2) in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            result = not result
    return result
