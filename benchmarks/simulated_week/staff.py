"""The people of the week: they see, send, go there and say what it was, as incidents of a real store.

Two operators take turns by the shift, a supervisor deals with what is red, and two patrols go there. How fast they are
is assumed and written down here; what they say is the truth of the stories. The journal that comes of it is counted by
the same code as that of a hub.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import random
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from alerts.alert import Alert, Change, Raised
from alerts.cells import Unsaved
from alerts.dispatch.dispatching import Dispatching
from alerts.dispatch.grid import Grid
from alerts.figures.room_figures import RoomFigures, count
from alerts.incidents.handling import Ask, Handling
from alerts.incidents.incident import FINISHED, Cause, Verdict
from alerts.incidents.timekeeper import Timekeeper
from alerts.language.places import Places
from alerts.recording import Batch, record, timed
from alerts.store.figures import read_entries
from alerts.store.incidents import incident_of
from alerts.store.lists import Repository
from alerts.store.orders import Proof
from benchmarks.simulated_week.village import ZONE
from config.community import Level
from config.handling import STARTING
from hub.access import Principal, Role
from hub.bus import Bus
from hub.clock import SetClock
from hub.errors import HubError
from hub.store.database import Database, sqlite_url
from hub.store.people.accounts import Accounts

SEEN_S = {Level.CRITICAL: 25, Level.SERIOUS: 60, Level.WARNING: 200, Level.NOTICE: 900}
"""Median seconds until somebody looks; one in seven takes three times as long."""
SLOW_SHARE, SLOW = 1 / 7, 3.0
SENT_FROM = Level.SERIOUS
"""From this level on somebody is sent."""
SENT_S, THERE_S = 40.0, 420.0
DONE_S = 900.0
"""After it was raised somebody says what it was,"""
AGAIN_S = 900.0
"""and tries so much later again when the device still reports it."""
TRIES = 8

LIN, WANG = (Principal(name, name, Role.OPERATOR.value) for name in ("lin", "wang"))
PATROLS = ("zhao", "qian")
CHEN = Principal("chen", "chen", Role.SUPERVISOR.value)


class Staff:
    """Who works in the room, and the store that they work in."""

    def __init__(
        self, folder: Path, places: Places, *, is_true: Callable[[Alert], bool], begins: datetime, seed: int
    ) -> None:
        """Open a store in a folder; `is_true` says what stories know."""
        grid = Grid(places, ())
        self._clock = SetClock(begins)
        self._database = Database(sqlite_url(folder), durability="normal")
        self._database.start()
        accounts = Accounts(self._database, self._clock)
        for name in PATROLS:
            accounts.create(name, secrets.token_urlsafe(), Role.RESPONDER)
        bus = Bus()
        self._handling = Handling(self._database, bus, self._clock)
        self._orders = Dispatching(self._database, self._handling, lambda: grid)
        self._time = Timekeeper(self._database, bus, self._clock, deadlines=lambda: STARTING)
        self._repository = Repository(self._database)
        self._is_true = is_true
        self._dice = random.Random(seed)  # noqa: S311 - a repeatable story, no secret
        self._numbers = itertools.count()
        self._plans: list[tuple[datetime, int, Callable[[datetime], Sequence[str]]]] = []
        self._known: set[str] = set()

    def close(self) -> None:
        """Close the store."""
        self._database.stop()

    def record(self, changes: Sequence[Change]) -> None:
        """Store what the engine made, and plan what people do about what is new."""
        moments = timed([each for each in changes if each.move or isinstance(each, Raised)])
        if not moments:
            return
        batch = Batch(0, moments, Unsaved((), ()))
        self._database.write(lambda connection: record(connection, batch))
        for change in changes:
            if isinstance(change, Raised) and not change.alert.shadow and change.alert.level is not Level.INFO:
                self._plan(change.alert, change.at)

    def work(self, until: datetime) -> list[tuple[datetime, str]]:
        """Do what is planned up to a time.

        Returns:
            Ids of the alerts that were resolved, and when.
        """
        resolved: list[tuple[datetime, str]] = []
        while self._plans and self._plans[0][0] <= until:
            at, _, do = heapq.heappop(self._plans)
            self._clock.set(max(at, self._clock.now()))
            self._time.step()
            resolved += [(at, alert) for alert in do(at)]
        self._clock.set(max(until, self._clock.now()))
        return resolved

    def figures(self, since: datetime, until: datetime) -> RoomFigures:
        """What the journal says of two times."""
        entries = read_entries(self._database, since, until)
        return count(entries, since=since, until=until, deadlines=STARTING)

    def _plan(self, alert: Alert, at: datetime) -> None:
        found = self._database.write(lambda connection: incident_of(connection, alert.id))
        if found is None:
            return
        incident, true = found[0], self._is_true(alert)
        if incident not in self._known:
            self._known.add(incident)
            seen_s = SEEN_S[alert.level] * self._dice.uniform(0.4, 1.6)
            seen_s *= SLOW if self._dice.random() < SLOW_SHARE else 1.0
            self._at(at + timedelta(seconds=seen_s), lambda now: self._see(incident, alert.level, now))
        self._at(at + timedelta(seconds=DONE_S), lambda now: self._finish(incident, now, true=true, tries=TRIES))

    def _see(self, incident: str, level: Level, now: datetime) -> Sequence[str]:
        who = self._operator(now)
        self._try(lambda: self._handling.make(incident, Ask("acknowledge", who)))
        if level.rank >= SENT_FROM.rank:
            later = now + timedelta(seconds=SENT_S * self._dice.uniform(0.5, 2))
            self._at(later, lambda at: self._send(incident, at))
        return ()

    def _send(self, incident: str, now: datetime) -> Sequence[str]:
        unit = self._dice.choice(PATROLS)
        patrol = Principal(unit, unit, Role.RESPONDER.value)
        who = self._operator(now)
        orders = self._orders

        def send() -> None:
            order = orders.send(incident, who, unit).id
            accepts = now + timedelta(seconds=60 * self._dice.uniform(0.3, 2))
            self._at(accepts, lambda _at: self._try(lambda: orders.accept(order, patrol)))
            arrives = now + timedelta(seconds=THERE_S * self._dice.uniform(0.5, 1.5))
            self._at(arrives, lambda _at: self._try(lambda: orders.arrive(order, patrol, Proof.CODE)))

        self._try(send)
        return ()

    def _finish(self, incident: str, now: datetime, *, true: bool, tries: int) -> Sequence[str]:
        view = self._repository.incident(incident)
        if view.handling in FINISHED:
            return ()
        verdict = Verdict.TRUE if true else Verdict.NUISANCE
        who = CHEN if view.level is Level.CRITICAL else self._operator(now)
        try:
            self._handling.resolve(
                incident, who, verdict, note="dealt with", cause=None if true else Cause.OTHER, second="sun"
            )
        except HubError:
            if tries > 0:
                later = now + timedelta(seconds=AGAIN_S)
                self._at(later, lambda at: self._finish(incident, at, true=true, tries=tries - 1))
            return ()
        return [each.id for each in view.alerts if each.condition != "closed"]

    def _operator(self, now: datetime) -> Principal:
        return (LIN, WANG)[now.astimezone(ZONE).hour // 8 % 2]

    def _at(self, at: datetime, do: Callable[[datetime], Sequence[str]]) -> None:
        heapq.heappush(self._plans, (at, next(self._numbers), do))

    @staticmethod
    def _try(move: Callable[[], object]) -> Sequence[str]:
        """Somebody may have been first, or it is over."""
        with contextlib.suppress(HubError):
            move()
        return ()
