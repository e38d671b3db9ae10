"""Wrong way: a vehicle that drives against the direction of its lane.

It has to keep at it: two of its own lengths and a second, in several steps, mostly straight against the way that the
lane was given. Reversing a metre, turning out of a yard, crossing the lane and a box that jumps are none of that. Lanes
without a way are nobody's wrong way. One per camera, one thread; remembers the last seconds of each vehicle only.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Annotated, Final

from pydantic import Field

from cameras.vision.behaving import Look, Surroundings
from cameras.vision.detection import MOVER
from cameras.vision.following.tracking import Track, came, size_of
from cameras.vision.following.zones import VEHICLE, Watched
from cameras.vision.reporting import REPEAT_S
from config.community import Zone, ZoneUse
from hub.events import Event, FieldValue, Phase
from hub.geometry import Box, Point, inside
from hub.plugins import Options, Plugin

WRONG_WAY: Final = "camera.wrong_way"

_STEP_S: Final = 0.3
"""Places are kept so far apart: between closer ones a box jitters more than a vehicle drives."""
_KEPT: Final = 20
"""Places: some six seconds, and at two looks a second ten."""
_LEAST_STEPS: Final = 3
"""Steps against the way, of at least a tenth of a size each: a track that slips onto another vehicle makes one."""
_STEP: Final = 0.1
_STRAIGHT: Final = 0.75
"""Share of what it drove that was against the way: who crosses the lane or manoeuvres drives to and fro."""
_MOST_OF_IT: Final = (0.25, 0.75)
"""Shares of the width of what has no name that have to be in the lane: half of it, around its foot."""
_EDGE: Final = 0.01
_LEFT_S: Final = 2.0
"""Out of the lane, or driving with it, for so long: over."""


class WrongWayOptions(Options):
    """Settings of the wrong-way behaviour."""

    sizes: Annotated[float, Field(ge=1.0, le=20.0)] = 2.0
    """How far against the way, in own sizes (some 2 m for a car); who reverses into a yard drives less."""
    seconds: Annotated[float, Field(ge=0.5, le=30.0)] = 1.0
    """For how long at least."""


_Place = tuple[float, Box]
"""When and where a vehicle was."""


@dataclass(frozen=True, slots=True)
class _Drive:
    """What somebody drove in a lane lately: own sizes along its way and beside it, and how straight."""

    along: float
    beside: float
    share: float
    steps: int
    past_s: float
    speed: float


@dataclass(slots=True)
class _Driver:
    """One vehicle in one lane with a way."""

    one: Watched
    lane: Zone
    places: deque[_Place] = field(default_factory=lambda: deque(maxlen=_KEPT))
    in_lane_s: float = 0.0
    told_s: float | None = None
    drive: _Drive | None = None


class WrongWay:
    """Watches the lanes of one camera that have a way."""

    def __init__(self, options: WrongWayOptions, surroundings: Surroundings, lanes: tuple[Zone, ...]) -> None:
        self._options = options
        self._place = surroundings
        self._lanes = lanes
        self._drivers: dict[str, _Driver] = {}

    @property
    def pending(self) -> bool:
        """Whether somebody is half way to it."""
        half = self._options.sizes / 2
        return any(one.drive is not None and one.drive.along <= -half for one in self._drivers.values())

    def update(self, look: Look) -> list[Event]:
        """Take the next moment."""
        events: list[Event] = []
        present = {one.track.id: one for one in look.watched if one.kind == VEHICLE}
        for name, one in present.items():
            if one.track.seen_s == look.at_s:
                events += self._see(name, one, look)
        counts = self._place.zones.counts
        for name in [name for name, each in self._drivers.items() if name not in present or not counts(each.lane)]:
            events += self._end(name, look.at)
        return events

    def end(self, at: datetime) -> list[Event]:
        """End everything."""
        return [event for name in list(self._drivers) for event in self._end(name, at)]

    def _see(self, name: str, one: Watched, look: Look) -> list[Event]:
        lane = None if self._place.zones.disarmed else self._lane_of(one.track.box, one.track.label)
        driver = self._drivers.get(name)
        if driver is None or (lane is not None and lane is not driver.lane):
            return [*self._end(name, look.at), *self._begin(name, one, lane, look)]
        driver.one = one
        if lane is not None:
            self._go(driver, look.at_s, one.track.box, look.aspect)
        with_it = driver.drive is not None and driver.drive.along > -self._options.sizes / 2
        if lane is None or (driver.told_s is not None and with_it):
            return self._end(name, look.at) if look.at_s - driver.in_lane_s >= _LEFT_S else []
        driver.in_lane_s = look.at_s
        if driver.told_s is None:
            return [self._tell(driver, Phase.BEGAN, look)] if self._is_wrong(driver.drive) else []
        return [self._tell(driver, Phase.GOES_ON, look)] if look.at_s - driver.told_s >= REPEAT_S else []

    def _begin(self, name: str, one: Watched, lane: Zone | None, look: Look) -> list[Event]:
        """Somebody in the lane; he drove there before he was told of, too."""
        if lane is None:
            return []
        driver = self._drivers[name] = _Driver(one, lane)
        for at_s, box in one.path.boxes(-math.inf, look.at_s):
            if self._lane_of(box, one.track.label) is lane:
                self._go(driver, at_s, box, look.aspect)
        return [self._tell(driver, Phase.BEGAN, look)] if self._is_wrong(driver.drive) else []

    def _go(self, driver: _Driver, at_s: float, box: Box, aspect: float) -> None:
        """Note where it was, and what it drove."""
        if driver.places and at_s - driver.places[-1][0] < _STEP_S:
            return
        driver.places.append((at_s, box))
        driver.in_lane_s = at_s
        driver.drive = _drive(driver.places, _direction(driver.lane, aspect), aspect)

    def _is_wrong(self, drive: _Drive | None) -> bool:
        return (
            drive is not None
            and drive.along <= -self._options.sizes
            and drive.past_s >= self._options.seconds
            and drive.steps >= _LEAST_STEPS
            and drive.share >= _STRAIGHT
        )

    def _lane_of(self, box: Box, label: str) -> Zone | None:
        """The lane with a way in which it stands: the first that was drawn, in smaller zones inside it too.

        A box without a name holds the shadow too, which falls aside: then a part of its lower edge is elsewhere. By day
        vehicles have names and their boxes end at the wheels; what has none is seen by motion, mostly at night.
        """
        x, y = box.foot
        bottom = min(y, 0.999)
        places = [(x, bottom)]
        if label == MOVER:
            places += [(box.x + share * box.w, bottom) for share in _MOST_OF_IT]
        open_lanes = (lane for lane in self._lanes if self._place.zones.counts(lane, label))
        return next((lane for lane in open_lanes if all(inside(each, lane.points) for each in places)), None)

    def _end(self, name: str, at: datetime) -> list[Event]:
        driver = self._drivers.pop(name, None)
        if driver is None or driver.told_s is None:
            return []
        return [self._event(driver, Phase.ENDED, at)]

    def _tell(self, driver: _Driver, phase: Phase, look: Look) -> Event:
        driver.told_s = look.at_s
        return self._event(driver, phase, look.at)

    def _event(self, driver: _Driver, phase: Phase, at: datetime) -> Event:
        track: Track = driver.one.track
        fields: dict[str, FieldValue] = {"label": track.label, "score": round(track.score, 2)}
        if driver.drive is not None:
            fields |= {
                "against_sizes": round(-driver.drive.along, 2),
                "beside_sizes": round(driver.drive.beside, 2),
                "straight_share": round(driver.drive.share, 2),
                "against_s": round(driver.drive.past_s, 1),
                "speed_sizes_s": round(driver.drive.speed, 2),
            }
        if self._place.ground is not None:
            speed = self._place.ground.speed_m_s(driver.one.path.feet(track.seen_s - 1.5, track.seen_s))
            if speed is not None:
                fields["speed_kmh"] = round(speed * 3.6, 1)
        return self._place.reporter.event(
            WRONG_WAY,
            phase,
            at=at,
            driver=driver.one.driver,
            subject=track.id,
            confidence=round(track.score, 2),
            box=track.box,
            zone=driver.lane.id,
            fields=fields,
        )


def _direction(lane: Zone, aspect: float) -> Point:
    """The lane's way, one long, in picture widths."""
    assert lane.way is not None
    (x1, y1), (x2, y2) = lane.way
    across, down = x2 - x1, (y2 - y1) * aspect
    length = max(math.hypot(across, down), 1e-9)
    return (across / length, down / length)


def _drive(places: Sequence[_Place], way: Point, aspect: float) -> _Drive:
    """What was driven since it was last furthest along the way: what it did before turning round does not count."""
    size = _size(places, aspect)
    moves = [came(one, other, aspect) for (_, one), (_, other) in itertools.pairwise(places)]
    steps = [(across * way[0] + down * way[1]) / size for across, down in moves]
    along = list(itertools.accumulate(steps, initial=0.0))
    turned = max(range(len(along)), key=lambda number: along[number])
    moves, steps = moves[turned:], steps[turned:]
    whole = sum(math.hypot(*move) for move in moves) / size
    past_s = places[-1][0] - places[turned][0]
    against = along[turned] - along[-1]
    return _Drive(
        along=-against,
        beside=abs(sum(down * way[0] - across * way[1] for across, down in moves)) / size,
        share=sum(-step for step in steps if step < 0) / whole if whole > 0 else 0.0,
        steps=sum(step <= -_STEP for step in steps),
        past_s=past_s,
        speed=against / past_s if past_s > 0 else 0.0,
    )


def _size(places: Sequence[_Place], aspect: float) -> float:
    """Of the larger half: where a vehicle comes into the picture or leaves it, less of it is seen."""
    sizes = sorted(max(size_of(box, aspect), 1e-6) for _, box in places)
    return median(sizes[len(sizes) // 2 :])


def _build(options: WrongWayOptions, surroundings: Surroundings) -> WrongWay | None:
    lanes = tuple(zone for zone in surroundings.camera.zones if zone.use is ZoneUse.LANE and zone.way is not None)
    return WrongWay(options, surroundings, lanes) if lanes else None


PLUGIN = Plugin(
    kind="wrong_way",
    options=WrongWayOptions,
    build=_build,
    summary="Tells who drives against the way that a lane was given.",
)
