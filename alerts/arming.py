"""Arming: which sites and areas are armed, as far as anybody said.

The observation `arming` with the field `armed` says it of its site, or of its area when it names no site. What is said
of an area holds for everything below it; the nearest word counts, so that of a site beats that of any area. What nobody
spoke of is not armed. A word that is taken back (`armed` is `follows`) leaves the place to what is said of the areas
above it. Goes by event time: what arrives late is put in its place, and what happened before it is judged by what held
then. Part of the engine: pure, used from its thread, all memory in Cells.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from alerts.cells import Cell, Cells
from alerts.language.pattern import UNREAL
from alerts.language.places import Places
from alerts.language.shape import moment_us
from alerts.streams import FORGET_US
from hub.events import Event

ARMING_KIND = "arming"
"""Event kind: somebody armed or disarmed a place."""
ARMING = "#arming"
"""The rule id of the cells in which that is remembered; no rule can be called so."""
FOLLOWS = "follows"
"""In the field `armed`: what was said of the place is taken back, and it follows the areas above it."""
MOST_CHANGES = 16
"""Remembered of each place; the oldest gives way."""

_AREA, _SITE = "area/", "site/"


@dataclass(frozen=True, slots=True)
class Said:
    """The word that counts for a place.

    Attributes:
        armed: Armed or disarmed.
        site: The site it was said of, None when of an area.
        area: The area it was said of, None when of a site.
        at_us: When.
        who: The source that said it.
    """

    armed: bool
    site: str | None
    area: str | None
    at_us: int
    who: str


class Arming:
    """Which places are armed."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells

    def note(self, event: Event) -> None:
        """Somebody armed or disarmed a place, or took that back. Without a place or sense it is nothing."""
        armed = event.fields.get("armed")
        if not (armed == FOLLOWS or isinstance(armed, bool)) or event.quality & UNREAL:
            return
        if event.site is not None:
            key = _SITE + event.site
        elif event.area is not None:
            key = _AREA + event.area
        else:
            return
        cell = self._cells.get(ARMING, key) or Cell(ARMING, key, "")
        said = list(cell.state.get("said", ()))
        at_us = moment_us(event)
        said.insert(bisect_right(said, at_us, key=lambda each: each[0]), [at_us, armed, event.source])
        newest_us = said[-1][0]
        while len(said) > 1 and (len(said) > MOST_CHANGES or said[1][0] <= newest_us - FORGET_US):
            del said[0]
        cell.state = {"said": said}
        self._cells.keep(cell)

    def armed(self, place: Mapping[str, str], at_us: int, places: Places) -> bool:
        """Whether a place (site and area, those that are known) is armed at a time."""
        said = self.said(place, at_us, places)
        return said is not None and said.armed

    def said(self, place: Mapping[str, str], at_us: int, places: Places) -> Said | None:
        """The word that counts for a place at a time; None when nobody ever spoke of it."""
        site = place.get("site")
        area = place.get("area") or places.area_of_site.get(site or "")
        ways = [(None, each) for each in places.way_up(area)]
        for own, above in ways if site is None else [(site, None), *ways]:
            cell = self._cells.get(ARMING, f"{_AREA}{above}" if own is None else f"{_SITE}{own}")
            if cell is None:
                continue
            said = cell.state["said"]
            number = bisect_right(said, at_us, key=lambda each: each[0])
            if number:
                then_us, armed, who = said[number - 1]
                if armed == FOLLOWS:
                    continue
                return Said(armed, own, above, then_us, who)
        return None
