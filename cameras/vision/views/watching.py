"""View watching: what the view detector says of one camera, put into Events, and whether its zones are where they were.

While the camera is turned away its zones lie somewhere else in the scene, and nothing may be said of them. They count
again when the picture is back, or when somebody saves the camera with its zones: that makes a new Analysis, for which
the picture of then is the usual one. A stream that breaks changes neither.

Somebody who turns it by its motors does it on purpose: nothing is told of its view meanwhile, and no alarm that it was
moved until it has been back; its zones count for nothing all that time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cameras.vision.detection import BLURRED, COVERED, DARK, FROZEN, GLARE, MOVED, Detection
from cameras.vision.following.zones import ZoneMap
from cameras.vision.reporting import REPEAT_S, Reporter
from cameras.vision.sightings import Sighting
from hub.events import Event, Phase

VIEW_KINDS: Final = {
    COVERED: "camera.view_covered",
    BLURRED: "camera.view_blurred",
    MOVED: "camera.view_moved",
    FROZEN: "camera.view_frozen",
    DARK: "camera.view_dark",
    GLARE: "camera.view_glare",
}
"""Which kind of Event a label makes."""

ZONES_OUT_OF_PLACE: Final = "camera.zones_out_of_place"

DRIVER: Final = "view"

_LATE: Final = timedelta(seconds=60)
"""So much later may it be until a plain view is called another one (`cameras/detectors/view.py`)."""


class ViewWatch:
    """The state of one camera's view."""

    def __init__(self, zones: ZoneMap, reporter: Reporter) -> None:
        """Speak by `reporter`, and disarm `zones` while the camera is turned away."""
        self._zones = zones
        self._reporter = reporter
        self._sightings = {
            label: Sighting(kind, driver=DRIVER, reporter=reporter, zone=lambda _box: None)
            for label, kind in VIEW_KINDS.items()
        }
        self._told_s: float | None = None
        self._turned_until: datetime | None = None
        self._is_away = False

    def turned(self, until: datetime) -> None:
        """Somebody turns it on purpose, until then at least; from any thread."""
        self._turned_until = until

    def update(self, found: Sequence[Detection], at_s: float, *, at: datetime) -> list[Event]:
        """Take what one look said, nothing included."""
        found = self._unmeant(found, at)
        events: list[Event] = []
        for label, sighting in self._sightings.items():
            events += sighting.update([one for one in found if one.label == label], at_s, at=at)
        self._zones.disarmed = self._sightings[MOVED].holds or self._is_away
        return events + self._tell_zones(at_s, at=at)

    def _unmeant(self, found: Sequence[Detection], at: datetime) -> Sequence[Detection]:
        """What is left to tell: nothing while somebody turns it, and not that it looks elsewhere until it was back."""
        until = self._turned_until
        if until is not None and at <= until:
            self._is_away = True
            return ()
        if not self._is_away and (until is None or at > until + _LATE):
            return found
        left = [one for one in found if one.label != MOVED]
        self._is_away = len(left) < len(found)
        return left

    def end(self, at: datetime) -> list[Event]:
        """The stream broke: end what is open. The zones stay as they are until somebody looks again."""
        events = [event for sighting in self._sightings.values() for event in sighting.end(at)]
        if self._told_s is not None:
            self._told_s = None
            events.append(self._zones_event(Phase.ENDED, at))
        return events

    def _tell_zones(self, at_s: float, *, at: datetime) -> list[Event]:
        if not self._zones.disarmed or not self._zones.count:
            if self._told_s is None:
                return []
            self._told_s = None
            return [self._zones_event(Phase.ENDED, at)]
        if self._told_s is not None and 0 <= at_s - self._told_s < REPEAT_S:
            return []
        phase = Phase.BEGAN if self._told_s is None else Phase.GOES_ON
        self._told_s = at_s
        return [self._zones_event(phase, at)]

    def _zones_event(self, phase: Phase, at: datetime) -> Event:
        return self._reporter.event(
            ZONES_OUT_OF_PLACE, phase, at=at, driver=DRIVER, subject="zones", fields={"zones": self._zones.count}
        )
