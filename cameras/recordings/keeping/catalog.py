"""Catalog: which segments there are, in the hub's database; a convenience that can be made anew from the files.

Changed through the database's one writer alone. What a worker tells comes twice now and then, and late: what is known
already changes nothing, and a closed segment never opens again. Of a segment that is still written the marks are read
from its file, each part once. A question reads the rows of one stream, and marks only where they are wanted.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future, wait
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, or_, select, update

from cameras.recordings.keeping.growing import Growing
from cameras.recordings.keeping.timeline import Removed, Stretch, Timeline, timeline
from cameras.recordings.media import Because, Format, Segment, SegmentHead, StreamName
from cameras.recordings.mp4.index import pack, unpack
from cameras.recordings.mp4.naming import form_from_text, form_to_text, usual_path
from hub.events import from_us, to_us
from hub.store.database import Database
from hub.store.recording_tables import (
    recording_formats,
    recording_marks,
    recording_removals,
    recording_segments,
    recording_streams,
    recording_totals,
)

CLOSED, OPEN, GOING = 0, 1, 2
"""The states of a row; what is going is shown to nobody."""

LONGEST_MS = 2 * 3_600_000
"""No segment is longer: the longest that can be set is an hour, until the next key picture."""

_FORMS = 4096  # a form is 100 to 300 bytes; every camera has one or two
_AT_ONCE = 256  # ids in one statement

_streams, _segments = recording_streams.c, recording_segments.c
_COLUMNS = (
    _segments.id,
    _segments.began_ms,
    _segments.ended_ms,
    _segments.disk,
    _segments.path,
    _segments.form,
    _segments.because,
    _segments.state,
    _segments.init_bytes,
    _segments.size_bytes,
    _segments.drift_ms,
    _streams.site,
    _streams.camera,
    _streams.stream,
)
_JOINED = recording_segments.join(recording_streams, _streams.id == _segments.stream)
_WHOLE = select(*_COLUMNS, recording_marks.c.body.label("body")).select_from(
    _JOINED.outerjoin(recording_marks, recording_marks.c.id == _segments.marks)
)
_SHORT = (
    _segments.began_ms,
    _segments.ended_ms,
    _segments.because,
    _segments.state,
    _segments.size_bytes,
    _segments.drift_ms,
    _segments.id,
)


class Catalog:
    """The segments of a hub. Safe from any thread."""

    def __init__(self, database: Database, folders: Mapping[str, Path]) -> None:
        """Use a started database.

        Args:
            database: Where the rows are.
            folders: Of each disk, by its id; files of others are known and cannot be read.
        """
        self._database = database
        self._folders = dict(folders)
        self._lock = threading.Lock()
        self._forms: OrderedDict[int, Format] = OrderedDict()
        self._growing = Growing()

    def folder(self, disk: str) -> Path | None:
        """The folder of a disk; None for one that is not in the settings any more."""
        return self._folders.get(disk)

    def file(self, segment: Segment) -> Path | None:
        """Where a segment lies; None when its disk is not in the settings."""
        folder = self._folders.get(segment.disk)
        return None if folder is None else folder / segment.path

    # What there is

    def segments(
        self,
        camera: str,
        stream: StreamName,
        start: datetime,
        end: datetime,
        *,
        sites: Collection[str] | None = None,
    ) -> list[Segment]:
        """Every segment of a stream that holds something between two times, with marks, by their beginnings.

        Args:
            camera: Camera id.
            stream: Which of its streams.
            start: From when on.
            end: Until when.
            sites: Only what was recorded while the camera was at one of these.
        """
        first, last = _ms(start), _ms(end)
        with self._database.read() as connection:
            streams = _ids_of(connection, camera, stream, sites)
            reaching = _WHOLE.where(or_(_segments.ended_ms > first, _segments.state == OPEN))
            rows = list(connection.execute(_between(reaching, streams, first - LONGEST_MS, last))) if streams else []
            found = [self._segment(connection, row) for row in rows]
        return [each for each in map(self._grown, found) if _end_ms(each) > first]

    def segment(self, segment_id: str) -> Segment | None:
        """The segment with this id, with marks."""
        with self._database.read() as connection:
            row = connection.execute(_WHOLE.where(_segments.id == segment_id, _segments.state != GOING)).first()
            found = None if row is None else self._segment(connection, row)
        return None if found is None else self._grown(found)

    def unsettled(self) -> list[Segment]:
        """Segments that are open, by what is known; marks are not read."""
        query = select(*_COLUMNS).select_from(_JOINED).where(_segments.state == OPEN)
        with self._database.read() as connection:
            return [self._segment(connection, row) for row in connection.execute(query)]

    def shown(self, ids: Iterable[str]) -> set[str]:
        """Which of these ids there are, without those to be removed."""
        query = select(_segments.id).where(_segments.state != GOING)
        with self._database.read() as connection:
            found = (connection.scalars(query.where(_segments.id.in_(some))) for some in _cut(list(ids)))
            return {each for some in found for each in some}

    def streams(self) -> list[tuple[str, str, StreamName]]:
        """Site, camera and stream of everything that was ever recorded."""
        with self._database.read() as connection:
            rows = connection.execute(select(_streams.site, _streams.camera, _streams.stream).order_by(_streams.id))
            return [(site, camera, StreamName(stream)) for site, camera, stream in rows]

    def newest(self, site: str, camera: str, stream: StreamName) -> datetime | None:
        """When the newest known segment of a stream began."""
        with self._database.read() as connection:
            number = connection.scalar(_number_of(site, camera, stream))
            began = connection.scalar(select(func.max(_segments.began_ms)).where(_segments.stream == number))
        return None if began is None else _time(began)

    def ranges(
        self,
        camera: str,
        stream: StreamName,
        start: datetime,
        end: datetime,
        *,
        resolution_s: float = 1.0,
        sites: Collection[str] | None = None,
    ) -> Timeline:
        """What is recorded and what is missing between two times; no marks are read but those of what is open.

        Args:
            camera: Camera id.
            stream: Which of its streams.
            start: From when on.
            end: Until when, no later than now: what comes later is missing too.
            resolution_s: Gaps shorter than this are part of a range, which says how much is missing in it.
            sites: Only what was recorded while the camera was at one of these.
        """
        first, last = _ms(start), _ms(end)
        with self._database.read() as connection:
            streams = _ids_of(connection, camera, stream, sites)
            if not streams:
                return Timeline((), ())
            query = select(*_SHORT)
            rows = list(connection.execute(_between(query, streams, first - LONGEST_MS, last)))
            mine = _segments.stream.in_(streams), _segments.state != GOING
            before = query.where(*mine, _segments.began_ms < first - LONGEST_MS)
            after = query.where(*mine, _segments.began_ms >= last)
            rows = [
                *connection.execute(before.order_by(_segments.began_ms.desc()).limit(1)),
                *rows,
                *connection.execute(after.order_by(_segments.began_ms).limit(1)),
            ]
            gone = recording_removals.c
            removed = connection.execute(
                select(gone.began_ms, gone.ended_ms, gone.because)
                .where(gone.stream.in_(streams), gone.began_ms < last, gone.ended_ms > first)
                .order_by(gone.began_ms)
            )
            removals = [Removed(began, ended, Because(because)) for began, ended, because in removed]
        stretches = [
            Stretch(
                began,
                self._live_end(segment_id) if state == OPEN else ended,
                Because(because),
                is_open=state == OPEN,
                was_closed=state == CLOSED and drift is not None,
                size_bytes=size,
            )
            for began, ended, because, state, size, drift, segment_id in rows
        ]
        return timeline(stretches, removals, start=start, end=end, resolution_s=resolution_s)

    # What changes it

    def keep(self, segment: Segment) -> Future[None]:
        """Store what is known of a segment, new or changed; the Future resolves when it is committed."""
        body = pack(segment.marks) if segment.marks and not segment.is_open else None
        return self._database.submit_item(self._keep, (segment, body))  # packed here: the writer is everybody's

    def keep_all(self, segments: Sequence[Segment], *, timeout_s: float) -> None:
        """Store several and wait for it.

        Raises:
            StoreError: The database did not take them in time; to be tried again.
            TimeoutError: It is slow; they may or may not be stored, and can be given again.
        """
        stored = [self.keep(segment) for segment in segments]
        wait(stored, timeout=timeout_s)
        for each in stored:
            each.result(0)

    def _keep(self, connection: Connection, segments: Sequence[tuple[Segment, bytes | None]]) -> None:
        for segment, body in segments:
            self._keep_one(connection, segment, body)

    @staticmethod
    def _keep_one(connection: Connection, segment: Segment, body: bytes | None) -> None:
        head, began_ms = segment.head, _ms(segment.head.began)
        stream = _stream_number(connection, head)
        here = _segments.stream == stream, _segments.began_ms == began_ms, _segments.id == head.id
        before = connection.execute(
            select(_segments.state, _segments.size_bytes, _segments.disk, _segments.marks).where(*here)
        ).first()
        if before is not None and (before.state == GOING or (before.state == CLOSED and segment.is_open)):
            return
        values: dict[str, Any] = {
            "ended_ms": began_ms + segment.duration_ms,
            "disk": segment.disk,
            "path": None if segment.path == usual_path(head) else segment.path,
            "form": _form_number(connection, segment.form),
            "because": head.because.value,
            "state": OPEN if segment.is_open else CLOSED,
            "init_bytes": segment.init_bytes,
            "size_bytes": segment.size_bytes,
            "drift_ms": segment.drift_ms,
        }
        if body is not None:
            values["marks"] = _keep_marks(connection, body, None if before is None else before.marks)
        if before is None:
            connection.execute(
                insert(recording_segments).values(stream=stream, began_ms=began_ms, id=head.id, **values)
            )
        else:
            connection.execute(update(recording_segments).where(*here).values(**values))
            add_total(connection, stream, before.disk, segments=-1, size_bytes=-before.size_bytes)
        add_total(connection, stream, segment.disk, segments=1, size_bytes=segment.size_bytes)

    # Rows and what they say

    def _segment(self, connection: Connection, row: Row[*tuple[Any, ...]]) -> Segment:
        body: bytes | None = row._mapping.get("body")  # noqa: SLF001 - SQLAlchemy's name for what is public
        return Segment(
            head=head_of(row),
            disk=row.disk,
            path=path_of(row),
            form=self._form(connection, row.form),
            init_bytes=row.init_bytes,
            size_bytes=row.size_bytes,
            marks=unpack(body) if body is not None else (),
            is_open=row.state == OPEN,
            drift_ms=row.drift_ms,
        )

    def _grown(self, segment: Segment) -> Segment:
        """An open segment as its file stands; no connection is held meanwhile."""
        if segment.is_open:
            return self._growing.grown(segment, self.file(segment))
        self._growing.forget(segment.head.id)
        return segment

    def _live_end(self, segment_id: str) -> int:
        segment = self.segment(segment_id)
        return 0 if segment is None else _end_ms(segment)

    def _form(self, connection: Connection, number: int) -> Format:
        with self._lock:
            known = self._forms.get(number)
        if known is None:
            body = connection.scalar(select(recording_formats.c.body).where(recording_formats.c.id == number))
            assert body is not None, "every segment has a form"
            known = form_from_text(body)
            with self._lock:
                self._forms[number] = known
                while len(self._forms) > _FORMS:
                    self._forms.popitem(last=False)
        return known


def head_of(row: Row[*tuple[Any, ...]]) -> SegmentHead:
    """Who a row's segment is."""
    return SegmentHead(row.id, row.site, row.camera, StreamName(row.stream), _time(row.began_ms), Because(row.because))


def path_of(row: Row[*tuple[Any, ...]]) -> str:
    """Where a row's file lies from its disk's folder."""
    path: str | None = row.path
    return usual_path(head_of(row)) if path is None else path


def add_total(connection: Connection, stream: int, disk: str, *, segments: int, size_bytes: int) -> None:
    """Count what was added to a stream on a disk, or taken from it."""
    total = recording_totals
    changed = connection.execute(
        update(total)
        .where(total.c.stream == stream, total.c.disk == disk)
        .values(segments=total.c.segments + segments, size_bytes=total.c.size_bytes + size_bytes)
    )
    if not changed.rowcount:
        connection.execute(insert(total).values(stream=stream, disk=disk, segments=segments, size_bytes=size_bytes))


def _ids_of(connection: Connection, camera: str, stream: StreamName, sites: Collection[str] | None = None) -> list[int]:
    """A stream has several numbers when its camera was moved to another site."""
    query = select(_streams.id).where(_streams.camera == camera, _streams.stream == stream.value)
    if sites is not None:
        query = query.where(_streams.site.in_(sorted(sites)))
    return list(connection.scalars(query))


def _between(
    query: Select[*tuple[Any, ...]], streams: Sequence[int], first_ms: int, last_ms: int
) -> Select[*tuple[Any, ...]]:
    return query.where(
        _segments.stream.in_(streams),
        _segments.began_ms >= first_ms,
        _segments.began_ms < last_ms,
        _segments.state != GOING,
    ).order_by(_segments.began_ms)


def _number_of(site: str, camera: str, stream: StreamName) -> Select[int]:
    return select(_streams.id).where(_streams.camera == camera, _streams.stream == stream.value, _streams.site == site)


def _stream_number(connection: Connection, head: SegmentHead) -> int:
    number = connection.scalar(_number_of(head.site, head.camera, head.stream))
    if number is None:
        made = insert(recording_streams).values(site=head.site, camera=head.camera, stream=head.stream.value)
        number = connection.execute(made.returning(_streams.id)).scalar_one()
    return int(number)


def _form_number(connection: Connection, form: Format) -> int:
    body = form_to_text(form)
    digest = hashlib.sha256(body.encode()).hexdigest()
    number = connection.scalar(select(recording_formats.c.id).where(recording_formats.c.digest == digest))
    if number is None:
        made = insert(recording_formats).values(digest=digest, body=body)
        number = connection.execute(made.returning(recording_formats.c.id)).scalar_one()
    return int(number)


def _keep_marks(connection: Connection, body: bytes, number: int | None) -> int:
    if number is not None:
        connection.execute(update(recording_marks).where(recording_marks.c.id == number).values(body=body))
        return number
    made = insert(recording_marks).values(body=body).returning(recording_marks.c.id)
    return int(connection.execute(made).scalar_one())


def _cut(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[at : at + _AT_ONCE] for at in range(0, len(ids), _AT_ONCE))


def _end_ms(segment: Segment) -> int:
    return _ms(segment.head.began) + segment.duration_ms


def _ms(moment: datetime) -> int:
    return to_us(moment) // 1000


def _time(ms: int) -> datetime:
    return from_us(ms * 1000)
