"""Behaviour of one track: how fast, whether it stands, and how fast it was a moment ago.

Distances are in the track's own sizes (the root of its box's area), so that near and far are measured alike without a
calibrated camera: for a car one size is some 2 m, and 1 size per second some 7 km/h. Holds the last seconds only.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Final

from cameras.vision.following.crossing import way_of
from cameras.vision.following.tracking import EDGE, Track, came, size_of
from hub.geometry import Box, Point

STAND_S: Final = 3.0
"""So long in one place is standing: shorter is give-way or a box that jitters."""

_KEPT_S: Final = 4.0
_LEAVE: Final = 0.35
"""Sizes off its place: then it drives. Boxes of a standing car jitter by up to a quarter when another passes it."""
_GAP_S: Final = 2.0
"""Longer than a track is kept unseen."""
_STEP_S: Final = 0.3
"""Between closer places a box jitters more than a thing moves."""
_RECENT: Final = 3
"""Places that the median is taken over, against single wrong boxes."""


@dataclass(frozen=True, slots=True)
class _Place:
    at_s: float
    x: float
    y: float
    size: float
    box: Box


class Path:
    """Where one track was in the last seconds."""

    def __init__(self) -> None:
        self._places: deque[_Place] = deque(maxlen=128)  # 4 s at 30 fps; older ones are of no use
        self._latest: deque[_Place] = deque(maxlen=_RECENT)  # however long ago: what stands is looked at rarely
        self._anchor: _Place | None = None
        self._since_s = 0.0
        self._aspect = 1.0

    def add(self, track: Track, at_s: float, *, aspect: float) -> None:
        """Note where the track is now; `aspect` is the picture's height over its width."""
        self._aspect = aspect
        if not self._places and track.begun_s < at_s:
            first = _place(track.first, track.begun_s, aspect)  # it moved before it was believed, too
            self._places.append(first)
            self._latest.append(first)
        place = _place(track.box, at_s, aspect)
        self._places.append(place)
        while at_s - self._places[0].at_s > _KEPT_S:
            self._places.popleft()
        self._latest.append(place)
        recent = self._latest
        middle = _Place(at_s, median(one.x for one in recent), median(one.y for one in recent), place.size, place.box)
        if self._anchor is None or _apart(self._anchor, middle) > _LEAVE * place.size:
            self._anchor, self._since_s = middle, at_s

    def stood_since(self, since_s: float) -> None:
        """It is known to have been in its place before it was followed."""
        self._since_s = min(self._since_s, since_s)

    @property
    def since_s(self) -> float:
        """When it came to where it is."""
        return self._since_s

    def stands_for_s(self, at_s: float) -> float:
        """For how long it has been in its place."""
        return at_s - self._since_s

    def stopped(self, at_s: float) -> bool:
        """Whether it stands."""
        return self.stands_for_s(at_s) >= STAND_S

    def speed_w_s(self, at_s: float) -> float:
        """Picture widths per second over the last half second."""
        return math.hypot(*self._slope(at_s - 0.5, at_s))

    def speed(self, from_s: float, to_s: float) -> float | None:
        """Own sizes per second between two moments; None when it was not seen often enough then."""
        places = [one for one in self._places if from_s <= one.at_s <= to_s]
        if len(places) < 2 or places[-1].at_s - places[0].at_s < 0.15:  # noqa: PLR2004 -- two looks make a speed
            return None
        return math.hypot(*self._slope(from_s, to_s)) / median(one.size for one in places)

    def feet(self, from_s: float, to_s: float) -> list[tuple[float, Point]]:
        """When and where (shares of the picture) it was seen to touch the ground; not where it was cut off."""
        return [(at_s, box.foot) for at_s, box in self.boxes(from_s, to_s) if _whole(box)]

    def boxes(self, from_s: float, to_s: float) -> list[tuple[float, Box]]:
        """When and where it was seen between two moments, of the last seconds."""
        return [(one.at_s, one.box) for one in self._places if from_s <= one.at_s <= to_s]

    def without_gap(self) -> list[tuple[float, Box]]:
        """Those through which it was seen without a gap: before one it may have been followed elsewhere."""
        kept: list[tuple[float, Box]] = []
        for one in reversed(self._places):
            if kept and kept[-1][0] - one.at_s > _GAP_S:
                break
            kept.append((one.at_s, one.box))
        return kept[::-1]

    def speed_to(self, from_s: float, to_s: float, aspect: float) -> Point:
        """Picture widths per second between two moments, across and down, by what the picture does not cut off."""
        places = self.boxes(from_s, to_s)
        if len(places) < 2:  # noqa: PLR2004
            return (0.0, 0.0)
        moves = [came(one, other, aspect) for (_, one), (_, other) in itertools.pairwise(places)]
        past_s = places[-1][0] - places[0][0]
        return (sum(across for across, _ in moves) / past_s, sum(down for _, down in moves) / past_s)

    def way(self) -> str:
        """`up`, `down`, `left` or `right`: where in the picture it went of late; empty when it hardly moved."""
        across, down = self.speed_to(-math.inf, math.inf, self._aspect)
        past_s = self._places[-1].at_s - self._places[0].at_s if self._places else 0.0
        if not self._places or math.hypot(across, down) * past_s < _LEAVE * self._places[-1].size:
            return ""
        return way_of((across, down))

    def drove(self, aspect: float) -> tuple[float, float]:
        """How far it came of late, in its own sizes, and the share of its way that led there: 1 is straight on."""
        places: list[tuple[float, Box]] = []
        for at_s, box in self.without_gap():
            if not places or at_s - places[-1][0] >= _STEP_S:
                places.append((at_s, box))
        moves = [came(one, other, aspect) for (_, one), (_, other) in itertools.pairwise(places)]
        way = sum(math.hypot(*move) for move in moves)
        if way == 0:
            return 0.0, 0.0
        net = math.hypot(sum(across for across, _ in moves), sum(down for _, down in moves))
        largest = max(size_of(box, aspect) for _, box in places)
        return net / max(largest, 1e-6), net / way

    def copy(self) -> Path:
        """The same past, for a future of its own."""
        path = Path()
        path._places.extend(self._places)
        path._latest.extend(self._latest)
        path._anchor, path._since_s, path._aspect = self._anchor, self._since_s, self._aspect
        return path

    def move(self, from_s: float, to_s: float) -> tuple[Point, float]:
        """How far it came between two moments and its size then, in picture widths; zeros if not seen twice."""
        places = [one for one in self._places if from_s <= one.at_s <= to_s]
        if len(places) < 2:  # noqa: PLR2004
            return (0.0, 0.0), 0.0
        first, last = places[0], places[-1]
        return (last.x - first.x, last.y - first.y), median(one.size for one in places)

    def _slope(self, from_s: float, to_s: float) -> tuple[float, float]:
        """Least squares over the places in between, widths per second."""
        places = [one for one in self._places if from_s <= one.at_s <= to_s]
        if len(places) < 2:  # noqa: PLR2004
            return (0.0, 0.0)
        middle_s = sum(one.at_s for one in places) / len(places)
        weight = sum((one.at_s - middle_s) ** 2 for one in places)
        if weight == 0:
            return (0.0, 0.0)
        return (
            sum((one.at_s - middle_s) * one.x for one in places) / weight,
            sum((one.at_s - middle_s) * one.y for one in places) / weight,
        )


def _place(box: Box, at_s: float, aspect: float) -> _Place:
    x, y = box.centre
    return _Place(at_s, x, y * aspect, max(size_of(box, aspect), 1e-6), box)


def _whole(box: Box) -> bool:
    """Whether the edge of the picture cuts nothing off but its top."""
    return box.x > EDGE and box.x + box.w < 1 - EDGE and box.y + box.h < 1 - EDGE


def _apart(one: _Place, other: _Place) -> float:
    return math.hypot(one.x - other.x, one.y - other.y)
