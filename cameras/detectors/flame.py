"""Flames: warm colour that flickers in place, more than its surroundings, with the colour spread of hot gas.

Nothing here is learned from pictures; every condition has a physical reason, and each Detection carries its numbers:
- a flame is warm: red over green over blue, and bright;
- its brightness turns up and down 1 to 10 times a second (buoyant puffing), a painted wall or a passing car's does not;
- it does so more than what is around it, which a shaken camera or heavy noise does not;
- its parts turn each for itself, those of a blinking lamp all at once;
- it is no single colour: from yellow core to red fringe the ratio of green to red spreads, that of paint hardly does;
- it stays in its place for seconds, while its outline comes and goes.
Below about 4 frames a second flicker cannot be seen, and nothing is found. One per camera, one thread.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cameras.vision.detection import FIRE, Detection, Scene
from hub.geometry import Box
from hub.plugins import Options, Plugin

_RED: Final = 150
_RED_OVER_BLUE: Final = 45
"""Grey levels: less red is skin, wood or dusk; less saturated is lamp light and haze."""
_TURN: Final = 12.0
"""Grey levels that the brightness must come back from an extreme, so that codec noise is no flicker."""
_TURNS_S: Final = 2.0
"""Turns are counted over about this long: a few periods of the slowest flicker."""
_PRESENCE_S: Final = 1.5
_PRESENT: Final = 0.2
"""A place that was warm for this share of the last seconds belongs to a candidate: tips of flames come and go."""
_LEAST_PX: Final = 6
"""Pixels of the small picture; fewer have no colour spread."""
_SETTLE_S: Final = 1.5
"""After a cut nothing is said for this long: the first turns are the cut itself."""
_CONFIDENCE_S: Final = 1.5
"""A look counts for so long: what passes by warm and lively is gone before it is believed."""
_FORGET_S: Final = 2.0
_CUT: Final = 25.0
_CUT_SHARE: Final = 0.5
_TOGETHER_S: Final = 2.0
"""How much of the change is common to all parts is judged over so long."""
_PLACE_S: Final = 2.0
"""Its place is the mean over so long; a yellow bus is far ahead of that, a flame dances around it."""
_LEAST_SIZE_PX: Final = 4.0
_LIVELY_HZ: Final = (1.0, 2.2)
"""Turns per second of the liveliest fifth: below the first no flame, from the second on as lively as one."""
_QUIET_HZ: Final = 0.25
"""Turns per second added to the surroundings' before comparing, so that a still scene does not divide by nothing."""


class FlameOptions(Options):
    """Settings of the flame detector."""

    least: Annotated[float, Field(ge=0.0, le=1.0)] = 0.25
    """Candidates surer than this are reported; what becomes an alert is for the rules."""


@dataclass(slots=True)
class _Candidate:
    """A warm place that is being watched."""

    key: str
    box: Box
    seen_s: float
    confidence: float = 0.0
    reasons: dict[str, float] = field(default_factory=dict)
    net: float = 0.0
    gross: float = 0.0
    middle: tuple[float, float] | None = None
    drift: float = 0.0

    def take(self, place: _Place, at_s: float, past_s: float) -> float:
        """Be where `place` is now; returns how much it looks like a flame, 0..1."""
        keep = math.exp(-past_s / _TOGETHER_S)
        self.net = self.net * keep + place.net
        self.gross = self.gross * keep + place.gross
        together = self.net / max(self.gross, 1e-6)
        before = self.middle or place.middle
        share = 1 - math.exp(-past_s / _PLACE_S)
        off = (place.middle[0] - before[0], place.middle[1] - before[1])
        self.middle = (before[0] + share * off[0], before[1] + share * off[1])
        self.drift += share * (math.hypot(*off) / place.size_px - self.drift)
        self.box, self.seen_s = place.box, at_s
        self.reasons = {**place.reasons, "change_together": round(together, 2), "drift": round(self.drift, 2)}
        return place.score * (1 - _ramp(together, 0.65, 0.85)) * (1 - _ramp(self.drift, 0.8, 1.2))


class FlameDetector:
    """Watches warm places of one camera."""

    trouble: None = None

    def __init__(self, options: FlameOptions) -> None:
        self._options = options
        self._candidates: list[_Candidate] = []
        self._made = 0
        self._flicker: _Flicker | None = None
        self._last_s = 0.0

    def reset(self) -> None:
        """Forget the past."""
        self._flicker = None
        self._candidates.clear()

    def detect(self, scene: Scene) -> list[Detection]:
        """The candidates that look like flames, the surest first."""
        small, luminance = scene.motion.small, scene.motion.luminance.astype(np.float32)
        at_s = scene.frame.pts_s
        past_s = min(max(at_s - self._last_s, 0.01), 1.0)
        self._last_s = at_s
        flicker = self._flicker
        if flicker is None or flicker.cut(luminance):
            self._flicker = _Flicker(luminance, at_s)
            self._candidates.clear()
            return []
        warm = _warm(small)
        if scene.motion.watched is not None:
            warm &= scene.motion.watched
        flicker.add(luminance, warm, past_s)
        if at_s - flicker.begun_s < _SETTLE_S:
            return []
        self._follow(_places(flicker, small, warm), at_s, past_s)
        found = [
            Detection(FIRE, round(candidate.confidence, 3), candidate.box, candidate.reasons, candidate.key)
            for candidate in self._candidates
            if candidate.confidence >= self._options.least and candidate.seen_s == at_s
        ]
        return sorted(found, key=lambda detection: -detection.score)

    def _follow(self, places: list[_Place], at_s: float, past_s: float) -> None:
        """Let every candidate take the places that touch it, and move its confidence towards theirs."""
        share = 1 - math.exp(-past_s / _CONFIDENCE_S)
        unclaimed = list(places)
        for candidate in self._candidates:
            mine = [place for place in unclaimed if candidate.box.gap(place.box) == 0.0]
            best = max(mine, key=lambda place: place.score, default=None)
            looks = candidate.take(best, at_s, past_s) if best is not None else 0.0
            candidate.confidence += share * (looks - candidate.confidence)
            unclaimed = [place for place in unclaimed if place not in mine]
        self._candidates = [one for one in self._candidates if at_s - one.seen_s < _FORGET_S]
        for place in unclaimed:
            if place.score > 0:
                self._made += 1
                candidate = _Candidate(f"flame{self._made}", place.box, at_s)
                candidate.take(place, at_s, past_s)
                self._candidates.append(candidate)


class _Flicker:
    """How often each pixel's brightness turned, and how often it was warm, over the last seconds."""

    def __init__(self, luminance: NDArray[np.float32], at_s: float) -> None:
        self.begun_s = at_s
        self.presence = np.zeros_like(luminance)
        self._turns = np.zeros_like(luminance)
        self._extreme = luminance
        self._rising = np.ones(luminance.shape, bool)
        self._last = luminance
        self.change = np.zeros_like(luminance)

    @property
    def turns_hz(self) -> NDArray[np.float32]:
        """Turns per second, (height, width)."""
        return self._turns / np.float32(_TURNS_S)

    def cut(self, luminance: NDArray[np.float32]) -> bool:
        """Whether this is another scene than the last."""
        if luminance.shape != self._last.shape:
            return True
        changed = int(np.count_nonzero(cv2.absdiff(luminance, self._last) > _CUT))
        return changed > _CUT_SHARE * luminance.size

    def add(self, luminance: NDArray[np.float32], warm: NDArray[np.bool_], past_s: float) -> None:
        """Count the next frame."""
        extreme = np.where(self._rising, np.maximum(self._extreme, luminance), np.minimum(self._extreme, luminance))
        turned = cv2.absdiff(extreme, luminance) > _TURN
        self._extreme = np.where(turned, luminance, extreme)
        self._rising ^= turned
        self._turns *= np.float32(math.exp(-past_s / _TURNS_S))
        self._turns += turned
        self.presence += np.float32(1 - math.exp(-past_s / _PRESENCE_S)) * (warm - self.presence)
        self.change = luminance - self._last
        self._last = luminance


@dataclass(frozen=True, slots=True)
class _Place:
    """One warm place in one frame.

    Attributes:
        box: Where.
        score: How much it looks like a flame, 0..1, as far as one place's pixels can tell.
        reasons: The numbers behind the score.
        net: How far its brightness changed as a whole since the last frame.
        gross: How far its pixels' brightness changed, each for itself.
        middle: Of what is warm now, in pixels of the small picture.
        size_px: Root of the area that is warm now.
    """

    box: Box
    score: float
    reasons: dict[str, float]
    net: float
    gross: float
    middle: tuple[float, float]
    size_px: float


def _warm(small: NDArray[np.uint8]) -> NDArray[np.bool_]:
    blue, green, red = cv2.split(small)
    return (red >= _RED) & (cv2.subtract(red, blue) >= _RED_OVER_BLUE) & (red >= green)


def _places(flicker: _Flicker, small: NDArray[np.uint8], warm: NDArray[np.bool_]) -> list[_Place]:
    present = (flicker.presence > _PRESENT).astype(np.uint8)
    if np.count_nonzero(present) < _LEAST_PX:
        return []
    present = np.asarray(cv2.morphologyEx(present, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)), np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(present, connectivity=8, ltype=cv2.CV_16U)
    turns_hz = flicker.turns_hz
    places = []
    for number in range(1, count):
        left, top, wide, high, pixels = (int(value) for value in stats[number])
        if pixels < _LEAST_PX:
            continue
        around = np.s_[max(0, top - high) : top + 2 * high, max(0, left - wide) : left + 2 * wide]
        inside = labels[around] == number
        if float(turns_hz[around][inside].max()) < _LIVELY_HZ[0]:
            continue  # most of what is warm is a wall: it costs nothing more
        now = inside & warm[around]
        if np.count_nonzero(now) < _LEAST_PX // 2:
            continue
        outside = present[around] == 0
        reasons = _judge(turns_hz[around], small[around], inside=inside, now=now, outside=outside)
        change = flicker.change[around][inside]
        height, width = present.shape
        box = Box(left / width, top / height, wide / width, high / height)
        net, gross = abs(float(change.sum())), float(np.abs(change).sum())
        rows, columns = np.nonzero(now)
        middle = (float(columns.mean()) + around[1].start, float(rows.mean()) + around[0].start)
        size_px = max(math.sqrt(len(rows)), _LEAST_SIZE_PX)
        places.append(_Place(box, reasons.pop("score"), reasons, net, gross, middle, size_px))
    return places


def _judge(
    turns_hz: NDArray[np.float32],
    small: NDArray[np.uint8],
    *,
    inside: NDArray[np.bool_],
    now: NDArray[np.bool_],
    outside: NDArray[np.bool_],
) -> dict[str, float]:
    """The numbers of one place, and as `score` how much they look like a flame."""
    # Its liveliest fifth: the core of a large flame is burnt out and steady.
    lively_hz = float(np.percentile(turns_hz[inside], 80))
    around_hz = float(turns_hz[outside].mean()) if outside.any() else 0.0
    red = small[..., 2][now].astype(np.float32)
    spread = float((small[..., 1][now] / red).std())
    bright = float(np.percentile(red, 90))
    contrast = lively_hz / (around_hz + _QUIET_HZ)
    score = (
        _ramp(lively_hz, *_LIVELY_HZ) * _ramp(contrast, 1.5, 3.5) * _ramp(spread, 0.03, 0.06) * _ramp(bright, 165, 200)
    )
    return {
        "score": score,
        "flicker_hz": round(lively_hz / 2, 2),  # two turns are one period
        "flicker_contrast": round(contrast, 2),
        "colour_spread": round(spread, 3),
        "red_peak": round(bright, 1),
        "warm_share": round(float(np.count_nonzero(now)) / float(np.count_nonzero(inside)), 2),
    }


def _ramp(value: float, low: float, high: float) -> float:
    """0 up to `low`, 1 from `high` on, straight between."""
    return min(max((value - low) / (high - low), 0.0), 1.0)


def _build(options: FlameOptions, _shared: object = None) -> FlameDetector:
    return FlameDetector(options)


PLUGIN = Plugin(
    kind="flame",
    options=FlameOptions,
    build=_build,
    summary="Flames by colour, flicker, colour spread and staying in place; needs 4 frames a second.",
)
