"""Listing: the folders of a disk, opened and listed step by step through the handle of the folder above.

No symbolic link is followed, and only names that a worker gives count: what else lies on a disk, its `lost+found` for
one, is nobody's recording. A folder that may not be listed is told once and passed over; the rest of the disk goes on.
"""

from __future__ import annotations

import errno
import functools
import logging
import os
import re

from cameras.recordings.opening import open_below

logger = logging.getLogger(__name__)

ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""Of a site or a camera, as the configuration allows it."""
STREAM = re.compile(r"main|sub")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
HOUR = re.compile(r"\d\d")
SEGMENT = re.compile(r"\d\d-\d\d(-\d+)?\.mp4")

GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
"""There is nothing of that name, or not what is meant."""
REFUSED = (errno.EACCES, errno.EPERM, errno.EIO)
"""This one thing cannot be had; that a whole disk is gone is seen by writing to it."""

_TOLD = 1024


def names(folder: int, path: str, pattern: re.Pattern[str]) -> list[str]:
    """What in a folder is named so; nothing where there is no such folder, or it may not be listed.

    Args:
        folder: The disk's open folder.
        path: From there; `.` is the disk's folder itself.
        pattern: Of whole names.

    Raises:
        OSError: The disk's own folder cannot be listed, or there is another fault.
    """
    try:
        below = os.dup(folder) if path == "." else open_below(folder, path)
        try:
            return sorted(name for name in os.listdir(below) if pattern.fullmatch(name))  # noqa: PTH208 - by its handle
        finally:
            os.close(below)
    except OSError as error:
        if error.errno in GONE and path != ".":
            return []
        if error.errno in REFUSED and path != ".":
            tell_refused(folder, path, error)
            return []
        raise


def tell_refused(folder: int, path: str, error: OSError) -> None:
    """Tell of a file or folder that cannot be had, once."""
    disk = os.fstat(folder)
    _tell((disk.st_dev, disk.st_ino), path, str(error.strerror))


@functools.lru_cache(maxsize=_TOLD)
def _tell(disk: tuple[int, int], path: str, reason: str) -> None:
    """Each once, as long as it is remembered."""
    logger.warning(
        "something on a disk for recordings cannot be had, and is passed over",
        extra={"device": disk[0], "path": path, "reason": reason},
    )
