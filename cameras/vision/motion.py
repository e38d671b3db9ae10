"""Motion: which parts of the picture differ from the background, on a small picture, at well under a millisecond.

The background is a running mean and spread per pixel of a luminance picture some 240 px wide. It follows exposure steps
with one gain for the whole picture, begins anew after a cut or a light switch, and takes in what stands only slowly, so
that a vehicle that stopped stays foreground for minutes; what drove away is told from what came by its missing edge.
Gives blobs, never Events. One per camera, one thread.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from config.community import Zone, ZoneUse
from hub.geometry import Box, Point

WIDTH_PX: Final = 240
"""About: a whole factor is taken, which scales ten times faster. A person 3 % of the picture wide still covers some 7
pixels; twice as wide costs four times as much."""

_BACKGROUND_S: Final = 6.0
"""Background pixels follow slow light (clouds, dusk) with this time constant."""
_FOREGROUND_S: Final = 180.0
"""Foreground is taken into the background this slowly: a car that stands a minute is still seen."""
_LEARNING_S: Final = 1.0
"""After a cut everything is learned fast for this long, and nothing of it is reported."""
_SPREAD_S: Final = 10.0
_LEAST_SPREAD: Final = 3.0
"""Grey levels (one standard deviation): below it is the codec's noise."""
_MOST_SPREAD: Final = 18.0
"""Waving leaves and infra-red noise raise the threshold no further than this."""
_SPREADS: Final = 4.0
_LEAST_DIFFERENCE: Final = 14.0
"""Grey levels: less than this is no contrast that any detector could use."""
_CUT_SHARE: Final = 0.55
"""More of the picture than this changed at once: a cut, a turned camera or the lights, and no object."""
_LEAST_GAIN: Final = 0.03
_LEAST_BLOB: Final = 0.0006
"""Share of the picture; 20 of 32,400 pixels."""
_SMALL_BLOB: Final = 3 * _LEAST_BLOB
_NEAR: Final = 1.5
_NEXT_S: Final = 0.5
"""What is small has to be seen twice: within so many own sizes, in pictures so close to each other."""
_MOVING_HOLD_S: Final = 2.0
"""What stood still for shorter than this counts as moving: people pause."""
_LIVE_SHARE: Final = 0.03
"""A blob of which less than this share changes between two frames stands."""


@dataclass(frozen=True, slots=True)
class Blob:
    """One connected piece of foreground.

    Attributes:
        box: Where.
        area: Share of the picture that it fills (not its box).
        live: Share of its pixels that changed since the last frame; near 0 when it stands.
    """

    box: Box
    area: float
    live: float


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """What moves in one Frame.

    Attributes:
        small: (height, width, 3) uint8, BGR: the frame scaled down to about WIDTH_PX.
        luminance: (height, width) uint8.
        watched: (height, width) bool, False inside ignore and private zones; None when there are none.
        blobs: Pieces of foreground, the largest first; empty while learning.
        moving: Whether something moves now, or did within the last 2 s.
        cut: Whether the background was begun anew at this frame.
    """

    small: NDArray[np.uint8]
    luminance: NDArray[np.uint8]
    watched: NDArray[np.bool_] | None
    blobs: tuple[Blob, ...]
    moving: bool
    cut: bool


class MotionModel:
    """The background of one camera.

    Attributes:
        disarmed: Whether the camera looks elsewhere; set by whoever notices. What it then shows in the place of a
            screen or a tree is something else, so the zones `ignore` hide nothing. Private ones stay where they are
            drawn: a camera that was knocked shows half of the same windows there.
    """

    def __init__(self, zones: tuple[Zone, ...] = ()) -> None:
        """Take the zones whose use is `ignore` or `private`; the others do not matter here."""
        self._masks: tuple[NDArray[np.bool_] | None, ...] = (None, None)
        self._watched: NDArray[np.bool_] | None = None
        self.disarmed = False
        self._mean: NDArray[np.float32] | None = None
        self.hide(zones)
        self._spread = np.empty((0, 0), np.float32)
        self._last = np.empty((0, 0), np.uint8)
        self._last_s = 0.0
        self._places: list[Box] = []
        self._begun_s = 0.0
        self._moved_s = -math.inf

    def hide(self, zones: tuple[Zone, ...]) -> None:
        """From now on hide these zones; one that is limited to classes hides nothing, for others count there."""
        private = tuple(zone.points for zone in zones if zone.use is ZoneUse.PRIVATE)
        ignored = (zone.points for zone in zones if zone.use is ZoneUse.IGNORE and not zone.classes)
        self._ignored = ((*ignored, *private), private)
        if self._mean is not None:
            self._masks = tuple(_mask(places, self._mean.shape) for places in self._ignored)

    def reset(self) -> None:
        """Begin anew at the next frame."""
        self._mean = None
        self._moved_s = -math.inf

    def update(self, image: NDArray[np.uint8], at_s: float) -> Motion:
        """Look at the next frame.

        Args:
            image: (height, width, 3) uint8, BGR.
            at_s: Its time on an axis that grows with the scene's own time.
        """
        small = _scaled(image)
        luminance = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)
        self._watched = self._masks[self.disarmed]
        if self._mean is None or self._mean.shape != luminance.shape:
            self._begin(luminance, at_s)
            return Motion(small, luminance, self._watched, (), moving=False, cut=True)
        past_s = min(max(at_s - self._last_s, 0.0), 5.0)  # after a gap one frame must not overturn the background
        difference = self._difference(luminance)
        foreground = difference > np.maximum(_LEAST_DIFFERENCE, _SPREADS * self._spread)
        if np.count_nonzero(foreground) > _CUT_SHARE * foreground.size:
            self._begin(luminance, at_s)
            return Motion(small, luminance, self._watched, (), moving=True, cut=True)
        self._learn(luminance, difference, foreground=foreground, past_s=past_s, at_s=at_s)
        blobs = self._lasting(self._blobs(luminance, foreground), past_s)
        learned = at_s - self._begun_s >= _LEARNING_S
        if learned and any(blob.live >= _LIVE_SHARE for blob in blobs):
            self._moved_s = at_s
        self._last, self._last_s = luminance, at_s
        moving = at_s - self._moved_s < _MOVING_HOLD_S
        return Motion(small, luminance, self._watched, blobs if learned else (), moving=moving, cut=False)

    def _begin(self, luminance: NDArray[np.uint8], at_s: float) -> None:
        self._mean = luminance.astype(np.float32)
        self._spread = np.full(luminance.shape, _LEAST_SPREAD, np.float32)
        self._last, self._last_s, self._begun_s = luminance, at_s, at_s
        self._places = []
        self._masks = tuple(_mask(places, luminance.shape) for places in self._ignored)
        self._watched = self._masks[self.disarmed]

    def _difference(self, luminance: NDArray[np.uint8]) -> NDArray[np.float32]:
        """How far each pixel is from the background, after the background took on this frame's exposure."""
        assert self._mean is not None
        gain = float(np.median((luminance[::4, ::4] + 1.0) / (self._mean[::4, ::4] + 1.0)))
        if abs(gain - 1.0) > _LEAST_GAIN:
            self._mean *= np.float32(gain)
        return np.asarray(cv2.absdiff(luminance.astype(np.float32), self._mean), np.float32)

    def _learn(
        self,
        luminance: NDArray[np.uint8],
        difference: NDArray[np.float32],
        *,
        foreground: NDArray[np.bool_],
        past_s: float,
        at_s: float,
    ) -> None:
        assert self._mean is not None
        learning = at_s - self._begun_s < _LEARNING_S
        slow = np.float32(1 - math.exp(-past_s / _FOREGROUND_S))
        fast = np.float32(0.3 if learning else 1 - math.exp(-past_s / _BACKGROUND_S))
        rate = np.where(foreground, fast if learning else slow, fast)
        self._mean += rate * (luminance - self._mean)
        # 1.25 x the mean absolute deviation is the standard deviation of a normal distribution; capped, so that an
        # object passing by does not blind the place it passed.
        deviation = np.minimum(difference * np.float32(1.25), np.float32(_MOST_SPREAD))
        # What stands in front of the background says nothing about how restless the background is.
        stands = foreground & (cv2.absdiff(luminance, self._last) <= _LEAST_DIFFERENCE)
        deviation[stands] = self._spread[stands]
        self._spread += np.float32(1 - math.exp(-past_s / _SPREAD_S)) * (deviation - self._spread)
        np.clip(self._spread, _LEAST_SPREAD, _MOST_SPREAD, out=self._spread)

    def _blobs(self, luminance: NDArray[np.uint8], foreground: NDArray[np.bool_]) -> tuple[Blob, ...]:
        if self._watched is not None:
            foreground = foreground & self._watched
        mask = cv2.morphologyEx(foreground.astype(np.uint8), cv2.MORPH_OPEN, _OPEN)
        if not mask.any():
            return ()
        joined = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _CLOSE)
        live = (cv2.absdiff(luminance, self._last) > _LEAST_DIFFERENCE) & foreground
        count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8, ltype=cv2.CV_16U)
        height, width = foreground.shape
        blobs = []
        for number in range(1, count):
            left, top, wide, high, pixels = (int(value) for value in stats[number])
            if pixels < _LEAST_BLOB * foreground.size:
                continue
            # One pixel more on each side, so that the outline is complete.
            window = np.s_[max(0, top - 1) : top + high + 1, max(0, left - 1) : left + wide + 1]
            inside = labels[window] == number
            lively = np.count_nonzero(live[window] & inside) / pixels
            if lively < _LIVE_SHARE and self._left_behind(luminance, window, inside):
                continue
            if lively >= _LIVE_SHARE and self._only_lit(luminance, window, inside):
                continue
            box = Box(left / width, top / height, wide / width, high / height)
            blobs.append(Blob(box, pixels / foreground.size, lively))
        return tuple(sorted(blobs, key=lambda blob: -blob.area))

    def _lasting(self, blobs: tuple[Blob, ...], past_s: float) -> tuple[Blob, ...]:
        """Without what is small and was nowhere near in the picture before: rain, snow, insects, sparks."""
        before, self._places = self._places, [blob.box for blob in blobs]
        if past_s > _NEXT_S:
            return blobs  # a sleeping camera's pictures are seconds apart: everything is somewhere else
        return tuple(
            blob
            for blob in blobs
            if blob.area >= _SMALL_BLOB
            or any(blob.box.gap(box) <= _NEAR * max(blob.box.w, blob.box.h) for box in before)
        )

    def _left_behind(
        self, luminance: NDArray[np.uint8], window: tuple[slice, slice], inside: NDArray[np.bool_]
    ) -> bool:
        """Whether a standing blob is where something was and is no more; if so the background takes it in.

        A thing has an edge along its outline. Where one left, that edge is in the background and not in the frame.
        """
        assert self._mean is not None
        mask = inside.astype(np.uint8)
        outline = cv2.morphologyEx(mask, cv2.MORPH_GRADIENT, _OUTLINE).astype(bool)
        now = cv2.morphologyEx(luminance[window], cv2.MORPH_GRADIENT, _OUTLINE)
        before = cv2.morphologyEx(self._mean[window], cv2.MORPH_GRADIENT, _OUTLINE)
        if not outline.any():
            return False
        if float(before[outline].mean()) < _GHOST_EDGES * float(now[outline].mean()):
            return False
        self._mean[window][inside] = luminance[window][inside]
        return True

    def _only_lit(self, luminance: NDArray[np.uint8], window: tuple[slice, slice], inside: NDArray[np.bool_]) -> bool:
        """Whether the ground itself shows, in another light: a head-light's beam, a cloud's shadow, a lamp.

        Light changes how bright the ground's texture is and leaves the texture as it was; a thing hides it. Where the
        ground has no texture nobody can tell, and it counts as a thing.
        """
        assert self._mean is not None
        inner = cv2.erode(inside.astype(np.uint8), _RIM, borderValue=0).astype(bool)
        if np.count_nonzero(inner) >= _INNER_PX:  # the rim of a sharp shadow is an edge that the ground has not
            inside = inner
        now = _texture(luminance[window].astype(np.float32))[inside]
        before = _texture(self._mean[window])[inside]
        spread_now, spread_before = float(now.std()), float(before.std())
        if min(spread_now, spread_before) < _LEAST_TEXTURE:
            return False
        alike = float(((now - now.mean()) * (before - before.mean())).mean()) / (spread_now * spread_before)
        return alike > _SAME_TEXTURE


_OPEN: Final = np.ones((2, 2), np.uint8)
_CLOSE: Final = np.ones((5, 5), np.uint8)
_OUTLINE: Final = np.ones((3, 3), np.uint8)
_GHOST_EDGES: Final = 1.3
"""So many times stronger must the outline be in the background than in the frame."""
_LEAST_TEXTURE: Final = 4.0
"""Grey levels of texture: less drowns in the sensor's noise."""
_SAME_TEXTURE: Final = 0.6
"""Correlation from which two textures are one: noise takes some of it, another thing all of it."""
_TEXTURE_PX: Final = 7
"""Coarser than this is light and shade, finer is texture."""
_RIM: Final = np.ones((_TEXTURE_PX, _TEXTURE_PX), np.uint8)
"""So far in from its outline, texture is not touched by it."""
_INNER_PX: Final = 50
"""Fewer pixels say nothing of a texture."""


def _mask(places: Sequence[Sequence[Point]], shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    """False inside `places`; None when there are none."""
    if not places:
        return None
    height, width = shape
    mask = np.ones((height, width), np.uint8)
    for points in places:
        corners = np.array([(round(x * width), round(y * height)) for x, y in points], np.int32)
        cv2.fillPoly(mask, [corners], (0,))
    return mask.astype(bool)


def _texture(luminance: NDArray[np.float32]) -> NDArray[np.float32]:
    return luminance - cv2.blur(luminance, (_TEXTURE_PX, _TEXTURE_PX))


def _scaled(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    factor = max(1, round(image.shape[1] / WIDTH_PX))
    height, width = image.shape[0] // factor, image.shape[1] // factor
    whole = image[: height * factor, : width * factor]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
