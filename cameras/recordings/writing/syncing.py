"""SharedSync: one syncfs per disk and interval, whichever worker is first, makes everybody's fragments safe.

Files synced one by one would be a seek each. So each worker notes when it first wrote something that is not safe yet,
and one of them, holding the disk's lock, syncs the whole file system, new folders included, and leaves in the lock's
file when it began and how long it took. What was written before that moment is safe, for all workers. A disk on which
syncs take longer is synced earlier. The times are CLOCK_MONOTONIC's, which all processes of a machine share; a time of
before the last boot lies in the future or far back, and counts for nothing.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
import threading

from hub.clock import Clock

SYNC_LOCK = ".sync"
"""Held by the worker that syncs this disk; holds when the last whole sync began."""

_STAMP = struct.Struct("<dd")
_LIBC = ctypes.CDLL(None, use_errno=True)
"""ctypes lets the other threads run while a call lasts."""


def sync_file_system(handle: int) -> None:
    """Write everything of a file system to its disk; takes as long as the disk does.

    Args:
        handle: Any open file or folder of it.

    Raises:
        OSError: Something could not be written.
    """
    if _LIBC.syncfs(handle):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


class SharedSync:
    """The syncs of one disk, from one worker. `wrote` from its writer, `step` from its tending thread."""

    def __init__(self, folder: int, *, within_s: float, clock: Clock) -> None:
        """Begin.

        Args:
            folder: The disk's open folder.
            within_s: How long after it was written a fragment is safe, at the latest, where the disk can do that.
            clock: The worker's.

        Raises:
            OSError: The disk cannot be written.
        """
        self._within_s = within_s
        self._clock = clock
        self._lock = threading.Lock()
        self._first_s: float | None = None
        self._last_s = 0.0
        self._took_s = 0.0
        self._file = os.open(SYNC_LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644, dir_fd=folder)
        self.syncs = 0
        self.longest_s = 0.0

    @property
    def every_s(self) -> float:
        """How often `step` should be called."""
        return max(0.02, self._within_s / 8)

    def wrote(self) -> None:
        """Something was written just now."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            self._last_s = now_s
            if self._first_s is None:
                self._first_s = now_s

    def step(self, *, at_once: bool = False) -> bool:
        """Sync, if it is time and nobody else has.

        Args:
            at_once: It is time when anything at all is not safe yet.

        Returns:
            Whether everything that was written before the call is safe.

        Raises:
            OSError: Something could not be written; nothing can be said of what.
        """
        first_s = self._unsafe_since()
        if first_s is None:
            return True
        if not at_once and self._clock.monotonic_s() - first_s < self._within_s - self.every_s - self._took_s:
            return False
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False  # that sync may have begun before our last fragment; the next step looks what it covered
        try:
            if self._unsafe_since() is None:
                return True
            began_s = self._clock.monotonic_s()
            sync_file_system(self._file)
            took_s = self._clock.monotonic_s() - began_s
            # One that was quick says little of the next one, one that took long says much.
            self._took_s = max(took_s, self._took_s / 2)
            os.pwrite(self._file, _STAMP.pack(began_s, self._took_s), 0)
            self.syncs += 1
            self.longest_s = max(self.longest_s, took_s)
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        return self._unsafe_since() is None

    def close(self) -> None:
        """Give the lock's file back."""
        os.close(self._file)

    def _unsafe_since(self) -> float | None:
        """When the oldest fragment was written that no sync covers; None when all are safe."""
        stamp = os.pread(self._file, _STAMP.size, 0)
        synced_s, took_s = _STAMP.unpack(stamp) if len(stamp) == _STAMP.size else (0.0, 0.0)
        now_s = self._clock.monotonic_s()
        with self._lock:
            if 0 < synced_s <= now_s:
                self._took_s = min(took_s, self._within_s)
            if self._first_s is not None and self._first_s < synced_s <= now_s:
                # Whatever came after the sync began is not safe; the oldest of that came at the earliest right then.
                self._first_s = synced_s if self._last_s >= synced_s else None
            return self._first_s
