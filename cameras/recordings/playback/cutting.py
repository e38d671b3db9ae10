"""Cutting: a span is taken out of recordings so that nothing of it is left in any file.

Whole fragments go: those that touch the span, and behind it those that cannot be decoded without what went. What is
left of a segment at the span's edges becomes segments of their own, written and synced before the one they come from is
removed. Everything can be repeated: the pieces have names and ids that follow from the segment and the place of the
cut, so a kill in between leaves nothing twice. A segment that is still written is left alone; it is asked for again.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from cameras.errors import DamagedFileError, MediaGoneError
from cameras.recordings.keeping.catalog import Catalog
from cameras.recordings.media import Because, Mark, Segment, StreamName
from cameras.recordings.mp4.closing import closing_bytes
from cameras.recordings.mp4.fragments import begins_ms, moved
from cameras.recordings.mp4.header import init_bytes, read_head
from cameras.recordings.mp4.index import read_segment
from cameras.recordings.mp4.naming import usual_path

_DRAFT = ".copy"
"""Ends the name of a file that is not whole yet, which a check of the disk removes."""
_MOST_IN_A_SECOND = 1000
_STORED_WITHIN_S = 30.0
_AT_ONCE = timedelta(hours=1)
"""So much is asked of the catalogue in one go: a month has millions of fragments."""


class Removes(Protocol):
    """Removes segments, their files and their rows."""

    def remove(self, ids: Sequence[str], because: Because) -> Sequence[object]:
        """Remove them; what a timeline says afterwards is `because`."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What one look came to.

    Attributes:
        segments: How many were removed or cut.
        size_bytes: How much less there is.
        waits: Whether something of the span is in a segment that is still written.
    """

    segments: int
    size_bytes: int
    waits: bool


def cut_out(
    catalog: Catalog,
    removing: Removes,
    *,
    camera: str,
    since: datetime,
    until: datetime,
    go_on: Callable[[], bool] = lambda: True,
) -> Cut:
    """Take a span out of both streams of a camera, but for what is still being written.

    Args:
        catalog: What there is.
        removing: Removes what was cut.
        camera: Camera id.
        since: From when.
        until: To when.
        go_on: Asked after each hour; what is left when it says no waits.

    Raises:
        OSError: A disk refuses.
        MediaGoneError: A file moved meanwhile; to be tried again.
        DamagedFileError: A file cannot be cut.
        StoreError: The database refuses.
    """
    segments, size_bytes, waits, at = 0, 0, False, since
    while at < until:
        end = min(at + _AT_ONCE, until)
        for stream in (StreamName.MAIN, StreamName.SUB):
            for segment in catalog.segments(camera, stream, at, end):
                waits = waits or segment.is_open
                less = None if segment.is_open else _cut(catalog, removing, segment, (since, until))
                if less is not None:
                    segments += 1
                    size_bytes += less
        at = end
        if at < until and not go_on():
            return Cut(segments, size_bytes, waits=True)
    return Cut(segments, size_bytes, waits)


def _cut(catalog: Catalog, removing: Removes, segment: Segment, span: tuple[datetime, datetime]) -> int | None:
    """Take a span out of a segment; gives how many bytes less there are, None when it holds nothing of it."""
    pieces = list(_pieces(segment, *span))
    if sum(map(len, pieces)) == len(segment.marks):
        return None
    path = catalog.file(segment)
    if path is None:
        raise MediaGoneError(f"disk {segment.disk} is not there")
    folder = Path(str(path).removesuffix(segment.path))
    kept = [_written(folder, path, segment, piece) for piece in pieces]
    catalog.keep_all(kept, timeout_s=_STORED_WITHIN_S)
    removing.remove([segment.head.id], Because.DELETED)
    return segment.size_bytes - sum(piece.size_bytes for piece in kept)


def _pieces(segment: Segment, since: datetime, until: datetime) -> Iterator[tuple[Mark, ...]]:
    """The runs of fragments that stay, each beginning with a key picture."""
    start_ms = (since - segment.head.began) / timedelta(milliseconds=1)
    end_ms = (until - segment.head.began) / timedelta(milliseconds=1)
    marks = segment.marks
    before = tuple(mark for mark in marks if mark.at_ms + mark.duration_ms <= start_ms)
    behind = [mark for mark in marks[len(before) :] if mark.at_ms >= end_ms]
    while behind and not behind[0].is_key:
        behind.pop(0)
    yield from (piece for piece in (before, tuple(behind)) if piece)


def _written(folder: Path, source: Path, segment: Segment, marks: Sequence[Mark]) -> Segment:
    """Some fragments of a segment as a segment of its own, on the same disk."""
    form = segment.form
    try:
        with source.open("rb") as file:
            begins = begins_ms(_bytes(file.fileno(), marks[0]), form)
            head = replace(
                segment.head,
                id=_id(segment.head.id, begins, len(marks)),
                began=segment.head.began + timedelta(milliseconds=begins),
                because=segment.head.because if marks[0] is segment.marks[0] else Because.DELETED,
            )
            path = _free(folder, usual_path(head), head.id)
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            draft = folder / (path + _DRAFT)
            with draft.open("wb") as made:
                made.write(init_bytes(form, head))
                stay = []
                for number, mark in enumerate(marks):
                    data = moved(_bytes(file.fileno(), mark), form, sequence=number + 1, by_ms=-begins)
                    stay.append(replace(mark, at_ms=mark.at_ms - begins, offset=made.tell()))
                    made.write(data)
                made.write(closing_bytes(stay, drift_ms=segment.drift_ms or 0, because=Because.DELETED))
                made.flush()
                os.fsync(made.fileno())
    except FileNotFoundError as error:
        raise MediaGoneError(f"a recorded file is not there any more: {source.name}") from error
    draft.replace(folder / path)
    _sync((folder / path).parent)
    return read_segment(folder, path, disk=segment.disk)


def _bytes(file: int, mark: Mark) -> bytes:
    data = os.pread(file, mark.size_bytes, mark.offset)
    if len(data) != mark.size_bytes:
        raise MediaGoneError("a recorded file is shorter than it was")
    return data


def _id(segment: str, begins: int, number: int) -> str:
    """22 characters that are the same for the same piece."""
    digest = hashlib.sha256(f"{segment}/{begins}/{number}".encode()).digest()[:16]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _free(folder: Path, path: str, segment: str) -> str:
    """A path that no other segment has; the one that an earlier try took, if there was one."""
    for number in range(_MOST_IN_A_SECOND):
        tried = path if number == 0 else f"{path.removesuffix('.mp4')}-{number}.mp4"
        try:
            with (folder / tried).open("rb") as file:
                if read_head(file).head.id == segment:
                    return tried
        except FileNotFoundError:
            return tried
        except DamagedFileError:
            continue
    raise FileExistsError(f"{path}: {_MOST_IN_A_SECOND} files of one second")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
