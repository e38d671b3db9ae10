"""Lists of number plates that are compared with what cameras read: a part of community.yaml.

    plate_lists:
    - {id: stolen, kind: watch, owner: Officer Wang 013370, reason: "Notice 2026-117 of the county's police",
       since: 2026-11-01, until: 2026-12-31, plates: [京A12345]}
    - {id: ours, kind: resident, owner: Village committee, reason: Agreed by the households, plates: [豫ERU586]}

A list says who answers for it, on what ground, and until when; after its end it is compared with nothing. Who put a
plate there, when and why stands in the Community's revisions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from config.says import write
from config.terms import Id, Part

_BETWEEN = re.compile(r"[^0-9A-Za-z\u4e00-\u9fff]+")
_SHAPE = re.compile(r"[0-9A-Z\u4e00-\u9fff]{6,9}")


def _written(value: object) -> object:
    """As readers give it: upper case, without points, blanks and dashes."""
    return _BETWEEN.sub("", value).upper() if isinstance(value, str) else value


Plate = Annotated[
    str, BeforeValidator(_written), Field(pattern=_SHAPE.pattern, json_schema_extra=write("京A12345", "京A12345"))
]
"""The characters of a plate; points, blanks and dashes do not count."""

Words = Annotated[
    str,
    Field(
        min_length=1, max_length=400, pattern=r"\S", json_schema_extra=write("who, or on what ground", "谁，或什么依据")
    ),
]
Day = Annotated[date, Field(json_schema_extra=write("a day as 2026-12-31", "日期，如 2026-12-31"))]


class PlateList(Part):
    """Vehicles that are looked for, or that belong here."""

    id: Id
    kind: Literal["watch", "resident", "visitor"]
    """`watch` is looked for and told; `resident` and `visitor` belong here and are not told."""
    owner: Words
    """Who answers for the list."""
    reason: Words
    """The legal basis, or who agreed."""
    since: Day | None = None
    """The first day; None: from now on."""
    until: Day | None = None
    """The last day."""
    plates: Annotated[tuple[Plate, ...], Field(max_length=5000)] = ()


class HeldPlates(Part):
    """A list as it goes to those who compare: its days are moments."""

    id: str
    kind: Literal["watch", "resident", "visitor"]
    owner: str
    reason: str
    begins: datetime | None = None
    ends: datetime | None = None
    """Not included."""
    plates: frozenset[str] = frozenset()

    def holds(self, at: datetime) -> bool:
        """Whether it is to be compared with at a moment."""
        return (self.begins is None or self.begins <= at) and not self.is_over(at)

    def is_over(self, at: datetime) -> bool:
        """Whether its last day is past."""
        return self.ends is not None and at >= self.ends


def held(lists: Sequence[PlateList], timezone: str) -> tuple[HeldPlates, ...]:
    """The lists with the moments at which their days begin and end in `timezone`."""
    zone = ZoneInfo(timezone)

    def moment(day: date) -> datetime:
        return datetime.combine(day, time(), zone).astimezone(UTC)

    return tuple(
        HeldPlates(
            id=one.id,
            kind=one.kind,
            owner=one.owner,
            reason=one.reason,
            begins=None if one.since is None else moment(one.since),
            ends=None if one.until is None else moment(one.until + timedelta(days=1)),
            plates=frozenset(one.plates),
        )
        for one in lists
    )
