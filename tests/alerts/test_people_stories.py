"""Stories of the room and the patrols on simulated time, from the first event to the end, with the shipped rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from alerts.dispatch.dispatching import Dispatching, Finding
from alerts.dispatch.grid import Grid
from alerts.dispatch.sending import lapse_orders, send_at_once
from alerts.incidents.hiding import Plan, Suppressing, keep_suppressions
from alerts.incidents.incident import Display, Handling, Verdict
from alerts.incidents.suppressions import Mode, Scope
from alerts.incidents.timekeeper import Timekeeper
from alerts.language.places import places_of
from alerts.store.orders import Proof, State
from config.community import Community, Level
from config.grid import Duty
from config.handling import Deadlines
from hub.access import Role
from hub.events import Phase
from hub.store.people.accounts import Accounts
from hub.store.people.passwords import Passwords
from tests.alerts.conftest import MakeRoom, Room
from tests.fakes.people import CHEN, LIN, WANG, ZHAO
from tests.fakes.stories import COMMUNITY, book_of, event, moment, seen

VILLAGE = Community.model_validate(
    {
        **COMMUNITY.model_dump(exclude={"areas", "sensors"}),
        "areas": [
            {"id": "town", "name": "Town"},
            {"id": "village", "name": "Village", "parent": "town"},
            {"id": "block", "name": "Block", "parent": "village"},
            {"id": "group-1", "name": "Group 1", "parent": "block"},
        ],
        "sensors": [{"id": "smoke-17", "site": "hh-017", "life_safety": True}],
    }
)
DUTIES = tuple(
    Duty(account=account, area=area)
    for account, area in (("zhao", "group-1"), ("qian", "block"), ("sun", "village"), ("li", "town"))
)
MINUTE, HOUR, DAY = 60, 3600, 86_400


CHEAP = Passwords(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))


class Village:
    """A room, its patrols, and everything that time does."""

    def __init__(self, room: Room) -> None:
        self.room = room
        accounts = Accounts(room.database, room.clock, passwords=CHEAP)
        for duty in DUTIES:
            accounts.create(duty.account, "three words and a river", Role.RESPONDER)
        places = places_of(VILLAGE)
        grid = Grid(places, DUTIES)
        self.dispatching = Dispatching(room.database, room.handling, lambda: grid)
        self.hiding = Suppressing(room.database, room.handling, room.clock, places=lambda: places)
        self.timekeeper = Timekeeper(
            room.database,
            room.bus,
            room.clock,
            deadlines=Deadlines,
            tasks=(keep_suppressions, lapse_orders(lambda: grid), send_at_once(lambda: grid)),
        )

    def passes(self, at_s: float) -> None:
        self.room.clock.set(moment(at_s))
        self.timekeeper.step()
        self.room.runs()

    @property
    def sent(self) -> list[tuple[str, State]]:
        return [(order.unit, order.state) for order in self.dispatching.orders(self.room.incident.id)]


@pytest.fixture
def village(room: Room) -> Village:
    return Village(room)


def smoke(at_s: float, *, alarm: bool = True) -> Any:
    return event("smoke", at_s, fields={"alarm": alarm})


def flame(at_s: float, phase: Phase = Phase.BEGAN) -> Any:
    return seen("camera.fire", at_s, camera="cam-17", site="hh-017", area="group-1", confidence=0.9, phase=phase)


def sos(at_s: float) -> Any:
    return event("sos", at_s, source="button-1", area="group-1", fields={"pressed": True})


def test_a_smoke_detector_and_a_camera_of_one_household_become_one_red_incident_that_people_finish(
    village: Village,
) -> None:
    room = village.room
    room.happens(smoke(0))
    assert (room.incident.level, len(room.incident.alerts)) == (Level.SERIOUS, 1)
    room.handling.acknowledge(room.incident.id, LIN, "calling them")
    room.happens(flame(40))
    assert room.incident.level is Level.CRITICAL
    assert room.incident.handling is Handling.NEW, "red has to be seen anew"
    assert room.incident.alerts[0].kind == "fire.smoke", "what came first is named first"
    assert {each.kind: each.muted_by is not None for each in room.incident.alerts}["fire.confirmed"] is False
    village.passes(41)
    assert village.sent == [("zhao", State.ORDERED)], "a confirmed fire waits for nobody"
    room.handling.acknowledge(room.incident.id, WANG)
    [order] = village.dispatching.orders(room.incident.id)
    village.dispatching.accept(order.id, ZHAO)
    village.passes(300)
    village.dispatching.arrive(order.id, ZHAO, Proof.CODE)
    assert room.incident.handling is Handling.ON_SCENE
    room.happens(smoke(600, alarm=False), flame(601, Phase.ENDED))
    village.passes(900)
    village.dispatching.finish(order.id, ZHAO, Finding(Verdict.TRUE, "a pan burnt; put out"))
    assert (room.incident.handling, room.incident.verdict) == (Handling.RESOLVED, Verdict.TRUE)
    room.handling.rate(room.incident.id, LIN, 5, "the owner, by telephone")
    room.runs()
    assert (room.incident.handling, room.incident.rating) == (Handling.CLOSED, 5)
    moves = [entry.move for entry in room.journal if entry.topic == "incident" and entry.who != "engine"]
    assert moves == ["acknowledged", "acknowledged", "accepted", "arrived", "resolved", "rated"]


def test_nobody_answers_and_it_climbs_four_levels_on_time(village: Village) -> None:
    room = village.room
    room.happens(sos(0))
    asked: list[tuple[int, str]] = []
    climbed: list[tuple[int, int]] = [(0, 0)]
    for at_s in range(0, 15 * MINUTE, 10):
        village.passes(at_s)
        if not asked or asked[-1][1] != village.sent[-1][0]:
            asked.append((at_s, village.sent[-1][0]))
        if climbed[-1][1] != room.incident.escalated:
            climbed.append((at_s, room.incident.escalated))
    assert asked == [(0, "zhao"), (120, "qian"), (240, "sun"), (360, "li")]
    assert [level for _, level in climbed] == [0, 1, 2, 3]
    assert climbed[1][0] == MINUTE, "red is seen within a minute"
    assert (room.incident.handling, room.incident.active) == (Handling.NEW, True), "and it stays in the list"


def test_a_planned_drill_rings_nowhere_sends_nobody_and_is_on_record(village: Village) -> None:
    room = village.room
    plan = Plan(
        Mode.SILENCE,
        Scope(kind="fire", site="hh-017"),
        "fire drill of the school",
        until=moment(90 * MINUTE),
        since=moment(60 * MINUTE),
        level=Level.CRITICAL,
    )
    drill = village.hiding.make(plan, CHEN)
    village.passes(60 * MINUTE)
    room.happens(smoke(61 * MINUTE), flame(61 * MINUTE + 20))
    village.passes(63 * MINUTE)
    hidden = room.incident
    assert (hidden.level, hidden.display, hidden.hidden_by) == (Level.CRITICAL, Display.SHELVED, "chen")
    assert (hidden.escalated, village.sent) == (0, [])
    room.happens(smoke(70 * MINUTE, alarm=False), flame(70 * MINUTE, Phase.ENDED))
    village.hiding.end(drill.id, LIN, "the drill went well")
    assert room.incident.display is Display.SHOWN
    room.handling.resolve(room.incident.id, LIN, "test", note="drill")
    village.passes(2 * HOUR)
    assert room.incident.handling is Handling.CLOSED
    assert [entry.move for entry in room.journal if entry.topic == "suppression"] == ["made", "began", "lifted"]


def test_a_detector_is_out_of_service_over_a_weekend_and_what_it_still_says_is_shown_on_monday(
    village: Village,
) -> None:
    room = village.room
    weekend = Plan(Mode.OUT_OF_SERVICE, Scope(device="smoke-17"), "the kitchen is painted", moment(3 * DAY))
    village.hiding.make(weekend, CHEN)
    room.happens(smoke(DAY), smoke(DAY + HOUR, alarm=False))
    assert (room.incident.display, room.incident.active) == (Display.OUT_OF_SERVICE, False)
    room.happens(smoke(2 * DAY))
    assert (room.incident.display, room.incident.active) == (Display.OUT_OF_SERVICE, True), "it is the same incident"
    village.passes(3 * DAY - 1)
    assert (room.incident.escalated, room.incident.handling) == (0, Handling.NEW)
    village.passes(3 * DAY)
    assert (room.incident.display, room.incident.handling) == (Display.SHOWN, Handling.NEW)
    village.passes(3 * DAY + 3 * MINUTE)
    assert room.incident.escalated == 1, "from then on it is asked for as any other"
    household = [(entry.subject, entry.move) for entry in room.journal if entry.topic == "household"]
    assert household == [("hh-017", "out_of_service"), ("hh-017", "in_service")]


def test_what_follows_from_a_power_cut_is_part_of_its_incident_and_the_cut_is_named(
    make_room: MakeRoom, tmp_path: Path
) -> None:
    room = make_room(book_of(tmp_path / "rules", POWER_CUT))
    for number in range(5):
        room.happens(mains(600 + number, number, present=False))
    room.happens(offline(605, "smoke-17"), offline(606, "river-1"))
    room.passes(700)
    cut = room.incident
    assert [each.kind for each in cut.alerts] == ["power.outage", "sensor.offline", "sensor.offline"]
    assert (cut.kind, cut.muted, cut.handling) == ("power.outage", False, Handling.NEW)
    assert {each.muted_by for each in cut.alerts[1:]} == {cut.alerts[0].id}
    assert "incident joined" in room.moves
    room.handling.acknowledge(cut.id, LIN)
    room.happens(mains(1800, 1, present=True))
    assert {each.muted_by for each in room.incident.alerts} == {None}, "what is still dark says so itself now"
    assert (room.incident.active, room.incident.handling) == (True, Handling.NEW)
    room.happens(offline(9000, "other"))
    room.passes(9100)
    assert len(room.incidents) == 2, "what has no cause of its own opens its own"


POWER_CUT = """
- rule: power.outage
  version: 1
  state: live
  name: {zh: 停电, en: Power outage}
  raises: {kind: power.outage, severity: yellow}
  for_each: area
  mutes: [sensor.offline]
  when:
    count: {of: {kind: mains, where: {present: false}}, at_least: 5, within: 60s, different: source}
  clear: {when: {kind: mains, where: {present: true}}}
  say: {zh: 停电, en: Power outage}
  do: {zh: 查, en: Look}
- rule: sensor.offline
  version: 1
  state: live
  name: {zh: 离线, en: Sensor offline}
  raises: {kind: sensor.offline, severity: blue}
  for_each: device
  when:
    lasts: {of: {kind: sensor.health, where: {state: offline}}, for: 30s}
  say: {zh: 离线, en: Offline}
  do: {zh: 查, en: Look}
"""


def mains(at_s: float, number: int, *, present: bool) -> Any:
    return event(
        "mains", at_s, source=f"meter-{number}", site=f"house-{number}", area="group-1", fields={"present": present}
    )


def offline(at_s: float, sensor: str) -> Any:
    fields: Any = {"state": "offline", "reason": "story"}
    return event("sensor.health", at_s, source=sensor, site="junction-3", area="group-1", fields=fields)
