"""Collisions: two vehicles meet, one loses its speed abruptly, and then what is left stands.

All three are asked for. Queues come to a stand slowly; buses and parked cars meet nobody at speed; cars that pass one
behind another keep moving; so none of them counts. Speeds are in the vehicle's own sizes per second (for a car one size
is some 2 m), which needs no calibrated camera. One per camera, one thread; remembers a meeting for some seconds only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cameras.vision.behaving import Look, Surroundings
from cameras.vision.behaviour import Path
from cameras.vision.reporting import REPEAT_S, Reporter
from cameras.vision.tracking import Track, size_of
from cameras.vision.zones import VEHICLE, Watched
from hub.events import Event, Phase
from hub.geometry import Box
from hub.plugins import Options, Plugin

COLLISION: Final = "camera.collision"

_TOUCH: Final = 0.1
"""Own sizes between the boxes at which they meet: boxes are drawn a little too narrow as often as too wide."""
_DOUBLE: Final = 0.6
"""Boxes that overlap more than this when they first meet are one vehicle seen twice."""
_FAST: Final = 1.5
"""Sizes per second before the meeting, some 11 km/h: slower is parking and creeping in a queue."""
_LOST: Final = 1.5
"""Sizes per second lost within a second, some 3.5 m/s2 on the mean: as hard as anybody brakes for a queue."""
_LEFT: Final = 0.4
"""And at most this share of the speed is left: a car that was touched and drives on is no wreck."""
_BEFORE_S: Final = 0.8
_YOUNG_S: Final = 0.5
"""A vehicle that drives into the picture and into another has no speed yet when they touch: so long it may take."""
_YOUNG_DOUBLE: Final = 0.3
"""And it must not be a second box around the other."""
_IMPACT_S: Final = 0.9
"""After this the speed left is looked at, over all but the first third, in which boxes grow together and jump."""
_SLIDE_S: Final = 3.5
"""The others may slide and spin for so long."""
_AFTER_S: Final = 3.0
"""A collision is told so long after the meeting: who merely braked for the other has driven on by then."""
_STAND_S: Final = 2.0
"""And at least so long everything stands: wrecks slide, spin and are pushed on before."""
_SURE: Final = 0.5
"""Score of what stands: a track that is only carried along may have slipped onto a parked car as it drove past."""
_STILL: Final = 0.2
_DRIVES: Final = 0.5
"""Sizes per second over the last two: up to the first is the box's jitter, above the second it drives off."""


class CollisionOptions(Options):
    """There is nothing to set."""


@dataclass(slots=True)
class _Meeting:
    """Two vehicles that met."""

    one: str
    other: str
    met_s: float
    overlap: float
    speeds: dict[str, float]
    closing: float
    last: dict[str, Track]
    paths: dict[str, Path]
    drivers: str
    zone: str | None
    told_s: float | None = None
    braked: dict[str, float] | None = None

    @property
    def subject(self) -> str:
        return f"{self.one}+{self.other}"


class Collisions:
    """Watches the vehicles of one camera for crashes."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._meetings: dict[tuple[str, str], _Meeting] = {}
        self._touching: dict[tuple[str, str], float] = {}

    @property
    def pending(self) -> bool:
        """Whether two have met and the outcome is open: every frame is worth looking at."""
        return any(meeting.told_s is None for meeting in self._meetings.values())

    def update(self, look: Look) -> list[Event]:
        """Look at all vehicles of this moment, whichever detector saw them."""
        at_s, at, aspect = look.at_s, look.at, look.aspect
        vehicles = [one for one in look.watched if one.kind == VEHICLE]
        present = {one.track.id: one for one in vehicles}
        self._meet(vehicles, at_s, aspect)
        events: list[Event] = []
        for key, meeting in list(self._meetings.items()):
            for name in key:
                if name in present:
                    meeting.last[name] = present[name].track
            still_here = [name for name in key if name in present]
            outcome = self._judge(meeting, still_here, at_s, aspect)
            if outcome is None:
                del self._meetings[key]
                if meeting.told_s is not None:
                    events.append(self._tell(meeting, Phase.ENDED, at_s, at=at))
            elif outcome:
                if meeting.told_s is None and self._told_already(key):
                    del self._meetings[key]  # a third one in the same pile
                elif meeting.told_s is None:
                    events.append(self._tell(meeting, Phase.BEGAN, at_s, at=at))
                elif at_s - meeting.told_s >= REPEAT_S:
                    events.append(self._tell(meeting, Phase.GOES_ON, at_s, at=at))
        return events

    def end(self, at: datetime) -> list[Event]:
        """End everything."""
        told = [one for one in self._meetings.values() if one.told_s is not None]
        self._meetings.clear()
        self._touching.clear()
        return [self._tell(one, Phase.ENDED, one.told_s or 0.0, at=at) for one in told]

    def _told_already(self, key: tuple[str, str]) -> bool:
        """Whether a collision with one of the two has been told and still stands."""
        return any(
            other.told_s is not None and not {other.one, other.other}.isdisjoint(key)
            for other in self._meetings.values()
        )

    def _meet(self, vehicles: list[Watched], at_s: float, aspect: float) -> None:
        touching: dict[tuple[str, str], float] = {}
        for number, one in enumerate(vehicles):
            for other in vehicles[number + 1 :]:
                a, b = sorted((one, other), key=lambda vehicle: vehicle.track.id)
                small = min(size_of(a.track.box, aspect), size_of(b.track.box, aspect))
                if a.track.box.gap(b.track.box) > _TOUCH * small:
                    continue
                key = (a.track.id, b.track.id)
                since_s = touching[key] = self._touching.get(key, at_s)
                if key in self._meetings or at_s - since_s > _YOUNG_S:
                    continue
                young = min(since_s - a.track.begun_s, since_s - b.track.begun_s) < _YOUNG_S
                if at_s > since_s and not young:
                    continue
                meeting = _meeting(a, b, at_s, most_overlap=_YOUNG_DOUBLE if young else _DOUBLE)
                if meeting is not None:
                    self._meetings[key] = meeting
        self._touching = touching

    def _judge(self, meeting: _Meeting, here: list[str], at_s: float, aspect: float) -> bool | None:
        """True: a crash that stands; False: not yet; None: over, or never was one."""
        if not here:
            return None
        past_s = at_s - meeting.met_s
        if meeting.told_s is not None:
            speeds = [meeting.paths[name].speed(at_s - _STAND_S, at_s) for name in here]
            return None if any(speed is not None and speed > _DRIVES for speed in speeds) else True
        if past_s < _IMPACT_S:
            return False
        if meeting.braked is None:
            meeting.braked = _braked(meeting, at_s)
        if not meeting.braked or past_s > _SLIDE_S + _STAND_S:
            return None
        gone = [name for name in (meeting.one, meeting.other) if name not in here]
        if gone:
            # The one that is no longer seen may have driven on behind the other, unless the other was fast itself, lost
            # its speed there, and stands where the first was last seen.
            lost, left = meeting.last[gone[0]], meeting.last[here[0]]
            near = lost.box.gap(left.box) <= _TOUCH * size_of(left.box, aspect)
            if here[0] not in meeting.braked or not near:
                return None
        sure = min(meeting.last[name].score for name in here) >= _SURE
        speeds = [meeting.paths[name].speed(at_s - _STAND_S, at_s) for name in here]
        stand = all(speed is not None and speed <= _STILL for speed in speeds)
        return sure and stand and past_s >= _AFTER_S

    def _tell(self, meeting: _Meeting, phase: Phase, at_s: float, *, at: datetime) -> Event:
        meeting.told_s = at_s
        one, other = meeting.last[meeting.one], meeting.last[meeting.other]
        fastest = max(meeting.speeds.values())
        return self._reporter.event(
            COLLISION,
            phase,
            at=at,
            driver=meeting.drivers,
            subject=meeting.subject,
            confidence=round(min(one.score, other.score) * min(1.0, 0.5 + 0.25 * fastest), 2),
            box=_around(one.box, other.box),
            zone=meeting.zone,
            fields={
                "closing_sizes_s": round(meeting.closing, 2),
                "before_sizes_s": round(fastest, 2),
                "after_sizes_s": round(min((meeting.braked or {"": 0.0}).values()), 2),
                "overlap": round(meeting.overlap, 2),
                "stood_s": round(at_s - meeting.met_s, 1),
                "labels": f"{one.label}+{other.label}",
            },
        )


def _meeting(a: Watched, b: Watched, at_s: float, *, most_overlap: float) -> _Meeting | None:
    """The meeting of two vehicles that touch now for the first time; None when it is of no interest."""
    overlap = a.track.box.overlap(b.track.box)
    if overlap > most_overlap:
        return None
    speeds = {one.track.id: one.path.speed(at_s - _BEFORE_S, at_s) or 0.0 for one in (a, b)}
    if max(speeds.values()) < _FAST:
        return None
    return _Meeting(
        one=a.track.id,
        other=b.track.id,
        met_s=at_s,
        overlap=overlap,
        speeds=speeds,
        closing=sum(speeds.values()),
        last={a.track.id: a.track, b.track.id: b.track},
        paths={a.track.id: a.path, b.track.id: b.path},
        drivers=a.driver,
        zone=(a.zone or b.zone).id if (a.zone or b.zone) else None,  # type: ignore[union-attr]
    )


def _braked(meeting: _Meeting, at_s: float) -> dict[str, float]:
    """Who lost its speed abruptly, with what was left of it, in sizes per second."""
    found = {}
    for name, before in meeting.speeds.items():
        after = meeting.paths[name].speed(meeting.met_s + _IMPACT_S / 3, at_s)
        if after is not None and before - after >= _LOST and after <= _LEFT * before:
            found[name] = after
    return found


def _around(one: Box, other: Box) -> Box:
    left, top = min(one.x, other.x), min(one.y, other.y)
    right, bottom = max(one.x + one.w, other.x + other.w), max(one.y + one.h, other.y + other.h)
    return Box(left, top, right - left, bottom - top)


def _build(_options: CollisionOptions, surroundings: Surroundings) -> Collisions:
    return Collisions(surroundings.reporter)


PLUGIN = Plugin(
    kind="collisions",
    options=CollisionOptions,
    build=_build,
    summary="Crashes: two vehicles meet, one loses its speed abruptly, and what is left stands.",
)
