"""EventLog: stores what came in, exactly once, and lets it be read again in the order of storing.

An append is one work of the writer: events, readings, delivery marks and health go into one transaction, and its Future
resolves after the commit, which is when a message may be acknowledged. Everything is idempotent: an event goes by its
id, a reading by sensor, name and time, so a message that comes again changes nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Insert, Select, Text, case, cast, delete, func, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from hub.bus import Bus, Topic
from hub.events import Event, event_from_text, time_from_text, time_to_text
from hub.store import readings as reading_queries
from hub.store import rollups, spans
from hub.store.database import Database
from hub.store.facts import (
    Delivery,
    Fact,
    HealthRow,
    Reading,
    Refusal,
    StoredEvent,
    StoredRefusal,
    delivery_row,
    event_row,
    health_row,
    reading_row,
    refusal_row,
    storable,
)
from hub.store.journal_pruning import prune_journal
from hub.store.readings import ReadingRow
from hub.store.schema import deliveries_in, events, health, readings, refusals
from hub.store.spans import Span
from hub.store.telling import Bounds, Heard, Listening, heard_of, read

__all__ = [
    "Delivery",
    "EventLog",
    "Fact",
    "HealthRow",
    "Reading",
    "ReadingRow",
    "Refusal",
    "Span",
    "StoredEvent",
    "StoredRefusal",
]

HEALTH_SUFFIX = ".health"
"""Events of these kinds also keep the health table."""

Admits = Callable[[Event], bool]
_PRUNE_ROWS = 5_000
"""Rows deleted by one work, so that an alert never waits long behind the cleaning."""

_PAGE = 2_000
"""Events read in one go."""
_OUT_OF_ORDER = timedelta(hours=1)
"""Events are stored in the order of their arrival, but for what waited in between; never so long."""

_STORED = (events.c.seq, cast(events.c.body, Text))
"""What a StoredEvent is read from; as text, for both databases would read JSON in a slower way."""
_NEWEST = select(func.max(events.c.seq))


class EventLog:
    """The log of everything that happened. Safe from any thread."""

    def __init__(
        self, database: Database, bus: Bus, *, keep_refusals: int = 10_000, admits: Admits = lambda _: True
    ) -> None:
        """Store in `database` what `admits`, announce on `bus`, keep the newest `keep_refusals` refused messages."""
        self._database = database
        self._admits = admits
        self._bus = bus
        self._keep_refusals = keep_refusals

    def append(self, facts: Sequence[Fact]) -> Future[int]:
        """Store facts that are not stored yet, as one work; appends that wait side by side cost little more than one.

        Returns:
            A Future of the newest number in the log, resolved after the commit and the announcement.

        Raises:
            ValueError: A fact that no database could hold (a number that is not finite, a NUL in an id).
            StoreBusyError: The writer's queue stayed full.
            StoreClosedError: The store is stopped.
        """
        admitted = [fact for fact in facts if self._admits(fact.event)]
        rows = _Rows(
            events=[event_row(fact.event) for fact in admitted],
            readings=[reading_row(reading) for fact in admitted for reading in fact.readings],
            health=[health_row(fact.event) for fact in admitted if fact.event.kind.endswith(HEALTH_SUFFIX)],
            deliveries=[delivery_row(fact.delivery, fact.event.arrived) for fact in facts if fact.delivery is not None],
        )
        return self._database.submit_item(_store, rows, after_commit=self._announce)

    def refuse(self, refusal: Refusal) -> Future[None]:
        """Keep a refused message for inspection, and forget the oldest beyond the number kept."""
        row = refusal_row(refusal)
        keep = self._keep_refusals

        def work(connection: Connection) -> None:
            seq = connection.execute(refusals.insert().returning(refusals.c.seq), row).scalar_one()
            connection.execute(delete(refusals).where(refusals.c.seq <= seq - keep))

        return self._database.submit(work)

    def after(self, seq: int, limit: int) -> list[StoredEvent]:
        """At most `limit` events with a number greater than `seq`, in order: how a reader goes on."""
        return self._stored(select(*_STORED).where(events.c.seq > seq).order_by(events.c.seq), limit)

    def of_kinds(
        self, kinds: Collection[str], *, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[StoredEvent]:
        """All events of some kinds that arrived then, in order, read as they are asked for; nothing else is read."""
        after = 0 if since is None else self._seq_before(since - _OUT_OF_ORDER)
        streams = [self._of_kind(kind, after, since, until) for kind in sorted(kinds)]
        return heapq.merge(*streams, key=lambda stored: stored.seq)

    def telling(
        self,
        whole: Collection[str],
        listening: Sequence[Listening],
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[StoredEvent]:
        """Like `of_kinds` all events of the kinds in `whole`, and of others those that could matter to `listening`."""
        bounds = Bounds(
            after=0 if since is None else self._seq_before(since - _OUT_OF_ORDER),
            since=None if since is None else time_to_text(since),
            until=None if until is None else time_to_text(until),
        )
        with self._database.read() as connection:
            heard = {**heard_of(connection, listening, bounds), **dict.fromkeys(whole)}
        streams = [
            self._of_kind(kind, bounds.after, since, until) if some is None else self._heard(kind, some, bounds)
            for kind, some in sorted(heard.items())
        ]
        return heapq.merge(*streams, key=lambda stored: stored.seq)

    def kinds(self) -> list[str]:
        """All kinds of which there is an event, looked up one after the other in the index."""
        found: list[str] = []
        query = select(events.c.kind).order_by(events.c.kind).limit(1)
        with self._database.read() as connection:
            while kind := connection.execute(query if not found else query.where(events.c.kind > found[-1])).scalar():
                found.append(kind)
        return found

    def newest_seq(self) -> int:
        """The newest number in the log, 0 when it is empty."""
        with self._database.read() as connection:
            return _newest(connection)

    def events(
        self,
        *,
        kind: str | None = None,
        source: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        before: StoredEvent | None = None,
        limit: int = 100,
    ) -> list[StoredEvent]:
        """Events by event time, newest first.

        Args:
            kind: Only of this kind.
            source: Only from this source.
            since: Not before this time.
            until: Before this time.
            before: Only what comes after this one in the list: the last one of the page before.
            limit: At most so many.
        """
        query = select(*_STORED).order_by(events.c.at.desc(), events.c.seq.desc())
        if kind is not None:
            query = query.where(events.c.kind == storable(kind))
        if source is not None:
            query = query.where(events.c.source == storable(source))
        if since is not None:
            query = query.where(events.c.at >= time_to_text(since))
        if until is not None:
            query = query.where(events.c.at < time_to_text(until))
        if before is not None:
            place = (time_to_text(before.event.at), before.seq)
            query = query.where(tuple_(events.c.at, events.c.seq) < place)
        return self._stored(query, limit)

    def readings(
        self,
        sensor: str,
        *,
        name: str | None = None,
        since: datetime,
        until: datetime,
        resolution_s: float | None = spans.RAW,
        points: int = 500,
        limit: int = 10_000,
    ) -> Span:
        """Readings of a sensor; see `hub.store.spans.span`."""
        with self._database.read() as connection:
            return spans.span(
                connection,
                sensor,
                name=name,
                since=since,
                until=until,
                resolution_s=resolution_s,
                points=points,
                limit=limit,
            )

    def latest_readings(self, sensor: str) -> list[ReadingRow]:
        """The newest reading under each name, by name."""
        with self._database.read() as connection:
            return reading_queries.latest(connection, sensor)

    def health(self) -> list[HealthRow]:
        """Everything whose presence is known, by kind and id."""
        with self._database.read() as connection:
            rows = connection.execute(select(health).order_by(health.c.kind, health.c.source)).all()
        return [HealthRow(row.source, row.kind, row.state, row.reason, time_from_text(row.since)) for row in rows]

    def delivered(self, client: str) -> dict[int, bytes]:
        """The digest of the message last stored under each packet id of an MQTT client."""
        query = select(deliveries_in.c.packet, deliveries_in.c.digest).where(deliveries_in.c.client == client)
        with self._database.read() as connection:
            return {packet: bytes(digest) for packet, digest in connection.execute(query)}

    def refusals(self, *, limit: int = 100) -> list[StoredRefusal]:
        """The newest refused messages, newest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(refusals).order_by(refusals.c.seq.desc()).limit(limit)).all()
        return [
            StoredRefusal(
                seq=row.seq,
                refusal=Refusal(time_from_text(row.arrived), row.topic, row.reason, row.detail, bytes(row.payload)),
                size_bytes=row.size_bytes,
            )
            for row in rows
        ]

    def prune(self, before: datetime) -> int:
        """Remove events that arrived before, up to the first that did not, and what the journal tells of them alone.

        In many small works; blocks the caller, not the writer; readings are the business of `hub.store.rollups`.

        Returns:
            How many events were removed.
        """
        prune_journal(self._database, time_to_text(before))
        return self._prune_events(time_to_text(before))

    def _of_kind(self, kind: str, after: int, since: datetime | None, until: datetime | None) -> Iterator[StoredEvent]:
        query = select(*_STORED).where(events.c.kind == kind).order_by(events.c.seq)
        if since is not None:
            query = query.where(events.c.arrived >= time_to_text(since))
        if until is not None:
            query = query.where(events.c.arrived < time_to_text(until))
        while found := self._stored(query.where(events.c.seq > after), _PAGE):
            yield from found
            after = found[-1].seq

    def _heard(self, kind: str, heard: Heard, bounds: Bounds) -> Iterator[StoredEvent]:
        while True:
            with self._database.read() as connection:
                rows = read(connection, kind, heard, bounds=bounds, limit=_PAGE)
            for seq, body in rows:
                yield StoredEvent(seq, event_from_text(body))
            if len(rows) < _PAGE:
                return
            bounds = replace(bounds, after=rows[-1][0])

    def _seq_before(self, arrived: datetime) -> int:
        """A number before all events that arrived since, found by halving: they are stored nearly as they arrive."""
        wanted, low = time_to_text(arrived), 0
        query = select(events.c.seq, events.c.arrived).order_by(events.c.seq).limit(1)
        with self._database.read() as connection:
            high = _newest(connection)
            while low < high:
                middle = (low + high) // 2
                row = connection.execute(query.where(events.c.seq > middle)).first()
                if row is None or row.arrived >= wanted:
                    high = middle
                else:
                    low = row.seq
        return low

    def _announce(self, seq: int) -> None:
        self._bus.announce(Topic.EVENTS, seq)

    def _prune_events(self, before: str) -> int:
        first_kept = select(func.min(events.c.seq)).where(events.c.arrived >= before)

        def work(connection: Connection) -> int:
            oldest = select(events.c.seq).where(events.c.seq < bound).order_by(events.c.seq).limit(_PRUNE_ROWS)
            return connection.execute(delete(events).where(events.c.seq.in_(oldest))).rowcount

        with self._database.read() as connection:
            bound = connection.execute(first_kept).scalar_one()
            if bound is None:
                bound = _newest(connection) + 1
        removed = 0
        while gone := self._database.write(work):
            removed += gone
        return removed

    def _stored(self, query: Select[int, Any], limit: int) -> list[StoredEvent]:
        with self._database.read() as connection:
            rows = connection.execute(query.limit(limit)).all()
        return [StoredEvent(seq, event_from_text(body)) for seq, body in rows]


@dataclass(frozen=True, slots=True)
class _Rows:
    """What one append brings."""

    events: list[dict[str, Any]]
    readings: list[dict[str, Any]]
    health: list[dict[str, Any]]
    deliveries: list[dict[str, Any]]


def _store(connection: Connection, appends: Sequence[_Rows]) -> int:
    """Store what several appends bring, and return the newest number."""
    statements = _STATEMENTS[connection.dialect.name]
    for statement, rows in (
        (statements.event, [row for one in appends for row in one.events]),
        (statements.reading, [row for one in appends for row in one.readings]),
        (statements.health, [row for one in appends for row in one.health]),
        (statements.delivery, [row for one in appends for row in one.deliveries]),
    ):
        if rows:
            connection.execute(statement, rows)
    if late := [row for one in appends for row in one.readings]:
        rollups.mark_late(connection, late)
    return _newest(connection)


def _newest(connection: Connection) -> int:
    newest: int | None = connection.execute(_NEWEST).scalar_one()
    return newest or 0


@dataclass(frozen=True, slots=True)
class _Statements:
    event: Insert
    reading: Insert
    health: Insert
    delivery: Insert


def _statements(dialect: Any) -> _Statements:
    """The inserts that can be repeated; both databases have ON CONFLICT, each in its own module of SQLAlchemy."""
    event = dialect.insert(events)
    reading = dialect.insert(readings)
    presence = dialect.insert(health)
    delivery = dialect.insert(deliveries_in)
    return _Statements(
        event=event.on_conflict_do_nothing(index_elements=["id"]),
        reading=reading.on_conflict_do_update(
            index_elements=["sensor", "name", "at_us"],
            set_={name: reading.excluded[name] for name in ("value", "arrived_us", "quality")},
            where=reading.excluded.arrived_us >= readings.c.arrived_us,
        ),
        health=presence.on_conflict_do_update(
            index_elements=["source", "kind"],
            set_={
                "state": presence.excluded.state,
                "reason": presence.excluded.reason,
                "since": case(
                    (presence.excluded.state == health.c.state, health.c.since), else_=presence.excluded.since
                ),
            },
            where=presence.excluded.since >= health.c.since,
        ),
        delivery=delivery.on_conflict_do_update(
            index_elements=["client", "packet"],
            set_={"digest": delivery.excluded.digest, "arrived": delivery.excluded.arrived},
        ),
    )


_STATEMENTS: Mapping[str, _Statements] = MappingProxyType(
    {"sqlite": _statements(sqlite), "postgresql": _statements(postgresql)}
)
