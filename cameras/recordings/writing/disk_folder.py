"""DiskFolder: the folder of one disk, taken up only when it is the disk that it was.

A disk that is not mounted leaves an empty folder on the system's own disk, and recording there would fill that one
unseen. So every disk carries `disk.json`, made once, and the data folder remembers having seen it. All files are opened
through the handle of the folder that was checked (`handle`), so that nothing lands in a mount point by accident, even
while a disk comes and goes.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cameras.errors import DiskError, DiskProblem
from cameras.recordings.opening import FOLDER, open_file_below
from hub.clock import Clock

logger = logging.getLogger(__name__)

IDENTITY = "disk.json"
"""Names the disk, in its folder."""


@dataclass(frozen=True, slots=True)
class Space:
    """How much room a file system has, in bytes, for those who are not root."""

    total_bytes: int
    free_bytes: int

    @property
    def free_pct(self) -> float:
        """Percent of it that is free."""
        return 100.0 * self.free_bytes / self.total_bytes if self.total_bytes else 0.0


class DiskFolder:
    """The folder of a disk that was taken up; `close` gives it back.

    Attributes:
        handle: The open folder; every file of it is opened relative to this.
    """

    def __init__(self, disk: str, path: Path, *, handle: int) -> None:
        """Hold the folder; use `take_up`."""
        self.disk = disk
        self.path = path
        self.handle = handle

    def check(self) -> None:
        """Look whether it is still there, and still the same.

        Raises:
            DiskError: It is not.
        """
        try:
            there, held = self.path.stat(), os.fstat(self.handle)
            os.stat(IDENTITY, dir_fd=self.handle, follow_symlinks=False)
        except OSError as error:
            raise DiskError(DiskProblem.GONE, f"{self.path}: {error.strerror}") from error
        if (there.st_dev, there.st_ino) != (held.st_dev, held.st_ino):
            raise DiskError(DiskProblem.GONE, f"{self.path} is another folder than it was")
        if os.fstatvfs(self.handle).f_flag & os.ST_RDONLY:
            raise DiskError(DiskProblem.GONE, f"{self.path} can only be read")

    def space(self) -> Space:
        """Its file system's room.

        Raises:
            DiskError: The disk does not say.
        """
        try:
            figures = os.fstatvfs(self.handle)
        except OSError as error:
            raise DiskError(DiskProblem.GONE, f"{self.path}: {error.strerror}") from error
        return Space(figures.f_blocks * figures.f_frsize, figures.f_bavail * figures.f_frsize)

    def close(self) -> None:
        """Let go of it; a disk that is gone may refuse even that."""
        handle, self.handle = self.handle, -1
        if handle >= 0:
            with contextlib.suppress(OSError):
                os.close(handle)


def take_up(disk: str, path: Path, *, memory: Path, clock: Clock) -> DiskFolder:
    """Open a disk's folder, when it is that disk; a new one gets its identity.

    Args:
        disk: Id of the disk.
        path: Its folder.
        memory: Folder in which is remembered what was seen, on the system's disk.
        clock: For the date of a new identity.

    Raises:
        DiskError: It is not there, is another one, or cannot be written.
    """
    remembered = _recalled(memory, f"{disk}.json")
    apart = bool(remembered and remembered.get("apart"))
    try:
        if remembered is None or not apart:
            path.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, FOLDER)
    except OSError as error:
        raise DiskError(DiskProblem.GONE, f"{path}: {error.strerror}") from error
    folder = DiskFolder(disk, path, handle=handle)
    try:
        is_apart = _is_apart(folder, memory, was_apart=apart)
        identity = _identity(folder, clock=clock)
        folder.check()
        wanted = {"disk": disk, "token": identity.get("token"), "apart": is_apart}
        if remembered != wanted:
            _remember(memory, f"{disk}.json", wanted)
    except DiskError:
        folder.close()
        raise
    except OSError as error:
        folder.close()
        raise DiskError(DiskProblem.GONE, f"{path}: {error.strerror}") from error
    return folder


def _is_apart(folder: DiskFolder, memory: Path, *, was_apart: bool) -> bool:
    """Whether it is on a file system of its own; what once was has to stay so.

    The data folder remembers, so what lies on the same file system as that one is there when that one is, however often
    the two are moved together.
    """
    memory.mkdir(parents=True, exist_ok=True)
    is_apart = os.fstat(folder.handle).st_dev not in {Path("/").stat().st_dev, memory.stat().st_dev}
    if was_apart and not is_apart:
        raise DiskError(DiskProblem.GONE, f"{folder.path} is on the system's disk now: nothing is mounted there")
    return is_apart


def _identity(folder: DiskFolder, *, clock: Clock) -> dict[str, Any]:
    """What the disk says who it is; made when it says nothing. Two workers may do it at once: the last wins."""
    known = _read(folder.handle, IDENTITY)
    if known is None:
        made = {"disk": folder.disk, "token": secrets.token_urlsafe(16), "made": clock.now().isoformat()}
        _write(folder.handle, IDENTITY, json.dumps(made, indent=2))
        known = _read(folder.handle, IDENTITY) or made
        logger.info("a disk for recordings is taken up for the first time", extra={"disk": folder.disk})
    if known.get("disk") != folder.disk:
        raise DiskError(DiskProblem.GONE, f"{folder.path} holds the disk {known.get('disk')!r}")
    return known


def _recalled(memory: Path, name: str) -> dict[str, Any] | None:
    """What is remembered of a disk."""
    try:
        folder = os.open(memory, FOLDER)
    except FileNotFoundError:
        return None
    try:
        return _read(folder, name)
    finally:
        os.close(folder)


def _remember(memory: Path, name: str, value: dict[str, Any]) -> None:
    folder = os.open(memory, FOLDER)
    try:
        _write(folder, name, json.dumps(value))
    except PermissionError:
        logger.debug("the hub alone remembers disks", extra={"file": name})
    finally:
        os.close(folder)


def _read(folder: int, name: str) -> dict[str, Any] | None:
    """A small JSON object; None when there is none, or none that can be understood."""
    try:
        file = open_file_below(folder, name)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP):
            return None
        raise
    try:
        value = json.loads(os.read(file, 4096))
    except ValueError:
        return None
    finally:
        os.close(file)
    return value if isinstance(value, dict) else None


def _write(folder: int, name: str, text: str) -> None:
    """Write a small file whole. Others may write in the folder, so nothing that lies there is written through."""
    draft = f".{name}.{secrets.token_hex(8)}"
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644, dir_fd=folder)
    try:
        try:
            os.write(file, text.encode() + b"\n")
            os.fsync(file)
        finally:
            os.close(file)
        os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(draft, dir_fd=folder)
        raise
    os.fsync(folder)
