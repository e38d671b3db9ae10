"""How long people may take: the deadlines of handling, a part of community.yaml.

Starting values for one site, none of them from a standard. Red is the level at which somebody's life may hang on it, so
its times are the shortest; green asks for nothing and has none.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(gt=0, le=30 * 86_400)]


class LevelTimes(BaseModel):
    """A time in seconds for each level that asks for something."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    red: Seconds
    orange: Seconds
    yellow: Seconds
    blue: Seconds

    def of(self, level: str) -> timedelta | None:
        """The time for a level; None for green."""
        seconds: float | None = getattr(self, level, None)
        return None if seconds is None else timedelta(seconds=seconds)


class RequestTimes(BaseModel):
    """Times of what people ask for without danger: days, where an alarm has minutes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    accepted_within_s: Seconds = 86_400
    """Somebody has to have taken it on; else it goes one level up the grid."""
    done_within_s: Seconds = 3 * 86_400
    """Who has taken it on has to have done it; else the next level is told."""
    reminded_before_s: Seconds = 4 * 3_600
    """So long before each of these who has to act is reminded."""


class Deadlines(BaseModel):
    """When the next one up is told, and when a thing is over for good.

    Attributes are seconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    seen_within_s: LevelTimes = LevelTimes(red=60, orange=180, yellow=900, blue=28_800)
    """Somebody has to have seen it; else it goes one level up the grid."""
    acted_within_s: LevelTimes = LevelTimes(red=180, orange=600, yellow=3_600, blue=28_800)
    """Who has seen it has to send somebody or give a verdict; else it counts as not seen and goes one level up."""
    accepted_within_s: LevelTimes = LevelTimes(red=120, orange=300, yellow=1_800, blue=28_800)
    """Who was sent has to accept; else the order goes to the next level."""
    requests: RequestTimes = RequestTimes()
    """Instead of these three for what people reported that is blue or green."""
    reopened_within_s: Seconds = 72 * 3_600
    """Who reported it may say so long that it was not solved, and it keeps its number."""
    shelved_at_most_s: LevelTimes = LevelTimes(red=1_800, orange=7_200, yellow=28_800, blue=86_400)
    """Nobody may hide it for longer at a time."""
    maintenance_at_most_s: Seconds = 7 * 86_400
    """A device may be taken out of service for so long at a time."""


STARTING = Deadlines()
"""The times that a site starts with."""
