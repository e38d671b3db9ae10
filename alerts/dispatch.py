"""Dispatch: people are sent to incidents, say that they come, that they are there, and that it is done.

An order is part of the same transaction as the move of its incident. Who declines, or does not answer in time, hands it
to the next level of the grid: the next person on duty there is sent at once, and without one the room has it back. For
some kinds somebody is sent the moment they are raised; the room has to see them all the same.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from alerts.grid import TOP, Grid, Responsible
from alerts.handling import Ask, Handling, Written, applied, write_move
from alerts.incident import ENGINE, Cause, Verdict
from alerts.incident import Handling as Step
from alerts.store.connection import Connection
from alerts.store.incidents import read_incident, unsent
from alerts.store.orders import Order, Proof, State, due_orders, orders_of, read_order, write_order
from alerts.timekeeper import Task
from alerts.views import IncidentView
from config.handling import Deadlines
from hub.access import Principal, Role
from hub.errors import NotAllowedError
from hub.store.database import Database

AT_ONCE = frozenset({"sos.button", "sos.app", "fire.confirmed", "fire.manual_call"})
"""Kinds for which somebody is sent before anybody in the room has looked."""

GridNow = Callable[[], Grid]


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
        self._grid = grid

    def orders(self, incident_id: str) -> list[Order]:
        """All orders of an incident, the first one first."""
        with self._database.read() as connection:
            return orders_of(connection, incident_id)

    def order(self, order_id: str) -> Order:
        """One order; raises NotFoundError."""
        with self._database.read() as connection:
            return read_order(connection, order_id)

    def send(
        self,
        incident_id: str,
        who: Principal,
        unit: str,
        *,
        note: str = "",
        grid: int = 0,
        expected_version: int | None = None,
    ) -> Order:
        """Send somebody; a second one may be sent after the first.

        Args:
            incident_id: Where to.
            who: Who sends.
            unit: Account name of who is sent.
            note: What he should know.
            grid: The level of the grid he answers for.
            expected_version: The version of the incident that was seen.

        Raises:
            NotFoundError: No such incident.
            MovedMeanwhileError: Somebody else was first.
            NotAllowedError: The table does not have it, or this person is on the way already.
        """
        sent: list[Order] = []

        def also(connection: Connection, view: IncidentView, now: datetime) -> None:
            if any(order.live and order.unit == unit for order in orders_of(connection, view.id)):
                raise NotAllowedError(f"{unit} is sent there already", allowed=())
            sent.append(_ordered(view, unit, who.name, now, grid=grid, note=note, deadlines=self._handling.deadlines()))
            write_order(connection, sent[-1], new=True)

        with self._database.read() as connection:
            on_the_way = read_incident(connection, incident_id).handling in (Step.DISPATCHED, Step.ON_SCENE)
        name = "reinforce" if on_the_way else "dispatch"
        self._handling.make(incident_id, Ask(name, who, expected_version, note, extra={"unit": unit}), also=also)
        return sent[-1]

    def accept(self, order_id: str, who: Principal, note: str = "") -> Order:
        """Say that he comes; see `send` for what it raises."""
        return self._answered(
            order_id,
            Ask("accept", who, note=note),
            lambda order, now: replace(order, state=State.ACCEPTED, accepted=now, due=None, note=note),
            before=(State.ORDERED,),
        )

    def arrive(self, order_id: str, who: Principal, proof: Proof, note: str = "") -> Order:
        """Say that he is there; see `send` for what it raises.

        Args:
            order_id: Which.
            who: Who says so.
            proof: What shows it; whoever calls has checked it.
            note: For the record.
        """

        def there(order: Order, now: datetime) -> Order:
            accepted = order.accepted or now
            return replace(
                order, state=State.ARRIVED, accepted=accepted, arrived=now, arrived_by=proof, due=None, note=note
            )

        with self._database.read() as connection:
            view = read_incident(connection, read_order(connection, order_id).incident)
        name = "attend" if view.handling in (Step.NEW, Step.ON_SCENE) else "arrive"
        ask = Ask(name, who, note=note, extra={"proof": proof.value})
        return self._answered(order_id, ask, there, before=(State.ORDERED, State.ACCEPTED))

    def finish(
        self,
        order_id: str,
        who: Principal,
        verdict: Verdict,
        *,
        note: str,
        cause: Cause | None = None,
        evidence: str = "",
        second: str = "",
    ) -> Order:
        """Say that it is done and what it was, which resolves the incident; see `send` for what it raises."""
        known = self.order(order_id)
        _must_be_his(known, who)
        _must_be(known, (State.ACCEPTED, State.ARRIVED))
        finished: list[Order] = []

        def also(connection: Connection, _view: IncidentView, now: datetime) -> None:
            finished.append(replace(known, state=State.DONE, ended=now, due=None, note=note))
            write_order(connection, finished[-1], new=False)

        ask = Ask("resolve", who, note=note, verdict=verdict, cause=cause, evidence=evidence, second=second)
        self._handling.make(known.incident, ask, lambda view: replace(view, verdict=verdict), also=also)
        return finished[-1]

    def decline(self, order_id: str, who: Principal, reason: str) -> Order:
        """Say that he cannot come: the next level of the grid is asked. See `send` for what it raises."""
        return self._given_back(order_id, who, State.DECLINED, reason)

    def cancel(self, order_id: str, who: Principal, reason: str) -> Order:
        """Call somebody back, and nobody else is sent; see `send` for what it raises."""
        return self._given_back(order_id, who, State.CANCELLED, reason)

    def _given_back(self, order_id: str, who: Principal, state: State, reason: str) -> Order:
        if not reason.strip():
            raise NotAllowedError("say why", allowed=())
        with self._database.read() as connection:
            known = read_order(connection, order_id)
            name = _word_for_leaving(connection, read_incident(connection, known.incident), known)
        ended: list[Order] = []

        def also(connection: Connection, view: IncidentView, now: datetime) -> None:
            order = read_order(connection, order_id)
            _must_be(order, (State.ORDERED, State.ACCEPTED))
            ended.append(replace(order, state=state, ended=now, due=None, note=reason))
            write_order(connection, ended[-1], new=False)
            if state is State.DECLINED:
                _hand_on(connection, view, order, grid=self._grid(), now=now, deadlines=self._handling.deadlines())

        _must_be_his(known, who)
        self._handling.make(known.incident, Ask(name, who, note=reason, extra={"unit": known.unit}), also=also)
        return ended[-1]

    def _answered(
        self,
        order_id: str,
        ask: Ask,
        move: Callable[[Order, datetime], Order],
        *,
        before: tuple[State, ...],
    ) -> Order:
        """Move an order and its incident together."""
        known = self.order(order_id)
        _must_be_his(known, ask.who)
        _must_be(known, before)
        moved: list[Order] = []

        def also(connection: Connection, _view: IncidentView, now: datetime) -> None:
            order = read_order(connection, order_id)
            _must_be(order, before)
            moved.append(move(order, now))
            write_order(connection, moved[-1], new=False)

        self._handling.make(known.incident, ask, also=also)
        return moved[-1]


def lapse_orders(grid: GridNow) -> Task:
    """What time does with orders: who did not accept in time is asked no more, and the next level is."""

    def task(connection: Connection, now: datetime, deadlines: Deadlines, most: int) -> list[Written]:
        written = []
        for order in due_orders(connection, now, most):
            view = read_incident(connection, order.incident)
            name = _word_for_leaving(connection, view, order)
            write_order(connection, replace(order, state=State.LAPSED, ended=now, due=None), new=False)
            left = write_move(
                connection,
                view,
                applied(view, name),
                name=name,
                who=ENGINE,
                note="not accepted in time",
                extra={"unit": order.unit},
                now=now,
                deadlines=deadlines,
            )
            handed = _hand_on(connection, left.view, order, grid=grid(), now=now, deadlines=deadlines)
            written.append(handed or left)
        return written

    return task


def send_at_once(grid: GridNow) -> Task:
    """For kinds that leave no time, who is on duty is sent before anybody in the room has looked."""

    def task(connection: Connection, now: datetime, deadlines: Deadlines, most: int) -> list[Written]:
        written = []
        for incident in unsent(connection, AT_ONCE, most):
            view = read_incident(connection, incident)
            answering = grid().answering(view.area, now, from_level=view.escalated)
            if answering is not None:
                written.append(_send(connection, view, answering, now=now, deadlines=deadlines))
        return written

    return task


def _hand_on(
    connection: Connection, view: IncidentView, order: Order, *, grid: Grid, now: datetime, deadlines: Deadlines
) -> Written | None:
    """Send the next level above who could not come, unless somebody else is on his way."""
    answering = grid.answering(view.area, now, from_level=order.grid + 1) if order.grid < TOP else None
    if answering is None or _others(connection, order):
        return None
    return _send(connection, view, answering, now=now, deadlines=deadlines)


def _send(
    connection: Connection, view: IncidentView, answering: Responsible, *, now: datetime, deadlines: Deadlines
) -> Written:
    unit = answering.accounts[0]
    order = _ordered(view, unit, ENGINE, now, grid=answering.level, note="", deadlines=deadlines)
    write_order(connection, order, new=True)
    name = "dispatch" if view.handling is Step.SEEN else "order"
    after = replace(applied(view, name), escalated=max(view.escalated, answering.level))
    extra = {"unit": unit, "order": order.id}
    return write_move(connection, view, after, name=name, who=ENGINE, extra=extra, now=now, deadlines=deadlines)


def _ordered(
    view: IncidentView, unit: str, by: str, now: datetime, *, grid: int, note: str, deadlines: Deadlines
) -> Order:
    within = deadlines.accepted_within_s.of(view.level.value)
    return Order(
        id=uuid.uuid4().hex,
        incident=view.id,
        unit=unit,
        state=State.ORDERED,
        grid=grid,
        ordered=now,
        ordered_by=by,
        due=None if within is None else now + within,
        note=note,
    )


def _others(connection: Connection, order: Order) -> bool:
    """Whether somebody else is on his way, or there."""
    return any(each.live and each.id != order.id for each in orders_of(connection, order.incident))


def _word_for_leaving(connection: Connection, view: IncidentView, order: Order) -> str:
    """The room has an incident back when the last who was sent does not come."""
    last = view.handling is Step.DISPATCHED and not _others(connection, order)
    return "decline" if last else "fall_out"


def _must_be(order: Order, states: tuple[State, ...]) -> None:
    if order.state not in states:
        raise NotAllowedError(f"the order is {order.state}", allowed=())


def _must_be_his(order: Order, who: Principal) -> None:
    if who.role == Role.RESPONDER and order.unit != who.name:
        raise NotAllowedError("this is somebody else's order", allowed=())
