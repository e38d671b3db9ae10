"""Things: what somebody left behind where nothing may stand, and what is missing where a thing has to be.

Only in zones for it: `clear`, and lanes and fire lanes, where nothing may lie; and `fixture`, where something has to
stay. What stands still and is named (a parked car, somebody waiting) is no thing. A thing counts as left when nobody
stands beside it any more; a fixture as missing when the better part of its zone is no longer as usual, whether it is
gone or hidden.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from cameras.vision.behaving import Look, Surroundings
from cameras.vision.following.zones import PERSON, VEHICLE, ZoneMap
from cameras.vision.reporting import REPEAT_S, Reporter
from cameras.vision.stillness import LEFT, REMOVED, Still, Stillness
from config.community import Zone, ZoneUse
from hub.events import Event, Phase, new_event_id
from hub.geometry import Box, inside
from hub.plugins import Options, Plugin

LEFT_OBJECT: Final = "camera.left_object"
REMOVED_OBJECT: Final = "camera.removed_object"

_EMPTY: Final = (ZoneUse.CLEAR, ZoneUse.LANE, ZoneUse.FIRE_LANE)
_BESIDE: Final = 1.0
"""Own heights: whoever is so near still has it at hand."""
_NAMED: Final = 0.3
"""Share of a region inside the box of something named that explains it."""
_FIXTURE: Final = 0.3
"""Share of the zone that has to have changed: an extinguisher fills half of what is drawn around it."""
_GONE_S: Final = 3.0
"""Hidden for shorter than this it is still there: people walk before it."""


class ThingOptions(Options):
    """Settings of things."""

    left_s: Annotated[float, Field(ge=5.0, le=3600.0)] = 10.0
    """So long nobody has to be beside what was left."""
    missing_s: Annotated[float, Field(ge=5.0, le=3600.0)] = 20.0
    """So long a fixture has to be changed; shorter is somebody who stands before it."""


@dataclass(slots=True)
class _Thing:
    """One region that may be told."""

    still: Still
    zone: Zone
    seen_s: float
    alone_s: float
    subject: str
    told_s: float | None = None


class Things:
    """The zones of one camera in which things matter."""

    def __init__(self, options: ThingOptions, zones: Sequence[Zone], place: ZoneMap, reporter: Reporter) -> None:
        """Watch these zones."""
        self._options = options
        self._zones = tuple(zones)
        self._place = place
        self._reporter = reporter
        self._stillness = Stillness()
        self._things: dict[int, _Thing] = {}

    @property
    def pending(self) -> bool:
        """Things do not hurry."""
        return False

    def update(self, look: Look) -> list[Event]:
        """Take the next moment."""
        if look.motion.cut:
            events = self.end(look.at)
            self._stillness.update(look.motion, look.at_s)
            return events
        still = [] if self._place.disarmed else self._stillness.update(look.motion, look.at_s)
        for one in still:
            self._see(one, look)
        events = []
        for number, thing in list(self._things.items()):
            if not 0 <= look.at_s - thing.seen_s <= _GONE_S or not self._place.counts(thing.zone):
                del self._things[number]
                if thing.told_s is not None:
                    events.append(self._tell(thing, Phase.ENDED, look.at_s, look.at))
            else:
                events += self._judge(thing, look)
        return events

    def end(self, at: datetime) -> list[Event]:
        """Another scene."""
        told = [one for one in self._things.values() if one.told_s is not None]
        self._things.clear()
        self._stillness.reset()
        return [self._tell(one, Phase.ENDED, one.seen_s, at) for one in told]

    def _see(self, still: Still, look: Look) -> None:
        thing = self._things.get(still.number)
        if thing is not None:
            thing.still, thing.seen_s = still, look.at_s
            return
        zone = self._zone(still)
        if zone is not None:
            subject = f"thing-{new_event_id()[:8]}"
            self._things[still.number] = _Thing(still, zone, look.at_s, look.at_s, subject)

    def _zone(self, still: Still) -> Zone | None:
        for zone in filter(self._place.counts, self._zones):
            if zone.use is ZoneUse.FIXTURE:
                if _share_of_zone(still.box, zone) >= _FIXTURE:
                    return zone
            elif still.what == LEFT and inside(still.box.foot, zone.points):
                return zone
        return None

    def _judge(self, thing: _Thing, look: Look) -> list[Event]:
        box = thing.still.box
        if _explained(box, look):
            thing.alone_s = look.at_s
        needed_s = self._options.left_s
        if thing.zone.use is ZoneUse.FIXTURE:
            needed_s = self._options.missing_s
        elif any(_beside(one.track.box, box, look.aspect) for one in look.watched if one.kind == PERSON):
            thing.alone_s = look.at_s
        if thing.told_s is None:
            due = look.at_s - max(thing.alone_s, thing.still.since_s) >= needed_s
            return [self._tell(thing, Phase.BEGAN, look.at_s, look.at)] if due else []
        if look.at_s - thing.told_s >= REPEAT_S:
            return [self._tell(thing, Phase.GOES_ON, look.at_s, look.at)]
        return []

    def _tell(self, thing: _Thing, phase: Phase, at_s: float, at: datetime) -> Event:
        thing.told_s = at_s
        still = thing.still
        fixture = thing.zone.use is ZoneUse.FIXTURE
        return self._reporter.event(
            REMOVED_OBJECT if fixture else LEFT_OBJECT,
            phase,
            at=at,
            driver="things",
            subject=thing.subject,
            confidence=round(min(0.9, 0.5 + 0.1 * abs(math.log2(max(still.edges, 0.01)))), 2),
            box=still.box,
            zone=thing.zone.id,
            fields={
                "zone_use": thing.zone.use.value,
                "still_s": round(max(0.0, at_s - still.since_s), 1),
                "alone_s": round(max(0.0, at_s - thing.alone_s), 1),
                "outline_ratio": still.edges,
                "contrast_levels": still.contrast,
                "area": round(still.area, 4),
                "gone": still.what == REMOVED,
            },
        )


def _explained(box: Box, look: Look) -> bool:
    """Whether something that has a name stands there, or what is taken for a vehicle."""
    named = (one.track.box for one in look.watched if one.driver == "objects" or one.kind == VEHICLE)
    return any(other.shared(box) >= _NAMED * box.area for other in named)


def _beside(person: Box, box: Box, aspect: float) -> bool:
    (x, y), (thing_x, thing_y) = person.foot, box.foot
    return math.hypot(x - thing_x, (y - thing_y) * aspect) <= _BESIDE * person.h * aspect


def _share_of_zone(box: Box, zone: Zone) -> float:
    left, right = min(x for x, _ in zone.points), max(x for x, _ in zone.points)
    top, bottom = min(y for _, y in zone.points), max(y for _, y in zone.points)
    around = Box(left, top, right - left, bottom - top)
    return around.shared(box) / max(around.area, 1e-9)


def _build(options: ThingOptions, surroundings: Surroundings) -> Things | None:
    zones = [zone for zone in surroundings.camera.zones if zone.use in (*_EMPTY, ZoneUse.FIXTURE)]
    return Things(options, zones, surroundings.zones, surroundings.reporter) if zones else None


PLUGIN = Plugin(
    kind="things",
    options=ThingOptions,
    build=_build,
    summary="What was left where nothing may stand, and what is missing where a thing has to be.",
)
