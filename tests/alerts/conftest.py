"""What the tests of alerts share: a hub's inner half, from the event log to the journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from alerts.incidents.handling import Handling
from alerts.incidents.views import IncidentView, JournalEntry
from alerts.language.places import places_of
from alerts.language.rulebook import SHIPPED, RuleBook, load_rules
from alerts.loop import EngineLoop
from alerts.store.lists import Filter, Repository
from hub.bus import Bus
from hub.clock import SetClock
from hub.events import Event
from hub.store.database import Database
from hub.store.event_log import EventLog, Fact
from tests.fakes.stories import COMMUNITY, moment


@dataclass
class Room:
    """Store, engine loop and the people's moves, on a clock that the test moves."""

    database: Database
    bus: Bus
    clock: SetClock
    event_log: EventLog
    loop: EngineLoop
    repository: Repository
    handling: Handling

    def happens(self, *events: Event) -> None:
        """Store events at the time of their arrival, and let the loop deal with them."""
        for event in events:
            self.clock.set(event.arrived)
            self.event_log.append([Fact(event)]).result(5)
        self.runs()

    def passes(self, at_s: float) -> None:
        """Let time pass up to so many seconds after the start."""
        self.clock.set(moment(at_s))
        self.runs()

    def runs(self) -> None:
        """Let the loop deal with all there is."""
        while self.loop.step() or self.loop.status().behind:
            pass

    @property
    def incidents(self) -> list[IncidentView]:
        """All, the newest first."""
        return list(self.repository.incidents(Filter()).items)

    @property
    def incident(self) -> IncidentView:
        """The only one."""
        [found] = self.incidents
        return found

    @property
    def journal(self) -> list[JournalEntry]:
        """All of it."""
        return self.repository.journal_after(0, 10_000)

    @property
    def moves(self) -> list[str]:
        """The journal as `topic move`."""
        return [f"{entry.topic} {entry.move}" for entry in self.journal]


MakeRoom = Callable[..., Room]


def room_on(database: Database, book: RuleBook, *, starts_at_s: float = 0.0, settle_after_start_s: float = 0.0) -> Room:
    """A Room on a started database."""
    clock, bus = SetClock(moment(starts_at_s)), Bus()
    event_log = EventLog(database, bus)
    loop = EngineLoop(
        database,
        event_log,
        bus,
        clock,
        rulebook=book,
        places=places_of(COMMUNITY),
        settle_s=0,
        settle_after_start_s=settle_after_start_s,
    )
    loop.restore()
    return Room(database, bus, clock, event_log, loop, Repository(database), Handling(database, bus, clock))


@pytest.fixture(scope="session")
def shipped() -> RuleBook:
    """The rules that come with the program."""
    return load_rules(SHIPPED)


@pytest.fixture
def room(database: Database, shipped: RuleBook) -> Room:
    """A Room with the shipped rules, on each kind of database."""
    return room_on(database, shipped)


@pytest.fixture
def make_room(sqlite_database: Database, shipped: RuleBook) -> MakeRoom:
    """Makes Rooms on one SQLite database; a second one is what a restart finds."""

    def make(book: RuleBook | None = None, **settings: float) -> Room:
        return room_on(sqlite_database, book or shipped, **settings)

    return make
