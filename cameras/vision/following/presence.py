"""Presence: who of those that are followed is in the picture at this moment, each once.

A track outlives its thing by two seconds, lest a post end it, and one that was drawn twice for a moment leaves a second
one behind. Whoever counts people asks here: a track counts that was seen in this very look, and one that was not seen
where there is foreground which none of the others explains. A post or a cone that is taken for a person now and then is
named unsurely and never goes anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cameras.vision.following.zones import Watched
from cameras.vision.motion import Blob
from hub.geometry import Box

_HIDDEN: Final = 0.5
"""Share of the smaller box: who stands half behind somebody who is seen is not told from that one's second track."""
_SHOWN: Final = 0.3
"""Share of a track's box that differs from the background while its thing is there: people fill half of theirs."""


_SURE: Final = 0.45
"""Of a track on average; who stands unnamed keeps a little more."""
_GONE_ABOUT: Final = 1.0
"""Own sizes: what has moved so far is no post, however unsure its name."""


def present(watched: Sequence[Watched], blobs: Sequence[Blob], at_s: float) -> tuple[Watched, ...]:
    """Who is there, in a moment at which the object model looked.

    Args:
        watched: All of one kind.
        blobs: The pieces of foreground.
        at_s: The scene's time.
    """
    believed = [one for one in watched if one.track.score >= _SURE or one.track.travelled >= _GONE_ABOUT]
    here = [one for one in believed if one.track.seen_s == at_s]
    unseen = [one for one in believed if one.track.seen_s != at_s]
    for one in sorted(unseen, key=lambda each: -each.track.seen_s):
        box = one.track.box
        if _shown(box, blobs) >= _SHOWN and not any(_hides(other.track.box, box) for other in here):
            here.append(one)
    return tuple(here)


def _hides(other: Box, box: Box) -> bool:
    return other.shared(box) > _HIDDEN * min(other.area, box.area)


def _shown(box: Box, blobs: Sequence[Blob]) -> float:
    return sum(box.shared(blob.box) for blob in blobs) / max(box.area, 1e-9)
