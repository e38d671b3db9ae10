"""Bodies about places: areas and sites."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from config.community import FloorPlan, Location, Name, Ring
from config.terms import Id


class Text(BaseModel):
    """A text in the two languages; one of them may be missing."""

    zh: str | None = Field(default=None, examples=["大坪村路口"])
    en: str | None = Field(default=None, examples=["Village junction"])

    @classmethod
    def of(cls, name: Name | None) -> Text | None:
        """The text of a configured name."""
        return None if name is None else cls(zh=name.zh, en=name.en)


class AreaBody(BaseModel):
    """A node of the grid that is to be."""

    model_config = ConfigDict(extra="forbid")

    id: Id = Field(examples=["village"])
    name: Name
    parent: Id | None = None


class SiteBody(BaseModel):
    """A place that is to be."""

    model_config = ConfigDict(extra="forbid")

    id: Id = Field(examples=["junction-3"])
    name: Name
    area: Id | None = None
    ring: Ring
    location: Location | None = None


class AreaView(BaseModel):
    """A node of the grid."""

    id: str = Field(examples=["village"])
    name: Text
    parent: str | None = None
    outline: list[Location] = Field(default=[], description="Its border, corner after corner; empty: not drawn.")
    plan: FloorPlan | None = Field(default=None, description="A picture of it from above: `GET /areas/{id}/plan`.")


class PlanCorners(BaseModel):
    """Where the picture of an area lies, north up."""

    model_config = ConfigDict(extra="forbid")

    south_west: Location
    north_east: Location


class PlanForm(BaseModel):
    """A picture of an area from above, and where it lies: south, west, north and east in degrees."""

    model_config = ConfigDict(extra="forbid")

    south: Annotated[float, Field(ge=-90, le=90)]
    west: Annotated[float, Field(ge=-180, le=180)]
    north: Annotated[float, Field(ge=-90, le=90)]
    east: Annotated[float, Field(ge=-180, le=180)]


class OutlineBody(BaseModel):
    """The border of an area."""

    model_config = ConfigDict(extra="forbid")

    corners: Annotated[
        list[Location], Field(max_length=2000, description="Corner after corner, three at least; empty: none.")
    ]


class SiteView(BaseModel):
    """A place with an owner."""

    id: str = Field(examples=["junction-3"])
    name: Text
    area: str | None = None
    ring: Ring
    location: Location | None = None
    tags: list[str] = []


class ArmingBody(BaseModel):
    """Arm or disarm a place, or take back what was said of it."""

    model_config = ConfigDict(extra="forbid")

    armed: bool | None = Field(description="null: nothing is said of this place, it follows the areas above it.")
    note: Annotated[str, Field(max_length=2000)] = ""


class ArmingView(BaseModel):
    """Whether a place is armed: the word about it, else about the nearest area above it of which anybody spoke."""

    armed: bool
    site: str | None = Field(default=None, description="The site of which this was said.")
    area: str | None = Field(default=None, description="The area of which this was said, for all below it.")
    since: datetime | None = Field(default=None, description="When; empty when nobody ever spoke of it.")
    who: str | None = Field(default=None, description="The account or the keypad that said it.")


class ArrivalCodeView(BaseModel):
    """What hangs at a site."""

    site: str
    code: str = Field(examples=["MZXW-6YTB-OI3T-QOLF"], description="To type.")
    printed: str = Field(description="What the QR code holds; the answer to an order takes either.")
    svg: str = Field(description="Address of the QR code.")
