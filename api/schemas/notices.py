"""Bodies about notices: what was told whom, what would be told, and how somebody wants to be told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from alerts.store.outbox import State
from config.community import ClockHours, ContactChannel, Level

Language = Literal["zh", "en", "both"]


class NoticeView(BaseModel):
    """What one recipient was to be told of one move, and what became of it."""

    id: int
    recipient: str = Field(examples=["speakers"], description="Notifier id.")
    account: str | None = Field(description="The person, when one was told; the address is not shown.")
    incident: str
    number: int = Field(description="Of the journal entry.")
    at: datetime = Field(description="When the move was made.")
    move: str = Field(examples=["opened"])
    level: Level
    language: Language
    title: str
    text: str
    state: State
    attempts: int
    next_at: datetime = Field(description="While it waits: not tried before this.")
    reason: str = Field(description="Why the newest attempt failed, or why there was none.")
    created: datetime = Field(description="When it was decided.")
    sent: datetime | None = Field(description="When it was answered.")


class DryRunBody(BaseModel):
    """A move that is only thought of: of an incident there is, or of one that might be."""

    model_config = ConfigDict(extra="forbid")

    incident: Annotated[str, Field(max_length=64)] | None = None
    kind: Annotated[str, Field(max_length=64, examples=["fire.smoke"])] | None = None
    level: Level | None = None
    area: Annotated[str, Field(max_length=64)] | None = None
    site: Annotated[str, Field(max_length=64)] | None = None
    move: Annotated[str, Field(max_length=32)] = "opened"
    unit: Annotated[str, Field(max_length=64)] | None = Field(default=None, description="Who is sent, by account name.")
    at: AwareDatetime | None = Field(default=None, description="When; left out: now.")

    @model_validator(mode="after")
    def _one_of_two(self) -> DryRunBody:
        if self.incident is None and (self.kind is None or self.level is None):
            raise ValueError("write incident, or kind and level")
        return self


class DecisionView(BaseModel):
    """Who would be told what over which channel; or who would not, and why."""

    recipient: str = Field(description="Notifier id; empty for a person without a channel.")
    channel: str = Field(examples=["email"], description="Its kind.")
    account: str | None
    language: Language
    told: bool
    why: str = Field(
        examples=["quiet hours"],
        description="`notifier`, `warden`, `unit`, `sent` or `reporter` when it is told; else why it is not.",
    )
    at: datetime = Field(description="When.")
    title: str
    text: str


class DryRunView(BaseModel):
    """All that would come of it."""

    decisions: list[DecisionView]


class WayView(BaseModel):
    """A way over which people can be told."""

    via: str = Field(examples=["mail"], description="Notifier id.")
    kind: str = Field(examples=["email"])
    at_least: Level = Field(description="What is below is told nobody over it.")


class PreferencesBody(BaseModel):
    """How I want to be told."""

    model_config = ConfigDict(extra="forbid")

    language: Language = "zh"
    channels: Annotated[tuple[ContactChannel, ...], Field(max_length=8)] = ()
    at_least: Level = Level.NOTICE
    hours: ClockHours = Field(default=(), description="Told only then, but red at any time.")


class PreferencesView(PreferencesBody):
    """How I am told, and what there is to choose from."""

    available: list[WayView]
