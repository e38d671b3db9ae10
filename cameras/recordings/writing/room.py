"""Room: removes the oldest recordings of a disk, by their paths alone, so that a worker can do it without the hub.

Ids and times stand in the paths, so the oldest hour of a whole disk is found by listing a few hundred folders. A file
that somebody writes is locked and never removed. Nothing outside the disk's folder is ever touched: every step goes
through the handle of the folder above, no symbolic link is followed, and only names that a worker gives count.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from cameras.recordings.opening import open_below
from cameras.recordings.writing.listing import (
    DAY,
    GONE,
    HOUR,
    ID,
    REFUSED,
    SEGMENT,
    STREAM,
    names,
    tell_refused,
)

ROOM_LOCK = ".room"
"""Held by the worker that makes room on this disk."""


@dataclass(slots=True)
class Removed:
    """What was removed to make room.

    Attributes:
        paths: From the disk's folder, oldest first.
        size_bytes: Of all of them.
    """

    paths: list[str] = field(default_factory=list)
    size_bytes: int = 0


def lock_segment(file: int) -> bool:
    """Say that a segment is being written, until `file` is closed or the process dies.

    Returns:
        Whether nobody else has it.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Room:
    """The right to make room on a disk, which one worker has at a time.

    Attributes:
        turns: How often room was made on this disk, by whomever.
    """

    def __init__(self, folder: int, lock: int) -> None:
        """Hold it; use `hold_room`."""
        self._folder = folder
        self._lock = lock
        self.turns = _turns(lock)

    def remove_oldest(self, *, enough: Callable[[int], bool], most: int = 100_000) -> Removed:
        """Remove whole segments, the oldest of all cameras first, until `enough`.

        Args:
            enough: Asked before each removal, with the bytes that were removed so far.
            most: Files that are removed at most.

        Raises:
            OSError: The disk cannot be read or written.
        """
        removed = Removed()
        if enough(0):
            return removed
        for path in oldest(self._folder, tidy=True):
            size_bytes = _remove(self._folder, path)
            if size_bytes is not None:
                removed.paths.append(path)
                removed.size_bytes += size_bytes
            if enough(removed.size_bytes) or len(removed.paths) >= most:
                break
        if removed.paths:
            self.turns += 1
            with contextlib.suppress(OSError):  # then somebody may remove a few files more than he had to
                os.pwrite(self._lock, b"%020d" % self.turns, 0)
        return removed


@contextmanager
def hold_room(folder: int) -> Iterator[Room | None]:
    """Be the one who makes room on a disk; None when another worker is at it.

    Args:
        folder: The disk's open folder.

    Raises:
        OSError: The disk cannot be read or written.
    """
    lock = os.open(ROOM_LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644, dir_fd=folder)
    try:
        yield Room(folder, lock) if lock_segment(lock) else None
    finally:
        os.close(lock)


def room_turns(folder: int) -> int:
    """How often room was made on a disk so far; 0 when nobody can say."""
    try:
        lock = os.open(ROOM_LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return 0
    try:
        return _turns(lock)
    finally:
        os.close(lock)


def oldest(folder: int, *, tidy: bool = False) -> Iterator[str]:
    """Paths of all segments, the oldest hour of all cameras first, and within it by their times.

    Args:
        folder: The disk's open folder.
        tidy: Remove the folders of hours and days that were gone through and are empty.
    """
    streams = [
        f"{site}/{camera}/{stream}"
        for site in names(folder, ".", ID)
        for camera in names(folder, site, ID)
        for stream in names(folder, f"{site}/{camera}", STREAM)
    ]
    days: dict[str, list[str]] = {}
    for stream in streams:
        for day in names(folder, stream, DAY):
            days.setdefault(day, []).append(stream)
    for day in sorted(days):
        hours: dict[str, list[str]] = {}
        for stream in days[day]:
            for hour in names(folder, f"{stream}/{day}", HOUR):
                hours.setdefault(hour, []).append(f"{stream}/{day}/{hour}")
        for hour in sorted(hours):
            found = [(name, place) for place in hours[hour] for name in names(folder, place, SEGMENT)]
            yield from (f"{place}/{name}" for name, place in sorted(found, key=_by_time))
            for place in hours[hour] if tidy else ():
                _tidy(folder, place)


def used_bytes(folder: int) -> int:
    """How much all segments take up; reads every folder, which takes a while on a full disk."""
    total = 0
    for path in oldest(folder):
        with contextlib.suppress(OSError):
            total += os.stat(path, dir_fd=folder, follow_symlinks=False).st_blocks * 512
    return total


def _by_time(one: tuple[str, str]) -> tuple[str, int, str]:
    """`35-02.mp4` before `35-02-1.mp4` before `35-02-10.mp4`."""
    name, place = one
    parts = name.removesuffix(".mp4").split("-")
    return f"{parts[0]}-{parts[1]}", int(parts[2]) if len(parts) > 2 else 0, place  # noqa: PLR2004 - the one that counts


def _turns(lock: int) -> int:
    try:
        return int(os.pread(lock, 32, 0) or 0)
    except (OSError, ValueError):
        return 0


def _remove(folder: int, path: str) -> int | None:
    """Remove one segment unless somebody writes it, or it cannot be had; how many bytes that frees."""
    place, _, name = path.rpartition("/")
    try:
        below = open_below(folder, place)
        try:
            return _unlink(below, name)
        finally:
            os.close(below)
    except OSError as error:
        if error.errno in REFUSED:
            tell_refused(folder, path, error)
        elif error.errno not in GONE:
            raise
        return None


def _unlink(below: int, name: str) -> int | None:
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=below)
    try:
        if not lock_segment(file):
            return None
        size_bytes = os.fstat(file).st_blocks * 512
        os.unlink(name, dir_fd=below)
        return size_bytes
    finally:
        os.close(file)


def _tidy(folder: int, hour: str) -> None:
    """Remove an hour's folder and its day's when they are empty; a worker that wants one makes it again."""
    day, _, name = hour.rpartition("/")
    stream, _, day_name = day.rpartition("/")
    for place, below in ((day, name), (stream, day_name)):
        with contextlib.suppress(OSError):
            above = open_below(folder, place)
            try:
                os.rmdir(below, dir_fd=above)
            finally:
                os.close(above)
