"""Opening: what lies on a disk, opened step by step from the disk's folder, whatever else was put there meanwhile.

A worker may write to its disks, and it meets cameras. So a name, a link or a pipe that somebody who took over a worker
left on a disk must not lead the hub to a file of its own: no step leads upwards, no symbolic link is followed, and what
is no plain file is not opened.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from pathlib import Path
from typing import BinaryIO, cast

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
"""Flags for a folder, of which a symbolic link may be one on the way."""

_BELOW = FOLDER | os.O_NOFOLLOW
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NO_NAMES = ("", ".", "..")
_RECORDED = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}/[a-z0-9][a-z0-9._-]{0,63}/(main|sub)/\d{4}-\d\d-\d\d/\d\d/[^/]+")
_STEPS = 6


def open_below(folder: int, path: str, *, make: bool = False) -> int:
    """Open a folder below `folder`, step by step, following no symbolic link.

    Args:
        folder: Where to begin.
        path: Names with `/` between them; none is empty, `.` or `..`.
        make: Make what is missing.

    Raises:
        OSError: There is none, or a step is no folder.
    """
    at = os.dup(folder)
    try:
        for name in path.split("/"):
            _check_name(name)
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, 0o755, dir_fd=at)
            below = os.open(name, _BELOW, dir_fd=at)
            os.close(at)
            at = below
    except OSError:
        os.close(at)
        raise
    return at


def open_file_below(folder: int, path: str, flags: int = os.O_RDONLY) -> int:
    """Open a plain file below `folder`, likewise.

    Raises:
        OSError: There is none, or what is there is no plain file.
    """
    place, _, name = path.rpartition("/")
    _check_name(name)
    below = open_below(folder, place) if place else os.dup(folder)
    try:
        file = os.open(name, flags | _FILE, dir_fd=below)
    finally:
        os.close(below)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise FileNotFoundError(errno.ENOENT, "no plain file", path)
    return file


def open_recorded(path: Path, *, change: bool = False) -> BinaryIO:
    """A recorded file, without buffering; no link is followed from its disk's folder on.

    Args:
        path: With the disk's folder.
        change: To be written, too.

    Raises:
        OSError: There is none, or what is there is no plain file.
    """
    steps = path.parts[-_STEPS:]
    within = len(steps) if _RECORDED.fullmatch("/".join(steps)) else 1
    folder = os.open(path.parents[within - 1], FOLDER)
    try:
        file = open_file_below(folder, "/".join(path.parts[-within:]), os.O_RDWR if change else os.O_RDONLY)
    finally:
        os.close(folder)
    return cast("BinaryIO", os.fdopen(file, "r+b" if change else "rb", buffering=0))


def _check_name(name: str) -> None:
    if name in _NO_NAMES or "/" in name or "\0" in name:
        raise FileNotFoundError(errno.ENOENT, "no name of a file", name)
