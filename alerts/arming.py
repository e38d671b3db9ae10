"""Arming: which sites and areas are armed, as far as anybody said.

The observation `arming` with the field `armed` says it of its site, or of its area when it names no site. What is said
of an area holds for everything below it; the nearest word counts, so that of a site beats that of any area. What nobody
spoke of is not armed. Goes by event time: what arrives late is put in its place, and what happened before it is judged
by what held then. Part of the engine: pure, used from its thread, all memory in Cells.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

from alerts.cells import Cell, Cells
from alerts.pattern import UNREAL
from alerts.places import Places
from alerts.shape import moment_us
from alerts.streams import FORGET_US
from hub.events import Event

ARMING_KIND = "arming"
"""Event kind: somebody armed or disarmed a place."""
ARMING = "#arming"
"""The rule id of the cells in which that is remembered; no rule can be called so."""
MOST_CHANGES = 16
"""Remembered of each place; the oldest gives way."""

_AREA, _SITE = "area/", "site/"


class Arming:
    """Which places are armed."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells

    def note(self, event: Event) -> None:
        """Somebody armed or disarmed a place. Without a place, or without saying which, it is nothing."""
        armed = event.fields.get("armed")
        if not isinstance(armed, bool) or event.quality & UNREAL:
            return
        if event.site is not None:
            key = _SITE + event.site
        elif event.area is not None:
            key = _AREA + event.area
        else:
            return
        cell = self._cells.get(ARMING, key) or Cell(ARMING, key, "")
        said: list[list[int]] = [list(each) for each in cell.state.get("said", ())]
        at_us = moment_us(event)
        said.insert(bisect_right(said, at_us, key=lambda each: each[0]), [at_us, int(armed)])
        newest_us = said[-1][0]
        while len(said) > 1 and (len(said) > MOST_CHANGES or said[1][0] <= newest_us - FORGET_US):
            del said[0]
        cell.state = {"said": said}
        self._cells.keep(cell)

    def armed(self, place: Mapping[str, str], at_us: int, places: Places) -> bool:
        """Whether a place (site and area, those that are known) is armed at a time."""
        site = place.get("site")
        area = place.get("area") or places.area_of_site.get(site or "")
        keys = [_AREA + each for each in places.way_up(area)]
        if site is not None:
            keys.insert(0, _SITE + site)
        for key in keys:
            cell = self._cells.get(ARMING, key)
            if cell is not None:
                said = cell.state["said"]
                number = bisect_right(said, at_us, key=lambda each: each[0])
                if number:
                    return bool(said[number - 1][1])
        return False
