"""Assembly: a file that is nowhere, put together from pieces of recorded files while it is read.

Its size and the place of every byte are known beforehand, for nothing that is changed on the way changes a length. So
any stretch of it can be asked for, and a broken download goes on where it stopped. Read piece by piece: at most one
fragment is in memory. Files are opened when they are needed and closed at once; one that is gone or shorter meanwhile
ends the reading with MediaGoneError.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from cameras.errors import MediaGoneError
from cameras.recordings.media import Format, Mark
from cameras.recordings.mp4.boxes import HEADER_BYTES
from cameras.recordings.mp4.fragments import moved, runs
from cameras.recordings.mp4.header import SOUND_TRACK
from cameras.recordings.opening import open_recorded

_KIND_AT = HEADER_BYTES - 4


@dataclass(frozen=True, slots=True)
class Move:
    """Where fragments go.

    Attributes:
        form: Of the file they come from.
        by_ms: How much later they are there.
        first_sequence: Number of the first of them there.
    """

    form: Format
    by_ms: int
    first_sequence: int


@dataclass(frozen=True, slots=True)
class Part:
    """Fragments of one file.

    Attributes:
        path: The file.
        marks: Which of its fragments, at least one.
        silent: Whether their sound is left out.
        move: Where they go; None leaves them.
    """

    path: Path
    marks: tuple[Mark, ...]
    silent: bool = False
    move: Move | None = None


class Assembly:
    """A head, and fragments behind it. Never changes; may be read by any number of threads."""

    def __init__(self, head: bytes, parts: Sequence[Part], *, name: str) -> None:
        """Put together.

        Args:
            head: What stands before the fragments.
            parts: The fragments, in order.
            name: Tells this assembly, with its head and places, from any other.
        """
        self._head = head
        self._pieces = [(part, number) for part in parts for number in range(len(part.marks))]
        sizes = [part.marks[number].size_bytes for part, number in self._pieces]
        self._ends = list(accumulate(sizes, initial=len(head)))
        self.size_bytes = self._ends[-1]
        """How long it is."""
        digest = hashlib.sha256(f"{name}\n{self.size_bytes}\n".encode() + head)
        for part in parts:
            digest.update(f"{part.marks[0].offset}-{part.marks[-1].offset} {part.silent}\n".encode())
        self.etag = f'"{digest.hexdigest()[:24]}"'
        """The same for the same bytes."""

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to `end`, not included.

        Raises:
            MediaGoneError: A file is not there any more.
            DamagedFileError: A file does not hold what it should.
        """
        end = self.size_bytes if end is None else min(end, self.size_bytes)
        if start < min(end, len(self._head)):
            yield self._head[start:end]
        for place, (part, number) in enumerate(self._pieces):
            begins, stops = self._ends[place], self._ends[place + 1]
            if begins >= end:
                return
            if stops > start:
                yield _fragment(part, number)[max(0, start - begins) : end - begins]


def bytes_of(path: Path, mark: Mark) -> bytes:
    """A fragment as it stands in its file.

    Raises:
        MediaGoneError: The file is not there any more, or shorter.
    """
    try:
        with open_recorded(path) as file:
            file.seek(mark.offset)
            data = file.read(mark.size_bytes)
    except OSError as error:
        raise MediaGoneError(f"a recorded file cannot be read any more: {error.strerror}") from error
    if len(data) != mark.size_bytes:
        raise MediaGoneError("a recorded file is shorter than it was")
    return data


def silenced(fragment: bytes) -> bytes:
    """A fragment whose sound is left out, in the same number of bytes: players skip a `free` box."""
    changed = bytearray(fragment)
    for run in runs(fragment):
        if run.track == SOUND_TRACK:
            place = run.traf.start + _KIND_AT
            changed[place : place + 4] = b"free"
    return bytes(changed)


def _fragment(part: Part, number: int) -> bytes:
    data = bytes_of(part.path, part.marks[number])
    if part.move is not None:
        sequence = part.move.first_sequence + number
        data = moved(data, part.move.form, sequence=sequence, by_ms=part.move.by_ms)
    return silenced(data) if part.silent else data
