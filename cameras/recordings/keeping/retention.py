"""Retention: removes what is older than it is to be kept, what is more than it may be, and the oldest where room ends.

Each call does one small step, some dozens of files, so that neither the database's writer nor a disk is held up; it
says whether there is more to do. First comes what a crash left half done, then disks that run out of room, then ages,
then cameras that take up too much. What shows an incident is kept longer, and gives way last where room ends.

Of each camera is remembered until when everything was looked at, so that the few that are kept longer are not asked for
again and again; once a day all of it is looked at anew. While the clock cannot be believed nothing counts as old; room
is made all the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cameras.errors import DiskError
from cameras.recordings.keeping.ages import FLOOR, Ages
from cameras.recordings.keeping.holdings import Held, Holdings
from cameras.recordings.keeping.removing import Removing
from cameras.recordings.keeping.shelves import Shelves
from cameras.recordings.keeping.tiers import EARLY_PCT, Tiers, used_bytes
from cameras.recordings.media import Because
from config.machine import Disk
from config.recording import Policy
from hub.clock import Clock

logger = logging.getLogger(__name__)

BEGIN_PCT, ENOUGH_PCT = 1.0, 1.5
"""Room is made when so much less than this is free beyond what a disk is to keep free, until so much is."""
_QUOTA = 0.995
"""Of what recordings may take up on a disk, so much is left when there was too much."""
_STEP = 32
_GB = 1_000_000_000
_ROUND_S = 300.0
_ANEW_S = 86_400.0

Span = tuple[datetime, datetime]
Events = Callable[[str, str, datetime, datetime], Sequence[Span]]
"""The spans of a camera at a site that show an incident, among those that touch a time."""


@dataclass(slots=True)
class Counts:
    """What was done since the start, in files and bytes."""

    expired: int = 0
    expired_bytes: int = 0
    squeezed: int = 0
    """Removed before its time because there was no room for it."""
    squeezed_bytes: int = 0
    moved: int = 0
    moved_bytes: int = 0
    lost: int = 0
    """Rows whose file somebody else had removed."""


@dataclass(frozen=True, slots=True)
class _Room:
    """How a disk stands.

    Attributes:
        missing_bytes: How much is to be removed once that begins.
        early_bytes: How much is to be moved elsewhere for free room to be ample.
        is_pressing: Whether it has to be now.
    """

    missing_bytes: int
    early_bytes: int
    is_pressing: bool


class Retention:
    """Removes and moves; one thread calls `step`."""

    def __init__(
        self,
        holdings: Holdings,
        shelves: Shelves,
        clock: Clock,
        *,
        ages: Ages,
        policy: Callable[[str, str], Policy],
        events: Events,
    ) -> None:
        """Prepare.

        Args:
            holdings: What there is.
            shelves: Where it lies.
            clock: Says when to look again.
            ages: Says how old something is.
            policy: Of a camera for what it recorded at a site, also of one that is no more, or elsewhere now.
            events: What of a camera is kept longer.
        """
        self._holdings = holdings
        self._shelves = shelves
        self._clock = clock
        self.ages = ages
        self._policy = policy
        self._events = events
        self.counts = Counts()
        self._removing = Removing(holdings, shelves)
        self._tiers = Tiers(holdings, shelves, clock, self.counts)
        self._seen: dict[tuple[str, str], datetime] = {}
        """Until when everything of a camera at a site was looked at."""
        self._passed: dict[str, datetime] = {}
        """On each disk, until when only what is kept longer is left."""
        self._anew_s = clock.monotonic_s()
        self._round: Iterator[bool] | None = None
        self._next_round_s = clock.monotonic_s()
        self._settled = False

    @property
    def rest_s(self) -> float:
        """How long to rest before the next step, so that copying takes no more than half of a disk's time."""
        return self._tiers.rest_s

    def step(self) -> bool:
        """Do a little.

        Returns:
            Whether there is more to do now.

        Raises:
            StoreError: The database refuses.
        """
        self.ages.now()  # so that a clock that is set between two rounds is seen
        if not self._settled:
            self._settled = not self.settle()
            return True
        for disk in self._shelves.disks:
            if self._make_room(disk):
                return True
        return self._next_of_round()

    # What a crash left

    def settle(self) -> bool:
        """Finish what was begun and not ended; whether there may be more."""
        return self._tiers.settle(self._removing) > 0

    # Room

    def _make_room(self, disk: Disk) -> bool:
        """Whether something was done for a disk that is short of room."""
        try:
            room = self._room(disk)
        except DiskError:
            return False
        if disk.use == "new" and self._tiers.move_from(disk, early_bytes=room.early_bytes, pressing=room.is_pressing):
            return True
        return room.is_pressing and self._squeeze(disk, room.missing_bytes)

    def _room(self, disk: Disk) -> _Room:
        space, keep = self._shelves.space(disk.id), disk.keep_free_pct
        missing = round(space.total_bytes * (keep + ENOUGH_PCT - space.free_pct) / 100)
        early = round(space.total_bytes * (keep + EARLY_PCT - space.free_pct) / 100)
        pressing = space.free_pct < keep + BEGIN_PCT
        if disk.most_gb is not None:
            used, most = used_bytes(self._holdings, disk.id), disk.most_gb * _GB
            missing = max(missing, round(used - most * _QUOTA))
            early = max(early, round(used - most * (1 - EARLY_PCT / 100)))
            pressing = pressing or used > most
        return _Room(missing, early, pressing)

    def _squeeze(self, disk: Disk, missing_bytes: int) -> bool:
        """Remove the oldest of all cameras on a disk; what shows incidents only when nothing else is left."""
        after = self._passed.get(disk.id)
        oldest = self._holdings.oldest(disk.id, after=after, limit=_STEP)
        if not oldest and after is not None:
            del self._passed[disk.id]
            oldest = self._holdings.oldest(disk.id, limit=_STEP)
            going = oldest
        else:
            going = [each for each in oldest if not self._is_kept(each)]
            if oldest and not going:
                self._passed[disk.id] = oldest[-1].began
                return True
        some: list[Held] = []
        for each in going:
            if missing_bytes <= 0:
                break
            some.append(each)
            missing_bytes -= each.size_bytes
        removed = self._remove(some)
        self.counts.squeezed += len(removed)
        self.counts.squeezed_bytes += sum(each.size_bytes for each in removed)
        if removed:
            logger.info(
                "recordings removed because there is no room",
                extra={"disk": disk.id, "files": len(removed), "until": str(removed[-1].began)},
            )
        return bool(removed)

    # Ages

    def _next_of_round(self) -> bool:
        now_s = self._clock.monotonic_s()
        if self._round is None:
            if now_s < self._next_round_s:
                return False
            if now_s >= self._anew_s:
                self._seen.clear()
                self._passed.clear()
                self._anew_s = now_s + _ANEW_S
            self._next_round_s = now_s + _ROUND_S
            self._round = self._one_round()
        if next(self._round, None) is None:
            self._round = None
            return False
        return True

    def _one_round(self) -> Iterator[bool]:
        """Look at every camera; yields after each step that changed something."""
        while self.settle():  # what a disk that was away, or a file that was in use, had held up
            yield True
        yield from self._drop_lost()
        sizes: dict[str, dict[str, int]] = {}
        for total in self._holdings.totals():
            at = sizes.setdefault(total.camera, {})
            at[total.site] = at.get(total.site, 0) + total.size_bytes
        for camera, at in sizes.items():
            policies = {site: self._policy(camera, site) for site in at}
            for site, policy in policies.items():
                if (now := self.ages.now()) is not None:
                    yield from self._expire(camera, site, policy, now)
                    yield from self._expire_misdated(camera, site, policy, now)
            bounds = [policy.most_gb for policy in policies.values() if policy.most_gb is not None]
            if bounds:
                yield from self._cut_down(camera, sum(at.values()) - round(min(bounds) * _GB))

    def _expire(self, camera: str, site: str, policy: Policy, now: datetime) -> Iterator[bool]:
        limit = now - timedelta(days=policy.keep_days)
        last = now - timedelta(days=policy.keep_events_days)
        while old := self._ended(
            self._holdings.of_camera(camera, site=site, since=FLOOR, before=last, limit=_STEP), last
        ):
            if not self._expired(old):
                break
            yield True
        while old := self._ended(
            self._holdings.of_camera(
                camera, site=site, since=self._seen.get((camera, site), FLOOR), before=limit, limit=_STEP
            ),
            limit,
        ):
            kept = self._kept(old)
            going = [each for each in old if each.id not in kept]
            if going and not self._expired(going):
                break
            self._seen[camera, site] = old[-1].began + timedelta(milliseconds=1)
            if going:
                yield True

    def _expire_misdated(self, camera: str, site: str, policy: Policy, now: datetime) -> Iterator[bool]:
        """What a clock dated that had not been set is as old as the hub's knowledge of it."""
        known_by = self.ages.known_by(now - timedelta(days=max(policy.keep_days, policy.keep_events_days)))
        while known_by is not None:
            old = self._holdings.misdated(camera, site=site, before=FLOOR, stored_by=known_by, limit=_STEP)
            if not old or not self._expired(old):
                return
            yield True

    def _expired(self, old: Sequence[Held]) -> bool:
        removed = self._remove(old)
        self.counts.expired += len(removed)
        self.counts.expired_bytes += sum(each.size_bytes for each in removed)
        return bool(removed)

    def _cut_down(self, camera: str, over_bytes: int) -> Iterator[bool]:
        """Remove the oldest of a camera that takes up too much, what shows incidents last."""
        for with_events in (False, True):
            since: datetime | None = None
            while over_bytes > 0:
                oldest = self._holdings.of_camera(camera, since=since, before=self._clock.now(), limit=_STEP)
                if not oldest:
                    break
                since = oldest[-1].began + timedelta(milliseconds=1)
                kept = set() if with_events else self._kept(oldest)
                going: list[Held] = []
                for each in oldest:
                    if each.id not in kept and over_bytes > 0:
                        going.append(each)
                        over_bytes -= each.size_bytes
                if going and self._expired(going):
                    yield True

    def _drop_lost(self) -> Iterator[bool]:
        """A worker that had no hub may have made room for itself, oldest first: those rows go too."""
        for disk in self._shelves.disks:
            while True:
                lost = []
                try:
                    for each in self._holdings.oldest(disk.id, limit=_STEP):
                        if self._shelves.is_file(disk.id, each.path):
                            break
                        lost.append(each)
                except DiskError:
                    break
                if not lost:
                    break
                self.counts.lost += len(self._remove(lost))
                yield True

    # Steps

    @staticmethod
    def _ended(held: Sequence[Held], before: datetime) -> list[Held]:
        return [each for each in held if each.ended <= before]

    def _kept(self, held: Sequence[Held]) -> set[str]:
        """Which of these show an incident and are kept longer for it."""
        now, kept = self.ages.now(), set[str]()
        for camera, site in dict.fromkeys((each.camera, each.site) for each in held):
            there = [each for each in held if (each.camera, each.site) == (camera, site)]
            last = FLOOR if now is None else now - timedelta(days=self._policy(camera, site).keep_events_days)
            spans = self._events(camera, site, there[0].began, max(each.ended for each in there))
            kept |= {
                each.id
                for each in there
                if each.ended > last and any(start < each.ended and end > each.began for start, end in spans)
            }
        return kept

    def _is_kept(self, held: Held) -> bool:
        return bool(self._kept([held]))

    def _remove(self, held: Sequence[Held]) -> list[Held]:
        return self._removing.remove([each.id for each in held], Because.EXPIRED)
