"""Announcements: the messages by which devices announced themselves, kept over a restart.

The broker keeps them too, but gives them out after what waited for us meanwhile: without these, a button pressed while
the hub was away would come on a topic that nobody knows. Bounded by the format that asks for them to be kept.
"""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import Future

from sqlalchemy import Connection, delete, insert, select

from hub.store.database import Database
from hub.store.schema import announcements


class Announcements:
    """Messages by topic, the newest of each. Safe from any thread; `keep` waits for no disk."""

    def __init__(self, database: Database) -> None:
        """Keep them in `database`."""
        self._database = database
        self._lock = threading.Lock()
        self._kept: dict[str, bytes] = {}

    def load(self) -> list[tuple[str, bytes]]:
        """Topic and payload of each."""
        with self._database.read() as connection:
            found = [(row.topic, bytes(row.payload)) for row in connection.execute(select(announcements))]
        with self._lock:
            self._kept = {topic: _digest(payload) for topic, payload in found}
        return found

    def keep(self, topic: str, payload: bytes) -> Future[None] | None:
        """Keep a message in place of the one before on its topic; an empty one removes it.

        Returns:
            Done when it is committed; None when it is kept already.
        """
        digest = _digest(payload) if payload else b""
        with self._lock:
            if self._kept.get(topic, b"") == digest:
                return None

        def work(connection: Connection) -> None:
            connection.execute(delete(announcements).where(announcements.c.topic == topic))
            if payload:
                connection.execute(insert(announcements).values(topic=topic, payload=payload))

        def note(done: Future[None]) -> None:
            if done.cancelled() or done.exception() is not None:
                return
            with self._lock:
                if digest:
                    self._kept[topic] = digest
                else:
                    self._kept.pop(topic, None)

        future = self._database.submit(work)
        future.add_done_callback(note)
        return future


def _digest(payload: bytes) -> bytes:
    return hashlib.sha256(payload).digest()
