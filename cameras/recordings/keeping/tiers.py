"""Tiers: moves the oldest recordings from disks for new ones to disks for old ones, before there is no room.

A file is copied, read back and compared, then the row says where it is, then the first copy goes; the row names the
other disk all the while, so that a crash leaves nothing behind that a start does not find, and one that is deleted
meanwhile keeps its row until the copy is gone too. Copying rests as long as it took, so that recording has half of the
disk's time, unless there is no room left to wait in. A file that cannot be moved is passed over for a while.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from cameras.errors import DiskError
from cameras.recordings.keeping.holdings import Held, Holdings
from cameras.recordings.keeping.removing import Removing
from cameras.recordings.keeping.shelves import Fate, Shelves
from config.machine import Disk
from hub.clock import Clock

logger = logging.getLogger(__name__)

EARLY_PCT = 5.0
"""Moving begins when less than this is free beyond what a disk is to keep free."""
_ROOM_PCT = 2.0
"""A disk for old recordings takes more when so much is free beyond what it is to keep free."""
_MOST_S = 5.0
"""Of copying in one step."""
_AT_ONCE = 16
_SETTLED_AT_ONCE = 32
_MOST_REFUSED_IN_A_STEP = 3
_AGAIN_S = 3600.0
"""A file that could not be moved is passed over for so long."""
_MOST_REMEMBERED = 4096
_GB = 1_000_000_000


class Moves(Protocol):
    """Counts what was moved."""

    moved: int
    moved_bytes: int


class Tiers:
    """Moves; one thread calls it.

    Attributes:
        rest_s: How long to rest before the next step.
    """

    def __init__(self, holdings: Holdings, shelves: Shelves, clock: Clock, counts: Moves) -> None:
        """Move what `holdings` knows between `shelves`."""
        self._holdings = holdings
        self._shelves = shelves
        self._clock = clock
        self._counts = counts
        self.rest_s = 0.0
        self._refused: OrderedDict[str, float] = OrderedDict()
        """Ids of what could not be moved, with the time by the monotonic clock when it is tried again."""

    def move_from(self, disk: Disk, *, early_bytes: int, pressing: bool) -> bool:
        """Move some of the oldest of a disk elsewhere.

        Args:
            disk: One for new recordings.
            early_bytes: How much should be moved for its free room to be ample.
            pressing: Its room ends: no rest is taken.

        Returns:
            Whether anything was moved.
        """
        self.rest_s = 0.0
        if early_bytes <= 0:
            return False
        began_s, moved, refused = self._clock.monotonic_s(), 0, 0
        for held in self._movable(disk.id):
            target = self._target(held)
            if target is None:
                break
            if self._move(held, target):
                moved += held.size_bytes
            else:
                self._pass_over(held)
                refused += 1
            if moved >= early_bytes or refused >= _MOST_REFUSED_IN_A_STEP:
                break
            if self._clock.monotonic_s() - began_s > _MOST_S:
                break
        if not pressing:
            self.rest_s = self._clock.monotonic_s() - began_s
        return moved > 0

    def settle(self, removing: Removing) -> int:
        """Finish what was begun and not ended, on the disks that are there; how much that was.

        Here alone go the rows of what was deleted while it was copied, for the same thread copies.
        """
        there = {disk.id for disk in self._shelves.disks if self._shelves.is_there(disk.id)}
        away = {disk.id for disk in self._shelves.disks} - there
        held = self._holdings.unfinished(limit=_SETTLED_AT_ONCE, there=there, away=away)
        done = removing.finish([each for each in held if each.is_going])
        return done + sum(self._finish(each) for each in held if not each.is_going)

    def _finish(self, held: Held) -> bool:
        """Remove the copy that does not count, of a move that a crash cut short; whether that is done."""
        if held.also_on is None:
            return False
        if not self._drop(held.also_on, held.path):
            return False
        return self._holdings.end_copy(held.id)

    def _movable(self, disk: str) -> Iterator[Held]:
        """The oldest of a disk, without those that were refused lately or have a copy that is still to go."""
        now_s = self._clock.monotonic_s()
        while self._refused and next(iter(self._refused.values())) <= now_s:
            self._refused.popitem(last=False)
        after: datetime | None = None
        while some := self._holdings.oldest(disk, after=after, limit=_AT_ONCE):
            yield from (held for held in some if held.id not in self._refused and held.also_on is None)
            after = some[-1].began

    def _pass_over(self, held: Held) -> None:
        self._refused[held.id] = self._clock.monotonic_s() + _AGAIN_S
        if len(self._refused) > _MOST_REMEMBERED:
            self._refused.popitem(last=False)

    def _target(self, held: Held) -> Disk | None:
        """A disk for old recordings that takes a file."""
        for disk in self._shelves.disks:
            if disk.use != "old" or disk.id == held.disk:
                continue
            try:
                space = self._shelves.space(disk.id)
            except DiskError:
                continue
            keep_bytes = space.total_bytes * (disk.keep_free_pct + _ROOM_PCT) / 100
            if space.free_bytes - held.size_bytes < keep_bytes:
                continue
            if disk.most_gb is None or used_bytes(self._holdings, disk.id) <= disk.most_gb * _GB:
                return disk
        return None

    def _move(self, held: Held, target: Disk) -> bool:
        if not self._holdings.begin_copy(held.id, target.id):
            return True  # somebody removed it meanwhile
        try:
            self._shelves.copy(held.path, source=held.disk, target=target.id)
        except FileNotFoundError:
            self._give_up(held, target)
            return False
        except DiskError as error:
            logger.warning(
                "a recording was not moved",
                extra={"path": held.path, "from": held.disk, "to": target.id, "reason": str(error)},
            )
            self._give_up(held, target)
            return False
        if not self._holdings.switch(held.id, target.id):  # deleted meanwhile
            if not self._drop(target.id, held.path):
                logger.warning(
                    "a copy of what was deleted is still to be removed", extra={"path": held.path, "on": target.id}
                )
            return True  # its row, which names the copy, goes when both are gone
        self._counts.moved += 1
        self._counts.moved_bytes += held.size_bytes
        if self._drop(held.disk, held.path):
            self._holdings.end_copy(held.id)
        return True

    def _give_up(self, held: Held, target: Disk) -> None:
        """Forget a copy that was not made; where something of it may be left, its row goes on naming that disk."""
        if self._drop(target.id, held.path):
            self._holdings.end_copy(held.id)

    def _drop(self, disk: str, path: str) -> bool:
        """Remove a copy that does not count; whether it is gone."""
        try:
            return self._shelves.remove_copy(disk, path) is not Fate.IN_USE
        except DiskError:
            return self._shelves.disk(disk) is None  # a disk that is no more in the settings holds nothing of ours


def used_bytes(holdings: Holdings, disk: str) -> int:
    """How much recordings take up on a disk."""
    return sum(total.size_bytes for total in holdings.totals() if total.disk == disk)
