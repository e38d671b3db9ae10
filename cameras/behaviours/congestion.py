"""Congestion: vehicles stand or crawl in a lane, several at once and for a while.

Who may stand (a zone `stopping` in the lane) and who has stood for minutes (parked) makes no queue, and where somebody
drives past there is none. A red light makes one as well: what that means is for rules. One per camera, one thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Annotated, Final

from pydantic import Field

from cameras.vision.behaving import Look, Surroundings
from cameras.vision.following.zones import VEHICLE, Watched
from cameras.vision.reporting import REPEAT_S
from config.community import Zone, ZoneUse
from hub.events import Event, Phase
from hub.geometry import Box, inside
from hub.plugins import Options, Plugin

CONGESTION: Final = "camera.congestion"

_OVER_S: Final = 1.5
"""Speeds are taken over so long: a box that jumps is not driving."""
_CRAWLS: Final = 0.6
"""Own sizes per second, some 5 km/h for a car: walking pace."""
_FLOWS: Final = 1.2
"""Own sizes per second, some 9 km/h: where one drives at this the lane is open. Two wheels always find a way."""
_PARKED_S: Final = 180.0
"""Longer than any light is red: who has stood so long without having been seen to come is parked."""
_CAME: Final = 1.0
"""Own sizes that somebody must have driven to have been seen to come."""
_PAUSE_S: Final = 6.0
"""The queue moves up, or its vehicles hide each other, for so long without being dissolved."""


class CongestionOptions(Options):
    """Settings of the congestion behaviour."""

    vehicles: Annotated[int, Field(ge=2, le=50)] = 3
    """So many at once make a queue; fewer where the camera sees but a short piece of the lane."""
    seconds: Annotated[float, Field(ge=5.0, le=600.0)] = 20.0
    """For so long before it is told."""


@dataclass(slots=True)
class _Queue:
    """How one lane stands."""

    lane: Zone
    since_s: float | None = None
    held_s: float = 0.0
    told_s: float | None = None
    vehicles: int = 0
    most: int = 0
    speed: float = 0.0
    box: Box | None = None


class Congestion:
    """Watches the lanes of one camera."""

    pending: Final = False

    def __init__(self, options: CongestionOptions, surroundings: Surroundings, lanes: tuple[Zone, ...]) -> None:
        self._options = options
        self._place = surroundings
        self._queues = [_Queue(lane) for lane in lanes]

    def update(self, look: Look) -> list[Event]:
        """Take the next moment."""
        vehicles = [] if self._place.zones.disarmed else [one for one in look.watched if one.kind == VEHICLE]
        events: list[Event] = []
        for queue in self._queues:
            if not self._place.zones.counts(queue.lane):
                events += self._end(queue, look.at)
                continue
            counted = (one for one in vehicles if self._place.zones.counts(queue.lane, one.track.label))
            here = [one for one in counted if _stands_in(one, queue.lane)]
            events += self._look(queue, here, look)
        return events

    def end(self, at: datetime) -> list[Event]:
        """End everything."""
        return [event for queue in self._queues for event in self._end(queue, at)]

    def _look(self, queue: _Queue, here: list[Watched], look: Look) -> list[Event]:
        speeds = [(one, one.path.speed(look.at_s - _OVER_S, look.at_s)) for one in here]
        known = [(one, 0.0 if one.stopped else speed) for one, speed in speeds if one.stopped or speed is not None]
        waiting = [(one, speed) for one, speed in known if not _parked(one, look.at_s)]
        pace = median(speed or 0.0 for _, speed in waiting) if waiting else 0.0
        flows = any((speed or 0.0) >= _FLOWS for one, speed in known if one.track.label != "motorcycle")
        queue.vehicles = len(waiting)
        if flows and queue.told_s is None:
            queue.since_s = None
        if len(waiting) >= self._options.vehicles and pace <= _CRAWLS and not flows:
            queue.since_s = look.at_s if queue.since_s is None else queue.since_s
            queue.held_s = look.at_s
            queue.speed, queue.most = pace, max(queue.most, len(waiting))
            queue.box = Box.around(one.track.box for one, _ in waiting)
        if queue.since_s is None:
            return []
        if look.at_s - queue.held_s > _PAUSE_S or look.at_s < queue.since_s:
            return self._end(queue, look.at)
        if queue.told_s is None:
            long_enough = queue.held_s - queue.since_s >= self._options.seconds
            return [self._tell(queue, Phase.BEGAN, look)] if long_enough else []
        return [self._tell(queue, Phase.GOES_ON, look)] if look.at_s - queue.told_s >= REPEAT_S else []

    def _end(self, queue: _Queue, at: datetime) -> list[Event]:
        events = [] if queue.told_s is None else [self._event(queue, Phase.ENDED, at)]
        queue.since_s = queue.told_s = queue.box = None
        queue.most = 0
        return events

    def _tell(self, queue: _Queue, phase: Phase, look: Look) -> Event:
        queue.told_s = look.at_s
        return self._event(queue, phase, look.at)

    def _event(self, queue: _Queue, phase: Phase, at: datetime) -> Event:
        since_s = queue.since_s if queue.since_s is not None else queue.held_s
        return self._place.reporter.event(
            CONGESTION,
            phase,
            at=at,
            driver="congestion",
            subject=queue.lane.id,
            box=queue.box,
            zone=queue.lane.id,
            fields={
                "vehicles": queue.vehicles,
                "most_vehicles": queue.most,
                "median_sizes_s": round(queue.speed, 2),
                "queued_s": round(queue.held_s - since_s, 1),
            },
        )


def _stands_in(one: Watched, lane: Zone) -> bool:
    if one.zone is not None and one.zone.use is ZoneUse.STOPPING:
        return False
    x, y = one.track.box.foot
    return inside((x, min(y, 0.999)), lane.points)


def _parked(one: Watched, at_s: float) -> bool:
    return one.track.travelled < _CAME and one.path.stands_for_s(at_s) >= _PARKED_S


def _build(options: CongestionOptions, surroundings: Surroundings) -> Congestion | None:
    lanes = tuple(zone for zone in surroundings.camera.zones if zone.use is ZoneUse.LANE)
    return Congestion(options, surroundings, lanes) if lanes else None


PLUGIN = Plugin(
    kind="congestion",
    options=CongestionOptions,
    build=_build,
    summary="Tells when vehicles stand or crawl in a lane, several at once and for a while.",
)
