"""Sightings: a thing that is seen or not, without tracks (flames, smoke), put into Events with phases.

One state per camera: a fire falls apart into many places and grows together again, and an operator wants one. It begins
when the surest place is sure enough, is said again when the confidence changes and every 10 s, and ends after a pause.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from cameras.vision.detection import Detection
from cameras.vision.reporting import REPEAT_S, Reporter
from hub.events import Event, Phase
from hub.geometry import Box

BEGIN: Final = 0.5
"""Confidence from which it is worth an Event, and an alert."""
FAINT: Final = 0.3
"""Confidence from which a faint sight is worth an Event, which is no alert yet: a cigarette, a kettle."""
_STAY: Final = 0.6
"""Share of what it began with that keeps it going: a flame that ducks for a moment is the same flame."""
_PAUSE_S: Final = 3.0
_STEP: Final = 0.1


class Sighting:
    """One kind of thing on one camera."""

    def __init__(
        self, kind: str, *, driver: str, reporter: Reporter, zone: Callable[[Box], str | None], begin: float = BEGIN
    ) -> None:
        """Speak of `kind` from the confidence `begin` on; `zone` tells the id of the zone that a box is in."""
        self._kind = kind
        self._driver = driver
        self._reporter = reporter
        self._zone = zone
        self._begin = begin
        self._last: Detection | None = None
        self._told = 0.0
        self._told_s = 0.0
        self._kept_s = 0.0

    @property
    def holds(self) -> bool:
        """Whether it is going on."""
        return self._last is not None

    @property
    def box(self) -> Box | None:
        """Where it was seen last; None when it is not going on."""
        return None if self._last is None else self._last.box

    def update(self, found: Sequence[Detection], at_s: float, *, at: datetime) -> list[Event]:
        """Take what one look found, none included."""
        best = max(found, key=lambda detection: detection.score, default=None)
        if self._last is None:
            if best is None or best.score < self._begin:
                return []
            self._kept_s = at_s
            return [self._tell(best, Phase.BEGAN, at_s, at=at)]
        if best is not None and best.score >= _STAY * self._begin:
            self._kept_s = at_s
            changed = abs(best.score - self._told) >= _STEP or (best.score >= BEGIN) != (self._told >= BEGIN)
            if changed or at_s - self._told_s >= REPEAT_S:
                return [self._tell(best, Phase.GOES_ON, at_s, at=at)]
            return []
        return self.end(at) if at_s - self._kept_s >= _PAUSE_S else []

    def end(self, at: datetime) -> list[Event]:
        """End it if it is going on."""
        if self._last is None:
            return []
        event = self._tell(self._last, Phase.ENDED, self._told_s, at=at)
        self._last = None
        return [event]

    def _tell(self, seen: Detection, phase: Phase, at_s: float, *, at: datetime) -> Event:
        self._last, self._told, self._told_s = seen, seen.score, at_s
        return self._reporter.event(
            self._kind,
            phase,
            at=at,
            driver=self._driver,
            subject=self._kind,
            confidence=round(seen.score, 2),
            box=seen.box,
            zone=self._zone(seen.box),
            fields=seen.reasons,
        )
