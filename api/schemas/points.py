"""Bodies about points and volunteers' tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from alerts.store.points import Progress, Reason

Note = Annotated[str, Field(max_length=2000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class EntryView(BaseModel):
    """Points that came or went."""

    seq: int
    at: datetime
    delta: int = Field(examples=[5])
    reason: Reason
    ref: str = Field(description="Id of the report or task, or what was given.")
    note: str = ""
    by: str = Field(description="Account name, or `engine`.")


class StatementView(BaseModel):
    """Somebody's points: the balance is the sum of all entries."""

    account: str
    balance: int
    entries: list[EntryView]
    next: str | None = Field(default=None, description="Cursor of the next page of entries.")


class BalanceView(BaseModel):
    """How many points somebody has."""

    account: str
    balance: int


class RedeemBody(_Body):
    """What is given for points."""

    item: Annotated[str, Field(min_length=1, max_length=200, examples=["洗衣液一瓶"])]
    amount: Annotated[int, Field(ge=1, le=1_000_000)]
    key: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9_-]{1,64}$",
            description="Made by the client, once for a redemption: sent again, it costs once.",
        ),
    ]


class TaskView(BaseModel):
    """A small task for volunteers."""

    id: str
    text: str
    points: int
    site: str | None = None
    area: str | None = None
    until: datetime | None = None
    state: Progress
    offered: datetime
    taken: datetime | None = None
    taken_by: str | None = None
    done: datetime | None = None
    judged: datetime | None = None
    judged_by: str | None = None
    note: str = ""


class OfferBody(_Body):
    """What is to be done."""

    text: Annotated[str, Field(min_length=1, max_length=2000, examples=["清扫广场"])]
    points: Annotated[int, Field(ge=0, le=10_000)]
    site: Annotated[str | None, Field(max_length=64)] = None
    area: Annotated[str | None, Field(max_length=64)] = None
    until: Annotated[datetime | None, Field(description="Not to be taken later.")] = None


class TaskNoteBody(_Body):
    """What is to be said to it."""

    note: Note = ""


class SendBackBody(_Body):
    """Why it is to be done again."""

    note: Annotated[str, Field(min_length=1, max_length=2000)]
