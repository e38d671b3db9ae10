"""Zone hours: which of a camera's zones count at a moment.

The moment is that of the picture, not of a clock: what is looked at late counts as it did when it was seen. A calendar
that nobody wrote down leaves a zone in force. One per camera, one thread.
"""

from __future__ import annotations

from datetime import datetime

from config.calendars import Dates
from config.zones import Zone
from hub.calendar import Almanac, Window, almanac_of
from hub.events import to_us


class ZoneHours:
    """The hours of one camera's zones."""

    def __init__(self, zones: tuple[Zone, ...], dates: Dates | None) -> None:
        """Take zones and what their hours go by; None is UTC without calendars, for zones that have no hours."""
        almanac = Almanac() if dates is None else almanac_of(dates)
        self._windows = {zone.id: Window(zone.hours, almanac) for zone in zones if zone.hours}
        self._span = (0, 0)
        self._resting: frozenset[str] = frozenset()

    def resting(self, at: datetime) -> frozenset[str]:
        """Ids of the zones that do not count at a moment."""
        if not self._windows:
            return self._resting
        at_us = to_us(at)
        if not self._span[0] <= at_us < self._span[1]:
            turns = [window.next_change_us(at_us) for window in self._windows.values()]
            self._span = (at_us, min((turn for turn in turns if turn is not None), default=at_us))
            self._resting = frozenset(name for name, window in self._windows.items() if window.holds(at_us) is False)
        return self._resting
