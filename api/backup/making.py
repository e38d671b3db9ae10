"""Making: everything but video in one file, also while the hub runs.

The database is copied first, as one snapshot, and files after it, so that what it names is there. The file stands under
its name only when it is whole and on the disk. Its list of contents, with sizes and SHA-256, comes last.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO

from api.backup.gathering import sources
from api.backup.placing import draft_of, hold_room, working_folder
from api.backup.sealing import BackupError, Sealing
from config.machine import Machine
from hub.events import time_to_text

FORMAT = 1
MANIFEST = "manifest.json"
SUFFIX = ".hubbackup"

_PIECE_BYTES = 1024 * 1024


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
    try:
        hold_room(machine, to.parent)
        to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with working_folder(machine) as work, draft_of(to) as file:
            members = _write(sources(machine, work, settings), file, passphrase=passphrase, now=now)
    except FileExistsError as error:
        raise BackupError(f"{to} is there already; choose another name") from error
    except (OSError, sqlite3.Error, zipfile.BadZipFile) as error:
        raise BackupError(f"the backup could not be made: {error}") from error
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


def _program() -> str:
    try:
        return version("community-hub")
    except PackageNotFoundError:
        return ""
