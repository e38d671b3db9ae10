"""Reading again, with the sensors and maps of now, the messages that nobody could place when they came."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access.auth import needs
from api.access.reaching import everywhere
from api.parts import Here
from hub.access import Permission, Principal

router = APIRouter(prefix="/api/v1/sensors/backfill", tags=["sensors"])
Editor = Annotated[Principal, Depends(needs(Permission.EDIT_COMMUNITY))]


class KeptView(BaseModel):
    """What is kept because nobody could place it."""

    messages: int = Field(examples=[212])
    size_bytes: int
    oldest: datetime | None = None


class BackfillBody(BaseModel):
    """What to read again."""

    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime | None = Field(default=None, description="Only what arrived since then. Default: all.")
    after: int = Field(default=0, ge=0, description="Only messages behind this number: `last` of the answer before.")


class BackfillView(BaseModel):
    """What was read again."""

    read: int = Field(description="Messages that were looked at.")
    taken: int = Field(description="Of these, understood now; they are kept no longer.")
    events: int
    readings: int
    left: dict[str, int] = Field(
        description="Why the others are still not understood, and how many of them.", examples=[{"unknown_sensor": 3}]
    )
    more: bool = Field(description="There are more: ask again with `after`.")
    last: int = Field(description="Number of the last message that was looked at.")


@router.get("", summary="What is kept to be read again")
def kept(here: Here, who: Editor) -> KeptView:
    """The messages that nobody could place: how many, how large, since when."""
    everywhere(here, who, Permission.EDIT_COMMUNITY)
    messages, size_bytes = here.raw.size()
    first = here.raw.after(0, since=None, limit=1)
    return KeptView(messages=messages, size_bytes=size_bytes, oldest=first[0].arrived if first else None)


@router.post("", summary="Read again what nobody could place")
def backfill(here: Here, who: Editor, body: BackfillBody) -> BackfillView:
    """Read kept messages with the sensors and maps of now. What they say is history: readings, and no alerts.

    Each message is taken once. One request reads at most 20,000; a second one at the same time is refused with 409.
    """
    everywhere(here, who, Permission.EDIT_COMMUNITY)
    report = here.backfill.run(since=body.since, after=body.after)
    return BackfillView(
        read=report.read,
        taken=report.taken,
        events=report.events,
        readings=report.readings,
        left=dict(report.left),
        more=report.more,
        last=report.last,
    )
