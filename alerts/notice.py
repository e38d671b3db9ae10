"""Notice: what one recipient is told of one move of an incident, and how the telling went.

The words between `delivery.py` and the channels in `alerts/notifiers/`, one file each. Whether it makes sense to try
again is part of a channel's answer, for it alone knows what its failure means.

`PLUGIN.build(options, secret)` makes a Notifier from the plugin's options and the recipient's Secret, if there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Notice:
    """One move of an incident.

    Attributes:
        number: Of the journal entry: the same at every attempt, so a recipient can tell a repetition.
        at: When it was made.
        move: `opened`, `rose`, `acknowledged`, ...
        who: Account name, or `engine`.
        note: What the person wrote.
        incident: The incident after it, as the API shows it.
    """

    number: int
    at: datetime
    move: str
    who: str
    note: str
    incident: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delivered:
    """It arrived."""


@dataclass(frozen=True, slots=True)
class TryLater:
    """It did not arrive, and may at another time.

    Attributes:
        reason: Why not; holds no secret.
        after_s: Not sooner than this, when the recipient said so.
    """

    reason: str
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """It did not arrive and never will.

    Attributes:
        reason: Why not; holds no secret.
    """

    reason: str


Outcome = Delivered | TryLater | Refused


class Notifier(Protocol):
    """A channel to one recipient. Used by one thread at a time."""

    def send(self, notice: Notice) -> Outcome:
        """Tell it. Blocks for a bounded time and raises nothing that it can foresee."""
