"""Channel: the thread of one notifier, which sends what waits for it in the store, at its own pace.

What a channel may not say twice (a loudspeaker, a text message) is marked in the store before it is sent; what was
being sent when the hub died is then given up, for nobody knows whether it was heard. Everything else is sent again
until it was answered. Every failure has a reason; a breaker keeps a dead channel from being tried with everything.
"""

from __future__ import annotations

import logging
import random
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.notices.breaker import Breaker, Door, pause_s
from alerts.notices.notice import Delivered, Notifier, Outcome, Refused, TryLater
from alerts.store import outbox
from alerts.store.outbox import Due, State
from config.community import Notifier as Recipient
from hub.clock import Clock
from hub.errors import StoreClosedError, StoreError
from hub.events import Event, new_event_id
from hub.store.database import Database
from hub.store.event_log import EventLog, Fact

logger = logging.getLogger(__name__)

_LOOK_UP_S = 0.25
_RETRY_S = 5.0
_LEAST_PAUSE_S = 0.001
_STOP_WITHIN_S = 6.0
"""A channel in the middle of an attempt is left behind after this; its thread is a daemon."""
HEALTH = "notifier.health"
NOBODY_KNOWS = "the hub stopped while it was being sent; it is not said twice"


@dataclass(frozen=True, slots=True)
class Backing:
    """What every channel works with."""

    database: Database
    event_log: EventLog
    clock: Clock


@dataclass(slots=True)
class Counts:
    """What a channel did since it was started."""

    delivered: int = 0
    retried: int = 0
    given_up: int = 0
    trouble: str = ""


class Channel:
    """One notifier and its thread. `stop` and `wake` from any thread."""

    def __init__(self, recipient: Recipient, notifier: Notifier, backing: Backing) -> None:
        self.recipient = recipient
        self.traits = notifier.traits
        self.counts = Counts()
        self._notifier = notifier
        self._backing = backing
        self._dice = random.Random()  # noqa: S311 - spreads attempts, hides nothing
        self._breaker = Breaker(self._dice)
        self._online = True
        self._stopping = threading.Event()
        self._more = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"notifier:{recipient.id}", daemon=True)

    def start(self) -> None:
        """Deal with what the last run left half done, and begin."""
        once = self.traits.once
        given_up = self._backing.database.write(
            lambda connection: outbox.settle_marked(connection, self.recipient.id, once=once, reason=NOBODY_KNOWS)
        )
        self.counts.given_up += given_up
        known = {each.source: each.state for each in self._backing.event_log.health() if each.kind == HEALTH}
        self._online = known.get(self.recipient.id) != "offline"
        self._thread.start()

    def wake(self) -> None:
        """There is more to send."""
        self._more.set()

    def tell_to_stop(self) -> None:
        """Send nothing more."""
        self._stopping.set()
        self._more.set()

    def stop(self) -> None:
        """Send nothing more, and wait for the attempt at hand, for a bounded time."""
        self.tell_to_stop()
        if self._thread.is_alive():
            self._thread.join(_STOP_WITHIN_S)

    @property
    def online(self) -> bool:
        """Whether it was not said of it last that nothing arrives."""
        return self._online

    def door(self) -> Door:
        """Whether its breaker lets attempts through."""
        return self._breaker.door(self._backing.clock.monotonic_s())

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._more.clear()
                pause = self._step()
                if pause is None:
                    self._more.wait(_LOOK_UP_S)
                elif pause > 0:
                    self._backing.clock.wait(self._more if not self.traits.ordered else self._stopping, pause)
            except StoreClosedError:
                return
            except Exception:
                logger.exception("channel failed", extra={"notifier": self.recipient.id})
                self._stopping.wait(_RETRY_S)

    def _step(self) -> float | None:
        """Send one notice, if one is due.

        Returns:
            Seconds after which there is something to do; None when nothing waits.
        """
        clock = self._backing.clock
        now = clock.now()
        with self._backing.database.read() as connection:
            found = outbox.due(connection, self.recipient.id, now, ordered=self.traits.ordered)
        if found is None or self._stopping.is_set():
            return None
        if now >= found.created + timedelta(seconds=self.traits.give_up_after_s):
            self._give_up(found, "too late")
            return 0.0
        early_s = (found.next_at - now).total_seconds()
        shut_s = self._breaker.opens_again_in_s(clock.monotonic_s())
        if early_s > 0 or shut_s > 0:
            return max(early_s, shut_s, _LEAST_PAUSE_S)
        self._attempt(found)
        return 0.0

    def _attempt(self, found: Due) -> None:
        if self.traits.once:
            self._write(found, State.SENDING, attempts=found.attempts + 1)
        outcome = self._send(found)
        now = self._backing.clock.now()
        if isinstance(outcome, Delivered):
            self._breaker.succeeded()
            self.counts.trouble = ""
            self._write(found, State.SENT, attempts=found.attempts + 1, reason="", sent=now)
            self.counts.delivered += 1
            self._note_health(online=True, reason="")
            return
        self.counts.trouble = outcome.reason
        if isinstance(outcome, Refused):
            self._refused(found, outcome)
            return
        self._failed(found, outcome, now)

    def _refused(self, found: Due, outcome: Refused) -> None:
        self._write(found, State.REFUSED, attempts=found.attempts + 1, reason=outcome.reason)
        self.counts.given_up += 1
        logger.error("notice refused", extra=self._about(found, outcome.reason))
        if not self.recipient.people:  # else it says something of one person's address alone
            self._note_health(online=False, reason=outcome.reason)

    def _failed(self, found: Due, outcome: TryLater, now: datetime) -> None:
        attempts = found.attempts + 1
        self._breaker.failed(self._backing.clock.monotonic_s())
        next_at = now + timedelta(seconds=pause_s(attempts, self._dice, least_s=outcome.after_s or 0.0))
        self._write(found, State.WAITING, attempts=attempts, reason=outcome.reason, next_at=next_at)
        self.counts.retried += 1
        if self.door() is not Door.CLOSED:
            self._note_health(online=False, reason=outcome.reason)

    def _give_up(self, found: Due, reason: str) -> None:
        reason = f"{reason}; {self.counts.trouble}" if self.counts.trouble else reason
        self._write(found, State.GIVEN_UP, reason=reason)
        self.counts.given_up += 1
        logger.error("notice given up", extra=self._about(found, reason))

    def _send(self, found: Due) -> Outcome:
        try:
            return self._notifier.send(found.notice)
        except Exception as error:
            logger.exception("notifier failed", extra=self._about(found, type(error).__name__))
            return Refused(f"failed: {type(error).__name__}")

    def _about(self, found: Due, reason: str) -> dict[str, object]:
        return {"notifier": self.recipient.id, "number": found.notice.number, "reason": reason}

    def _write(self, found: Due, state: State, **columns: object) -> None:
        self._backing.database.write(lambda connection: outbox.mark(connection, found.id, state, **columns))

    def _note_health(self, *, online: bool, reason: str) -> None:
        if online is self._online:
            return
        self._online = online
        state = "online" if online else "offline"
        try:
            note_health(self._backing, HEALTH, self.recipient.id, state=state, reason=reason)
        except StoreError:
            logger.exception("health of a notifier not stored", extra={"notifier": self.recipient.id})


def note_health(backing: Backing, kind: str, source: str, *, state: str, reason: str) -> None:
    """Store that something of the delivery changed for better or worse."""
    now = backing.clock.now()
    event = Event(
        id=new_event_id(),
        kind=kind,
        at=now,
        arrived=now,
        source=source,
        driver="delivery",
        fields={"state": state, "reason": reason},
    )
    backing.event_log.append([Fact(event)])
