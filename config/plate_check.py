"""What lists of number plates must fulfil beyond their shape: days that belong together, nobody twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from config.messages import Problem
from config.paths import shown
from config.plates import PlateList
from config.says import says

LONGEST_DAYS = 366
"""The longest that a watch or visitor list may hold before somebody has to decide anew."""


def plate_problems(lists: Sequence[PlateList]) -> Iterator[Problem]:
    """What is not acceptable in the lists, which only together with the dates beside can be told."""
    for number, one in enumerate(lists):
        place = ("plate_lists", number)
        if one.since is not None and one.until is not None and one.until < one.since:
            yield Problem(
                (*place, "until"),
                says(
                    "lies before `since`, {since}; write a later day",
                    "早于 `since`（{since}）；请写更晚的日子",
                    since=one.since,
                ),
            )
            continue
        if one.kind != "resident":
            for name in ("since", "until"):
                if getattr(one, name) is None:
                    yield Problem(
                        (*place, name),
                        says("missing; a {kind} list needs its days", "缺少；{kind} 名单要有起止日期", kind=one.kind),
                        absent=True,
                    )
            if one.since is not None and one.until is not None and one.until - one.since >= timedelta(LONGEST_DAYS):
                last = one.since + timedelta(LONGEST_DAYS - 1)
                yield Problem(
                    (*place, "until"),
                    says(
                        "is more than a year after `since`; write {last} or earlier",
                        "比 `since` 晚一年以上；请写 {last} 或更早",
                        last=last,
                    ),
                )
        seen: dict[str, int] = {}
        for index, plate in enumerate(one.plates):
            if seen.setdefault(plate, index) != index:
                yield Problem(
                    (*place, "plates", index),
                    says(
                        "{plate} stands twice, first in plates[{first}]",
                        "{plate} 写了两次，第一次在 plates[{first}]",
                        plate=shown(plate),
                        first=seen[plate],
                    ),
                )
