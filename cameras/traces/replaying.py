"""Replaying: a camera's traces through the zones, lines and behaviours of a Camera, as if it had watched with those.

The very code that runs live: TrackWatch, ZoneMap, and the behaviours that go by where followed things are. What goes by
the pixels (fire, falls, crashes, things left behind) is not in a trace; of those `placed_anew` puts the Events that
were told into other zones. Deterministic but for the ids of Events.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

import numpy as np

from cameras.traces.chunks import Chunk, Row
from cameras.traces.keeping import moment
from cameras.vision.behaving import Look, Surroundings, behaviours_of
from cameras.vision.decoding import Frame
from cameras.vision.fire.known_flames import KnownFlames
from cameras.vision.following.ground import GroundPlane
from cameras.vision.following.tracking import Track, Tracks
from cameras.vision.following.zones import ANIMAL, BICYCLE, PERSON, UNNAMED, VEHICLE, TrackWatch, ZoneMap
from cameras.vision.motion import Motion
from cameras.vision.reporting import Reporter
from config.calendars import Dates
from config.community import Camera
from hub.clock import SetClock
from hub.events import Event

FOLLOWED: Final = frozenset({PERSON, VEHICLE, BICYCLE, ANIMAL, UNNAMED})
_BEHAVIOURS: Final = frozenset({"counting", "wrong_way", "congestion", "climbing", "water"})
JUDGED: Final = FOLLOWED | {
    "camera.crossing",
    "camera.count",
    "camera.wrong_way",
    "camera.congestion",
    "camera.climbing",
    "camera.child_near_water",
}
"""Kinds of Events that a trace makes anew."""
_BURNING: Final = frozenset({"camera.fire", "camera.smoke"})
_GAP_MS: Final = 30_000
_WIDTH_PX: Final = 1000


class Replay:
    """One camera, watched again."""

    def __init__(self, camera: Camera, area: str | None, begin: datetime, dates: Dates | None = None) -> None:
        """Watch as `camera`, whose site lies in `area`, from `begin` on; hours of its zones go by `dates`.

        Raises:
            ConfigurationError: Its behaviours have options that there are not.
        """
        self._clock = SetClock(begin)
        self._zones = ZoneMap(camera.zones, dates)
        reporter = Reporter(camera, area=area, clock=self._clock)
        ground = None if camera.ground is None else GroundPlane(camera.ground)
        self._named = TrackWatch(self._zones, reporter, driver="objects", ground=ground)
        self._unnamed = TrackWatch(self._zones, reporter, driver="movers", ground=ground, everywhere=bool(camera.lines))
        every = behaviours_of(Surroundings(camera, self._zones, reporter, ground))
        self._behaviours = [each for kind, each in every.items() if kind in _BEHAVIOURS]
        self._last: dict[str, Track] = {}
        self._to_ms: int | None = None

    def run(self, chunks: Iterable[Chunk]) -> list[Event]:
        """The Events that these chunks make, in order."""
        events: list[Event] = []
        for chunk in chunks:
            if self._to_ms is not None and not 0 <= chunk.from_ms - self._to_ms <= _GAP_MS:
                events += self._end(moment(self._to_ms))
            for row in chunk.rows:
                at = moment(row.at_ms)
                self._clock.advance(max(0.0, (at - self._clock.now()).total_seconds()))
                events += self._end(at) if row.driver == "cut" else self._look(row, at, chunk.aspect)
            self._to_ms = max(chunk.to_ms, self._to_ms or 0)
        if self._to_ms is not None:
            events += self._end(moment(self._to_ms))
        return sorted(events, key=lambda event: event.arrived)

    def _look(self, row: Row, at: datetime, aspect: float) -> list[Event]:
        at_s = row.at_ms / 1000
        self._zones.disarmed = row.disarmed
        self._zones.go_to(at)
        seen, ended = [], [self._last.pop(each) for each in row.ended if each in self._last]
        for one in row.seen:
            begun_s = min(one.thing.begun_ms / 1000, at_s)
            track = Track(
                one.thing.id, one.label, one.score, one.box, begun_s, one.thing.first, at_s, one.travelled, True
            )
            if self._zones.ignored(one.box, one.label):  # as if nobody had seen it there
                if track.id in self._last:
                    ended.append(self._last.pop(track.id))
                continue
            self._last[track.id] = track
            seen.append(track)
        tracks = Tracks(tuple(seen), (), tuple(ended))
        if row.driver == "objects":
            events = self._named.update(tracks, at_s, at=at, aspect=aspect, before=self._unnamed)
        else:
            events = self._unnamed.update(tracks, at_s, at=at, aspect=aspect)
        watched = (*self._named.watched, *self._unnamed.watched)
        look = Look(_frame(at, at_s, aspect), _STILL, watched, [] if row.driver == "objects" else None)
        return events + [event for each in self._behaviours for event in each.update(look)]

    def _end(self, at: datetime) -> list[Event]:
        events = [event for each in self._behaviours for event in each.end(at)]
        self._last.clear()
        return [*events, *self._named.end_all(at), *self._unnamed.end_all(at)]


class Places:
    """The zones of a camera, for Events that were told already."""

    def __init__(self, camera: Camera, dates: Dates | None = None) -> None:
        """Take its zones, and what their hours go by."""
        self._zones = ZoneMap(camera.zones, dates)
        self._flames = KnownFlames(camera.zones, self._zones)

    def placed_anew(self, event: Event) -> Event | None:
        """The Event as it had been told with these zones; None when it had not been told."""
        box = event.box
        if box is None:
            return event
        self._zones.go_to(event.at)
        said = event.fields.get("label")
        label = said if isinstance(said, str) and event.kind in FOLLOWED else ""
        if self._zones.ignored(box, label) or (event.kind in _BURNING and self._flames.hold(box)):
            return None
        zone = self._zones.at(box, label)
        fields = {name: value for name, value in event.fields.items() if name != "zone_use"}
        if zone is not None:
            fields["zone_use"] = zone.use.value
        return replace(event, zone=None if zone is None else zone.id, fields=MappingProxyType(fields))


def _frame(at: datetime, at_s: float, aspect: float) -> Frame:
    shape = (max(1, round(_WIDTH_PX * aspect)), _WIDTH_PX, 3)
    return Frame(np.broadcast_to(np.uint8(0), shape), at, at_s, is_key=True, number=0)


_DARK: Final = np.zeros((1, 1), np.uint8)
_STILL: Final = Motion(np.zeros((1, 1, 3), np.uint8), _DARK, None, (), moving=False, cut=False)
