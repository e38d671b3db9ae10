"""Running: who goes much faster than people do here, and when many run at once.

Speed is in own heights per second, near and far alike: people walk at about 0.8 and run from about 1.8 on. Where they
run every day, on a sports ground or a way to the bus, usual is faster: so a runner is twice as fast as the middle one
of those who went by lately, too. When most of those in view run, and ran all of a sudden, it is a flight.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Annotated, Final

from pydantic import Field

from cameras.vision.behaving import Look, Surroundings
from cameras.vision.following.tracking import size_of
from cameras.vision.following.zones import BICYCLE, PERSON, VEHICLE, Watched
from cameras.vision.reporting import REPEAT_S, Reporter
from hub.events import Event, FieldValue, Phase
from hub.geometry import Box
from hub.plugins import Options, Plugin

RUNNING: Final = "camera.running"
PANIC: Final = "camera.panic"

_HALF_S: Final = 0.5
"""Two halves of a second, both fast: a track that jumps to somebody else is fast in one."""
_TWICE: Final = 2.0
"""Times the usual speed here."""
_WALKS: Final = 0.25
"""Heights per second from which somebody goes and does not stand."""
_KEPT: Final = 200
"""People whose speed makes what is usual here."""
_STOPS_S: Final = 1.5
"""So long not running any more."""
_MOST: Final = 12.0
"""Heights per second that no one runs (20 m/s): it is a track that jumped."""
_SHARE: Final = 0.5
_SUDDEN_S: Final = 10.0
"""Nobody ran so long before the first of those who run now: a race goes on for longer."""


class RunningOptions(Options):
    """Settings of running."""

    heights_s: Annotated[float, Field(ge=1.0, le=6.0)] = 1.8
    """Own heights per second from which somebody runs."""
    panic_people: Annotated[int, Field(ge=3, le=100)] = 5
    """So many have to run at once for a flight."""


@dataclass(slots=True)
class _Runner:
    """Somebody who goes."""

    last: Watched
    fastest: float = 0.0
    usual: float | None = None
    since_s: float | None = None
    ran_s: float = -math.inf
    told_s: float | None = None


class Running:
    """The people of one camera who run."""

    def __init__(self, options: RunningOptions, reporter: Reporter) -> None:
        """Begin with nothing known of how fast people go here."""
        self._options = options
        self._reporter = reporter
        self._runners: dict[str, _Runner] = {}
        self._usual: deque[float] = deque(maxlen=_KEPT)
        self._calm_s: float | None = None
        self._panic_s: float | None = None
        self._panic_fields: dict[str, FieldValue] = {}

    @property
    def pending(self) -> bool:
        """Whether somebody runs."""
        return any(one.since_s is not None for one in self._runners.values())

    def update(self, look: Look) -> list[Event]:
        """Take the next moment."""
        wheels = [one.track.box for one in look.watched if one.kind in (VEHICLE, BICYCLE)]
        here = [one for one in look.watched if one.kind == PERSON and one.track.seen_s == look.at_s]
        events = []
        for one in here:
            events += self._see(one, wheels, look)
        for name, runner in list(self._runners.items()):
            gone = runner.last.track.seen_s
            if not 0 <= look.at_s - gone <= _STOPS_S:
                events += self._over(runner, look.at)
                self._learn(runner)
                del self._runners[name]
        return events + self._panic(here, look)

    def end(self, at: datetime) -> list[Event]:
        """Another scene; how fast people usually go here stays."""
        events = [event for one in self._runners.values() for event in self._over(one, at)]
        self._runners.clear()
        if self._panic_s is not None:
            events.append(self._tell_panic(Phase.ENDED, None, self._panic_s, at))
            self._panic_s = None
        self._calm_s = None
        return events

    def _see(self, one: Watched, wheels: list[Box], look: Look) -> list[Event]:
        runner = self._runners.setdefault(one.track.id, _Runner(one))
        runner.last = one
        speed = self._speed(one, wheels, look)
        if speed is None:
            return []
        if speed >= _WALKS:
            runner.usual = speed if runner.usual is None else runner.usual + 0.1 * (speed - runner.usual)
        if speed >= self._least:
            runner.since_s = look.at_s if runner.since_s is None else runner.since_s
            runner.ran_s = look.at_s
            runner.fastest = max(runner.fastest, speed)
        elif look.at_s - runner.ran_s >= _STOPS_S:
            events = self._over(runner, look.at)
            runner.since_s = None
            return events
        if runner.since_s is None:
            return []
        if runner.told_s is None:
            return [self._tell(runner, Phase.BEGAN, look.at_s, look.at)] if look.at_s > runner.since_s else []
        again = look.at_s - runner.told_s >= REPEAT_S
        return [self._tell(runner, Phase.GOES_ON, look.at_s, look.at)] if again else []

    @property
    def _least(self) -> float:
        """Heights per second from which it is running here."""
        usual = median(self._usual) if len(self._usual) >= _KEPT // 10 else 0.0
        return max(self._options.heights_s, _TWICE * usual)

    def _speed(self, one: Watched, wheels: list[Box], look: Look) -> float | None:
        """Heights per second over the last second, the slower half; None while it is not known, or on wheels."""
        box = one.track.box
        if any(wheel.shared(box) > 0 for wheel in wheels):
            return None
        at_s = look.at_s
        halves = (one.path.speed(at_s - 2 * _HALF_S, at_s - _HALF_S), one.path.speed(at_s - _HALF_S, at_s))
        if None in halves:
            return None
        sizes = min(half for half in halves if half is not None)
        speed = sizes * size_of(box, look.aspect) / max(box.h * look.aspect, 1e-6)
        return speed if speed <= _MOST else None

    def _learn(self, runner: _Runner) -> None:
        if runner.usual is not None:
            self._usual.append(runner.usual)

    def _over(self, runner: _Runner, at: datetime) -> list[Event]:
        if runner.told_s is None:
            return []
        events = [self._tell(runner, Phase.ENDED, runner.told_s, at)]
        runner.told_s = None
        return events

    def _panic(self, here: list[Watched], look: Look) -> list[Event]:
        running = [one for one in self._runners.values() if one.told_s is not None]
        if not running:
            self._calm_s = look.at_s
        enough = len(running) >= max(self._options.panic_people, math.ceil(_SHARE * len(here)))
        sudden = self._calm_s is not None and 0 <= look.at_s - self._calm_s <= _SUDDEN_S
        if self._panic_s is None:
            if not (enough and sudden):
                return []
        elif not running:
            events = [self._tell_panic(Phase.ENDED, None, look.at_s, look.at)]
            self._panic_s = None
            return events
        elif look.at_s - self._panic_s < REPEAT_S:
            return []
        speeds = [one.fastest for one in running]
        self._panic_fields = {
            "running": len(running),
            "people": len(here),
            "speed_heights_s": round(median(speeds), 2),
        }
        phase = Phase.BEGAN if self._panic_s is None else Phase.GOES_ON
        return [self._tell_panic(phase, Box.around(one.last.track.box for one in running), look.at_s, look.at)]

    def _tell_panic(self, phase: Phase, box: Box | None, at_s: float, at: datetime) -> Event:
        self._panic_s = at_s
        return self._reporter.event(
            PANIC, phase, at=at, driver="running", subject=PANIC, box=box, fields=self._panic_fields
        )  # fmt: skip

    def _tell(self, runner: _Runner, phase: Phase, at_s: float, at: datetime) -> Event:
        runner.told_s = at_s
        track, zone = runner.last.track, runner.last.zone
        fields: dict[str, FieldValue] = {"speed_heights_s": round(runner.fastest, 2)}
        if self._usual:
            fields["usual_heights_s"] = round(median(self._usual), 2)
        if zone is not None:
            fields["zone_use"] = zone.use.value
        return self._reporter.event(
            RUNNING,
            phase,
            at=at,
            driver="running",
            subject=track.id,
            confidence=round(track.score, 2),
            box=track.box,
            zone=None if zone is None else zone.id,
            fields=fields,
        )


def _build(options: RunningOptions, surroundings: Surroundings) -> Running:
    return Running(options, surroundings.reporter)


PLUGIN = Plugin(
    kind="running",
    options=RunningOptions,
    build=_build,
    summary="Who runs where people walk, and when many run at once.",
)
