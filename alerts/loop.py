"""EngineLoop: the one thread that runs the rules over the stored events.

It reads events after its cursor, lets the engine handle them, and stores alerts, incidents, journal, the engine's
memory and the cursor in one transaction; then it says that there is more in the journal. Timers run on the Clock, and
only once everything stored has been read. A transaction that fails changes nothing: the engine begins again from what
is stored. Nothing is queued here, so nothing can overflow; how far it is behind is in `status`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from alerts.alert import Change
from alerts.engine import HEALTH_SUFFIX, Engine
from alerts.incidents.incident import ENGINE
from alerts.language.naming import strangers
from alerts.language.places import Places, places_of
from alerts.language.rulebook import RuleBook, load_rules
from alerts.recording import Batch, Moment, Recorded, record, timed
from alerts.store.connection import Connection
from alerts.store.journal import read_cursor, write_cursor
from alerts.store.states import read_states
from config.community import Community
from config.handling import STARTING, Deadlines
from hub.bus import Bus, Topic
from hub.clock import Clock
from hub.errors import ConfigurationError, StoreBusyError, StoreClosedError, StoreUnavailableError
from hub.store.database import Database
from hub.store.event_log import EventLog, StoredEvent

logger = logging.getLogger(__name__)

BATCH = 500
"""Events in one transaction: some 20 ms of work, so that a person's move never waits long for the writer."""
MOST = 4_000
"""As many when the loop is far behind: what changes several times in a batch is stored once, so it comes up sooner."""
SETTLE_S = 0.25
"""Timers run this much behind the clock: an event that arrived in time may still be on its way through the writer."""
SETTLE_AFTER_START_S = 10.0
"""At a start timers wait so long: first cameras and sensors say what is so now, then what was held before may ring."""
GATHER_S = 0.01
"""A batch begins so long after the first word of something new: what arrives together costs little more than one."""
IDLE_S = 0.5
"""Without a word from the bus the log is looked at this often."""
_RETRY_S = 1.0
_ATTEMPTS = 3
"""An event whose transaction fails this often alone is passed over, for one bad event must not stop all alarms. While
nothing can be written at all, it is tried again for as long as that takes."""


@dataclass(frozen=True, slots=True)
class LoopStatus:
    """How the engine is doing.

    Attributes:
        cursor: The number of the last event dealt with.
        behind: Stored events not dealt with yet.
        events: Events handled since the start.
        open_alerts: Alerts that are not closed.
        failures: Transactions that failed since the start.
        passed_over: Events given up on since the start.
        unknown: By rule, events with a field missing or of the wrong type.
        known: By rule, events that it understood.
        rule_failures: By rule, events at which the rule failed.
        rules: Rules in force.
        digest: Of the rule files in force.
        reload_error: Why the newest change of the rules was refused, empty when it was not.
    """

    cursor: int
    behind: int
    events: int
    open_alerts: int
    failures: int
    passed_over: int
    unknown: Mapping[str, int]
    known: Mapping[str, int]
    rule_failures: Mapping[str, int]
    rules: int
    digest: str
    reload_error: str


class EngineLoop:
    """Runs the rules. `start` once, `stop` any number of times; the rest from any thread."""

    def __init__(
        self,
        database: Database,
        event_log: EventLog,
        bus: Bus,
        clock: Clock,
        *,
        rulebook: RuleBook,
        places: Places,
        rules: Path | None = None,
        deadlines: Deadlines = STARTING,
        settle_s: float = SETTLE_S,
        settle_after_start_s: float = SETTLE_AFTER_START_S,
    ) -> None:
        """Prepare to run the rules in `rulebook`.

        Args:
            database: For the transactions.
            event_log: Where the events are.
            bus: Tells of new events, and is told of new journal entries.
            clock: For the timers.
            rulebook: The rules to begin with.
            places: What cameras, sensors and sites are called.
            rules: The folder that `reload` reads again.
            deadlines: Of the site, until `apply` gives others.
            settle_s: How far timers stay behind the clock.
            settle_after_start_s: How long they wait at a start.
        """
        self._database = database
        self._event_log = event_log
        self._bus = bus
        self._clock = clock
        self._folder = rules
        self._deadlines = deadlines
        self._settle = timedelta(seconds=settle_s)
        self._settle_after_start = timedelta(seconds=settle_after_start_s)
        self._engine = Engine(rulebook, places)
        self._lock = threading.Lock()
        self._next_book: RuleBook | None = None
        self._next_community: Community | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._cursor = 0
        self._began = False
        self._held: tuple[int, datetime] | None = None
        self._carried: list[Change] = []
        self._batch = BATCH
        self._attempts = 0
        self._is_held_up = False
        self._failures = 0
        self._passed_over = 0
        self._reload_error = ""

    def start(self) -> None:
        """Take up where the store says, and go on in a thread.

        Raises:
            StoreError: The store cannot be read.
        """
        self.restore()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch at hand and stop."""
        self._stopping.set()
        self._bus.wake()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def reload(self) -> RuleBook:
        """Read the rule folder again and run what it holds from the next batch on.

        Raises:
            ConfigurationError: All that is wrong in it; the rules in force stay.
        """
        if self._folder is None:
            raise ValueError("this loop was given no folder of rules")
        try:
            book = load_rules(self._folder)
        except ConfigurationError as error:
            self._reload_error = str(error)
            logger.warning("rules refused, the old ones stay", extra={"mistakes": len(error.mistakes)})
            raise
        self._reload_error = ""
        with self._lock:
            self._next_book = book
        self._bus.wake()
        return book

    def use(self, book: RuleBook) -> None:
        """Run these rules from the next batch on; what they remember is kept where shape and key are the same."""
        with self._lock:
            self._next_book = book
        self._bus.wake()

    def apply(self, community: Community) -> None:
        """Use the names of this Community from the next batch on, and let go of what is no longer in it."""
        with self._lock:
            self._next_community = community
        self._bus.wake()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def book(self) -> RuleBook:
        """The rules in force."""
        return self._engine.book

    def status(self) -> LoopStatus:
        """How the engine is doing."""
        counts = self._engine.counts
        return LoopStatus(
            cursor=self._cursor,
            behind=max(0, self._bus.newest(Topic.EVENTS) - self._cursor),
            events=counts.events,
            open_alerts=self._engine.open_count,
            failures=self._failures,
            passed_over=self._passed_over,
            unknown=dict(counts.unknown),
            known=self._engine.known(),
            rule_failures=dict(counts.failed),
            rules=len(self._engine.book.rules),
            digest=self._engine.book.digest,
            reload_error=self._reload_error,
        )

    def restore(self) -> None:
        """Begin with what is stored; at the first time, hold the timers for a while once that is dealt with.

        Timers that ran out before the last stored event did so while the hub listened, and are not held.
        """
        now = self._clock.now()
        with self._database.read() as connection:
            cursor = read_cursor(connection, ENGINE)
            states = read_states(connection)
        self._cursor = cursor or 0
        self._carried = self._engine.restore(states, now)
        if not self._began:
            self._began = True
            self._name_strangers()
            newest = self._event_log.newest_seq()
            self._held = (newest, now + self._settle_after_start) if self._settle_after_start else None
            if self._cursor >= newest:
                self._hold()

    def step(self) -> bool:
        """Deal with one batch.

        Returns:
            Whether there may be more to do at once.

        Raises:
            Exception: Whatever the store or a part of the engine raised; nothing of the batch is stored then, and
                `restore` has to come next.
        """
        now = self._clock.now()
        changes = self._carried + self._renewed(now)
        moments = [Moment(now, changes)] if changes else []
        stored = self._event_log.after(self._cursor, self._batch)
        for each in stored:
            moments += self._moments(each)
        full = len(stored) == self._batch
        if not full:
            moments += timed(self._engine.advance(now - self._settle))
        cursor = stored[-1].seq if stored else self._cursor
        unsaved = self._engine.take_unsaved()
        if stored or moments or unsaved.states or unsaved.gone:
            self._store(Batch(cursor=cursor, moments=moments, unsaved=unsaved, deadlines=self._deadlines))
        self._cursor, self._carried = cursor, []
        if self._batch >= BATCH:
            self._batch = min(2 * self._batch, MOST) if full else BATCH
        return full

    def _moments(self, stored: StoredEvent) -> list[Moment]:
        """What an event and the timers before it come to."""
        event = stored.event
        moments = timed(self._engine.advance(event.arrived)) if self._engine.may_be_due(event.arrived_us) else []
        changes = self._engine.handle(event)
        health = event if event.kind.endswith(HEALTH_SUFFIX) else None
        if changes or health is not None:
            moments.append(Moment(event.arrived, changes, health))
        if self._held and stored.seq >= self._held[0]:
            self._hold()
        return moments

    def _hold(self) -> None:
        """Let no timer run out for a while: nobody listened while the hub was away."""
        if self._held:
            self._engine.hold_timers(self._held[1])
            self._held = None

    def _renewed(self, now: datetime) -> list[Change]:
        """Take over rules and names that were given meanwhile."""
        with self._lock:
            book, self._next_book = self._next_book, None
            community, self._next_community = self._next_community, None
        changes: list[Change] = []
        if community is not None:
            self._deadlines = community.deadlines
            changes += self._engine.call_places(places_of(community), now)
        if book is not None:
            changes += self._engine.reload(book, now)
        if community is not None or book is not None:
            self._name_strangers()
        return changes

    def _name_strangers(self) -> None:
        """Warn of a scope or hours that name what is not in the community: such a rule sees less than was meant."""
        for rule in self._engine.book.rules:
            if names := strangers(rule.around.spec, self._engine.places):
                logger.warning("rule names what is not there", extra={"rule": rule.id, "names": names})

    def _store(self, batch: Batch) -> None:
        def work(connection: Connection) -> Recorded:
            return record(connection, batch)

        def tell(recorded: Recorded) -> None:
            self._bus.announce(Topic.JOURNAL, recorded.journal_seq)
            if recorded.events_seq:
                self._bus.announce(Topic.EVENTS, recorded.events_seq)

        self._database.write(work, after_commit=tell)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                more = self.step()
            except StoreClosedError:
                return
            except Exception as error:
                if self._attempts == 0 and not self._is_held_up:
                    logger.exception("engine batch failed, going on from the store", extra={"cursor": self._cursor})
                self._failed(error)
                continue
            self._attempts = 0
            self._is_held_up = False
            if more:
                continue
            self._batch = BATCH
            self._bus.wait(Topic.EVENTS, after=self._cursor, timeout_s=self._idle_s())
            self._stopping.wait(GATHER_S)

    def _idle_s(self) -> float:
        due = self._engine.next_due()
        if due is None:
            return IDLE_S
        wait = due + self._settle - self._clock.now()
        return min(IDLE_S, max(0.01, wait.total_seconds()))

    def _failed(self, error: Exception) -> None:
        """Begin again from the store; one by one, so that a bad event harms only itself."""
        self._failures += 1
        self._is_held_up = True
        if not isinstance(error, StoreBusyError | StoreUnavailableError):  # these are no event's fault
            self._attempts += 1
            self._batch = 1
        self._stopping.wait(_RETRY_S)
        try:
            self.restore()
            if self._attempts >= _ATTEMPTS:
                self._pass_over()
        except Exception:
            logger.exception("engine cannot read the store", extra={"cursor": self._cursor})

    def _pass_over(self) -> None:
        found: list[StoredEvent] = self._event_log.after(self._cursor, 1)
        if not found:
            return
        seq = found[0].seq
        self._database.write(lambda connection: write_cursor(connection, ENGINE, seq))
        logger.error("event passed over", extra={"event": found[0].event.id, "kind": found[0].event.kind})
        self._cursor = seq
        self._passed_over += 1
        self._attempts = 0
