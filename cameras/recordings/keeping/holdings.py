"""Holdings: how much lies where, what is oldest, and how rows and files go and move together.

A crash may come between any two steps. So a row says what is about to be done to files before it is done, and is
settled afterwards: one that is to be removed is shown to nobody from then on and goes when its file is gone; one that
is copied to another disk names that disk until only one copy is left, and while it does it is struck off by nobody but
the thread that copies. `unfinished` finds both after a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, insert, or_, select, update

from cameras.recordings.keeping.catalog import CLOSED, GOING, OPEN, add_total, path_of
from cameras.recordings.media import Because, StreamName
from hub.events import from_us, to_us
from hub.store.database import Database
from hub.store.recording_tables import (
    recording_marks,
    recording_removals,
    recording_segments,
    recording_streams,
    recording_totals,
)

STEP = 64
"""Rows in one work of the writer: some milliseconds."""

_DAY_MS = 86_400_000
_SEAM_MS = 10_000
"""Removed spans closer than this are one."""

_streams, _segments = recording_streams.c, recording_segments.c
_ROW = select(
    _segments.id,
    _segments.stream.label("number"),
    _segments.began_ms,
    _segments.ended_ms,
    _segments.because,
    _segments.disk,
    _segments.path,
    _segments.size_bytes,
    _segments.state,
    _segments.also_on,
    _streams.site,
    _streams.camera,
    _streams.stream,
).select_from(recording_segments.join(recording_streams, _streams.id == _segments.stream))


@dataclass(frozen=True, slots=True)
class Held:
    """A segment as a thing that takes up room.

    Attributes:
        id: Of the segment.
        site: Site id.
        camera: Camera id.
        stream: Which of the two.
        began: When it began.
        ended: Where its last fragment ends.
        disk: Where it lies.
        path: From the disk's folder.
        size_bytes: Of its file.
        also_on: Disk with a second copy, perhaps, that is to be removed.
        is_going: Whether it is to be removed.
        is_open: Whether a worker writes it, by what is known.
    """

    id: str
    site: str
    camera: str
    stream: StreamName
    began: datetime
    ended: datetime
    disk: str
    path: str
    size_bytes: int
    also_on: str | None
    is_going: bool
    is_open: bool


@dataclass(frozen=True, slots=True)
class Total:
    """How much of a stream lies on a disk."""

    site: str
    camera: str
    stream: StreamName
    disk: str
    segments: int
    size_bytes: int


Also = Callable[[Connection, Sequence[Held]], None]
"""Writes down what is let go, in the same transaction."""


class Holdings:
    """What takes up room. Safe from any thread; what changes something waits for the writer."""

    def __init__(self, database: Database) -> None:
        """Use a started database."""
        self._database = database

    # How much, and which

    def totals(self) -> list[Total]:
        """How much of every stream lies on every disk; a row for each, however many segments there are."""
        counts = recording_totals.c
        query = (
            select(_streams.site, _streams.camera, _streams.stream, counts.disk, counts.segments, counts.size_bytes)
            .join_from(recording_totals, recording_streams, _streams.id == counts.stream)
            .where(counts.segments > 0)
            .order_by(counts.stream, counts.disk)
        )
        with self._database.read() as connection:
            return [
                Total(site, camera, StreamName(stream), disk, segments, size)
                for site, camera, stream, disk, segments, size in connection.execute(query)
            ]

    def oldest(self, disk: str, *, after: datetime | None = None, limit: int = STEP) -> list[Held]:
        """Closed segments on a disk, oldest first, that began later than `after`."""
        query = _ROW.where(_segments.disk == disk, _segments.state == CLOSED)
        if after is not None:
            query = query.where(_segments.began_ms > _ms(after))
        return self._held(query.order_by(_segments.began_ms).limit(limit))

    def of_camera(
        self, camera: str, *, site: str | None = None, since: datetime | None, before: datetime, limit: int = STEP
    ) -> list[Held]:
        """Closed segments of a camera's streams, of those at one site or all, that began in a time, oldest first."""
        mine = _streams_of(camera, site)
        query = _ROW.where(_segments.stream.in_(mine), _segments.state == CLOSED, _segments.began_ms < _ms(before))
        if since is not None:
            query = query.where(_segments.began_ms >= _ms(since))
        return self._held(query.order_by(_segments.began_ms, _segments.id).limit(limit))

    def misdated(
        self, camera: str, *, site: str | None = None, before: datetime, stored_by: int, limit: int = STEP
    ) -> list[Held]:
        """Closed segments of a camera that say they began before any could, of those whose marks were stored early.

        Args:
            camera: Camera id.
            site: At this one; None for all.
            before: No segment began before.
            stored_by: The newest number of marks, of which some are to be found.
            limit: At most so many.
        """
        mine = _streams_of(camera, site)
        query = _ROW.where(
            _segments.stream.in_(mine),
            _segments.state == CLOSED,
            _segments.began_ms < _ms(before),
            func.coalesce(_segments.marks, 0) <= stored_by,
        )
        return self._held(query.limit(limit))

    def newest(self) -> datetime | None:
        """When the newest segment of all began."""
        with self._database.read() as connection:
            began = [
                connection.scalar(select(func.max(_segments.began_ms)).where(_segments.stream == number))
                for number in connection.scalars(select(_streams.id))
            ]
        known = [each for each in began if each is not None]
        return from_us(max(known) * 1000) if known else None

    def newest_number(self) -> int:
        """The number of the marks that were stored last; each has a higher one than all before it."""
        with self._database.read() as connection:
            return connection.scalar(select(func.max(recording_marks.c.id))) or 0

    def of_span(self, site: str, camera: str, stream: StreamName, *, start: datetime, end: datetime) -> list[Held]:
        """All segments of a stream that began in a time, in whatever state."""
        query = _ROW.where(
            _streams.site == site,
            _streams.camera == camera,
            _streams.stream == stream.value,
            _segments.began_ms >= _ms(start),
            _segments.began_ms < _ms(end),
        )
        return self._held(query)

    def days(self, site: str, camera: str, stream: StreamName) -> list[datetime]:
        """The days on which segments of a stream began, oldest first."""
        mine = (_streams.site == site, _streams.camera == camera, _streams.stream == stream.value)
        day = _segments.began_ms - _segments.began_ms % _DAY_MS
        with self._database.read() as connection:
            number = connection.scalar(select(_streams.id).where(*mine))
            days = connection.scalars(select(day).where(_segments.stream == number).distinct())
            return sorted(from_us(one * 1000) for one in days)

    def by_id(self, ids: Iterable[str]) -> list[Held]:
        """The segments with these ids, those to be removed too."""
        return self._held(_ROW.where(_segments.id.in_(list(ids))))

    def unfinished(
        self, *, limit: int = STEP, there: Collection[str] | None = None, away: Collection[str] = ()
    ) -> list[Held]:
        """Segments that were being removed or copied when the hub ended.

        Args:
            limit: At most so many of each.
            there: What is to be removed from other disks than these waits, and is left out.
            away: What has a copy on one of these waits, and is left out.
        """
        now = or_(_segments.also_on.is_(None), _segments.also_on.not_in(sorted(away)))
        going = _ROW.where(_segments.state == GOING, now)
        if there is not None:
            going = going.where(_segments.disk.in_(sorted(there)))
        copied = _ROW.where(_segments.also_on.is_not(None), _segments.state != GOING, now)
        return self._held(going.limit(limit)) + self._held(copied.limit(limit))

    def written(self, since: datetime, until: datetime) -> dict[str, int]:
        """Bytes of every camera's segments that began in a time; reads a row for each of them."""
        query = (
            select(_streams.camera, func.sum(_segments.size_bytes))
            .join_from(recording_segments, recording_streams, _streams.id == _segments.stream)
            .where(_segments.began_ms >= _ms(since), _segments.began_ms < _ms(until))
            .group_by(_streams.camera)
        )
        with self._database.read() as connection:
            numbers = list(connection.scalars(select(_streams.id)))  # by stream, so that its index serves
            found: dict[str, int] = {}
            for number in numbers:
                for camera, size in connection.execute(query.where(_segments.stream == number)):
                    found[camera] = found.get(camera, 0) + int(size)
        return found

    def first(self) -> datetime | None:
        """When the oldest segment of all began."""
        with self._database.read() as connection:
            began = [
                connection.scalar(select(func.min(_segments.began_ms)).where(_segments.disk == disk))
                for disk in connection.scalars(select(recording_totals.c.disk).distinct())
            ]
        known = [each for each in began if each is not None]
        return from_us(min(known) * 1000) if known else None

    # Going

    def let_go(self, ids: Sequence[str], because: Because, *, also: Also | None = None) -> list[Held]:
        """Say that segments are to be removed: from the commit on nobody is shown them.

        Args:
            ids: Of the segments.
            because: What a timeline says afterwards.
            also: Given those that were not to be removed yet, when there are any.

        Returns:
            Those that there are and whose files are to be removed now.
        """

        def work(connection: Connection) -> list[Held]:
            rows = list(connection.execute(_ROW.where(_segments.id.in_(list(ids)))))
            fresh = [row for row in rows if row.state != GOING]
            for row in fresh:
                connection.execute(update(recording_segments).where(*_here(row)).values(state=GOING))
            for number, began, ended in _spans(fresh):
                _remember(connection, number, (began, ended), because)
            if fresh and also is not None:
                also(connection, [_held(row) for row in fresh])
            return [_held(row) for row in rows]

        return self._database.write(work)

    def strike_off(self, ids: Sequence[str]) -> int:
        """Remove rows whose files are gone; returns how many there were."""

        def work(connection: Connection) -> int:
            query = select(
                _segments.stream.label("number"),
                _segments.began_ms,
                _segments.id,
                _segments.disk,
                _segments.size_bytes,
                _segments.marks,
            ).where(_segments.id.in_(list(ids)))
            rows = list(connection.execute(query))
            for row in rows:
                connection.execute(delete(recording_segments).where(*_here(row)))
                add_total(connection, row.number, row.disk, segments=-1, size_bytes=-row.size_bytes)
            marks = [row.marks for row in rows if row.marks is not None]
            connection.execute(delete(recording_marks).where(recording_marks.c.id.in_(marks)))
            return len(rows)

        return self._database.write(work)

    # Moving

    def begin_copy(self, segment_id: str, disk: str) -> bool:
        """Say that a copy of a segment may soon lie on another disk; False when it is not there any more."""
        return self._change(segment_id, _segments.state == CLOSED, also_on=disk)

    def switch(self, segment_id: str, disk: str) -> bool:
        """The copy counts from now on, and the first one is to be removed; False when it is not there any more."""

        def work(connection: Connection) -> bool:
            row = connection.execute(_ROW.where(_segments.id == segment_id, _segments.state == CLOSED)).first()
            if row is None or row.also_on != disk:
                return False
            connection.execute(update(recording_segments).where(*_here(row)).values(disk=disk, also_on=row.disk))
            add_total(connection, row.number, row.disk, segments=-1, size_bytes=-row.size_bytes)
            add_total(connection, row.number, disk, segments=1, size_bytes=row.size_bytes)
            return True

        return self._database.write(work)

    def end_copy(self, segment_id: str) -> bool:
        """Only one copy is left."""
        return self._change(segment_id, _segments.state != OPEN, also_on=None)

    def _change(self, segment_id: str, state: ColumnElement[bool], *, also_on: str | None) -> bool:
        changed = update(recording_segments).where(_segments.id == segment_id, state).values(also_on=also_on)
        return self._database.write(lambda connection: connection.execute(changed).rowcount == 1)

    def _held(self, query: Select[*tuple[Any, ...]]) -> list[Held]:
        with self._database.read() as connection:
            return [_held(row) for row in connection.execute(query)]


def _held(row: Row[*tuple[Any, ...]]) -> Held:
    return Held(
        id=row.id,
        site=row.site,
        camera=row.camera,
        stream=StreamName(row.stream),
        began=from_us(row.began_ms * 1000),
        ended=from_us(row.ended_ms * 1000),
        disk=row.disk,
        path=path_of(row),
        size_bytes=row.size_bytes,
        also_on=row.also_on,
        is_going=row.state == GOING,
        is_open=row.state == OPEN,
    )


def _here(row: Row[*tuple[Any, ...]]) -> tuple[Any, ...]:
    return _segments.stream == row.number, _segments.began_ms == row.began_ms, _segments.id == row.id


def _spans(rows: Iterable[Row[*tuple[Any, ...]]]) -> list[tuple[int, int, int]]:
    """Stream, beginning and end of what rows span, those that touch as one: so many fewer statements."""
    found: list[tuple[int, int, int]] = []
    for row in sorted(rows, key=lambda row: (row.number, row.began_ms)):
        ended = max(row.ended_ms, row.began_ms + 1)
        if found and found[-1][0] == row.number and row.began_ms <= found[-1][2] + _SEAM_MS:
            found[-1] = (row.number, found[-1][1], max(found[-1][2], ended))
        else:
            found.append((row.number, row.began_ms, ended))
    return found


def _remember(connection: Connection, number: int, span: tuple[int, int], because: Because) -> None:
    """Note a span as removed, together with what it touches that went for the same reason."""
    gone = recording_removals
    began, ended = span
    touching = select(gone.c.began_ms, gone.c.ended_ms).where(
        gone.c.stream == number,
        gone.c.because == because.value,
        gone.c.began_ms <= ended + _SEAM_MS,
        gone.c.ended_ms >= began - _SEAM_MS,
    )
    for other_began, other_ended in list(connection.execute(touching)):
        connection.execute(delete(gone).where(gone.c.stream == number, gone.c.began_ms == other_began))
        began, ended = min(began, other_began), max(ended, other_ended)
    connection.execute(delete(gone).where(gone.c.stream == number, gone.c.began_ms == began))
    connection.execute(insert(gone).values(stream=number, began_ms=began, ended_ms=ended, because=because.value))


def _ms(moment: datetime) -> int:
    return to_us(moment) // 1000


def _streams_of(camera: str, site: str | None) -> Select[tuple[int]]:
    mine = select(_streams.id).where(_streams.camera == camera)
    return mine if site is None else mine.where(_streams.site == site)
