"""Room: removes the oldest recordings of a disk, by their paths alone, so that a worker can do it without the hub.

Ids and times stand in the paths, so the oldest hour of a whole disk is found by listing a few hundred folders. A file
that somebody writes is locked and never removed. Nothing outside the disk's folder is ever touched: every step goes
through the handle of the folder above, no symbolic link is followed, and only names that a worker gives count.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cameras.recordings.writing.disk_folder import FOLDER

ROOM_LOCK = ".room"
"""Held by the worker that makes room on this disk."""

_FOLDER = FOLDER | os.O_NOFOLLOW
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_HOUR = re.compile(r"\d\d")
_SEGMENT = re.compile(r"\d\d-\d\d(-\d+)?\.mp4")
_ANY_ID = re.compile(r"[^./][^/]*")
_STREAM = re.compile(r"main|sub")
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


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


def make_room(folder: int, *, enough: Callable[[int], bool], most: int = 100_000) -> Removed | None:
    """Remove whole segments, the oldest of all cameras first, until `enough`.

    Args:
        folder: The disk's open folder.
        enough: Asked before each removal, with the bytes that were removed so far.
        most: Files that are removed at most.

    Returns:
        What was removed, or None when another worker is at it.

    Raises:
        OSError: The disk cannot be read or written.
    """
    lock = os.open(ROOM_LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644, dir_fd=folder)
    try:
        if not lock_segment(lock):
            return None
        removed = Removed()
        if enough(0):
            return removed
        for path in oldest(folder, tidy=True):
            size_bytes = _remove(folder, path)
            if size_bytes is not None:
                removed.paths.append(path)
                removed.size_bytes += size_bytes
            if enough(removed.size_bytes) or len(removed.paths) >= most:
                break
        return removed
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
        for site in _names(folder, ".", _ANY_ID)
        for camera in _names(folder, site, _ANY_ID)
        for stream in _names(folder, f"{site}/{camera}", _STREAM)
    ]
    days: dict[str, list[str]] = {}
    for stream in streams:
        for day in _names(folder, stream, _DAY):
            days.setdefault(day, []).append(stream)
    for day in sorted(days):
        hours: dict[str, list[str]] = {}
        for stream in days[day]:
            for hour in _names(folder, f"{stream}/{day}", _HOUR):
                hours.setdefault(hour, []).append(f"{stream}/{day}/{hour}")
        for hour in sorted(hours):
            found = [(name, place) for place in hours[hour] for name in _names(folder, place, _SEGMENT)]
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


def open_below(folder: int, path: str, *, make: bool = False) -> int:
    """Open a folder below `folder`, step by step, following no symbolic link.

    Args:
        folder: Where to begin.
        path: Names with `/` between them.
        make: Make what is missing.

    Raises:
        OSError: There is none, or a step is no folder.
    """
    at = os.dup(folder)
    try:
        for name in path.split("/"):
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, 0o755, dir_fd=at)
            below = os.open(name, _FOLDER, dir_fd=at)
            os.close(at)
            at = below
    except OSError:
        os.close(at)
        raise
    return at


def _by_time(one: tuple[str, str]) -> tuple[str, int, str]:
    """`35-02.mp4` before `35-02-1.mp4` before `35-02-10.mp4`."""
    name, place = one
    parts = name.removesuffix(".mp4").split("-")
    return f"{parts[0]}-{parts[1]}", int(parts[2]) if len(parts) > 2 else 0, place  # noqa: PLR2004 - the one that counts


def _names(folder: int, path: str, pattern: re.Pattern[str]) -> list[str]:
    """What in a folder is named so; nothing when there is no such folder."""
    try:
        below = os.dup(folder) if path == "." else open_below(folder, path)
    except OSError as error:
        if error.errno in _GONE:
            return []
        raise
    try:
        return sorted(name for name in os.listdir(below) if pattern.fullmatch(name))  # noqa: PTH208 - of a handle, not of a path
    finally:
        os.close(below)


def _remove(folder: int, path: str) -> int | None:
    """Remove one segment unless somebody writes it; how many bytes that frees."""
    place, _, name = path.rpartition("/")
    try:
        below = open_below(folder, place)
    except OSError as error:
        if error.errno in _GONE:
            return None
        raise
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=below)
        try:
            if not lock_segment(file):
                return None
            size_bytes = os.fstat(file).st_blocks * 512
            os.unlink(name, dir_fd=below)
            return size_bytes
        finally:
            os.close(file)
    except OSError as error:
        if error.errno in _GONE:
            return None
        raise
    finally:
        os.close(below)


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
