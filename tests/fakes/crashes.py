"""A hub's inner half that dies at chosen moments, and a day of devices and people around it that goes on.

The world outside remembers: a device sends again what was not acknowledged, a person looks whether the move was made.
The hub remembers only what was committed. What comes out is compared as bytes with a day on which nothing happened.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, event, select

from alerts.incidents.handling import Handling
from alerts.incidents.incident import allowed
from alerts.incidents.views import IncidentView
from alerts.language.places import places_of
from alerts.language.rulebook import RuleBook
from alerts.loop import EngineLoop
from alerts.store.lists import Filter, Repository
from hub.bus import Bus
from hub.clock import SetClock
from hub.errors import HubError, NotAllowedError
from hub.store.database import Database, Durability
from hub.store.event_log import EventLog, Fact
from hub.store.schema import alerts, cursors, events, incidents, journal, rule_states
from tests.fakes.days import COMMUNITY, START, Stretch, rules_of_the_day
from tests.fakes.people import CHEN

DEADLINE_S = 30.0
_TABLES = ((events, "seq"), (alerts, "id"), (incidents, "number"), (journal, "seq"), (rule_states, "rule"))


class PowerCut(HubError):  # noqa: N818 - it is no fault of anybody's
    """The process is gone: nothing that was not committed is left."""


class Cuts:
    """Cuts the power of a Database at chosen points: before a statement, before a commit, right after one."""

    def __init__(self, moments: Iterable[int] = ()) -> None:
        """Cut at these points, counted over all Databases that are watched one after the other."""
        self.points = 0
        self.made: Counter[str] = Counter()
        self._moments = sorted(moments, reverse=True)
        self._dead = False

    def watch(self, database: Database) -> None:
        """Count and cut in what this Database writes."""
        self._dead = False
        engine = database._engines.writing
        commit = engine.dialect.do_commit

        def do_commit(connection: Any) -> None:
            self._point("before commit")
            commit(connection)
            self._point("after commit")

        engine.dialect.do_commit = do_commit  # type: ignore[method-assign]
        event.listen(engine, "before_cursor_execute", self._statement)

    def _statement(self, _connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        words = statement.split(maxsplit=3)
        self._point(" ".join(words[:3]) if words[0] in ("INSERT", "UPDATE", "DELETE") else words[0])

    def _point(self, name: str) -> None:
        if self._dead:
            raise PowerCut(name)
        self.points += 1
        if self._moments and self.points >= self._moments[-1]:
            self._moments.pop()
            self._dead = True
            self.made[name] += 1
            raise PowerCut(name)


class Hub:
    """Event log, engine and people's moves on one database, with nothing but what is stored there."""

    def __init__(
        self,
        url: str,
        *,
        book: RuleBook,
        clock: SetClock,
        cuts: Cuts | None = None,
        batch: int = 500,
        durability: Durability = "normal",
    ) -> None:
        """Start on what is stored; deal with at most `batch` events in a transaction."""
        self.clock = clock
        self.database = Database(url, durability=durability)
        self.database.start()
        if cuts is not None:
            cuts.watch(self.database)
        self.bus = Bus()
        self.event_log = EventLog(self.database, self.bus)
        self.loop = EngineLoop(
            self.database,
            self.event_log,
            self.bus,
            clock,
            rulebook=book,
            places=places_of(COMMUNITY),
            settle_s=0,
            settle_after_start_s=0,
        )
        self.loop._batch = batch
        self.loop.restore()
        self.repository = Repository(self.database)
        self.handling = Handling(self.database, self.bus, clock)

    def live(self, stretch: Stretch, *, at_once: int = 7) -> None:
        """Some minutes of the day; again after a crash, it does what is missing.

        Args:
            stretch: Which.
            at_once: Events that reach the log together.
        """
        for begin in range(0, len(stretch.events), at_once):
            some = [Fact(each) for each in stretch.events[begin : begin + at_once]]
            self.event_log.append(some).result(DEADLINE_S)
        self.clock.set(stretch.until)
        while self.loop.step() or self.event_log.newest_seq() > self.loop.status().cursor:
            pass
        if not self._moved(stretch):
            self._move(stretch)

    def _moved(self, stretch: Stretch) -> bool:
        note = _note(stretch)
        newest = select(journal.c.note).where(journal.c.who == CHEN.name).order_by(journal.c.seq.desc()).limit(2)
        with self.database.read() as connection:
            return note in connection.scalars(newest).all()

    def _move(self, stretch: Stretch) -> None:
        """What a person does, if there is an incident with which it may be done."""
        found = [each for each in self._incidents() if stretch.move in allowed(each.handling)]
        if not found:
            return
        incident, note = found[stretch.choice % len(found)].id, _note(stretch)
        try:
            match stretch.move:
                case "acknowledge":
                    self.handling.acknowledge(incident, CHEN, note)
                case "comment":
                    self.handling.comment(incident, CHEN, note)
                case "resolve":
                    self.handling.resolve(incident, CHEN, "nuisance", note=note, cause="cooking")
                case _:
                    self.handling.reopen(incident, CHEN, note)
        except NotAllowedError:
            return  # a guard of the move; the same one every time

    def _incidents(self) -> list[IncidentView]:
        return sorted(self.repository.incidents(Filter(), limit=500).items, key=lambda each: each.number)

    def stop(self) -> None:
        """End, or clear away what a power cut has left of the process."""
        self.database.stop()


def _note(stretch: Stretch) -> str:
    return f"stretch {stretch.number}"


def live_through(
    url: str, day: Iterable[Stretch], *, cuts: Cuts, batches: random.Random | None = None, at_once: int = 7
) -> bytes:
    """A whole day on a fresh database, with a new hub after each power cut.

    Args:
        url: The database.
        day: What happens.
        cuts: When the power fails.
        batches: Chooses for each hub how many events it takes in one transaction.
        at_once: Events that reach the log together.

    Returns:
        What is stored then, see `dumped`.
    """
    clock, book = SetClock(START), rules_of_the_day()
    Hub(url, book=book, clock=clock).stop()  # the tables are made before the day begins
    hub: Hub | None = None
    for stretch in day:
        done = False
        while not done:
            try:
                if hub is None:
                    batch = batches.randrange(1, 30) if batches else 500
                    hub = Hub(url, book=book, clock=clock, cuts=cuts, batch=batch)
                hub.live(stretch, at_once=at_once)
                done = True
            except HubError:
                if hub is not None:
                    hub.stop()
                hub = None
    assert hub is not None
    try:
        return dumped(hub.database)
    finally:
        hub.stop()


def dumped(database: Database) -> bytes:
    """Events, alerts, incidents, journal and the engine's memory, in order.

    Numbers that the database counts up are counted anew: PostgreSQL leaves out those of a transaction that failed.
    """
    found = []
    with database.read() as connection:
        for table, key in _TABLES:
            order = [table.c[key], *table.primary_key.columns]
            for number, row in enumerate(connection.execute(select(table).order_by(*order)).mappings(), start=1):
                values = {str(name): value for name, value in row.items()}
                if key == "seq":
                    values[key] = number
                found.append(f"{table.name} {json.dumps(values, ensure_ascii=False)}\n")
        cursor = connection.execute(select(cursors.c.seq).where(cursors.c.reader == "engine")).scalar_one()
        newest = connection.execute(select(events.c.seq).order_by(events.c.seq.desc()).limit(1)).scalar_one()
    found.append(f"the engine has dealt with all but {newest - cursor}\n")
    return "".join(found).encode()


def differences(expected: bytes, found: bytes) -> list[str]:
    """The first lines that are not the same, for people; empty when all bytes are."""
    if expected == found:
        return []
    pairs = zip(expected.splitlines(), found.splitlines(), strict=False)
    lines = [f"expected {one.decode()}\nfound    {other.decode()}" for one, other in pairs if one != other][:3]
    return [f"{len(expected):,} bytes expected, {len(found):,} found", *lines]
