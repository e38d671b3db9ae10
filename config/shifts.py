"""Shifts of the monitoring room: what a shift report is about; a part of community.yaml.

    shifts:
      - {name: 白班, between: "08:00-20:00"}
      - {name: 夜班, between: "20:00-08:00"}

Local time of the site. A shift over midnight belongs to the day on which it begins.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from config.hours import parse_between
from config.says import write


def _checked(text: str) -> str:
    parse_between(text)
    return text


class Shift(BaseModel):
    """A stretch of every day for which somebody answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=40)]
    """What it is called, in the language of the room."""
    between: Annotated[
        str,
        AfterValidator(_checked),
        Field(json_schema_extra=write("two times as 22:00-06:00", "两个时刻，如 22:00-06:00")),
    ]
    """When it begins and ends."""

    def __str__(self) -> str:
        return f"{self.name} {self.between}"

    def on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """When the shift that begins on this day begins and ends."""
        begins, ends = (timedelta(minutes=each) for each in parse_between(self.between))
        midnight = datetime.combine(day, time(), zone)
        return midnight + begins, midnight + (ends if ends > begins else ends + timedelta(days=1))


THREE_SHIFTS = (
    Shift(name="night", between="00:00-08:00"),
    Shift(name="day", between="08:00-16:00"),
    Shift(name="evening", between="16:00-24:00"),
)
"""What a site starts with."""
