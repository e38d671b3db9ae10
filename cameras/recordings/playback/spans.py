"""Spans: which fragments of which segments are shown from one moment to another. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cameras.recordings.media import Mark, Segment


@dataclass(frozen=True, slots=True)
class Run:
    """Fragments of one segment, one behind the other, of which the first begins with a key picture.

    Attributes:
        segment: Of which.
        marks: At least one.
    """

    segment: Segment
    marks: tuple[Mark, ...]

    @property
    def began(self) -> datetime:
        """When its first picture was taken."""
        return self.segment.head.began + timedelta(milliseconds=self.marks[0].at_ms)

    @property
    def duration_ms(self) -> int:
        """From its first picture to the end of its last."""
        last = self.marks[-1]
        return last.at_ms + last.duration_ms - self.marks[0].at_ms

    @property
    def ended(self) -> datetime:
        """When its last picture ended."""
        return self.began + timedelta(milliseconds=self.duration_ms)


def runs_of(segments: Iterable[Segment], start: datetime, end: datetime) -> list[Run]:
    """What has to be read to show a span, in the order of time.

    The first run begins with the last key picture not after `start`, so that nothing asked for is missing; the last
    ends with the fragment in which `end` lies. A segment of which nothing falls into the span gives no run.
    """
    return [
        Run(segment, marks)
        for segment in sorted(segments, key=lambda each: each.head.began)
        if (marks := _marks(segment, _ms(start - segment.head.began), _ms(end - segment.head.began)))
    ]


def groups_of(marks: Sequence[Mark], *, at_least_ms: int) -> Iterator[Sequence[Mark]]:
    """The marks cut where playing can begin, in parts of at least that length; the last may be shorter."""
    first = 0
    for place in range(1, len(marks)):
        if marks[place].is_key and marks[place].at_ms - marks[first].at_ms >= at_least_ms:
            yield marks[first:place]
            first = place
    if marks:
        yield marks[first:]


def _marks(segment: Segment, start_ms: int, end_ms: int) -> tuple[Mark, ...]:
    marks = segment.marks
    if not marks or start_ms >= segment.duration_ms or end_ms <= marks[0].at_ms:
        return ()
    last = bisect_left(marks, end_ms, key=lambda mark: mark.at_ms)
    first = max(0, bisect_right(marks, start_ms, key=lambda mark: mark.at_ms) - 1)
    while first > 0 and not marks[first].is_key:
        first -= 1
    while first < last and not marks[first].is_key:  # nothing before it: what cannot be decoded is no picture
        first += 1
    return marks[first:last]


def _ms(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
