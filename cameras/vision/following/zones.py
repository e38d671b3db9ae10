"""Zones: from tracks to Events, on change.

A track gives BEGAN when it is believed, GOES_ON when it changes zone, stops or drives on and every 10 s besides, ENDED
when it is given up. What of this is an alert is decided by rules. One per camera, one thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cameras.vision.detection import MOVER
from cameras.vision.following.ground import GroundPlane
from cameras.vision.following.paths import Path
from cameras.vision.following.tracking import Track, Tracks
from cameras.vision.following.zone_hours import ZoneHours
from cameras.vision.reporting import REPEAT_S, Reporter
from config.calendars import Dates
from config.community import Zone, ZoneClass, ZoneUse
from hub.events import Event, FieldValue, Phase
from hub.geometry import Box, inside

PERSON: Final = "camera.person"
VEHICLE: Final = "camera.vehicle"
BICYCLE: Final = "camera.bicycle"
ANIMAL: Final = "camera.animal"
UNNAMED: Final = "camera.mover"

KINDS: Final = {
    "person": PERSON,
    "car": VEHICLE,
    "truck": VEHICLE,
    "bus": VEHICLE,
    "motorcycle": VEHICLE,
    "bicycle": BICYCLE,
    **dict.fromkeys(("cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"), ANIMAL),
}
"""Which kind of Event a label makes; other labels make none."""

_GROUPS: Final = {"motorcycle": "two wheels", "bicycle": "two wheels"}

_ROADS: Final = frozenset({ZoneUse.LANE, ZoneUse.STOPPING, ZoneUse.CROSSING, ZoneUse.NO_PARKING, ZoneUse.FIRE_LANE})
"""Where what moves and has no name is a vehicle, if it is large enough."""
_UNSEEN: Final = frozenset({ZoneUse.IGNORE, ZoneUse.PRIVATE})
_NO_GROUND: Final = _UNSEEN | {ZoneUse.FLAME, ZoneUse.FIXTURE}
"""These say what is seen there, not where somebody stands: a stove lies in the yard that it is in."""
_SETTLE_S: Final = 0.5
"""A foot on the line between two zones flickers; a zone is entered when it held so long."""
_SPEED_S: Final = 1.5
"""Seconds over which a speed in km/h is taken: shorter ones are jitter of the box, longer ones braking."""
_MOVER_TRAVELS: Final = 1.0
"""Own sizes that something unnamed must have moved: branches, flags and reflections stay where they are."""
_MOVER_UPRIGHT: Final = 1.8
"""Higher than this times its width, in pixels, is somebody on foot: a car from above that drives up the picture is not
twice as long as wide, with its shadow and mirrors."""
_REMEMBERED_S: Final = 2.0
_UNSEEN_S: Final = 60.0
"""A vehicle that stands is missed for up to so long: lorries before it, dusk, a model that is half sure."""
_SAME_SPOT: Final = 0.6
"""Intersection over union of a standing vehicle's boxes; another one that takes its place stands otherwise."""
_MOST_STOOD: Final = 32
_ALIKE: Final = 0.4
"""Intersection over union from which a named box and a moving piece are one thing: the piece has its shadow."""
_MOVER_AREA: Final = 0.002
"""Share of the picture: smaller unnamed things are birds, paper and noise as often as vehicles."""


_CLASSES: Final = {
    PERSON: ZoneClass.PERSON,
    VEHICLE: ZoneClass.VEHICLE,
    BICYCLE: ZoneClass.BICYCLE,
    ANIMAL: ZoneClass.ANIMAL,
}


def group_of(label: str) -> str:
    """What a label may be confused with from look to look, and shares tracks with."""
    return _GROUPS.get(label, KINDS.get(label, label))


class ZoneMap:
    """The zones of one camera.

    Attributes:
        count: How many there are.
        disarmed: Whether the camera looks elsewhere, so that its zones are nowhere; set by whoever notices.
    """

    def __init__(self, zones: tuple[Zone, ...], dates: Dates | None = None) -> None:
        """Take the zones, and what their hours go by."""
        self.count = len(zones)
        self.disarmed = False
        self._all = zones
        self._hours = ZoneHours(zones, dates)
        self._resting: frozenset[str] = frozenset()
        self._ignored = tuple(zone for zone in zones if zone.use in _UNSEEN)
        # The smallest first: a bus bay inside a lane is the more exact place.
        self._zones = sorted((zone for zone in zones if zone.use not in _NO_GROUND), key=_extent)

    def go_to(self, at: datetime) -> bool:
        """Come to a moment; whether other zones count from now on."""
        before, self._resting = self._resting, self._hours.resting(at)
        return self._resting != before

    @property
    def in_force(self) -> tuple[Zone, ...]:
        """Those that count at this moment."""
        return tuple(zone for zone in self._all if zone.id not in self._resting)

    def counts(self, zone: Zone, label: str = "") -> bool:
        """Whether `zone` counts at this moment, for what is called `label`; without one, whether for anything."""
        return zone.id not in self._resting and (not zone.classes or not label or _is_for(zone, label))

    def ignored(self, box: Box, label: str = "") -> bool:
        """Whether the middle of `box` lies where nothing counts; private stays private while the camera is turned."""
        here = (zone for zone in self._ignored if not self.disarmed or zone.use is ZoneUse.PRIVATE)
        here = (zone for zone in here if self.counts(zone) and (not zone.classes or _is_for(zone, label)))
        return any(inside(box.centre, zone.points) for zone in here)

    def at(self, box: Box, label: str = "") -> Zone | None:
        """The smallest zone in which what is in `box` and called `label` stands on the ground, of those that count."""
        if self.disarmed:
            return None
        x, y = box.foot
        foot = (x, min(y, 0.999))  # what is cut off by the lower edge stands on the last line
        return next((zone for zone in self._zones if self.counts(zone, label) and inside(foot, zone.points)), None)


@dataclass(slots=True)
class Watched:
    """A track that is reported, with what was last said of it."""

    track: Track
    kind: str
    driver: str
    path: Path = field(default_factory=Path)
    zone: Zone | None = None
    stopped: bool = False
    told_s: float | None = None
    coming: Zone | None = None
    coming_s: float | None = None
    was: str | None = None
    """Id of the unnamed track that this is known to have been before it had a name."""


@dataclass(frozen=True, slots=True)
class _Stood:
    """A vehicle that stood when it was last seen."""

    box: Box
    since_s: float
    seen_s: float


class TrackWatch:
    """Follows the tracks of one detector through the zones."""

    def __init__(
        self,
        zones: ZoneMap,
        reporter: Reporter,
        *,
        driver: str,
        ground: GroundPlane | None = None,
        everywhere: bool = False,
    ) -> None:
        """Begin with nobody.

        Args:
            zones: Where what is told is.
            reporter: Makes the Events.
            driver: The detector whose tracks these are.
            ground: Tells speeds in km/h; None tells none.
            everywhere: Whether what is unnamed counts outside of zones too: the camera has lines.
        """
        self._zones = zones
        self._reporter = reporter
        self._driver = driver
        self._ground = ground
        self._everywhere = everywhere
        self._explained: list[Watched] = []
        self._watched: dict[str, Watched] = {}
        self._stood: deque[_Stood] = deque(maxlen=_MOST_STOOD)

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Everything that Events have told of and that has not ended."""
        return tuple(one for one in self._watched.values() if one.told_s is not None)

    def stands(self, track: Track) -> bool:
        """Whether `track` stood in its place when it was last seen; told of or not."""
        watched = self._watched.get(track.id)
        return watched is not None and watched.path.stopped(track.seen_s)

    def like(self, track: Track) -> Watched | None:
        """What is followed here where `track` is, and was so before it; told of or not."""
        followed = (*self._watched.values(), *self._explained)
        older = [one for one in followed if one.track.begun_s < track.begun_s]
        alike = [one for one in older if one.track.seen_s >= track.begun_s - _SETTLE_S]
        best = max(alike, key=lambda one: one.track.box.overlap(track.box), default=None)
        return best if best is not None and best.track.box.overlap(track.box) >= _ALIKE else None

    def update(
        self,
        tracks: Tracks,
        at_s: float,
        *,
        at: datetime,
        aspect: float,
        hidden: Sequence[Box] = (),
        before: TrackWatch | None = None,
    ) -> list[Event]:
        """Take what one look changed.

        Args:
            tracks: The tracker's answer.
            at_s: The scene's time.
            at: The frame's time, for the Events.
            aspect: Height of the picture over its width.
            hidden: Boxes in which unnamed movers are explained by something named.
            before: Follows what has no name yet; who is named now has the past that he had there.
        """
        events = []
        for track in tracks.seen:
            explained = track.label == MOVER and any(explains(box, track.box) for box in hidden)
            if explained:
                self._remember(track)
                events += self._end(track, at=at)
                continue
            events += self._see(track, at_s, at=at, aspect=aspect, before=before)
        for track in tracks.ended:  # it was gone when it was last seen, not when it was given up
            events += self._end(track, at=at - timedelta(seconds=max(0.0, at_s - track.seen_s)))
        return events

    def _remember(self, track: Track) -> None:
        """Whoever explains it is followed only after his second look, and then wants to know where he came from."""
        watched = self._watched.get(track.id)
        self._explained = [one for one in self._explained if track.seen_s - one.track.seen_s < _REMEMBERED_S]
        if watched is not None:
            self._explained.append(watched)

    def end_all(self, at: datetime) -> list[Event]:
        """End everything."""
        self._explained.clear()
        events = [event for one in list(self._watched.values()) for event in self._end(one.track, at=at)]
        self._stood.clear()
        return events

    def _see(self, track: Track, at_s: float, *, at: datetime, aspect: float, before: TrackWatch | None) -> list[Event]:
        watched = self._watched.get(track.id)
        if watched is None:
            watched = Watched(track, KINDS.get(track.label, ""), self._driver)
            earlier = None if before is None else before.like(track)
            if earlier is not None:
                watched.path, watched.was = earlier.path.copy(), earlier.track.id
            self._watched[track.id] = watched
            watched.path.add(track, at_s, aspect=aspect)
            self._stands_on(watched)
        else:
            watched.path.add(track, at_s, aspect=aspect)
        watched.track = track
        zone = self._settled(watched, at_s)
        if watched.told_s is None:
            watched.zone = zone = self._zones.at(track.box, track.label)
            if track.label == MOVER:
                watched.kind = _kind_of_mover(track, zone, aspect, everywhere=self._everywhere)
            if not watched.kind:
                return []
            watched.stopped = watched.path.stopped(at_s)
            return [self._tell(watched, Phase.BEGAN, at_s, at=at)]
        stopped = watched.path.stopped(at_s)
        changed = stopped != watched.stopped or zone is not watched.zone
        watched.stopped, watched.zone = stopped, zone
        if changed or at_s - watched.told_s >= REPEAT_S:
            return [self._tell(watched, Phase.GOES_ON, at_s, at=at)]
        return []

    def _stands_on(self, watched: Watched) -> None:
        """Who turns up, standing, where a vehicle stood when it was lost is that vehicle and has stood there since."""
        track = watched.track
        if watched.kind != VEHICLE or track.label == MOVER:
            return
        for one in self._stood:
            here = min(one.box.overlap(track.first), one.box.overlap(track.box)) >= _SAME_SPOT
            if here and 0 <= track.begun_s - one.seen_s <= _UNSEEN_S:
                watched.path.stood_since(one.since_s)

    def _settled(self, watched: Watched, at_s: float) -> Zone | None:
        """The zone it is in, changed only after it was elsewhere for a while."""
        zone = self._zones.at(watched.track.box, watched.track.label)
        if watched.zone is not None and not self._zones.counts(watched.zone):  # its hours are over, at once
            watched.coming_s = None
            return zone
        if zone is watched.zone:
            watched.coming_s = None
        elif watched.coming_s is None or zone is not watched.coming:
            watched.coming, watched.coming_s = zone, at_s
        elif at_s - watched.coming_s >= _SETTLE_S:
            watched.coming_s = None
            return zone
        return watched.zone

    def _end(self, track: Track, *, at: datetime) -> list[Event]:
        watched = self._watched.pop(track.id, None)
        if watched is None or watched.told_s is None:
            return []
        if watched.stopped and watched.kind == VEHICLE and track.label != MOVER:
            self._stood.append(_Stood(track.box, watched.path.since_s, track.seen_s))
        return [self._tell(watched, Phase.ENDED, watched.track.seen_s, at=at)]

    def _tell(self, watched: Watched, phase: Phase, at_s: float, *, at: datetime) -> Event:
        watched.told_s = at_s
        track = watched.track
        fields: dict[str, FieldValue] = {
            "label": track.label,
            "score": round(track.score, 2),
            "stopped": watched.stopped,
            "speed_w_s": round(watched.path.speed_w_s(at_s), 3),
            "dwell_s": round(track.seen_s - track.begun_s, 1),
        }
        if watched.stopped:
            fields["stood_s"] = round(watched.path.stands_for_s(at_s), 1)
        way = watched.path.way()
        if way:
            fields["way"] = way
        speed = self._speed_kmh(watched, at_s) if self._ground is not None else None
        if speed is not None:
            fields["speed_kmh"] = speed
        if watched.zone is not None:
            fields["zone_use"] = watched.zone.use.value
        return self._reporter.event(
            watched.kind,
            phase,
            at=at,
            driver=self._driver,
            subject=track.id,
            confidence=round(track.score, 2),
            box=track.box,
            zone=None if watched.zone is None else watched.zone.id,
            fields=fields,
        )

    def _speed_kmh(self, watched: Watched, at_s: float) -> float | None:
        """Over the last second and a half; None where nothing tells it."""
        if self._ground is None or watched.kind not in (VEHICLE, BICYCLE):
            return None
        if watched.stopped:
            return 0.0
        speed = self._ground.speed_m_s(watched.path.feet(at_s - _SPEED_S, at_s))
        return None if speed is None else round(speed * 3.6, 1)


def _kind_of_mover(track: Track, zone: Zone | None, aspect: float, *, everywhere: bool) -> str:
    """What an unnamed thing counts as, by where it moves; empty while it counts as nothing."""
    if track.travelled < _MOVER_TRAVELS or (zone is None and not everywhere):
        return ""
    if zone is None or zone.use not in _ROADS:
        return UNNAMED
    large = track.box.area >= _MOVER_AREA
    return VEHICLE if large and track.box.h * aspect <= _MOVER_UPRIGHT * track.box.w else ""


def explains(named: Box, unnamed: Box) -> bool:
    """Whether something named is the greater part of what moves there, or the other way round."""
    across = min(named.x + named.w, unnamed.x + unnamed.w) - max(named.x, unnamed.x)
    down = min(named.y + named.h, unnamed.y + unnamed.h) - max(named.y, unnamed.y)
    if across <= 0 or down <= 0:
        return False
    return across * down >= 0.3 * max(min(named.area, unnamed.area), 1e-9)


def _is_for(zone: Zone, label: str) -> bool:
    """Whether what is called `label` is of the classes that a zone is limited to."""
    if label != MOVER:
        return _CLASSES.get(KINDS.get(label, "")) in zone.classes
    return ZoneClass.UNNAMED in zone.classes or (zone.use in _ROADS and ZoneClass.VEHICLE in zone.classes)


def _extent(zone: Zone) -> float:
    """Area of the polygon, by the shoelace formula."""
    corners = zone.points
    pairs = zip(corners, (*corners[1:], corners[0]), strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2
