"""WatchedDisk: whether one disk can be recorded on just now, and making that so where it can be.

`look` is called about once a second by the disk's writer thread, and `failed` by the same thread when the disk refused
something; other threads only read what they find. A disk that vanished is tried again at every look. A disk that is
full loses its oldest segments until there is room for a while.
"""

from __future__ import annotations

import errno
import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from cameras.errors import DiskError, DiskProblem
from cameras.recordings.writing.disk_folder import DiskFolder, Space, take_up
from cameras.recordings.writing.room import Removed, hold_room, room_turns
from cameras.recordings.writing.syncing import SharedSync
from cameras.recordings.writing.used import UsedRoom
from config.machine import Disk
from hub.clock import Clock

logger = logging.getLogger(__name__)

_FULL = (errno.ENOSPC, errno.EDQUOT)
_MORE_PCT = 1.0
_MORE_BYTES = 2**30
"""Room is made for more than is missing, so that it is not made every second: so much of the disk, or of bytes."""
_BUILDING_S = 0.9
"""What a power cut may cost goes for the fragment in the making (0.8 s, and its way to the disk), the wait for a sync,
and the sync."""

OnRemoved = Callable[[str, tuple[str, ...]], None]
"""Hears which paths were removed from which disk, in the writer's thread."""


class WatchedDisk:
    """One disk. All calls come from its writer's thread.

    Attributes:
        problem: What is wrong with it, None when it can be recorded on.
        detail: The same in words, for people.
        since: Since when that has been so.
        space: Of its file system, at the last look; None before the first.
        others_make_room: Whether what the disk refused last should be tried again in a while, without anything done.
        removed: Files that were removed to make room.
        removed_bytes: Their size.
        sync: Of the disk that was taken up; None while it is gone.
        past_syncs: Of disks that were lost, to be closed by whoever syncs.
    """

    def __init__(
        self, settings: Disk, *, memory: Path, may_lose_s: float, clock: Clock, on_removed: OnRemoved | None = None
    ) -> None:
        """Know of the disk; `look` takes it up.

        Args:
            settings: From machine.yaml.
            memory: Folder that remembers which disks were seen.
            may_lose_s: What a power cut may cost.
            clock: The worker's.
            on_removed: Hears of what was removed to make room.
        """
        self.settings = settings
        self._memory = memory
        self._sync_within_s = max(may_lose_s - _BUILDING_S, may_lose_s / 2)
        self._clock = clock
        self._on_removed = on_removed
        self._folder: DiskFolder | None = None
        self.problem: DiskProblem | None = DiskProblem.GONE
        self.detail = "not looked at yet"
        self.since: datetime = clock.now()
        self.space: Space | None = None
        self.removed = 0
        self.removed_bytes = 0
        self.sync: SharedSync | None = None
        self.past_syncs: deque[SharedSync] = deque()
        self.others_make_room = False
        self._turns = 0
        self._used = UsedRoom(clock)

    @property
    def folder(self) -> DiskFolder:
        """Its folder.

        Raises:
            DiskError: It was not taken up.
        """
        if self._folder is None:
            raise DiskError(DiskProblem.GONE, self.detail)
        return self._folder

    def look(self) -> None:
        """Take it up or see that it is still there, and make room where there is too little."""
        try:
            if self._folder is None:
                self._take_up()
            else:
                self._folder.check()
            self._keep_free()
        except (DiskError, OSError) as error:
            self.failed(error)

    def failed(self, error: OSError | DiskError) -> DiskProblem | None:
        """The disk refused something.

        Returns:
            What is wrong now; None when room was made and the same may be tried again.
        """
        if isinstance(error, OSError) and error.errno in _FULL:
            try:
                self._keep_free(refused=True)
            except (DiskError, OSError) as worse:
                self._lose(worse)
        elif isinstance(error, DiskError) and error.problem is DiskProblem.FULL:
            self._say(DiskProblem.FULL, str(error))
        else:
            self._lose(error)
        return self.problem

    def wrote(self, size_bytes: int) -> None:
        """So much was written."""
        self._used.wrote(size_bytes)
        if self.sync is not None:
            self.sync.wrote()

    def close(self) -> None:
        """Let go of the folder; syncing ends with whoever syncs."""
        if self._folder is not None:
            self._folder.close()
            self._folder = None

    def _take_up(self) -> None:
        folder = take_up(self.settings.id, self.settings.path, memory=self._memory, clock=self._clock)
        try:
            self.sync = SharedSync(folder.handle, within_s=self._sync_within_s, clock=self._clock)
        except OSError as error:
            folder.close()
            if error.errno in _FULL:
                raise DiskError(DiskProblem.FULL, str(error)) from error
            raise
        self._folder = folder
        self._used.forget()
        self._turns = room_turns(folder.handle)

    def _lose(self, error: OSError | DiskError) -> None:
        self.close()
        if self.sync is not None:
            self.past_syncs.append(self.sync)  # whoever syncs may be in the midst of it, and closes it
            self.sync = None
        self._say(DiskProblem.GONE, str(error))

    def give_up(self) -> None:
        """The disk has no room for too long, whoever makes some."""
        self._say(DiskProblem.FULL, "there is no room, and another worker is at it")

    def _keep_free(self, *, refused: bool = False) -> None:
        """Make room by the settings; `refused` says that the disk had none, whatever its figures are."""
        self.others_make_room = False
        handle, missing = self.folder.handle, 1 if refused else 0
        if self.settings.most_gb is not None:
            self._used.keep_up(handle)
        if max(missing, self._short_bytes(), self._over_quota_bytes()) > 0:
            with hold_room(handle) as room:
                if room is None:
                    self.others_make_room = True
                    if self.problem is DiskProblem.GONE:
                        self._say(None, "")
                    return
                if refused and room.turns != self._turns:
                    missing, self.others_make_room = 0, True  # somebody made room since
                # What counts is how it is now: whoever had the room before may have removed all that was too much.
                over = self._over_quota_bytes() if self._knows_used(handle) else 0
                missing = max(missing, self._short_bytes(), over)
                if missing > 0:
                    wanted = missing + self._more_bytes()
                    removed = room.remove_oldest(enough=lambda so_far: so_far >= wanted)
                    self._count(removed)
                    missing -= removed.size_bytes
                    self.space = self.folder.space()
                self._turns = room.turns
        if missing > 0:
            assert self.space is not None
            free = f"{self.space.free_pct:.1f} % free, {self.settings.keep_free_pct} % are to be kept"
            self._say(DiskProblem.FULL, f"nothing is left to remove: {free}")
        else:
            self._say(None, "")

    def _short_bytes(self) -> int:
        """How much less is free than has to be, just now."""
        self.space = space = self.folder.space()
        return int(space.total_bytes * self.settings.keep_free_pct / 100) - space.free_bytes

    def _more_bytes(self) -> int:
        assert self.space is not None
        return min(int(self.space.total_bytes * _MORE_PCT / 100), _MORE_BYTES)

    def _knows_used(self, handle: int) -> bool:
        return self.settings.most_gb is not None and self._used.read(handle)

    def _over_quota_bytes(self) -> int:
        """How far recordings are above `most_gb`, by what is known."""
        return 0 if self.settings.most_gb is None else self._used.estimate_bytes - int(self.settings.most_gb * 1e9)

    def _count(self, removed: Removed) -> None:
        if not removed.paths:
            return
        self.removed += len(removed.paths)
        self.removed_bytes += removed.size_bytes
        if self.settings.most_gb is not None:
            self._used.removed(self.folder.handle, removed.size_bytes)
        logger.warning(
            "the oldest recordings were removed to make room",
            extra={"disk": self.settings.id, "files": len(removed.paths), "bytes": removed.size_bytes},
        )
        if self._on_removed is not None:
            self._on_removed(self.settings.id, tuple(removed.paths))

    def _say(self, problem: DiskProblem | None, detail: str) -> None:
        self.detail = detail
        if problem is self.problem:
            return
        self.problem, self.since = problem, self._clock.now()
        if problem is None:
            logger.info("the disk can be recorded on", extra={"disk": self.settings.id})
        else:
            logger.error("the disk cannot be recorded on", extra={"disk": self.settings.id, "problem": detail})
