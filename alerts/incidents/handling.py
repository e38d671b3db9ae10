"""Handling: what people do with incidents, and what time does when they do nothing.

Every move is one transaction in which the incident is read, held to the table in `incident.py`, changed and journaled
with the name of the person. Two people at once: the second one is told what the first one did. A move never touches the
condition of an alert; that an incident is resolved reaches the engine as an event, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol

from alerts.alert import Condition
from alerts.engine import REOPENED_KIND, RESOLVED_KIND
from alerts.errors import MovedMeanwhileError
from alerts.incidents.deadlines import may_close, shown_again, stamped, unhidden
from alerts.incidents.guards import Wish, check
from alerts.incidents.incident import ENGINE, FINISHED, MOVES, Axis, Cause, Display, Verdict, done, move_named
from alerts.incidents.incident import Handling as State
from alerts.incidents.views import IncidentView, JournalEntry
from alerts.recording import person_event
from alerts.store.connection import Connection
from alerts.store.incidents import is_own, read_incident, to_reset, write_incident
from alerts.store.journal import append_events, last_move, write_journal
from alerts.store.orders import State as OrderState
from alerts.store.orders import end_orders, furthest
from alerts.store.reports import has_reported
from config.handling import Deadlines
from hub.access import Principal
from hub.bus import Bus, Topic
from hub.clock import Clock
from hub.errors import NotAllowedError
from hub.events import time_to_text
from hub.store.database import Database

_PEOPLES_MOVES = tuple(move.done for move in MOVES if move.by_people and (move.after is not None))
_TELLS = {"resolve": RESOLVED_KIND, "reopen": REOPENED_KIND}
"""Event kind by which the engine hears of a move."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A move that a person asks for, with what he says to it.

    Attributes:
        name: Of the move.
        who: Who asks.
        expected_version: The version the person saw; another one is a conflict. None takes what there is.
        note, verdict, cause, evidence, second, until: See `Wish`.
        extra: More for the journal, as JSON types.
    """

    name: str
    who: Principal
    expected_version: int | None = None
    note: str = ""
    verdict: Verdict = Verdict.NONE
    cause: Cause | None = None
    evidence: str = ""
    second: str = ""
    until: datetime | None = None
    extra: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def wish(self, now: datetime) -> Wish:
        """What the guards look at."""
        return Wish(now, self.who.role, self.note, self.verdict, self.cause, self.evidence, self.second, self.until)

    @property
    def said(self) -> dict[str, Any]:
        """What goes into the journal beside the note."""
        parts = {"evidence": self.evidence, "second": self.second, "cause": self.cause.value if self.cause else ""}
        return {**{name: value for name, value in parts.items() if value}, **self.extra}


Change = Callable[[IncidentView], IncidentView]
"""What a move makes of an incident besides what the table says."""
Also = Callable[[Connection, IncidentView, datetime], None]
"""What else is written in the same transaction; raising undoes all of it."""


@dataclass(frozen=True, slots=True)
class Written:
    """An incident after a move, and the newest numbers; `events_seq` is 0 when the engine was told nothing."""

    view: IncidentView
    journal_seq: int
    events_seq: int


class Done(Protocol):
    """What a task says of each thing that it did: the newest numbers, and 0 for events that there are none of."""

    @property
    def journal_seq(self) -> int:
        """Number of the newest journal entry."""

    @property
    def events_seq(self) -> int:
        """Number of the newest event."""


class Handling:
    """The moves of people. Safe from any thread; every call waits for its commit."""

    def __init__(
        self, database: Database, bus: Bus, clock: Clock, *, deadlines: Callable[[], Deadlines] = Deadlines
    ) -> None:
        """Work on a store.

        Args:
            database: Where incidents are.
            bus: Is told of new journal entries.
            clock: For the times of moves.
            deadlines: Those of the site, as they are now.
        """
        self._database = database
        self._bus = bus
        self._clock = clock
        self.deadlines = deadlines

    def acknowledge(
        self, incident_id: str, who: Principal, note: str = "", *, expected_version: int | None = None
    ) -> IncidentView:
        """Say that somebody has seen it; see `make` for what it raises."""
        return self.make(incident_id, Ask("acknowledge", who, expected_version, note))

    def comment(
        self, incident_id: str, who: Principal, note: str, *, expected_version: int | None = None
    ) -> IncidentView:
        """Add a note; see `make` for what it raises."""
        if not note.strip():
            raise NotAllowedError("an empty comment says nothing", allowed=("comment",))
        return self.make(incident_id, Ask("comment", who, expected_version, note))

    def resolve(
        self,
        incident_id: str,
        who: Principal,
        verdict: Verdict | str,
        *,
        note: str = "",
        cause: Cause | str | None = None,
        evidence: str = "",
        second: str = "",
        expected_version: int | None = None,
    ) -> IncidentView:
        """Say that it is dealt with, and what it was; see `make` for what it raises.

        It closes at once when nothing of it is active any more and nobody is waited for to rate it.

        Args:
            incident_id: Which.
            who: Who says so.
            verdict: What it was.
            note: What was done; needed for red.
            cause: What caused a false alarm or nuisance; needed for these.
            evidence: Id of a picture or clip that shows that a red one is false,
            second: or the account name of a second person who says so.
            expected_version: The version the person saw.
        """
        try:
            said, why = Verdict(verdict), Cause(cause) if cause else None
        except ValueError as error:
            known = ", ".join(each.value for each in (*Verdict, *Cause))
            raise NotAllowedError(f"{error}; known are {known}", allowed=("resolve",)) from None
        if second and second == who.name:
            raise NotAllowedError("the second person has to be another one", allowed=("resolve",))
        ask = Ask("resolve", who, expected_version, note, verdict=said, cause=why, evidence=evidence, second=second)
        return self.make(incident_id, ask, lambda view: replace(view, verdict=said))

    def reopen(
        self, incident_id: str, who: Principal, note: str = "", *, expected_version: int | None = None
    ) -> IncidentView:
        """Say that it was not solved; see `make` for what it raises."""
        ask = Ask("reopen", who, expected_version, note)
        return self.make(incident_id, ask, lambda view: replace(view, verdict=Verdict.NONE, rating=None))

    def shelve(
        self,
        incident_id: str,
        who: Principal,
        reason: str,
        until: datetime | None,
        *,
        expected_version: int | None = None,
    ) -> IncidentView:
        """Put it aside until a time, or with None until it returns; see `make` for what it raises."""
        ask = Ask("shelve", who, expected_version, reason, until=until)
        return self.make(
            incident_id,
            ask,
            lambda view: replace(view, hidden_until=until, hidden_by=who.name, hidden_why=reason),
        )

    def unshelve(
        self, incident_id: str, who: Principal, note: str = "", *, expected_version: int | None = None
    ) -> IncidentView:
        """Have it shown again; what still holds has to be seen again. See `make` for what it raises."""
        return self.make(incident_id, Ask("unshelve", who, expected_version, note), shown_again)

    def rate(
        self, incident_id: str, who: Principal, stars: int, note: str = "", *, expected_version: int | None = None
    ) -> IncidentView:
        """Say how it went, 1 to 5; see `make` for what it raises."""
        ask = Ask("rate", who, expected_version, note, extra={"rating": stars})
        return self.make(incident_id, ask, lambda view: replace(view, rating=stars))

    def make(
        self, incident_id: str, ask: Ask, change: Change = lambda view: view, *, also: Also | None = None
    ) -> IncidentView:
        """Make a move of the table.

        Args:
            incident_id: Which.
            ask: Who asks for what.
            change: What it makes of the incident besides handling or display, which the table gives.
            also: What else belongs into the same transaction.

        Raises:
            NotFoundError: No such incident.
            MovedMeanwhileError: Somebody else was first.
            NotAllowedError: The table or a guard does not have this move; holds what may be done.
        """
        return self.transact(
            lambda connection, now: make_move(
                connection, incident_id, ask, change, also=also, now=now, deadlines=self.deadlines()
            )
        )

    def transact(self, work: Callable[[Connection, datetime], Written]) -> IncidentView:
        """Do what somebody asks for in one transaction, and tell of it when it is committed."""
        now = self._clock.now()
        return self._database.write(lambda connection: work(connection, now), after_commit=self.announce).view

    def announce(self, written: Done) -> None:
        """Say that there is more in the journal, and perhaps among the events."""
        self._bus.announce(Topic.JOURNAL, written.journal_seq)
        if written.events_seq:
            self._bus.announce(Topic.EVENTS, written.events_seq)


def make_move(
    connection: Connection,
    incident_id: str,
    ask: Ask,
    change: Change = lambda view: view,
    *,
    also: Also | None = None,
    now: datetime,
    deadlines: Deadlines,
) -> Written:
    """Make a move inside a transaction; see `Handling.make`."""
    before = read_incident(connection, incident_id)
    if ask.expected_version is not None and ask.expected_version != before.version:
        raise _conflict(before, last_move(connection, incident_id, _PEOPLES_MOVES))
    reported = has_reported(connection, before, ask.who.name)
    situation = before.situation(
        own=reported or is_own(connection, before, ask.who.name),
        reported=reported,
        to_reset=to_reset(connection, incident_id),
    )
    try:
        check(ask.name, situation, ask.wish(now), deadlines)
    except NotAllowedError:
        first = last_move(connection, incident_id, _PEOPLES_MOVES)
        if first is not None and first.move == done(ask.name) and first.who != ask.who.name:
            raise _conflict(before, first) from None
        raise
    after = change(applied(before, ask.name))
    if ask.name == "acknowledge" and (sent := furthest(connection, incident_id)) is not None:
        after = replace(after, handling=State.ON_SCENE if sent is OrderState.ARRIVED else State.DISPATCHED)
    written = write_move(
        connection, before, after, name=ask.name, who=ask.who.name, note=ask.note, extra=ask.said, now=now,
        deadlines=deadlines,
    )  # fmt: skip
    if also is not None:
        also(connection, written.view, now)
        written = replace(written, journal_seq=write_journal(connection, ()))
    return written


def applied(view: IncidentView, name: str) -> IncidentView:
    """The incident with what the table says that a move changes."""
    move = move_named(name)
    if move.after is None or move.axis not in (Axis.HANDLING, Axis.DISPLAY):
        return view
    if move.axis is Axis.DISPLAY:
        return replace(view, display=Display(move.after))
    return replace(view, handling=State(move.after))


def write_move(
    connection: Connection,
    before: IncidentView,
    after: IncidentView,
    *,
    name: str,
    who: str,
    note: str = "",
    extra: Mapping[str, Any] = MappingProxyType({}),
    now: datetime,
    deadlines: Deadlines,
) -> Written:
    """Store what a move made of an incident, journal it, and tell the engine what it must hear.

    What is resolved closes in the same transaction if it may.
    """
    if after.handling in FINISHED:  # what is dealt with is hidden no longer, and comes back shown
        after = unhidden(after)
    if not after.alerts:  # what people alone reported holds until it is dealt with
        after = replace(after, active=after.handling not in FINISHED)
    view = stamped(replace(after, version=after.version + 1, changed=now), before, now, deadlines)
    entries = [(done(name), who, note, {**view.to_json(), **extra})]
    if view.handling is State.RESOLVED and may_close(view, now, deadlines):
        closed = replace(view, handling=State.CLOSED, version=view.version + 1)
        view = stamped(closed, view, now, deadlines)
        entries.append((done("close"), ENGINE, "", view.to_json()))
    write_incident(connection, view, new=False)
    if view.handling in FINISHED and before.handling not in FINISHED and name != "merge":
        end_orders(connection, view.id, who=who, now=now)
    events_seq = 0
    kind = _TELLS.get(name)
    if kind is not None:
        open_alerts = [each for each in view.alerts if each.condition != Condition.CLOSED]
        facts = [person_event(kind, each, who, now) for each in open_alerts]
        events_seq = append_events(connection, facts) if facts else 0
    rows = [
        {
            "at": time_to_text(now),
            "topic": "incident",
            "subject": view.id,
            "incident": view.id,
            "move": move,
            "who": by,
            "note": said,
            "body": body,
        }
        for move, by, said, body in entries
    ]
    return Written(view, write_journal(connection, rows), events_seq)


def _conflict(incident: IncidentView, first: JournalEntry | None) -> MovedMeanwhileError:
    if first is None:
        message = f"incident {incident.number} changed meanwhile"
    else:
        message = f"incident {incident.number} was {first.move} by {first.who} at {time_to_text(first.at)}"
    return MovedMeanwhileError(message, incident=incident, first=first)
