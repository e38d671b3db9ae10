"""Event logs that misbehave on purpose, in front of the real one."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from hub.errors import StoreBusyError, StoreError
from hub.store.event_log import EventLog
from hub.store.facts import Fact, Refusal


class SilentLog:
    """Stores what it is given and never says so, as when the hub is killed between commit and acknowledgement."""

    def __init__(self, log: EventLog) -> None:
        self.log = log
        self.appended = 0

    def append(self, facts: Sequence[Fact]) -> Future[int]:
        self.log.append(facts).result()
        self.appended += 1
        return Future()

    def refuse(self, refusal: Refusal) -> Future[None]:
        self.log.refuse(refusal).result()
        return Future()


class StuckLog:
    """Stores nothing and never says so, as when the disk hangs."""

    def __init__(self) -> None:
        self.asked = 0

    def append(self, facts: Sequence[Fact]) -> Future[int]:
        del facts
        self.asked += 1
        return Future()

    def refuse(self, refusal: Refusal) -> Future[None]:
        del refusal
        return Future()


class FailingLog:
    """Fails so many appends first, every second one only in its Future, then works."""

    def __init__(self, log: EventLog, failures: int) -> None:
        self.log = log
        self.left = failures
        self.lock = threading.Lock()

    def append(self, facts: Sequence[Fact]) -> Future[int]:
        with self.lock:
            if self.left > 0 and not facts[0].event.kind.endswith(".health"):
                self.left -= 1
                if self.left % 2:
                    raise StoreBusyError("full")
                failed: Future[Any] = Future()
                failed.set_exception(StoreError("disk full"))
                return failed
        return self.log.append(facts)

    def refuse(self, refusal: Refusal) -> Future[None]:
        return self.log.refuse(refusal)
