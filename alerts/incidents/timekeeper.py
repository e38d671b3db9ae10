"""Timekeeper: does what is due because nobody did anything.

One thread asks the store each second what is due, and does it in one transaction: incidents that nobody has seen go up
the grid, what was put aside is shown again, what is resolved closes when its time has come. Others that keep times in
the store (orders, reports) take part as tasks. Everything due is in the store, so a hub that was away does it when it
is back, at the time at which it is back; nothing is kept here.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from alerts.incidents.deadlines import TOP, stamped, time_move
from alerts.incidents.handling import Done, Written, applied, write_move
from alerts.incidents.hiding import no_longer_hidden
from alerts.incidents.incident import ENGINE
from alerts.incidents.suppressions import showing_move
from alerts.incidents.views import IncidentView
from alerts.store.connection import Connection
from alerts.store.incidents import due_incidents, read_incident, write_incident
from config.handling import Deadlines
from hub.bus import Bus, Topic
from hub.clock import Clock
from hub.errors import StoreClosedError
from hub.store.database import Database

logger = logging.getLogger(__name__)

EVERY_S = 1.0
AT_ONCE = 100
"""Moves in one transaction, so that a storm of deadlines does not keep people's moves waiting."""

Task = Callable[[Connection, datetime, Deadlines, int], Sequence[Done]]
"""Does at most so many things that are due, inside a transaction; says what was written."""


class Timekeeper:
    """Runs the tasks. `start` once, `stop` any number of times; `step` is for tests."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        clock: Clock,
        *,
        deadlines: Callable[[], Deadlines],
        tasks: Sequence[Task] = (),
    ) -> None:
        """Keep the time of what is in a store.

        Args:
            database: Where everything due is.
            bus: Is told of new journal entries.
            clock: Says what time it is.
            deadlines: Those of the site, as they are now.
            tasks: What is done besides moving incidents.
        """
        self._database = database
        self._bus = bus
        self._clock = clock
        self._deadlines = deadlines
        self._tasks = (move_incidents, *tasks)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="timekeeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the transaction at hand and stop."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def step(self) -> int:
        """Do what is due now.

        Returns:
            How many moves were made.
        """
        now, deadlines = self._clock.now(), self._deadlines()
        made = 0
        for task in self._tasks:
            while True:
                written = self._done(task, now, deadlines)
                made += len(written)
                if len(written) < AT_ONCE:
                    break
        return made

    def _done(self, task: Task, now: datetime, deadlines: Deadlines) -> Sequence[Done]:
        def tell(written: Sequence[Done]) -> None:
            if not written:
                return
            self._bus.announce(Topic.JOURNAL, max(each.journal_seq for each in written))
            newest_event = max(each.events_seq for each in written)
            if newest_event:
                self._bus.announce(Topic.EVENTS, newest_event)

        return self._database.write(lambda connection: task(connection, now, deadlines, AT_ONCE), after_commit=tell)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.step()
            except StoreClosedError:
                return
            except Exception:
                logger.exception("what was due could not be done, trying again")
            self._clock.wait(self._stopping, EVERY_S)


def move_incidents(connection: Connection, now: datetime, deadlines: Deadlines, most: int) -> list[Written]:
    """Move the incidents whose time has come."""
    written = []
    for incident in due_incidents(connection, now, most):
        view = read_incident(connection, incident)
        name = time_move(view, now, deadlines)
        if name is None:  # the site has other deadlines by now
            write_incident(connection, stamped(view, view, now, deadlines), new=False)
            continue
        if name in ("unshelve", "restore"):
            after = no_longer_hidden(connection, view, now)
            name = showing_move(view.display, after.display)
        else:
            after = _moved(view, name)
        written.append(write_move(connection, view, after, name=name, who=ENGINE, now=now, deadlines=deadlines))
    return written


def _moved(view: IncidentView, name: str) -> IncidentView:
    after = applied(view, name)
    if name in ("escalate", "lapse"):  # who did nothing is not asked again alone
        after = replace(after, escalated=min(view.escalated + 1, TOP))
    return after
