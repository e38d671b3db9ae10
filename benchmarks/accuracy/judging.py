"""Judging: what was told of clips, against their labels. Pure: no video, no clock.

Something is found when it was told within a labelled span (a second of grace before, `after_s` after it), or stood when
the span began. It is false when it was told at a time that belongs to no such span and to none that is set aside.
Seconds count from the first moment of the span.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks.accuracy.labels import Clip, Span
from benchmarks.accuracy.subjects import Subject

BEFORE_S: Final = 1.0
"""Labels are written by eye: what is told so shortly before one belongs to it."""


@dataclass(frozen=True, slots=True)
class Told:
    """One stretch of time for which something was told.

    Attributes:
        kind: Kind of Event or alert.
        at_s: When it began, from the beginning of the clip.
        until_s: When it was over; None when it stood to the end.
        level: Colour of an alert; empty for an Event.
        text: What was said, or the numbers that spoke for it.
    """

    kind: str
    at_s: float
    until_s: float | None = None
    level: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """What was told of one clip.

    Attributes:
        clip: Which.
        video_s: Its length.
        told: Everything, in the order of time.
    """

    clip: Clip
    video_s: float
    told: Sequence[Told]


@dataclass(frozen=True, slots=True)
class Finding:
    """One labelled span.

    Attributes:
        clip: Name of the clip.
        span: Which part of it.
        delay_s: Seconds from its beginning until it was told; None when it was not.
    """

    clip: str
    span: Span
    delay_s: float | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """One row of the table.

    Attributes:
        findings: Every labelled span.
        false: Clip and time of everything that was told where nothing was.
        clear_s: How long all stretches are in which it must not be told.
    """

    findings: tuple[Finding, ...]
    false: tuple[tuple[str, Told], ...]
    clear_s: float

    @property
    def delays_s(self) -> tuple[float, ...]:
        """Seconds until it was told, of what was found."""
        return tuple(one.delay_s for one in self.findings if one.delay_s is not None)

    @property
    def clips(self) -> tuple[int, int]:
        """In how many clips everything was found, and how many have it."""
        all_of: dict[str, bool] = {}
        for one in self.findings:
            all_of[one.clip] = all_of.get(one.clip, True) and one.delay_s is not None
        return sum(all_of.values()), len(all_of)

    @property
    def missed(self) -> tuple[Finding, ...]:
        """What was not told."""
        return tuple(one for one in self.findings if one.delay_s is None)

    @property
    def median_s(self) -> float:
        """Of the delays; what was missed counts as endless. NaN when there is nothing to be found."""
        delays = [math.inf if one.delay_s is None else one.delay_s for one in self.findings]
        return median(delays) if delays else math.nan

    @property
    def worst_s(self) -> float:
        """The longest delay of what was found; NaN when nothing was."""
        return max(self.delays_s, default=math.nan)

    @property
    def false_per_hour(self) -> float:
        """NaN when there was no time to be wrong in."""
        return len(self.false) / self.clear_s * 3600 if self.clear_s > 0 else math.nan


def judge(watched: Iterable[Watched], subject: Subject, kinds: frozenset[str]) -> Judgement:
    """Judge one subject by what was told with some kinds of Event or alert."""
    findings: list[Finding] = []
    false: list[tuple[str, Told]] = []
    clear_s = 0.0
    for each in watched:
        spans = each.clip.of(subject.labels)
        aside = each.clip.of(subject.aside)
        told = [one for one in each.told if one.kind in kinds]
        findings += [Finding(each.clip.name, span, _delay(span, told, subject.after_s)) for span in spans]
        false += [
            (each.clip.name, one)
            for one in told
            if not any(_within(one.at_s, span, subject.after_s) for span in (*spans, *aside))
        ]
        clear_s += max(0.0, each.video_s - _covered_s((*spans, *aside), each.video_s))
    return Judgement(tuple(findings), tuple(false), clear_s)


def _within(at_s: float, span: Span, after_s: float) -> bool:
    return span.start_s - BEFORE_S <= at_s <= span.end_s + after_s


def _delay(span: Span, told: Iterable[Told], after_s: float) -> float | None:
    """Seconds from the beginning of a span to the first that was told of it."""
    stood = any(one.at_s < span.start_s < (math.inf if one.until_s is None else one.until_s) for one in told)
    if stood:
        return 0.0
    times = [one.at_s for one in told if _within(one.at_s, span, after_s)]
    return max(0.0, min(times) - span.start_s) if times else None


def _covered_s(spans: Iterable[Span], until_s: float) -> float:
    """How long spans are together; what lies in two of them counts once."""
    total_s = reached_s = 0.0
    for span in sorted(spans):
        start_s, end_s = max(span.start_s, reached_s), min(span.end_s, until_s)
        if end_s > start_s:
            total_s += end_s - start_s
            reached_s = end_s
    return total_s
