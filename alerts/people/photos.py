"""Photos: the pictures of reports as files, `data/reports/<photo id>.jpg` or `.png`.

The name of a file is an id that was made here, never one that somebody sent. A file is written before the row that
names it; what a crash leaves without a row is nobody's and shown to nobody. Nothing is written when the disk is nearly
full: alarms need it more.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from alerts.people.pictures import JPEG, PNG
from hub.errors import NotAllowedError

LEAST_FREE_BYTES = 1 << 30
"""With less room than this on the disk, no pictures are taken."""
_SUFFIXES = {JPEG: ".jpg", PNG: ".png"}
_ID = re.compile(r"[0-9a-f]{32}")


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


class Photos:
    """The files. Safe from any thread."""

    def __init__(
        self, folder: Path, *, most_files: int | None = None, free_bytes: Callable[[Path], int] = _free_bytes
    ) -> None:
        """Keep pictures in `folder`, which is made when the first one comes.

        Args:
            folder: Where.
            most_files: When there are more, the oldest go; None keeps all, because rows name them.
            free_bytes: How much room the disk has.
        """
        self._folder = folder
        self._most_files = most_files
        self._free_bytes = free_bytes

    def keep(self, photo: str, media: str, data: bytes) -> None:
        """Write one.

        Raises:
            NotAllowedError: The disk is nearly full.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._free_bytes(self._folder) < LEAST_FREE_BYTES:
            raise NotAllowedError("there is no room left for pictures; send the report without them", allowed=())
        path = self._path(photo, media)
        part = path.with_suffix(".part")
        part.write_bytes(data)
        part.replace(path)
        if self._most_files is not None:
            self._prune(self._most_files)

    def drop(self, photos: Iterable[tuple[str, str]]) -> None:
        """Take back what was written for a report that did not come about; pairs of id and media type."""
        for photo, media in photos:
            self._path(photo, media).unlink(missing_ok=True)

    def of(self, photo: str, media: str) -> Path | None:
        """The file of a picture, None when it is gone."""
        path = self._path(photo, media)
        return path if path.is_file() else None

    def _prune(self, most_files: int) -> None:
        kept = [path for path in self._folder.iterdir() if path.suffix in _SUFFIXES.values()]
        if len(kept) <= most_files:
            return
        kept.sort(key=lambda path: path.stat().st_mtime)
        for path in kept[: len(kept) - most_files]:
            path.unlink(missing_ok=True)

    def _path(self, photo: str, media: str) -> Path:
        if not _ID.fullmatch(photo):
            raise NotAllowedError("this is no id of a picture", allowed=())
        return self._folder / f"{photo}{_SUFFIXES[media]}"
