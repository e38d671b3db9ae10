"""Sending: who is asked next, and what time does with orders.

Who declined or did not answer in time is not asked again: the next level of the grid is, there whoever is on duty and
free, or else on call. Where nobody is free the first on duty is asked all the same, and where nobody is on duty up to
the town the room has it back. For some kinds somebody is sent the moment they are raised; the room has to see them all
the same. Everything due is in the store.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from alerts.dispatch.grid import TOP, Grid
from alerts.incidents.deadlines import accepted_until, is_request, reminded_at
from alerts.incidents.handling import Written, applied, write_move
from alerts.incidents.incident import ENGINE, FINISHED
from alerts.incidents.incident import Handling as Step
from alerts.incidents.timekeeper import Task
from alerts.incidents.views import IncidentView
from alerts.store.connection import Connection
from alerts.store.incidents import read_incident, unsent
from alerts.store.journal import write_journal
from alerts.store.orders import Order, State, awaited, busy, orders_of, sendable, unanswered, write_order
from config.handling import Deadlines

AT_ONCE = frozenset({"sos.button", "sos.app", "fire.confirmed", "fire.manual_call"})
"""Kinds for which somebody is sent before anybody in the room has looked."""
_MOST_UNSENT = 1000
"""Looked at once; those for whom nobody is on duty stay among them, and must not keep the others from being found."""

GridNow = Callable[[], Grid]


def lapse_orders(grid: GridNow) -> Task:
    """What time does with orders: who did not accept in time is asked no more, and the next level is."""

    def task(connection: Connection, now: datetime, deadlines: Deadlines, most: int) -> list[Written]:
        return [
            _lapsed(connection, order, grid=grid(), now=now, deadlines=deadlines)
            for order in unanswered(connection, now, most)
        ]

    return task


def hasten_orders(connection: Connection, now: datetime, deadlines: Deadlines, most: int) -> list[Written]:
    """Who was sent to what has become graver has no longer than its level leaves, from now on.

    The same when the site's times became shorter. What became less grave keeps the time that was said.
    """
    written: list[Written] = []
    for order in awaited(connection, now):
        view = read_incident(connection, order.incident)
        due = accepted_until(view, now, deadlines)
        if due is not None and order.due is not None and due < order.due:
            sooner = replace(order, due=due)
            write_order(connection, sooner, new=False, who=ENGINE, now=now, move="hastened")
            written.append(Written(view, write_journal(connection, ()), 0))
        if len(written) == most:
            break
    return written


def send_at_once(grid: GridNow) -> Task:
    """For kinds that leave no time, who is on duty is sent before anybody in the room has looked."""

    def task(connection: Connection, now: datetime, deadlines: Deadlines, most: int) -> list[Written]:
        written: list[Written] = []
        for incident in unsent(connection, AT_ONCE, _MOST_UNSENT):
            view = read_incident(connection, incident)
            sent = send_next(connection, view, grid(), now=now, from_level=view.escalated, deadlines=deadlines)
            written += [] if sent is None else [sent]
            if len(written) == most:
                break
        return written

    return task


def hand_on(
    connection: Connection, view: IncidentView, order: Order, *, grid: Grid, now: datetime, deadlines: Deadlines
) -> Written | None:
    """Send the next level above who cannot come; None when somebody else is on his way, or nobody is left to ask."""
    if others(connection, order):
        return None
    of_grid = grid.level_for(order.unit, view.area, order.ordered) is not None
    # Who is not of the grid here (a patrol) was asked before it: it begins where the incident is.
    from_level = order.grid + 1 if of_grid or order.ordered_by == ENGINE else order.grid
    return send_next(connection, view, grid, now=now, from_level=from_level, deadlines=deadlines)


def next_asked(
    connection: Connection, view: IncidentView, grid: Grid, now: datetime, *, from_level: int
) -> tuple[str, int] | None:
    """Who is asked next, and at which level of the grid; None when nobody is left.

    Args:
        connection: To read from.
        view: The incident.
        grid: The duties.
        now: The time.
        from_level: The lowest level that is asked.
    """
    if from_level > TOP:
        return None
    told = {
        order.unit
        for order in orders_of(connection, view.id)
        if order.live or order.state in (State.DECLINED, State.LAPSED)
    }
    line = [
        (account, each.level)
        for each in grid.way_up(view.area, now, from_level=from_level)
        for account in each.accounts
        if account not in told
    ]
    known = sendable(connection, [account for account, _ in line])
    line = [(account, level) for account, level in line if account in known]
    taken = busy(connection, known, but_for=view.id)
    return next((each for each in line if each[0] not in taken), line[0] if line else None)


def new_order(
    view: IncidentView, unit: str, by: str, now: datetime, *, grid: int, note: str, due: datetime | None
) -> Order:
    """An order that is not stored yet; `due` is whatever the policy says under which it is given."""
    return Order(
        id=uuid.uuid4().hex,
        incident=view.id,
        unit=unit,
        state=State.ORDERED,
        grid=grid,
        ordered=now,
        ordered_by=by,
        due=due,
        note=note,
    )


def others(connection: Connection, order: Order) -> bool:
    """Whether somebody else is on his way, or there."""
    return any(each.live and each.id != order.id for each in orders_of(connection, order.incident))


def word_for_leaving(connection: Connection, view: IncidentView, order: Order) -> str:
    """The room has an incident back when the last who was sent does not come."""
    last = view.handling is Step.DISPATCHED and not others(connection, order)
    return "decline" if last else "fall_out"


def _lapsed(connection: Connection, order: Order, *, grid: Grid, now: datetime, deadlines: Deadlines) -> Written:
    view = read_incident(connection, order.incident)
    name = word_for_leaving(connection, view, order)
    over = replace(order, state=State.LAPSED, ended=now, due=None, remind=None)
    write_order(connection, over, new=False, who=ENGINE, now=now)
    left = write_move(
        connection,
        view,
        applied(view, name),
        name=name,
        who=ENGINE,
        note="not accepted in time",
        extra={"unit": order.unit, "order": order.id},
        now=now,
        deadlines=deadlines,
    )
    if view.handling in FINISHED:  # nothing is to be done there any more
        return left
    return hand_on(connection, left.view, order, grid=grid, now=now, deadlines=deadlines) or left


def send_next(
    connection: Connection, view: IncidentView, grid: Grid, *, now: datetime, from_level: int, deadlines: Deadlines
) -> Written | None:
    """Send whoever is next; None when nobody is left. See `next_asked`."""
    asked = next_asked(connection, view, grid, now, from_level=from_level)
    if asked is None:
        return None
    unit, level = asked
    due = accepted_until(view, now, deadlines)
    order = new_order(view, unit, ENGINE, now, grid=level, note="", due=due)
    order = replace(order, remind=reminded_at(view, due, deadlines))
    write_order(connection, order, new=True, who=ENGINE, now=now)
    # What asks for nothing at once needs nobody in the room to look before it goes its way.
    name = "dispatch" if view.handling is Step.SEEN or is_request(view) else "order"
    after = replace(applied(view, name), escalated=max(view.escalated, level))
    extra = {"unit": unit, "order": order.id}
    return write_move(connection, view, after, name=name, who=ENGINE, extra=extra, now=now, deadlines=deadlines)
