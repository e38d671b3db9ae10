"""People are sent, come or do not come, and are relieved by the next level; through the store."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from alerts.dispatch.dispatching import Dispatching, Finding
from alerts.dispatch.grid import Grid
from alerts.dispatch.sending import hasten_orders, lapse_orders, send_at_once
from alerts.errors import OrderMovedError
from alerts.incidents.incident import Cause, Handling, Verdict
from alerts.incidents.joining import merge
from alerts.incidents.timekeeper import Timekeeper
from alerts.language.places import places_of
from alerts.store.orders import Order, Proof, State
from config.community import Community, Level
from config.grid import Duty
from config.handling import Deadlines
from hub.access import Principal, Role
from hub.errors import ConfigurationError, NotAllowedError
from hub.store.people.accounts import Accounts
from hub.store.people.passwords import Passwords
from tests.alerts.conftest import Room
from tests.fakes.people import ADMIN, CHEN, LIN, WANG, ZHAO, person
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
        for each in (ADMIN, LIN, WANG, ZHAO, QIAN, SUN, LI):
            accounts.create(each.name, "three words and a river", Role(each.role))
        self.accounts = accounts
        self.room = room
        self.dispatching = Dispatching(room.database, room.handling, lambda: grid)
        self.timekeeper = Timekeeper(
            room.database,
            room.bus,
            room.clock,
            deadlines=Deadlines,
            tasks=(hasten_orders, lapse_orders(lambda: grid), send_at_once(lambda: grid)),
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


def sos(at_s: float, **more: Any) -> Any:
    return event("sos", at_s, source="button-1", fields={"pressed": True}, **more)


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


def test_of_two_who_decline_in_the_same_moment_the_second_one_gives_it_back(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    bare = Dispatching(desk.room.database, desk.room.handling, lambda: Grid(places_of(LEVELS), ()))
    sent = [bare.send(desk.room.incident.id, LIN, unit) for unit in ("zhao", "qian")]
    together = threading.Barrier(2)

    def decline(order: Order, who: Principal) -> None:
        together.wait()
        bare.decline(order.id, who, "the road is flooded")

    threads = [threading.Thread(target=decline, args=pair) for pair in zip(sent, (ZHAO, QIAN), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert desk.room.incident.handling is Handling.SEEN, "not left dispatched with nobody on his way"
    assert sorted(desk.room.moves[-4:]) == [
        "incident declined",
        "incident fell_out",
        "order declined",
        "order declined",
    ]


def test_who_is_called_back_meanwhile_cannot_finish(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    order = desk.dispatching.send(desk.room.incident.id, LIN, "zhao")
    accepted = desk.dispatching.accept(order.id, ZHAO)
    desk.dispatching.cancel(order.id, LIN, "it was a pan")
    with pytest.raises(NotAllowedError, match="the order is cancelled"):
        desk.dispatching.finish(order.id, LIN, Finding(Verdict.TRUE, "done"))
    with pytest.raises(OrderMovedError) as refused:
        desk.dispatching.finish(order.id, ZHAO, Finding(Verdict.TRUE, "done"), expected_version=accepted.version)
    assert refused.value.order.state is State.CANCELLED
    assert desk.room.incident.verdict is Verdict.NONE


def test_what_he_should_know_stays_when_he_answers(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    order = desk.dispatching.send(desk.room.incident.id, LIN, "zhao", note="side door is open")
    accepted = desk.dispatching.accept(order.id, ZHAO, "ten minutes")
    assert (accepted.note, accepted.answer, accepted.version) == ("side door is open", "ten minutes", 2)


def test_the_level_of_who_is_sent_follows_from_his_duties(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    order = desk.dispatching.send(desk.room.incident.id, LIN, "sun")
    assert order.grid == 2
    desk.dispatching.decline(order.id, SUN, "no")
    assert desk.orders[-1] == ("li", State.ORDERED)


def test_a_patrol_that_declines_leaves_it_to_the_lowest_level_of_the_grid(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    order = desk.dispatching.send(desk.room.incident.id, LIN, "wang")
    desk.room.clock.set(moment(5))
    desk.dispatching.decline(order.id, WANG, "no car")
    assert desk.orders[-1] == ("zhao", State.ORDERED)


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ("busy", "he"),
        ("disabled", "he"),
        ("away", "he"),
        ("all busy", "sun"),
    ],
)
def test_where_the_first_of_the_next_level_cannot_the_second_is_asked(room: Room, change: str, asked: str) -> None:
    duties = (
        Duty(account="zhao", area="group-1"),
        Duty(account="qian", area="block"),
        Duty(account="he", area="block", standby=True),
        Duty(account="sun", area="village"),
    )
    duties = tuple(each for each in duties if change != "away" or each.account != "qian")
    desk = Desk(room, Grid(places_of(LEVELS), duties))
    desk.accounts.create("he", "three words and a river", Role.RESPONDER)
    room.happens(smoke(0), smoke(5, site="junction-3", source="other"))
    other, incident = room.incidents
    if change in ("busy", "all busy"):
        desk.dispatching.send(other.id, LIN, "qian")
    if change == "all busy":
        desk.dispatching.send(other.id, LIN, "he")
    if change == "disabled":
        desk.accounts.disable(next(each.id for each in desk.accounts.list() if each.username == "qian"))
    order = desk.dispatching.send(incident.id, LIN, "zhao")
    desk.dispatching.decline(order.id, ZHAO, "no")
    assert [each.unit for each in desk.dispatching.orders(incident.id)] == ["zhao", asked]


def test_where_everybody_is_busy_the_first_on_duty_is_asked_all_the_same(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    other = desk.room.incident.id
    for unit in ("zhao", "qian", "sun", "li"):
        desk.dispatching.send(other, LIN, unit)
    desk.room.happens(sos(10, site="junction-3"))
    desk.passes(11)
    sent = desk.dispatching.orders(next(each.id for each in desk.room.incidents if each.id != other))
    assert [each.unit for each in sent] == ["zhao"]


def test_what_is_put_aside_sends_nobody(desk: Desk) -> None:
    desk.room.happens(sos(0))
    desk.room.handling.shelve(desk.room.incident.id, CHEN, "the button is tried out", moment(600))
    desk.passes(1)
    assert desk.orders == []
    desk.passes(601)
    assert desk.orders == [("zhao", State.ORDERED)], "shown again, and it still holds"


def test_an_acknowledgement_that_lapses_goes_up_and_so_does_who_is_sent_then(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    desk.room.handling.acknowledge(desk.room.incident.id, LIN)
    desk.passes(600)
    assert (desk.room.incident.handling, desk.room.incident.escalated) == (Handling.NEW, 1)
    desk.dispatching.send(desk.room.incident.id, LIN, "wang")
    desk.passes(901)
    assert desk.orders == [("wang", State.LAPSED), ("qian", State.ORDERED)]


def test_only_who_has_an_account_is_sent(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    with pytest.raises(ConfigurationError, match="can be sent"):
        desk.dispatching.send(desk.room.incident.id, LIN, "nobody")
    assert desk.orders == []
    assert desk.room.incident.handling is Handling.NEW


def test_nobody_is_sent_to_what_was_merged_or_is_over(desk: Desk) -> None:
    desk.room.happens(smoke(0), smoke(5, site="junction-3", source="other"))
    second, first = desk.room.incidents
    merge(desk.room.handling, second.id, LIN, into=first.id)
    for over in (second.id, first.id):
        with pytest.raises(NotAllowedError, match="cannot dispatch what is"):
            desk.dispatching.send(over, LIN, "zhao")
        if over == second.id:
            desk.room.handling.resolve(first.id, LIN, "nuisance", cause="cooking")


def test_every_step_of_an_order_stands_in_the_journal(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    order = desk.dispatching.send(desk.room.incident.id, LIN, "zhao", note="side door")
    desk.dispatching.accept(order.id, ZHAO, "ten minutes")
    desk.room.handling.resolve(desk.room.incident.id, LIN, "nuisance", cause="cooking")
    told = [(entry.move, entry.who, entry.note) for entry in desk.room.journal if entry.topic == "order"]
    assert told == [
        ("ordered", "lin", "side door"),
        ("accepted", "zhao", "ten minutes"),
        ("cancelled", "lin", "ten minutes"),
    ]
    last = [entry for entry in desk.room.journal if entry.topic == "order"][-1]
    assert (last.body["unit"], last.body["state"], last.incident) == ("zhao", "cancelled", desk.room.incident.id)


def test_who_was_sent_to_both_goes_on_with_the_order_that_is_further(desk: Desk) -> None:
    desk.room.happens(smoke(0), smoke(5, site="junction-3", source="other"))
    second, first = desk.room.incidents
    for incident, units in ((first, ("zhao", "qian")), (second, ("zhao", "qian", "sun"))):
        for unit in units:
            desk.dispatching.send(incident.id, LIN, unit)
    desk.dispatching.accept(desk.dispatching.orders(second.id)[0].id, ZHAO)
    merge(desk.room.handling, second.id, LIN, into=first.id)
    live = [(order.unit, order.state) for order in desk.dispatching.orders(first.id) if order.live]
    assert sorted(live) == [("qian", State.ORDERED), ("sun", State.ORDERED), ("zhao", State.ACCEPTED)]
    assert desk.dispatching.orders(second.id) == []
    told = [(entry.body["unit"], entry.move) for entry in desk.room.journal if entry.topic == "order"][-4:]
    assert ("sun", "moved") in told


def test_what_was_seen_is_dispatched_when_somebody_on_his_way_comes_with_a_merge(desk: Desk) -> None:
    desk.room.happens(smoke(0), smoke(5, site="junction-3", source="other"))
    second, first = desk.room.incidents
    desk.room.handling.acknowledge(first.id, LIN)
    desk.dispatching.send(second.id, LIN, "zhao")
    assert merge(desk.room.handling, second.id, LIN, into=first.id).handling is Handling.DISPATCHED


def test_who_was_sent_to_what_becomes_red_has_no_longer_than_red_leaves(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    order = desk.dispatching.send(desk.room.incident.id, LIN, "zhao")
    assert order.due == moment(300)
    desk.passes(20)
    assert desk.dispatching.order(order.id).version == 1
    desk.room.happens(sos(25, site="hh-017"), event("gas", 30, source="gas-17", fields={"lel_pct": 30.0}))
    red = [incident for incident in desk.room.incidents if incident.level is Level.CRITICAL]
    assert red
    merge(desk.room.handling, red[0].id, LIN, into=desk.dispatching.order(order.id).incident)
    desk.passes(40)
    hastened = desk.dispatching.order(order.id)
    assert (hastened.due, hastened.version) == (moment(160), 2)
    desk.passes(50)
    assert desk.dispatching.order(order.id).version == 2, "once"
    desk.passes(161)
    assert desk.dispatching.order(order.id).state is State.LAPSED
