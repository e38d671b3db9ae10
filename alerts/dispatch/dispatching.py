"""Dispatch: people are sent to incidents, say that they come, that they are there, and that it is done.

What becomes of an order and the move of its incident are one transaction, in which both are read first: of two people
who act at once, the second one meets what the first one made. Who declines hands it to the next level of the grid
(`alerts/dispatch/sending.py`, which also does what time does with orders).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from alerts.dispatch.sending import GridNow, hand_on, new_order, word_for_leaving
from alerts.errors import OrderMovedError
from alerts.incidents.deadlines import accepted_until, done_until, reminded_at
from alerts.incidents.handling import Ask, Handling, Written, make_move
from alerts.incidents.incident import Cause, Verdict
from alerts.incidents.incident import Handling as Step
from alerts.incidents.views import IncidentView
from alerts.store.connection import Connection
from alerts.store.incidents import read_incident
from alerts.store.journal import write_journal
from alerts.store.orders import Order, Proof, State, list_orders, orders_of, read_order, sendable, write_order
from config.says import says
from hub.access import Principal, Role
from hub.errors import ConfigurationError, Mistake, NotAllowedError
from hub.reach import Within
from hub.store.database import Database

ANSWERS: dict[State, tuple[str, ...]] = {
    State.ORDERED: ("accept", "decline", "arrive", "cancel"),
    State.ACCEPTED: ("arrive", "done", "decline", "cancel"),
    State.ARRIVED: ("done",),
}
"""What can be said to an order, by how far it is; nothing once it is over."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What it was, as who was there says; see `Handling.resolve`."""

    verdict: Verdict
    note: str
    cause: Cause | None = None
    evidence: str = ""
    second: str = ""


Answer = Callable[[Connection, IncidentView, Order, datetime], Written]
"""What somebody makes of his order."""


class Dispatching:
    """What people do with orders. Safe from any thread; every call waits for its commit."""

    def __init__(self, database: Database, handling: Handling, grid: GridNow) -> None:
        """Send people.

        Args:
            database: Where orders are.
            handling: Makes the moves of incidents.
            grid: The duties as they are now.
        """
        self._database = database
        self._handling = handling
        self.grid = grid

    def orders(self, incident_id: str) -> list[Order]:
        """All orders of an incident, the first one first."""
        with self._database.read() as connection:
            return orders_of(connection, incident_id)

    def order(self, order_id: str) -> Order:
        """One order; raises NotFoundError."""
        with self._database.read() as connection:
            return read_order(connection, order_id)

    def listed(
        self,
        *,
        units: Sequence[str] = (),
        states: Sequence[State] = (),
        within: Within | None = None,
        own: str = "",
        after: tuple[str, str] | None = None,
        limit: int = 50,
    ) -> list[Order]:
        """Orders, the newest first; see `list_orders`."""
        with self._database.read() as connection:
            return list_orders(connection, units=units, states=states, within=within, own=own, after=after, limit=limit)

    def send(
        self,
        incident_id: str,
        who: Principal,
        unit: str,
        *,
        note: str = "",
        expected_version: int | None = None,
    ) -> Order:
        """Send somebody; a second one may be sent after the first.

        Args:
            incident_id: Where to.
            who: Who sends.
            unit: Account name of who is sent. For which level of the grid he answers follows from his duties.
            note: What he should know.
            expected_version: The version of the incident that was seen.

        Raises:
            NotFoundError: No such incident.
            ConfigurationError: There is nobody of that name who can be sent.
            MovedMeanwhileError: Somebody else was first.
            NotAllowedError: The table does not have it, or this person is on the way already.
        """
        sent: list[Order] = []

        def work(connection: Connection, now: datetime) -> Written:
            view, deadlines = read_incident(connection, incident_id), self._handling.deadlines()
            name = "reinforce" if view.handling in (Step.DISPATCHED, Step.ON_SCENE) else "dispatch"
            level = self.grid().level_for(unit, view.area, now)
            order = new_order(
                view,
                unit,
                who.name,
                now,
                grid=view.escalated if level is None else level,
                note=note,
                due=accepted_until(view, now, deadlines),
            )
            ask = Ask(name, who, expected_version, note, extra={"unit": unit, "order": order.id})
            written = make_move(connection, incident_id, ask, now=now, deadlines=deadlines)
            if unit not in sendable(connection, (unit,)):
                words = says(
                    "nobody of the name {unit} can be sent; name an account of the room or of a responder",
                    "没有可派的人叫 {unit}；请写值班员或处置人员的账号",
                    unit=repr(unit),
                )
                raise ConfigurationError((Mistake(None, "unit", words),))
            for known in orders_of(connection, view.id):
                if known.live and known.unit == unit:
                    raise NotAllowedError(f"{unit} was sent there already by {known.ordered_by}", allowed=())
            sent.append(write_order(connection, order, new=True, who=who.name, now=now))
            return replace(written, journal_seq=write_journal(connection, ()))

        self._handling.transact(work)
        return sent[-1]

    def accept(self, order_id: str, who: Principal, note: str = "", *, expected_version: int | None = None) -> Order:
        """Say that he comes.

        Args:
            order_id: Which.
            who: Who says so: who was sent, or the room for him.
            note: For the record.
            expected_version: The version of the order that was seen.

        Raises:
            NotFoundError: No such order.
            OrderMovedError: It has another version by now.
            NotAllowedError: The order, or the table, does not have this now.
        """

        def on_the_way(connection: Connection, view: IncidentView, order: Order, now: datetime) -> Written:
            due, remind = self._to_be_done(view, order)
            moved = replace(order, state=State.ACCEPTED, accepted=now, due=due, remind=remind, answer=note)
            return self._said(connection, moved, Ask("accept", who, note=note), now)

        return self._answered(order_id, who, "accept", on_the_way, expected_version=expected_version)

    def arrive(
        self,
        order_id: str,
        who: Principal,
        proof: Proof,
        note: str = "",
        *,
        shown: dict[str, Any] | None = None,
        expected_version: int | None = None,
    ) -> Order:
        """Say that he is there; see `accept` for the rest.

        Args:
            order_id: Which.
            who: Who says so.
            proof: What shows it; whoever calls has checked it.
            note: For the record.
            shown: More on the proof for the journal of the incident, as JSON types.
            expected_version: The version of the order that was seen.
        """

        def there(connection: Connection, view: IncidentView, order: Order, now: datetime) -> Written:
            due, remind = self._to_be_done(view, order)
            moved = replace(
                order, state=State.ARRIVED, accepted=order.accepted or now, arrived=now, arrived_by=proof, due=due,
                remind=remind, answer=note or order.answer,
            )  # fmt: skip
            name = "attend" if view.handling in (Step.NEW, Step.ON_SCENE) else "arrive"
            ask = Ask(name, who, note=note, extra={"unit": order.unit, "proof": proof.value, **(shown or {})})
            return self._said(connection, moved, ask, now)

        return self._answered(order_id, who, "arrive", there, expected_version=expected_version)

    def finish(self, order_id: str, who: Principal, finding: Finding, *, expected_version: int | None = None) -> Order:
        """Say that it is done and what it was, which resolves the incident and ends all its orders; see `accept`."""
        if finding.second and finding.second == who.name:
            raise NotAllowedError("the second person has to be another one", allowed=("done",))

        def done(connection: Connection, _view: IncidentView, order: Order, now: datetime) -> Written:
            moved = replace(order, state=State.DONE, ended=now, due=None, remind=None, answer=finding.note)
            ask = Ask(
                "resolve", who, note=finding.note, verdict=finding.verdict, cause=finding.cause,
                evidence=finding.evidence, second=finding.second, extra={"order": order.id},
            )  # fmt: skip
            write_order(connection, moved, new=False, who=who.name, now=now)
            return make_move(
                connection,
                order.incident,
                ask,
                lambda view: replace(view, verdict=finding.verdict),
                now=now,
                deadlines=self._handling.deadlines(),
            )

        return self._answered(order_id, who, "done", done, expected_version=expected_version)

    def decline(self, order_id: str, who: Principal, reason: str, *, expected_version: int | None = None) -> Order:
        """Say that he cannot come, and why: the next level of the grid is asked. See `accept`."""

        def declined(connection: Connection, view: IncidentView, order: Order, now: datetime) -> Written:
            left = self._left(connection, view, order, who=who, now=now, state=State.DECLINED, reason=reason)
            deadlines = self._handling.deadlines()
            return hand_on(connection, left.view, order, grid=self.grid(), now=now, deadlines=deadlines) or left

        return self._answered(order_id, who, "decline", declined, expected_version=expected_version)

    def cancel(self, order_id: str, who: Principal, reason: str, *, expected_version: int | None = None) -> Order:
        """Call somebody back, and nobody else is sent; see `accept`."""

        def called_back(connection: Connection, view: IncidentView, order: Order, now: datetime) -> Written:
            return self._left(connection, view, order, who=who, now=now, state=State.CANCELLED, reason=reason)

        return self._answered(order_id, who, "cancel", called_back, expected_version=expected_version)

    def _to_be_done(self, view: IncidentView, order: Order) -> tuple[datetime | None, datetime | None]:
        """Until when it has to be done, and when he is reminded of it."""
        deadlines = self._handling.deadlines()
        due = done_until(view, order.ordered, deadlines)
        return due, reminded_at(view, due, deadlines)

    def _left(
        self,
        connection: Connection,
        view: IncidentView,
        order: Order,
        *,
        who: Principal,
        now: datetime,
        state: State,
        reason: str,
    ) -> Written:
        if not reason.strip():
            raise NotAllowedError("say why", allowed=ANSWERS[order.state])
        name = word_for_leaving(connection, view, order)
        moved = replace(order, state=state, ended=now, due=None, remind=None, answer=reason)
        return self._said(connection, moved, Ask(name, who, note=reason, extra={"unit": order.unit}), now)

    def _said(self, connection: Connection, moved: Order, ask: Ask, now: datetime) -> Written:
        write_order(connection, moved, new=False, who=ask.who.name, now=now)
        return make_move(connection, moved.incident, ask, now=now, deadlines=self._handling.deadlines())

    def _answered(
        self, order_id: str, who: Principal, name: str, answer: Answer, *, expected_version: int | None
    ) -> Order:
        """Move an order and its incident together."""
        moved: list[Order] = []

        def work(connection: Connection, now: datetime) -> Written:
            order = read_order(connection, order_id)
            if expected_version is not None and expected_version != order.version:
                raise OrderMovedError(f"the order is {order.state} by now", order=order)
            if who.role == Role.RESPONDER and order.unit != who.name:
                raise NotAllowedError("this is somebody else's order", allowed=())
            may = ANSWERS.get(order.state, ())
            if name not in may:
                raise NotAllowedError(f"the order is {order.state}", allowed=may)
            written = answer(connection, read_incident(connection, order.incident), order, now)
            moved.append(read_order(connection, order_id))
            return written

        self._handling.transact(work)
        return moved[-1]
