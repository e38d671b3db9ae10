"""Contents: a backup opened and its list read, with nothing in it believed and nothing of it written down in clear.

What is wrong with a file, whoever made it, is a BackupError with words: names are held to the list of contents, and
that to what a hub writes.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Annotated

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError

from api.backup.gathering import DATABASE, DUMP, is_left_out
from api.backup.making import FORMAT, MANIFEST, Member
from api.backup.sealing import BackupError, Unsealed, is_sealed

_MOST_MANIFEST_BYTES = 256 * 1024 * 1024
_MOST_FILES = 2_000_000
_PIECE_BYTES = 1024 * 1024
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What the library raises of a file that somebody made for it."""


class _Said(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class _Form(_Said):
    """What is read of a list first: whether this program knows it."""

    format: Annotated[int, Field(ge=1, le=1_000_000)]
    program: Annotated[str, Field(max_length=100)]


class _File(_Said):
    name: Annotated[str, Field(min_length=1, max_length=4096)]
    size_bytes: Annotated[int, Field(ge=0, le=2**60)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Manifest(_Form):
    made: Annotated[str, Field(max_length=100)]
    files: Annotated[tuple[_File, ...], FailFast(), Field(max_length=_MOST_FILES)]


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


class Opened:
    """A backup that is open, its list read."""

    def __init__(self, archive: zipfile.ZipFile, *, encrypted: bool) -> None:
        """Read the list.

        Raises:
            BackupError: It is none that a hub writes.
        """
        self._archive = archive
        self.contents = _contents(archive, encrypted=encrypted)

    def copy(self, member: Member, out: IO[bytes] | None) -> None:
        """Read a file to its end, and write it to `out`.

        Raises:
            BackupError: It is not what was put in.
            OSError: It cannot be written.
        """
        digest, size = hashlib.sha256(), 0
        with self._archive.open(member.name) as source:
            while piece := source.read(_PIECE_BYTES):
                size += len(piece)
                if size > member.size_bytes:
                    break
                digest.update(piece)
                if out is not None:
                    out.write(piece)
        if size != member.size_bytes or digest.hexdigest() != member.sha256:
            raise BackupError(f"{member.name} is not what was put in: the backup was changed")


@contextmanager
def opened(file: Path, *, passphrase: str | None) -> Iterator[Opened]:
    """A backup, open for reading.

    Raises:
        BackupError: It is none, was cut or changed, or is another passphrase's; also while it is read.
    """
    try:
        source = file.open("rb")
    except OSError as error:
        raise BackupError(f"{file}: {error.strerror or error}") from error
    with source:
        try:
            encrypted = is_sealed(source.read(16))
            if encrypted and passphrase is None:
                raise BackupError(f"{file} is encrypted; give its passphrase (--passphrase-file)")
            # Buffered, for a part of the archive may go over two pieces, and is asked for as one.
            clear = source if passphrase is None or not encrypted else io.BufferedReader(Unsealed(source, passphrase))
            with zipfile.ZipFile(clear) as archive:
                yield Opened(archive, encrypted=encrypted)
        except _DAMAGED as error:
            raise BackupError(f"{file} is no backup, or was cut or changed: {error}") from error


def _contents(archive: zipfile.ZipFile, *, encrypted: bool) -> Contents:
    names = archive.namelist()
    if MANIFEST not in names:
        raise BackupError("there is no list of contents in it: it is no backup, or was cut")
    if archive.getinfo(MANIFEST).file_size > _MOST_MANIFEST_BYTES:
        raise BackupError("its list of contents is too long")
    if any(one.compress_type not in {zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED} for one in archive.infolist()):
        raise BackupError("it is packed as no hub does: it was changed")
    text = archive.read(MANIFEST)
    try:
        form = _Form.model_validate_json(text)
        if form.format > FORMAT:
            newer = form.program
            raise BackupError(f"it was made by a newer version of the program ({newer!r}); update this one first")
        said = _Manifest.model_validate_json(text)
    except ValidationError as error:
        raise BackupError("its list of contents cannot be read: it was changed") from error
    for one in said.files:
        _hold(one.name)
    listed = [MANIFEST, *(one.name for one in said.files)]
    if sorted(names) != sorted(listed) or len(set(listed)) != len(listed):
        raise BackupError("its files are not those of its list of contents: it was changed")
    members = tuple(Member(one.name, one.size_bytes, one.sha256) for one in said.files)
    return Contents(said.made, said.program, members, encrypted)


def _hold(name: str) -> None:
    """Refuse a name that leads anywhere else, or that no hub writes."""
    path = PurePosixPath(name)
    plain = name == path.as_posix() and not path.is_absolute() and ".." not in path.parts and "\\" not in name
    usable = plain and "\0" not in name and len(path.parts) > 1 and path.parts[0] in {"data", "settings", "database"}
    known = usable and (path.parts[0] != "database" or name in {DATABASE, DUMP})
    if not known or (path.parts[0] == "data" and is_left_out(path.parts[1:])):
        raise BackupError(f"it holds {name!r}, which no hub writes: it was changed")
