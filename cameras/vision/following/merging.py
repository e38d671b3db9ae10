"""Merging: two moving things that touch become one piece of foreground; this takes them for two again.

Each keeps its size and is laid against the edges of the piece that it is nearest to: those edges are its own. So two
vehicles that drive on behind each other keep moving, and two that stand stand. Only for unnamed movers; the object
network tells touching things apart by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from cameras.vision.detection import Detection
from cameras.vision.following.tracking import Track
from hub.geometry import Box

_COVERED: Final = 0.6
"""Share of a track's last box that a piece must cover to have swallowed it."""
_TRAVELLED: Final = 0.35
"""Own sizes that a track must have moved: flicker and leaves that touch a vehicle are no second vehicle. A car that
drives into the picture and into another within a second has not moved much more when they merge."""


def split_merged(pieces: Sequence[Detection], tracks: Sequence[Track]) -> list[Detection]:
    """The pieces, with one in place of every track where a piece swallowed two or more.

    Args:
        pieces: Pieces of foreground as the mover detector gave them.
        tracks: What is followed, as it was last seen.
    """
    followed = [track for track in tracks if track.confirmed and track.travelled >= _TRAVELLED]
    result = []
    for piece in pieces:
        swallowed = [track.box for track in followed if _share_inside(track.box, piece.box) >= _COVERED]
        if len(swallowed) < 2:  # noqa: PLR2004 -- one thing in one piece is the ordinary case
            result.append(piece)
            continue
        result += [replace(piece, box=_laid_against(box, piece.box)) for box in swallowed]
    return result


def _share_inside(box: Box, other: Box) -> float:
    across = min(box.x + box.w, other.x + other.w) - max(box.x, other.x)
    down = min(box.y + box.h, other.y + other.h) - max(box.y, other.y)
    if across <= 0 or down <= 0:
        return 0.0
    return across * down / max(box.area, 1e-9)


def _laid_against(box: Box, piece: Box) -> Box:
    """`box` moved to the nearer vertical and horizontal edge of `piece`, no larger than it."""
    width, height = min(box.w, piece.w), min(box.h, piece.h)
    right_off = abs(piece.x + piece.w - box.x - box.w)
    below_off = abs(piece.y + piece.h - box.y - box.h)
    x = piece.x if abs(piece.x - box.x) <= right_off else piece.x + piece.w - width
    y = piece.y if abs(piece.y - box.y) <= below_off else piece.y + piece.h - height
    return Box(x, y, width, height)
