"""Requests: what time does with what people asked for without danger, which has days.

Who was sent is reminded before each deadline, once. What was accepted and not done in time is told to the next level of
the grid; who accepted it keeps it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from alerts.incidents.deadlines import TOP
from alerts.incidents.handling import Written, write_move
from alerts.incidents.incident import ENGINE
from alerts.store.connection import Connection
from alerts.store.incidents import read_incident
from alerts.store.orders import Order, not_done, to_remind, write_order
from config.handling import Deadlines


def remind_of_orders(connection: Connection, now: datetime, deadlines: Deadlines, most: int) -> list[Written]:
    """Remind those who were sent of what is soon due."""
    return [_told(connection, order, "remind", now, deadlines=deadlines) for order in to_remind(connection, now, most)]


def miss_orders(connection: Connection, now: datetime, deadlines: Deadlines, most: int) -> list[Written]:
    """Tell the next level of what was not done in time."""
    return [_told(connection, order, "miss", now, deadlines=deadlines) for order in not_done(connection, now, most)]


def _told(connection: Connection, order: Order, name: str, now: datetime, *, deadlines: Deadlines) -> Written:
    missed = name == "miss"
    view = read_incident(connection, order.incident)
    moved = replace(order, due=None, remind=None) if missed else replace(order, remind=None)
    write_order(connection, moved, new=False, who=ENGINE, now=now, move="missed" if missed else "reminded")
    return write_move(
        connection,
        view,
        replace(view, escalated=min(view.escalated + 1, TOP)) if missed else view,
        name=name,
        who=ENGINE,
        extra={"unit": order.unit, "order": order.id},
        now=now,
        deadlines=deadlines,
    )
