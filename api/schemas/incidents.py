"""Bodies about alerts, incidents and the journal."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from alerts.incident import Cause, Handling, Verdict
from api.schemas.places import Text
from config.community import Level

Note = Annotated[str, Field(max_length=2000)]


class Place(BaseModel):
    """Where it is, by name."""

    site: Text | None = None
    area: Text | None = None
    camera: Text | None = None


class AlertView(BaseModel):
    """A rule's claim about one subject."""

    id: str
    incident: str
    rule: str = Field(examples=["fire.camera_flame"])
    rule_version: int
    kind: str = Field(examples=["fire.camera_flame"])
    name: Text = Field(description="What this kind is called.")
    key: str = Field(examples=["cam-12"])
    level: Level
    condition: str = Field(examples=["active"], description="active, returned or closed.")
    site: str | None = None
    area: str | None = None
    camera: str | None = None
    zone: str | None = None
    sensor: str | None = None
    started: datetime
    raised: datetime
    last_seen: datetime
    returned: datetime | None = None
    times: int
    text: Text
    do: Text
    why: dict[str, Any] = Field(description="Rule, shape, facts and the ids of the events that spoke.")
    still: str | None = Field(default=None, description="Address of the kept picture, if there is one.")


class HistoryEntry(BaseModel):
    """One move of an incident or of one of its alerts."""

    seq: int
    at: datetime
    topic: str = Field(examples=["incident"])
    move: str = Field(examples=["acknowledged"])
    who: str = Field(examples=["lin"], description="Account name, or `engine`.")
    note: str = ""


class IncidentView(BaseModel):
    """One happening that people work on."""

    id: str
    number: int = Field(examples=[17], description="What people call it by.")
    kind: str = Field(examples=["road.crash"])
    name: Text = Field(description="What this kind is called.")
    level: Level
    handling: Handling
    verdict: Verdict
    active: bool = Field(description="Whether any of its alerts still holds.")
    site: str | None = None
    area: str | None = None
    camera: str | None = None
    place: Place
    opened: datetime
    changed: datetime
    version: int = Field(description="Counts changes; the ETag is this number in quotes.")
    text: Text
    do: Text | None = None
    alert_count: int = Field(examples=[2], description="How many alerts it holds.")
    still: str | None = Field(default=None, description="Address of its picture, if one is kept.")
    allowed: list[str] = Field(description="Moves that you may make now.", examples=[["acknowledge", "comment"]])


class IncidentDetail(IncidentView):
    """An incident with all that belongs to it."""

    alerts: list[AlertView]
    history: list[HistoryEntry]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AcknowledgeBody(_Body):
    """I have seen it."""

    note: Note = ""


class CommentBody(_Body):
    """Something to remember."""

    note: Annotated[str, Field(min_length=1, max_length=2000, examples=["Patrol is on the way"])]


class ResolveBody(_Body):
    """What it was."""

    verdict: Literal["true", "false", "test", "nuisance", "duplicate"] = Field(examples=["true"])
    note: Annotated[str, Field(max_length=2000, description="Required for level red.")] = ""
    cause: Annotated[Cause | None, Field(description="Required for `false` and `nuisance`: what caused it.")] = None


class ReopenBody(_Body):
    """It is not over."""

    note: Note = ""
