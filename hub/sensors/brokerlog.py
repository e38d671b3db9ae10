"""Broker log: notices in it that nats-server could not write, and says when there is room again.

A stream of nats-server that once met a full or failing disk takes nothing more, not even when there is room again,
until the server is started anew: nobody can sign in or publish, while its process lives and listens. So the log is read
for it, and the folder is tried before the server is started anew; what was acknowledged is on the disk.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_FAILED = re.compile(
    r"\[ERR\] .*(no space left on device|disk quota exceeded|input/output error|read-only file system)", re.IGNORECASE
)
_MOST_BYTES = 262_144
"""Read at once of what is new; of more only the last, for what fails is told again and again."""
_TRIAL_BYTES = 1_048_576
_TRIAL = "room"


class WriteTrouble:
    """What the log of one run of the broker says of writing."""

    def __init__(self, folder: Path) -> None:
        """Look at the log in the broker's `folder`, from here on."""
        self._folder = folder
        self._log = folder / "nats.log"
        self._read = self._size()

    def told(self) -> str:
        """What the broker newly says that it could not write; empty when nothing."""
        size = self._size()
        begin = self._read if size >= self._read else 0  # it was rotated
        self._read = size
        if size == begin:
            return ""
        try:
            with self._log.open("rb") as file:
                file.seek(max(begin, size - _MOST_BYTES))
                text = file.read(_MOST_BYTES).decode(errors="replace")
        except OSError:
            return ""
        found = _FAILED.search(text)
        return found[1] if found else ""

    def is_over(self) -> bool:
        """Whether the broker's folder takes a megabyte, so that a fresh start has a chance."""
        path = self._folder / _TRIAL
        try:
            room = os.statvfs(self._folder)
            if room.f_bavail * room.f_frsize < 2 * _TRIAL_BYTES:
                return False
            with path.open("wb") as file:
                file.write(bytes(_TRIAL_BYTES))
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            return False
        finally:
            path.unlink(missing_ok=True)
        return True

    def _size(self) -> int:
        try:
            return self._log.stat().st_size
        except OSError:
            return 0
