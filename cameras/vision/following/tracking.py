"""Tracks: the same object over time, from one look to the next.

Times are seconds of the scene, never frame counts: an idle camera is looked at every few seconds, a busy one many times
a second, and both go through here. Two rounds as in ByteTrack: sure detections first, then the unsure ones for tracks
that were left over, which carries a track through a short occlusion and never starts one. One Tracker per camera and
kind of detection, one thread; at most MOST_TRACKS are followed, further detections start none.

**Source** of the two rounds: Zhang et al., "ByteTrack", ECCV 2022. Why no library: docs/decisions/0004-tracking.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from cameras.vision.detection import Detection
from hub.geometry import Box, Point

MOST_TRACKS: Final = 100
"""More than this in one picture is a crowd, to be counted and not followed; bounds the time of one update."""

_LOST_S: Final = 2.0
"""Unseen for longer, and in at least two looks, a track ends: people behind a post are back within this."""
_LOOKED_FOR_S: Final = 1.0
"""A look counts as so long unseen at most: what stands is looked at every five seconds, and two looks prove little."""
_LOST_LOOKS: Final = 2
_COAST_S: Final = 1.0
"""A lost track is expected further along its way for so long; then where it would be is anyone's guess."""
_CONFIRM_LOOKS: Final = 2
_CONFIRM_SCORE: Final = 1.2
"""Sum of scores at which a track is believed: two sure looks or three half sure ones."""
_FIRST_REACH: Final = 3.0
"""Own sizes per second that something may move whose speed is not known yet: a car crossing close by."""
_REACH: Final = 1.5
_SLACK: Final = 0.5
_MOST_REACH: Final = 1.5
"""Gate of a match in own sizes: some slack for the box's jitter, and the reach times the seconds between looks."""
_POSITION_GAIN: Final = 0.7
_SPEED_GAIN: Final = 0.4
_SIZE_GAIN: Final = 0.5
"""An alpha-beta filter: boxes jitter by about 5 % of their size, speeds change within some three looks."""

EDGE: Final = 0.01
"""Shares of the picture: what comes so near to its edge may go on beyond it."""


@dataclass(frozen=True, slots=True)
class Track:
    """One object, as it was last seen.

    Attributes:
        id: Unique within the run of a worker.
        label: The label that it was given most often, weighted by score.
        score: How sure the detector was, smoothed, 0..1.
        box: Where it was last seen.
        begun_s: When it was first seen.
        first: Where that was.
        seen_s: When it was last seen.
        travelled: Distance from where it began, in its own sizes (the root of the box's area).
        confirmed: Whether it was seen often and surely enough to be believed.
    """

    id: str
    label: str
    score: float
    box: Box
    begun_s: float
    first: Box
    seen_s: float
    travelled: float
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Tracks:
    """What one look changed.

    Attributes:
        seen: Confirmed tracks seen in this look.
        unseen: Confirmed tracks not seen in this look, not given up yet.
        ended: Confirmed tracks given up now.
    """

    seen: tuple[Track, ...]
    unseen: tuple[Track, ...]
    ended: tuple[Track, ...]


class Tracker:
    """Follows the objects of one picture."""

    def __init__(self, *, prefix: str, sure: float = 0.5, group: Callable[[str], str] = str) -> None:
        """Begin with nothing.

        Args:
            prefix: Begins the ids of its tracks, so that they are unique.
            sure: Score from which a detection may start a track, 0..1.
            group: From a label to what it may be confused with (a car with a truck); tracks never change group.
        """
        self._prefix = prefix
        self._sure = sure
        self._group = group
        self._made = 0
        self._tracks: list[_Followed] = []
        self._looked_s = -math.inf

    @property
    def tracks(self) -> tuple[Track, ...]:
        """All that are followed, confirmed or not, the longest unseen first."""
        return tuple(one.view() for one in sorted(self._tracks, key=lambda one: one.seen_s))

    def update(self, detections: Sequence[Detection], at_s: float, *, aspect: float) -> Tracks:
        """Take one look's detections.

        Args:
            detections: All of this look, also unsure ones.
            at_s: The scene's time; grows.
            aspect: Height of the picture over its width.
        """
        for track in self._tracks:
            track.predict(at_s)
        sure = [one for one in detections if one.score >= self._sure]
        rest, left = self._match(self._tracks, sure, at_s, aspect)
        unsure = [one for one in detections if one.score < self._sure]
        rest, _ = self._match(rest, unsure, at_s, aspect)
        past_s = min(max(at_s - self._looked_s, 0.0), _LOOKED_FOR_S)
        self._looked_s = at_s
        for track in rest:
            track.misses += 1
            track.unseen_s += past_s
        for detection in left[: max(0, MOST_TRACKS - len(self._tracks))]:
            self._made += 1
            group = self._group(detection.label)
            self._tracks.append(_Followed(f"{self._prefix}{self._made}", group, detection, at_s, aspect))
        ended = [one for one in self._tracks if one.unseen_s > _LOST_S and one.misses >= _LOST_LOOKS]
        self._tracks = [one for one in self._tracks if one not in ended]
        believed = [one for one in self._tracks if one.confirmed]
        return Tracks(
            tuple(one.view() for one in believed if one.seen_s == at_s),
            tuple(one.view() for one in believed if one.seen_s != at_s),
            tuple(one.view() for one in ended if one.confirmed),
        )

    def reset(self) -> tuple[Track, ...]:
        """Give up everything; returns the confirmed tracks."""
        ended = tuple(one.view() for one in self._tracks if one.confirmed)
        self._tracks.clear()
        return ended

    def _match(
        self, tracks: Iterable[_Followed], detections: Sequence[Detection], at_s: float, aspect: float
    ) -> tuple[list[_Followed], list[Detection]]:
        """Pair the nearest first, and let the pairs learn; returns who is left over."""
        tracks = list(tracks)
        pairs = []
        for track_number, track in enumerate(tracks):
            gate = track.gate(at_s)
            for number, detection in enumerate(detections):
                if self._group(detection.label) == track.group:
                    cost = track.distance(detection.box, aspect)
                    if cost < gate:
                        pairs.append((cost, track_number, number))
        taken: set[int] = set()
        given: set[int] = set()
        for _, track_number, number in sorted(pairs):
            if track_number not in taken and number not in given:
                taken.add(track_number)
                given.add(number)
                tracks[track_number].see(detections[number], at_s, aspect)
        return (
            [one for number, one in enumerate(tracks) if number not in taken],
            [one for number, one in enumerate(detections) if number not in given],
        )


@dataclass(slots=True, eq=False)
class _Followed:
    """One track in the making. Lengths are in picture widths."""

    id: str
    group: str
    first: Detection
    begun_s: float
    aspect: float
    seen_s: float = 0.0
    hits: int = 1
    misses: int = 0
    unseen_s: float = 0.0
    believed: float = 0.0
    score: float = 0.0
    box: Box = field(init=False)
    centre: Point = field(init=False)
    expected: Point = field(init=False)
    gone: Point = (0.0, 0.0)
    last: Box = field(init=False)
    speed: Point = (0.0, 0.0)
    labels: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.seen_s = self.begun_s
        self.box = self.first.box
        self.believed = self.score = self.first.score
        self.labels[self.first.label] = self.first.score
        self.centre = self.expected = _in_widths(self.box.centre, self.aspect)
        self.last = self.box

    @property
    def confirmed(self) -> bool:
        return self.hits >= _CONFIRM_LOOKS and self.believed >= _CONFIRM_SCORE

    @property
    def size(self) -> float:
        return size_of(self.box, self.aspect)

    def predict(self, at_s: float) -> None:
        ahead_s = min(at_s - self.seen_s, _COAST_S)
        self.expected = (self.centre[0] + self.speed[0] * ahead_s, self.centre[1] + self.speed[1] * ahead_s)

    def gate(self, at_s: float) -> float:
        reach = _FIRST_REACH if self.hits < _CONFIRM_LOOKS else _REACH
        return min(_SLACK + reach * (at_s - self.seen_s), _MOST_REACH)

    def distance(self, box: Box, aspect: float) -> float:
        """Between where it is expected and `box`, in own sizes; a change of size counts too."""
        x, y = _in_widths(box.centre, aspect)
        size, other = self.size, size_of(box, aspect)
        apart = math.hypot(x - self.expected[0], y - self.expected[1]) / max((size + other) / 2, 1e-6)
        return apart + 0.5 * abs(math.log(max(other, 1e-6) / max(size, 1e-6)))

    def see(self, detection: Detection, at_s: float, aspect: float) -> None:
        past_s = max(at_s - self.seen_s, 0.04)
        x, y = _in_widths(detection.box.centre, aspect)
        off = (x - self.expected[0], y - self.expected[1])
        if self.hits == 1:
            self.centre, self.speed = (x, y), (off[0] / past_s, off[1] / past_s)
        else:
            self.centre = (self.expected[0] + _POSITION_GAIN * off[0], self.expected[1] + _POSITION_GAIN * off[1])
            gain = _SPEED_GAIN / max(past_s, 0.1)
            self.speed = (self.speed[0] + gain * off[0], self.speed[1] + gain * off[1])
        width = self.box.w + _SIZE_GAIN * (detection.box.w - self.box.w)
        height = self.box.h + _SIZE_GAIN * (detection.box.h - self.box.h)
        left, width = _settled(self.centre[0] - width / 2, width, detection.box.x, detection.box.w)
        top, height = _settled(self.centre[1] / aspect - height / 2, height, detection.box.y, detection.box.h)
        self.box = Box(left, top, width, height)
        across, down = came(self.last, detection.box, aspect)
        self.gone, self.last = (self.gone[0] + across, self.gone[1] + down), detection.box
        self.seen_s, self.misses, self.unseen_s = at_s, 0, 0.0
        self.hits += 1
        self.believed += detection.score
        self.score += 0.3 * (detection.score - self.score)
        self.labels[detection.label] = self.labels.get(detection.label, 0.0) + detection.score

    def view(self) -> Track:
        label = max(self.labels, key=lambda name: self.labels[name])
        return Track(
            self.id,
            label,
            round(self.score, 3),
            self.box.clipped(),
            self.begun_s,
            self.first.box,
            self.seen_s,
            math.hypot(*self.gone) / max(self.size, 1e-6),
            self.confirmed,
        )


def _settled(smooth: float, smooth_size: float, seen: float, seen_size: float) -> tuple[float, float]:
    """One side of a box, smoothed; as it was seen where the picture cuts it off: there it grows and shrinks fast."""
    cut_off = seen < EDGE or seen + seen_size > 1 - EDGE
    return (seen, seen_size) if cut_off else (smooth, smooth_size)


def size_of(box: Box, aspect: float) -> float:
    """The root of the box's area, in picture widths: what distances are measured in, near and far alike."""
    return math.sqrt(max(box.area * aspect, 0.0))


def came(before: Box, after: Box, aspect: float) -> Point:
    """How far a thing came from one box to another, in picture widths, by the edges that the picture does not cut off.

    The middle of a vehicle that is half out of the picture moves only half as far as the vehicle.
    """
    across = _along((before.x, before.x + before.w), (after.x, after.x + after.w))
    down = _along((before.y, before.y + before.h), (after.y, after.y + after.h))
    return (across, down * aspect)


def _along(before: tuple[float, float], after: tuple[float, float]) -> float:
    edges = list(zip(before, after, strict=True))
    free = [late - early for early, late in edges if EDGE < early < 1 - EDGE and EDGE < late < 1 - EDGE]
    return sum(free) / len(free) if free else (sum(after) - sum(before)) / 2


def _in_widths(point: Point, aspect: float) -> Point:
    return (point[0], point[1] * aspect)
