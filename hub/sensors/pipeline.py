"""Pipeline: the messages between the broker and the commit that holds them, acknowledged after it and in order.

Knows no MQTT library. The connection's thread calls `connected`, `receive` and `disconnected`; the store's writer
thread completes; acknowledgements go out in the order of arrival. At most `limit` messages are between the two: then
`receive` waits, so the connection is not read, and the broker keeps the rest on its disk. What could not be stored is
left un-acknowledged, counted, and comes again: by itself from our own broker, from others by a fresh connection once
the store answers (not from ours: acknowledgements would cross what it sends meanwhile). Nothing is handed to the store
while the lock is held, because the store may wait and its writer thread needs the lock.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from hub.clock import Clock
from hub.errors import StoreError, StoreUnavailableError
from hub.sensors.admission import Admission, Message
from hub.sensors.deliveries import SETTLE_S, Deliveries, Taken
from hub.sensors.endpoint import BrokerRun
from hub.sensors.intake import Door
from hub.sensors.presence import Presence
from hub.sensors.stores import Keeping, Log, Marks, Memory
from hub.sensors.watching import SensorWatch
from hub.store.facts import Delivery, Fact, Refusal

logger = logging.getLogger(__name__)

ROOM_S = 10.0
"""How long a message waits for room before it is left with the broker; less than the keep-alive."""

STOP_S = 3.0
FIRST_ASK_S, LONGEST_ASK_S = 2.0, 60.0
"""Pauses before the broker is asked again for what was left with it; doubling until something is stored."""

ATTEMPTS = 3
"""A message that the store fails to keep so often, while it keeps others, is refused as `unstorable`."""

SUSPECTS = 1_000
"""So many failing messages are remembered; beyond it the counting starts afresh."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message and how it was delivered.

    Attributes:
        message: What came.
        packet: Packet id, 0 for QoS 0.
        dup: The broker says that it sent it before.
    """

    message: Message
    packet: int
    dup: bool


@dataclass(slots=True, eq=False)
class _Pending:
    packet: int
    digest: bytes
    connection: int
    entry: Taken | None = None
    futures: Sequence[Future[Any]] | None = None
    failed: bool = False
    facts: int = 0


class Pipeline:
    """From the broker to the store. Safe from any thread."""

    def __init__(
        self,
        log: Log,
        marks: Marks,
        *,
        door: Door,
        presence: Presence,
        clock: Clock,
        client_id: str,
        acknowledge: Callable[[int], None],
        limit: int,
        watch: SensorWatch | None = None,
        memory: Memory | None = None,
        follow: Callable[[tuple[str, ...]], None] | None = None,
    ) -> None:
        """Connect door and store.

        Args:
            log: Where facts and refusals go.
            marks: Which messages are stored though the broker may not know.
            door: Reads the messages.
            presence: Who is there.
            clock: For durations.
            client_id: Under which the broker keeps our session.
            acknowledge: Sends the acknowledgement of a packet id; called from any thread, must not wait.
            limit: At most so many messages between broker and commit.
            watch: Notices what sensors do not say of themselves, and thins out what one says too often.
            memory: Keeps the messages that a format must know again after a restart.
            follow: Told of the topics that a format learned of; perhaps of none when it wants fewer. Must not wait.
        """
        self._log = log
        self._marks = marks
        self._door = door
        self._presence = presence
        self._clock = clock
        self._client_id = client_id
        self._acknowledge = acknowledge
        self._limit = limit
        self._watch = watch
        self._memory = memory
        self._follow = follow
        self._changed = threading.Condition()  # guards everything below
        self._deliveries = Deliveries()
        self._pending: deque[_Pending] = deque()
        self._counts: Counter[str] = Counter()
        self._suspects: dict[bytes, tuple[int, int]] = {}
        self._connection = 0
        self._is_connected = False
        self._is_stopping = False
        self._run_number: int | None = None
        self._is_left = False
        self._sends_again = False
        self._ask_at_s, self._ask_pause_s = 0.0, FIRST_ASK_S

    def start(self, run: BrokerRun | None) -> None:
        """Take over what the last run left; `run` is None for a broker that keeps its numbering when it restarts."""
        for topic, payload in () if self._memory is None else self._memory.load():
            known = self._door.admit(Message(topic, payload, retained=True, arrived=self._clock.now()))
            self._expect(known)
        if run is not None:
            self._sends_again = True
            self._run_number = run.number
            if not run.taken_over:
                self._marks.clear(self._client_id).result()
        marks = self._marks.load(self._client_id)
        with self._changed:
            self._deliveries.restore(marks)

    def connected(self, *, session_kept: bool, run: BrokerRun | None) -> None:
        """A connection stands and nothing was received on it yet."""
        renumbered = run is not None and run.number != self._run_number
        if run is not None and renumbered:
            self._run_number = run.number
            try:
                self._marks.clear(self._client_id)
            except StoreError as error:
                logger.warning("delivery marks not cleared", extra={"error": str(error)})
        with self._changed:
            self._connection += 1
            self._is_connected = True
            self._is_left = False
            self._deliveries.connected(
                now_s=self._clock.monotonic_s(),
                session_kept=session_kept,
                renumbered=renumbered,
                dup_kept=run is None or run.after_clean_stop,
            )

    def answered(self, sent_s: float) -> None:
        """The broker answered what was sent at `sent_s` (monotonic) on this connection: it has read all before it."""
        with self._changed:
            self._deliveries.answered(sent_s)

    @property
    def wants_answer(self) -> bool:
        """Whether the broker is to be asked something that changes nothing, only to hear how far it has read."""
        with self._changed:
            return self._deliveries.waits

    def disconnected(self) -> None:
        """The connection is gone."""
        with self._changed:
            self._is_connected = False
            self._deliveries.disconnected()

    def receive(self, arrival: Arrival) -> None:
        """Take one message; waits up to `ROOM_S` while the store is behind."""
        admission = self._door.admit(arrival.message)
        if self._follow is not None and (admission.follow or admission.remember):
            self._follow(admission.follow)
        with self._changed:
            self._counts["received"] += 1
            pending = _Pending(arrival.packet, _digest(arrival.message), self._connection)
            if arrival.packet and self._is_repeated(pending, dup=arrival.dup, one_shot=admission.one_shot):
                return
            if not self._changed.wait_for(self._has_room, ROOM_S) or self._is_stopping:
                self._leave(pending)
                return
            if arrival.packet:
                pending.entry = self._deliveries.take(arrival.packet, pending.digest)
            if self._suspects.get(pending.digest, (0, 0))[0] >= ATTEMPTS:
                admission = _unstorable(admission, arrival.message)
            self._pending.append(pending)
        if self._watch is not None and not self._watch.admit(admission, arrival.message.arrived):
            admission = Admission(driver=admission.driver, heard=admission.heard, remember=admission.remember)
            with self._changed:
                self._counts["thinned"] += 1
        self._store(pending, admission, arrival.message)

    def stop(self) -> None:
        """Take no more, and give the store a moment to finish what it has."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._pending, STOP_S)

    def settle(self) -> None:
        """Forget, before the connection ends in order, every message whose acknowledgement the broker has read."""
        with self._changed:
            later_s = self._clock.monotonic_s() + SETTLE_S
            packets = self._deliveries.settled(later_s)
        if packets:
            try:
                self._marks.forget(self._client_id, packets)
            except StoreError as error:
                logger.warning("delivery marks stay until the next start", extra={"error": str(error)})

    def tick(self) -> bool:
        """Forget what the broker knows by now; called about once a second.

        Returns:
            Whether to connect afresh, because messages were left with the broker and the store may take them now.
        """
        now_s = self._clock.monotonic_s()
        with self._changed:
            packets = self._deliveries.settled(now_s)
            if packets:
                try:
                    self._marks.forget(self._client_id, packets)  # does not wait
                except StoreError:
                    self._deliveries.remember(packets)
            if self._sends_again or not self._is_left or not self._is_connected or self._pending:
                return False
            if now_s < self._ask_at_s:
                return False
            self._ask_pause_s = min(self._ask_pause_s * 2, LONGEST_ASK_S)
            self._ask_at_s = now_s + self._ask_pause_s
            return True

    def counts(self) -> dict[str, int]:
        """How many messages were what, by name; see docs/reference/mqtt.md."""
        with self._changed:
            return {**self._counts, "in_flight": len(self._pending)}

    def _store(self, pending: _Pending, admission: Admission, message: Message) -> None:
        facts = admission.facts
        if facts and pending.entry is not None:
            mark = Delivery(self._client_id, pending.packet, pending.digest)
            facts = [Fact(facts[0].event, facts[0].readings, mark), *facts[1:]]
        futures: list[Future[Any]] = []
        failed = False
        try:
            if facts:
                futures.append(self._log.append(facts))
            futures.extend(self._log.refuse(refusal) for refusal in admission.refusals)
            if admission.keep and isinstance(self._log, Keeping):
                futures.append(self._log.keep(message))
            futures.extend(self._noted(admission))
            if admission.remember and self._memory is not None:
                kept = self._memory.keep(message.topic, message.payload)
                futures.extend([] if kept is None else [kept])
        except StoreError as error:
            failed = True
            logger.warning("store takes nothing now", extra={"error": str(error)})
        except Exception:
            failed = True
            logger.exception("message could not be handed to the store")
        with self._changed:
            for refusal in admission.refusals:
                self._counts[f"refused.{refusal.reason}"] += 1
            if admission.driver is None:
                self._counts["ignored"] += 1
            pending.facts, pending.failed, pending.futures = len(facts), failed, futures
            self._advance()
        for future in futures:
            future.add_done_callback(self._on_stored)

    def _noted(self, admission: Admission) -> list[Future[int]]:
        driver = admission.driver or ""
        changes = [
            self._presence.note(
                note.kind,
                note.source,
                online=note.online,
                reason=note.reason,
                driver=driver,
                site=None if note.place is None else note.place.sensor.site,
                area=None if note.place is None else note.place.area,
            )
            for note in admission.notes
        ]
        self._expect(admission)
        for sensor in () if admission.heard is None else (admission.heard, *admission.others):
            self._presence.heard(sensor.id, driver=sensor.format)
        return [change for change in changes if change is not None]

    def _expect(self, admission: Admission) -> None:
        for sensor_id, silent_after_s in admission.expects:
            self._presence.expect(sensor_id, silent_after_s)

    def _on_stored(self, _future: Future[Any]) -> None:
        with self._changed:
            self._advance()

    # Everything below is called with the lock held.

    def _is_repeated(self, pending: _Pending, *, dup: bool, one_shot: bool) -> bool:
        entry = self._deliveries.repeated(pending.packet, pending.digest, dup=dup, one_shot=one_shot)
        if entry is None:
            return False
        self._counts["repeated"] += 1
        if entry.stored:  # behind those before it, so that acknowledgements keep their order
            pending.entry, pending.futures = entry, ()
            self._pending.append(pending)
            self._advance()
        for other in self._pending:
            if other.entry is entry:  # still on its way: its completion acknowledges this delivery
                other.packet, other.connection = pending.packet, pending.connection
        return True

    def _advance(self) -> None:
        """Acknowledge, in order, what is committed."""
        while self._pending:
            first = self._pending[0]
            if first.futures is None or not all(future.done() for future in first.futures):
                return
            self._pending.popleft()
            self._changed.notify_all()
            error = next((problem for future in first.futures if (problem := future.exception())), None)
            if error is not None:
                logger.warning("message not stored", extra={"error": repr(error)})
            if first.failed or error is not None:
                if not isinstance(error, StoreUnavailableError):
                    self._suspect(first)
                self._leave(first)
            else:
                self._finish(first)

    def _finish(self, pending: _Pending) -> None:
        if pending.facts:
            self._counts["stored"] += 1
            self._ask_pause_s = FIRST_ASK_S
        self._suspects.pop(pending.digest, None)
        entry = pending.entry
        if entry is None:
            return
        entry.stored = True
        if self._is_connected and pending.connection == self._connection and entry.packet == pending.packet:
            self._acknowledge(pending.packet)
            self._deliveries.acknowledged(entry, self._clock.monotonic_s())

    def _leave(self, pending: _Pending) -> None:
        """Give up on a message: the broker keeps it when it asked for an acknowledgement."""
        if pending.entry is not None:
            self._deliveries.drop(pending.entry)
        self._counts["left" if pending.packet else "dropped"] += 1
        self._is_left = self._is_left or pending.packet > 0

    def _suspect(self, pending: _Pending) -> None:
        """Count a failure against the message, if the store kept others since its last: the store may be at fault."""
        attempts, stored = self._suspects.get(pending.digest, (0, -1))
        if len(self._suspects) >= SUSPECTS:
            self._suspects.clear()
        now = self._counts["stored"]
        self._suspects[pending.digest] = (attempts + (now > stored), now)

    def _has_room(self) -> bool:
        return len(self._pending) < self._limit or self._is_stopping


def _unstorable(admission: Admission, message: Message) -> Admission:
    detail = f"the store failed {ATTEMPTS} times to keep it while it kept others; see the log"
    refusal = Refusal(message.arrived, message.topic, "unstorable", detail, message.payload)
    return Admission(driver=admission.driver, refusals=[refusal])


def _digest(message: Message) -> bytes:
    return hashlib.sha256(message.topic.encode() + b"\0" + message.payload).digest()
