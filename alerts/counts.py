"""Counts: what an Engine saw since it was made, for its figures; nothing of it is remembered over a restart."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counts:
    """What the engine saw, since it was made.

    Attributes:
        events: Events handled.
        unknown: By rule, events of which a field was missing or of the wrong type.
        known: By rule, events that it was asked about and understood; `Engine.known` has the others too.
        failed: By rule, events at which the rule itself failed.
    """

    events: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
