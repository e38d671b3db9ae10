"""Check: holds the catalogue against the files, and makes it say what they say. Files are right, rows are not.

At a start only what can have changed is read: segments that were open, and files newer than the newest that is known.
`everything` reads every file and needs no catalogue at all; `day` only compares names, and finds what a crash, or a
worker that made room for itself, left behind. A worker that lives goes on writing its file meanwhile: what is locked is
taken as it is, and nothing of it is cut. What lies on a disk that is not there is not missing. What cannot be read is
told and passed over: neither one file nor one disk holds up the others. A file without a row is not taken back where
somebody deleted what it holds: it is a copy that was left, or was not known then.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cameras.errors import DamagedFileError, DiskError, DiskProblem
from cameras.recordings.keeping.catalog import Catalog
from cameras.recordings.keeping.holdings import Held, Holdings
from cameras.recordings.keeping.removing import Removing
from cameras.recordings.keeping.shelves import Fate, Shelves, is_copy
from cameras.recordings.media import Because, Segment, StreamName
from cameras.recordings.mp4.index import read_segment, repair
from cameras.recordings.playback.cutting import cut_out

logger = logging.getLogger(__name__)

_STORED_WITHIN_S = 60.0
_TELL_FILES = 500
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class Kind(enum.StrEnum):
    """In what way rows and files differed."""

    TORN = "torn"
    """Its writer died: closed, and cut where it was not whole."""
    UNKNOWN = "unknown"
    """A file that had no row has one now."""
    CHANGED = "changed"
    """The row says now what the file says."""
    MISSING = "missing"
    """A row without its file is gone."""
    LEFTOVER = "leftover"
    """A copy that did not count is gone."""
    DAMAGED = "damaged"
    """Nothing in it can be played; it is left as it is, without a row."""
    UNREADABLE = "unreadable"
    """The disk does not let it be read, or looked for; file and row are left as they are."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that was found and put right, or that cannot be.

    Attributes:
        kind: In what way.
        disk: Disk id.
        path: Of the file, from the disk's folder.
        detail: More of it, for people.
        cut_bytes: What was cut off its end.
    """

    kind: Kind
    disk: str
    path: str
    detail: str = ""
    cut_bytes: int = 0


@dataclass(slots=True)
class Progress:
    """How far a check is."""

    tell: Callable[[Progress], None] | None = None
    """Called now and then."""
    files: int = 0
    streams: int = 0
    of_streams: int = 0

    def read(self) -> None:
        """One more file."""
        self.files += 1
        if self.tell is not None and self.files % _TELL_FILES == 0:
            self.tell(self)


Deleted = Callable[[str, str, datetime, datetime], Sequence[tuple[datetime, datetime]]]
"""The spans of a camera at a site of which all is deleted, among those that touch a time.

What is still being deleted is none of them: who deletes cuts it, and nobody else at the same time.
"""


class Check:
    """Checks; blocks its caller. Of several at once, each is right, and some work is done twice.

    Attributes:
        skipped: Disks that were not there, or went, before all that was wanted of them was read.
    """

    def __init__(
        self, catalog: Catalog, holdings: Holdings, shelves: Shelves, *, deleted: Deleted = lambda *_asked: ()
    ) -> None:
        """Hold `catalog` against the files on `shelves`, but for what was `deleted`."""
        self._deleted = deleted
        self._removing = Removing(holdings, shelves)
        self._catalog = catalog
        self._holdings = holdings
        self._shelves = shelves
        self.skipped: set[str] = set()

    def at_start(
        self, *, stop: Callable[[], bool] = lambda: False, only: Collection[str] | None = None
    ) -> Iterator[Difference]:
        """Read what was open and what is new; yields what was put right.

        Args:
            stop: Asked now and then whether to end.
            only: On these disks; None on all.

        Raises:
            StoreError: The database refuses.
        """
        disks = [disk for disk in self._shelves.folders if only is None or disk in only]
        self.skipped.difference_update(disks)
        for row in self._catalog.unsettled():
            if stop():
                return
            if row.disk in disks:
                yield from self._guarded(row.disk, row.path, self._was_open(row))
        for disk in disks:
            try:
                yield from self._new_on(disk, stop)
            except DiskError as error:
                self._skip(disk, error)

    def _new_on(self, disk: str, stop: Callable[[], bool]) -> Iterator[Difference]:
        """Read what is newer on a disk than the newest that is known."""
        for site, camera, stream in self._shelves.streams(disk):
            newest = self._catalog.newest(site, camera, stream)
            first = None if newest is None else newest.replace(minute=0, second=0, microsecond=0)
            for hour in self._hours(disk, f"{site}/{camera}/{stream}", since=first):
                if stop():
                    return
                yield from self._hour(site, camera, stream, hour, deep=False)

    def everything(self, progress: Progress | None = None) -> Iterator[Difference]:
        """Read every file, and look for the file of every row; yields what was put right."""
        progress = progress or Progress()
        streams = self.streams()
        progress.of_streams = len(streams)
        for site, camera, stream in streams:
            for day in self.days(site, camera, stream):
                yield from self.day(site, camera, stream, day, deep=True, progress=progress)
            progress.streams += 1

    def streams(self) -> list[tuple[str, str, StreamName]]:
        """Every stream of which there are rows or files."""
        found = set(self._catalog.streams())
        for disk in self._there():
            with self._skipping(disk):
                found.update(self._shelves.streams(disk))
        return sorted(found)

    def days(self, site: str, camera: str, stream: StreamName) -> list[datetime]:
        """Every day of a stream of which there are rows or files, oldest first."""
        found: set[datetime] = set()
        for disk in self._there():
            with self._skipping(disk):
                days = self._shelves.days(disk, f"{site}/{camera}/{stream}")
                found.update(datetime.strptime(day + " +0000", "%Y-%m-%d %z") for day in days)
        return sorted(found | set(self._holdings.days(site, camera, stream)))

    def day(
        self,
        site: str,
        camera: str,
        stream: StreamName,
        day: datetime,
        *,
        deep: bool,
        progress: Progress | None = None,
    ) -> Iterator[Difference]:
        """Compare the rows of a stream's day with its files; the files are read when `deep`."""
        for number in range(24):
            hour = day.astimezone(UTC) + number * _HOUR
            yield from self._hour(site, camera, stream, hour, deep=deep, progress=progress)

    # One hour of one stream

    def _hour(
        self,
        site: str,
        camera: str,
        stream: StreamName,
        hour: datetime,
        *,
        deep: bool,
        progress: Progress | None = None,
    ) -> Iterator[Difference]:
        place = f"{site}/{camera}/{stream}/{hour:%Y-%m-%d/%H}"
        held = self._holdings.of_span(site, camera, stream, start=hour, end=hour + _HOUR)
        rows = {(row.disk, row.path): row for row in held}
        files: set[tuple[str, str]] = set()
        there = set()
        for disk in self._there():
            with self._skipping(disk):
                names = self._shelves.files(disk, place)
                there.add(disk)
                files.update((disk, f"{place}/{name}") for name in names)
        for disk, path in sorted(files):
            row = rows.get((disk, path))
            if is_copy(path):
                yield from self._guarded(disk, path, self._remove(disk, path, "was not whole"))
                continue
            if row is None:
                yield from self._guarded(disk, path, self._without_row(disk, path))
            elif not row.is_going and (deep or row.is_open):
                yield from self._guarded(disk, path, self._with_row(row))
            if progress is not None:
                progress.read()
        for where, row in rows.items():
            if row.disk in there and where not in files and not row.is_going:
                yield from self._guarded(row.disk, row.path, self._without_file(row))

    def _guarded(self, disk: str, path: str, found: Iterator[Difference]) -> Iterator[Difference]:
        """What was found of one file; that the disk refuses it is found too, unless the disk itself is gone."""
        try:
            yield from found
        except DiskError as error:
            if self._shelves.is_there(disk):
                yield Difference(Kind.UNREADABLE, disk, path, str(error).removeprefix(f"{error.problem}: "))
            else:
                self._skip(disk, error)

    @contextmanager
    def _skipping(self, disk: str) -> Iterator[None]:
        """Go on without a disk that went meanwhile."""
        try:
            yield
        except DiskError as error:
            self._skip(disk, error)

    def _skip(self, disk: str, error: DiskError) -> None:
        if disk not in self.skipped:
            logger.warning("a disk cannot be compared with the catalogue", extra={"disk": disk, "reason": str(error)})
        self.skipped.add(disk)

    def _was_open(self, segment: Segment) -> Iterator[Difference]:
        (row,) = self._holdings.by_id([segment.head.id]) or (None,)
        if row is None or not self._shelves.is_there(row.disk):
            return
        if self._shelves.is_file(row.disk, row.path):
            yield from self._with_row(row)
        else:
            yield from self._without_file(row)

    def _with_row(self, row: Held) -> Iterator[Difference]:
        """Make a row say what its file says."""
        try:
            segment, cut_bytes = self._read(row.disk, row.path)
        except DamagedFileError as error:
            self._forget(row)
            yield Difference(Kind.DAMAGED, row.disk, row.path, str(error))
            return
        except FileNotFoundError:  # somebody removed it just now
            return
        known = self._catalog.segment(segment.head.id)
        if known is not None and _same(known, segment):
            return
        if segment.head.id != row.id:
            self._forget(row)
        self._catalog.keep_all([segment], timeout_s=_STORED_WITHIN_S)
        if cut_bytes is not None:
            yield Difference(Kind.TORN, row.disk, row.path, cut_bytes=cut_bytes)
        elif not (row.is_open and segment.is_open):
            yield Difference(Kind.CHANGED, row.disk, row.path, _differing(known, segment))

    def _without_row(self, disk: str, path: str) -> Iterator[Difference]:
        """Give a file its row, or remove it when it is a copy that does not count."""
        try:
            segment, cut_bytes = self._read(disk, path)
        except DamagedFileError as error:
            yield Difference(Kind.DAMAGED, disk, path, str(error))
            return
        except FileNotFoundError:
            return
        for row in self._holdings.by_id([segment.head.id]):
            if row.is_going or row.also_on is not None:
                return  # somebody is at it, or will be after a restart
            if not self._shelves.is_there(row.disk):
                return  # which of the two counts is known when that disk is back
            if self._shelves.is_file(row.disk, row.path):
                yield from self._remove(disk, path, f"is {row.path} on {row.disk}")
                return
        head = segment.head
        ended = head.began + timedelta(milliseconds=segment.duration_ms)
        gone = self._deleted(head.camera, head.site, head.began, ended)
        if not segment.is_open and any(since <= head.began and ended <= until for since, until in gone):
            yield from self._remove(disk, path, "was deleted")
            return
        self._catalog.keep_all([segment], timeout_s=_STORED_WITHIN_S)
        for since, until in gone:
            cut_out(self._catalog, self._removing, camera=head.camera, since=since, until=until, sites=(head.site,))
        kind = Kind.UNKNOWN if cut_bytes is None else Kind.TORN
        yield Difference(kind, disk, path, "had no row", cut_bytes or 0)

    def _without_file(self, row: Held) -> Iterator[Difference]:
        if not self._shelves.is_there(row.disk) or self._shelves.is_file(row.disk, row.path):
            return  # the disk went, or the file came, meanwhile
        for now in self._holdings.by_id([row.id]):
            if now == row:
                self._forget(row)
                yield Difference(Kind.MISSING, row.disk, row.path)

    def _read(self, disk: str, path: str) -> tuple[Segment, int | None]:
        """A file as it stands, closed if its writer died; and what was cut off it, None for one that was whole.

        Raises:
            DamagedFileError: Nothing in it can be played.
            FileNotFoundError: It is not there any more.
            DiskError: It cannot be read, or not closed.
        """
        folder = self._shelves.folders[disk]
        try:
            segment = read_segment(folder, path, disk=disk)
            if not segment.is_open or self._shelves.is_written(disk, path):
                return segment, None
            repaired = repair(folder / path)
            return read_segment(folder, path, disk=disk), None if repaired.was_closed else repaired.cut_bytes
        except FileNotFoundError:
            raise
        except OSError as error:
            raise DiskError(DiskProblem.GONE, error.strerror or str(error)) from error

    def _forget(self, row: Held) -> None:
        self._holdings.let_go([row.id], Because.UNKNOWN)
        self._holdings.strike_off([row.id])

    def _remove(self, disk: str, path: str, why: str) -> Iterator[Difference]:
        if self._shelves.remove(disk, path) is Fate.REMOVED:
            yield Difference(Kind.LEFTOVER, disk, path, why)

    def _hours(self, disk: str, stream: str, *, since: datetime | None) -> Iterator[datetime]:
        """The hours of a stream on a disk from `since` on."""
        for day in self._shelves.days(disk, stream):
            if since is not None and day < f"{since:%Y-%m-%d}":
                continue
            for hour in self._shelves.hours(disk, f"{stream}/{day}"):
                found = datetime.strptime(f"{day} {hour} +0000", "%Y-%m-%d %H %z")
                if since is None or found >= since:
                    yield found

    def _there(self) -> list[str]:
        return [disk for disk in self._shelves.folders if self._shelves.is_there(disk)]


def _same(known: Segment, found: Segment) -> bool:
    """Whether a row says what a file says; of an open one, how much was written is no difference."""
    if known.is_open and found.is_open:
        return known.head == found.head and known.path == found.path and known.disk == found.disk
    return known == found


def _differing(known: Segment | None, found: Segment) -> str:
    if known is None:
        return "another segment"
    names = ("head", "disk", "path", "form", "init_bytes", "size_bytes", "marks", "is_open", "drift_ms")
    return ", ".join(name for name in names if getattr(known, name) != getattr(found, name))
