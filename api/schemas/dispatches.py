"""Bodies about orders: who is sent, how far he is, and who could be."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from alerts.incidents.colours import Colour
from alerts.store.orders import Proof, State
from api.schemas.incidents import Note, ResolveBody
from api.schemas.places import Text
from config.community import Level, Location

Reason = Annotated[str, Field(min_length=1, max_length=2000)]
Unit = Annotated[str, Field(min_length=1, max_length=64, examples=["zhao"], description="Account name.")]


class OrderTimes(BaseModel):
    """How long people may take at the level of the incident, seconds; none where the level asks for nothing."""

    seen_within_s: float | None = None
    acted_within_s: float | None = None
    accepted_within_s: float | None = None


class OrderView(BaseModel):
    """Somebody is sent to an incident."""

    id: str
    incident: str
    number: int = Field(description="Of the incident, as people call it.")
    kind: str = Field(examples=["fire.smoke"], description="Of the incident.")
    level: Level = Field(description="Of the incident, now.")
    unit: Unit
    state: State
    grid: int = Field(description="Level of the grid it was given to: 0 household group to 3 town.")
    ordered: datetime
    ordered_by: str = Field(description="Account name, or `engine`.")
    due: datetime | None = Field(description="Until when it has to be accepted; then the next level is asked.")
    accepted: datetime | None
    arrived: datetime | None
    arrived_by: Proof | None
    ended: datetime | None
    note: str = Field(description="What he should know, from who sent him.")
    answer: str = Field(description="What was said to it last.")
    version: int = Field(description="Counts changes; the ETag is this number in quotes.")
    photo: str | None = Field(default=None, description="Address of the photo of the arrival, if there is one.")
    name: Text = Field(description="What the kind is called.")
    colour: Colour = Field(description="The level as this site shows it.")
    text: Text = Field(description="The incident in a line.")
    where: list[Text] = Field(description="By name: the camera, the site, its area, and the areas above it.")
    lat: float | None = Field(default=None, description="Of the camera or the site, WGS 84.")
    lon: float | None = None
    times: OrderTimes
    allowed: list[str] = Field(description="What you may say to it now.", examples=[["accept", "decline", "arrive"]])


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class DispatchBody(_Body):
    """Go there."""

    unit: Unit
    note: Annotated[str, Field(max_length=2000, examples=["The side door is open"])] = ""


class AcceptBody(_Body):
    """I come."""

    note: Note = ""


class ReasonBody(_Body):
    """Why not."""

    reason: Reason


class PositionBody(_Body):
    """Where somebody is, WGS 84."""

    lat: Annotated[float, Field(ge=-90, le=90, examples=[29.3581])]
    lon: Annotated[float, Field(ge=-180, le=180, examples=[106.1612])]
    accuracy_m: Annotated[float, Field(ge=0, le=100_000, examples=[12])] = 0


class ArriveBody(_Body):
    """I am there; one of the three shows it."""

    position: PositionBody | None = None
    code: Annotated[str | None, Field(max_length=200, description="As scanned or typed.")] = None
    photo: Annotated[bool, Field(description="The photo that was sent before shows it.")] = False
    note: Note = ""

    @model_validator(mode="after")
    def _one_proof(self) -> ArriveBody:
        if sum((self.position is not None, self.code is not None, self.photo)) != 1:
            raise ValueError("give one of `position`, `code` and `photo: true`")
        return self


class DoneBody(ResolveBody):
    """It is done, and what it was."""


class UnitView(BaseModel):
    """Somebody who could be sent."""

    unit: str
    grid: int = Field(description="Level of the grid, 0 household group to 3 town.")
    area: str
    area_name: Text | None = None
    standby: bool = Field(description="On call, not on duty.")
    can_be_sent: bool = Field(description="He has an account that is not disabled.")
    busy: int = Field(description="Orders to other incidents that he has still to do.")
    here: State | None = Field(description="His newest order to this incident.")
    distance_m: float | None = Field(description="From where he last said he is; none when it is not known.")
    position_at: datetime | None = Field(default=None, description="When he said so.")
    position: Location | None = Field(default=None, description="Where that was.")
    why: Text = Field(description="Why he stands where he stands in the list.")


class UnitsView(BaseModel):
    """Who could be sent to an incident, who should be asked first first."""

    units: list[UnitView]
    nobody: bool = Field(description="Nobody up to the town is on duty or on call for this place now.")
    text: Text = Field(description="The same in words.")
