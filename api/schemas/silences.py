"""Bodies about silences and maintenance: what people hide on purpose."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alerts.incidents.suppressions import Mode, Stage
from api.schemas.incidents import Note
from config.community import Level

Name = Annotated[str, Field(min_length=1, max_length=128)]


class SilenceView(BaseModel):
    """What somebody hides, why, and until when."""

    id: str
    mode: Mode
    stage: Stage = Field(description="coming, active or past.")
    kind: str | None = Field(description="Alert kind, or a family of them (`fire`).")
    area: str | None = Field(description="Those below it too.")
    site: str | None
    device: str | None = Field(description="Camera, sensor or gateway.")
    rule: str | None
    level: Level = Field(description="What is graver is shown.")
    once: bool = Field(description="Ends when something that it covers has returned.")
    since: datetime
    until: datetime
    reason: str
    made_by: str
    made: datetime
    told: list[str] = Field(description="Sites whose people are told, because their lives may depend on the device.")
    ended: datetime | None
    ended_by: str | None = Field(description="Account name, or `engine`.")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SilenceBody(_Body):
    """What to hide; everything named must hold, and one thing at least has to be named."""

    mode: Mode = Field(default=Mode.SILENCE, description="Maintenance and out of service name a device alone.")
    kind: Name | None = Field(default=None, examples=["fire"], description="Alert kind or family.")
    area: Name | None = Field(default=None, description="Those below it too.")
    site: Name | None = Field(default=None, examples=["hh-017"])
    device: Name | None = Field(default=None, description="Camera, sensor or gateway.")
    rule: Name | None = None
    level: Level = Field(
        default=Level.SERIOUS,
        description="What is graver is shown; the graver, the shorter it may be. Of a device it goes by who asks.",
    )
    since: AwareDatetime | None = Field(default=None, description="Default: now.")
    until: AwareDatetime
    once: bool = Field(default=False, description="Ends when something that it covers has returned.")
    reason: Annotated[str, Field(min_length=1, max_length=2000, examples=["Fire drill of the school"])]


class ExtendBody(_Body):
    """Another end, counted from now as for a new one."""

    until: AwareDatetime
    note: Note = ""


class EndBody(_Body):
    """Over."""

    note: Note = ""


class HiddenIncident(BaseModel):
    """An open incident that would be hidden."""

    id: str
    number: int
    kind: str
    level: Level


class SilencePreview(BaseModel):
    """What it would do."""

    refusal: str = Field(description="Why you may not make it; empty when you may.")
    now: list[HiddenIncident] = Field(description="Open incidents that it hides at once.")
    alerts: int = Field(description="Alerts of the last seven days that it would have hidden.")
    graver: int = Field(description="Those it would have shown all the same, because they were graver.")
    kinds: dict[str, int] = Field(description="What it would have hidden, by kind.", examples=[{"fire.smoke": 3}])
