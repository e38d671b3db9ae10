"""Calendars: named days that rules may ask for, as they are written in community.yaml.

    calendars:
      holiday: [2026-10-01/2026-10-07]
      workday: [2026-10-10]
      market: [2026-10-05, 2026-10-15]

A calendar is a list of days. Which of them is `workday` and `holiday` has a meaning of its own for rules
(hub/calendar.py); here they are names like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from config.says import says, write

LONGEST_DAYS = 366
"""One entry spans a year at most: a longer one is a slip in the year."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_WRITE = says("a day as 2026-10-01, or 2026-10-01/2026-10-07", "日期，如 2026-10-01 或 2026-10-01/2026-10-07")


def parse_days(entry: str) -> tuple[date, date]:
    """The first and the last day of an entry.

    Raises:
        ValueError: It is none; says how to write it.
    """
    first, slash, last = entry.partition("/")
    ends = [_day(first), _day(last if slash else first)]
    if ends[1] < ends[0]:
        raise ValueError(
            says(
                "{entry} ends before it begins; write the earlier day first",
                "{entry} 结束早于开始；请把早的日期写在前面",
                entry=entry,
            )
        )
    if (ends[1] - ends[0]).days >= LONGEST_DAYS:
        raise ValueError(
            says(
                "{entry} is longer than a year; write one entry for each year",
                "{entry} 超过一年；请每年写一条",
                entry=entry,
            )
        )
    return ends[0], ends[1]


def _day(text: str) -> date:
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError(says("{text} is no day of the calendar", "{text} 不是真实的日期", text=text)) from None
    raise ValueError(says("write {form}", "请写{form}", form=_WRITE))


def _checked(entry: str) -> str:
    parse_days(entry)
    return entry


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(
            says(
                "a calendar is called by lower-case letters, digits, dots, dashes and underscores",
                "日历的名称只能用小写字母、数字、点、短横和下划线",
            )
        )
    return name


CalendarName = Annotated[str, AfterValidator(_named)]
"""What rules call a calendar."""

CalendarDays = Annotated[
    str, AfterValidator(_checked), Field(max_length=32, json_schema_extra=write(_WRITE, _WRITE.zh))
]
"""A day, or the first and the last of several."""


def days_of(entries: Iterable[str]) -> frozenset[date]:
    """All days of a calendar."""
    found: set[date] = set()
    for entry in entries:
        first, last = parse_days(entry)
        found.update(first + timedelta(days=number) for number in range((last - first).days + 1))
    return frozenset(found)


class Dates(BaseModel):
    """What hours and days go by in one place: its time zone, and its calendars."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timezone: str
    calendars: dict[CalendarName, tuple[CalendarDays, ...]] = {}
