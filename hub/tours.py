"""Tours: views of cameras that somebody of the room looks at on schedule, and what became of each round.

A round begins when the schedule says, and has to be looked through before it is over; a step at which nobody has looked
by then was missed, and stays so. A changed tour is another version of it: what was to be looked at before is judged by
what was in force then. Pure: no store, no HTTP.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
MOST_STEPS = 40
MOST_CAMERAS = 25
"""Of one step: as many as the wall shows."""
LEAST_EVERY_MIN = 15
MOST_TIMES = 48


class Finding(enum.StrEnum):
    """What somebody saw at a step."""

    FINE = "fine"
    SOMETHING = "something"
    """More about it is in the note."""


class RoundState(enum.StrEnum):
    """How a round stands."""

    DONE = "done"
    OPEN = "open"
    """It is not over, and something was not looked at yet."""
    MISSED = "missed"
    """It is over, and something was not looked at."""


@dataclass(frozen=True, slots=True)
class Step:
    """Cameras that are looked at together, and for how long."""

    cameras: tuple[str, ...]
    seconds: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """When rounds begin, on the Community's clock.

    Attributes:
        times: Times of day. With `every_min` the first of them is when the day's first round begins.
        every_min: From one round to the next, minutes; None for only at `times`.
        weekdays: 1 Monday to 7 Sunday; empty for every day.
        within_min: So long a round may take, minutes; it is over when the next one begins too.
    """

    times: tuple[time, ...] = ()
    every_min: int | None = None
    weekdays: frozenset[int] = frozenset()
    within_min: int = 30

    def beginnings(self, day: date, zone: ZoneInfo) -> list[datetime]:
        """When rounds begin on a day, UTC, in their order; none without a schedule."""
        if self.weekdays and day.isoweekday() not in self.weekdays:
            return []
        starts = sorted(datetime.combine(day, each, zone).astimezone(UTC) for each in self.times)
        if self.every_min is None:
            return starts
        midnight = datetime.combine(day + DAY, time(), zone).astimezone(UTC)
        at = starts[0] if starts else datetime.combine(day, time(), zone).astimezone(UTC)
        found = []
        while at < midnight:
            found.append(at)
            at += self.every_min * MINUTE
        return found


@dataclass(frozen=True, slots=True)
class Tour:
    """One version of a tour.

    Attributes:
        id: Random.
        version: Counts up from 1; the newest is in force.
        at: Since when it is, UTC.
        author: Account name of who made it so.
        name: By language, `zh` and `en`.
        steps: In their order.
        schedule: When.
        removed: There is no such tour any more; what was looked at stays.
    """

    id: str
    version: int
    at: datetime
    author: str
    name: Mapping[str, str | None]
    steps: tuple[Step, ...]
    schedule: Schedule
    removed: bool = False

    @property
    def cameras(self) -> frozenset[str]:
        """All cameras of it."""
        return frozenset(camera for step in self.steps for camera in step.cameras)


@dataclass(frozen=True, slots=True)
class Look:
    """That somebody looked at a step.

    Attributes:
        id: Counts up.
        tour: Which.
        version: Of the tour, as it was then.
        step: From 0.
        begins: Of the round to which it belongs; None for a look between rounds.
        at: When, UTC.
        author: Account name.
        finding: What was seen.
        note: In words.
    """

    id: int
    tour: str
    version: int
    step: int
    begins: datetime | None
    at: datetime
    author: str
    finding: Finding
    note: str


@dataclass(frozen=True, slots=True)
class Round:
    """A tour at one time.

    Attributes:
        tour: The version that was in force when it began.
        begins: When, UTC.
        ends: Until when it was to be looked through, not included.
        looks: By the number of the step, oldest first.
    """

    tour: Tour
    begins: datetime
    ends: datetime
    looks: Mapping[int, tuple[Look, ...]]

    def outcome(self, now: datetime, steps: Iterable[int] | None = None) -> RoundState:
        """How it stands, by all steps or only some."""
        wanted = range(len(self.tour.steps)) if steps is None else steps
        if all(step in self.looks for step in wanted):
            return RoundState.DONE
        return RoundState.OPEN if now < self.ends else RoundState.MISSED


def round_at(tour: Tour, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """Beginning and end of the round of a tour that goes on now; None between rounds."""
    spans = _spans(tour, now - DAY, now + DAY, zone)
    return next(((begins, ends) for begins, ends in spans if begins <= now < ends), None)


def rounds(
    versions: Sequence[Tour], looks: Iterable[Look], *, since: datetime, until: datetime, zone: ZoneInfo
) -> list[Round]:
    """The rounds of a tour that begin in a time, oldest first.

    Args:
        versions: Of one tour, the oldest first.
        looks: At it, in any order; those of other rounds are passed over.
        since: From then.
        until: Not included.
        zone: The Community's.
    """
    by_round: dict[datetime, dict[int, list[Look]]] = {}
    for look in sorted(looks, key=lambda each: each.at):
        if look.begins is not None:
            by_round.setdefault(look.begins, {}).setdefault(look.step, []).append(look)
    found = []
    for number, tour in enumerate(versions):
        end = versions[number + 1].at if number + 1 < len(versions) else until
        if tour.removed:
            continue
        for begins, ends in _spans(tour, max(since, tour.at), min(until, end), zone):
            seen = by_round.get(begins, {})
            mine = {step: tuple(each for each in some if each.version == tour.version) for step, some in seen.items()}
            found.append(Round(tour, begins, ends, {step: some for step, some in mine.items() if some}))
    return found


def _spans(tour: Tour, since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """Beginning and end of the rounds that begin in a time and not before this version was in force."""
    within = tour.schedule.within_min * MINUTE
    day = since.astimezone(zone).date() - DAY
    last = until.astimezone(zone).date() + DAY
    starts: list[datetime] = []
    while day <= last:
        starts += tour.schedule.beginnings(day, zone)
        day += DAY
    for number, begins in enumerate(starts):
        following = starts[number + 1] if number + 1 < len(starts) else begins + within
        if max(since, tour.at) <= begins < until:
            yield begins, min(begins + within, following)
