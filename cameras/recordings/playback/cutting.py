"""Cutting: a span is taken out of recordings so that nothing of it is left in any file.

Whole fragments go: those that touch the span, and behind it those that cannot be decoded without what went. What is
left of a segment at the span's edges becomes segments of their own, written and synced before the one they come from is
removed. Everything can be repeated: the pieces have names and ids that follow from the segment and the place of the
cut, so a kill in between leaves nothing twice. A segment that is still written is left alone; it is asked for again.
So is one that cannot be cut, and the others go on. What goes is told in the transaction in which it goes from sight.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import logging
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from cameras.errors import DamagedFileError, MediaGoneError
from cameras.recordings.keeping.catalog import Catalog
from cameras.recordings.keeping.connection import Connection
from cameras.recordings.keeping.holdings import Also, Held
from cameras.recordings.media import Because, Mark, Segment, StreamName
from cameras.recordings.mp4.closing import closing_bytes
from cameras.recordings.mp4.fragments import begins_ms, moved
from cameras.recordings.mp4.header import init_bytes, read_head
from cameras.recordings.mp4.index import read_segment
from cameras.recordings.mp4.naming import usual_path
from cameras.recordings.opening import FOLDER, open_below, open_recorded

logger = logging.getLogger(__name__)

Tell = Callable[[Connection, int, int], None]
"""Writes down how many segments went or were cut, and how many bytes less there are."""

_DRAFT = ".copy"
"""Ends the name of a file that is not whole yet, which a check of the disk removes."""
_MOST_IN_A_SECOND = 1000
_STORED_WITHIN_S = 30.0
_AT_ONCE = timedelta(hours=1)
"""So much is asked of the catalogue in one go: a month has millions of fragments."""
_WHOLE_AT_ONCE = 32
"""So many are removed in one go; a month has thousands."""
_CANNOT_BE_CUT = (OSError, MediaGoneError, DamagedFileError, TimeoutError)
"""A disk is away or slow, or what a file holds is not what its marks say."""


class Removes(Protocol):
    """Removes segments, their files and their rows."""

    def remove(self, ids: Sequence[str], because: Because, *, also: Also | None = None) -> Sequence[object]:
        """Remove them; what a timeline says afterwards is `because`, and `also` writes it down."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What one look came to.

    Attributes:
        segments: How many were removed or cut.
        size_bytes: How much less there is.
        waits: Whether something of the span is left: in a segment that is still written, or cannot be cut now.
        problem: Why one could not be cut, in words; empty when there is none.
    """

    segments: int
    size_bytes: int
    waits: bool
    problem: str = ""


def cut_out(
    catalog: Catalog,
    removing: Removes,
    *,
    camera: str,
    since: datetime,
    until: datetime,
    sites: Collection[str] | None = None,
    tell: Tell = lambda _connection, _segments, _size_bytes: None,
    go_on: Callable[[], bool] = lambda: True,
) -> Cut:
    """Take a span out of both streams of a camera, but for what is still being written and what cannot be cut now.

    Args:
        catalog: What there is.
        removing: Removes what was cut.
        camera: Camera id.
        since: From when.
        until: To when.
        sites: Only what was recorded while it was at one of these; None for all of it.
        tell: Called in each transaction in which something goes.
        go_on: Asked after each hour; what is left when it says no waits.

    Raises:
        StoreError: The database refuses; what went was told.
    """
    cutting = _Cutting(catalog, removing, (since, until), tell)
    at = since
    while at < until:
        end = min(at + _AT_ONCE, until)
        for stream in (StreamName.MAIN, StreamName.SUB):
            for segment in catalog.segments(camera, stream, at, end, sites=sites):
                cutting.take_out_of(segment)
        at = end
        if at < until and not go_on():
            cutting.waits = True
            break
    cutting.remove_whole()
    return Cut(cutting.segments, cutting.size_bytes, cutting.waits, cutting.problem)


class _Cutting:
    """Takes one span out of segments."""

    def __init__(self, catalog: Catalog, removing: Removes, span: tuple[datetime, datetime], tell: Tell) -> None:
        self._catalog = catalog
        self._removing = removing
        self._span = span
        self._tell = tell
        self._whole: list[str] = []
        self._tried: set[str] = set()
        """A segment may lie in two hours."""
        self.segments = 0
        self.size_bytes = 0
        self.waits = False
        self.problem = ""

    def take_out_of(self, segment: Segment) -> None:
        """Take the span out of a segment, or note why that cannot be done now."""
        if segment.is_open:
            self.waits = True
            return
        pieces = list(_pieces(segment, *self._span))
        if segment.head.id in self._tried or sum(map(len, pieces)) == len(segment.marks):
            return
        self._tried.add(segment.head.id)
        if not pieces:  # whether its file can be read is no question
            self._whole.append(segment.head.id)
            if len(self._whole) >= _WHOLE_AT_ONCE:
                self.remove_whole()
            return
        try:
            kept = self._written(segment, pieces)
        except _CANNOT_BE_CUT as error:
            self.waits = True
            self.problem = self.problem or f"{segment.path}: {error}"
            logger.debug("a segment cannot be cut now", extra={"path": segment.path, "reason": str(error)})
            return
        self._remove([segment.head.id], sum(piece.size_bytes for piece in kept))

    def remove_whole(self) -> None:
        """Remove what lies in the span from end to end."""
        whole, self._whole = self._whole, []
        if whole:
            self._remove(whole, 0)

    def _written(self, segment: Segment, pieces: Sequence[tuple[Mark, ...]]) -> list[Segment]:
        """What is left of a segment, with rows; nothing when some of it cannot be written."""
        path = self._catalog.file(segment)
        if path is None:
            raise MediaGoneError(f"disk {segment.disk} is not there")
        folder = Path(str(path).removesuffix(segment.path))
        kept: list[Segment] = []
        try:
            for piece in pieces:
                kept.append(_written(folder, path, segment, piece))  # noqa: PERF401 - known when the next one fails
        except _CANNOT_BE_CUT:
            for made in kept:  # it would be there twice
                (folder / made.path).unlink(missing_ok=True)
            raise
        self._catalog.keep_all(kept, timeout_s=_STORED_WITHIN_S)
        return kept

    def _remove(self, ids: Sequence[str], kept_bytes: int) -> None:
        gone_bytes = 0

        def also(connection: Connection, gone: Sequence[Held]) -> None:
            nonlocal gone_bytes
            gone_bytes = sum(each.size_bytes for each in gone) - kept_bytes
            self._tell(connection, len(gone), gone_bytes)

        self._removing.remove(ids, Because.DELETED, also=also)
        self.segments += len(ids)
        self.size_bytes += gone_bytes


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
        with open_recorded(source) as file:
            begins = begins_ms(_bytes(file.fileno(), marks[0]), form)
            head = replace(
                segment.head,
                id=_id(segment.head.id, begins, len(marks)),
                began=segment.head.began + timedelta(milliseconds=begins),
                because=segment.head.because if marks[0] is segment.marks[0] else Because.DELETED,
            )
            path = _free(folder, usual_path(head), head.id)
            with _place(folder, path) as (below, name), _draft(below, name) as made:
                made.write(init_bytes(form, head))
                stay = []
                for number, mark in enumerate(marks):
                    data = moved(_bytes(file.fileno(), mark), form, sequence=number + 1, by_ms=-begins)
                    stay.append(replace(mark, at_ms=mark.at_ms - begins, offset=made.tell()))
                    made.write(data)
                made.write(closing_bytes(stay, drift_ms=segment.drift_ms or 0, because=Because.DELETED))
    except FileNotFoundError as error:
        raise MediaGoneError(f"a recorded file is not there any more: {source.name}") from error
    return read_segment(folder, path, disk=segment.disk)


@contextmanager
def _place(folder: Path, path: str) -> Iterator[tuple[int, str]]:
    """The open folder in which a file is to lie, and the file's name."""
    place, _, name = path.rpartition("/")
    top = os.open(folder, FOLDER)
    try:
        below = open_below(top, place, make=True)
    finally:
        os.close(top)
    try:
        yield below, name
    finally:
        os.close(below)


@contextmanager
def _draft(below: int, name: str) -> Iterator[BinaryIO]:
    """A new file that gets its name when it is whole and safe, and is not there when it cannot be."""
    draft = name + _DRAFT
    with contextlib.suppress(FileNotFoundError):
        os.unlink(draft, dir_fd=below)
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644, dir_fd=below)
    try:
        with os.fdopen(file, "wb") as made:
            yield made
            made.flush()
            os.fsync(made.fileno())
        os.rename(draft, name, src_dir_fd=below, dst_dir_fd=below)
    except _CANNOT_BE_CUT:
        with contextlib.suppress(OSError):
            os.unlink(draft, dir_fd=below)
        raise
    os.fsync(below)


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
            with open_recorded(folder / tried) as file:
                if read_head(file).head.id == segment:
                    return tried
        except FileNotFoundError:
            return tried
        except DamagedFileError:
            continue
    raise FileExistsError(f"{path}: {_MOST_IN_A_SECOND} files of one second")
