"""Backfill: reads again, through the present door, the messages that nobody could place when they came.

What they say becomes history: readings, and events marked HISTORY and BACKFILLED, which no rule looks at, for what rang
or did not ring then is past. Each message is taken once: it is removed when what it says is committed, and until then
what it says has the same ids, so a backfill that was broken off changes nothing twice. What nobody understands stays.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from hub.errors import ConflictError
from hub.sensors.admission import Admission, Message
from hub.sensors.stores import Log
from hub.store.facts import Fact
from hub.store.raw_messages import RawMessage, RawMessages

_PAGE = 500
MOST = 20_000
"""Messages that are read in one go."""


class Readable(Protocol):
    """What reads messages: the Door."""

    def admit(self, message: Message) -> Admission:
        """Read one."""


@dataclass(slots=True)
class Report:
    """What a backfill did.

    Attributes:
        read: Messages that were looked at.
        taken: Of these, understood now, and removed.
        events: Events that were made of them.
        readings: Readings that were made of them.
        left: Why the others are still not understood, and how many; `unknown` is a topic that no format reads.
        more: There are further messages; ask again.
        last: Number of the last message that was looked at, to go on behind it.
    """

    read: int = 0
    taken: int = 0
    events: int = 0
    readings: int = 0
    left: Counter[str] = field(default_factory=Counter)
    more: bool = False
    last: int = 0


class Backfill:
    """Reads what was kept. One at a time."""

    def __init__(self, door: Readable, raw: RawMessages, log: Log) -> None:
        """Read `raw` through `door` into `log`."""
        self._door = door
        self._raw = raw
        self._log = log
        self._busy = threading.Lock()

    def run(self, *, since: datetime | None = None, after: int = 0, most: int = MOST) -> Report:
        """Read what arrived since then, the oldest first; waits for the store.

        Args:
            since: None for all that is kept.
            after: Number of a message; only those behind it.
            most: At most so many messages.

        Raises:
            ConflictError: Another one is under way.
            StoreError: The store takes nothing now; what was taken before stands.
        """
        if not self._busy.acquire(blocking=False):
            raise ConflictError("a backfill is under way; wait for its end")
        try:
            return self._run(since, after, most)
        finally:
            self._busy.release()

    def _run(self, since: datetime | None, after: int, most: int) -> Report:
        report = Report(last=after)
        while report.read < most:
            page = self._raw.after(report.last, since=since, limit=min(_PAGE, most - report.read))
            if not page:
                return report
            self._take(page, report)
            report.last = page[-1].seq
        report.more = bool(self._raw.after(report.last, since=since, limit=1))
        return report

    def _take(self, page: list[RawMessage], report: Report) -> None:
        facts: list[Fact] = []
        taken: list[int] = []
        for one in page:
            message = Message(one.topic, one.payload, retained=False, arrived=one.arrived, kept=str(one.seq))
            admission = self._door.admit(message)
            report.read += 1
            if admission.concerned:
                taken.append(one.seq)
                facts += admission.facts
            else:
                reasons = {refusal.reason for refusal in admission.refusals}
                report.left[min(reasons, default="unknown")] += 1
        if facts:
            self._log.append(facts).result()
        if taken:
            self._raw.remove(taken).result()
        report.taken += len(taken)
        report.events += len(facts)
        report.readings += sum(len(fact.readings) for fact in facts)
