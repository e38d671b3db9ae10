"""Writer: one thread through which everything that changes the database goes, many works to a commit.

One thread means that sequence numbers are given in the order of commits, so a reader that goes by them misses nothing,
on PostgreSQL too. Grouping means that a busy moment costs one fsync, not one per message; and items that wait side by
side for the same work are handed to it together, so that they cost a few statements for all. Whoever submits may wait
for the Future or go on; it resolves only after the commit that holds its work, in the order of submission, or with an
error as soon as the work has failed.

The queue is bounded. When it is full, `submit` blocks its caller for a while and then raises StoreBusyError; nothing
that was accepted is dropped, and what was refused is counted.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from hub.clock import Clock
from hub.errors import StoreBusyError, StoreClosedError, StoreError, StoreUnavailableError
from hub.store.engines import transaction_alive, translated

logger = logging.getLogger(__name__)

T = TypeVar("T")
Item = TypeVar("Item")

GROUP_WORKS = 512
"""Works to a transaction at most."""
GROUP_S = 0.05
"""A transaction older than this takes no further work: nobody waits much longer for others than for the disk."""

_SAVE, _KEEP, _UNDO = "SAVEPOINT work", "RELEASE SAVEPOINT work", "ROLLBACK TO SAVEPOINT work"


@dataclass(frozen=True, slots=True)
class WriterStats:
    """What the writer did since it started.

    Attributes:
        backlog: Works that wait now.
        works: Works committed.
        failed: Works that were not, for whatever reason.
        commits: Transactions committed.
        failed_commits: Transactions lost as a whole (disk full, connection gone).
        refused: Works turned away because the queue was full.
        last_commit_s: How long the newest COMMIT took, seconds; 0 before the first.
    """

    backlog: int = 0
    works: int = 0
    failed: int = 0
    commits: int = 0
    failed_commits: int = 0
    refused: int = 0
    last_commit_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Job:
    """A work, or one `item` of a work that takes several."""

    work: Callable[..., Any]
    after_commit: Callable[[Any], None] | None
    future: Future[Any]
    item: Any = None
    takes_items: bool = False

    def goes_with(self, other: _Job) -> bool:
        return self.takes_items and other.takes_items and self.work == other.work


class _TransactionLostError(StoreUnavailableError):
    """The transaction is gone, and with it the works before this one."""


class Writer:
    """The one thread that writes. `submit` from any thread; `start` and `stop` once each."""

    def __init__(self, connect: Callable[[], Connection], *, queue_size: int, clock: Clock) -> None:
        """Write through `connect()`, called again whenever the connection was lost."""
        self._connect = connect
        self._clock = clock
        self._queue_size = queue_size
        self._changed = threading.Condition()
        self._queue: deque[_Job] = deque()
        self._open = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._connection: Connection | None = None
        self._works = self._failed = self._commits = self._failed_commits = self._refused = 0
        self._last_commit_s = 0.0
        self._last_reason = ""

    def start(self, connection: Connection) -> None:
        """Begin, with a connection that `connect` made."""
        self._connection = connection
        self._open = True
        self._thread.start()

    def stop(self) -> None:
        """Finish what is queued, then end. Again: waits for the end."""
        with self._changed:
            self._open = False
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def is_current_thread(self) -> bool:
        """Whether the caller is a work, which must not wait for another work."""
        return threading.current_thread() is self._thread

    def stats(self) -> WriterStats:
        """The figures now."""
        with self._changed:
            return WriterStats(
                backlog=len(self._queue),
                works=self._works,
                failed=self._failed,
                commits=self._commits,
                failed_commits=self._failed_commits,
                refused=self._refused,
                last_commit_s=self._last_commit_s,
            )

    def submit(
        self,
        work: Callable[[Connection], T],
        *,
        timeout_s: float,
        after_commit: Callable[[T], None] | None = None,
    ) -> Future[T]:
        """Queue a work; see `Database.submit`."""
        return self._queued(_Job(work, after_commit, Future()), timeout_s)

    def submit_item(
        self,
        work: Callable[[Connection, Sequence[Item]], T],
        item: Item,
        *,
        timeout_s: float,
        after_commit: Callable[[T], None] | None = None,
    ) -> Future[T]:
        """Queue an item of a work; see `Database.submit_item`."""
        return self._queued(_Job(work, after_commit, Future(), item, takes_items=True), timeout_s)

    def _queued(self, job: _Job, timeout_s: float) -> Future[Any]:
        with self._changed:
            has_room = self._changed.wait_for(lambda: not self._open or len(self._queue) < self._queue_size, timeout_s)
            if not self._open:
                raise StoreClosedError("the store is closed")
            if not has_room:
                self._refused += 1
                raise StoreBusyError(f"{self._queue_size} writes are waiting already")
            self._queue.append(job)
            self._changed.notify_all()
        return job.future

    def _run(self) -> None:
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._queue or not self._open)
                    if not self._queue:
                        return
                first = self._next_jobs()
                if first:
                    self._write_group(first)
        finally:  # also when the thread dies of what nobody foresaw: then nobody may wait for ever
            with self._changed:
                self._open = False
                left = [job for job in self._queue if job.future.set_running_or_notify_cancel()]
                self._queue.clear()
                self._changed.notify_all()
            self._fail(left, StoreClosedError("the store is closed"))
            self._drop_connection()

    def _next_jobs(self) -> list[_Job]:
        """The next work that nobody cancelled, with the items that wait right behind it; empty when nothing waits."""
        found: list[_Job] = []
        with self._changed:
            while self._queue and len(found) < GROUP_WORKS and (not found or found[-1].goes_with(self._queue[0])):
                job = self._queue.popleft()
                if job.future.set_running_or_notify_cancel():
                    found.append(job)
            self._changed.notify_all()
        return found

    def _write_group(self, first: list[_Job]) -> None:
        """Run `first` and what else waits in one transaction; what fails goes to the Futures."""
        done: list[tuple[_Job, Any]] = []
        current = first
        try:
            if self._connection is None:
                self._connection = self._connect()
            connection = self._connection
            connection.begin()
            began_s = self._clock.monotonic_s()
            while current:
                self._run_jobs(connection, current, done)
                full = len(done) >= GROUP_WORKS or self._clock.monotonic_s() - began_s > GROUP_S
                current = [] if full else self._next_jobs()
            commit_began_s = self._clock.monotonic_s()
            connection.commit()
        except Exception as error:  # noqa: BLE001 - the edge of the writer's loop; logged by _lose_group, once
            lost = {id(job): job for job in (*(job for job, _ in done), *current) if not job.future.done()}
            self._lose_group(list(lost.values()), error)
            return
        with self._changed:
            self._commits += 1
            self._works += len(done)
            self._last_commit_s = self._clock.monotonic_s() - commit_began_s
        self._last_reason = ""
        for job, result in done:
            self._resolve(job, result)

    def _run_jobs(self, connection: Connection, jobs: list[_Job], done: list[tuple[_Job, Any]]) -> None:
        """Run one work, and undo it alone if it fails: the first of a transaction with it, a later one by savepoint.

        Items that fail together are tried again one by one, so that a bad one harms only itself.
        """
        others = bool(done)
        if others:
            connection.exec_driver_sql(_SAVE)  # begin_nested does the same at three times the cost
        try:
            first = jobs[0]
            result = first.work(connection, [job.item for job in jobs]) if first.takes_items else first.work(connection)
            _check_alive(connection)
            if others:
                connection.exec_driver_sql(_KEEP)
        except Exception as error:  # whatever a work raises is its submitter's, and the writer goes on
            together = len(jobs) > 1
            if not together:
                self._fail(jobs, _as_ours(error))
            if connection.invalidated:  # it would reconnect by itself, without the lock
                raise _TransactionLostError(str(_as_ours(error))) from error
            if others:
                connection.exec_driver_sql(_UNDO)
                connection.exec_driver_sql(_KEEP)
            else:
                connection.rollback()
                connection.begin()
            for job in jobs if together else ():
                self._run_jobs(connection, [job], done)
        else:
            done.extend((job, result) for job in jobs)

    def _resolve(self, job: _Job, result: Any) -> None:
        if job.after_commit is not None:
            try:
                job.after_commit(result)
            except Exception:  # the commit stands; an announcement that fails must not stop the writer
                logger.exception("announcing a commit failed")
        job.future.set_result(result)

    def _lose_group(self, jobs: list[_Job], error: Exception) -> None:
        """Fail the works of a transaction that could not be begun, kept or committed."""
        ours = _as_ours(error)
        lost = ours if isinstance(ours, StoreError) else StoreError(f"the transaction was lost: {ours}")
        lost.__cause__ = error
        with self._changed:
            self._failed_commits += 1
        if str(lost) != self._last_reason:  # a full disk is said once, not with every message
            self._last_reason = str(lost)
            logger.error("transaction lost", extra={"works": len(jobs), "reason": str(lost)}, exc_info=error)
        self._drop_connection()  # after a failed COMMIT nobody can be sure what it holds: SQLite's is still in there
        self._fail(jobs, lost)

    def _fail(self, jobs: list[_Job], error: Exception) -> None:
        with self._changed:
            self._failed += len(jobs)
        for job in jobs:
            job.future.set_exception(error)

    def _drop_connection(self) -> None:
        if self._connection is None:
            return
        try:
            self._connection.close()
        except SQLAlchemyError as error:
            logger.warning("the connection did not close", extra={"reason": str(translated(error))})
        self._connection = None


def _check_alive(connection: Connection) -> None:
    if not transaction_alive(connection):
        raise StoreError("a work went on after a database error")


def _as_ours(error: Exception) -> Exception:
    if not isinstance(error, SQLAlchemyError):
        return error
    ours = translated(error)
    ours.__cause__ = error
    return ours
