"""Rosters: who answers for an area when, as ranges, and when nobody does. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from alerts.grid import Grid, Responsible

MOST_DAYS = 62


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


def _pieces(grid: Grid, area: str, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    marks = [since, *grid.changes(area, since, until), until]
    for begin, end in pairwise(marks):
        if begin < end:
            yield begin, end
