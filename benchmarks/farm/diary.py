"""Diary: what was done to the hub and when, so that what came of it can be held against what was promised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(slots=True)
class Trouble:
    """One thing that was done.

    Attributes:
        kind: What: `worker`, `hub`, `broker`, `power`, `disk`, `database`, `camera.freeze`, `sensor.silent`, ...
        begins_s: When, seconds since 1970 by the machine's clock.
        ends_s: When it was taken back; the same when there was nothing to take back.
        whom: Cameras or sensors; empty for all.
        back_s: After its end, how long until everything worked again; None when that was not waited for.
    """

    kind: str
    begins_s: float
    ends_s: float
    whom: tuple[str, ...] = ()
    back_s: float | None = None


@dataclass(slots=True)
class Diary:
    """Everything that was done.

    Attributes:
        troubles: In their order.
        offsets: From when on the hub's clock was how much ahead, seconds since 1970 and seconds.
        hub_away: When no hub, or no broker, could have listened; from and to.
        quiet_s: From when on all sensors were silent, for good.
        removed: What was recorded of each camera before a disk was filled: the hub makes room by removing it.
    """

    troubles: list[Trouble] = field(default_factory=list)
    offsets: list[tuple[float, float]] = field(default_factory=lambda: [(0.0, 0.0)])
    hub_away: list[list[float]] = field(default_factory=list)
    quiet_s: float = float("inf")
    removed: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def of(self, *kinds: str) -> Iterator[Trouble]:
        """Those of some kinds."""
        return (each for each in self.troubles if each.kind in kinds)

    def listened(self, begins_s: float, ends_s: float) -> float:
        """The longest stretch between the two in which hub and broker listened, and the clock was not set, seconds."""
        rows = [*self.hub_away, *([at_s, at_s] for at_s, _ in self.offsets)]
        longest, free_s = 0.0, begins_s
        for away_s, back_s in sorted(rows):
            if back_s <= begins_s or away_s >= ends_s:
                continue
            longest = max(longest, away_s - free_s)
            free_s = max(free_s, back_s)
        return max(longest, ends_s - free_s)

    def heard_s(self, sent_s: float) -> float:
        """When the hub heard at the latest what was sent then."""
        for away_s, back_s in sorted(self.hub_away):
            if away_s - 1 <= sent_s <= back_s:
                sent_s = back_s
        return sent_s

    def real_s(self, shown: datetime, about_s: float) -> float:
        """When the hub's clock showed this, of several moments the one nearest to `about_s`."""
        shown_s = shown.astimezone(UTC).timestamp()
        moments = []
        for place, (from_s, offset_s) in enumerate(self.offsets):
            to_s = self.offsets[place + 1][0] if place + 1 < len(self.offsets) else float("inf")
            if from_s - 1 <= shown_s - offset_s <= to_s + 1:
                moments.append(shown_s - offset_s)
        return min(moments, key=lambda at_s: abs(at_s - about_s), default=shown_s)
