"""Momentum: how one vehicle moved in the last second by the flow of the picture, and whether it lost its speed at once.

Tyres brake a car by some 8 m/s2 at most and drivers by 3; against another car it loses all it has within a look or two.
The network's boxes jump just then, or are gone; the flow in them goes on being measured. Lengths are in picture widths,
and compared in the vehicle's own sizes (the root of its box's area; for a car one size is some 2 m). Holds two seconds.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from cameras.vision.following.tracking import Track, size_of
from cameras.vision.impacts.flow import Field
from hub.geometry import Box, Point

FAST: Final = 1.4
"""Sizes per second, some 10 km/h: slower is parking and creeping in a queue."""
_LEFT: Final = 0.4
"""At most this share of the speed is left: a car that was touched and drives on is no wreck."""
_LOST: Final = 1.2
_ABRUPT_S: Final = 0.5
"""And so many sizes per second were lost within so long: 2.4 sizes/s2, some 5 m/s2, an emergency stop at least."""
_STRAIGHT: Final = 0.8
"""Cosine between two speeds that are of one way: flow that points anywhere is no speed."""
_BEFORE_S: Final = (0.25, 1.0)
"""The time before a moment in which a speed is that of before: the look of the impact itself shows both."""
_HAD: Final = 0.7
"""Who has so much of its speed still has it: from then on it was lost."""
_SHOVED_S: Final = 0.5
_KEPT_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Measure:
    """How fast it was at one look.

    Attributes:
        at_s: The scene's time.
        speed: Picture widths per second, to the right and down.
        size: Its size then, in picture widths.
        box: Where it was then.
        seen: Whether a detector saw it there, in that look or in the next few, or just has not looked again.
    """

    at_s: float
    speed: Point
    size: float
    box: Box
    seen: bool

    @property
    def sizes_s(self) -> float:
        """Own sizes per second."""
        return math.hypot(*self.speed) / self.size


@dataclass(frozen=True, slots=True)
class Loss:
    """A speed that was lost at once.

    Attributes:
        speed: What it was before, picture widths per second.
        left_sizes_s: What is left of it along its way, in own sizes per second.
        past_s: Seconds in which it was lost.
        shoved_from: Where it stood or crept when it was given that speed as abruptly; None when it had it before.
    """

    speed: Point
    left_sizes_s: float
    past_s: float
    shoved_from: Box | None


class Momentum:
    """The motion of one vehicle.

    Attributes:
        track: The vehicle as it was last seen.
        box: Where it is, carried on by the flow while it is not seen.
        size: Its size when it was last seen, in picture widths.
        missed: Whether its detector looked since then and did not see it.
        beside: Ids of those seen in the same look as this one, ever: no other name of it is among them.
    """

    def __init__(self, track: Track, *, aspect: float, past: Iterable[Field]) -> None:
        """Begin with a vehicle that is seen now.

        Args:
            track: The vehicle.
            aspect: Height of the picture over its width.
            past: The last fields with this look's, the oldest first: it moved before it was believed, too.
        """
        self.track = track
        self.box = track.box
        self.size = max(size_of(track.box, aspect), 1e-4)
        self.missed = False
        self.beside: set[str] = set()
        self._measures: deque[Measure] = deque(maxlen=64)
        self._looked_back(tuple(past), aspect)

    @property
    def seen_s(self) -> float:
        """When it was last seen."""
        return self.track.seen_s

    def now(self, at_s: float) -> Measure | None:
        """The measure of this very look."""
        return self._measures[-1] if self._measures and self._measures[-1].at_s == at_s else None

    def update(self, track: Track | None, field: Field | None, at_s: float, *, aspect: float, looked: bool) -> None:
        """Take the next look.

        Args:
            track: The vehicle, if it is seen in this look.
            field: How the picture moved; None when nobody knows.
            at_s: The scene's time.
            aspect: Height of the picture over its width.
            looked: Whether its detector looked at all: not to be seen then says that it may be elsewhere.
        """
        self.missed = track is None and (looked or self.missed)
        expected = None
        if track is not None:
            expected = _between(self.track, track, aspect) if field is not None else None
            self.track, self.box = track, track.box
            self.size = max(size_of(track.box, aspect), 1e-4)
        elif field is not None and self._measures:
            self.box = _moved(self.box, self._measures[-1].speed, field.past_s, aspect)
        speed = None if field is None else field.speed(self.box, expected)
        if speed is not None:
            self._measures.append(Measure(at_s, speed, self.size, self.box, seen=not self.missed))
        while self._measures and at_s - self._measures[0].at_s > _KEPT_S:
            self._measures.popleft()

    def rests(self, at_s: float) -> bool:
        """Whether it was seen at this look and hardly moves."""
        now = self.now(at_s)
        return now is not None and self.seen_s == at_s and now.sizes_s < FAST / 2

    def speed_before(self, at_s: float) -> Point:
        """What its speed was just before a moment, picture widths per second; none when it was not seen then."""
        near_s, far_s = _BEFORE_S
        return _middle([one.speed for one in self._measures if near_s <= at_s - one.at_s <= far_s])

    def speed_since(self, at_s: float) -> Point:
        """What its speed was in the half second from a moment on."""
        return _middle([one.speed for one in self._measures if 0 <= one.at_s - at_s <= _ABRUPT_S])

    def lost(self, at_s: float) -> Loss | None:
        """The speed that it lost at this look; None when it lost none."""
        now = self.now(at_s)
        if now is None:
            return None
        pair = self._fast(at_s)
        if pair is None:
            return None
        speed = _middle([one.speed for one in pair])
        amount = math.hypot(*speed)
        along = _along(now.speed, speed)
        sizes_s, along_sizes_s = amount / median(one.size for one in pair), along / now.size
        if along > _LEFT * amount or (amount - along) / self.size < _LOST:
            return None
        if along_sizes_s > _LEFT * sizes_s or sizes_s - along_sizes_s < _LOST:
            return None  # it drove away from the camera: its speed shrank with itself
        had_s = max(one.at_s for one in self._measures if one.at_s < at_s and _along(one.speed, speed) >= _HAD * amount)
        return Loss(speed, along / self.size, at_s - had_s, self._shoved_from(speed, pair[0].at_s))

    def _fast(self, at_s: float) -> tuple[Measure, Measure] | None:
        """The two looks after each other, not long ago, in which it was fastest along one way; None when it was slow.

        One of them is of a look that saw it: what is carried on by the flow alone is easily carried off by another.
        """
        recent = [one for one in self._measures if 0 < at_s - one.at_s <= _BEFORE_S[1]]
        pairs = [
            (one, other)
            for one, other in pairwise(recent)
            if at_s - other.at_s <= _ABRUPT_S
            and min(one.sizes_s, other.sizes_s) >= FAST / 2
            and one.sizes_s + other.sizes_s >= 2 * FAST
            and _cosine(one.speed, other.speed) >= _STRAIGHT
            and (one.seen or other.seen)
        ]
        return max(pairs, key=lambda pair: pair[0].sizes_s + pair[1].sizes_s, default=None)

    def _shoved_from(self, speed: Point, fast_s: float) -> Box | None:
        for one in self._measures:
            apart = math.hypot(one.speed[0] - speed[0], one.speed[1] - speed[1])
            slow = one.seen and apart / self.size >= _LOST and one.sizes_s < FAST / 2
            if slow and 0 < fast_s - one.at_s <= _SHOVED_S:
                return one.box
        return None

    def _looked_back(self, past: tuple[Field, ...], aspect: float) -> None:
        box = self.box
        for field in reversed(past):
            speed = field.speed(box)
            if speed is None:
                return
            if field.at_s < self.seen_s:
                self._measures.appendleft(Measure(field.at_s, speed, self.size, box, seen=True))
            box = _moved(box, speed, -field.past_s, aspect)


def _between(before: Track, now: Track, aspect: float) -> Point | None:
    """Picture widths per second from one sight to the next; None when they are too far apart to say anything."""
    past_s = now.seen_s - before.seen_s
    if not 0 < past_s <= _ABRUPT_S:
        return None
    (x, y), (was_x, was_y) = now.box.centre, before.box.centre
    return ((x - was_x) / past_s, (y - was_y) * aspect / past_s)


def _moved(box: Box, speed: Point, past_s: float, aspect: float) -> Box:
    return Box(box.x + speed[0] * past_s, box.y + speed[1] * past_s / aspect, box.w, box.h)


def _middle(speeds: list[Point]) -> Point:
    if not speeds:
        return (0.0, 0.0)
    return (median(one[0] for one in speeds), median(one[1] for one in speeds))


def _along(one: Point, way: Point) -> float:
    """How much of `one` is along `way`."""
    return (one[0] * way[0] + one[1] * way[1]) / max(math.hypot(*way), 1e-9)


def _cosine(one: Point, other: Point) -> float:
    return _along(one, other) / max(math.hypot(*one), 1e-9)
