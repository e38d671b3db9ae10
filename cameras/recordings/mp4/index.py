"""The index of a file: which whole fragments it holds, found by reading headers alone, and its tidy end.

A file that was closed tells its fragments in one place at its end; of one that is open, or torn by its writer's death,
they are found one after the other, up to the first that is not whole. Works in any process, without PyAV. What is read
may hold anything: all that can go wrong with a file's content is a DamagedFileError.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cameras.errors import DamagedFileError
from cameras.recordings.media import VIDEO_TICKS, Because, Mark, Segment
from cameras.recordings.mp4.boxes import HEADER_BYTES, header_at
from cameras.recordings.mp4.closing import closing_bytes, read_at, read_closing
from cameras.recordings.mp4.fragments import MOST_MOOF_BYTES, is_whole, runs
from cameras.recordings.mp4.header import read_head
from cameras.recordings.mp4.packed import pack, unpack
from cameras.recordings.opening import open_recorded

__all__ = ["Repaired", "Scan", "pack", "read_segment", "repair", "scan", "unpack"]

_TICKS_PER_MS = VIDEO_TICKS // 1000
_READ_BYTES = 2048
"""One read finds the `moof` of a usual fragment together with the header of its `mdat`."""
_MOST_MARKS = 100_000
"""In one file: a day of fragments of one second."""
_SUSPECT_MS = 30_000
"""How much of a torn file's end is read and held against its check sums: what the longest distance of two syncs (10 s)
may not have brought to the disk, three times."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What `repair` did.

    Attributes:
        cut_bytes: How much was taken off the end because it was not whole.
        size_bytes: Of the file now.
        marks: The fragments that it holds.
        was_closed: Whether there was nothing to do.
    """

    cut_bytes: int
    size_bytes: int
    marks: tuple[Mark, ...]
    was_closed: bool


class Scan:
    """The whole fragments of a file, one after the other; ends without an error where they end.

    Attributes:
        whole_bytes: Where what has been found whole so far ends; a later scan can begin there.
    """

    def __init__(self, file: BinaryIO, from_offset: int) -> None:
        self._file = file
        self.whole_bytes = from_offset

    def __iter__(self) -> Iterator[Mark]:
        size = os.fstat(self._file.fileno()).st_size
        at = self.whole_bytes
        for _ in range(2 * _MOST_MARKS):
            found = self._look(at, size)
            if found is None:
                return
            kind, length, moof = found
            if kind == b"moof":
                mark = _mark(moof, at, length)
                if mark is None:
                    return
                at = self.whole_bytes = at + length
                yield mark
            else:
                at = self.whole_bytes = at + length

    def _look(self, at: int, size: int) -> tuple[bytes, int, bytes] | None:
        """Kind and length of what stands at `at` and is all there, a `moof` together with its `mdat`."""
        self._file.seek(at)
        data = self._file.read(_READ_BYTES)
        try:
            length, kind = header_at(data, 0)
            if kind in {b"ftyp", b"moov", b"uuid", b"mfra"}:
                return (kind, length, b"") if at + length <= size else None
            if kind != b"moof" or length > MOST_MOOF_BYTES:
                return None
            if len(data) < length + HEADER_BYTES:
                data += self._file.read(length + HEADER_BYTES - len(data))
            media_bytes, kind = header_at(data, length)
        except DamagedFileError:
            return None
        if kind != b"mdat" or at + length + media_bytes > size:
            return None
        return b"moof", length + media_bytes, data[:length]


def scan(file: BinaryIO, *, from_offset: int = 0) -> Scan:
    """The whole fragments of a file, by their headers alone; stops without an error at the first that is torn.

    Args:
        file: Opened for reading, best without buffering; its position is moved.
        from_offset: Where a box begins: 0, or `whole_bytes` of an earlier scan.
    """
    return Scan(file, from_offset)


def read_segment(folder: Path, path: str, *, disk: str) -> Segment:
    """A file as the catalogue wants it: three small reads where it was closed, else a scan.

    Args:
        folder: The disk's folder.
        path: From there.
        disk: Id of the disk.

    Raises:
        DamagedFileError: Its header is not whole or not ours: nothing in it can be played.
        OSError: It is not there, or cannot be read.
    """
    with open_recorded(folder / path) as file:
        head, form, init_bytes = read_head(file)
        closed = read_closing(file)
        marks = tuple(scan(file, from_offset=init_bytes)) if closed is None else closed[1]
        size_bytes = os.fstat(file.fileno()).st_size
    return Segment(
        head=head,
        disk=disk,
        path=path,
        form=form,
        init_bytes=init_bytes,
        size_bytes=size_bytes,
        marks=marks,
        is_open=closed is None,
        drift_ms=None if closed is None else closed[0].drift_ms,
    )


def repair(path: Path) -> Repaired:
    """Cut off what is torn at the end of a file whose writer died, and close it; what is closed stays as it is.

    The newest half minute is read and held against its check sums: after a power cut a file may be as long as it was,
    and hold nothing in places.

    Raises:
        DamagedFileError: Its header is not whole or not ours: nothing in it can be played. The file is left as it is.
        OSError: It cannot be read or written.
    """
    with open_recorded(path, change=True) as file:
        init_bytes = read_head(file).init_bytes
        size_bytes = os.fstat(file.fileno()).st_size
        closed = read_closing(file)
        if closed is not None:
            return Repaired(0, size_bytes, closed[1], was_closed=True)
        marks = list(scan(file, from_offset=init_bytes))
        newest_ms = marks[-1].at_ms if marks else 0
        for place, mark in enumerate(marks):
            if mark.at_ms >= newest_ms - _SUSPECT_MS and not is_whole(read_at(file, mark.offset, mark.size_bytes)):
                del marks[place:]
                break
        whole_bytes = marks[-1].offset + marks[-1].size_bytes if marks else init_bytes
        closing = closing_bytes(marks, drift_ms=None, because=Because.KILLED)
        file.truncate(whole_bytes)
        file.seek(whole_bytes)
        file.write(closing)
        os.fsync(file.fileno())
    return Repaired(size_bytes - whole_bytes, whole_bytes + len(closing), tuple(marks), was_closed=False)


def _mark(moof: bytes, offset: int, size_bytes: int) -> Mark | None:
    try:
        video, *others = runs(moof)
    except DamagedFileError:
        return None
    if video.offset != len(moof) + HEADER_BYTES or video.size_bytes + sum(run.size_bytes for run in others) != (
        size_bytes - len(moof) - HEADER_BYTES
    ):
        return None
    at_ms = _ms(video.tfdt + video.shift)
    return Mark(at_ms, _ms(video.tfdt + video.shift + video.duration) - at_ms, offset, size_bytes, video.is_key)


def _ms(ticks: int) -> int:
    return (ticks + _TICKS_PER_MS // 2) // _TICKS_PER_MS
