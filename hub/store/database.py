"""Database: the one door to SQLite or PostgreSQL.

Everything that changes the database is a work, a function of a connection, submitted to the one writer thread (see
`writer.py`) and answered after its commit. Everything that only reads takes a pooled connection, sees one snapshot and
never waits for the writer. `start` brings the tables up to date and refuses a database that another hub is using.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from hub.clock import Clock, SystemClock
from hub.errors import StoreClosedError, StoreError
from hub.store.engines import Durability, Engines, create_private, make_engines, sqlite_url, translated
from hub.store.migrations import check_current, migrate
from hub.store.ownership import LockFile, take_advisory_lock
from hub.store.writer import Writer, WriterStats

__all__ = ["Database", "Durability", "WriterStats", "sqlite_url"]

T = TypeVar("T")
Item = TypeVar("Item")


class Database:
    """A started store. Safe from any thread between `start` and `stop`."""

    def __init__(
        self,
        url: str,
        *,
        durability: Durability = "full",
        queue_size: int = 10_000,
        busy_timeout_s: float = 5.0,
        clock: Clock | None = None,
    ) -> None:
        """Describe a database; nothing is opened yet.

        Args:
            url: From `sqlite_url`, or `postgresql+psycopg://...`.
            durability: SQLite only: `full` fsyncs each commit, `normal` may lose the last moments in a power cut.
            queue_size: Works that may wait for the writer.
            busy_timeout_s: How long to wait for a lock that another program holds on the database.
            clock: For durations; the machine's own when None.

        Raises:
            StoreError: The URL is of no kind that is known here.
        """
        self._engines: Engines = make_engines(url, durability=durability, busy_timeout_s=busy_timeout_s)
        path = self._engines.path
        self._lock_file = None if path is None else LockFile(path.with_name(path.name + ".lock"))
        self._writer = Writer(self._open_writing, queue_size=queue_size, clock=clock or SystemClock())
        self._state_lock = threading.Lock()
        self._open = False

    def start(self) -> None:
        """Take the database for this process, migrate it, and start the writer.

        Raises:
            StoreError: It cannot be reached, another hub uses it, or a newer version of the program wrote it.
        """
        try:
            if self._engines.path is not None and self._lock_file is not None:
                create_private(self._engines.path)
                self._lock_file.take()
            connection = self._open_writing()
            try:
                migrate(connection)
            except BaseException:
                connection.close()
                raise
        except BaseException as error:
            self._release()
            if isinstance(error, SQLAlchemyError):
                raise translated(error) from error
            raise
        self._writer.start(connection)
        self._open = True

    def look(self) -> None:
        """Open for reading alone, also while a hub runs on it; nothing is made, locked or migrated.

        Raises:
            StoreError: It cannot be reached, or another version of the program wrote it.
        """
        if self._engines.path is not None and not self._engines.path.is_file():
            raise StoreError(f"there is no database {self._engines.path}")
        try:
            with self._engines.reading.connect() as connection:
                check_current(connection)
        except BaseException as error:
            self._release()
            if isinstance(error, SQLAlchemyError):
                raise translated(error) from error
            raise
        self._open = True

    def stop(self) -> None:
        """Finish the writes that are queued and close. Safe to call twice, and before `start`."""
        self._writer.stop()
        with self._state_lock:
            self._open = False
            self._release()

    def submit(
        self,
        work: Callable[[Connection], T],
        *,
        timeout_s: float = 5.0,
        after_commit: Callable[[T], None] | None = None,
    ) -> Future[T]:
        """Queue a work for the writer.

        A work that raises is undone alone and its Future raises the same; database errors come as StoreError. When the
        commit itself fails, all works of its transaction raise StoreError and the state is as before, except after a
        lost connection, where nobody can know: works that matter are made so that they can be repeated.

        Args:
            work: Changes the database through the connection it is given. Must not commit, roll back, block, or wait
                for another work, and must let database errors pass.
            timeout_s: How long to wait for room in the queue, seconds.
            after_commit: Called with the work's result in the writer thread, before the Future resolves and in the
                order of commits; must return at once.

        Raises:
            StoreBusyError: The queue stayed full.
            StoreClosedError: The store is stopped.
        """
        return self._writer.submit(work, timeout_s=timeout_s, after_commit=after_commit)

    def submit_item(
        self,
        work: Callable[[Connection, Sequence[Item]], T],
        item: Item,
        *,
        timeout_s: float = 5.0,
        after_commit: Callable[[T], None] | None = None,
    ) -> Future[T]:
        """Queue one item of a work that takes several at once.

        Items that wait side by side for an equal `work` run as one, and all get its result; if it fails, each is tried
        alone. Everything else is as in `submit`.
        """
        return self._writer.submit_item(work, item, timeout_s=timeout_s, after_commit=after_commit)

    def write(self, work: Callable[[Connection], T], *, after_commit: Callable[[T], None] | None = None) -> T:
        """Submit a work and wait for its commit.

        Raises:
            StoreError: See `submit`; also when called from within a work, which could never end.
        """
        if self._writer.is_current_thread:
            raise StoreError("a work cannot wait for another work")
        return self.submit(work, after_commit=after_commit).result()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one snapshot and cannot write; database errors inside come out as StoreError."""
        if not self._open:
            raise StoreClosedError("the store is closed")
        try:
            with self._engines.reading.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise translated(error) from error

    @property
    def backlog(self) -> int:
        """How many works wait for the writer."""
        return self._writer.stats().backlog

    def stats(self) -> WriterStats:
        """The writer's figures, for metrics."""
        return self._writer.stats()

    def _open_writing(self) -> Connection:
        connection = self._engines.writing.connect()
        if self._engines.path is None:
            try:
                take_advisory_lock(connection)
            except BaseException:
                connection.close()
                raise
        return connection

    def _release(self) -> None:
        self._engines.dispose()
        if self._lock_file is not None:
            self._lock_file.release()
