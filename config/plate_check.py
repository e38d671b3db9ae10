"""What lists of number plates must fulfil beyond their shape: days that belong together, nobody twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from config.messages import Problem
from config.paths import shown
from config.plates import PlateList

LONGEST_DAYS = 366
"""The longest that a watch or visitor list may hold before somebody has to decide anew."""


def plate_problems(lists: Sequence[PlateList]) -> Iterator[Problem]:
    """What is not acceptable in the lists, which only together with the dates beside can be told."""
    for number, one in enumerate(lists):
        place = ("plate_lists", number)
        if one.since is not None and one.until is not None and one.until < one.since:
            yield Problem((*place, "until"), f"lies before `since`, {one.since}; write a later day")
            continue
        if one.kind != "resident":
            for name in ("since", "until"):
                if getattr(one, name) is None:
                    yield Problem((*place, name), f"missing; a {one.kind} list needs its days", absent=True)
            if one.since is not None and one.until is not None and one.until - one.since >= timedelta(LONGEST_DAYS):
                last = one.since + timedelta(LONGEST_DAYS - 1)
                yield Problem((*place, "until"), f"is more than a year after `since`; write {last} or earlier")
        seen: dict[str, int] = {}
        for index, plate in enumerate(one.plates):
            if seen.setdefault(plate, index) != index:
                yield Problem((*place, "plates", index), f"{shown(plate)} stands twice, first in plates[{seen[plate]}]")
