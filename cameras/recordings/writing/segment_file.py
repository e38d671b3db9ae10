"""SegmentFile: one segment on its way to the disk; made, written and closed by the disk's writer thread alone.

The recorder makes it and reads `failed`; nothing else of it crosses threads. It holds whole fragments only: what was
written of one that failed is cut off again. While it is open it is locked, so that nobody who makes room removes it.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass

from cameras.recordings.media import Because, Format, Mark, Segment, SegmentHead
from cameras.recordings.mp4.closing import Closing, closing_bytes
from cameras.recordings.opening import open_below
from cameras.recordings.writing.disk_folder import DiskFolder
from cameras.recordings.writing.room import lock_segment

logger = logging.getLogger(__name__)

_MOST_IN_A_SECOND = 1000
_NO_TMPFILE = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT)
_KEEP_SIZE = 1
"""FALLOC_FL_KEEP_SIZE: the file takes up the room, and is no longer for it."""
_WRITE_AND_WAIT = 2 | 4
"""SYNC_FILE_RANGE_WRITE and SYNC_FILE_RANGE_WAIT_AFTER."""
_NO_RANGE = (errno.ENOSYS, errno.EINVAL, errno.ESPIPE)
_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
_LIBC.sync_file_range.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)

OnSegment = Callable[[Segment], None]
"""Hears of a segment when it was opened (no marks) and when it was closed (all of them), in the writer's thread."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A fragment on its way.

    Attributes:
        data: `moof` and `mdat`.
        at_ms: Where its first picture is shown, from the beginning of the segment.
        duration_ms: How long its pictures are shown.
        is_key: Whether it begins with a key picture.
    """

    data: bytes
    at_ms: int
    duration_ms: int
    is_key: bool


@dataclass(slots=True)
class Tally:
    """What became of a stream's fragments; counted by a writer's thread, read by any.

    Attributes:
        written_bytes: Of fragments that are in files.
        dropped: Fragments that were taken and could not be written.
    """

    written_bytes: int = 0
    dropped: int = 0


def _send(file: int) -> None:
    """Have a file's data written, without waiting for the file system's journal, which takes far longer.

    Raises:
        OSError: It could not be written.
    """
    if _LIBC.sync_file_range(file, 0, 0, _WRITE_AND_WAIT):
        number = ctypes.get_errno()
        if number not in _NO_RANGE:
            raise OSError(number, os.strerror(number))
        os.fdatasync(file)


class SegmentFile:
    """A segment that is being recorded.

    Attributes:
        head: Who it is.
        tally: Of its stream.
        failed: Why it cannot go on; the recorder begins another when it sees that.
    """

    def __init__(
        self, head: SegmentHead, form: Format, *, beginning: bytes, on_segment: OnSegment, tally: Tally
    ) -> None:
        """Prepare; nothing is written before the first fragment.

        Args:
            head: Who it is.
            form: What it holds.
            beginning: The file's bytes before the first fragment.
            on_segment: Hears of it.
            tally: Of its stream.
        """
        self.head = head
        self.failed: Because | None = None
        self.tally = tally
        self._form = form
        self._beginning = beginning
        self._on_segment = on_segment
        self._disk = ""
        self._path = ""
        self._file = -1
        self._size_bytes = 0
        self._reserved_bytes = 0
        self._marks: list[Mark] = []

    @property
    def is_open(self) -> bool:
        """Whether it is on the disk and being written."""
        return self._file >= 0

    def append(self, piece: Piece, folder: DiskFolder, *, ahead_bytes: int = 0, hurry: bool = False) -> None:
        """Write a fragment; the first one makes the file, so that there is never one without a picture.

        Args:
            piece: The fragment.
            folder: Of the disk.
            ahead_bytes: Room that is taken beforehand, again and again, so that a spinning disk reads it in one go.
            hurry: Do not wait until a new file's data is on its way to the disk before it gets its name.

        Raises:
            OSError: The disk would not; the file is as it was before.
        """
        if self.is_open:
            offset = self._size_bytes
            self._write(piece.data, ahead_bytes)
        else:
            offset = len(self._beginning)
            self._make(folder, self._beginning + piece.data, ahead_bytes, hurry=hurry)
        self._marks.append(Mark(piece.at_ms, piece.duration_ms, offset, len(piece.data), piece.is_key))
        self.tally.written_bytes += len(piece.data)
        if len(self._marks) == 1:
            self._tell(is_open=True, drift_ms=None)

    def close(self, closing: Closing) -> None:
        """Finish the file as well as the disk allows, and let go of it; nothing happens where nothing was written."""
        if not self.is_open:
            return
        with contextlib.suppress(OSError):  # it plays without, and repair writes it later
            self._write(closing_bytes(self._marks, drift_ms=closing.drift_ms, because=closing.because))
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, self._size_bytes)  # gives back what was taken beforehand
        self._let_go()
        self._tell(is_open=False, drift_ms=closing.drift_ms)

    def _make(self, folder: DiskFolder, data: bytes, ahead_bytes: int, *, hurry: bool) -> None:
        """Make the file with what it begins with, all or nothing."""
        place = f"{self.head.site}/{self.head.camera}/{self.head.stream}/{self.head.began:%Y-%m-%d/%H}"
        try:
            below = open_below(folder.handle, place, make=True)
        except FileNotFoundError:  # somebody removed the empty folder just now
            below = open_below(folder.handle, place, make=True)
        try:
            self._disk = folder.disk
            try:
                self._file = os.open(".", os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC, 0o644, dir_fd=below)
            except OSError as error:
                if error.errno not in _NO_TMPFILE:
                    raise
                self._name(place, below)
                lock_segment(self._file)
                self._write(data, ahead_bytes)
            else:
                lock_segment(self._file)
                self._write(data, ahead_bytes)
                # A name may reach the disk long before what it names: after a power cut the file would be empty.
                if not hurry:
                    _send(self._file)
                self._name(place, below)
        except OSError:
            self._let_go()
            self._size_bytes = self._reserved_bytes = 0
            raise
        finally:
            os.close(below)

    def _name(self, place: str, below: int) -> None:
        """Give the file its name: the second, and a number when that second has a file already."""
        for number in range(_MOST_IN_A_SECOND):
            name = f"{self.head.began:%M-%S}{f'-{number}' if number else ''}.mp4"
            with contextlib.suppress(FileExistsError):
                if self._file >= 0:
                    os.link(f"/proc/self/fd/{self._file}", name, dst_dir_fd=below, follow_symlinks=True)
                else:
                    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                    self._file = os.open(name, flags, 0o644, dir_fd=below)
                self._path = f"{place}/{name}"
                return
        raise FileExistsError(errno.EEXIST, f"{place} holds {_MOST_IN_A_SECOND} files of one second")

    def _write(self, data: bytes, ahead_bytes: int = 0) -> None:
        """Write behind what is there; on an error what was written of it is cut off."""
        end = self._size_bytes + len(data)
        if ahead_bytes and end > self._reserved_bytes:
            self._reserved_bytes = end + ahead_bytes
            # A file system that cannot do that goes without.
            _LIBC.fallocate(self._file, _KEEP_SIZE, self._size_bytes, self._reserved_bytes - self._size_bytes)
        left, at = memoryview(data), self._size_bytes
        try:
            while left:
                written = os.pwrite(self._file, left, at)
                left, at = left[written:], at + written
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size_bytes)
            raise
        self._size_bytes = end

    def _let_go(self) -> None:
        file, self._file = self._file, -1
        with contextlib.suppress(OSError):
            os.close(file)

    def _tell(self, *, is_open: bool, drift_ms: int | None) -> None:
        segment = Segment(
            head=self.head,
            disk=self._disk,
            path=self._path,
            form=self._form,
            init_bytes=len(self._beginning),
            size_bytes=self._size_bytes,
            marks=() if is_open else tuple(self._marks),
            is_open=is_open,
            drift_ms=drift_ms,
        )
        try:
            self._on_segment(segment)
        except Exception:
            # Whatever a listener does, the file is right and goes on; the catalogue finds it later.
            logger.exception("telling of a segment failed", extra={"camera": self.head.camera})
