"""Bodies about alerts, incidents and the journal."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from alerts.incidents.colours import Colour
from alerts.incidents.incident import Cause, Display, Handling, Verdict
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
    colour: Colour = Field(description="The level as this site shows it.")
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
    muted: bool = Field(default=False, description="Whether another alert that is active hides it.")
    muted_by: str | None = Field(default=None, description="Id of that alert.")
    to_reset: bool = Field(default=False, description="Whether a person has to reset its device when it has ended.")
    why: dict[str, Any] = Field(description="Rule, shape, facts and the ids of the events that spoke.")
    still: str | None = Field(default=None, description="Address of the kept picture, if there is one.")


class SpokeView(BaseModel):
    """An event that spoke for an alert."""

    id: str
    kind: str = Field(examples=["smoke"])
    at: datetime
    source: str
    camera: str | None = None
    zone: str | None = None
    subject: str | None = None
    confidence: float | None = None
    box: list[float] | None = Field(default=None, description="Left, top, width, height in 0..1.")
    fields: dict[str, Any]
    who: Text = Field(description="The camera or sensor, by name.")
    where: Text | None = Field(default=None, description="The zone or site, by name.")
    text: Text = Field(description="Who observed what where.")


class WhyView(BaseModel):
    """Why an alert was raised, in words."""

    alert: str
    rule: str = Field(examples=["fire.two_sources"])
    rule_version: int
    rules: list[str] = Field(description="All rules that hold it now.")
    shape: str = Field(examples=["together"])
    facts: dict[str, Any]
    text: Text = Field(description="The condition that was met, each value beside its threshold.")
    says: Text = Field(description="What the alert says.")
    do: Text = Field(description="What to do.")
    events: list[SpokeView] = Field(description="What was observed, the earliest first.")
    against: list[SpokeView] = Field(
        default=[],
        description="Observed before it was raised and known only later: what speaks against it.",
    )
    gone: int = Field(description="How many more there were that are no longer stored.")
    written: str | None = Field(default=None, description="The rule as it was when it raised this, YAML.")


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
    colour: Colour = Field(description="The level as this site shows it.")
    handling: Handling
    verdict: Verdict
    active: bool = Field(description="Whether any of its alerts still holds.")
    muted: bool = Field(default=False, description="Whether other alerts hide all of it that is not closed.")
    site: str | None = None
    area: str | None = None
    camera: str | None = None
    place: Place
    opened: datetime
    changed: datetime
    since: datetime | None = Field(default=None, description="When its handling last changed, or it was escalated.")
    resolved: datetime | None = None
    due: datetime | None = Field(default=None, description="When time moves it next.")
    escalated: int = Field(default=0, description="How far up the grid it has gone: 0 household group to 3 town.")
    reporter: str | None = Field(default=None, description="Account name of the person who reported it.")
    rating: int | None = Field(default=None, description="What that person gave it, 1 to 5.")
    merged_into: str | None = Field(default=None, description="Id of the incident in which it goes on.")
    display: Display = Field(default=Display.SHOWN, description="Whether it is shown, and who hid it.")
    hidden_until: datetime | None = Field(default=None, description="The end of that; none until it returns.")
    hidden_by: str | None = None
    hidden_why: str = ""
    hidden_under: str | None = Field(default=None, description="Id of the silence or maintenance that hides it.")
    version: int = Field(description="Counts changes; the ETag is this number in quotes.")
    text: Text
    do: Text | None = None
    alert_count: int = Field(examples=[2], description="How many alerts it holds.")
    still: str | None = Field(default=None, description="Address of its picture, if one is kept.")
    allowed: list[str] = Field(description="Moves that you may make now.", examples=[["acknowledge", "comment"]])


class IncidentCounts(BaseModel):
    """How many incidents there are; those of which there are none are left out."""

    total: int = Field(examples=[3])
    by_handling: dict[Handling, int] = Field(examples=[{"new": 2, "seen": 1}])
    by_level: dict[Level, int] = Field(examples=[{"red": 1, "yellow": 2}])


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
    evidence: Annotated[str, Field(max_length=200, description="Id of a picture or clip that shows it.")] = ""
    second: Annotated[str, Field(max_length=64, description="Account name of a second person who agrees.")] = ""


class ShelveBody(_Body):
    """Not now."""

    reason: Annotated[str, Field(min_length=1, max_length=2000, examples=["Welding until noon"])]
    until: Annotated[datetime | None, Field(description="When it is shown again; left out: when it has returned.")] = (
        None
    )


class UnshelveBody(_Body):
    """Back again."""

    note: Note = ""


class RateBody(_Body):
    """How it went."""

    stars: Annotated[int, Field(ge=1, le=5)]
    note: Note = ""


class MergeBody(_Body):
    """It is the same."""

    into: Annotated[str, Field(min_length=1, max_length=64, description="Id of the incident that goes on.")]
    note: Note = ""


class SplitBody(_Body):
    """It is another."""

    alerts: Annotated[list[str], Field(min_length=1, max_length=500, description="Ids of the alerts that go.")]
    note: Note = ""


class ReopenBody(_Body):
    """It is not over."""

    note: Note = ""
