"""Holding: who stands still and is not named for a while is still there as long as the foreground shows it.

The object model loses people who stand with their backs to it or bend over something, for many seconds. Their shape in
front of the background does not go away, and nobody else's has just that outline. So a followed thing that this look
did not name is taken to be where a piece of foreground of its own extent lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cameras.vision.detection import Detection
from cameras.vision.following.tracking import EDGE, Track
from cameras.vision.following.zones import group_of
from cameras.vision.motion import Blob
from hub.geometry import Box

HELD_SCORE: Final = 0.49
"""As sure as it was, but too little to begin a track."""
_SAME_EXTENT: Final = 0.5
"""Intersection over union of a track's box and a piece of foreground that is this thing and nothing besides it."""
_CUT_OFF_EXTENT: Final = 0.65
"""The same where the picture cuts the thing off: it leaves, and what is left of it changes from look to look."""
_ANSWERED: Final = 0.3
"""Share of the smaller box: a named thing of the kind that overlaps so much may be the track itself."""


def held(tracks: Sequence[Track], blobs: Sequence[Blob], named: Sequence[Detection]) -> list[Detection]:
    """What was not named in this look and is there all the same.

    Args:
        tracks: What is followed, as it was last seen.
        blobs: The pieces of foreground.
        named: What the object model saw.
    """
    found = []
    for track in tracks:
        if not track.confirmed or _answered(track, named):
            continue
        blob = max(blobs, key=lambda one: one.box.overlap(track.box), default=None)
        if blob is None or blob.box.overlap(track.box) < (_CUT_OFF_EXTENT if _cut_off(track.box) else _SAME_EXTENT):
            continue
        x, y = blob.box.centre
        box = Box(x - track.box.w / 2, y - track.box.h / 2, track.box.w, track.box.h)
        found.append(Detection(track.label, min(track.score, HELD_SCORE), box))
    return found


def _cut_off(box: Box) -> bool:
    return box.x < EDGE or box.y < EDGE or box.x + box.w > 1 - EDGE or box.y + box.h > 1 - EDGE


def _answered(track: Track, named: Sequence[Detection]) -> bool:
    group = group_of(track.label)
    return any(
        group_of(one.label) == group
        and one.box.shared(track.box) > _ANSWERED * max(min(one.box.area, track.box.area), 1e-9)
        for one in named
    )
