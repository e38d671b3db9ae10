"""Rosters: who answers for an area when, as ranges, and when nobody does. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from alerts.dispatch.grid import Grid, Responsible
from alerts.language.places import places_of
from config.community import Community

MOST_DAYS = 62
"""The longest time of which a roster is made at once."""
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which the same people answer.

    Attributes:
        since: Its beginning.
        until: Its end, not included.
        own: Who answers for the area itself; None when nobody does.
        on_call: Who else of the area is on call.
        answering: Who is asked: of the area, or of the nearest above it; None when nobody up to the town is.
    """

    since: datetime
    until: datetime
    own: Responsible | None
    on_call: tuple[str, ...]
    answering: Responsible | None


def roster(grid: Grid, area: str, since: datetime, until: datetime) -> list[Span]:
    """The ranges of an area, without a gap between them.

    Args:
        grid: The duties.
        area: Its id.
        since: The beginning.
        until: The end, not included.
    """
    spans: list[Span] = []
    for begin, end in _pieces(grid, area, since, until):
        asked = list(grid.asked(area, begin))
        own = asked[0] if asked else None
        on_call = tuple(account for each in asked[1:] for account in each.accounts)
        found = Span(begin, end, own, on_call, grid.answering(area, begin))
        if spans and (spans[-1].own, spans[-1].on_call, spans[-1].answering) == (own, on_call, found.answering):
            spans[-1] = Span(spans[-1].since, end, own, on_call, found.answering)
        else:
            spans.append(found)
    return spans


def gaps(grid: Grid, area: str, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """When nobody up to the town answers for an area."""
    return [(span.since, span.until) for span in roster(grid, area, since, until) if span.answering is None]


def uncovered(community: Community, since: datetime, *, days: int = 28) -> tuple[str, ...]:
    """Where and when nobody up to the town is on duty or on call, in words, areas with the same hours together.

    Args:
        community: Without duties nothing is said: who has none does not send people by the hub.
        since: From when on.
        days: How far it is looked ahead.
    """
    if not community.duties:
        return ()
    places = places_of(community)
    grid, until = Grid(places, community.duties), since + timedelta(days=days)
    alike: dict[tuple[tuple[datetime, datetime], ...], list[str]] = defaultdict(list)
    for area in sorted(places.areas):
        if found := gaps(grid, area, since, until):
            alike[tuple(found)].append(area)
    return tuple(_told(areas, found, community, days) for found, areas in alike.items())


def _told(areas: list[str], found: tuple[tuple[datetime, datetime], ...], community: Community, days: int) -> str:
    zone = places_of(community).almanac.zone
    hours = sum((end - begin).total_seconds() for begin, end in found) / 3600
    first, last = (moment.astimezone(zone).strftime("%a %Y-%m-%d %H:%M") for moment in found[0])
    named = ", ".join(areas[:_NAMED]) + (f" and {len(areas) - _NAMED} more" if len(areas) > _NAMED else "")
    return (
        f"nobody up to the town is on duty for {named} in {hours:.0f} of the next {days * 24} hours, "
        f"first from {first} to {last}"
    )


def _pieces(grid: Grid, area: str, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    marks = [since, *grid.changes(area, since, until), until]
    for begin, end in pairwise(marks):
        if begin < end:
            yield begin, end
