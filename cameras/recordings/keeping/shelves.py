"""Shelves: the files of all disks as the hub handles them: listed, removed, copied, and room counted.

A disk that is not there loses nothing: what cannot be seen is not taken for gone. A file that a living worker writes is
locked by it and never touched. A copy counts only when it was read back and is byte for byte the same; until then it
has a name that no segment has.
"""

from __future__ import annotations

import contextlib
import enum
import errno
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cameras.errors import DiskError, DiskProblem
from cameras.recordings.media import StreamName
from cameras.recordings.opening import open_below, open_file_below
from cameras.recordings.writing.disk_folder import DiskFolder, Space, take_up
from cameras.recordings.writing.listing import DAY, HOUR, ID, STREAM, names
from cameras.recordings.writing.room import lock_segment
from config.machine import Disk
from hub.clock import Clock

_BLOCK_BYTES = 1024 * 1024
_COPY = ".copy"
"""Ends the name of a copy that is not whole yet."""
_NAME = re.compile(r"\d\d-\d\d(-\d+)?\.mp4(\.copy)?")
_NOT_THERE = (errno.ENOENT, errno.ENOTDIR)


class Fate(enum.Enum):
    """What became of a file that was to be removed."""

    REMOVED = "removed"
    WAS_GONE = "was_gone"
    IN_USE = "in_use"
    """A worker writes it."""


class Shelves:
    """All disks of the settings. Safe from any thread; every call may wait for a disk."""

    def __init__(self, disks: Sequence[Disk], *, memory: Path, clock: Clock) -> None:
        """Know of the disks.

        Args:
            disks: From machine.yaml.
            memory: Folder that remembers which disks were seen.
            clock: The hub's.
        """
        self.disks = tuple(disks)
        self.folders = {disk.id: disk.path for disk in disks}
        self._by_id = {disk.id: disk for disk in disks}
        self._memory = memory
        self._clock = clock

    def disk(self, disk: str) -> Disk | None:
        """What is set of a disk; None for one that is not in the settings any more."""
        return self._by_id.get(disk)

    def is_there(self, disk: str) -> bool:
        """Whether a disk can be seen just now, and is the one that it was."""
        try:
            with self._taken(disk):
                return True
        except DiskError:
            return False

    def space(self, disk: str) -> Space:
        """Room on a disk's file system.

        Raises:
            DiskError: It is not there.
        """
        with self._taken(disk) as folder:
            return folder.space()

    # Listing

    def streams(self, disk: str) -> list[tuple[str, str, StreamName]]:
        """Site, camera and stream of everything that lies on a disk.

        Raises:
            DiskError: It is not there.
        """
        found: list[tuple[str, str, StreamName]] = []
        with self._taken(disk) as folder:
            for site in _names(folder.handle, ".", ID):
                for camera in _names(folder.handle, site, ID):
                    here = _names(folder.handle, f"{site}/{camera}", STREAM)
                    found += [(site, camera, StreamName(stream)) for stream in here]
        return found

    def days(self, disk: str, stream: str) -> list[str]:
        """The days of which something of `<site>/<camera>/<stream>` lies on a disk."""
        with self._taken(disk) as folder:
            return _names(folder.handle, stream, DAY)

    def hours(self, disk: str, day: str) -> list[str]:
        """The hours of a day, `<site>/<camera>/<stream>/2026-11-22`."""
        with self._taken(disk) as folder:
            return _names(folder.handle, day, HOUR)

    def files(self, disk: str, hour: str) -> list[str]:
        """The names in an hour's folder, those of copies that are not whole too."""
        with self._taken(disk) as folder:
            return _names(folder.handle, hour, _NAME)

    def is_file(self, disk: str, path: str) -> bool:
        """Whether a file is there.

        Raises:
            DiskError: The disk is not there, so that nobody knows.
        """
        with self._taken(disk) as folder:
            try:
                os.close(_opened(folder, path))
            except OSError as error:
                if error.errno in _NOT_THERE:
                    return False
                raise DiskError(DiskProblem.GONE, str(error)) from error
        return True

    def is_written(self, disk: str, path: str) -> bool:
        """Whether a living worker writes a file."""
        with self._taken(disk) as folder:
            try:
                file = _opened(folder, path)
            except OSError:
                return False
            try:
                return not lock_segment(file)
            finally:
                os.close(file)

    # Removing and copying

    def remove(self, disk: str, path: str) -> Fate:
        """Remove a file, and the folders above it that are empty then.

        Raises:
            DiskError: The disk is not there, or does not let go of it.
        """
        place, _, name = path.rpartition("/")
        with self._taken(disk) as folder:
            try:
                file = _opened(folder, path)
                try:
                    if not lock_segment(file):
                        return Fate.IN_USE
                    below = open_below(folder.handle, place)
                    try:
                        os.unlink(name, dir_fd=below)
                    finally:
                        os.close(below)
                finally:
                    os.close(file)
                _tidy(folder.handle, place)
            except OSError as error:
                if error.errno in _NOT_THERE:
                    return Fate.WAS_GONE
                raise DiskError(DiskProblem.GONE, f"{path}: {error.strerror}") from error
        return Fate.REMOVED

    def remove_copy(self, disk: str, path: str) -> Fate:
        """Remove a copy, be it whole or not.

        Raises:
            DiskError: The disk is not there, or does not let go of it.
        """
        self.remove(disk, path + _COPY)
        return self.remove(disk, path)

    def copy(self, path: str, *, source: str, target: str) -> int:
        """Copy a file to another disk, make sure that it is there, and compare what was written with what was read.

        Returns:
            Its length in bytes.

        Raises:
            FileNotFoundError: It is not on the source.
            DiskError: A disk is not there, is full, or gave back something else.
        """
        place, _, name = path.rpartition("/")
        with self._taken(source) as here, self._taken(target) as there:
            try:
                file = _opened(here, path)
            except OSError as error:
                if error.errno in _NOT_THERE:
                    raise FileNotFoundError(path) from error
                raise DiskError(DiskProblem.GONE, f"{path}: {error.strerror}") from error
            try:
                below = open_below(there.handle, place, make=True)
                try:
                    return _copy(file, below, name)
                finally:
                    os.close(below)
            except OSError as error:
                full = error.errno in (errno.ENOSPC, errno.EDQUOT)
                raise DiskError(DiskProblem.FULL if full else DiskProblem.GONE, f"{path}: {error.strerror}") from error
            finally:
                os.close(file)

    @contextmanager
    def _taken(self, disk: str) -> Iterator[DiskFolder]:
        settings = self._by_id.get(disk)
        if settings is None:
            raise DiskError(DiskProblem.GONE, f"there is no disk {disk!r} in the settings")
        folder = take_up(disk, settings.path, memory=self._memory, clock=self._clock)
        try:
            yield folder
        finally:
            folder.close()


def is_copy(name: str) -> bool:
    """Whether a name is that of a copy that was not finished."""
    return name.endswith(_COPY)


def _copy(file: int, below: int, name: str) -> int:
    draft = name + _COPY
    flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    made = os.open(draft, flags, 0o644, dir_fd=below)
    try:
        read, length = hashlib.sha256(), 0
        while block := os.pread(file, _BLOCK_BYTES, length):
            read.update(block)
            at = 0
            while at < len(block):
                at += os.pwrite(made, block[at:], length + at)
            length += len(block)
        os.fsync(made)
        # Pages that lie in memory would only be compared with themselves.
        os.posix_fadvise(made, 0, 0, os.POSIX_FADV_DONTNEED)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        written, at = hashlib.sha256(), 0
        while block := os.pread(made, _BLOCK_BYTES, at):
            written.update(block)
            at += len(block)
        os.posix_fadvise(made, 0, 0, os.POSIX_FADV_DONTNEED)
        _check_same(written.digest(), read.digest(), name)
        os.rename(draft, name, src_dir_fd=below, dst_dir_fd=below)
        os.fsync(below)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(draft, dir_fd=below)
        raise
    finally:
        os.close(made)
    return length


def _check_same(written: bytes, read: bytes, name: str) -> None:
    if written != read:
        raise DiskError(DiskProblem.GONE, f"{name}: the disk gives back something else than was written")


def _opened(folder: DiskFolder, path: str) -> int:
    return open_file_below(folder.handle, path)


def _names(folder: int, path: str, pattern: re.Pattern[str]) -> list[str]:
    try:
        return names(folder, path, pattern)
    except OSError as error:
        raise DiskError(DiskProblem.GONE, f"{path}: {error.strerror}") from error


def _tidy(folder: int, hour: str) -> None:
    """Remove the folders of an hour and its day when they are empty; a worker that wants one makes it again."""
    day, _, name = hour.rpartition("/")
    stream, _, day_name = day.rpartition("/")
    for place, below in ((day, name), (stream, day_name)):
        with contextlib.suppress(OSError):
            above = open_below(folder, place)
            try:
                os.rmdir(below, dir_fd=above)
            finally:
                os.close(above)
