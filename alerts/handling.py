"""Handling: what people do with incidents.

Every move is one transaction in which the incident is read, held to the table in `incident.py`, changed and journaled
with the name of the person. Two people at once: the second one is told what the first one did. A move never touches the
condition of an alert; that an incident is resolved reaches the engine as an event, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from alerts.alert import Condition
from alerts.engine import REOPENED_KIND, RESOLVED_KIND
from alerts.errors import MovedMeanwhileError
from alerts.incident import MOVES, Cause, Verdict, check_resolution, done, moved
from alerts.incident import Handling as State
from alerts.recording import ENGINE, person_event
from alerts.repository import (
    Connection,
    append_events,
    last_move,
    read_incident,
    write_incident,
    write_journal,
)
from alerts.views import IncidentView, JournalEntry
from hub.bus import Bus, Topic
from hub.clock import Clock
from hub.errors import NotAllowedError
from hub.events import Event, time_to_text
from hub.store.database import Database

_PEOPLES_MOVES = tuple(move.done for move in MOVES if move.by_people and move.after is not None)


@dataclass(frozen=True, slots=True)
class _Done:
    view: IncidentView
    journal_seq: int
    events_seq: int


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a move makes of an incident.

    Attributes:
        view: The incident after it, its version not counted up yet.
        note: For the journal.
        extra: More for the journal's body.
        tells: Event kind that the engine must hear for each open alert, or empty.
    """

    view: IncidentView
    note: str = ""
    extra: tuple[tuple[str, str], ...] = ()
    tells: str = ""


class Handling:
    """The moves of people. Safe from any thread; every call waits for its commit."""

    def __init__(self, database: Database, bus: Bus, clock: Clock) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock

    def acknowledge(
        self, incident_id: str, who: str, note: str = "", *, expected_version: int | None = None
    ) -> IncidentView:
        """Say that somebody has seen it.

        Args:
            incident_id: Which.
            who: Account name.
            note: For the record.
            expected_version: The version the person saw; another one is a conflict.

        Raises:
            NotFoundError: No such incident.
            MovedMeanwhileError: Somebody else was first.
            NotAllowedError: The table does not have this move; holds what may be done.
        """
        return self._move(
            incident_id,
            who,
            "acknowledge",
            lambda view: _Outcome(replace(view, handling=moved(view.handling, "acknowledge")), note=note),
            expected_version=expected_version,
        )

    def comment(self, incident_id: str, who: str, note: str, *, expected_version: int | None = None) -> IncidentView:
        """Add a note; see `acknowledge` for what it raises."""
        if not note.strip():
            raise NotAllowedError("an empty comment says nothing", allowed=("comment",))
        return self._move(
            incident_id, who, "comment", lambda view: _Outcome(view, note=note), expected_version=expected_version
        )

    def resolve(
        self,
        incident_id: str,
        who: str,
        verdict: Verdict | str,
        *,
        note: str = "",
        cause: Cause | str | None = None,
        expected_version: int | None = None,
    ) -> IncidentView:
        """Say that it is dealt with, and what it was. It closes at once when nothing of it is active any more.

        Args:
            incident_id: Which.
            who: Account name.
            verdict: What it was.
            note: What was done; needed for red.
            cause: What caused a false alarm or nuisance; needed for these.
            expected_version: The version the person saw.

        Raises:
            NotFoundError: No such incident.
            MovedMeanwhileError: Somebody else was first.
            NotAllowedError: The table does not have this move, or something that must be said is missing.
        """
        try:
            said, why = Verdict(verdict), Cause(cause) if cause else None
        except ValueError as error:
            known = ", ".join(each.value for each in (*Verdict, *Cause))
            raise NotAllowedError(f"{error}; known are {known}", allowed=("resolve",)) from None

        def outcome(view: IncidentView) -> _Outcome:
            handling = moved(view.handling, "resolve")
            check_resolution(view.level, said, note, why)
            return _Outcome(
                replace(view, handling=handling, verdict=said),
                note=note,
                extra=(("cause", why.value),) if why else (),
                tells=RESOLVED_KIND,
            )

        return self._move(incident_id, who, "resolve", outcome, expected_version=expected_version)

    def reopen(
        self, incident_id: str, who: str, note: str = "", *, expected_version: int | None = None
    ) -> IncidentView:
        """Say that it was not solved; see `acknowledge` for what it raises."""
        return self._move(
            incident_id,
            who,
            "reopen",
            lambda view: _Outcome(
                replace(view, handling=moved(view.handling, "reopen"), verdict=Verdict.NONE),
                note=note,
                tells=REOPENED_KIND,
            ),
            expected_version=expected_version,
        )

    def _move(
        self,
        incident_id: str,
        who: str,
        name: str,
        make: Callable[[IncidentView], _Outcome],
        *,
        expected_version: int | None,
    ) -> IncidentView:
        def work(connection: Connection) -> _Done:
            before = read_incident(connection, incident_id)
            if expected_version is not None and expected_version != before.version:
                raise _conflict(before, last_move(connection, incident_id, _PEOPLES_MOVES))
            try:
                outcome = make(before)
            except NotAllowedError:
                first = last_move(connection, incident_id, _PEOPLES_MOVES)
                if first is not None and first.move == done(name) and first.who != who:
                    raise _conflict(before, first) from None
                raise
            return self._written(connection, who, name, outcome)

        def tell(result: _Done) -> None:
            self._bus.announce(Topic.JOURNAL, result.journal_seq)
            if result.events_seq:
                self._bus.announce(Topic.EVENTS, result.events_seq)

        return self._database.write(work, after_commit=tell).view

    def _written(self, connection: Connection, who: str, name: str, outcome: _Outcome) -> _Done:
        now = self._clock.now()
        view = replace(outcome.view, version=outcome.view.version + 1, changed=now)
        entries = [(done(name), who, outcome.note, {**view.to_json(), **dict(outcome.extra)})]
        if view.handling is State.RESOLVED and not view.active:
            view = replace(view, handling=moved(view.handling, "close"), version=view.version + 1)
            entries.append((done("close"), ENGINE, "", view.to_json()))
        write_incident(connection, view, new=False)
        events_seq = 0
        if outcome.tells:
            open_alerts = [each for each in view.alerts if each.condition != Condition.CLOSED]
            facts: list[Event] = [person_event(outcome.tells, each, who, now) for each in open_alerts]
            events_seq = append_events(connection, facts) if facts else 0
        journal_seq = write_journal(
            connection,
            [
                {
                    "at": time_to_text(now),
                    "topic": "incident",
                    "subject": view.id,
                    "incident": view.id,
                    "move": move,
                    "who": by,
                    "note": note,
                    "body": body,
                }
                for move, by, note, body in entries
            ],
        )
        return _Done(view, journal_seq, events_seq)


def _conflict(incident: IncidentView, first: JournalEntry | None) -> MovedMeanwhileError:
    if first is None:
        message = f"incident {incident.number} changed meanwhile"
    else:
        message = f"incident {incident.number} was {first.move} by {first.who} at {time_to_text(first.at)}"
    return MovedMeanwhileError(message, incident=incident, first=first)
