"""Crossing: whether something that is followed has come from one side of a drawn line to the other.

What counts is the place where it touches the ground. It has crossed when it was clear of the line on one side and is
clear of it on the other, so that a box that jitters on the line is counted once, or not at all while it stands there.
Places in between may be missing: what was not seen for a second has gone straight. Lengths are in picture widths.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Final

from hub.geometry import Point

_CLEAR: Final = 0.25
"""Own sizes from the line: the box of something that stands is off by so much when somebody passes it."""

LEFT: Final = -1
RIGHT: Final = 1
"""To which side, as seen by somebody who walks along the line from its first point."""


class Course:
    """The way of one thing past one line."""

    def __init__(self, line: Sequence[Point], begun: Point) -> None:
        """Begin at the place where it was first seen.

        Args:
            line: Its points.
            begun: Where the thing touched the ground.
        """
        self._line = tuple(line)
        self._clear = begun

    def go(self, foot: Point, size: float) -> int:
        """Come to `foot`; LEFT or RIGHT when that has brought it across, else 0."""
        if distance(foot, self._line) < _CLEAR * size:
            return 0
        crossed = side_reached(self._clear, foot, self._line)
        self._clear = foot
        return crossed

    def leave(self, gone: Point) -> int:
        """It went out of the picture by `gone`: it has crossed if that is over the line, clear of it or not."""
        return side_reached(self._clear, gone, self._line)


def side_reached(begin: Point, end: Point, line: Sequence[Point]) -> int:
    """The side of `line` that somebody reaches who goes straight from `begin` to `end`; 0 if he stays on his."""
    total = 0
    for one, other in itertools.pairwise(line):
        before, after = _turn(one, other, begin), _turn(one, other, end)
        if (before < 0) == (after < 0):
            continue
        # Half open, so that a way through a corner of the line crosses one of the two pieces.
        if (_turn(begin, end, one) < 0) != (_turn(begin, end, other) < 0):
            total += RIGHT if after >= 0 else LEFT
    return max(LEFT, min(RIGHT, total))


def distance(point: Point, line: Sequence[Point]) -> float:
    """From `point` to the nearest place of `line`."""
    return min(_to_piece(point, one, other) for one, other in itertools.pairwise(line))


def way_of(move: Point) -> str:
    """`up`, `down`, `left` or `right` in the picture: the one that a move is mostly."""
    across, down = move
    if abs(across) >= abs(down):
        return "right" if across >= 0 else "left"
    return "down" if down >= 0 else "up"


def _turn(one: Point, other: Point, point: Point) -> float:
    """Above zero when `point` lies to the right of the way from `one` to `other`; y grows downwards."""
    return (other[0] - one[0]) * (point[1] - one[1]) - (other[1] - one[1]) * (point[0] - one[0])


def _to_piece(point: Point, one: Point, other: Point) -> float:
    across, down = other[0] - one[0], other[1] - one[1]
    length = across * across + down * down
    along = 0.0 if length == 0 else ((point[0] - one[0]) * across + (point[1] - one[1]) * down) / length
    along = min(max(along, 0.0), 1.0)
    return math.hypot(point[0] - one[0] - along * across, point[1] - one[1] - along * down)
