"""Flood watch: counts annunciations as the journal tells them, and says when there are more than one person can follow.

A flood begins with the eleventh annunciation in ten minutes and ends when fewer than five are left (ISA-18.2), by the
clock of the hub. It is told as an Event, `alarm.rate`, so that a rule makes an alert of it; alerts about the alarms
themselves are not counted, so that no flood feeds itself. After a restart it goes on from the journal.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol

from alerts.figures.load import FLOOD_BEGINS, FLOOD_ENDS, TEN_MINUTES
from alerts.figures.signs import Bell, Entry, entry_of
from alerts.language.kinds import family
from alerts.store.figures import read_entries
from alerts.store.lists import Repository
from config.community import Level
from hub.bus import Bus, Topic
from hub.clock import Clock
from hub.errors import StoreClosedError, StoreError
from hub.events import Event, new_event_id
from hub.store.database import Database
from hub.store.facts import Fact, StoredEvent

logger = logging.getLogger(__name__)

KIND, SOURCE = "alarm.rate", "hub"
AGAIN = timedelta(minutes=1)
"""In a flood the number is told no more often."""
_BATCH = 500
_LOOK_EVERY_S = 1.0
_GATHER_S = 0.05  # what is announced together is read together
_STOP_S = 5.0
_STORED_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Rate:
    """How it stands.

    Attributes:
        per_10_min: Annunciations in the last ten minutes.
        flooding: There is a flood.
        since: When it began; None when there is none, or it began before the hub was started.
        annunciations: Since the hub was started, by level.
        floods: Floods that began since then.
    """

    per_10_min: int = 0
    flooding: bool = False
    since: datetime | None = None
    annunciations: Mapping[Level, int] = field(default_factory=lambda: MappingProxyType({}))
    floods: int = 0


class Log(Protocol):
    """What is used of the EventLog."""

    def append(self, facts: list[Fact]) -> Future[int]:
        """Store facts."""

    def events(self, *, kind: str, limit: int) -> list[StoredEvent]:
        """The newest events of a kind, newest first."""


class FloodWatch:
    """Watches, in a thread of its own. `start` and `stop` once, `status` from any thread."""

    def __init__(self, database: Database, log: Log, bus: Bus, clock: Clock) -> None:
        """Read the journal in `database`, tell in `log`."""
        self._database = database
        self._repository = Repository(database)
        self._log = log
        self._bus = bus
        self._clock = clock
        self._bell = Bell()
        self._recent: deque[datetime] = deque()
        self._place = 0
        self._flooding = False
        self._since: datetime | None = None
        self._told: tuple[datetime, int] | None = None
        self._counts: Counter[Level] = Counter()
        self._floods = 0
        self._rate = Rate()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flood-watch", daemon=True)

    def start(self) -> None:
        """Read what the last ten minutes were, and begin.

        Raises:
            StoreError: The store cannot be read.
        """
        self.restore()
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._bus.wake()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)

    def status(self) -> Rate:
        """How it stands."""
        return self._rate

    def restore(self) -> None:
        """Go on where the last run ended: whether it told of a flood, and what rang in the last ten minutes."""
        now = self._clock.now()
        self._place = self._repository.newest_seq()
        for entry in read_entries(self._database, now - TEN_MINUTES, now + timedelta(days=1)):
            self._take(entry)
        self._counts.clear()
        for last in self._log.events(kind=KIND, limit=1):
            self._flooding = bool(last.event.fields["flooding"])
            self._told = (last.event.at, int(last.event.fields["per_10_min"])) if self._flooding else None
        self._publish()

    def look(self) -> None:
        """Read on in the journal, let go of what is ten minutes old, and tell what changed."""
        while entries := self._repository.journal_after(self._place, _BATCH):
            for entry in entries:
                if (meaning := entry_of(entry)) is not None:
                    self._take(meaning)
            self._place = entries[-1].seq
        now = self._clock.now()
        while self._recent and self._recent[0] + TEN_MINUTES <= now:
            self._recent.popleft()
        count = len(self._recent)
        if self._flooding:
            if count < FLOOD_ENDS:
                self._tell(count, now, flooding=False)
            elif self._told is None or (now - self._told[0] >= AGAIN and count != self._told[1]):
                self._tell(count, now, flooding=True)
        elif count > FLOOD_BEGINS:
            self._floods += 1
            self._tell(count, now, flooding=True)
        self._publish()

    def _take(self, entry: Entry) -> None:
        for rung in self._bell.take(entry):
            self._counts[rung.level] += 1
            if family(rung.kind) != "alarm":
                self._recent.append(rung.at)

    def _tell(self, count: int, now: datetime, *, flooding: bool) -> None:
        fields = {"per_10_min": count, "flooding": flooding}
        event = Event(
            id=new_event_id(), kind=KIND, at=now, arrived=now, source=SOURCE, driver="flood-watch", fields=fields
        )
        self._log.append([Fact(event)]).result(_STORED_WITHIN_S)
        if flooding != self._flooding:
            self._since = now if flooding else None
        self._flooding = flooding
        self._told = (now, count) if flooding else None

    def _publish(self) -> None:
        counts = MappingProxyType(dict(self._counts))
        self._rate = Rate(len(self._recent), self._flooding, self._since, counts, self._floods)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except StoreClosedError:
                return
            except StoreError as error:
                logger.warning("the flood watch cannot read or tell, trying again", extra={"error": str(error)})
            except Exception:
                logger.exception("the flood watch failed")
            if self._bus.wait(Topic.JOURNAL, after=self._place, timeout_s=_LOOK_EVERY_S) > self._place:
                self._stopping.wait(_GATHER_S)
