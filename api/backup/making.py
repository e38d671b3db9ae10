"""Making: everything but video in one file, also while the hub runs.

The database is copied first, as one snapshot, and files after it, so that what it names is there. The file stands under
its name only when it is whole and on the disk. Its list of contents, with sizes and SHA-256, comes last.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from api.backup.sealing import BackupError, Sealing
from api.storage import database_url
from config.machine import Machine
from hub.events import time_to_text

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE, DUMP = "database/hub.sqlite3", "database/hub.pgdump"
SUFFIX = ".hubbackup"

_LEFT_OUT = frozenset({"run", "recordings", "backups", "past-stills", "hub.sqlite3"})
"""In the data folder: sockets, video, other backups, pictures made on demand, and the database, which is copied."""

_BROKER_KEPT = frozenset({"password"})
"""Of the broker: what waits in it is its own affair, and changes while it is read."""

_VIDEO = frozenset({".mp4", ".part", ".tmp", ".sock", ".lock"})
_PIECE_BYTES = 1024 * 1024
_DUMP_WITHIN_S = 3600.0


@dataclass(frozen=True, slots=True)
class Member:
    """One file in a backup.

    Attributes:
        name: Its place: `data/...` in the data folder, `settings/...` beside it, or the database.
        size_bytes: Length.
        sha256: Of its content, in hex.
    """

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made.

    Attributes:
        path: Where it is.
        size_bytes: Length of the file.
        files: How many are in it.
        encrypted: Whether a passphrase is needed to read it.
        made: When, UTC.
    """

    path: Path
    size_bytes: int
    files: int
    encrypted: bool
    made: datetime


def make_backup(
    machine: Machine, to: Path, *, passphrase: str | None, now: datetime, settings: tuple[Path, ...] = ()
) -> Made:
    """Make a backup; the hub may run meanwhile.

    Args:
        machine: Whose hub.
        to: The file; must not be there yet.
        passphrase: Encrypts it; None leaves keys and passwords in it readable.
        now: When.
        settings: machine.yaml and community.yaml, where they are known.

    Raises:
        BackupError: It cannot be made.
    """
    if to.exists():
        raise BackupError(f"{to} is there already; choose another name")
    if passphrase is not None and not passphrase:
        raise BackupError("the passphrase is empty")
    draft = to.with_name(f".{to.name}.{os.getpid()}.part")
    try:
        to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file, tempfile.TemporaryDirectory(dir=to.parent, prefix=".hub-backup-") as work:
            members = _write(_sources(machine, Path(work), settings), file, passphrase=passphrase, now=now)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, to)
        folder = os.open(to.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except (OSError, sqlite3.Error, zipfile.BadZipFile) as error:
        raise BackupError(f"the backup could not be made: {error}") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return Made(to, to.stat().st_size, members, passphrase is not None, now)


def _write(sources: Iterator[tuple[str, Path]], file: IO[bytes], *, passphrase: str | None, now: datetime) -> int:
    sealing = None if passphrase is None else Sealing(file, passphrase)
    members: list[Member] = []
    with zipfile.ZipFile(sealing or file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, path in sources:
            try:
                members.append(_add(archive, name, path))
            except FileNotFoundError:
                continue  # removed just now, by whoever keeps that folder small
        manifest = {
            "format": FORMAT,
            "made": time_to_text(now),
            "program": _program(),
            "left_out": "video; it stays on its disks, and `hub recordings check` makes the catalogue of it again",
            "files": [asdict(member) for member in members],
        }
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
    if sealing is not None:
        sealing.close()
    return len(members)


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> Member:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as source, archive.open(name, "w", force_zip64=True) as into:
        while piece := source.read(_PIECE_BYTES):
            digest.update(piece)
            size += len(piece)
            into.write(piece)
    return Member(name, size, digest.hexdigest())


def _sources(machine: Machine, work: Path, settings: tuple[Path, ...]) -> Iterator[tuple[str, Path]]:
    yield _database(machine, work)
    for path in settings:
        yield f"settings/{path.name}", path
    data = machine.data.resolve()
    disks = {disk.path.resolve() for disk in machine.recording_disks}
    disks |= {path.resolve() for path in (machine.backup.folder, machine.models) if path is not None}
    for path in _files(data, disks):
        yield (PurePosixPath("data") / path.relative_to(data).as_posix()).as_posix(), path


def _files(folder: Path, apart: set[Path]) -> Iterator[Path]:
    """What the hub keeps in files, in its data folder."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        top = inside[0]
        if top in _LEFT_OUT or top.startswith("hub.sqlite3") or path.suffix in _VIDEO:
            continue
        if top == "broker" and inside[1:2] and inside[1] not in _BROKER_KEPT:
            continue
        if any(part.startswith(".") for part in inside) or any(path.is_relative_to(other) for other in apart):
            continue
        if path.is_file() and not path.is_symlink():
            yield path


def _database(machine: Machine, work: Path) -> tuple[str, Path]:
    url = database_url(machine)
    if url.startswith("sqlite"):
        path = Path(unquote(url.removeprefix("sqlite:///").partition("?")[0]))
        return DATABASE, copy_sqlite(path, work / "hub.sqlite3")
    return DUMP, _dump(url, work / "hub.pgdump")


def copy_sqlite(path: Path, to: Path) -> Path:
    """A snapshot of a database that may be written meanwhile; nobody waits for it.

    Raises:
        BackupError: There is no such database, or it is damaged.
    """
    if not path.is_file():
        raise BackupError(f"there is no database {path}; is this the data folder of a hub?")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    to.chmod(0o600)
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


def _program() -> str:
    try:
        return version("community-hub")
    except PackageNotFoundError:
        return ""
