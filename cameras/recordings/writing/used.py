"""UsedRoom: how much recordings take up on one disk, counted now and then by one worker for all of them.

Counting reads every folder, so it is done rarely, and the figure lies on the disk for the others. Whoever removes
something takes it off that figure while he holds the disk's room, so that nobody removes for the same bytes again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC

from cameras.recordings.writing.room import lock_segment, used_bytes
from hub.clock import Clock

USED = ".used.json"
"""`at`, when it was counted, and `bytes`, less what was removed and plus what removers had written since."""

_COUNT_EVERY_S = 600.0


class UsedRoom:
    """What one worker knows of it. Only for the disk's writer thread."""

    def __init__(self, clock: Clock) -> None:
        """Nothing is known yet."""
        self._clock = clock
        self._read_s: float | None = None
        self._at = 0.0
        self._bytes = 0
        self._wrote_bytes = 0

    @property
    def estimate_bytes(self) -> int:
        """The figure that was read last, and what this worker wrote since."""
        return self._bytes + self._wrote_bytes

    def wrote(self, size_bytes: int) -> None:
        """This worker wrote so much."""
        self._wrote_bytes += size_bytes

    def forget(self) -> None:
        """It may be another disk."""
        self._read_s = None

    def keep_up(self, folder: int) -> None:
        """Read the figure when it was not read for a while, and count when nobody has.

        Raises:
            OSError: The disk cannot be read or written.
        """
        now_s = self._clock.monotonic_s()
        if (self._read_s is None or now_s - self._read_s >= _COUNT_EVERY_S) and self.read(folder):
            self._read_s = now_s

    def read(self, folder: int) -> bool:
        """Read the figure, and count when it is old.

        Returns:
            Whether it is known; not while another worker counts.

        Raises:
            OSError: The disk cannot be read or written.
        """
        with _opened(folder) as file:
            if file is None:
                return False
            now = self._clock.now().timestamp()
            known = _known(file)
            if known is None or not 0 <= now - known[0] < _COUNT_EVERY_S / 2:
                known = now, used_bytes(folder)
                _store(file, *known)
            self._take(*known)
            return True

    def removed(self, folder: int, size_bytes: int) -> None:
        """Take what was removed off the figure, and add what this worker wrote; call while holding the room.

        Raises:
            OSError: The disk cannot be read or written.
        """
        with _opened(folder) as file:
            known = None if file is None else _known(file)
            if file is None or known is None:  # it is being counted, so the next figure is without them
                self._bytes -= size_bytes
                return
            self._take(*known)
            at, counted = known[0], known[1] + self._wrote_bytes - size_bytes
            _store(file, at, counted)
            self._at, self._bytes, self._wrote_bytes = at, counted, 0

    def _take(self, at: float, counted: int) -> None:
        if at != self._at:
            self._wrote_bytes = 0  # it was in the count
        self._at, self._bytes = at, counted


@contextmanager
def _opened(folder: int) -> Iterator[int | None]:
    """The figure's file, locked; None when another worker has it, or there is no room to make it."""
    try:
        file = os.open(USED, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644, dir_fd=folder)
    except OSError as error:
        if error.errno not in (ENOSPC, EDQUOT):
            raise
        yield None
        return
    try:
        yield file if lock_segment(file) else None
    finally:
        os.close(file)


def _known(file: int) -> tuple[float, int] | None:
    try:
        known = json.loads(os.pread(file, 4096, 0))
        return float(known["at"]), int(known["bytes"])
    except (ValueError, TypeError, KeyError):
        return None  # none was counted yet


def _store(file: int, at: float, counted: int) -> None:
    text = json.dumps({"at": at, "bytes": counted}).encode()
    try:
        os.pwrite(file, text, 0)
        os.ftruncate(file, len(text))
    except OSError as error:
        if error.errno not in (ENOSPC, EDQUOT):
            raise
