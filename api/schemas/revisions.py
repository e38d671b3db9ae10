"""What the API says of the versions of the Community."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.places import Text


class RevisionView(BaseModel):
    """One version of the Community, without its content."""

    number: int
    at: datetime
    author: Annotated[str, Field(description="Account name, or `file` for community.yaml.")]
    reason: str
    from_file: Annotated[bool, Field(description="It came from community.yaml.")]
    in_force: bool


class DifferenceView(BaseModel):
    """One thing that is other in the later version."""

    path: Annotated[str, Field(description="By id and field.", examples=["cameras.gate-1.main.url"])]
    change: Literal["added", "removed", "changed"]
    before: Annotated[Any, Field(description="Null for what was added, and for a secret.")]
    after: Annotated[Any, Field(description="Null for what was removed, and for a secret.")]
    secret: Annotated[bool, Field(description="It is a secret, or holds one, and is not shown.")]


class RevisionDiffView(BaseModel):
    """What is other between two versions."""

    number: int
    to: int
    differences: list[DifferenceView]


class RestoreBody(BaseModel):
    """Why an older version is put in force again."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=3, max_length=300, examples=["the new cameras are not there yet"])]


class PutInForceView(BaseModel):
    """What a whole Community changed, or would."""

    revision: Annotated[int | None, Field(description="Its number; null for a dry run, and when nothing is other.")]
    differences: list[DifferenceView]
    stays: Annotated[list[Text], Field(description="What does not come back with it.")] = []
