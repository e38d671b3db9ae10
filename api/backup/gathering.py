"""Gathering: what goes into a backup, the database as one snapshot and then files, so that what it names is there.

Folders that are left out are not walked through: recordings are some 100,000 files on disks that are asleep.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from api.backup.sealing import BackupError
from api.storage import database_url
from config.machine import Machine

DATABASE, DUMP = "database/hub.sqlite3", "database/hub.pgdump"

_LEFT_OUT = frozenset({"run", "recordings", "backups", "past-stills"})
"""In the data folder: sockets, video, other backups, pictures made on demand; and the database, which is copied."""

_BROKER_KEPT = frozenset({"password"})
"""Of the broker: what waits in it is its own affair, and changes while it is read."""

_VIDEO = frozenset({".mp4", ".part", ".tmp", ".sock", ".lock"})
_DUMP_WITHIN_S = 3600.0


def sources(machine: Machine, work: Path, settings: tuple[Path, ...]) -> Iterator[tuple[str, Path]]:
    """Names in the backup and the files that go there, the database first.

    Raises:
        BackupError: The database cannot be copied.
        OSError: A folder cannot be read.
    """
    yield _database(machine, work)
    for path in settings:
        yield f"settings/{path.name}", path
    data = machine.data.resolve()
    disks = {disk.path.resolve() for disk in machine.recording_disks}
    disks |= {path.resolve() for path in (machine.backup.folder, machine.models) if path is not None}
    for path in _files(data, disks):
        yield (PurePosixPath("data") / path.relative_to(data).as_posix()).as_posix(), path


def is_left_out(inside: tuple[str, ...]) -> bool:
    """Whether what lies there in the data folder, file or folder, never goes into a backup."""
    if inside[0] in _LEFT_OUT or inside[0].startswith("hub.sqlite3") or PurePosixPath(inside[-1]).suffix in _VIDEO:
        return True
    if inside[0] == "broker" and inside[1:] and inside[1] not in _BROKER_KEPT:
        return True
    return any(part.startswith(".") for part in inside)


def _files(data: Path, apart: set[Path]) -> Iterator[Path]:
    """What the hub keeps in files, in its data folder; what is left out is not looked into."""
    for folder, folders, files in os.walk(data, onerror=_told):
        at = Path(folder)
        inside = at.relative_to(data).parts
        folders[:] = sorted(name for name in folders if not is_left_out((*inside, name)) and at / name not in apart)
        for name in sorted(files):
            path = at / name
            if not is_left_out((*inside, name)) and path not in apart and _is_file(path):
                yield path


def _told(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error  # a backup that lacks a folder unseen is none


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _database(machine: Machine, work: Path) -> tuple[str, Path]:
    path = database_file(machine)
    if path is not None:
        return DATABASE, _copy_sqlite(path, work / "hub.sqlite3")
    return DUMP, _dump(database_url(machine), work / "hub.pgdump")


def database_file(machine: Machine) -> Path | None:
    """The file of the database; None when it is on a server.

    Raises:
        BackupError: It is not there.
    """
    url = database_url(machine)
    if not url.startswith("sqlite"):
        return None
    path = Path(unquote(url.removeprefix("sqlite:///").partition("?")[0]))
    if not path.is_file():
        raise BackupError(f"there is no database {path}; is this the data folder of a hub?")
    return path


def _private(path: Path) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _copy_sqlite(path: Path, to: Path) -> Path:
    """A snapshot of a database that may be written meanwhile; nobody waits for it."""
    _private(to)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise BackupError(f"the database is damaged: {found}")
    return to


def _dump(url: str, to: Path) -> Path:
    program = shutil.which("pg_dump")
    parts = urlsplit(url)
    if program is None:
        name = parts.path.removeprefix("/")
        raise BackupError(
            "pg_dump is not installed here; install the client of PostgreSQL, or run on the server of the database "
            f"`pg_dump --format=custom --file=hub.pgdump {name}` and keep what it writes with the files"
        )
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    query = parse_qsl(parts.query)
    password = (
        unquote(parts.password) if parts.password else next((said for key, said in query if key == "password"), "")
    )
    if password:
        environment["PGPASSWORD"] = password  # never on a command line, which everybody on the machine may read
    place = parts.netloc.rpartition("@")[2]
    shown = parts._replace(
        scheme="postgresql",
        netloc=f"{parts.username}@{place}" if parts.username else place,
        query=urlencode([(key, said) for key, said in query if key != "password"]),
    )
    _private(to)
    command = [program, "--format=custom", "--no-password", f"--file={to}", f"--dbname={urlunsplit(shown)}"]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_DUMP_WITHIN_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BackupError(f"pg_dump was not done within {_DUMP_WITHIN_S:.0f} s; is the database locked?") from error
    if done.returncode:
        raise BackupError(f"pg_dump: {(done.stderr.strip().splitlines() or ['it failed'])[-1]}")
    return to
