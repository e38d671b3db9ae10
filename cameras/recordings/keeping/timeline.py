"""Timeline: what is recorded and what is missing, as a bar for a day or a month shows it.

Nobody writes gaps down: they are what lies between segments, and their reason is why the next segment had to begin.
Two things are known better afterwards: that a worker was killed (the segment before was never closed), and that
something was recorded and is no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cameras.recordings.media import Because
from hub.events import from_us, to_us

SEAM_MS = 1_000
"""Less than this between two segments is no gap: one picture follows the other at its own pace."""
_ROLLED_SEAM_MS = 10_000
"""So far apart are two that follow on each other at most, by a clock that drifted."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """When one segment was recorded, milliseconds since 1970.

    Attributes:
        began_ms: When it began.
        ended_ms: Where its last fragment ends.
        because: Why it begins.
        is_open: Whether it still grows.
        was_closed: Whether its worker closed it; False of one that was found torn.
        size_bytes: Of its file.
    """

    began_ms: int
    ended_ms: int
    because: Because
    is_open: bool
    was_closed: bool
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Removed:
    """What was recorded and is no more, milliseconds since 1970."""

    began_ms: int
    ended_ms: int
    because: Because


@dataclass(frozen=True, slots=True)
class Range:
    """A time in which there is a recording, but for gaps shorter than the resolution.

    Attributes:
        start: From when.
        end: Until when.
        missing_s: Seconds within it that are not recorded.
        size_bytes: Of all segments that begin in it.
        is_open: Whether it still grows.
    """

    start: datetime
    end: datetime
    missing_s: float
    size_bytes: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without a recording, between or after some.

    Attributes:
        start: From when.
        end: Until when.
        because: Why.
        lasts: Whether nothing was recorded since.
    """

    start: datetime
    end: datetime
    because: Because
    lasts: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """What there is and what is missing between two times, oldest first."""

    ranges: tuple[Range, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class _Hole:
    began_ms: int
    ended_ms: int
    because: Because
    lasts: bool = False


def timeline(
    stretches: Sequence[Stretch],
    removed: Sequence[Removed],
    *,
    start: datetime,
    end: datetime,
    resolution_s: float,
) -> Timeline:
    """The timeline between two times.

    Args:
        stretches: By their beginnings; with the last one before `start` and the first one after `end`, if there are.
        removed: By their beginnings.
        start: From when on; nothing before it is told.
        end: Until when.
        resolution_s: Gaps shorter than this are part of a range, which says how much is missing in it.
    """
    first, last = to_us(start) // 1000, to_us(end) // 1000
    holes = _holes(stretches, last)
    gone = [_Hole(one.began_ms, one.ended_ms, one.because) for one in removed]
    holes = [rest for hole in holes for rest in _without(hole, gone)]
    holes += [
        rest
        for hole in gone
        for rest in _without(hole, [_Hole(s.began_ms, s.ended_ms, s.because) for s in _near(stretches, hole)])
    ]
    least = max(SEAM_MS, round(resolution_s * 1000))
    clipped = sorted(
        (
            replace(hole, began_ms=max(hole.began_ms, first), ended_ms=min(hole.ended_ms, last))
            for hole in holes
            if hole.began_ms < last and hole.ended_ms > first
        ),
        key=lambda hole: (hole.began_ms, hole.ended_ms),
    )
    gaps = tuple(
        Gap(_time(hole.began_ms), _time(hole.ended_ms), hole.because, hole.lasts)
        for hole in _together(clipped)
        if hole.ended_ms - hole.began_ms >= least
    )
    return Timeline(tuple(_ranges(stretches, first, last, least)), gaps)


def _holes(stretches: Sequence[Stretch], last: int) -> list[_Hole]:
    """What lies between segments, and after the last one until now."""
    found: list[_Hole] = []
    until, before = 0, None
    for one in stretches:
        if before is not None and one.began_ms - until >= SEAM_MS:
            because = _reason(before, one, one.began_ms - until)
            if because is not None:
                found.append(_Hole(until, one.began_ms, because))
        if one.ended_ms >= until:
            until, before = one.ended_ms, one
    if before is not None and not before.is_open and last - until >= SEAM_MS:
        found.append(_Hole(until, last, Because.UNKNOWN, lasts=True))
    return found


def _reason(before: Stretch, after: Stretch, length_ms: int) -> Because | None:
    """Why there is nothing between two segments; None where one follows on the other."""
    if after.because is Because.ROLLED:
        return None if length_ms < _ROLLED_SEAM_MS else Because.UNKNOWN
    if after.because in (Because.STARTED, Because.UNKNOWN) and not before.was_closed:
        return Because.KILLED
    return after.because


def _without(hole: _Hole, others: Iterable[_Hole]) -> list[_Hole]:
    """What of a hole is left beside `others`, which are by their beginnings."""
    left, at = [], hole.began_ms
    for other in others:
        if other.ended_ms <= at or other.began_ms >= hole.ended_ms:
            continue
        if other.began_ms > at:
            left.append(replace(hole, began_ms=at, ended_ms=other.began_ms))
        at = max(at, other.ended_ms)
    if at < hole.ended_ms:
        left.append(replace(hole, began_ms=at))
    return left


def _near(stretches: Sequence[Stretch], hole: _Hole) -> list[Stretch]:
    return [one for one in stretches if one.began_ms < hole.ended_ms and one.ended_ms > hole.began_ms]


def _together(holes: Iterable[_Hole]) -> list[_Hole]:
    """Holes that touch and have one reason, as one."""
    found: list[_Hole] = []
    for hole in holes:
        if found and found[-1].because is hole.because and hole.began_ms - found[-1].ended_ms < SEAM_MS:
            found[-1] = replace(found[-1], ended_ms=max(found[-1].ended_ms, hole.ended_ms), lasts=hole.lasts)
        else:
            found.append(hole)
    return found


def _ranges(stretches: Sequence[Stretch], first: int, last: int, least_ms: int) -> Iterable[Range]:
    began = ended = missing = size = 0
    is_open = has = False
    for one in stretches:
        start, end = max(one.began_ms, first), min(one.ended_ms, last)
        if start >= end:
            continue
        if has and start - ended < least_ms:
            apart = max(0, start - ended)
            missing += 0 if apart < SEAM_MS or _follows(one, apart) else apart
        else:
            if has:
                yield Range(_time(began), _time(ended), missing / 1000, size, is_open)
            began, ended, missing, size, has = start, start, 0, 0, True
        ended, is_open = max(ended, end), one.is_open
        size += one.size_bytes
    if has:
        yield Range(_time(began), _time(ended), missing / 1000, size, is_open)


def _follows(one: Stretch, apart_ms: int) -> bool:
    return one.because is Because.ROLLED and apart_ms < _ROLLED_SEAM_MS


def _time(ms: int) -> datetime:
    return from_us(ms * 1000)
