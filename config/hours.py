"""Hours and days as people write them, in rules, rosters and zones; hub/calendar.py says when they hold.

{between: "22:00-06:00", days: [fri, sat]}
{calendar: holiday}
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from config.says import says, write

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""As they are written, in the order of `date.weekday`."""
_BETWEEN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)|([01]\d|2[0-3]):([0-5]\d)-24:00")


def parse_between(text: str) -> tuple[int, int]:
    """Minutes from midnight at which it begins and ends.

    Raises:
        ValueError: It is no such time; says how to write it.
    """
    found = _BETWEEN.fullmatch(text)
    if found is None:
        raise ValueError(
            says(
                "write two times as 22:00-06:00, not {text}",
                "请写两个时刻，如 22:00-06:00，不是 {text}",
                text=repr(text),
            )
        )
    hours = [int(part) for part in found.groups() if part is not None]
    begin = hours[0] * 60 + hours[1]
    end = hours[2] * 60 + hours[3] if len(hours) > 2 else 24 * 60  # noqa: PLR2004 - the second time is 24:00
    if begin == end:
        raise ValueError(
            says(
                "{text} is empty; leave `between` out for the whole day",
                "{text} 没有长度；全天请删去 `between`",
                text=text,
            )
        )
    return begin, end


def _checked(text: str) -> str:
    parse_between(text)
    return text


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class HoursSpec(BaseModel):
    """Hours and days as they are written; everything named must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    between: (
        Annotated[
            str,
            AfterValidator(_checked),
            Field(json_schema_extra=write("two times as 22:00-06:00", "两个时刻，如 22:00-06:00")),
        ]
        | None
    ) = None
    days: Annotated[tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...], BeforeValidator(_listed)] = ()
    calendar: Annotated[tuple[str, ...], BeforeValidator(_listed), Field(max_length=12)] = ()

    armed: bool | None = None
    """Whether the place is armed; None for either."""

    @model_validator(mode="after")
    def _says_something(self) -> HoursSpec:
        if self.timeless and self.armed is None:
            raise ValueError(
                says("empty; write between, days, calendar or armed", "是空的；请写 between、days、calendar 或 armed")
            )
        return self

    @property
    def timeless(self) -> bool:
        """Whether it holds at any time or at none."""
        return self.between is None and not self.days and not self.calendar


HoursList = Annotated[
    tuple[HoursSpec, ...],
    Field(
        max_length=12,
        json_schema_extra=write(
            '{between: "22:00-06:00"}, or a list of such', '{between: "22:00-06:00"}，或这样的列表'
        ),
    ),
    BeforeValidator(lambda value: (value,) if isinstance(value, dict) else value),
]
"""One mapping, or a list of which one must hold."""


def _by_the_clock(hours: tuple[HoursSpec, ...]) -> tuple[HoursSpec, ...]:
    if any(each.armed is not None for each in hours):
        raise ValueError(says("this goes by the clock; leave `armed` out", "这里按时间算；请删去 `armed`"))
    return hours


ClockHours = Annotated[HoursList, AfterValidator(_by_the_clock)]
"""Hours and days, whether or not a place is armed."""
