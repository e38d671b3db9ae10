"""Outbox: decides for every move of an incident who is to be told, and keeps that in the store.

One reader of the journal. What it decides and its place in the journal are one transaction, so every move is decided on
once, whatever dies when; the channels (`channel.py`) then send what waits for them. It also watches whether anything
grave reached nobody: that is an alert of its own.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from alerts.incidents.views import JournalEntry
from alerts.notices.channel import Backing, note_health
from alerts.notices.recipients import Decision, Telling, glass_move, household_move
from alerts.store import outbox
from alerts.store.connection import Connection
from alerts.store.journal import read_cursor, write_cursor
from alerts.store.lists import Repository
from alerts.store.orders import orders_of
from hub.bus import Bus, Topic
from hub.errors import StoreClosedError

logger = logging.getLogger(__name__)

READER = "outbox"
GLASS = "glass"
"""Topic of the journal: somebody sees a household's camera against its consent, or ended that."""
UNHEARD_AFTER_S = 60.0
"""A grave move of which nothing arrived by then is an alert."""
_UNHEARD_WITHIN_S = 3_600.0
"""What is older is no news."""
KEEP_DAYS = 90
HEALTH = "notices.health"
SOURCE = "notices"
OWN_KIND = "hub.notify_failed"
"""The alert that is raised of it, which must not raise itself again."""
_READ = 100
_LOOK_UP_S = 0.25
_RETRY_S = 5.0
_CHECK_S = 5.0
_PRUNE_S = 3_600.0


class Outbox:
    """The reader of the journal. `telling` is swapped whole by whoever applies a Community."""

    def __init__(self, backing: Backing, bus: Bus, *, wake: Callable[[str], None]) -> None:
        """Read a journal.

        Args:
            backing: Store, event log and clock.
            bus: Says when there is more in the journal.
            wake: Called with the id of a notifier for which something waits.
        """
        self.telling: Telling | None = None
        self._backing = backing
        self._bus = bus
        self._wake = wake
        self._repository = Repository(backing.database)
        self._cursor = 0
        self._unheard = False
        self._checked_s = self._pruned_s = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)

    @property
    def behind(self) -> int:
        """Journal entries it has not looked at."""
        return max(0, self._bus.newest(Topic.JOURNAL) - self._cursor)

    def start(self) -> None:
        """Go on where the store says; the first run begins with what comes next."""
        with self._backing.database.read() as connection:
            cursor = read_cursor(connection, READER)
        if cursor is None:
            cursor = self._repository.newest_seq()
            first = cursor
            self._backing.database.write(lambda connection: write_cursor(connection, READER, first))
        self._cursor = cursor
        known = {each.source: each.state for each in self._backing.event_log.health() if each.kind == HEALTH}
        self._unheard = known.get(SOURCE) == "offline"
        self._checked_s = self._pruned_s = self._backing.clock.monotonic_s()
        self._thread.start()

    def stop(self) -> None:
        """Finish the transaction at hand and stop. Safe to call twice."""
        self._stopping.set()
        self._bus.wake()
        if self._thread.is_alive():
            self._thread.join()

    def step(self) -> int:
        """Decide on the next entries of the journal.

        Returns:
            How many were read.
        """
        telling = self.telling
        entries = self._repository.journal_after(self._cursor, _READ)
        if not entries or telling is None:
            return 0
        woken: set[str] = set()

        newest = entries[-1].seq

        def work(connection: Connection) -> None:
            woken.clear()
            now = self._backing.clock.now()
            barred = outbox.barred(connection)
            for read in entries:
                entry, decisions = _decided(connection, telling, read, barred=barred)
                for decision in decisions:
                    if not decision.told:
                        continue
                    dedupe_s = telling.traits[decision.recipient].dedupe_s
                    where = telling.where(entry.body)
                    if outbox.put(connection, entry, decision, now=now, dedupe_s=dedupe_s, where=where):
                        woken.add(decision.recipient)
            write_cursor(connection, READER, newest)

        self._backing.database.write(work)
        self._cursor = newest
        for recipient in woken:
            self._wake(recipient)
        return len(entries)

    def check(self) -> None:
        """Tell when something grave reached nobody in time, and when that is over."""
        now = self._backing.clock.now()
        with self._backing.database.read() as connection:
            unheard = [
                each
                for each in outbox.unheard(
                    connection,
                    since=now - timedelta(seconds=_UNHEARD_WITHIN_S),
                    until=now - timedelta(seconds=UNHEARD_AFTER_S),
                )
                if each.kind != OWN_KIND
            ]
        if bool(unheard) is self._unheard:
            return
        self._unheard = bool(unheard)
        if unheard:
            first = unheard[0]
            reason = f"{first.level} {first.kind}: {first.reason or 'not sent yet'}"
            note_health(self._backing, HEALTH, SOURCE, state="offline", reason=reason)
        else:
            note_health(self._backing, HEALTH, SOURCE, state="online", reason="")

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                read = self.step()
                self._look_after()
                if not read:
                    self._wait()
            except StoreClosedError:
                return
            except Exception:
                logger.exception("outbox failed", extra={"seq": self._cursor})
                self._stopping.wait(_RETRY_S)

    def _look_after(self) -> None:
        now_s = self._backing.clock.monotonic_s()
        if now_s - self._checked_s >= _CHECK_S:
            self._checked_s = now_s
            self.check()
        if now_s - self._pruned_s >= _PRUNE_S:
            self._pruned_s = now_s
            before = self._backing.clock.now() - timedelta(days=KEEP_DAYS)
            self._backing.database.write(lambda connection: outbox.prune(connection, before))

    def _wait(self) -> None:
        """Wait for more; a wake that comes just before the waiting is made up for by looking up now and then."""
        self._bus.wait(Topic.JOURNAL, after=self._cursor, timeout_s=_LOOK_UP_S)


def _decided(
    connection: Connection, telling: Telling, entry: JournalEntry, *, barred: frozenset[str]
) -> tuple[JournalEntry, list[Decision]]:
    """Who is told of an entry of the journal, and the entry as it is told."""
    if entry.topic == "incident":
        sent = sent_to(connection, entry)
        return entry, telling.decide(outbox.move_of(entry), sent, barred=barred)
    if entry.topic in ("household", GLASS):
        move = (glass_move if entry.topic == GLASS else household_move)(entry, telling.places)
        told = replace(entry, body=move.body, incident=str(move.body["id"]))
        return told, telling.decide_household(move, barred=barred)
    return entry, []


def sent_to(connection: Connection, entry: JournalEntry) -> list[str]:
    """Who is on his way to an incident, or there, or was until this move ended it."""
    found = [
        order.unit
        for order in orders_of(connection, entry.incident or entry.subject)
        if order.live or (order.ended is not None and order.ended >= entry.at and order.state in ("done", "cancelled"))
    ]
    return list(dict.fromkeys(found))
