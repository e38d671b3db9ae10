"""RawMessages: what nobody could place, kept whole for some days, so that a sensor or map added later can read it.

Bounded by age, number and bytes; the oldest give way. Keeping one costs an insert; what is too much is removed now and
then, so the bounds are exceeded by at most `TRIM_MESSAGES` messages or `TRIM_BYTES`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from hub.events import time_from_text, time_to_text
from hub.store.database import Database
from hub.store.facts import storable
from hub.store.schema import raw_messages

TRIM_MESSAGES = 256
TRIM_BYTES = 1024 * 1024
"""After so many messages, or so much, what is too much is removed."""

_PRUNE_ROWS = 5_000
_PAGE_ROWS = 500
_MOST_ROUNDS = 64


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message as it was kept.

    Attributes:
        seq: Its number.
        topic: MQTT topic.
        payload: All of it.
        arrived: When, UTC.
    """

    seq: int
    topic: str
    payload: bytes
    arrived: datetime


class RawMessages:
    """The messages that were kept. Safe from any thread; `keep` waits for no disk."""

    def __init__(self, database: Database, *, most: int = 100_000, most_bytes: int = 64 * 1024 * 1024) -> None:
        """Keep the newest `most` within `most_bytes`; none when `most` is 0."""
        self._database = database
        self._most = most
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._since_trim = (TRIM_MESSAGES, TRIM_BYTES)  # the first one looks at what the last run left

    def keep(self, topic: str, payload: bytes, arrived: datetime) -> Future[None]:
        """Keep a message; the Future resolves when it is committed."""
        row = {
            "arrived": time_to_text(arrived),
            "topic": storable(topic),
            "size_bytes": len(payload),
            "payload": payload,
        }
        due = self._count(len(payload))

        def work(connection: Connection) -> None:
            if self._most > 0:
                connection.execute(insert(raw_messages), row)
            if due:
                self._trim(connection)

        return self._database.submit(work)

    def after(self, seq: int, *, since: datetime | None, limit: int) -> list[RawMessage]:
        """At most `limit` messages with a greater number that arrived since then, in order."""
        query = select(raw_messages).where(raw_messages.c.seq > seq).order_by(raw_messages.c.seq).limit(limit)
        if since is not None:
            query = query.where(raw_messages.c.arrived >= time_to_text(since))
        with self._database.read() as connection:
            return [
                RawMessage(row.seq, row.topic, bytes(row.payload), time_from_text(row.arrived))
                for row in connection.execute(query)
            ]

    def newest(self, *, most: int, most_bytes: int) -> Iterator[RawMessage]:
        """The newest first, until there were `most` of them or so many bytes."""
        before: int | None = None
        total = 0
        while most > 0:
            query = select(raw_messages).order_by(raw_messages.c.seq.desc()).limit(min(most, _PAGE_ROWS))
            if before is not None:
                query = query.where(raw_messages.c.seq < before)
            with self._database.read() as connection:
                rows = connection.execute(query).all()
            for row in rows:
                total += row.size_bytes
                if total > most_bytes:
                    return
                yield RawMessage(row.seq, row.topic, bytes(row.payload), time_from_text(row.arrived))
            if len(rows) < _PAGE_ROWS:
                return
            before = rows[-1].seq
            most -= len(rows)

    def remove(self, seqs: Sequence[int]) -> Future[None]:
        """Forget messages that were read at last."""

        def work(connection: Connection) -> None:
            connection.execute(delete(raw_messages).where(raw_messages.c.seq.in_(list(seqs))))

        return self._database.submit(work)

    def size(self) -> tuple[int, int]:
        """How many there are, and how many bytes."""
        with self._database.read() as connection:
            return _size(connection)

    def prune(self, before: datetime) -> int:
        """Remove what arrived before, in small works; blocks the caller, not the writer."""
        old = select(raw_messages.c.seq).where(raw_messages.c.arrived < time_to_text(before)).limit(_PRUNE_ROWS)

        def work(connection: Connection) -> int:
            return connection.execute(delete(raw_messages).where(raw_messages.c.seq.in_(old))).rowcount

        removed = 0
        while gone := self._database.write(work):
            removed += gone
        return removed

    def _count(self, size_bytes: int) -> bool:
        """Whether it is time to remove what is too much."""
        with self._lock:
            messages, total = self._since_trim
            self._since_trim = (messages + 1, total + size_bytes)
            if messages + 1 < TRIM_MESSAGES and total + size_bytes < TRIM_BYTES:
                return False
            self._since_trim = (0, 0)
            return True

    def _trim(self, connection: Connection) -> None:
        for _ in range(_MOST_ROUNDS):
            count, total = _size(connection)
            over = max(count - self._most, 0)
            if total > self._most_bytes and count:
                over = max(over, 1, (total - self._most_bytes) * count // total)
            if not over:
                return
            oldest = select(raw_messages.c.seq).order_by(raw_messages.c.seq).limit(over)
            connection.execute(delete(raw_messages).where(raw_messages.c.seq.in_(oldest)))


def _size(connection: Connection) -> tuple[int, int]:
    count, total = connection.execute(select(func.count(), func.sum(raw_messages.c.size_bytes))).one()
    return int(count), int(total or 0)
