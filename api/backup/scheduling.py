"""Scheduling: a backup from time to time, the newest so many kept, and a word when the newest is too old.

One backup at a time. A schedule goes on over restarts, for the newest file says when the last one was made. One that
fails is told in the log and in the health, and tried again after a while. What is dated later than now
counts for nothing.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.backup.making import SUFFIX, Made, make_backup
from api.backup.placing import hold_room, sweep
from api.backup.sealing import BackupError, is_sealed
from config.machine import Machine
from hub.clock import Clock
from hub.errors import ConflictError, HubError

logger = logging.getLogger(__name__)

_NAME = re.compile(r"hub-(\d{8}T\d{6}Z)" + re.escape(SUFFIX))
_STAMP = "%Y%m%dT%H%M%SZ"
_LOOK_EVERY_S = 60.0
_AGAIN_AFTER_S = 900.0
_CLOCKS_DIFFER = timedelta(minutes=10)
"""What a stamp may be ahead of now: clocks are put back by minutes, and wrong by years."""

_TOO_OLD = 2.0
"""Times the interval, after which the newest is too old."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup in the folder.

    Attributes:
        name: Of its file.
        made: When, UTC.
        size_bytes: Its length.
        encrypted: Whether a passphrase is needed to read it.
    """

    name: str
    made: datetime
    size_bytes: int
    encrypted: bool


def name_at(now: datetime) -> str:
    """What a backup that is made now is called."""
    return f"hub-{now.astimezone(UTC).strftime(_STAMP)}{SUFFIX}"


class Backups:
    """The backups of one hub. `start` and `stop` once; the rest from any thread."""

    def __init__(self, machine: Machine, clock: Clock) -> None:
        self._machine = machine
        self._clock = clock
        self.folder: Path = machine.backup.folder or machine.data / "backups"
        self._making = threading.Lock()
        self._stopping = threading.Event()
        self._trouble = ""
        self._began_s = clock.monotonic_s()
        self._thread = threading.Thread(target=self._run, name="backups", daemon=True)

    def start(self) -> None:
        """Remove what was left by one that was cut off, and begin the schedule, if there is one."""
        sweep(self._machine, self.folder)
        if self._machine.backup.every_h is not None:
            self._thread.start()

    def stop(self) -> None:
        """Make no more; one that is being made is given up with the process."""
        self._stopping.set()

    def make(self) -> Made:
        """Make one now, as the settings say.

        Raises:
            BackupError: The settings say neither a passphrase nor that it may be readable, or it cannot be made.
            ConflictError: One is being made.
        """
        settings = self._machine.backup
        if settings.passphrase is None and not settings.plain:
            raise BackupError("it would hold keys and passwords; write backup.passphrase, or backup.plain: true")
        if not self._making.acquire(blocking=False):
            raise ConflictError("a backup is being made; wait for it")
        try:
            passphrase = None if settings.passphrase is None else settings.passphrase.reveal()
            now = self._clock.now()
            made = make_backup(self._machine, self.folder / name_at(now), passphrase=passphrase, now=now)
            self._trouble = ""
            self._rotate()
        except ValueError as error:  # a passphrase that cannot be read
            raise BackupError(str(error)) from error
        finally:
            self._making.release()
        logger.info("backup made", extra={"file": made.path.name, "size_bytes": made.size_bytes})
        return made

    def list(self) -> list[Kept]:
        """Those that are there, the newest first."""
        found = []
        with suppress(OSError):
            for path in self.folder.iterdir():
                match = _NAME.fullmatch(path.name)
                if match is None:
                    continue
                with suppress(OSError, ValueError), path.open("rb") as file:
                    if not (begin := file.read(16)):
                        continue  # it keeps the name for one that is being made
                    made = datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC)
                    found.append(Kept(path.name, made, path.stat().st_size, is_sealed(begin)))
        return sorted(found, key=lambda kept: kept.made, reverse=True)

    def path_of(self, name: str) -> Path | None:
        """The file of a backup; None when there is none of this name."""
        path = self.folder / name
        return path if _NAME.fullmatch(name) and path.is_file() else None

    def warnings(self) -> tuple[str, ...]:
        """What is wrong with the backups, in words."""
        every_h = self._machine.backup.every_h
        if every_h is None:
            return ()
        counting, later = self._told_apart()
        wrong = [f"{kept.name} is dated later than now, by a clock that was wrong: it does not count" for kept in later]
        try:
            hold_room(self._machine, self.folder)
        except (BackupError, OSError) as error:
            wrong.append(f"the next backup cannot be made: {error}")
        newest = next(iter(counting), None)
        since_s = self._clock.monotonic_s() - self._began_s
        age = timedelta(seconds=since_s) if newest is None else self._clock.now() - newest.made
        if age < timedelta(hours=every_h * _TOO_OLD):
            return (*wrong, *((f"the last backup failed: {self._trouble}",) if self._trouble else ()))
        words = "there is no backup" if newest is None else f"the newest backup is of {newest.made:%Y-%m-%d %H:%M} UTC"
        return (*wrong, f"{words}; one is due every {every_h:g} h{': ' + self._trouble if self._trouble else ''}")

    def _told_apart(self) -> tuple[Sequence[Kept], Sequence[Kept]]:
        """Those that are there, the newest first; and those apart that are dated later than now."""
        until = self._clock.now() + _CLOCKS_DIFFER
        there = self.list()
        return [kept for kept in there if kept.made <= until], [kept for kept in there if kept.made > until]

    def _run(self) -> None:
        failed_s: float | None = None
        while not self._clock.wait(self._stopping, _LOOK_EVERY_S):
            if failed_s is not None and self._clock.monotonic_s() - failed_s < _AGAIN_AFTER_S:
                continue
            try:
                if self._is_due():
                    self.make()
                failed_s = None
            except Exception as error:
                self._trouble = str(error) if isinstance(error, HubError) else "the log tells why"
                failed_s = self._clock.monotonic_s()
                logger.exception("a backup could not be made")

    def _is_due(self) -> bool:
        every_h = self._machine.backup.every_h
        newest = next(iter(self._told_apart()[0]), None)
        return every_h is not None and (newest is None or self._clock.now() - newest.made >= timedelta(hours=every_h))

    def _rotate(self) -> None:
        for kept in self._told_apart()[0][self._machine.backup.keep :]:
            with suppress(OSError):
                (self.folder / kept.name).unlink()
                logger.info("an old backup is removed", extra={"file": kept.name})
