"""Reports of people and what they are thanked with: parts of community.yaml.

Starting values for one site, none of them from a standard. The distance and the time within which two reports are the
same matter, and the number of reports that one account may send, keep a flood of reports from burying the room.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Reporting(BaseModel):
    """How reports are taken."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    most_in_an_hour: Annotated[int, Field(ge=1, le=1000)] = 20
    """Reports of one account in an hour."""
    same_within_m: Annotated[float, Field(ge=0, le=1000)] = 50
    """What is reported nearer than this is the same matter."""
    same_within_s: Annotated[float, Field(ge=0, le=7 * 86_400)] = 3_600
    """What is reported later than this is another matter."""


class Thanks(BaseModel):
    """What gives points."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    report: Annotated[int, Field(ge=0, le=1000)] = 5
    """A report of a resident that was dealt with and was true."""
    task_at_most: Annotated[int, Field(ge=0, le=10_000)] = 100
    """Nobody may offer a task for more."""


STARTING_REPORTS = Reporting()
STARTING_THANKS = Thanks()
