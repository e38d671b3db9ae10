"""Freezing: recorded spans copied into a folder, as they were recorded, and named by what they are.

A file is written under another name, hashed as it is written, synced, and only then given its name; what a kill leaves
behind is removed when the folder is opened again (`swept`). What lies there already is never written again: of a span
that was frozen in part only the rest is copied, under a name that nothing has.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from cameras.errors import FormatChangesError, MediaGoneError, NothingRecordedError
from cameras.recordings.evidence.manifest import Absence, Item
from cameras.recordings.keeping.timeline import Gap, Timeline
from cameras.recordings.media import Segment, StreamName
from cameras.recordings.playback.clips import Clip, clip_of
from hub.errors import HubError
from hub.events import time_from_text, time_to_text

PART = ".part"
MOST_BYTES = 3 * 1024**3
"""Of the clips of one incident: 100 minutes of a main stream of 4 Mbit/s. More would not fit into a plain .zip."""
_SPARE_BYTES = 512 * 1024**2
"""That evidence leaves free on its disk: a database without room stops the whole hub."""
_SEAM = timedelta(milliseconds=200)
"""Less than this is no piece worth a file of its own, nor a gap."""

_Span = tuple[datetime, datetime]
"""From and to."""


class Recorded(Protocol):
    """What this file asks of the catalogue."""

    def segments(self, camera: str, stream: StreamName, start: datetime, end: datetime) -> list[Segment]:
        """Every segment of a stream that holds something between two times."""

    def ranges(
        self, camera: str, stream: StreamName, start: datetime, end: datetime, *, resolution_s: float = 1.0
    ) -> Timeline:
        """What is recorded and what is missing."""

    def file(self, segment: Segment) -> Path | None:
        """Where a segment lies."""


@dataclass(slots=True)
class Frozen:
    """What was copied of a span, and what was not."""

    items: list[Item] = field(default_factory=list)
    gaps: list[Absence] = field(default_factory=list)
    left_out: list[Absence] = field(default_factory=list)


def reaches(recorded: Recorded, camera: str, since: datetime, until: datetime) -> bool:
    """Whether every stream of which there is something goes on to the end of a span, so that nothing more will come."""
    found = [recorded.segments(camera, stream, since, until) for stream in (StreamName.MAIN, StreamName.SUB)]
    ends = [max(map(_end, segments)) for segments in found if segments]
    return bool(ends) and min(ends) >= until - _SEAM


def freeze(
    recorded: Recorded,
    folder: Path,
    *,
    camera: str,
    since: datetime,
    until: datetime,
    have: Sequence[Item],
    most_bytes: int = MOST_BYTES,
) -> Frozen:
    """Copy what was recorded of a camera between two times: of the main stream, or of the sub stream where it is not.

    Args:
        recorded: The catalogue.
        folder: Of the incident.
        camera: Camera id.
        since: From when.
        until: To when.
        have: What lies there already.
        most_bytes: How much it may become with that.

    Raises:
        OSError: The disk would not take it, or has no room to spare.
        MediaGoneError: A recording went while it was copied; to be tried again.
        DamagedFileError: A recording does not hold what it should.
    """
    done = Frozen()
    try:
        _freeze(recorded, folder, done, camera=camera, span=(since, until), have=have, most_bytes=most_bytes)
    except (OSError, HubError):
        for item in done.items:  # it is tried again as a whole
            (folder / item.name).unlink(missing_ok=True)
        raise
    return done


def _freeze(
    recorded: Recorded,
    folder: Path,
    done: Frozen,
    *,
    camera: str,
    span: _Span,
    have: Sequence[Item],
    most_bytes: int,
) -> None:
    left_bytes = most_bytes - sum(each.size_bytes for each in have)
    taken = {each.name for each in have}
    for start, end in _without(*span, [each for each in have if each.kind == "clip" and each.camera == camera]):
        gaps: list[_Span] = [(start, end)]
        for stream in (StreamName.MAIN, StreamName.SUB):
            still: list[_Span] = []
            for first, last in gaps:
                copied = []
                for clip, segments in _clips(recorded, camera, stream, (first, last)):
                    if clip.file.size_bytes > left_bytes:
                        why = f"more than {most_bytes // 1024**2} MiB of one incident are not kept"
                        done.left_out.append(Absence(camera, first, last, why))
                        continue
                    item = _copied(clip, segments, folder, camera=camera, stream=stream, taken=taken)
                    left_bytes -= item.size_bytes
                    taken.add(item.name)
                    done.items.append(item)
                    copied.append(item)
                still += _without(first, last, copied)
            gaps = still
        done.gaps += _reasons(recorded, camera, gaps, done.left_out)


def is_there(path: Path) -> bool:
    """Whether something has that name.

    Raises:
        OSError: It cannot be known.
    """
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    return True


def keep_bytes(folder: Path, name: str, content: bytes) -> tuple[int, str]:
    """Write a small file, such as a picture, whatever had its name; gives its length and hash."""
    size_bytes, sha256, _ = _written(folder / name, iter((content,)))
    return size_bytes, sha256


def swept(folder: Path, named: Iterable[str]) -> int:
    """Remove what a kill left behind: files that are not among those named. Gives how many."""
    keep, gone = set(named), 0
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).as_posix() not in keep:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _clips(
    recorded: Recorded, camera: str, stream: StreamName, span: _Span
) -> Iterator[tuple[Clip, Sequence[Segment]]]:
    """A clip of the span, or one for each form in it."""
    start, end = span
    segments = recorded.segments(camera, stream, start, end)

    def file_of(segment: Segment) -> Path:
        path = recorded.file(segment)
        if path is None:
            raise MediaGoneError(f"disk {segment.disk} is not there")
        return path

    try:
        yield clip_of(segments, file_of, start, end), segments
    except NothingRecordedError:
        return
    except FormatChangesError as changes:
        forms = list(dict.fromkeys(segment.form for segment in segments))
        for form in forms:
            alike = [segment for segment in segments if segment.form == form]
            spans = [(a, b) for a, b in changes.spans if any(_touches(segment, a, b) for segment in alike)]
            for first, last in spans:
                try:
                    yield clip_of(alike, file_of, first, last), alike
                except NothingRecordedError:
                    continue


def _touches(segment: Segment, start: datetime, end: datetime) -> bool:
    return segment.head.began < end and _end(segment) > start


def _end(segment: Segment) -> datetime:
    return segment.head.began + timedelta(milliseconds=segment.duration_ms)


def _copied(
    clip: Clip, segments: Sequence[Segment], folder: Path, *, camera: str, stream: StreamName, taken: Collection[str]
) -> Item:
    began = clip.taken[0].began
    ended = clip.taken[-1].began + timedelta(milliseconds=clip.taken[-1].duration_ms)
    name = _free_name(folder, f"clips/{camera}-{stream}-{began:%Y%m%dT%H%M%S}{began.microsecond // 1000:03d}Z", taken)
    _make_room(folder, clip.file.size_bytes)
    size_bytes, sha256, crc32 = _written(folder / name, clip.file.read())
    used = {each.segment for each in clip.taken}
    sources = [segment for segment in segments if segment.head.id in used]
    form = sources[0].form
    about = {
        "crc32": crc32,
        "stream": stream.value,
        "codec": form.video.codec,
        "width": form.video.width,
        "height": form.video.height,
        "sound": None if form.sound is None else form.sound.codec,
        "duration_ms": clip.duration_ms,
        "taken": [
            {"at_ms": each.at_ms, "began": time_to_text(each.began), "duration_ms": each.duration_ms}
            for each in clip.taken
        ],
        "segments": [
            {"id": segment.head.id, "drift_ms": segment.drift_ms, "because": segment.head.because.value}
            for segment in sources
        ],
    }
    return Item(name, "clip", camera, size_bytes, sha256, began, ended, about)


def _free_name(folder: Path, stem: str, taken: Collection[str]) -> str:
    """A name for a clip: two spans in one group of pictures begin with the same key picture."""
    names = itertools.chain((f"{stem}.mp4",), (f"{stem}-{number}.mp4" for number in itertools.count(2)))
    return next(name for name in names if name not in taken and not is_there(folder / name))


def _make_room(folder: Path, size_bytes: int) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < size_bytes + _SPARE_BYTES:
        raise OSError(f"the disk of {folder} has no room to spare for evidence")


def _written(path: Path, pieces: Iterator[bytes]) -> tuple[int, str, int]:
    """Write a file; gives its length, SHA-256 and CRC-32."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(path.name + PART)
    digest, size_bytes, crc32 = hashlib.sha256(), 0, 0
    try:
        with part.open("wb") as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                crc32 = zlib.crc32(piece, crc32)
                size_bytes += len(piece)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except (OSError, MediaGoneError):
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return size_bytes, digest.hexdigest(), crc32


def _without(since: datetime, until: datetime, items: Iterable[Item]) -> list[_Span]:
    """What of a span is in none of the clips; a gap inside a clip is in none."""
    left, at = [], since
    for began, ended in sorted(stretch for item in items for stretch in _stretches(item)):
        if ended <= at or began >= until:
            continue
        if began - at > _SEAM:
            left.append((at, began))
        at = max(at, ended)
    if until - at > _SEAM:
        left.append((at, until))
    return left


def _stretches(item: Item) -> Iterator[_Span]:
    for each in item.about.get("taken", ()):
        began = time_from_text(each["began"])
        yield began, began + timedelta(milliseconds=each["duration_ms"])


def _reasons(recorded: Recorded, camera: str, gaps: Iterable[_Span], left_out: Sequence[Absence]) -> Iterator[Absence]:
    """Why there is nothing, as the timeline of the main stream says, else of the sub stream."""
    for start, end in gaps:
        if any(each.since is not None and each.since <= start and end <= (each.until or end) for each in left_out):
            continue
        told: list[Gap] = []
        for stream in (StreamName.MAIN, StreamName.SUB):
            told = told or list(recorded.ranges(camera, stream, start, end, resolution_s=0.2).gaps)
        if told:
            yield from (Absence(camera, gap.start, gap.end, gap.because.value) for gap in told)
        else:
            yield Absence(camera, start, end, "not_recorded")
