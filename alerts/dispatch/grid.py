"""Grid: who answers for a place now, and who is next above.

The areas are a tree of at most four levels: household group 0, village group 1, community 2, town 3, counted from the
top, so that a site right under the town is answered for by the town. Pure; the time is given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from alerts.language.places import Places
from config.grid import Duty
from hub.calendar import Window
from hub.store.facts import from_us, to_us

TOP = 3
"""The town."""


@dataclass(frozen=True, slots=True)
class Responsible:
    """Who answers for an area now.

    Attributes:
        area: Its id.
        level: Of the grid, 0 to 3.
        accounts: Names of the accounts, who is asked first first.
        standby: Nobody is on duty; these are on call.
    """

    area: str
    level: int
    accounts: tuple[str, ...]
    standby: bool = False


class Grid:
    """The duties in one community."""

    def __init__(self, places: Places, duties: tuple[Duty, ...]) -> None:
        self._places = places
        self._duties: dict[str, list[tuple[Duty, Window | None]]] = defaultdict(list)
        for duty in duties:
            window = Window(duty.on, places.almanac) if duty.on else None
            self._duties[duty.area].append((duty, window))

    def level(self, area: str) -> int:
        """The level of an area: the one at the top is the town."""
        return max(0, TOP + 1 - sum(1 for _ in self._places.way_up(area)))

    def on_duty(self, area: str, now: datetime) -> Responsible | None:
        """Who answers for this very area at this time; None when nobody does."""
        return next(self.asked(area, now), None)

    def answering(self, area: str | None, now: datetime, *, from_level: int = 0) -> Responsible | None:
        """Who answers for a place at this time.

        Args:
            area: Its area; without one, the town answers.
            now: The time.
            from_level: How far it has gone up already; where nobody is on duty, the next above answers.

        Returns:
            None when nobody up to the town is on duty.
        """
        return next(self.way_up(area, now, from_level=from_level), None)

    def way_up(self, area: str | None, now: datetime, *, from_level: int = 0) -> Iterator[Responsible]:
        """Everybody who can be asked for a place at this time, in the order in which they are.

        Who is on duty comes before who is on call, and a level before the one above it.
        """
        for each in self._way_up(area):
            if self.level(each) >= from_level:
                yield from self.asked(each, now)

    def level_for(self, account: str, area: str | None, now: datetime) -> int | None:
        """The lowest level at which somebody answers for a place now, on call or not; None when he does not."""
        return next((each.level for each in self.way_up(area, now) if account in each.accounts), None)

    def changes(self, area: str, since: datetime, until: datetime) -> list[datetime]:
        """The times between two others at which it may change who answers for an area or one above it, in order."""
        marks: set[int] = set()
        windows = [window for each in self._way_up(area) for _, window in self._duties.get(each, ()) if window]
        for window in windows:
            at_us = window.next_change_us(to_us(since))
            while at_us is not None and at_us < to_us(until):
                marks.add(at_us)
                at_us = window.next_change_us(at_us)
        return [from_us(mark) for mark in sorted(marks)]

    def areas_of(self, account: str, now: datetime) -> frozenset[str]:
        """The areas that somebody answers for at this time, with all that are below them."""
        own = set(self.duties_of(account, now))
        if not own:
            return frozenset()
        return frozenset(area for area in self._places.areas if own.intersection(self._places.way_up(area)))

    def duties_of(self, account: str, now: datetime) -> tuple[str, ...]:
        """The areas that somebody answers for at this time, on call or not."""
        at_us = to_us(now)
        return tuple(
            area
            for area, duties in sorted(self._duties.items())
            if any(duty.account == account and (window is None or window.holds(at_us)) for duty, window in duties)
        )

    def asked(self, area: str, now: datetime) -> Iterator[Responsible]:
        """Who is on duty for an area, then who else is on call."""
        at_us = to_us(now)
        known = [duty for duty, window in self._duties.get(area, ()) if window is None or window.holds(at_us)]
        first = tuple(dict.fromkeys(duty.account for duty in known if not duty.standby))
        on_call = tuple(dict.fromkeys(duty.account for duty in known if duty.account not in first))
        if first:
            yield Responsible(area, self.level(area), first)
        if on_call:
            yield Responsible(area, self.level(area), on_call, standby=True)

    def _way_up(self, area: str | None) -> Iterator[str]:
        if area is not None:
            yield from self._places.way_up(area)
            return
        yield from (each for each in sorted(self._places.areas) if each not in self._places.parents)
