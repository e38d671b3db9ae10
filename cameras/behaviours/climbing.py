"""Climbing: somebody rises on a wall or fence, or comes over it into a place where nobody should be.

Whoever stands behind a wire fence has their feet in its zone as well, and whoever stands behind a wall shows a head
above it: being in the zone says little. But a person's feet rise only by climbing, and from a wall into a guarded zone
leads no other way than over it. Both hold for what moves and has no name, as people do at night in infra-red.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cameras.vision.behaving import Look, Surroundings
from cameras.vision.following.zones import PERSON, UNNAMED, Watched, ZoneMap
from cameras.vision.reporting import REPEAT_S, Reporter
from config.community import Zone, ZoneUse
from hub.events import Event, Phase
from hub.geometry import Box, inside
from hub.plugins import Options, Plugin

CLIMBING: Final = "camera.climbing"

_RISE: Final = 0.3
"""Own heights that the feet have to rise: a high step; boxes jitter by a tenth."""
_SHRINK: Final = 0.75
"""Who gets smaller than this part of their height walks away, and their feet rise in the picture because of that."""
_LOWEST_S: Final = 15.0
"""Feet have risen from where they were within so long: a fence of two metres takes some five seconds."""
_ON_S: Final = 1.0
"""So long risen on the wall: less is a box that jumped."""
_OVER_S: Final = 5.0
"""Between being seen on the wall and inside: a jump takes less than one second, and climbers hang and rest."""
_INSIDE_S: Final = 60.0
"""Who was inside within so long before they came to the wall did not come over it."""
_FIRST_S: Final = 12.0
"""What has no name is told of when it has moved by its own size: where it was first seen counts for so long."""
_ON: Final = 0.6
_OVER: Final = 0.8
"""How sure: risen; come over."""
_MOST: Final = 64
"""At once; further ones are not followed."""


@dataclass(slots=True)
class _Climber:
    """Somebody who was in the zone of a wall."""

    track: str
    label: str
    wall: Zone
    on_s: float
    box: Box
    outside: bool
    highest: float = 0.0
    risen_s: float | None = None
    over: bool = False
    told_s: float | None = None

    @property
    def needed(self) -> float:
        """Heights that the feet have to rise: more for who walked about inside, towards the wall."""
        return _RISE if self.outside else 2 * _RISE

    def rise(self, lowest: Box, at_s: float) -> None:
        """Note how far the feet are above where they were lowest."""
        rise = (lowest.foot[1] - self.box.foot[1]) / max(lowest.h, 1e-6)
        if rise < self.needed or self.box.h < _SHRINK * lowest.h:
            self.risen_s = None
            return
        self.highest = max(self.highest, rise)
        if self.risen_s is None:
            self.risen_s = at_s


class Climbing:
    """The walls and fences of one camera."""

    def __init__(self, walls: tuple[Zone, ...], place: ZoneMap, reporter: Reporter) -> None:
        """Watch these walls."""
        self._walls = walls
        self._place = place
        self._reporter = reporter
        self._climbers: dict[str, _Climber] = {}
        self._inside_s: dict[str, float] = {}
        self._lowest: dict[str, tuple[Box, float]] = {}

    @property
    def pending(self) -> bool:
        """Whether somebody has risen on a wall."""
        return any(one.risen_s is not None and not one.over for one in self._climbers.values())

    def update(self, look: Look) -> list[Event]:
        """Take the next moment."""
        events = []
        self._lowest = {name: low for name, low in self._lowest.items() if 0 <= look.at_s - low[1] <= _LOWEST_S}
        self._inside_s = {name: at_s for name, at_s in self._inside_s.items() if 0 <= look.at_s - at_s <= _INSIDE_S}
        for one in look.watched:
            if one.kind in (PERSON, UNNAMED) and one.track.seen_s == look.at_s and not self._place.disarmed:
                events += self._see(one, look)
        for name, climber in list(self._climbers.items()):
            if not 0 <= look.at_s - climber.on_s <= _OVER_S or not self._place.counts(climber.wall):
                del self._climbers[name]
                if climber.told_s is not None:
                    events.append(self._tell(climber, Phase.ENDED, look.at_s, look.at))
        return events

    def end(self, at: datetime) -> list[Event]:
        """Another scene."""
        told = [one for one in self._climbers.values() if one.told_s is not None]
        self._climbers.clear()
        self._inside_s.clear()
        self._lowest.clear()
        return [self._tell(one, Phase.ENDED, one.on_s, at) for one in told]

    def _see(self, one: Watched, look: Look) -> list[Event]:
        box = one.track.box
        walls = [zone for zone in self._walls if self._place.counts(zone, one.track.label)]
        wall = next((zone for zone in walls if inside(box.foot, zone.points)), None)
        guarded = wall is None and one.zone is not None and one.zone.use is ZoneUse.GUARDED
        if one.track.id not in self._lowest or box.foot[1] >= self._lowest[one.track.id][0].foot[1]:
            self._lowest[one.track.id] = (box, look.at_s)
        climber = self._climbers.get(one.track.id) or self._begin(one, wall, look.at_s)
        if guarded:
            self._inside_s[one.track.id] = look.at_s
        if climber is None:
            return []
        climber.box = box
        was_over = climber.over
        if wall is not None:
            climber.on_s = look.at_s
            climber.rise(self._lowest[one.track.id][0], look.at_s)
        elif guarded and look.at_s - climber.on_s <= _OVER_S:
            climber.over = climber.outside or climber.highest > 0
        risen = climber.risen_s is not None and look.at_s - climber.risen_s >= _ON_S
        if climber.told_s is None:
            return [self._tell(climber, Phase.BEGAN, look.at_s, look.at)] if risen or climber.over else []
        if climber.over != was_over or look.at_s - climber.told_s >= REPEAT_S:
            return [self._tell(climber, Phase.GOES_ON, look.at_s, look.at)]
        return []

    def _begin(self, one: Watched, wall: Zone | None, at_s: float) -> _Climber | None:
        """Somebody on a wall, or who was first seen on one a moment ago and was not told of before."""
        on_s = at_s
        if wall is None and at_s - one.track.begun_s <= _FIRST_S:
            first = one.track.first.foot
            walls = (zone for zone in self._walls if self._place.counts(zone, one.track.label))
            wall = next((zone for zone in walls if inside(first, zone.points)), None)
            on_s = max(one.track.begun_s, at_s - _OVER_S)
        if wall is None or len(self._climbers) >= _MOST:
            return None
        outside = one.track.id not in self._inside_s  # who works inside comes near the wall, and goes again
        climber = _Climber(one.track.id, one.track.label, wall, on_s, one.track.box, outside)
        self._climbers[one.track.id] = climber
        return climber

    def _tell(self, climber: _Climber, phase: Phase, at_s: float, at: datetime) -> Event:
        climber.told_s = at_s
        return self._reporter.event(
            CLIMBING,
            phase,
            at=at,
            driver="climbing",
            subject=climber.track,
            confidence=_OVER if climber.over else _ON,
            box=climber.box,
            zone=climber.wall.id,
            fields={
                "over": climber.over,
                "rise_heights": round(climber.highest, 2),
                "risen_s": 0.0 if climber.risen_s is None else round(at_s - climber.risen_s, 1),
                "label": climber.label,
                "zone_use": ZoneUse.WALL.value,
            },
        )


def _build(_options: Options, surroundings: Surroundings) -> Climbing | None:
    walls = tuple(zone for zone in surroundings.camera.zones if zone.use is ZoneUse.WALL)
    return Climbing(walls, surroundings.zones, surroundings.reporter) if walls else None


PLUGIN = Plugin(
    kind="climbing",
    options=Options,
    build=_build,
    summary="Somebody who rises on a wall or fence, or comes over it into a guarded zone.",
)
