"""What parts of a camera's picture are for: zones, lines across it, and where its ground is.

zones:
- {id: north, use: lane, points: [[0, 0.4], [0.5, 0.4], [0.5, 1], [0, 1]], way: [[0.2, 0.9], [0.3, 0.4]]}
- {id: gate, use: guarded, points: [[0.6, 0.5], [1, 0.5], [1, 1]], hours: {between: "22:00-06:00"}, classes: [person]}
lines:
- {id: gate, points: [[0.1, 0.8], [0.9, 0.8]]}
ground:
points:
- {x: 0.2, y: 0.9, east_m: 0, north_m: 0}
- {x: 0.8, y: 0.9, east_m: 6, north_m: 0}
- {x: 0.6, y: 0.4, east_m: 6, north_m: 20}
- {x: 0.4, y: 0.4, east_m: 0, north_m: 20}
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from config.hours import ClockHours
from config.says import write
from config.terms import Id, Name, Part, Share

Spot = tuple[Share, Share]
"""A place in the picture: shares of its width and height from the upper left."""


class ZoneUse(enum.StrEnum):
    """What a Zone is for; the behaviour that looks at it goes by this."""

    LANE = "lane"
    """Carriageway: vehicles drive here."""
    STOPPING = "stopping"
    """Part of a carriageway where vehicles may stand: a bus stop, before a traffic light."""
    CROSSING = "crossing"
    """Part of a carriageway that people cross."""
    NO_PARKING = "no_parking"
    """A no-stopping place."""
    FIRE_LANE = "fire_lane"
    """Where the fire engine has to get through."""
    GUARDED = "guarded"
    """Nobody should be here while it is armed."""
    WATCHED = "watched"
    """People may pass here, but not stay: a back door, a substation."""
    WALL = "wall"
    """The top of a wall, a fence, the edge of a roof: nobody may be on it."""
    INDOORS = "indoors"
    """A stairwell or hall: no e-bike may stand here."""
    POST = "post"
    """A place that has to be manned: a control room, a guard's desk."""
    IGNORE = "ignore"
    """Nothing in it counts: a screen, a waving tree."""
    FLAME = "flame"
    """A flame is at home here: a stove, a shrine, a chimney. Fire and smoke count when they come out of it."""
    WATER = "water"
    """The edge of a pond or channel: no child may be here alone."""
    CLEAR = "clear"
    """Nothing may be left here: an exit, a dumping corner."""
    FIXTURE = "fixture"
    """A thing that has to stay in its place: an extinguisher, a hydrant's lid."""
    PRIVATE = "private"
    """Other people's windows: nothing in it counts, and it is hidden in single pictures. Live view and recordings show
    it; a copy of a recording hides it when it is written with `--blur windows`."""


class ZoneClass(enum.StrEnum):
    """What a Zone may be limited to: the sorts of things that are followed."""

    PERSON = "person"
    VEHICLE = "vehicle"
    """Cars, lorries, buses and motorcycles; on a carriageway what moves and has no name besides."""
    BICYCLE = "bicycle"
    ANIMAL = "animal"
    UNNAMED = "unnamed"
    """What moves and has no name: somebody in the dark."""


TIMELESS = frozenset({ZoneUse.PRIVATE, ZoneUse.POST})
"""Uses of Zones that hold at any hour."""
CLASSLESS = frozenset({ZoneUse.PRIVATE, ZoneUse.FLAME, ZoneUse.CLEAR, ZoneUse.FIXTURE})
"""Uses of Zones that go by the pixels, not by what is followed."""


class Zone(Part):
    """A polygon in one camera's picture."""

    id: Id
    name: Name | None = None
    use: ZoneUse
    points: Annotated[tuple[Spot, ...], Field(min_length=3, max_length=64)]
    way: (
        Annotated[
            tuple[Spot, Spot],
            Field(json_schema_extra=write("[[x, y], [x, y]], from and to", "[[x, y], [x, y]]，起点和终点")),
        ]
        | None
    ) = None
    """In a lane: from the first point to the second is the direction in which one may drive; None: either."""
    hours: ClockHours = ()
    """It counts only then; left out: always."""
    classes: Annotated[tuple[ZoneClass, ...], Field(max_length=len(ZoneClass))] = ()
    """It counts only for these; left out: for everything."""


def private_places(zones: Iterable[Zone]) -> tuple[tuple[Spot, ...], ...]:
    """The polygons that nobody is shown in single pictures."""
    return tuple(zone.points for zone in zones if zone.use is ZoneUse.PRIVATE)


class Line(Part):
    """A line across one camera's picture at which is counted who crosses it, and which way."""

    id: Id
    name: Name | None = None
    points: Annotated[tuple[Spot, ...], Field(min_length=2, max_length=16)]
    """As drawn; its left and right are those of somebody who walks along it from the first point."""


class GroundPoint(Part):
    """One place on the ground, in the picture and as measured."""

    x: Share
    y: Share
    east_m: Annotated[float, Field(ge=-10_000, le=10_000)]
    north_m: Annotated[float, Field(ge=-10_000, le=10_000)]


class Ground(Part):
    """Where the ground is: enough measured places to tell metres and speeds from a picture."""

    points: Annotated[tuple[GroundPoint, ...], Field(min_length=4, max_length=16)]
