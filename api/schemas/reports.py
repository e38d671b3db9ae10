"""Bodies about reports of people."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from alerts.store.ledger import Step
from alerts.store.reports import Stage
from api.schemas.places import Text
from config.community import Level

Line = Annotated[str, Field(max_length=200)]


class ReportForm(BaseModel):
    """What somebody reports; a form, with pictures beside it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)

    client_id: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9_-]{1,64}$",
            description="Made by the phone, once for a report: sent again, it is the same report.",
            examples=["7f9c2ba4-01"],
        ),
    ]
    category: Annotated[str | None, Field(max_length=64, description="One of `/reports/categories`.")] = None
    kind: Annotated[str | None, Field(max_length=64, description="Instead: an alert kind of one of them.")] = None
    text: Annotated[str, Field(max_length=4000, description="In any language.", examples=["路上有个大坑"])] = ""
    lat: Annotated[float | None, Field(ge=-90, le=90)] = None
    lon: Annotated[float | None, Field(ge=-180, le=180)] = None
    site: Annotated[str | None, Field(max_length=64)] = None
    area: Annotated[str | None, Field(max_length=64)] = None
    place_from_photo: Annotated[
        bool,
        Field(description="Read the place that the camera wrote into the first picture; else it is not looked at."),
    ] = False
    contact: Annotated[Line, Field(description="How to reach you; the room alone sees it.")] = ""
    for_name: Annotated[Line, Field(description="Who asked you to report, without an account; for the room.")] = ""
    for_phone: Annotated[Line, Field(description="How to reach that person; for the room alone.")] = ""

    @field_validator("category", "kind", "site", "area", "lat", "lon", mode="before")
    @classmethod
    def _left_empty(cls, value: object) -> object:
        return None if value == "" else value

    @model_validator(mode="after")
    def _fits(self) -> ReportForm:
        if (self.lat is None) is not (self.lon is None):
            raise ValueError("give both `lat` and `lon`")
        if self.category is not None and self.kind is not None:
            raise ValueError("give `category` or `kind`")
        return self


class PhotosForm(BaseModel):
    """More pictures of a report; a form."""

    model_config = ConfigDict(extra="forbid")

    stage: Annotated[Stage, Field(description="`after` shows that it is done.")] = Stage.BEFORE


class CategoryView(BaseModel):
    """What people can report."""

    id: str = Field(examples=["road_damage"])
    name: Text
    kind: str = Field(examples=["report.resident"])
    level: Level
    request: bool = Field(description="Whether it has days; else it is an alarm, with minutes.")


class PhotoView(BaseModel):
    """A picture of a report."""

    id: str
    stage: Stage
    at: datetime
    by: str | None = Field(default=None, description="Who took it; not told to residents.")
    url: str
    width_px: int
    height_px: int


class StepView(BaseModel):
    """How far it is."""

    step: Step
    name: Text
    at: datetime | None = Field(default=None, description="When; empty while it has not come so far.")


class ReportView(BaseModel):
    """A report, with what became of it."""

    id: str
    number: int = Field(description="What people call it by; several reports of one matter have one.", examples=[17])
    category: str = Field(examples=["road_damage"])
    name: Text
    kind: str = Field(examples=["report.resident"])
    level: Level
    text: str
    at: datetime
    site: str | None = None
    area: str | None = None
    place: Text = Field(description="Site and area by name.")
    lat: float | None = None
    lon: float | None = None
    step: Step
    step_name: Text
    done_by: datetime | None = Field(default=None, description="Until when a request should be done.")
    overdue: bool = False
    resolved: datetime | None = None
    photos: list[PhotoView]
    rating: int | None = Field(default=None, description="What who sent it gave it, 1 to 5.")
    rating_note: str = ""
    may: list[Literal["rate", "reopen", "photo"]] = Field(description="What you may do with it now.")
    account: str = Field(description="Who sent it.")
    on_behalf: bool = Field(default=False, description="Sent for somebody without an account.")
    incident: str | None = Field(default=None, description="Id of what became of it; not told to residents.")
    contact: str | None = Field(default=None, description="For who sent it and the room.")
    for_name: str | None = Field(default=None, description="For the room.")
    for_phone: str | None = Field(default=None, description="For the room.")


class ReportDetail(ReportView):
    """A report with its steps."""

    steps: list[StepView]


class RatingBody(BaseModel):
    """How it went."""

    model_config = ConfigDict(extra="forbid")

    stars: Annotated[int, Field(ge=1, le=5)]
    note: Annotated[str, Field(max_length=2000)] = ""


class NotSolvedBody(BaseModel):
    """It was not solved."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(max_length=2000, examples=["The hole is back"])] = ""
