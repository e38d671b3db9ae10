"""AuditLog: the audit log in the database, added to in the writer's transactions and never changed.

What changes something and what was refused is stored before its answer goes out, or in the very transaction of the
change (`add`); a look at pictures is handed to the writer before the first picture goes and does not wait. When the
writer takes no more, or its last transactions failed, a new look is refused rather than left untold, and counted.
Numbers are given by the one writer and have no gap, so an entry that is missing is seen.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select

from hub.audit import BEGINNING, Action, Entry, Head, Sealed, Texts, Verdict, Verifier, chain
from hub.clock import Clock
from hub.errors import StoreBusyError, StoreClosedError, StoreError
from hub.events import time_from_text, time_to_text
from hub.refusals import Refusals
from hub.store.database import Database
from hub.store.people_tables import audit
from hub.viewings import Viewings

logger = logging.getLogger(__name__)

EVERY_S = 1.0
"""What is owed is tried again so often, and endings are looked for."""
HEAD_ENTRIES, HEAD_S = 1000, 3600.0
"""A head is signed after so many entries, or after so long when there were any."""
MOST_OWED = 20_000
_BATCH = 5000
_STOP_S = 5.0

_c = audit.c
_NAMES = tuple(column.name for column in audit.columns)
_LAST = select(_c.seq, _c.hash).order_by(_c.seq.desc()).limit(1)
SYSTEM = "system"
"""The actor of what the hub does by itself."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as it is read back, with its number and hash; the other attributes are those of `hub.audit.Entry`."""

    number: int
    at: datetime
    account: str
    actor: str
    role: str
    action: str
    outcome: str
    kind: str
    id: str
    camera: str | None
    site: str | None
    address: str
    more: Mapping[str, Any]
    hash: bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries; what is None does not matter.

    Attributes:
        since: At or after this time.
        until: Before this time.
        sites: At one of these.
    """

    account: str | None = None
    actor: str | None = None
    actions: Sequence[str] | None = None
    outcome: str | None = None
    kind: str | None = None
    id: str | None = None
    camera: str | None = None
    sites: Sequence[str] | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditStats:
    """Figures since the start: entries stored, looks refused for want of room, entries lost, and looks open now."""

    stored: int
    refused_views: int
    lost: int
    open_views: int
    owed: int


class AuditLog:
    """The audit log. Safe from any thread between `start` and `stop`."""

    def __init__(self, database: Database, clock: Clock, *, keep_head: Callable[[Head], None] | None = None) -> None:
        """Keep the log in a started `database`; `keep_head` signs and writes a head where it stays."""
        self._database = database
        self._clock = clock
        self._keep_head = keep_head
        self._lock = threading.Lock()
        self._viewings = Viewings()
        self._refusals = Refusals()
        self._owed: deque[Entry] = deque()
        self._stored = self._refused = self._lost = 0
        self._signed, self._signed_at, self._signed_s = 0, 0, clock.monotonic_s()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)

    def start(self) -> None:
        """Tell that the hub begins, and look after what is open."""
        self.note(Entry(self._clock.now(), Action.RUN, actor=SYSTEM, kind="hub", more={"phase": "began"}))
        self._thread.start()

    def stop(self) -> None:
        """Tell every end, write what is owed, and sign the head. Safe to call twice."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(_STOP_S)
        now = self._clock.now()
        with self._lock:
            self._owed.extend(self._viewings.end_all(now))
            self._owed.extend(self._refusals.over(self._clock.monotonic_s(), everything=True))
        self._owe(Entry(now, Action.RUN, actor=SYSTEM, kind="hub", more={"phase": "ended"}))
        self._pay()
        self._sign()

    def note(self, entry: Entry) -> None:
        """Have an entry stored soon; for what has no answer that could wait for it. Not lost while the hub lives."""
        try:
            self._submit(entry)
        except StoreError:
            self._owe(entry)

    def store(self, entry: Entry, *, timeout_s: float = 0.0) -> Future[int]:
        """Have an entry stored; the Future gives its number when it is.

        Args:
            entry: What to store.
            timeout_s: How long to wait for room, seconds.

        Raises:
            StoreError: The writer takes no more.
        """
        return self._database.submit_item(_append, entry.texts(), timeout_s=timeout_s, after_commit=self._count)

    def counts(self, refusal: Entry) -> bool:
        """Whether a refusal is one of a flood, and told with the others as a number; else it is to be stored."""
        with self._lock:
            return not self._refusals.take(refusal, self._clock.monotonic_s())

    def add(self, connection: Connection, *entries: Entry) -> int:
        """Add entries within somebody's work, so that they stand or fall with it; gives the last one's number."""
        return _append(connection, [entry.texts() for entry in entries])

    def seen(self, entry: Entry, *, held: bool = False) -> Future[int] | None:
        """Somebody is about to see pictures; returns at once, and then the pictures may go.

        Gives what resolves when its beginning is stored, for who wants to wait; None when that stands already.

        Args:
            entry: Of this request; many of one look are told once (`hub/viewings.py`).
            held: He looks until `let_go` is called with the same.

        Raises:
            StoreBusyError: It cannot be told, so he must not see.
        """
        with self._lock:
            owed = bool(self._owed)
            first = self._viewings.seen(entry, self._clock.monotonic_s(), held=held)
        if first is None:
            return None
        try:
            if owed:
                raise StoreBusyError("the audit log cannot be written")
            return self._submit(first)
        except StoreError as error:
            with self._lock:
                self._refused += 1
                self._viewings.forget(entry)
            raise StoreBusyError("who sees this cannot be written down now") from error

    def let_go(self, entry: Entry) -> None:
        """Who was seeing until now sees no more."""
        with self._lock:
            ending = self._viewings.let_go(entry, self._clock.monotonic_s())
        if ending is not None:
            self.note(ending)

    def entries(self, wanted: Wanted, *, before: int | None = None, limit: int = 100) -> list[Stored]:
        """The newest entries first.

        Args:
            wanted: Which.
            before: Only numbers below this: the last one of the page before.
            limit: At most so many.
        """
        query = select(audit).where(*_conditions(wanted)).order_by(_c.seq.desc()).limit(limit)
        if before is not None:
            query = query.where(_c.seq < before)
        with self._database.read() as connection:
            return [_stored(row) for row in connection.execute(query)]

    def all_of(self, wanted: Wanted) -> Iterator[Stored]:
        """Every entry, the oldest first, in constant memory."""
        for row in self._batches(select(audit).where(*_conditions(wanted))):
            yield _stored(row)

    def sealed(self) -> Iterator[Sealed]:
        """Every entry as it lies there, by number."""
        for row in self._batches(select(audit)):
            found = tuple(row)
            yield Sealed(found[0], found[1:-1], found[-1])

    def verify(self, heads: Iterable[Head] = (), *, progress: Callable[[int], None] | None = None) -> Verdict:
        """Go along the whole log; see `hub.audit.verify`.

        Args:
            heads: That were signed.
            progress: Told now and then how many entries fit.
        """
        verifier = Verifier(heads)
        for sealed in self.sealed():
            if not verifier.take(sealed):
                break
            if progress is not None and sealed.number % _BATCH == 0:
                progress(verifier.checked)
        return verifier.verdict()

    def _batches(self, query: Select[Any]) -> Iterator[Row[Any]]:
        """The rows of a query by number; no reader keeps the database from being tidied meanwhile."""
        last = 0
        while True:
            with self._database.read() as connection:
                rows = connection.execute(query.where(_c.seq > last).order_by(_c.seq).limit(_BATCH)).all()
            yield from rows
            if len(rows) < _BATCH:
                return
            last = rows[-1].seq

    def head(self) -> Head:
        """What the log ends with."""
        with self._database.read() as connection:
            row = connection.execute(_LAST).one_or_none()
        number, last = (0, BEGINNING) if row is None else (row.seq, row.hash)
        return Head(number, last, time_to_text(self._clock.now()))

    def stats(self) -> AuditStats:
        """Figures, for metrics."""
        with self._lock:
            return AuditStats(self._stored, self._refused, self._lost, len(self._viewings), len(self._owed))

    def _submit(self, entry: Entry) -> Future[int]:
        """Hand an entry to the writer; what cannot be stored is owed."""
        future = self.store(entry)
        future.add_done_callback(lambda done: None if done.exception() is None else self._owe(entry))
        return future

    def _count(self, _number: int) -> None:
        with self._lock:
            self._stored += 1

    def _owe(self, entry: Entry) -> None:
        with self._lock:
            if len(self._owed) >= MOST_OWED:
                self._owed.popleft()
                self._lost += 1
            self._owed.append(entry)

    def _pay(self) -> None:
        """Store what could not be stored before."""
        with self._lock:
            owed = list(self._owed)
        if not owed:
            return
        texts = [entry.texts() for entry in owed]
        try:
            self._database.submit(lambda connection: _append(connection, texts)).result()
        except StoreError as error:
            logger.error("the audit log cannot be written", extra={"owed": len(owed), "reason": str(error)})  # noqa: TRY400
            return
        with self._lock:
            self._stored += len(owed)
            for _ in owed:
                self._owed.popleft()

    def _sign(self) -> None:
        if self._keep_head is None:
            return
        with self._lock:
            self._signed_at, self._signed_s = self._stored, self._clock.monotonic_s()
        head = self.head()
        if head.number > self._signed:
            self._keep_head(head)
            self._signed = head.number

    def _run(self) -> None:
        while not self._clock.wait(self._stopping, EVERY_S):
            try:
                self._tend()
            except StoreClosedError:
                return
            except Exception:  # the edge of this loop; what could not be done is tried again
                logger.exception("the audit log was not looked after")

    def _tend(self) -> None:
        now_s, now = self._clock.monotonic_s(), self._clock.now()
        with self._lock:
            endings = [*self._viewings.over(now_s, now), *self._refusals.over(now_s)]
            due = self._stored - self._signed_at >= HEAD_ENTRIES or now_s - self._signed_s >= HEAD_S
        for entry in endings:
            self.note(entry)
        self._pay()
        if due:
            self._sign()


def _append(connection: Connection, items: Sequence[Texts]) -> int:
    """Bind entries to the last one; gives the number of the last."""
    row = connection.execute(_LAST).one_or_none()
    number, before = (0, BEGINNING) if row is None else (row.seq, row.hash)
    rows = [
        dict(zip(_NAMES, (sealed.number, *sealed.texts, sealed.hash), strict=True))
        for sealed in chain(items, number=number, before=before)
    ]
    connection.execute(insert(audit), rows)
    return number + len(rows)


def _conditions(wanted: Wanted) -> list[Any]:
    same = {
        _c.account: wanted.account,
        _c.actor: wanted.actor,
        _c.outcome: wanted.outcome,
        _c.object_kind: wanted.kind,
        _c.object: wanted.id,
        _c.camera: wanted.camera,
    }
    found = [column == value for column, value in same.items() if value is not None]
    if wanted.actions is not None:
        found.append(_c.action.in_(tuple(wanted.actions)))
    if wanted.sites is not None:
        found.append(_c.site.in_(tuple(wanted.sites)))
    if wanted.since is not None:
        found.append(_c.at >= time_to_text(wanted.since))
    if wanted.until is not None:
        found.append(_c.at < time_to_text(wanted.until))
    return found


def _stored(row: Row[Any]) -> Stored:
    return Stored(
        number=row.seq,
        at=time_from_text(row.at),
        account=row.account,
        actor=row.actor,
        role=row.role,
        action=row.action,
        outcome=row.outcome,
        kind=row.object_kind,
        id=row.object,
        camera=row.camera,
        site=row.site,
        address=row.address,
        more=json.loads(row.body),
        hash=row.hash,
    )
