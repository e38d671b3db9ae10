"""Bodies about grants: who may do what where."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from hub.access import Permission
from hub.reach import GrantKind


class GrantBody(BaseModel):
    """A grant to be given."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    account: Annotated[str, Field(min_length=1, max_length=64, description="Id of the account, or its user name.")]
    kind: GrantKind = Field(description="What it is given for.")
    place: Annotated[str, Field(max_length=64, examples=["east"])] = Field(
        default="", description="Id of the area, site or camera; left out for the whole community."
    )
    permissions: Annotated[list[Permission], Field(min_length=1, max_length=len(Permission))] | None = Field(
        default=None,
        description="What of that which the role allows; left out: all of it, for a resident to see pictures.",
        examples=[["cameras.view", "pictures.view"]],
    )
    starts: AwareDatetime | None = Field(default=None, description="Counts from then; left out: from now on.")
    ends: AwareDatetime | None = Field(default=None, description="Counts up to then; left out: without end.")
    reason: Annotated[str, Field(max_length=500)] = ""


class GrantView(BaseModel):
    """A grant."""

    id: str
    account: str
    username: str = Field(examples=["lin"])
    kind: GrantKind
    place: str = Field(description="Empty for the whole community.", examples=["east"])
    permissions: list[Permission] | None = Field(description="Null: all that the role allows.")
    starts: datetime | None
    ends: datetime | None
    given_by: str
    given: datetime
    reason: str
    in_force: bool = Field(description="Whether it counts now.")
    waits: bool = Field(default=False, description="Counts when somebody who lives there has confirmed it.")
    taken_back: datetime | None
    taken_back_by: str | None


class ReachView(BaseModel):
    """Where somebody may do at least some of what his role allows."""

    everywhere: bool = Field(description="In the whole community; then the lists are empty.")
    areas: list[str] = Field(description="Ids, with all areas below.")
    sites: list[str] = Field(description="Ids, those in the areas too.")
    cameras: list[str] = Field(description="Ids, those at the sites too.")
    homes: list[str] = Field(description="Ids of the sites where he lives.")
