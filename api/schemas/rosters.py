"""Bodies about duties: who answers for which area, and when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from config.grid import Duty


class AnsweringView(BaseModel):
    """Who answers."""

    area: str
    grid: int = Field(description="Level of the grid, 0 household group to 3 town.")
    accounts: list[str] = Field(description="Who is asked first first.")
    standby: bool = Field(description="Nobody is on duty; these are on call.")


class SpanView(BaseModel):
    """A time in which the same people answer."""

    since: datetime = Field(serialization_alias="from")
    until: datetime = Field(serialization_alias="to", description="Not included.")
    own: AnsweringView | None = Field(description="Of the area itself; none when nobody is on duty or on call there.")
    on_call: list[str] = Field(description="Who else of the area is on call.")
    answering: AnsweringView | None = Field(description="Who is asked; none when nobody up to the town is there.")


class RosterView(BaseModel):
    """Who answers for an area when."""

    area: str
    spans: list[SpanView] = Field(description="Without a gap between them.")
    gaps: list[SpanView] = Field(description="Those of them in which nobody up to the town answers.")


class DutiesBody(BaseModel):
    """All duties there are."""

    model_config = ConfigDict(extra="forbid")

    duties: Annotated[list[Duty], Field(max_length=5_000)]
    reason: Annotated[str, Field(max_length=200, description="Why, for the history.")] = ""


class DutiesView(BaseModel):
    """All duties there are; the ETag is what a change must name."""

    duties: list[Duty]
