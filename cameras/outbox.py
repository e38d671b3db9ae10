"""Outbox: what a worker has to say and the hub has not taken yet.

The analysis must never wait for the hub, so events queue here and one thread sends them. When the hub takes nothing for
so long that the queue is full, events that only say that a state goes on are dropped first, then the oldest; drops are
counted and reported. Of health reports only the newest is kept, of stills a few: whoever asked asks again.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence

from cameras.link import Link, Message, Observed, StillTaken, WorkerHealth
from hub.errors import LinkError
from hub.events import Event, Phase

logger = logging.getLogger(__name__)

_MAX_EVENTS = 5_000
"""A busy worker makes some ten events a second: eight minutes of a hub that stands."""

_MAX_STILLS = 8

_BATCH = 200
"""Events in one message."""


class Outbox:
    """The worker's outgoing queue and the thread that sends it. `start` and `stop` once.

    Attributes:
        lost_events: Events dropped so far.
    """

    def __init__(self, link: Link, *, max_events: int = _MAX_EVENTS) -> None:
        self._link = link
        self._max_events = max_events
        self._changed = threading.Condition()
        self._events: deque[Event] = deque()
        self._stills: deque[StillTaken] = deque(maxlen=_MAX_STILLS)
        self._health: WorkerHealth | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self.lost_events = 0

    def start(self) -> None:
        """Start sending."""
        self._thread.start()

    def stop(self, *, timeout_s: float = 2.0) -> None:
        """Send what waits, for `timeout_s` seconds at most, and end."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(timeout_s)

    def events(self, events: Sequence[Event]) -> None:
        """Queue events; never waits."""
        with self._changed:
            for event in events:
                self._events.append(event)
                if len(self._events) > self._max_events:
                    self._drop_one()
            self._changed.notify()

    def health(self, health: WorkerHealth) -> None:
        """Say how the worker does, in place of an older report that was not sent yet."""
        with self._changed:
            self._health = health
            self._changed.notify()

    def still(self, still: StillTaken) -> None:
        """Queue an answer; the oldest that waits is dropped when there are too many."""
        with self._changed:
            self._stills.append(still)
            self._changed.notify()

    def _drop_one(self) -> None:
        self.lost_events += 1
        for place, event in enumerate(self._events):
            if event.phase is Phase.GOES_ON:
                del self._events[place]
                return
        self._events.popleft()

    def _run(self) -> None:
        while (message := self._next()) is not None:
            try:
                self._link.send(message)
            except LinkError as error:
                logger.info("the hub is gone", extra={"detail": str(error)})
                return
            except (TypeError, ValueError):
                # A value in it that is no JSON: a defect, which must not silence the worker for good.
                logger.exception("a message cannot be sent", extra={"kind": type(message).__name__})
                self.lost_events += len(message.events) if isinstance(message, Observed) else 0

    def _next(self) -> Message | None:
        with self._changed:
            while True:
                if self._events:
                    count = min(_BATCH, len(self._events))
                    return Observed(tuple(self._events.popleft() for _ in range(count)))
                if self._stills:
                    return self._stills.popleft()
                if self._health is not None:
                    health, self._health = self._health, None
                    return health
                if self._stopping:
                    return None
                self._changed.wait()
