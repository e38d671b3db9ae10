"""Timeliness: how long people took, who did how much, and what was open between two times; `followed.py` counts.

A stretch of time counts where it ended, for who ended it. What still waits at the end and is late already counts as
late, so that what nobody ever did is not left out. Pure.
"""

from __future__ import annotations

import enum
import math
import statistics
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alerts.incidents.incident import ENGINE, Handling
from config.community import Level
from hub.events import time_to_text


class Step(enum.StrEnum):
    """What was waited for."""

    SEEN = "seen"
    """From when it asked to be seen; against `seen_within_s`."""
    DISPATCHED = "dispatched"
    """From when it was seen, or opened if nobody looked first, until somebody is sent; `acted_within_s`."""
    ACCEPTED = "accepted"
    """From the order; against `accepted_within_s`."""
    ON_SCENE = "on_scene"
    """From the order."""
    RESOLVED = "resolved"
    """From when it was opened, or opened again."""


@dataclass(frozen=True, slots=True)
class Span:
    """One stretch of time that somebody took.

    Attributes:
        step: What was waited for.
        incident: Where.
        level: Of the incident while it waited, the last of several.
        who: Account name of who ended it, or of who was waited for; empty when that is nobody in particular.
        began: When the waiting began.
        ended: When it was done; None when it was not.
        in_time: Whether it kept to the deadline; None when there is none.
    """

    step: Step
    incident: str
    level: Level
    who: str
    began: datetime
    ended: datetime | None
    in_time: bool | None


@dataclass(frozen=True, slots=True)
class Timing:
    """Some spans together.

    Attributes:
        count: How many were done.
        median_s, p90_s: Of these, in seconds (nearest rank); None when there were none.
        missed: How many were not done in time and not done at all so far.
        within: Share that kept to the deadline, of those done and missed; None without a deadline.
    """

    count: int
    median_s: float | None
    p90_s: float | None
    missed: int
    within: float | None

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "count": self.count,
            "median_s": self.median_s,
            "p90_s": self.p90_s,
            "missed": self.missed,
            "within": None if self.within is None else round(self.within, 4),
        }


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """An incident that was open at a time."""

    incident: str
    number: int
    kind: str
    level: Level
    handling: Handling
    opened: datetime

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "id": self.incident,
            "number": self.number,
            "kind": self.kind,
            "level": self.level.value,
            "handling": self.handling.value,
            "opened": time_to_text(self.opened),
        }


@dataclass(frozen=True, slots=True)
class Work:
    """What people did between two times.

    Attributes:
        spans: How long each thing took; what is late and not done has no end.
        deeds: Moves by person and word.
        open_before, open_after: What was open at the beginning and at the end, the gravest first.
        opened: How many incidents were opened.
    """

    spans: tuple[Span, ...] = ()
    deeds: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    open_before: tuple[OpenIncident, ...] = ()
    open_after: tuple[OpenIncident, ...] = ()
    opened: int = 0

    @property
    def people(self) -> tuple[str, ...]:
        """Who did something, or was waited for by name."""
        return tuple(sorted({*self.deeds, *(each.who for each in self.spans)} - {"", ENGINE}))

    @property
    def answered(self) -> Mapping[str, int]:
        """How often each person was the first to see what asked to be seen."""
        return Counter(each.who for each in self.spans if each.step is Step.SEEN and each.ended is not None)

    def timing(self, step: Step, *, level: Level | None = None, who: str | None = None) -> Timing:
        """How long a step took; of a level or a person alone when one is named."""
        wanted = [
            each for each in self.spans if each.step is step and level in (None, each.level) and who in (None, each.who)
        ]
        took = sorted((each.ended - each.began).total_seconds() for each in wanted if each.ended is not None)
        judged = [each.in_time for each in wanted if each.in_time is not None]
        return Timing(
            count=len(took),
            median_s=statistics.median(took) if took else None,
            p90_s=took[math.ceil(0.9 * len(took)) - 1] if took else None,
            missed=sum(each.ended is None for each in wanted),
            within=sum(judged) / len(judged) if judged else None,
        )

    def timings(self, *, who: str | None = None) -> dict[str, Any]:
        """Every step, in all and by level, as JSON types; levels without anything left out."""
        told: dict[str, Any] = {}
        for step in Step:
            levels = {level: self.timing(step, level=level, who=who) for level in reversed(Level)}
            told[step.value] = {
                **self.timing(step, who=who).to_json(),
                "levels": {level.value: each.to_json() for level, each in levels.items() if each.count or each.missed},
            }
        return told
