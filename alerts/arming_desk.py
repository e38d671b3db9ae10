"""ArmingDesk: what people arm and disarm, and what is armed now.

A person's word is an event like that of a keypad, stored in one transaction with the journal entry that holds the name
and the note; the engine hears of it from the log. What is armed is read from the engine's memory, with what it has not
heard yet on top, so that who has just armed sees it. Safe from any thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from alerts.arming import ARMING, ARMING_KIND, FOLLOWS, Arming, Said
from alerts.cells import Cell, Cells
from alerts.incidents.incident import ENGINE
from alerts.language.places import Places
from alerts.store.connection import Connection
from alerts.store.journal import append_events, read_cursor, write_journal
from alerts.store.states import read_states
from hub.bus import Bus, Topic
from hub.clock import Clock
from hub.events import Event, new_event_id, time_to_text
from hub.store.database import Database
from hub.store.event_log import EventLog
from hub.store.facts import from_us, to_us

_AT_ONCE = 1000
"""Events read in one go."""
_MOVES = {True: "armed", False: "disarmed", None: FOLLOWS}


@dataclass(frozen=True, slots=True)
class ArmingState:
    """Whether a place is armed.

    Attributes:
        armed: Whether it is.
        site: The site of which that was said, None when it was said of an area, or never.
        area: The area of which that was said, None when it was said of the site, or never.
        since: When it was said, None when never.
        who: The account or the keypad that said it.
    """

    armed: bool
    site: str | None = None
    area: str | None = None
    since: datetime | None = None
    who: str | None = None


class ArmingDesk:
    """Arming by people."""

    def __init__(self, database: Database, event_log: EventLog, bus: Bus, clock: Clock) -> None:
        self._database = database
        self._event_log = event_log
        self._bus = bus
        self._clock = clock

    def say(self, *, site: str | None, area: str | None, armed: bool | None, who: str, note: str = "") -> None:
        """Arm or disarm a site, or an area with all below it, or take that back; returns when it is stored.

        Args:
            site: Which site; None for the area.
            area: The area of the site, or which area.
            armed: Whether it is armed from now on; None leaves it to the areas above.
            who: Account name.
            note: For the journal.
        """
        now = self._clock.now()
        event = Event(
            id=new_event_id(),
            kind=ARMING_KIND,
            at=now,
            arrived=now,
            source=who,
            driver="person",
            site=site,
            area=area,
            fields={"armed": FOLLOWS if armed is None else armed},
        )
        entry = {
            "at": time_to_text(now),
            "topic": "arming",
            "subject": site or area or "",
            "incident": None,
            "move": _MOVES[armed],
            "who": who,
            "note": note,
            "body": {"site": site, "area": area, "armed": armed},
        }

        def work(connection: Connection) -> tuple[int, int]:
            return append_events(connection, [event]), write_journal(connection, [entry])

        def tell(result: tuple[int, int]) -> None:
            self._bus.announce(Topic.EVENTS, result[0])
            self._bus.announce(Topic.JOURNAL, result[1])

        self._database.write(work, after_commit=tell)

    def state(self, *, site: str | None, area: str | None, places: Places) -> ArmingState:
        """Whether a site, or an area, is armed now."""
        with self._database.read() as connection:
            stored, cursor = read_states(connection, rule=ARMING), read_cursor(connection, ENGINE) or 0
        cells = Cells(lambda _cell: ())
        for each in stored:
            cells.keep(Cell.from_stored(each))
        arming = Arming(cells)
        for event in self._unheard(cursor):
            arming.note(event)
        there = {name: value for name, value in (("site", site), ("area", area)) if value is not None}
        said: Said | None = arming.said(there, to_us(self._clock.now()), places)
        if said is None:
            return ArmingState(armed=False)
        return ArmingState(said.armed, said.site, said.area, from_us(said.at_us), said.who)

    def _unheard(self, seq: int) -> Iterator[Event]:
        while found := self._event_log.after(seq, _AT_ONCE):
            seq = found[-1].seq
            yield from (stored.event for stored in found if stored.event.kind == ARMING_KIND)
