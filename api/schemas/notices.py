"""Bodies about notices: what was told whom, what would be told, and how somebody wants to be told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from alerts.store.outbox import State
from config.community import ClockHours, ContactChannel, Level
from config.phones import PhoneNumber

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


class ChannelView(BaseModel):
    """A notifier and how it does, without its addresses and secrets."""

    id: str = Field(examples=["speakers"])
    kind: str = Field(examples=["mqtt"])
    people: bool = Field(description="It carries what single persons are told, each at an address of his own.")
    at_least: Level
    language: Language
    areas: list[str] = Field(description="Only of these areas and what is below; empty: everywhere.")
    kinds: list[str]
    hours: bool = Field(description="It is told at some hours only.")
    works: bool = Field(description="It could be set up, and what was sent last arrived.")
    door: Literal["closed", "open", "half_open", "none"] = Field(
        description="open: nothing is tried for a while after failures in a row; none: it could not be set up."
    )
    waiting: int = Field(description="Notices that wait for it.")
    delivered: int = Field(description="Since it was started.")
    given_up: int = Field(description="Since it was started.")
    trouble: str = Field(description="Why the newest attempt failed; empty when it did not.")


class ReachedView(BaseModel):
    """A person who has an entry of how he is told."""

    account: str
    language: Language
    channels: list[str] = Field(description="The notifiers over which; the addresses are not shown.")
    sites: list[str] = Field(description="Homes of which he is told.")
    exists: bool = Field(description="There is such an account, and it is not disabled.")


class ChannelsView(BaseModel):
    """All notifiers, and who is told over them."""

    channels: list[ChannelView]
    people: list[ReachedView]


class TestNoticeBody(BaseModel):
    """Which channel is to be tried."""

    model_config = ConfigDict(extra="forbid")

    recipient: Annotated[str, Field(max_length=64, examples=["mail"])]
    account: Annotated[str, Field(max_length=64)] | None = Field(
        default=None, description="On a channel for people, whose address is taken; left out: your own."
    )
    area: Annotated[str, Field(max_length=64)] | None = Field(
        default=None, description="For a loudspeaker, where it stands; left out: the topic of all."
    )


class TestNoticeView(BaseModel):
    """What became of it."""

    recipient: str
    arrived: bool = Field(description="The other side answered that it has it.")
    again: bool = Field(description="It did not arrive, and may at another time.")
    reason: str = Field(description="Why it did not arrive; empty when it did.")
    took_s: float


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

    phone: PhoneNumber | None = Field(
        default=None,
        description="My number, for who handles or is sent to what concerns me; left out: that of the settings.",
    )
    language: Language = "zh"
    channels: Annotated[tuple[ContactChannel, ...], Field(max_length=8)] = ()
    at_least: Level = Level.NOTICE
    hours: ClockHours = Field(default=(), description="Told only then, but red at any time.")


class PreferencesView(PreferencesBody):
    """How I am told, and what there is to choose from."""

    available: list[WayView]
