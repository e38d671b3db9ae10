"""Orders in the database: who was sent where, and how far he is. The only file that reads and writes them."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, tuple_, update

from alerts.store.journal import write_journal
from alerts.store.sighted import of_incident_in_sight
from hub.access import Role
from hub.errors import NotFoundError
from hub.events import time_from_text, time_to_text
from hub.reach import Within
from hub.store.schema import accounts, orders


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
SENT = tuple(role.value for role in (Role.RESPONDER, Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR))
"""Who can be sent; residents and other systems cannot."""


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
        note: What he should know, from who sent him.
        answer: What was said to it last: on the way, why not, what was done.
        version: Counts its changes.
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
    answer: str = ""
    version: int = 1
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


def write_order(connection: Connection, order: Order, *, new: bool, who: str, now: datetime, move: str = "") -> Order:
    """Store an order, and journal what became of it under the topic `order`.

    Args:
        connection: Of the transaction.
        order: As it is to be; what was stored has the next version.
        new: Whether it is not stored yet.
        who: Account name of who moved it, or `engine`.
        now: When.
        move: The word in the journal; its state when left out.

    Returns:
        What was stored.
    """
    stored = order if new else replace(order, version=order.version + 1)
    row = stored.to_json()
    if new:
        connection.execute(insert(orders), row)
    else:
        connection.execute(update(orders).where(orders.c.id == order.id), row)
    entry = {
        "at": time_to_text(now),
        "topic": "order",
        "subject": stored.id,
        "incident": stored.incident,
        "move": move or stored.state.value,
        "who": who,
        "note": stored.note if new else stored.answer,
        "body": row,
    }
    write_journal(connection, [entry])
    return stored


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


def list_orders(
    connection: Connection,
    *,
    units: Sequence[str] = (),
    states: Sequence[State] = (),
    within: Within | None = None,
    own: str = "",
    after: tuple[str, str] | None = None,
    limit: int = 500,
) -> list[Order]:
    """Orders, the newest first; an empty part wants all.

    Args:
        connection: To read from.
        units: Of any of these people.
        states: In any of these states.
        within: To incidents in there, None for all,
        own: and those of this person, wherever they are.
        after: `ordered` and id of the last one of the page before.
        limit: At most so many.
    """
    query = select(orders).order_by(orders.c.ordered.desc(), orders.c.id.desc()).limit(limit)
    if units:
        query = query.where(orders.c.unit.in_(units))
    if states:
        query = query.where(orders.c.state.in_([state.value for state in states]))
    if within is not None:
        query = query.where(or_(orders.c.unit == own, of_incident_in_sight(orders.c.incident, within)))
    if after is not None:
        query = query.where(tuple_(orders.c.ordered, orders.c.id) < tuple_(*after))
    return [_order(dict(row)) for row in connection.execute(query).mappings()]


def unanswered(connection: Connection, now: datetime, most: int) -> list[Order]:
    """Those that were not accepted in time, the longest due first."""
    query = (
        select(orders)
        .where(orders.c.due <= time_to_text(now), orders.c.state == State.ORDERED.value)
        .order_by(orders.c.due)
        .limit(most)
    )
    return [_order(dict(row)) for row in connection.execute(query).mappings()]


def to_remind(connection: Connection, now: datetime, most: int) -> list[Order]:
    """Those of which somebody is reminded now, the longest due first."""
    query = select(orders).where(orders.c.remind <= time_to_text(now)).order_by(orders.c.remind).limit(most)
    return [_order(dict(row)) for row in connection.execute(query).mappings()]


def not_done(connection: Connection, now: datetime, most: int) -> list[Order]:
    """Those that were accepted, and not done in time, the longest due first."""
    under_way = (State.ACCEPTED.value, State.ARRIVED.value)
    query = (
        select(orders)
        .where(orders.c.due <= time_to_text(now), orders.c.state.in_(under_way))
        .order_by(orders.c.due)
        .limit(most)
    )
    return [_order(dict(row)) for row in connection.execute(query).mappings()]


def awaited(connection: Connection, now: datetime) -> list[Order]:
    """Those that somebody has still time to accept."""
    query = select(orders).where(orders.c.due > time_to_text(now), orders.c.state == State.ORDERED.value)
    return [_order(dict(row)) for row in connection.execute(query).mappings()]


def sendable(connection: Connection, units: Iterable[str]) -> frozenset[str]:
    """Those of some people who can be sent: they have an account that is not disabled, and of a role that goes."""
    query = select(accounts.c.username).where(
        accounts.c.username.in_(sorted(set(units))), accounts.c.disabled.is_(False), accounts.c.role.in_(SENT)
    )
    return frozenset(connection.execute(query).scalars())


def busy(connection: Connection, units: Iterable[str], *, but_for: str) -> dict[str, int]:
    """How many orders each of some people has still to do, those to one incident left out; who is free is not there."""
    query = (
        select(orders.c.unit, func.count())
        .where(
            orders.c.unit.in_(sorted(set(units))),
            orders.c.state.in_([state.value for state in LIVE]),
            orders.c.incident != but_for,
        )
        .group_by(orders.c.unit)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def move_orders(connection: Connection, incident: str, into: str, *, who: str, now: datetime) -> None:
    """Let the orders of an incident belong to another, into which it was merged.

    Who was sent to both goes on with the order that is further, and the other one ends.
    """
    there = {order.unit: order for order in orders_of(connection, into) if order.live}
    going = [replace(order, incident=into) for order in orders_of(connection, incident) if order.live]
    connection.execute(update(orders).where(orders.c.incident == incident).values(incident=into))
    for order in going:
        twin = there.get(order.unit)
        ends = None if twin is None else min(order, twin, key=lambda each: LIVE.index(each.state))
        if ends is not None:
            over = replace(ends, state=State.CANCELLED, ended=now, due=None, remind=None)
            write_order(connection, over, new=False, who=who, now=now)
        if ends is not order:
            write_order(connection, order, new=False, who=who, now=now, move="moved")


def end_orders(connection: Connection, incident: str, *, who: str, now: datetime) -> None:
    """Nothing more is to be done there: who is there has done it, who is not is called back."""
    for order in orders_of(connection, incident):
        if order.live:
            state = State.DONE if order.state is State.ARRIVED else State.CANCELLED
            over = replace(order, state=state, ended=now, due=None, remind=None)
            write_order(connection, over, new=False, who=who, now=now)


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
