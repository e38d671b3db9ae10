"""Restoring: a backup checked to its last byte, and brought back into an empty folder, all of it or nothing.

Nothing in the file is believed: names are held to the list of contents, and that to what a hub writes. What is brought
back stands beside the folder until it is whole, and takes its name in one step.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from api.backup.making import DATABASE, DUMP, FORMAT, MANIFEST, Member
from api.backup.sealing import BackupError, is_sealed, unseal

_MOST_MANIFEST_BYTES = 256 * 1024 * 1024
_PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a backup.

    Attributes:
        made: When, as it stands there.
        program: Version of the program that made it.
        members: Its files.
        encrypted: Whether a passphrase was needed.
    """

    made: str
    program: str
    members: tuple[Member, ...]
    encrypted: bool

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(member.size_bytes for member in self.members)


def check_backup(file: Path, *, passphrase: str | None) -> Contents:
    """Read a backup to its end.

    Raises:
        BackupError: It is none, or was cut or changed; says where.
    """
    with _opened(file, passphrase, beside=Path(tempfile.gettempdir())) as (archive, encrypted):
        contents = _contents(archive, encrypted=encrypted)
        for member in contents.members:
            _copy(archive, member, None)
    return contents


def restore_backup(file: Path, data: Path, *, passphrase: str | None) -> Contents:
    """Bring a backup back into a folder that is not there yet, or empty.

    Raises:
        BackupError: The folder holds something, or the backup cannot be used; the folder is as it was.
    """
    data = data.absolute()
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise BackupError(f"{data} holds something; choose a folder that is empty or not there yet")
    data.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{data.name}.restoring-", dir=data.parent))
    try:
        with _opened(file, passphrase, beside=draft) as (archive, encrypted):
            contents = _contents(archive, encrypted=encrypted)
            for member in contents.members:
                target = draft / "whole" / _place(member.name)
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                    _copy(archive, member, out)
                    out.flush()
                    os.fsync(out.fileno())
        whole = draft / "whole"
        whole.mkdir(mode=0o700, exist_ok=True)
        _look_into(whole / "hub.sqlite3")
        if data.exists():
            data.rmdir()
        whole.rename(data)
    except OSError as error:
        raise BackupError(f"the backup could not be brought back: {error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return contents


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


@contextmanager
def _opened(file: Path, passphrase: str | None, *, beside: Path) -> Iterator[tuple[zipfile.ZipFile, bool]]:
    try:
        with file.open("rb") as source:
            begin = source.read(16)
            source.seek(0)
            if not is_sealed(begin):
                with zipfile.ZipFile(source) as archive:
                    yield archive, False
                return
            if passphrase is None:
                raise BackupError(f"{file} is encrypted; give its passphrase (--passphrase-file)")
            with tempfile.TemporaryFile(dir=beside) as clear:
                unseal(source, clear, passphrase)
                clear.seek(0)
                with zipfile.ZipFile(clear) as archive:
                    yield archive, True
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise BackupError(f"{file} is no backup, or was cut or changed: {error}") from error
    except OSError as error:
        raise BackupError(f"{file}: {error.strerror or error}") from error


def _contents(archive: zipfile.ZipFile, *, encrypted: bool) -> Contents:
    names = archive.namelist()
    if MANIFEST not in names:
        raise BackupError("there is no list of contents in it: it is no backup, or was cut")
    if archive.getinfo(MANIFEST).file_size > _MOST_MANIFEST_BYTES:
        raise BackupError("its list of contents is too long")
    try:
        said: dict[str, Any] = json.loads(archive.read(MANIFEST))
        members = tuple(Member(one["name"], int(one["size_bytes"]), one["sha256"]) for one in said["files"])
        form, made, program = int(said["format"]), str(said["made"]), str(said["program"])
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise BackupError("its list of contents cannot be read: it was changed") from error
    if form > FORMAT:
        raise BackupError(f"it was made by a newer version of the program ({program}); update this one first")
    for member in members:
        _hold(member.name)
    if sorted(names) != sorted([MANIFEST, *(member.name for member in members)]):
        raise BackupError("its files are not those of its list of contents: it was changed")
    return Contents(made, program, members, encrypted)


def _hold(name: str) -> None:
    """Refuse a name that leads anywhere else."""
    path = PurePosixPath(name)
    plain = name == path.as_posix() and not path.is_absolute() and ".." not in path.parts and "\\" not in name
    usable = plain and "\0" not in name and len(path.parts) > 1 and path.parts[0] in ("data", "settings", "database")
    if not usable or (path.parts[0] == "database" and name not in (DATABASE, DUMP)):
        raise BackupError(f"it holds {name!r}, which no hub writes: it was changed")


def _copy(archive: zipfile.ZipFile, member: Member, out: IO[bytes] | None) -> None:
    digest, size = hashlib.sha256(), 0
    with archive.open(member.name) as source:
        while piece := source.read(_PIECE_BYTES):
            size += len(piece)
            if size > member.size_bytes:
                break
            digest.update(piece)
            if out is not None:
                out.write(piece)
    if size != member.size_bytes or digest.hexdigest() != member.sha256:
        raise BackupError(f"{member.name} is not what was put in: the backup was changed")
