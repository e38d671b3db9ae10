"""Whether corners enclose something: a zone that is a line, a point or a bow tie is a slip of the hand."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from config.says import Says, says
from config.zones import Ground

Point = tuple[float, float]

MIN_AREA = 1e-4
"""Share of the picture: 8 by 4 pixels of 640 by 480; no foot of a person or vehicle falls in less."""
MIN_GROUND_M2 = 0.25
"""Square metres that measured places span: a tape is off by centimetres."""


def fault(points: Sequence[Point]) -> Says | None:
    """What is wrong with a polygon and what to do, or None.

    Args:
        points: At least three corners in order, each (x, y) in 0..1; the last is joined to the first.
    """
    count = len(points)
    corners = list(points[:-1]) if count > 3 and points[0] == points[-1] else list(points)  # noqa: PLR2004 - a triangle
    sides = [(start, corners[(index + 1) % len(corners)]) for index, start in enumerate(corners)]
    for (one, first), (two, second) in combinations(enumerate(sides), 2):
        if two - one in (1, len(sides) - 1):
            continue
        if _cross(first, second):
            both = f"{one}-{(one + 1) % len(sides)}", f"{two}-{(two + 1) % len(sides)}"
            names = Says(" and ".join(both), " 和 ".join(both))
            return says(
                "the outline crosses itself (sides {names}); write the corners in order around it",
                "轮廓自己交叉（边 {names}）；请沿边界依次写各角",
                names=names,
            )
    area = abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in sides)) / 2
    if area < MIN_AREA:
        return says(
            "encloses next to nothing; write corners that lie apart, not in one line",
            "几乎围不出面积；各角要分开，不要在一条线上",
        )
    return None


def ground_fault(ground: Ground) -> Says | None:
    """What is wrong with the measured places of a ground and what to do, or None.

    Four of them must lie so that no three are in one line, in the picture and on the ground: else there are many
    grounds that fit them, or none.
    """
    for four in combinations(ground.points, 4):
        seen = [(point.x, point.y) for point in four]
        measured = [(point.east_m, point.north_m) for point in four]
        if _spread(seen) > MIN_AREA / 2 and _spread(measured) > MIN_GROUND_M2 / 2:
            return None
    return says(
        "four places are wanted of which no three lie in one line, neither in the picture nor on the ground",
        "需要四个点，其中任意三点在画面上和地面上都不在一条线上",
    )


def _spread(points: Sequence[Point]) -> float:
    """Area of the smallest triangle of three of the points."""
    return min(abs(_turn(a, b, c)) / 2 for a, b, c in combinations(points, 3))


def _cross(first: tuple[Point, Point], second: tuple[Point, Point]) -> bool:
    """Whether two sides have a point in common other than by touching."""
    (a, b), (c, d) = first, second
    return _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
