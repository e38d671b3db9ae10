"""Delivery: tells every recipient of every move of the incidents that matter to it.

One thread per notifier reads the stored journal at its own pace, so nothing is queued, nobody waits for a slow
recipient, and the engine never knows. Its place is stored after each notice: after a crash the last one may be told
twice, with the same number, never not at all. Attempts are bounded; what is given up is counted, and the notifier
counts as offline (a `notifier.health` event) until something arrives again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from alerts.incident import ENGINE, done
from alerts.notice import Delivered, Notice, Notifier, Outcome, Refused
from alerts.store.journal import read_cursor, write_cursor
from alerts.store.lists import Repository
from alerts.views import JournalEntry
from config.community import Community, Level
from config.community import Notifier as Recipient
from hub.bus import Bus, Topic
from hub.clock import Clock
from hub.errors import StoreClosedError, StoreError
from hub.events import Event, new_event_id
from hub.plugins import Plugin, load_plugins
from hub.store.database import Database
from hub.store.event_log import EventLog, Fact

logger = logging.getLogger(__name__)

ATTEMPTS = 8
"""With the pauses below about three minutes: a restart of the recipient is survived, a dead one holds up no longer."""
_TOLD_WHILE_MUTED = ("returned", done("close"))
"""Moves of the engine that are told of a muted incident too: it may have been told of before it was muted."""
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
_READ = 100
_LOOK_UP_S = 0.25
_RETRY_S = 5.0
_STOP_WITHIN_S = 6.0
"""A channel in the middle of an attempt is left behind after this; its thread is a daemon."""


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """How one notifier is doing, since it was started.

    Attributes:
        notifier: Its id.
        behind: Journal entries it has not looked at.
        delivered: Notices that arrived.
        retried: Attempts that failed and were repeated.
        given_up: Notices that never arrived.
        trouble: Why the newest attempt failed, empty when it did not.
    """

    notifier: str
    behind: int
    delivered: int
    retried: int
    given_up: int
    trouble: str


class Delivery:
    """All notifiers. `apply` and `status` may be called from any thread."""

    def __init__(self, database: Database, event_log: EventLog, bus: Bus, clock: Clock) -> None:
        self._hub = _Hub(database, event_log, bus, clock)
        self._plugins: Mapping[str, Plugin[Notifier]] = load_plugins("alerts.notifiers")
        self._lock = threading.Lock()
        self._channels: dict[str, _Channel] = {}
        self._stopped = False

    def apply(self, community: Community) -> None:
        """Have exactly the notifiers of this Community; those that did not change go on undisturbed."""
        with self._lock:
            if self._stopped:
                return
            wanted = {recipient.id: recipient for recipient in community.notifiers}
            for name, channel in list(self._channels.items()):
                if wanted.get(name) != channel.recipient:
                    del self._channels[name]
                    channel.stop()
            for name, recipient in wanted.items():
                if name in self._channels:
                    continue
                notifier = self._built(recipient)
                if notifier is not None:
                    channel = self._channels[name] = _Channel(recipient, notifier, self._hub)
                    channel.start()

    def _built(self, recipient: Recipient) -> Notifier | None:
        """The channel to a recipient; None for one that a check of the Community would have refused."""
        try:
            plugin = self._plugins[recipient.kind]
            options = plugin.options.model_validate(recipient.options)
        except (KeyError, ValidationError):
            logger.exception("notifier left out", extra={"notifier": recipient.id, "kind": recipient.kind})
            return None
        return plugin.build(options, recipient.secret)

    def stop(self) -> None:
        """Stop all. Safe to call twice."""
        with self._lock:
            self._stopped = True
            channels, self._channels = list(self._channels.values()), {}
        for channel in channels:
            channel.tell_to_stop()
        for channel in channels:
            channel.stop()

    def status(self) -> list[DeliveryStatus]:
        """How each notifier is doing."""
        with self._lock:
            return [channel.status() for channel in self._channels.values()]


@dataclass(frozen=True, slots=True)
class _Hub:
    database: Database
    event_log: EventLog
    bus: Bus
    clock: Clock


class _Channel:
    """One notifier and its thread."""

    def __init__(self, recipient: Recipient, notifier: Notifier, hub: _Hub) -> None:
        self.recipient = recipient
        self._notifier = notifier
        self._hub = hub
        self._repository = Repository(hub.database)
        self._reader = f"delivery:{recipient.id}"
        self._cursor = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self._reader, daemon=True)
        self._delivered = 0
        self._retried = 0
        self._given_up = 0
        self._trouble = ""
        self._online = True

    def start(self) -> None:
        """Go on where the store says; a new notifier begins with what comes next."""
        with self._hub.database.read() as connection:
            cursor = read_cursor(connection, self._reader)
        if cursor is None:
            cursor = self._repository.newest_seq()
            self._keep(cursor)
        self._cursor = cursor
        self._thread.start()

    def tell_to_stop(self) -> None:
        self._stopping.set()
        self._hub.bus.wake()

    def stop(self) -> None:
        self.tell_to_stop()
        self._thread.join(_STOP_WITHIN_S)

    def status(self) -> DeliveryStatus:
        return DeliveryStatus(
            notifier=self.recipient.id,
            behind=max(0, self._hub.bus.newest(Topic.JOURNAL) - self._cursor),
            delivered=self._delivered,
            retried=self._retried,
            given_up=self._given_up,
            trouble=self._trouble,
        )

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                entries = self._repository.journal_after(self._cursor, _READ)
                for entry in entries:
                    if self._stopping.is_set() or not self._deal_with(entry):
                        return
                if entries and not self._concerns(entries[-1]):
                    self._keep(entries[-1].seq)
                if len(entries) < _READ:
                    self._wait()
            except StoreClosedError:
                return
            except Exception:
                logger.exception("delivery failed", extra={"notifier": self.recipient.id, "seq": self._cursor})
                self._stopping.wait(_RETRY_S)

    def _wait(self) -> None:
        """Wait for more; a wake that comes just before the waiting is made up for by looking up now and then."""
        while not self._stopping.is_set():
            if self._hub.bus.wait(Topic.JOURNAL, after=self._cursor, timeout_s=_LOOK_UP_S) > self._cursor:
                return

    def _concerns(self, entry: JournalEntry) -> bool:
        if entry.topic != "incident":
            return False
        if entry.body.get("muted") and entry.who == ENGINE and entry.move not in _TOLD_WHILE_MUTED:
            return False
        return Level(entry.body["level"]).rank >= self.recipient.at_least.rank

    def _deal_with(self, entry: JournalEntry) -> bool:
        """Tell of one entry if it matters here.

        Returns:
            False when it was told to stop before that was done.
        """
        if self._concerns(entry):
            notice = Notice(entry.seq, entry.at, entry.move, entry.who, entry.note, entry.body)
            if not self._told(notice):
                return False
            self._keep(entry.seq)
        self._cursor = entry.seq
        return True

    def _told(self, notice: Notice) -> bool:
        pause_s = _FIRST_PAUSE_S
        for attempt in range(1, ATTEMPTS + 1):
            outcome = self._send(notice)
            if isinstance(outcome, Delivered):
                self._delivered += 1
                self._trouble = ""
                self._note_health(online=True, reason="")
                return True
            self._trouble = outcome.reason
            if isinstance(outcome, Refused) or attempt == ATTEMPTS:
                break
            self._retried += 1
            if self._hub.clock.wait(self._stopping, max(pause_s, outcome.after_s or 0.0)):
                return False
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
        self._given_up += 1
        logger.error(
            "notice given up",
            extra={"notifier": self.recipient.id, "number": notice.number, "reason": self._trouble},
        )
        self._note_health(online=False, reason=self._trouble)
        return True

    def _send(self, notice: Notice) -> Outcome:
        try:
            return self._notifier.send(notice)
        except Exception as error:
            logger.exception("notifier failed", extra={"notifier": self.recipient.id, "number": notice.number})
            return Refused(f"failed: {type(error).__name__}")

    def _keep(self, seq: int) -> None:
        self._hub.database.write(lambda connection: write_cursor(connection, self._reader, seq))
        self._cursor = seq

    def _note_health(self, *, online: bool, reason: str) -> None:
        if online is self._online:
            return
        self._online = online
        now = self._hub.clock.now()
        fields = {"state": "online" if online else "offline", "reason": reason}
        event = Event(
            id=new_event_id(),
            kind="notifier.health",
            at=now,
            arrived=now,
            source=self.recipient.id,
            driver="delivery",
            fields=fields,
        )
        try:
            self._hub.event_log.append([Fact(event)])
        except StoreError:
            logger.exception("health of a notifier not stored", extra={"notifier": self.recipient.id})
