"""Bodies about figures that are no tables."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field


class LostCase(BaseModel):
    """A true alert of which nobody would have been told."""

    key: str
    raised: datetime


class TrialOutcome(BaseModel):
    """A changed rule held against the verdicts."""

    true_kept: int
    true_lost: list[LostCase]
    false_gone: int
    false_left: int
    raised: int = Field(description="Alerts in all; at most 500 are compared.")


class SuggestionTrial(BaseModel):
    """How the backtest of a suggested change does."""

    state: Literal["running", "done", "failed", "cancelled"]
    progress: float = Field(description="0 to 1.")
    error: str
    complete: bool = Field(description="False when it raised more than were compared.")
    outcome: TrialOutcome | None
