"""Restoring: a backup checked to its last byte, and brought back into an empty folder, all of it or nothing.

What is brought back stands apart in the folder until it is whole, so that the folder may be where a disk is mounted. A
mark stays until the last entry has its place: with it no hub starts, and the next attempt begins anew.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path, PurePosixPath

from api.backup.contents import Contents, Opened, opened
from api.backup.gathering import DATABASE, DUMP
from api.backup.placing import locked, sync_folder
from api.backup.sealing import BackupError
from api.storage import RESTORING

_MOVED = "moved.json"
_OF_THE_DISK = frozenset({"lost+found", "System Volume Information", ".Trash-0"})
"""What stands in an empty disk."""


def check_backup(file: Path, *, passphrase: str | None) -> Contents:
    """Read a backup to its end.

    Raises:
        BackupError: It is none, or was cut or changed; says where.
    """
    try:
        with opened(file, passphrase=passphrase) as backup:
            for member in backup.contents.members:
                backup.copy(member, None)
            return backup.contents
    except OSError as error:
        raise BackupError(f"{file}: {error.strerror or error}") from error


def restore_backup(file: Path, data: Path, *, passphrase: str | None) -> Contents:
    """Bring a backup back into a folder that is not there yet, or empty.

    Raises:
        BackupError: The folder holds something, or the backup cannot be used; the folder is as it was.
    """
    data = data.resolve()
    try:
        with _staged(data) as stage, opened(file, passphrase=passphrase) as backup:
            whole = stage / "whole"
            whole.mkdir(mode=0o700)
            free = shutil.disk_usage(data).free
            if backup.contents.size_bytes > free:
                words = f"it holds {backup.contents.size_bytes / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free"
                raise BackupError(f"{words}; make room in {data}")
            _unpack(backup, whole)
            _look_into(whole / "hub.sqlite3")
            _move(stage, data)
            return backup.contents
    except BlockingIOError as error:
        raise BackupError(f"another backup is being brought back into {data}; wait for it") from error
    except OSError as error:
        raise BackupError(f"the backup could not be brought back: {error}") from error


@contextmanager
def _staged(data: Path) -> Iterator[Path]:
    """The folder that what is brought back stands in; with it goes whatever of it was moved, unless all was."""
    was_there = data.exists()
    if was_there and not data.is_dir():
        raise BackupError(f"{data} is no folder; choose one that is empty or not there yet")
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    stage = data / RESTORING
    with locked(data):
        _begin_anew(data, stage)
        if any(entry.name not in _OF_THE_DISK for entry in data.iterdir()):
            raise BackupError(f"{data} holds something; choose a folder that is empty or not there yet")
        try:
            stage.mkdir(mode=0o700)
            yield stage
        except BaseException:
            with suppress(OSError):
                _begin_anew(data, stage)
                if not was_there:
                    data.rmdir()
            raise


def _begin_anew(data: Path, stage: Path) -> None:
    """Remove what an attempt left that came to no end."""
    names: list[str] = []
    with suppress(FileNotFoundError, ValueError):  # cut off while it was written: nothing was moved yet
        names = json.loads((stage / _MOVED).read_text(encoding="utf-8"))
    for name in names:
        there = data / PurePosixPath(name).name
        if there.is_dir() and not there.is_symlink():
            shutil.rmtree(there)
        else:
            there.unlink(missing_ok=True)
    if stage.exists():
        shutil.rmtree(stage)


def _unpack(backup: Opened, whole: Path) -> None:
    folders = {whole}
    for member in backup.contents.members:
        target = whole / _place(member.name)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folders.add(target.parent)
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            backup.copy(member, out)
            out.flush()
            os.fsync(out.fileno())
    for folder in folders:
        sync_folder(folder)


def _move(stage: Path, data: Path) -> None:
    """Have every entry take its place; the list says which, for an attempt that is cut off here."""
    whole = stage / "whole"
    names = sorted(entry.name for entry in whole.iterdir())
    with (stage / _MOVED).open("x", encoding="utf-8") as listed:
        json.dump(names, listed)
        listed.flush()
        os.fsync(listed.fileno())
    sync_folder(stage)
    for name in names:
        (whole / name).rename(data / name)
    with suppress(OSError):
        data.chmod(0o700)
    sync_folder(data)
    done = stage.rename(stage.with_name(f"{RESTORING}-done"))
    sync_folder(data)
    shutil.rmtree(done, ignore_errors=True)


def _place(name: str) -> PurePosixPath:
    """Where a file of a backup goes, in the data folder."""
    if name == DATABASE:
        return PurePosixPath("hub.sqlite3")
    if name == DUMP:
        return PurePosixPath("restored/hub.pgdump")
    top, *rest = PurePosixPath(name).parts
    return PurePosixPath(*rest) if top == "data" else PurePosixPath("restored", *rest)


def _look_into(database: Path) -> None:
    if not database.exists():
        return  # it is in a dump
    try:
        with closing(sqlite3.connect(database)) as connection:
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        raise BackupError(f"the database in the backup is damaged: {error}") from error
    if found != "ok":
        raise BackupError(f"the database in the backup is damaged: {found}")
