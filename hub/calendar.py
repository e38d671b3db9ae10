"""Calendar: hours and days of rules, rosters and zones, in the community's time zone. Pure; time and days are given.

    only: {between: "22:00-06:00", days: [fri, sat]}
    except: [{calendar: holiday}, {days: [sun], between: "06:00-09:00"}]

A window that goes over midnight belongs to the day on which it begins: Friday 22:00-06:00 ends on Saturday morning.
Hours are those of the clock on the wall. When the clocks change, an hour that is there twice counts twice and one that
is skipped does not count; `counted_us` and `Window.holds` agree on every microsecond of it.

A calendar that nobody wrote down makes the answer unknown, never false: nothing is withheld for want of it. Whether a
place is armed is no matter of time: who asks says it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date
from itertools import pairwise
from types import MappingProxyType
from zoneinfo import ZoneInfo

from config.calendars import Dates, days_of
from config.hours import DAYS, HoursSpec, parse_between
from hub.events import from_us

WORKDAY, HOLIDAY = "workday", "holiday"
"""Monday to Friday without the days in `holiday`, and the days in `workday` besides: those worked in exchange."""

_MINUTE_US = 60_000_000
_HOUR_US = 60 * _MINUTE_US
_DAY_US = 24 * _HOUR_US
_EPOCH = date(1970, 1, 1).toordinal()
_FRIDAY = 4
_ZH_DAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


@dataclass(frozen=True, slots=True)
class Almanac:
    """What a day is, in one community.

    Attributes:
        zone: Its time zone.
        calendars: Days by the name of their calendar.
    """

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    calendars: Mapping[str, frozenset[date]] = field(default_factory=lambda: MappingProxyType({}))

    def has(self, name: str, day: date) -> bool | None:
        """Whether a day is in a calendar; None when there is no such calendar."""
        listed = self.calendars.get(name)
        if name == WORKDAY:
            if listed is not None and day in listed:
                return True
            return day.weekday() <= _FRIDAY and day not in self.calendars.get(HOLIDAY, frozenset())
        return None if listed is None else day in listed


def almanac_of(dates: Dates) -> Almanac:
    """Time zone and calendars of a Community."""
    return Almanac(
        zone=ZoneInfo(dates.timezone),
        calendars={name: days_of(entries) for name, entries in dates.calendars.items()},
    )


@dataclass(frozen=True, slots=True)
class Window:
    """Hours and days in one community; holds when one of `hours` does.

    Attributes:
        hours: As they were written.
        almanac: Where.
    """

    hours: tuple[HoursSpec, ...]
    almanac: Almanac

    @property
    def asks_armed(self) -> bool:
        """Whether the answer depends on whether a place is armed."""
        return any(each.armed is not None for each in self.hours)

    def holds(self, at_us: int, *, armed: bool = False) -> bool | None:
        """Whether it holds at a time in a place that is armed or not; None when a calendar is asked for that is not."""
        return self._at(at_us + _offset_us(self.almanac.zone, at_us), armed=armed)

    def next_change_us(self, after_us: int) -> int | None:
        """The next time at which the answer may be another, at most a day away; None when time changes nothing."""
        if all(each.timeless for each in self.hours):
            return None
        spans = _spans(self.almanac.zone, after_us, after_us + _DAY_US + _HOUR_US)
        _, turn_us, _ = first = next(spans)
        return min([turn_us, *self._marks(*first)])

    def words(self, language: str) -> str:
        """What is written, for people, in `zh` or `en`."""
        return (" 或 " if language == "zh" else " or ").join(_words(each, language) for each in self.hours)

    def _marks(self, from_us: int, to_us: int, offset_us: int) -> list[int]:
        """The times within a span of one offset at which the answer may change, in order."""
        times = {0}
        for each in self.hours:
            if each.between is not None:
                times.update(minute * _MINUTE_US for minute in parse_between(each.between))
        first, last = (from_us + offset_us) // _DAY_US, (to_us + offset_us) // _DAY_US
        marks = (day * _DAY_US + time - offset_us for day in range(first, last + 1) for time in sorted(times))
        return [mark for mark in marks if from_us < mark < to_us]

    def _at(self, local_us: int, *, armed: bool = False) -> bool | None:
        answers = {self._one(each, local_us) for each in self.hours if each.armed is None or each.armed is armed}
        return True if True in answers else None if None in answers else False

    def _one(self, hours: HoursSpec, local_us: int) -> bool | None:
        day, time_us = divmod(local_us, _DAY_US)
        if hours.between is not None:
            begin, end = (minute * _MINUTE_US for minute in parse_between(hours.between))
            if begin < end and not begin <= time_us < end:
                return False
            if begin > end:
                if end <= time_us < begin:
                    return False
                day -= 1 if time_us < end else 0
        begun = date.fromordinal(_EPOCH + day)
        if hours.days and DAYS[begun.weekday()] not in hours.days:
            return False
        if not hours.calendar:
            return True
        answers = {self.almanac.has(name, begun) for name in hours.calendar}
        return True if True in answers else None if None in answers else False


def counted_us(window: Window, from_us: int, to_us: int) -> int:
    """How much of a time lies within a window.

    Args:
        window: Where its answer is unknown, the time counts.
        from_us: Its beginning, microseconds since 1970.
        to_us: Its end.

    Returns:
        Microseconds; 0 when the end is not after the beginning.
    """
    counted = 0
    for begin_us, end_us, offset_us in _spans(window.almanac.zone, from_us, to_us):
        times = [begin_us, *window._marks(begin_us, end_us, offset_us), end_us]  # noqa: SLF001 - one module
        counted += sum(
            until_us - since_us
            for since_us, until_us in pairwise(times)
            if window._at(since_us + offset_us) is not False  # noqa: SLF001
        )
    return counted


def _offset_us(zone: ZoneInfo, at_us: int) -> int:
    offset = from_us(at_us).astimezone(UTC).astimezone(zone).utcoffset()
    assert offset is not None
    return round(offset.total_seconds() * 1_000_000)


def _spans(zone: ZoneInfo, from_us: int, to_us: int) -> Iterator[tuple[int, int, int]]:
    """The time in pieces in which the clocks do not change: beginning, end, offset to UTC."""
    at_us = from_us
    while at_us < to_us:
        offset_us = _offset_us(zone, at_us)
        end_us = at_us
        while end_us < to_us:
            step_us = min(end_us + _DAY_US, to_us)
            if _offset_us(zone, step_us) != offset_us:
                low_us = end_us  # the clocks change between low (not yet) and step (already)
                while step_us - low_us > 1:
                    middle_us = (low_us + step_us) // 2
                    if _offset_us(zone, middle_us) == offset_us:
                        low_us = middle_us
                    else:
                        step_us = middle_us
                end_us = step_us
                break
            end_us = step_us
        yield at_us, end_us, offset_us
        at_us = end_us


def _words(hours: HoursSpec, language: str) -> str:
    names = [_ZH_DAYS[DAYS.index(day)] for day in hours.days] if language == "zh" else list(hours.days)
    parts = [*names, *hours.calendar, *((hours.between,) if hours.between else ())]
    if hours.armed is not None:
        zh, en = ("布防时", "while armed") if hours.armed else ("未布防时", "while not armed")
        parts.append(zh if language == "zh" else en)
    return " ".join(parts)
