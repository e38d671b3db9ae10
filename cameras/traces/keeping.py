"""Keeping: the traces of all cameras in the data folder, an hour a file, two days at most.

A file is chunks behind their lengths; what a crash tore off at its end is passed over. A camera's traces go with the
camera, with the household's consent to be analysed, and with its recordings where somebody deletes those. Safe from any
thread: each chunk is one append, and whole files are removed. Must not load PyAV or OpenCV: the hub imports this.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cameras.traces.chunks import MOST_PACKED_BYTES, Chunk, unpack

logger = logging.getLogger(__name__)

TRACES: Final = "traces"
"""Their folder in the data folder."""
KEPT: Final = timedelta(hours=48)
MOST_HOUR_BYTES: Final = 512 * 1024
"""Of one camera: 25 MB in two days. What is more in an hour is not kept, and the answer says which time is missing."""
_HOUR: Final = timedelta(hours=1)
_NAME: Final = "%Y%m%dT%H"
_SUFFIX: Final = ".trace"
_LENGTH_BYTES: Final = 4


class Traces:
    """The folder of traces."""

    def __init__(self, folder: Path) -> None:
        """Keep them in `folder`, which is made when the first one comes."""
        self._folder = folder
        self._missed = 0

    def take(self, camera: str, data: bytes, now: datetime) -> bool:
        """Keep a chunk; whether there was room for it, and it is one of now."""
        try:
            chunk = unpack(data) if len(data) <= MOST_PACKED_BYTES else None
        except ValueError:
            chunk = None
        if chunk is None or not now - KEPT < moment(chunk.from_ms) <= moment(chunk.to_ms) < now + _HOUR:
            self._miss(camera, "no trace of now")
            return False
        file = self._of(camera) / f"{moment(chunk.from_ms).strftime(_NAME)}{_SUFFIX}"
        try:
            is_new = not file.exists()
            if not is_new and file.stat().st_size + len(data) > MOST_HOUR_BYTES:
                return False
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("ab") as open_file:
                open_file.write(len(data).to_bytes(_LENGTH_BYTES) + data)
        except OSError as error:  # a disk that is full must not cost an event
            self._miss(camera, str(error))
            return False
        if is_new:
            self._let_go(camera, before=now - KEPT)
        return True

    def read(self, camera: str, since: datetime, until: datetime) -> Iterator[Chunk]:
        """What was kept of a camera between two times, in order."""
        for file, begins in self._files(camera):
            if begins + 2 * _HOUR <= since or begins >= until:
                continue
            for chunk in _chunks(file):
                if moment(chunk.to_ms) > since and moment(chunk.from_ms) < until:
                    yield chunk

    def forget(self, camera: str, since: datetime, until: datetime) -> None:
        """Remove every file that holds something of then."""
        for file, begins in self._files(camera):
            if begins < until and begins + 2 * _HOUR > since:  # a chunk goes on for seconds into the next hour
                file.unlink(missing_ok=True)

    def keep_only(self, cameras: Collection[str]) -> None:
        """Remove those of all other cameras."""
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            if folder.name not in cameras:
                shutil.rmtree(folder, ignore_errors=True)

    def size_bytes(self, camera: str) -> int:
        """How much is kept of a camera."""
        return sum(file.stat().st_size for file, _ in self._files(camera))

    def _let_go(self, camera: str, *, before: datetime) -> None:
        for file, begins in self._files(camera):
            if begins + _HOUR <= before:
                file.unlink(missing_ok=True)

    def _files(self, camera: str) -> list[tuple[Path, datetime]]:
        found = []
        for file in sorted(self._of(camera).glob(f"*{_SUFFIX}")):
            with suppress(ValueError):
                found.append((file, datetime.strptime(file.stem, _NAME).replace(tzinfo=UTC)))
        return found

    def _of(self, camera: str) -> Path:
        return self._folder / camera  # an id of the configuration: letters, digits, dashes, no separator

    def _miss(self, camera: str, why: str) -> None:
        before, self._missed = self._missed, self._missed + 1
        if self._missed.bit_length() > before.bit_length():
            logger.warning("a trace is not kept", extra={"camera": camera, "detail": why, "missed": self._missed})


def moment(at_ms: int) -> datetime:
    """A time of a trace.

    Raises:
        ValueError: It is none.
    """
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"{at_ms} is no time") from error


def _chunks(file: Path) -> Iterator[Chunk]:
    with file.open("rb") as open_file:
        while len(head := open_file.read(_LENGTH_BYTES)) == _LENGTH_BYTES:
            length = int.from_bytes(head)
            data = open_file.read(length) if length <= MOST_PACKED_BYTES else b""
            if len(data) != length:
                return
            with suppress(ValueError):
                yield unpack(data)
