"""The week itself: the engine hears everything in order, and somebody resolves what it raises."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts.alert import Alert, Change, Raised
from alerts.engine import RESOLVED_KIND, Engine
from alerts.figures.signs import Sign, sign_of
from alerts.language.places import places_of
from alerts.language.rulebook import load_rules
from benchmarks.simulated_week import life, nuisances, stories
from benchmarks.simulated_week.staff import Staff
from benchmarks.simulated_week.stories import Expected
from benchmarks.simulated_week.village import MONDAY, Village
from hub.events import Event

RESOLVED_AFTER = timedelta(minutes=15)
"""Somebody has dealt with an alert so long after it was raised."""


@dataclass(slots=True)
class Week:
    """What came of it.

    Attributes:
        since, until: From when to when.
        events: How many were told.
        expected: What had to be raised.
        raised: Every alert of a live rule, as it was when raised.
        signs: For the figures.
        staff: Who works in the room; None when nobody does.
    """

    since: datetime
    until: datetime
    events: int = 0
    expected: list[Expected] = field(default_factory=list)
    raised: list[Alert] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    staff: Staff | None = None

    def take(self, changes: list[Change]) -> list[Alert]:
        """Keep what happened; the alerts that are new."""
        new = [each.alert for each in changes if isinstance(each, Raised) and not each.alert.shadow]
        self.raised += new
        self.signs += [sign for each in changes if (sign := sign_of(each)) is not None]
        if self.staff is not None:
            self.staff.record(changes)
        return new

    def dealt_with(self, until: datetime) -> list[Event]:
        """What the people of the room say was dealt with, up to a time."""
        if self.staff is None:
            return []
        done = self.staff.work(until)
        known = {alert.id: alert for alert in self.raised} if done else {}
        return [_resolution(known[alert], at) for at, alert in done if alert in known]

    def is_true(self, alert: Alert) -> bool:
        """Whether an alert is a story's doing."""
        return any(
            each.site == alert.site and each.at <= alert.raised <= each.at + each.lasts for each in self.expected
        )


def live_through(rules: Path, *, days: int = 7, seed: int = 7, store: Path | None = None) -> Week:
    """Simulate so many days.

    Args:
        rules: The folder of rules to hold to it.
        days: 1 to 7; a story whose time has not come is left out.
        seed: The same seed tells the same week.
        store: A folder for the store of a room with people in it; without one everything is dealt with after a while.
    """
    village = Village(seed)
    week = Week(MONDAY.astimezone(UTC), (MONDAY + timedelta(days=days)).astimezone(UTC))
    places = places_of(village.community)
    engine = Engine(load_rules(rules), places)
    if store is not None:
        week.staff = Staff(store, places, is_true=week.is_true, begins=week.since, seed=seed)
    resolutions: list[tuple[datetime, int, Event]] = []
    numbers = itertools.count()
    for event in _told(village, week, days):
        while resolutions and resolutions[0][0] <= event.arrived:
            week.take(engine.handle(heapq.heappop(resolutions)[2]))
        for resolved in week.dealt_with(event.arrived):
            week.take(engine.handle(resolved))
        week.events += 1
        for alert in week.take(engine.handle(event)):
            if week.staff is None:
                resolution = _resolution(alert, event.arrived + RESOLVED_AFTER)
                heapq.heappush(resolutions, (resolution.at, next(numbers), resolution))
    week.take(engine.advance(week.until))
    return week


def _told(village: Village, week: Week, days: int) -> Iterator[Event]:
    """All events in the order of their arrival, made one day at a time."""
    later: list[Event] = []
    for told, expected in stories.week(village, MONDAY):
        if expected[0].at < MONDAY + timedelta(days=days):
            later += told
            week.expected += [each for each in expected if each.at + each.within < week.until]
    for number in range(days):
        midnight = MONDAY + timedelta(days=number)
        tomorrow = midnight + timedelta(days=1)
        later += [each for each in life.day(village, midnight) if not stories.silenced(each, week.expected)]
        later += nuisances.day(village, midnight)
        later.sort(key=lambda each: (each.arrived, each.id))
        today = [each for each in later if each.arrived < tomorrow]
        later = later[len(today) :]
        yield from today


def _resolution(alert: Alert, at: datetime) -> Event:
    return Event(
        id=f"{RESOLVED_KIND}:{alert.id}:{at.timestamp()}",
        kind=RESOLVED_KIND,
        at=at,
        arrived=at,
        source="operator",
        driver="handling",
        site=alert.site,
        area=alert.area,
        subject=alert.id,
    )
