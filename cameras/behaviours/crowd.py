"""Crowd: how many people are in view, how many of them stand, and how close together they are.

A single look misses some and draws others twice, so the number is the middle one of the last two seconds. It is told
when it changes and every 10 s. A crowd is a state from a number of people on; whether it is one to worry about is for
rules, by the number of those who stand and by how long.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from statistics import median_low
from typing import Annotated, Final

from pydantic import Field

from cameras.vision.behaving import Look, Surroundings
from cameras.vision.following.presence import present
from cameras.vision.following.tracking import MOST_TRACKS
from cameras.vision.following.zones import PERSON, Watched
from cameras.vision.reporting import REPEAT_S, Reporter
from hub.events import Event, FieldValue, Phase
from hub.geometry import Box
from hub.plugins import Options, Plugin

PEOPLE: Final = "camera.people"
CROWD: Final = "camera.crowd"

_WINDOW_S: Final = 2.0
"""Looks of so long make one number: a person is missed or drawn twice for parts of a second."""
_STEP_S: Final = 2.0
"""A number is told no more often than the window makes new ones."""
_SURE: Final = 0.5
_ENDS: Final = 0.7
"""Share of the number that began a crowd at which it is over: people walk in and out at its edge."""
_NEAR: Final = 1.0
"""Own heights between two people who stand close: within reach of each other."""


class CrowdOptions(Options):
    """Settings of the crowd."""

    people: Annotated[int, Field(ge=2, le=1000)] = 10
    """So many at once are a crowd."""


class Crowd:
    """The people in one camera's view."""

    def __init__(self, options: CrowdOptions, reporter: Reporter) -> None:
        """Begin with nobody."""
        self._options = options
        self._reporter = reporter
        self._looks: deque[tuple[float, int]] = deque(maxlen=64)  # 2 s at 30 fps
        self._told: int | None = None
        self._told_s = -math.inf
        self._crowd_told_s: float | None = None
        self._fields: dict[str, FieldValue] = {}
        self._box: Box | None = None

    @property
    def pending(self) -> bool:
        """A crowd is not in the making within a second."""
        return False

    def update(self, look: Look) -> list[Event]:
        """Count, when the object model looked."""
        if look.named is None:
            return []
        here = present([one for one in look.watched if one.kind == PERSON], look.motion.blobs, look.at_s)
        people = len(here)
        if people >= MOST_TRACKS // 2:  # no more tracks are begun there, but everybody is named
            named = sum(one.label == "person" and one.score >= _SURE for one in look.named)
            people = max(people, named)
        self._looks.append((look.at_s, people))
        while not 0 <= look.at_s - self._looks[0][0] <= _WINDOW_S:
            self._looks.popleft()
        number = median_low(count for _, count in self._looks)
        self._box = Box.around(one.track.box for one in here) if here else self._box
        self._fields = {"people": number, "standing": sum(one.stopped for one in here), **_closeness(here, look.aspect)}
        return [*self._people(number, look), *self._crowd(number, look)]

    def end(self, at: datetime) -> list[Event]:
        """Another scene: nobody is known to be in it."""
        events = []
        if self._crowd_told_s is not None:
            events.append(self._tell(CROWD, Phase.ENDED, at))
        if self._told:
            self._fields["people"] = 0
            events.append(self._tell(PEOPLE, Phase.ENDED, at))
        self._looks.clear()
        self._told, self._told_s, self._crowd_told_s, self._fields, self._box = None, -math.inf, None, {}, None
        return events

    def _people(self, number: int, look: Look) -> list[Event]:
        since_s = look.at_s - self._told_s
        if number == (self._told or 0):
            if not number or since_s < REPEAT_S:
                return []
        elif since_s < _STEP_S:
            return []
        phase = Phase.GOES_ON if self._told else Phase.BEGAN
        self._told, self._told_s = number, look.at_s
        return [self._tell(PEOPLE, phase if number else Phase.ENDED, look.at)]

    def _crowd(self, number: int, look: Look) -> list[Event]:
        if self._crowd_told_s is None:
            if number < self._options.people:
                return []
            self._crowd_told_s = look.at_s
            return [self._tell(CROWD, Phase.BEGAN, look.at)]
        if number < _ENDS * self._options.people:
            self._crowd_told_s = None
            return [self._tell(CROWD, Phase.ENDED, look.at)]
        if look.at_s - self._crowd_told_s < REPEAT_S:
            return []
        self._crowd_told_s = look.at_s
        return [self._tell(CROWD, Phase.GOES_ON, look.at)]

    def _tell(self, kind: str, phase: Phase, at: datetime) -> Event:
        return self._reporter.event(
            kind, phase, at=at, driver="crowd", subject=kind, box=self._box, fields=self._fields
        )  # fmt: skip


def _closeness(here: Sequence[Watched], aspect: float) -> dict[str, FieldValue]:
    """How many have somebody within reach, in own heights, so that near and far are measured alike."""
    feet = [(one.track.box.foot[0], one.track.box.foot[1] * aspect, one.track.box.h * aspect) for one in here]
    close = sum(
        any(
            other is not one and math.hypot(one[0] - other[0], one[1] - other[1]) <= _NEAR * max(one[2], other[2])
            for other in feet
        )
        for one in feet
    )
    return {"close_together": close}


def _build(options: CrowdOptions, surroundings: Surroundings) -> Crowd:
    return Crowd(options, surroundings.reporter)


PLUGIN = Plugin(
    kind="crowd",
    options=CrowdOptions,
    build=_build,
    summary="How many people are in view, how many stand, and when they are a crowd.",
)
