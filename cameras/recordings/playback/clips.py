"""Clips: a span of a stream as one MP4 file, joined over the borders of segments without touching a picture.

The first picture is the last key picture not after the asked start. Where nothing was recorded nothing is shown: what
comes after a gap follows on at once, and `Clip.taken`, written into the file too, says what was taken when. A file has
one form from beginning to end, so a span in which the form changes is refused with the spans that can be had.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from uuid import UUID

from cameras.errors import FormatChangesError, NothingRecordedError
from cameras.recordings.media import VIDEO_TICKS, Format, Mark, Segment
from cameras.recordings.mp4.boxes import box, full_box
from cameras.recordings.mp4.fragments import begins_ms
from cameras.recordings.mp4.header import VIDEO_TRACK, init_bytes, without_sound
from cameras.recordings.playback.assembly import Assembly, Move, Part, bytes_of
from cameras.recordings.playback.spans import Run, groups_of, runs_of
from hub.events import time_to_text

FileOf = Callable[[Segment], Path]
"""Where the file of a segment is; raises MediaGoneError for one that cannot be reached."""

CLIP_UUID = UUID("6b1d9c0e-5a1c-4a6f-9f57-0f3f5c1f2a04").bytes
"""Marks the box in a clip that says what was taken when (ISO/IEC 14496-12, `uuid`)."""

_MOST_REFERENCES = 0xFFFF  # in an index (`sidx`)
_SAP_FIRST = 0x90000000  # begins with a picture that can be decoded alone (starts_with_SAP, SAP_type 1)
_TICKS_PER_MS = VIDEO_TICKS // 1000


@dataclass(frozen=True, slots=True)
class Taken:
    """A stretch of a clip without a gap.

    Attributes:
        at_ms: Where its first picture is shown in the clip.
        began: When that was taken, UTC.
        duration_ms: How long it is.
        segment: Id of the segment.
    """

    at_ms: int
    began: datetime
    duration_ms: int
    segment: str


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that can be read.

    Attributes:
        file: Its bytes.
        taken: What was taken when.
    """

    file: Assembly
    taken: tuple[Taken, ...]

    @property
    def duration_ms(self) -> int:
        """How long it plays."""
        return self.taken[-1].at_ms + self.taken[-1].duration_ms


def clip_of(segments: Sequence[Segment], file_of: FileOf, start: datetime, end: datetime) -> Clip:
    """The clip of a span.

    Args:
        segments: Those of one stream that touch the span.
        file_of: Where their files are.
        start: From when; the first picture is not later, where there is one.
        end: Up to when.

    Raises:
        NothingRecordedError: Nothing was recorded then.
        FormatChangesError: The form changes.
        MediaGoneError: A file is not there any more.
        DamagedFileError: A file does not hold what it should.
    """
    runs = runs_of(segments, start, end)
    if not runs:
        raise NothingRecordedError("nothing was recorded then")
    alike = [list(same) for _, same in groupby(runs, key=lambda run: run.segment.form)]
    if len(alike) > 1:
        raise FormatChangesError(tuple((max(start, same[0].began), min(end, same[-1].ended)) for same in alike))
    parts, taken, sequence = [], [], 1
    # Sound may begin before its picture; then the picture comes that much later.
    first = runs[0]
    at_ms = first.marks[0].at_ms - begins_ms(bytes_of(file_of(first.segment), first.marks[0]), first.segment.form)
    for run in runs:
        move = Move(run.segment.form, at_ms - run.marks[0].at_ms, sequence)
        parts.append(Part(file_of(run.segment), run.marks, move=move))
        taken.append(Taken(at_ms, run.began, run.duration_ms, run.segment.head.id))
        at_ms += run.duration_ms
        sequence += len(run.marks)
    head = init_bytes(first.segment.form, None, duration_ms=at_ms) + _words(first.segment, taken) + _index(runs, taken)
    return Clip(Assembly(head, parts, name="clip"), tuple(taken))


def playable(run: Run, path: Path, *, sound: bool = True) -> Assembly:
    """The fragments of a run behind what is needed to play them, at their times in the segment.

    Args:
        run: Which.
        path: Of the segment's file.
        sound: Whether its sound is in it.
    """
    silent = not sound and run.segment.form.sound is not None
    head = init_of(run.segment.form, sound=sound)
    return Assembly(head, [Part(path, run.marks, silent=silent)], name=run.segment.head.id)


def init_of(form: Format, *, sound: bool) -> bytes:
    """What stands before the fragments in `playable`."""
    return init_bytes(form if sound else without_sound(form), None)


def _index(runs: Sequence[Run], taken: Sequence[Taken]) -> bytes:
    """By which players know the length and seek; of a very long clip with fewer places to seek to."""
    at_least_ms = 0
    groups: list[Sequence[Mark]] = []
    begins: list[int] = []
    while not groups or len(groups) > _MOST_REFERENCES:
        groups.clear()
        begins.clear()
        for run, each in zip(runs, taken, strict=True):
            own = list(groups_of(run.marks, at_least_ms=at_least_ms))
            groups += own
            begins += [each.at_ms + group[0].at_ms - run.marks[0].at_ms for group in own]
        at_least_ms = 2 * at_least_ms + 1000
    ends = [*begins[1:], taken[-1].at_ms + taken[-1].duration_ms]
    references = b"".join(
        struct.pack(">III", sum(mark.size_bytes for mark in group), (end - begin) * _TICKS_PER_MS, _SAP_FIRST)
        for group, begin, end in zip(groups, begins, ends, strict=True)
    )
    head = struct.pack(">IIQQHH", VIDEO_TRACK, VIDEO_TICKS, begins[0] * _TICKS_PER_MS, 0, 0, len(groups))
    return full_box(b"sidx", 1 << 24, head, references)


def _words(segment: Segment, taken: Sequence[Taken]) -> bytes:
    """Which camera this is and what was taken when, as JSON in a box that players skip."""
    head = segment.head
    body = {
        "version": 1,
        "site": head.site,
        "camera": head.camera,
        "stream": head.stream.value,
        "taken": [
            {
                "at_ms": each.at_ms,
                "began": time_to_text(each.began),
                "ended": time_to_text(each.began + timedelta(milliseconds=each.duration_ms)),
                "segment": each.segment,
            }
            for each in taken
        ],
    }
    return box(b"uuid", CLIP_UUID, json.dumps(body, separators=(",", ":")).encode())
