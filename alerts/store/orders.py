"""Orders in the database: who was sent where, and how far he is. The only file that reads and writes them."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from hub.errors import NotFoundError
from hub.events import time_from_text, time_to_text
from hub.store.schema import orders


class State(enum.StrEnum):
    """How far an order is."""

    ORDERED = "ordered"
    ACCEPTED = "accepted"
    ARRIVED = "arrived"
    DONE = "done"
    DECLINED = "declined"
    LAPSED = "lapsed"
    """Nobody accepted it in time."""
    CANCELLED = "cancelled"


LIVE = (State.ORDERED, State.ACCEPTED, State.ARRIVED)
"""Somebody is still to go, or there."""


class Proof(enum.StrEnum):
    """What shows that somebody is there."""

    POSITION = "position"
    CODE = "code"
    PHOTO = "photo"


@dataclass(frozen=True, slots=True)
class Order:
    """Somebody is sent to an incident.

    Attributes:
        id: Random.
        incident: Incident id.
        unit: Account name of who is sent.
        state: How far he is.
        grid: Level of the grid it was given to, 0 household group to 3 town.
        ordered, accepted, arrived, ended: When.
        ordered_by: Account name, or `engine`.
        arrived_by: What showed it.
        due: When time moves it next.
        note: What was said last.
        remind: When he is reminded of what is due.
    """

    id: str
    incident: str
    unit: str
    state: State
    grid: int
    ordered: datetime
    ordered_by: str
    due: datetime | None = None
    accepted: datetime | None = None
    arrived: datetime | None = None
    arrived_by: Proof | None = None
    ended: datetime | None = None
    note: str = ""
    remind: datetime | None = None

    @property
    def live(self) -> bool:
        """Whether he is still to go, or there."""
        return self.state in LIVE

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            name: time_to_text(value) if isinstance(value, datetime) else getattr(value, "value", value)
            for name, value in asdict(self).items()
        }


def write_order(connection: Connection, order: Order, *, new: bool) -> None:
    """Store an order."""
    row = order.to_json()
    if new:
        connection.execute(insert(orders), row)
    else:
        connection.execute(update(orders).where(orders.c.id == order.id), row)


def read_order(connection: Connection, order_id: str) -> Order:
    """One order.

    Raises:
        NotFoundError: There is none with this id.
    """
    row = connection.execute(select(orders).where(orders.c.id == order_id)).mappings().first()
    if row is None:
        raise NotFoundError(f"no order {order_id}")
    return _order(dict(row))


def orders_of(connection: Connection, incident: str) -> list[Order]:
    """All orders of an incident, the first one first."""
    query = select(orders).where(orders.c.incident == incident).order_by(orders.c.ordered, orders.c.grid, orders.c.id)
    return [_order(dict(row)) for row in connection.execute(query).mappings()]


def orders_for(connection: Connection, units: Sequence[str], *, live: bool = True, limit: int = 500) -> list[Order]:
    """The orders of some people, the newest first; all of them, or only what is still to be done."""
    query = select(orders).where(orders.c.unit.in_(units)).order_by(orders.c.ordered.desc(), orders.c.id).limit(limit)
    if live:
        query = query.where(orders.c.state.in_([state.value for state in LIVE]))
    return [_order(dict(row)) for row in connection.execute(query).mappings()]


def due_orders(connection: Connection, now: datetime, most: int) -> list[Order]:
    """Those that time moves, the longest due first."""
    query = select(orders).where(orders.c.due <= time_to_text(now)).order_by(orders.c.due).limit(most)
    return [_order(dict(row)) for row in connection.execute(query).mappings()]


def move_orders(connection: Connection, incident: str, into: str) -> None:
    """Let the orders of an incident belong to another, into which it was merged."""
    connection.execute(update(orders).where(orders.c.incident == incident).values(incident=into))


def end_orders(connection: Connection, incident: str, now: datetime) -> None:
    """Nothing more is to be done there: who is there has done it, who is not is called back."""
    for order in orders_of(connection, incident):
        if order.live:
            state = State.DONE if order.state is State.ARRIVED else State.CANCELLED
            write_order(connection, replace(order, state=state, ended=now, due=None), new=False)


def furthest(connection: Connection, incident: str) -> State | None:
    """How far the furthest of those is who are sent there now; None when nobody is."""
    states = {order.state for order in orders_of(connection, incident)}
    return next((state for state in reversed(LIVE) if state in states), None)


def _order(row: dict[str, Any]) -> Order:
    for name in ("ordered", "due", "accepted", "arrived", "ended", "remind"):
        row[name] = None if row[name] is None else time_from_text(row[name])
    row["state"] = State(row["state"])
    row["arrived_by"] = None if row["arrived_by"] is None else Proof(row["arrived_by"])
    return Order(**row)
