"""Caretaker: the thread that keeps catalogue and disks in order while the hub runs.

It begins with what the last run left, then removes and moves in small steps with pauses, so that others come first, and
compares a day of one stream after the other with its files, all of them about once a day. Nothing waits for it, and
what fails is tried again. A disk that could not be read at the start is read later, and holds up nothing meanwhile.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from cameras.errors import DiskError
from cameras.recordings.keeping.ages import FLOOR
from cameras.recordings.keeping.check import Check, Difference, Kind
from cameras.recordings.keeping.retention import Retention
from cameras.recordings.keeping.shelves import Shelves
from cameras.recordings.media import StreamName
from cameras.recordings.mp4.naming import began_by_name
from hub.clock import Clock
from hub.errors import StoreClosedError, StoreError

logger = logging.getLogger(__name__)

_BETWEEN_STEPS_S = 0.05
_IDLE_S = 5.0
_AFTER_FAULT_S = 30.0
_SKIPPED_AGAIN_S = 60.0
_SWEEP_S = 86_400.0
_STOP_S = 5.0

Day = tuple[str, str, StreamName, datetime]


class Caretaker:
    """Repairs, removes, moves and compares. `start` and `stop` once each.

    Attributes:
        retention: Removes and moves.
        found: How many differences of each kind were put right since the start.
    """

    def __init__(
        self,
        check: Check,
        retention: Retention,
        shelves: Shelves,
        clock: Clock,
        *,
        keep_days: Callable[[str, str], float],
    ) -> None:
        """Prepare.

        Args:
            check: Holds rows against files.
            retention: Removes and moves.
            shelves: The disks.
            clock: The hub's.
            keep_days: Of a camera at a site; a file that cannot be played is not kept longer than one that can.
        """
        self._check = check
        self.retention = retention
        self._shelves = shelves
        self._clock = clock
        self._keep_days = keep_days
        self.found: dict[str, int] = {kind.value: 0 for kind in Kind}
        self._days: deque[Day] = deque()
        self._day_s = _SWEEP_S
        self._next_day_at_s = 0.0
        self._skipped_again_s = 0.0
        self._stopping = threading.Event()
        self.is_repaired = threading.Event()
        """Set when what the last run left has been read."""
        self._thread = threading.Thread(target=self._run, name="recordings-caretaker", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the step under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)

    def repair(self) -> None:
        """Read what was open when the last hub ended, and what it does not know."""
        number = 0
        for difference in self._check.at_start(stop=self._stopping.is_set):
            self._note(difference)
            number += 1
        self._skipped_again_s = self._clock.monotonic_s() + _SKIPPED_AGAIN_S
        logger.info("recordings are in order", extra={"differed": number, "disks_skipped": sorted(self._check.skipped)})
        self.is_repaired.set()

    def step(self) -> float:
        """Do a little; returns how long to rest afterwards, seconds."""
        self._read_skipped()
        if self.retention.step():
            return max(_BETWEEN_STEPS_S, self.retention.rest_s)
        if self._clock.monotonic_s() >= self._next_day_at_s:
            self._compare_a_day()
        return min(_IDLE_S, max(_BETWEEN_STEPS_S, self._next_day_at_s - self._clock.monotonic_s()))

    def _read_skipped(self) -> None:
        """Disks that were not there at the start, or went before they were read."""
        if not self._check.skipped or self._clock.monotonic_s() < self._skipped_again_s:
            return
        back = [disk for disk in self._check.skipped if self._shelves.is_there(disk)]
        for difference in self._check.at_start(stop=self._stopping.is_set, only=back) if back else ():
            self._note(difference)
        self._skipped_again_s = self._clock.monotonic_s() + _SKIPPED_AGAIN_S

    def _compare_a_day(self) -> None:
        if not self._days:
            self._days.extend(
                (site, camera, stream, day)
                for site, camera, stream in self._check.streams()
                for day in self._check.days(site, camera, stream)
            )
            self._day_s = _SWEEP_S / max(1, len(self._days))
        self._next_day_at_s = self._clock.monotonic_s() + self._day_s
        if self._days:
            site, camera, stream, day = self._days.popleft()
            for difference in self._check.day(site, camera, stream, day, deep=False):
                self._note(difference)
                if difference.kind in (Kind.DAMAGED, Kind.UNREADABLE):
                    self._drop_old(camera, site, difference)

    def _drop_old(self, camera: str, site: str, difference: Difference) -> None:
        began, now = began_by_name(difference.path), self.retention.ages.now()
        if began is None or now is None or began < FLOOR:
            return
        if began < now - timedelta(days=self._keep_days(camera, site)):
            with contextlib.suppress(DiskError):  # the next time round, then
                self._shelves.remove(difference.disk, difference.path)

    def _note(self, difference: Difference) -> None:
        self.found[difference.kind.value] += 1
        logger.log(
            logging.WARNING if difference.kind is Kind.UNREADABLE else logging.INFO,
            "a recording and the catalogue differed",
            extra={
                "what": difference.kind.value,
                "disk": difference.disk,
                "path": difference.path,
                "detail": difference.detail,
            },
        )

    def _run(self) -> None:
        pause_s = 0.0
        while not self._clock.wait(self._stopping, pause_s):
            try:
                if self.is_repaired.is_set():
                    pause_s = self.step()
                else:
                    self.repair()
            except StoreClosedError:
                return
            except (StoreError, DiskError, OSError, TimeoutError) as error:
                logger.warning("recordings are not looked after, trying again", extra={"reason": str(error)})
                pause_s = _AFTER_FAULT_S
            except Exception:  # recordings are looked after again later; nothing else waits for this
                logger.exception("looking after recordings failed, trying again")
                pause_s = _AFTER_FAULT_S
