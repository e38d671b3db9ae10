"""Bodies about tours: what is looked at on schedule, and who looked."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.schemas.places import Text
from hub.tours import LEAST_EVERY_MIN, MOST_CAMERAS, MOST_STEPS, MOST_TIMES, Finding, RoundState, Schedule, Step

CameraId = Annotated[str, Field(min_length=1, max_length=64)]
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["08:30"])]
_SHORT = Annotated[str, Field(max_length=100)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TourName(_Body):
    """What a tour is called; at least one of the two."""

    zh: _SHORT | None = None
    en: _SHORT | None = None

    @model_validator(mode="after")
    def _there(self) -> Self:
        if not (self.zh or "").strip() and not (self.en or "").strip():
            raise ValueError("give it a name, in one language at least")
        return self


class StepBody(_Body):
    """Cameras that are looked at together."""

    cameras: Annotated[list[CameraId], Field(min_length=1, max_length=MOST_CAMERAS)]
    seconds: Annotated[int, Field(ge=5, le=600, description="So long they are shown.")] = 20

    def step(self) -> Step:
        """As the hub has it; a camera counts once."""
        return Step(tuple(dict.fromkeys(self.cameras)), self.seconds)


class ScheduleBody(_Body):
    """When rounds begin, on the community's clock; with neither times nor `every_min` nobody is expected to look."""

    times: Annotated[list[TimeOfDay], Field(max_length=MOST_TIMES)] = []
    every_min: Annotated[
        int | None,
        Field(ge=LEAST_EVERY_MIN, le=1440, description="From one round to the next, from the first of `times` on."),
    ] = None
    weekdays: Annotated[
        list[Annotated[int, Field(ge=1, le=7)]],
        Field(max_length=7, description="1 Monday to 7 Sunday; none: every day."),
    ] = []
    within_min: Annotated[int, Field(ge=1, le=720, description="So long a round may take.")] = 30

    def schedule(self) -> Schedule:
        """As the hub has it."""
        return Schedule(
            times=tuple(sorted({time.fromisoformat(each) for each in self.times})),
            every_min=self.every_min,
            weekdays=frozenset(self.weekdays),
            within_min=self.within_min,
        )

    @classmethod
    def of(cls, schedule: Schedule) -> Self:
        """As it is shown."""
        return cls(
            times=[each.strftime("%H:%M") for each in schedule.times],
            every_min=schedule.every_min,
            weekdays=sorted(schedule.weekdays),
            within_min=schedule.within_min,
        )


class TourBody(_Body):
    """A tour as it is to be."""

    name: TourName
    steps: Annotated[list[StepBody], Field(min_length=1, max_length=MOST_STEPS)]
    schedule: ScheduleBody = ScheduleBody()


class TourStep(BaseModel):
    """A step, with those of its cameras that you reach."""

    step: int = Field(description="From 0; steps of which you reach no camera are left out.")
    cameras: list[str]
    seconds: int


class RoundSpan(BaseModel):
    """A round that goes on."""

    begins: datetime
    ends: datetime = Field(description="Until when all steps have to be looked at, not included.")
    seen: list[int] = Field(description="Steps at which somebody has looked.")


class TourView(BaseModel):
    """A tour."""

    id: str
    version: int = Field(description="Counts changes; the ETag is this number in quotes.")
    name: Text
    steps: list[TourStep]
    schedule: ScheduleBody
    changed: datetime
    changed_by: str = Field(description="Account name.")
    now: RoundSpan | None = Field(description="The round that goes on; none between rounds.")


class LookBody(_Body):
    """That you looked at a step."""

    step: Annotated[int, Field(ge=0, lt=MOST_STEPS)]
    finding: Finding
    note: Annotated[str, Field(max_length=500)] = ""

    @model_validator(mode="after")
    def _told(self) -> Self:
        if self.finding is Finding.SOMETHING and not self.note.strip():
            raise ValueError("say what there was, in `note`")
        return self


class LookView(BaseModel):
    """That somebody looked."""

    step: int
    begins: datetime | None = Field(description="Of the round to which it belongs; none between rounds.")
    at: datetime
    author: str
    finding: Finding
    note: str


class SeenStep(BaseModel):
    """What became of a step in a round."""

    step: int
    cameras: list[str]
    looks: list[LookView]
    missed: bool = Field(description="The round is over, and nobody has looked.")


class RoundView(BaseModel):
    """A round, and what became of it."""

    begins: datetime
    ends: datetime
    version: int = Field(description="Of the tour, as it was then.")
    outcome: RoundState
    steps: list[SeenStep]


class LooksView(BaseModel):
    """What was looked at in a time, and what was missed."""

    rounds: list[RoundView] = Field(description="Those that began in the time, oldest first.")
    between: list[LookView] = Field(description="Looks that belong to no round.")
    missed: int = Field(description="Steps of these rounds at which nobody looked in time.")
