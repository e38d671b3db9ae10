"""View conditions: one way of not seeing, told once it has held for a while, and over once it was away for a while."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

_BACK_S: Final = 4.0
"""So long must it be over before it counts as over: two looks that say so."""


@dataclass(slots=True)
class Condition:
    """One way of not seeing, and for how long it has held."""

    label: str
    hold_s: float
    since_s: float | None = None
    over_s: float | None = None
    told: bool = False
    strength: float = 0.0
    reasons: dict[str, float] = field(default_factory=dict)

    def update(self, *, begins: bool, stays: bool, at_s: float) -> None:
        """Take one look; `stays` counts once it was told."""
        if self.told:
            self.over_s = None if stays else (at_s if self.over_s is None else self.over_s)
            if self.over_s is not None and at_s - self.over_s >= _BACK_S:
                self.clear()
            return
        self.since_s = (at_s if self.since_s is None else self.since_s) if begins else None
        self.told = self.since_s is not None and at_s - self.since_s >= self.hold_s

    def clear(self) -> None:
        """Nothing of it."""
        self.since_s = self.over_s = None
        self.told = False

    @property
    def pending(self) -> bool:
        """Whether it is told, or may soon be."""
        return self.told or self.since_s is not None
