"""Collisions: a fast vehicle meets another, loses its speed at once, and nothing drives on where it would be.

All three are asked for, and told a little over a second after the impact. Queues come to a stand slowly; parked cars
have no speed to lose; who passes behind another, or only slips from the tracker's hands, is found driving on further
along its way; so none of them counts. How sure it is comes from what else speaks for it, in
`impacts/impact.py`.
Speeds are in the vehicle's own sizes per second, which needs no calibrated camera. One per camera, one thread;
remembers an impact for some seconds only.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cameras.vision.behaving import Look, Surroundings
from cameras.vision.detection import Detection
from cameras.vision.following.tracking import size_of
from cameras.vision.following.zones import BICYCLE, KINDS, VEHICLE, Watched
from cameras.vision.impacts.flow import Field, Flow
from cameras.vision.impacts.impact import Impact, impact_of
from cameras.vision.impacts.momentum import Loss, Momentum
from cameras.vision.reporting import REPEAT_S, Reporter
from hub.events import Event, Phase
from hub.geometry import Box
from hub.plugins import Options, Plugin

COLLISION: Final = "camera.collision"

_TOUCH: Final = 0.3
"""Sizes of the smaller one between the boxes at which two meet: at five looks a second a car at 40 km/h comes on by one
size between two looks, and is slow when it is seen next."""
_CLOSING: Final = 1.0
"""Sizes per second between their speeds: two that drive side by side do not meet."""
_SMALLEST: Final = 0.035
"""Of the picture's width: smaller vehicles cover too few pixels to measure a speed in."""
_LOST_S: Final = 2.0
"""Unseen for longer, what is carried on by the flow alone is anyone's guess."""
_SURE_S: Final = 0.6
"""The network may be blind to what was hit from that very look on, and not from long before."""
_NEAR_S: Final = 1.0
"""The other one was seen within so long: the network loses both in the moment of the impact."""
_TELL_S: Final = 1.2
"""A collision is told so long after it, at least: what was hidden by the other comes out within this."""
_FORGET_S: Final = 4.0
_GONE_S: Final = 12.0
"""Nothing seen standing there for longer: over."""
_STAND_S: Final = 2.0
_STILL: Final = 0.2
_DRIVES: Final = 0.5
"""Sizes per second over the last two: up to the first is the box's jitter, above the second it drives off."""


_PACE_S: Final = 1.0
_SPREAD: Final = 4.0
"""Sizes of the larger one between two that may meet within a second at 30 km/h; further apart nothing is measured."""
_SAME: Final = 0.3
_HELD_S: Final = 1.0
"""So long what the network named last is taken to be there."""


class CollisionOptions(Options):
    """There is nothing to set."""


@dataclass(frozen=True, slots=True, eq=False)
class _There:
    """Something on wheels; `reach` is in picture widths."""

    box: Box
    kind: str
    reach: float
    may_drive: bool

    def reaches(self, other: _There) -> bool:
        return self.box.gap(other.box) <= max(self.reach, other.reach)


class Collisions:
    """Watches the vehicles of one camera for crashes."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._flow = Flow()
        self._fields: deque[Field] = deque(maxlen=4)
        self._vehicles: dict[str, Momentum] = {}
        self._impacts: list[Impact] = []
        self._named: tuple[float, list[Detection]] = (-math.inf, [])

    @property
    def pending(self) -> bool:
        """Whether something has just been hit and the outcome is open: every frame is worth looking at."""
        return any(impact.told_s is None for impact in self._impacts)

    def update(self, look: Look) -> list[Event]:
        """Look at all vehicles of this moment, whichever detector saw them."""
        watched = {one.track.id: one for one in look.watched if one.kind in (VEHICLE, BICYCLE)}
        field = self._measured(watched, look)
        self._follow(watched, field, look)
        if field is not None:
            self._meet(watched, look.at_s)
        return [event for impact in list(self._impacts) for event in self._judge(impact, look, watched, field)]

    def end(self, at: datetime) -> list[Event]:
        """End everything."""
        told = [one for one in self._impacts if one.told_s is not None]
        self._impacts.clear()
        self._vehicles.clear()
        self._fields.clear()
        self._flow.reset()
        return [self._tell(one, Phase.ENDED, one.told_s or 0.0, at=at) for one in told]

    def _measured(self, watched: dict[str, Watched], look: Look) -> Field | None:
        """How the picture moved, where there is anything to meet: it is what most of the time goes into."""
        if look.named is not None:
            self._named = look.at_s, [one for one in look.named if KINDS.get(one.label) in (VEHICLE, BICYCLE)]
        wanted = self.pending
        if not wanted:
            there = self._there(watched, look)
            drives = look.motion.moving and any(one.may_drive for one in there)
            if len(there) < 2 or not drives:  # noqa: PLR2004 -- one alone meets nothing
                self._flow.reset()
                self._fields.clear()
                return None
            wanted = any(
                one.may_drive and one is not other and VEHICLE in (one.kind, other.kind) and one.reaches(other)
                for one in there
                for other in there
            )
        if not wanted:
            self._flow.keep(look.frame.image, look.at_s)
            self._fields.clear()
            return None
        field = self._flow.update(look.frame.image, look.at_s)
        if field is not None:
            self._fields.append(field)
        return field

    def _there(self, watched: dict[str, Watched], look: Look) -> list[_There]:
        """What is followed, and what the network named and is not followed yet."""
        there = []
        for one in watched.values():
            pace = one.path.speed(look.at_s - _PACE_S, look.at_s)
            reach = _SPREAD * size_of(one.track.box, look.aspect)
            there.append(_There(one.track.box, one.kind, reach, may_drive=pace is None or pace >= _DRIVES))
        if look.at_s - self._named[0] <= _HELD_S:
            for new in self._named[1]:
                if all(new.box.overlap(known.box) < _SAME for known in there):
                    moves = any(blob.box.shared(new.box) > 0 for blob in look.motion.blobs)
                    reach = _SPREAD * size_of(new.box, look.aspect)
                    there.append(_There(new.box, KINDS[new.label], reach, may_drive=moves))
        return there

    def _follow(self, watched: dict[str, Watched], field: Field | None, look: Look) -> None:
        at_s, aspect = look.at_s, look.aspect
        present = {name for name, one in watched.items() if one.track.seen_s == at_s}
        for name in present - set(self._vehicles):
            self._vehicles[name] = Momentum(watched[name].track, aspect=aspect, past=self._fields)
        for name, vehicle in list(self._vehicles.items()):
            found = watched.get(name)
            looked = look.named is not None or found is None or found.driver != "objects"
            seen = watched[name].track if name in present else None
            vehicle.update(seen, field, at_s, aspect=aspect, looked=looked)
            if seen is not None:
                vehicle.beside |= present - {name}
            if at_s - vehicle.seen_s > _LOST_S:
                del self._vehicles[name]

    def _meet(self, watched: dict[str, Watched], at_s: float) -> None:
        for name, one in self._vehicles.items():
            if one.size < _SMALLEST or any(name in impact.names for impact in self._impacts):
                continue
            loss = one.lost(at_s) if at_s - one.seen_s <= _SURE_S or not one.missed else None
            if loss is None:
                continue
            others = [(self._closing(one, loss, other, at_s), other) for other in self._vehicles.values()]
            closing, other = max(others, key=lambda pair: (pair[0] >= 0 and pair[1].track.id in one.beside, pair[0]))
            if closing >= _CLOSING or (closing >= 0 and loss.shoved_from is not None):
                place = watched.get(name)
                zone = None if place is None or place.zone is None else place.zone.id
                driver = "objects" if place is None else place.driver
                self._impacts.append(impact_of(one, other, loss, at_s, closing=closing, zone=zone, driver=driver))

    def _closing(self, one: Momentum, loss: Loss, other: Momentum, at_s: float) -> float:
        """Sizes per second at which the two met; negative when they did not."""
        if other is one or at_s - other.seen_s > _NEAR_S or other.now(at_s) is None:
            return -1.0
        if KINDS.get(one.track.label) == KINDS.get(other.track.label) == BICYCLE:
            return -1.0
        if one.box.gap(other.box) > _TOUCH * min(one.size, other.size):
            return -1.0
        before = other.speed_before(at_s)
        return math.hypot(loss.speed[0] - before[0], loss.speed[1] - before[1]) / one.size

    def _judge(self, impact: Impact, look: Look, watched: dict[str, Watched], field: Field | None) -> list[Event]:
        """Look at what became of an impact, and tell of it or forget it."""
        if impact.told_s is not None:
            return self._goes_on(impact, look, watched)
        at_s, past_s = look.at_s, look.at_s - impact.at_s
        one, other = (self._vehicles.get(name) for name in impact.names)
        if field is not None:
            impact.weigh(one, other, field, aspect=look.aspect)
        if impact.passed or past_s > _FORGET_S:
            self._impacts.remove(impact)
            return []
        if past_s < max(_TELL_S, impact.wait_s) or not impact.proven(one):
            return []
        if any(known.told_s is not None and known.around.gap(impact.around) == 0 for known in self._impacts):
            self._impacts.remove(impact)  # a third one in the same pile, or the other side of the same meeting
            return []
        impact.stood_last_s = at_s
        return [self._tell(impact, Phase.BEGAN, at_s, at=look.at)]

    def _goes_on(self, impact: Impact, look: Look, watched: dict[str, Watched]) -> list[Event]:
        at_s = look.at_s
        there = [one for one in watched.values() if one.track.box.gap(impact.around) <= _TOUCH * impact.size]
        speeds = [one.path.speed(at_s - _STAND_S, at_s) for one in there]
        if any(speed is not None and speed <= _STILL for speed in speeds):
            impact.stood_last_s = at_s
            impact.stood_s = at_s - impact.at_s
        theirs = [watched[name].path.speed(at_s - _STAND_S, at_s) for name in impact.names if name in watched]
        drove_off = bool(theirs) and all(speed is not None and speed > _DRIVES for speed in theirs)
        if at_s - impact.stood_last_s > _GONE_S or (drove_off and at_s - impact.at_s > _FORGET_S):
            self._impacts.remove(impact)
            return [self._tell(impact, Phase.ENDED, at_s, at=look.at)]
        if impact.surer or at_s - (impact.told_s or 0.0) >= REPEAT_S:
            return [self._tell(impact, Phase.GOES_ON, at_s, at=look.at)]
        return []

    def _tell(self, impact: Impact, phase: Phase, at_s: float, *, at: datetime) -> Event:
        impact.told_s, impact.told = at_s, impact.confidence
        return self._reporter.event(
            COLLISION,
            phase,
            at=at,
            driver=impact.driver,
            subject="+".join(sorted(impact.names)),
            confidence=impact.confidence,
            box=impact.around.clipped(),
            zone=impact.zone,
            fields=impact.fields,
        )


def _build(_options: CollisionOptions, surroundings: Surroundings) -> Collisions:
    return Collisions(surroundings.reporter)


PLUGIN = Plugin(
    kind="collisions",
    options=CollisionOptions,
    build=_build,
    summary="Crashes: a fast vehicle meets another, loses its speed at once, and nothing drives on from there.",
)
