"""Counting: who crosses the lines that were drawn, which way, and how many a minute.

A thing is counted when its foot has come from one side of a line to the other, once each time. The object model and
bare motion may both see it: whichever track comes up only when the other has just crossed is the same thing and counts
no more. One per camera, one thread; remembers crossings for some seconds only.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cameras.vision.behaving import Look, Surroundings
from cameras.vision.detection import MOVER
from cameras.vision.following.crossing import RIGHT, Course, way_of
from cameras.vision.following.tracking import Track, size_of
from cameras.vision.following.zones import Watched
from config.community import Line
from hub.events import Event, FieldValue, Phase
from hub.geometry import Box, Point
from hub.plugins import Options, Plugin

CROSSING: Final = "camera.crossing"
COUNT: Final = "camera.count"

_MINUTE: Final = timedelta(minutes=1)
_WAY_S: Final = 1.5
"""Seconds of its way by which it is told where somebody goes."""
_AGAIN_S: Final = 3.0
"""So long after one detector saw a thing cross, the other may see it cross as well."""
_YOUNG_S: Final = 1.0
"""A track that came up no longer before the other's crossing is what was told already: who follows was seen coming."""
_AGAIN_SIZES: Final = 1.5
"""And it must have come up near by."""
_LEAVES_S: Final = 0.7
"""Seconds in which a vehicle that leaves is gone, and that it is expected further on its way."""
_UNNAMED_SIZES: Final = 1.5
_UNNAMED_STRAIGHT: Final = 0.8
_UNNAMED_AREA: Final = 0.002
"""What nobody named counts when it went straight on for more than its own length and is no speck: shadows, leaves and
pieces of a vehicle move to and fro."""
_EDGE: Final = 0.02


class CountingOptions(Options):
    """There is nothing to set."""


@dataclass(slots=True)
class _Followed:
    """Something on its way, with its course past each line."""

    one: Watched
    since_s: float
    foot: Point
    size: float
    courses: dict[str, Course]
    owed: list[tuple[Line, int]] = field(default_factory=list)
    """Lines that it has crossed, and to which side, while nobody knew whether it is anything."""


@dataclass(frozen=True, slots=True)
class _Crossed:
    """Somebody who has just crossed."""

    line: str
    side: int
    subject: str
    driver: str
    at_s: float
    foot: Point
    size: float


class Counting:
    """Counts at the lines of one camera."""

    pending: Final = False

    def __init__(self, surroundings: Surroundings) -> None:
        self._place = surroundings
        self._lines = surroundings.camera.lines
        self._followed: dict[str, _Followed] = {}
        self._crossed: list[_Crossed] = []
        self._counts: dict[str, Counter[str]] = {line.id: Counter() for line in self._lines}
        self._since: datetime | None = None

    def update(self, look: Look) -> list[Event]:
        """Take the next moment."""
        events = self._minute(look.at)
        if self._place.zones.disarmed:  # the camera looks elsewhere: the lines are nowhere
            self._followed.clear()
            return events
        self._crossed = [one for one in self._crossed if 0 <= look.at_s - one.at_s <= _AGAIN_S]
        here = set()
        for one in look.watched:
            here.add(one.track.id)
            if one.track.seen_s == look.at_s:
                events += self._see(one, look)
        for gone in [name for name in self._followed if name not in here]:
            events += self._leave(self._followed.pop(gone), look)
        return events

    def end(self, at: datetime) -> list[Event]:
        """Tell what was counted so far, and forget who is on his way."""
        self._followed.clear()
        self._crossed.clear()
        events = [] if self._since is None else self._tell_counts(at, at - self._since)
        self._since = None
        return events

    def _see(self, one: Watched, look: Look) -> list[Event]:
        track = one.track
        foot, size = _foot(track.box, look.aspect), size_of(track.box, look.aspect)
        followed = self._followed.get(track.id)
        if followed is None:
            followed = self._begin(one, size, look)
            self._followed[track.id] = followed
        followed.one, followed.foot, followed.size = one, foot, size
        for line in self._lines:
            side = followed.courses[line.id].go(foot, size)
            if side and (line, -side) in followed.owed:
                followed.owed.remove((line, -side))  # it came back before anybody was told
            elif side:
                followed.owed.append((line, side))
        return self._settle(followed, look)

    def _settle(self, followed: _Followed, look: Look) -> list[Event]:
        """Tell what it has crossed, once it is known to be something that goes somewhere."""
        one = followed.one
        if not followed.owed or (one.track.label == MOVER and not _drives(one, look.aspect)):
            return []
        owed, followed.owed = followed.owed, []
        return [event for line, side in owed for event in self._cross(line, side, followed, look)]

    def _begin(self, one: Watched, size: float, look: Look) -> _Followed:
        """Who has a name now goes on with the course that he had without one; who had none, from where he came up."""
        before = None if one.was is None else self._followed.pop(one.was, None)
        if before is not None:
            return before
        begun = _foot(one.path.without_gap()[0][1], look.aspect)
        courses = {line.id: Course(_in_widths(line, look.aspect), begun) for line in self._lines}
        return _Followed(one, look.at_s, begun, size, courses)

    def _leave(self, followed: _Followed, look: Look) -> list[Event]:
        """Who goes out of the picture is not seen to come clear of a line near its edge: he goes on as he went."""
        one = followed.one
        if not _at_edge(one.track.box):
            return []
        across, down = one.path.speed_to(one.track.seen_s - _LEAVES_S, one.track.seen_s, look.aspect)
        gone = (followed.foot[0] + across * _LEAVES_S, followed.foot[1] + down * _LEAVES_S)
        sides = [(line, followed.courses[line.id].leave(gone)) for line in self._lines]
        followed.owed += [(line, side) for line, side in sides if side]
        return self._settle(followed, look)

    def _cross(self, line: Line, side: int, followed: _Followed, look: Look) -> list[Event]:
        track = followed.one.track
        if any(self._same(other, line, side, followed) for other in self._crossed):
            return []
        self._crossed.append(
            _Crossed(line.id, side, track.id, followed.one.driver, look.at_s, followed.foot, followed.size)
        )
        label = _class(track)
        to = "right" if side == RIGHT else "left"
        counts = self._counts[line.id]
        counts[to] += 1
        counts[f"{label}_{to}"] += 1
        path = followed.one.path
        move, size = path.move(track.seen_s - _WAY_S, track.seen_s)
        fields: dict[str, FieldValue] = {
            "line": line.id,
            "side": to,
            "way": way_of(move if size else _apart(track, look.aspect)),
            "label": label,
            "score": round(track.score, 2),
            "speed_sizes_s": round(path.speed(track.seen_s - _WAY_S, track.seen_s) or 0.0, 2),
        }
        if self._place.ground is not None:
            speed = self._place.ground.speed_m_s(path.feet(track.seen_s - _WAY_S, track.seen_s))
            if speed is not None:
                fields["speed_kmh"] = round(speed * 3.6, 1)
        return [
            self._place.reporter.event(
                CROSSING,
                Phase.MOMENT,
                at=look.at - timedelta(seconds=look.at_s - track.seen_s),
                driver=followed.one.driver,
                subject=track.id,
                confidence=round(track.score, 2),
                box=track.box,
                zone=None if followed.one.zone is None else followed.one.zone.id,
                fields=fields,
            )
        ]

    def _same(self, other: _Crossed, line: Line, side: int, followed: _Followed) -> bool:
        """Whether this was told already, by the other detector."""
        if (other.line, other.side) != (line.id, side) or other.driver == followed.one.driver:
            return False
        near = math.dist(other.foot, followed.foot) <= _AGAIN_SIZES * max(other.size, followed.size)
        soon = followed.one.track.seen_s - other.at_s <= _AGAIN_S
        return near and soon and followed.since_s >= other.at_s - _YOUNG_S

    def _minute(self, at: datetime) -> list[Event]:
        """The counts of the minute that is over, zeros included: no count is not the same as nobody."""
        now = at.replace(second=0, microsecond=0)
        if self._since is None or at < self._since:
            self._since = at
        if now <= self._since:
            return []
        until = min(now, self._since.replace(second=0, microsecond=0) + _MINUTE)
        events = self._tell_counts(until, until - self._since)
        self._since = now
        return events

    def _tell_counts(self, at: datetime, past: timedelta) -> list[Event]:
        events = []
        for line in self._lines:
            counted = self._counts[line.id]
            fields: dict[str, FieldValue] = {"left": counted["left"], "right": counted["right"], **counted}
            fields["seconds"] = round(past.total_seconds(), 1)
            events.append(
                self._place.reporter.event(
                    COUNT, Phase.MOMENT, at=at, driver="counting", subject=line.id, fields=fields
                )
            )
            self._counts[line.id] = Counter()
        return events


def _drives(one: Watched, aspect: float) -> bool:
    """Whether something unnamed goes somewhere."""
    sizes, straight = one.path.drove(aspect)
    return sizes >= _UNNAMED_SIZES and straight >= _UNNAMED_STRAIGHT and one.track.box.area >= _UNNAMED_AREA


def _class(track: Track) -> str:
    return "unnamed" if track.label == MOVER else track.label


def _foot(box: Box, aspect: float) -> Point:
    x, y = box.foot
    return (x, min(y, 1.0) * aspect)


def _in_widths(line: Line, aspect: float) -> list[Point]:
    return [(x, y * aspect) for x, y in line.points]


def _apart(track: Track, aspect: float) -> Point:
    begun, now = track.first.centre, track.box.centre
    return (now[0] - begun[0], (now[1] - begun[1]) * aspect)


def _at_edge(box: Box) -> bool:
    right, bottom = box.x + box.w, box.y + box.h
    return box.x < _EDGE or box.y < _EDGE or right > 1 - _EDGE or bottom > 1 - _EDGE


def _build(_options: CountingOptions, surroundings: Surroundings) -> Counting | None:
    return Counting(surroundings) if surroundings.camera.lines else None


PLUGIN = Plugin(
    kind="counting",
    options=CountingOptions,
    build=_build,
    summary="Counts who crosses the drawn lines, by kind and direction, each minute.",
)
