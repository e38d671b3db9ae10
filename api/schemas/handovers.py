"""Bodies of what one shift hands over to the next."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seen = Annotated[int, Field(ge=0, le=1_000_000, description="The version that was read.")]


class HandoverView(BaseModel):
    """What a shift hands over."""

    version: int = Field(description="Counts the notes; 0: none was written.")
    note: str
    author: str | None = Field(default=None, description="Account name of who wrote it.")
    at: datetime | None = None
    confirmed_by: str | None = Field(default=None, description="Account name of who has read it and took over.")
    confirmed_at: datetime | None = None


class NoteBody(BaseModel):
    """A note for the next shift."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(max_length=4000)]
    seen: Seen


class SeenBody(BaseModel):
    """What was read."""

    model_config = ConfigDict(extra="forbid")

    seen: Seen
