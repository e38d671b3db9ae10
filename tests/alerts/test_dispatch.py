"""People are sent, come or do not come, and are relieved by the next level; through the store."""

from __future__ import annotations

from typing import Any

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from alerts.dispatch import Dispatching, Finding
from alerts.grid import Grid
from alerts.incident import Cause, Handling, Verdict
from alerts.joining import merge
from alerts.places import places_of
from alerts.sending import lapse_orders, send_at_once
from alerts.store.orders import Proof, State
from alerts.timekeeper import Timekeeper
from config.community import Community
from config.grid import Duty
from config.handling import Deadlines
from hub.access import Role
from hub.errors import NotAllowedError
from hub.store.accounts import Accounts
from hub.store.passwords import Passwords
from tests.alerts.conftest import Room
from tests.fakes.people import LIN, WANG, ZHAO, person
from tests.fakes.stories import COMMUNITY, event, moment

CHEAP = Passwords(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))
QIAN, SUN, LI = person("qian", Role.RESPONDER), person("sun", Role.RESPONDER), person("li", Role.RESPONDER)
LEVELS = Community.model_validate(
    {
        **COMMUNITY.model_dump(exclude={"areas"}),
        "areas": [
            {"id": "town", "name": "Town"},
            {"id": "village", "name": "Village", "parent": "town"},
            {"id": "block", "name": "Block", "parent": "village"},
            {"id": "group-1", "name": "Group 1", "parent": "block"},
        ],
    }
)
DUTIES = tuple(
    Duty(account=account, area=area)
    for account, area in (("zhao", "group-1"), ("qian", "block"), ("sun", "village"), ("li", "town"))
)
GRID = Grid(places_of(LEVELS), DUTIES)


class Desk:
    """A room with orders, and an account for everybody."""

    def __init__(self, room: Room, grid: Grid = GRID) -> None:
        accounts = Accounts(room.database, room.clock, passwords=CHEAP)
        for each in (LIN, WANG, ZHAO, QIAN, SUN, LI):
            accounts.create(each.name, "three words and a river", Role(each.role))
        self.accounts = accounts
        self.room = room
        self.dispatching = Dispatching(room.database, room.handling, lambda: grid)
        self.timekeeper = Timekeeper(
            room.database,
            room.bus,
            room.clock,
            deadlines=Deadlines,
            tasks=(lapse_orders(lambda: grid), send_at_once(lambda: grid)),
        )

    def passes(self, at_s: float) -> None:
        self.room.clock.set(moment(at_s))
        self.timekeeper.step()
        self.room.runs()

    @property
    def orders(self) -> list[tuple[str, State]]:
        return [(order.unit, order.state) for order in self.dispatching.orders(self.room.incident.id)]


@pytest.fixture
def desk(room: Room) -> Desk:
    return Desk(room)


def smoke(at_s: float, **more: Any) -> Any:
    return event("smoke", at_s, fields={"alarm": True}, **more)


def sos(at_s: float) -> Any:
    return event("sos", at_s, source="button-1", fields={"pressed": True})


def test_somebody_is_sent_accepts_arrives_and_finishes(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    incident = desk.room.incident.id
    order = desk.dispatching.send(incident, LIN, "zhao", note="side door is open")
    assert desk.room.incident.handling is Handling.DISPATCHED
    assert order.due == moment(300)
    assert desk.dispatching.accept(order.id, ZHAO).state is State.ACCEPTED
    assert desk.dispatching.arrive(order.id, ZHAO, Proof.CODE).arrived_by is Proof.CODE
    assert desk.room.incident.handling is Handling.ON_SCENE
    done = desk.dispatching.finish(order.id, ZHAO, Finding(Verdict.NUISANCE, "a pan", Cause.COOKING))
    assert done.state is State.DONE
    assert (desk.room.incident.handling, desk.room.incident.verdict) == (Handling.RESOLVED, Verdict.NUISANCE)
    moves = [(entry.move, entry.who) for entry in desk.room.journal if entry.topic == "incident"]
    assert moves[-4:] == [("dispatched", "lin"), ("accepted", "zhao"), ("arrived", "zhao"), ("resolved", "zhao")]


def test_nobody_accepts_and_it_climbs_four_levels_on_time(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    desk.dispatching.send(desk.room.incident.id, LIN, "zhao")
    climbed = []
    for at_s in range(0, 1801, 100):
        desk.passes(at_s)
        if not climbed or climbed[-1][1] != desk.orders[-1][0]:
            climbed.append((at_s, desk.orders[-1][0]))
    assert climbed == [(0, "zhao"), (300, "qian"), (600, "sun"), (900, "li")]
    assert desk.orders[-1] == ("li", State.LAPSED)
    assert (desk.room.incident.handling, desk.room.incident.escalated) == (Handling.NEW, 3), "the room has it back"


def test_who_declines_says_why_and_the_next_level_is_sent_at_once(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    order = desk.dispatching.send(desk.room.incident.id, LIN, "zhao")
    with pytest.raises(NotAllowedError, match="say why"):
        desk.dispatching.decline(order.id, ZHAO, " ")
    desk.dispatching.decline(order.id, ZHAO, "the road is flooded")
    assert desk.orders == [("zhao", State.DECLINED), ("qian", State.ORDERED)]
    assert (desk.room.incident.handling, desk.room.incident.escalated) == (Handling.DISPATCHED, 1)


def test_of_two_who_were_sent_one_may_decline(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    first = desk.dispatching.send(desk.room.incident.id, LIN, "zhao")
    desk.room.clock.set(moment(5))
    desk.dispatching.send(desk.room.incident.id, LIN, "qian")
    with pytest.raises(NotAllowedError, match="sent there already"):
        desk.dispatching.send(desk.room.incident.id, LIN, "qian")
    desk.dispatching.decline(first.id, ZHAO, "the road is flooded")
    assert desk.orders == [("zhao", State.DECLINED), ("qian", State.ORDERED)]
    assert desk.room.incident.handling is Handling.DISPATCHED
    assert desk.room.moves[-1] == "incident fell_out"


def test_for_a_call_for_help_somebody_is_sent_at_once_and_the_room_has_to_see_it_all_the_same(desk: Desk) -> None:
    desk.room.happens(sos(0))
    desk.passes(1)
    assert desk.orders == [("zhao", State.ORDERED)]
    assert desk.room.incident.handling is Handling.NEW
    [order] = desk.dispatching.orders(desk.room.incident.id)
    desk.dispatching.accept(order.id, ZHAO)
    desk.dispatching.arrive(order.id, ZHAO, Proof.POSITION)
    assert desk.room.incident.handling is Handling.NEW
    desk.room.handling.acknowledge(desk.room.incident.id, LIN)
    assert desk.room.incident.handling is Handling.ON_SCENE


def test_where_nobody_is_on_duty_the_room_is_left_with_it(room: Room) -> None:
    desk = Desk(room, Grid(places_of(LEVELS), ()))
    room.happens(sos(0))
    desk.passes(1)
    assert desk.orders == []
    assert room.incident.handling is Handling.NEW


def test_nobody_answers_for_somebody_else(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    order = desk.dispatching.send(desk.room.incident.id, LIN, "zhao")
    for attempt in (
        lambda: desk.dispatching.accept(order.id, QIAN),
        lambda: desk.dispatching.arrive(order.id, QIAN, Proof.PHOTO),
        lambda: desk.dispatching.decline(order.id, QIAN, "no"),
    ):
        with pytest.raises(NotAllowedError, match="somebody else's order"):
            attempt()
    desk.dispatching.accept(order.id, LIN, "by telephone")


def test_an_order_is_accepted_once_and_not_after_it_was_called_back(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    order = desk.dispatching.send(desk.room.incident.id, LIN, "zhao")
    desk.dispatching.accept(order.id, ZHAO)
    with pytest.raises(NotAllowedError, match="the order is accepted"):
        desk.dispatching.accept(order.id, ZHAO)
    desk.dispatching.cancel(order.id, LIN, "it was a pan")
    assert desk.room.incident.handling is Handling.SEEN
    with pytest.raises(NotAllowedError, match="the order is cancelled"):
        desk.dispatching.arrive(order.id, ZHAO, Proof.CODE)


def test_what_the_room_resolves_calls_everybody_back(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    desk.dispatching.send(desk.room.incident.id, LIN, "zhao")
    desk.room.handling.resolve(desk.room.incident.id, LIN, "nuisance", cause="cooking")
    assert desk.orders == [("zhao", State.CANCELLED)]
    desk.passes(2_000)
    assert desk.orders == [("zhao", State.CANCELLED)]


def test_orders_go_along_when_an_incident_is_merged(desk: Desk) -> None:
    desk.room.happens(smoke(0), smoke(5, site="junction-3", source="other"))
    second, first = desk.room.incidents
    desk.dispatching.send(second.id, LIN, "zhao")
    merge(desk.room.handling, second.id, LIN, into=first.id)
    assert [(order.unit, order.state) for order in desk.dispatching.orders(first.id)] == [("zhao", State.ORDERED)]
