"""Water: a child at the edge of a pond or channel, with no adult near.

Who is a child tells the height, in metres, and only where the ground of the camera was measured: the greatest height
of somebody while they were in view, for an adult who bends or sits was upright before. Heights are told to some 15 %,
so that children up to about 1.2 m are told from adults; older ones are not.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from cameras.vision.behaving import Look, Surroundings
from cameras.vision.following.ground import GroundPlane
from cameras.vision.following.zones import PERSON, Watched
from cameras.vision.reporting import REPEAT_S, Reporter
from config.community import ZoneUse
from hub.events import Event, FieldValue, Phase
from hub.plugins import Options, Plugin

CHILD_NEAR_WATER: Final = "camera.child_near_water"

_LOOKS: Final = 8
"""Heights that a judgement takes: about one second of looks."""
_KEPT: Final = 64
_TALLEST: Final = 0.8
"""Of the heights in their order: single boxes are too tall by a third."""
_STAYS_S: Final = 1.5
_GONE_S: Final = 3.0
_MOST: Final = 64
"""People measured at once; further ones are not."""


class WaterOptions(Options):
    """Settings of the water's edge."""

    child_m: Annotated[float, Field(ge=0.6, le=1.6)] = 1.3
    """Who is smaller is a child."""
    adult_near_m: Annotated[float, Field(ge=0.0, le=20.0)] = 3.0
    """An adult within so many metres looks after the child."""


@dataclass(slots=True)
class _Person:
    """Somebody in view."""

    heights_m: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))
    seen_s: float = -math.inf
    alone_since_s: float | None = None
    told_s: float | None = None
    last: Watched | None = None

    @property
    def height_m(self) -> float | None:
        """How tall they are; None while too seldom seen."""
        if len(self.heights_m) < _LOOKS:
            return None
        return sorted(self.heights_m)[int(_TALLEST * (len(self.heights_m) - 1))]


class Water:
    """The water's edges of one camera."""

    def __init__(self, options: WaterOptions, ground: GroundPlane, reporter: Reporter) -> None:
        """Measure people on this ground."""
        self._options = options
        self._ground = ground
        self._reporter = reporter
        self._people: dict[str, _Person] = {}

    @property
    def pending(self) -> bool:
        """Whether a child may have come to the water."""
        return any(one.alone_since_s is not None for one in self._people.values())

    def update(self, look: Look) -> list[Event]:
        """Take the next moment."""
        here = [one for one in look.watched if one.kind == PERSON and one.track.seen_s == look.at_s]
        for one in here:
            self._measure(one, look)
        events = []
        for one in here:
            person = self._people.get(one.track.id)
            if person is not None:
                events += self._judge(one, person, here, look)
        for name, person in list(self._people.items()):
            if not 0 <= look.at_s - person.seen_s <= _GONE_S:
                events += self._over(person, look.at)
                del self._people[name]
        return events

    def end(self, at: datetime) -> list[Event]:
        """Another scene."""
        events = [event for person in self._people.values() for event in self._over(person, at)]
        self._people.clear()
        return events

    def _measure(self, one: Watched, look: Look) -> None:
        person = self._people.get(one.track.id)
        if person is None:
            if len(self._people) >= _MOST:
                return
            person = self._people[one.track.id] = _Person()
        person.seen_s, person.last = look.at_s, one
        height_m = self._ground.height_m(one.track.box, look.aspect)
        if height_m is not None and one.track.box.y + one.track.box.h < 0.99:  # noqa: PLR2004 -- cut off below
            person.heights_m.append(height_m)

    def _judge(self, one: Watched, person: _Person, here: list[Watched], look: Look) -> list[Event]:
        height_m = person.height_m
        near = one.zone is not None and one.zone.use is ZoneUse.WATER
        adult_m = self._adult_m(one, here)
        alone = adult_m is None or adult_m > self._options.adult_near_m
        if not near or not alone or height_m is None or height_m >= self._options.child_m:
            person.alone_since_s = None
            return self._over(person, look.at)
        if person.alone_since_s is None:
            person.alone_since_s = look.at_s
        fields: dict[str, FieldValue] = {
            "height_m": round(height_m, 2),
            "alone_s": round(look.at_s - person.alone_since_s, 1),
            "zone_use": ZoneUse.WATER.value,
        }
        if adult_m is not None:
            fields["adult_m"] = round(adult_m, 1)
        if person.told_s is None:
            due = look.at_s - person.alone_since_s >= _STAYS_S
            return [self._tell(person, Phase.BEGAN, fields, look.at_s, look.at)] if due else []
        again = look.at_s - person.told_s >= REPEAT_S
        return [self._tell(person, Phase.GOES_ON, fields, look.at_s, look.at)] if again else []

    def _adult_m(self, child: Watched, here: list[Watched]) -> float | None:
        """Metres to the nearest adult; None when there is none in view."""
        place = self._ground.metres(child.track.box.foot)
        distances = []
        for one in here:
            person = self._people.get(one.track.id)
            height_m = None if person is None else person.height_m
            spot = self._ground.metres(one.track.box.foot)
            if one is child or place is None or spot is None or height_m is None or height_m < self._options.child_m:
                continue
            distances.append(math.dist(place, spot))
        return min(distances, default=None)

    def _over(self, person: _Person, at: datetime) -> list[Event]:
        if person.told_s is None:
            return []
        events = [self._tell(person, Phase.ENDED, {"zone_use": ZoneUse.WATER.value}, person.told_s, at)]
        person.told_s = None
        return events

    def _tell(  # noqa: PLR0917
        self, person: _Person, phase: Phase, fields: dict[str, FieldValue], at_s: float, at: datetime
    ) -> Event:
        assert person.last is not None
        person.told_s = at_s
        track, zone = person.last.track, person.last.zone
        return self._reporter.event(
            CHILD_NEAR_WATER,
            phase,
            at=at,
            driver="water",
            subject=track.id,
            confidence=round(track.score, 2),
            box=track.box,
            zone=None if zone is None else zone.id,
            fields=fields,
        )


def _build(options: WaterOptions, surroundings: Surroundings) -> Water | None:
    edge = any(zone.use is ZoneUse.WATER for zone in surroundings.camera.zones)
    if not edge or surroundings.ground is None:
        return None
    return Water(options, surroundings.ground, surroundings.reporter)


PLUGIN = Plugin(
    kind="water",
    options=WaterOptions,
    build=_build,
    summary="A child alone at the edge of water, by heights in metres where the ground is measured.",
)
