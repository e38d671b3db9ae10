"""Stillness: what has changed for good in a picture that is otherwise as it usually is: things left, things gone.

Three pictures of the small luminance are kept: the usual one, which follows the light over a minute and never takes in
what has changed for good; the recent one, with the time since when each pixel has been as it is; and where something
moved last. A region is still when it has been alike for seconds, unlike the usual picture, and somebody or something
moved there shortly before: sun and clouds bring nobody. Its outline tells which it is: an edge that was not there is a
thing, an edge that is gone is a hole; the old texture in new light is neither. Kept on some looks a second at most.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.vision.motion import Motion
from hub.geometry import Box

LEFT: Final = "left"
REMOVED: Final = "removed"

_EVERY_S: Final = 0.4
"""What stands for seconds is seen at this pace."""
_SETTLED_S: Final = 4.0
"""So long alike: people and cars that pause are restless again within it."""
_USUAL_S: Final = 60.0
"""The usual picture follows the light of the day with this time constant."""
_LEARNING_S: Final = 8.0
"""In the beginning the usual picture is learned fast: what moves through it then leaves no trace."""
_ALIKE: Final = 12.0
"""Grey levels between two looks: the noise of a night picture is less."""
_UNLIKE: Final = 20.0
"""Grey levels from the usual picture: a thing that people would see at once."""
_BROUGHT_S: Final = 15.0
"""Something moved at the place within so long before it became still: it was brought, or taken, not lit."""
_BROUGHT_SHARE: Final = 0.5
_BRINGER: Final = 1.5
"""Who brings or takes a thing is so many times larger than it; the edge of a lengthening shadow is not."""
_FADES: Final = 0.98
"""The largest mover at a place is remembered for some 50 looks: bags are put down while their owner bends and goes."""
_LEAST: Final = 0.0006
"""Share of the picture: some 20 pixels of the small one, a bag at fifteen metres."""
_MOST: Final = 0.1
"""Share of the picture: what is larger is another scene or a light, and no thing."""
_EDGES: Final = 1.4
"""So many times stronger must the outline be in one picture than in the other."""
_SAME_TEXTURE: Final = 0.6
"""Correlation of what is inside now with what was there: from here on it is the same ground in another light."""
_TEXTURED: Final = 4.0
"""Grey levels of spread inside, below which there is no texture to compare."""
_SAME_REGION: Final = 0.3
"""Intersection over union from look to look."""
_GAIN: Final = 0.03
_SAME_VIEW: Final = 0.7
"""Share of a picture that is as it was before the stream broke: the view is the same, and what lay there lies there."""
_MOST_REGIONS: Final = 32

_OPEN: Final = np.ones((2, 2), np.uint8)
_CLOSE: Final = np.ones((5, 5), np.uint8)
_OUTLINE: Final = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class Still:
    """One region that has changed for good.

    Attributes:
        number: Its name, unique until `reset`.
        what: LEFT or REMOVED.
        box: Where.
        area: Share of the picture that it fills.
        since_s: When it became as it is.
        edges: Strength of its outline now over that in the usual picture.
        contrast: Grey levels by which it differs from the usual picture.
    """

    number: int
    what: str
    box: Box
    area: float
    since_s: float
    edges: float
    contrast: float


class Stillness:
    """What has changed for good in one camera's picture."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._usual: NDArray[np.float32] | None = None
        self._recent = np.empty((0, 0), np.float32)
        self._since_s = np.empty((0, 0), np.float64)
        self._moved_s = np.empty((0, 0), np.float64)
        self._mover = np.empty((0, 0), np.float32)
        self._begun_s = self._last_s = 0.0
        self._made = 0
        self._still: tuple[Still, ...] = ()
        self._kept: tuple[NDArray[np.float32], tuple[Still, ...]] | None = None

    def reset(self) -> None:
        """The stream broke, or another scene: go on at the next picture if it is of the same view, else begin anew."""
        if self._usual is not None:
            self._kept = self._usual, self._still
        self._usual = None
        self._still = ()

    def update(self, motion: Motion, at_s: float) -> tuple[Still, ...]:
        """Take the next moment; what is still, as of the last look that was due."""
        luminance = motion.luminance
        if self._usual is None or self._usual.shape != luminance.shape or at_s < self._last_s:
            self._begin(luminance, at_s)
            return ()
        self._note_moving(motion, at_s)
        past_s = at_s - self._last_s
        if past_s < _EVERY_S:
            return self._still
        self._last_s = at_s
        now = luminance.astype(np.float32)
        gain = float(np.median((now[::4, ::4] + 1) / (self._usual[::4, ::4] + 1)))
        if abs(gain - 1) > _GAIN:  # the exposure changed, or a cloud came, for all alike
            self._usual *= np.float32(gain)
            self._recent *= np.float32(gain)
        self._learn(now, past_s, at_s)
        self._still = self._regions(now, at_s, motion)
        return self._still

    def _begin(self, luminance: NDArray[np.uint8], at_s: float) -> None:
        self._usual = luminance.astype(np.float32)
        self._recent = self._usual.copy()
        self._since_s = np.full(luminance.shape, at_s)
        self._moved_s = np.full(luminance.shape, -math.inf)
        self._mover = np.zeros(luminance.shape, np.float32)
        self._begun_s = self._last_s = at_s
        self._still = ()
        if self._kept is not None and self._kept[0].shape == luminance.shape and _same_view(self._kept[0], self._usual):
            self._usual, self._still = self._kept
            self._begun_s = at_s - _LEARNING_S
            self._since_s -= _SETTLED_S
        self._kept = None

    def _note_moving(self, motion: Motion, at_s: float) -> None:
        height, width = motion.luminance.shape
        for blob in motion.blobs:
            if blob.live > 0:
                box = blob.box
                top, left = math.floor(box.y * height), math.floor(box.x * width)
                bottom, right = math.ceil((box.y + box.h) * height), math.ceil((box.x + box.w) * width)
                self._moved_s[top:bottom, left:right] = at_s
                old = self._mover[top:bottom, left:right] * np.float32(_FADES)
                self._mover[top:bottom, left:right] = np.maximum(old, np.float32(blob.area))

    def _learn(self, now: NDArray[np.float32], past_s: float, at_s: float) -> None:
        assert self._usual is not None
        learning = at_s - self._begun_s < _LEARNING_S
        restless = np.abs(now - self._recent) > _ALIKE
        self._since_s[restless] = at_s
        self._recent += np.where(restless, np.float32(1), np.float32(0.2)) * (now - self._recent)
        unlike = np.abs(now - self._usual) > _UNLIKE
        rate = np.float32(0.3 if learning else 1 - math.exp(-min(past_s, 5.0) / _USUAL_S))
        self._usual += np.where(unlike & (not learning), np.float32(0), rate) * (now - self._usual)

    def _regions(self, now: NDArray[np.float32], at_s: float, motion: Motion) -> tuple[Still, ...]:
        assert self._usual is not None
        settled = (np.abs(self._recent - self._usual) > _UNLIKE) & (at_s - self._since_s >= _SETTLED_S)
        if motion.watched is not None:
            settled &= motion.watched
        mask = cv2.morphologyEx(settled.astype(np.uint8), cv2.MORPH_OPEN, _OPEN)
        if not mask.any():
            return ()
        joined = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _CLOSE)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8, ltype=cv2.CV_16U)
        found: list[Still] = []
        for number in range(1, count):
            left, top, wide, high, pixels = (int(value) for value in stats[number])
            if not _LEAST * now.size <= pixels <= _MOST * now.size or len(found) >= _MOST_REGIONS:
                continue
            window = np.s_[max(0, top - 1) : top + high + 1, max(0, left - 1) : left + wide + 1]
            inside = labels[window] == number
            box = Box(left / now.shape[1], top / now.shape[0], wide / now.shape[1], high / now.shape[0])
            if self._known(box) is None and not self._brought(box, window, inside, motion):
                continue
            still = self._judge(box, window, inside, now)
            if still is not None:
                found.append(still)
        return tuple(found)

    def _known(self, box: Box) -> Still | None:
        before = max(self._still, key=lambda one: one.box.overlap(box), default=None)
        return before if before is not None and before.box.overlap(box) >= _SAME_REGION else None

    def _brought(
        self, box: Box, window: tuple[slice, slice], inside: NDArray[np.bool_], motion: Motion
    ) -> bool:  # fmt: skip
        """Whether something larger moved here when this became still, and is not here any more."""
        least = _BRINGER * np.count_nonzero(inside) / motion.luminance.size
        if any(blob.area >= least and blob.box.shared(box) >= _BROUGHT_SHARE * box.area for blob in motion.blobs):
            return False
        since_s = np.median(self._since_s[window][inside])
        lately = self._moved_s[window][inside] >= since_s - _BROUGHT_S
        return float(np.mean(lately & (self._mover[window][inside] >= least))) >= _BROUGHT_SHARE

    def _judge(
        self, box: Box, window: tuple[slice, slice], inside: NDArray[np.bool_], now: NDArray[np.float32]
    ) -> Still | None:
        """What a still region is; None when it is only lit otherwise."""
        assert self._usual is not None
        known = self._known(box)
        since_s = float(np.median(self._since_s[window][inside]))
        usual, picture = self._usual[window], now[window]
        if known is None and _same_ground(usual[inside], picture[inside]):
            return None
        outline = cv2.morphologyEx(inside.astype(np.uint8), cv2.MORPH_GRADIENT, _OUTLINE).astype(bool)
        edges_now = float(cv2.morphologyEx(picture, cv2.MORPH_GRADIENT, _OUTLINE)[outline].mean())
        edges_usual = float(cv2.morphologyEx(usual, cv2.MORPH_GRADIENT, _OUTLINE)[outline].mean())
        edges = (edges_now + 1) / (edges_usual + 1)
        if known is None and 1 / _EDGES < edges < _EDGES:
            return None
        what = (LEFT if edges >= _EDGES else REMOVED) if known is None else known.what
        if known is None:
            self._made += 1
        return Still(
            number=self._made if known is None else known.number,
            what=what,
            box=box,
            area=float(np.count_nonzero(inside)) / now.size,
            since_s=since_s if known is None else min(since_s, known.since_s),
            edges=round(edges, 2),
            contrast=round(float(np.abs(picture - usual)[inside].mean()), 1),
        )


def _same_view(before: NDArray[np.float32], now: NDArray[np.float32]) -> bool:
    """Whether most of the picture is as it was, but for one gain over all of it."""
    gain = np.float32(np.median((now[::4, ::4] + 1) / (before[::4, ::4] + 1)))
    return float(np.mean(np.abs(now - before * gain) <= _UNLIKE)) >= _SAME_VIEW


def _same_ground(usual: NDArray[np.float32], now: NDArray[np.float32]) -> bool:
    """Whether two pieces are one ground in different light: their textures go together."""
    if usual.std() < _TEXTURED or now.std() < _TEXTURED:
        return False
    return float(np.corrcoef(usual, now)[0, 1]) >= _SAME_TEXTURE
