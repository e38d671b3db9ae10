"""Bodies about zones that are tried before they are saved."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from api.schemas.places import Text
from api.trials import Trial
from config.community import Level, Zone
from config.zones import Ground, Line
from hub.events import time_from_text


class WhatIfBody(BaseModel):
    """The camera as it is to be: what of it decides where and how things count."""

    model_config = {"extra": "forbid"}

    zones: Annotated[list[Zone], Field(max_length=256)]
    lines: Annotated[list[Line], Field(max_length=32)] = []
    ground: Ground | None = None
    behaviours: dict[str, dict[str, Any]] | None = Field(default=None, description="null: as they are.")
    hours: Annotated[float, Field(gt=0, le=48)] = Field(default=24.0, description="So far back.")


class WhatIfAlert(BaseModel):
    """An alert that would be raised with one of the two only."""

    change: Literal["new", "gone"]
    rule: str
    name: Text = Field(description="Of the rule.")
    kind: str = Field(description="Of the alert.", examples=["intrusion.person"])
    level: Level
    text: Text
    zone: str | None = None
    began: datetime
    ended: datetime | None = None
    at: datetime = Field(description="When what it claims began: the moment to look at.")
    muted: bool = Field(description="It would be raised, and another one would hide it.")


class WhatIfVisit(BaseModel):
    """Something that would be told with one of the two only: who was in a zone, or crossed a line."""

    change: Literal["new", "gone"]
    kind: str = Field(description="Of the event.", examples=["camera.person"])
    label: str | None = Field(default=None, examples=["person"])
    zone: str | None = None
    line: str | None = None
    side: str | None = None
    at: datetime
    until: datetime
    box: tuple[float, float, float, float] | None = Field(
        default=None, description="Left, top, width and height, in shares of the picture."
    )


class WhatIfGap(BaseModel):
    """A time of which there is no trace."""

    since: datetime
    until: datetime


class WhatIfFound(BaseModel):
    """What would be other, and what cannot be told."""

    alerts_before: int
    alerts_after: int
    alerts_new: int
    alerts_gone: int
    alerts: list[WhatIfAlert] = Field(description="Those that are other, 200 at most, in the order of time.")
    visits_before: int
    visits_after: int
    visits_new: int
    visits_gone: int
    visits: list[WhatIfVisit] = Field(description="Likewise.")
    covered_s: int = Field(description="Seconds of which there is a trace of all that was followed.")
    asked_s: int
    gaps: list[WhatIfGap] = Field(
        description="Times without a trace, 48 at most: there what was told is put into the zones by its boxes."
    )
    unjudged: list[Literal["pixels", "no_trace", "lines", "hidden_before", "movers", "by_pixels"]] = Field(
        description="pixels: fire, falls, crashes and the like are not looked for anew, what was told of them is put "
        "into the zones; no_trace: nothing was traced; lines: without a trace nobody knows who crossed a line; "
        "hidden_before: nothing is known of what happened where nothing counted; movers: what moves without a name was "
        "not followed yet; by_pixels: zones for things and flames go by the pixels."
    )


class WhatIfView(BaseModel):
    """How a trial of zones does."""

    id: str
    camera: str
    state: Literal["running", "done", "failed", "cancelled"]
    since: datetime
    until: datetime
    error: str = ""
    found: WhatIfFound | None = Field(default=None, description="When it is done.")

    @classmethod
    def of(cls, trial: Trial) -> WhatIfView:
        """A trial as it is shown."""
        found = dict(trial.found)
        if found:
            found["gaps"] = [
                {"since": time_from_text(since), "until": time_from_text(until)} for since, until in found["gaps"]
            ]
        return cls.model_validate(
            {
                "id": trial.id,
                "camera": trial.camera,
                "state": trial.state,
                "since": trial.since,
                "until": trial.until,
                "error": trial.error,
                "found": found or None,
            }
        )


class ZoneVersionView(BaseModel):
    """What a camera's zones were from a revision on."""

    number: int = Field(description="Of the revision that made them so.")
    at: datetime
    author: str
    reason: str
    zones: list[Zone]
    lines: list[Line]
    ground: Ground | None = None


class ZoneHistoryView(BaseModel):
    """How a camera's zones came about."""

    items: list[ZoneVersionView] = Field(description="The newest first: the first one is in force. 20 at most.")
    complete: bool = Field(description="Whether there is nothing older.")
