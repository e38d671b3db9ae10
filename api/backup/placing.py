"""Placing: where a backup is worked on and how it takes its name, whatever file system its folder is on.

What is in clear stands in the data folder alone, in a folder for this user alone. Folders and drafts are locked while
they are worked on: what is not locked was left by a process that was killed, and goes.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from api.backup.gathering import database_file
from api.backup.sealing import BackupError
from config.machine import Machine

RESERVE_BYTES = 256 * 1024**2
"""Stays free beside two copies of the database, for the hub that goes on meanwhile."""

_WORK = ".backup-work"
_DRAFT = ".part"
_NO_LINKS = frozenset({errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EMLINK})
"""What FAT, exFAT and shares of other systems say to a second name of a file."""


def hold_room(machine: Machine, folder: Path) -> None:
    """See that a backup in `folder` fits.

    Raises:
        BackupError: There is less free than it may take, or no database.
    """
    database = database_file(machine)
    needed = RESERVE_BYTES + (0 if database is None else 2 * database.stat().st_size)
    for place in dict.fromkeys((machine.data, folder)):
        standing = next(path for path in (place.absolute(), *place.absolute().parents) if path.exists())
        free = shutil.disk_usage(standing).free
        if free < needed:
            room = f"{free / 1e9:.1f} GB are free in {place}, a backup may take {needed / 1e9:.1f} GB"
            raise BackupError(f"{room}; make room, or set backup.folder to another disk")


@contextmanager
def working_folder(machine: Machine) -> Iterator[Path]:
    """A folder for what is in clear; gone at the end.

    Raises:
        OSError: It cannot be made.
    """
    above = machine.data / _WORK
    above.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=above))
    try:
        with locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def draft_of(to: Path) -> Iterator[IO[bytes]]:
    """A file beside `to` that takes its name when the block ends well, and is gone when it does not.

    Raises:
        FileExistsError: Another has that name meanwhile.
        OSError: It cannot be written.
    """
    for left in _there(to.parent):
        if left.name.startswith(f".{to.name}.") and left.suffix == _DRAFT:
            _remove_unless_locked(left)
    draft = to.with_name(f".{to.name}.{secrets.token_hex(4)}{_DRAFT}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            _lock(handle)
            yield file
            file.flush()
            os.fsync(handle)
        _name(draft, to)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    sync_folder(to.parent)


def sweep(machine: Machine, folder: Path) -> None:
    """Remove what killed processes left in the data folder and in that of backups."""
    for place in _there(machine.data / _WORK):
        with suppress(OSError), locked(place):
            shutil.rmtree(place)
    for draft in _there(folder):
        if draft.name.startswith(".hub-") and draft.suffix == _DRAFT:
            _remove_unless_locked(draft)


def _remove_unless_locked(draft: Path) -> None:
    with suppress(OSError), locked(draft):
        draft.unlink()


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk; some file systems of others cannot say so.

    Raises:
        OSError: The disk failed.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS}:
            raise
    finally:
        os.close(handle)


def _there(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """A file or folder that nobody else works on meanwhile.

    Raises:
        BlockingIOError: Somebody does.
        OSError: It is not there, or has no locks.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _lock(handle: int) -> None:
    with suppress(OSError):  # a share without locks: its drafts are not swept either
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _name(draft: Path, to: Path) -> None:
    """Give a draft its name, unless another has it."""
    try:
        os.link(draft, to)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # An empty file keeps the name for the moment; it counts as none.
        os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        try:
            draft.replace(to)
        except OSError:
            to.unlink(missing_ok=True)
            raise
