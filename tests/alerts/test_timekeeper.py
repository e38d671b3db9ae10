"""What time does with incidents, through the store."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.incidents.incident import Display, Handling
from alerts.incidents.timekeeper import AT_ONCE, Timekeeper
from config.community import Level
from config.handling import Deadlines
from hub.errors import NotAllowedError
from tests.alerts.conftest import Room
from tests.fakes.people import CHEN, LIN
from tests.fakes.stories import event, moment


@pytest.fixture
def timekeeper(room: Room) -> Timekeeper:
    return Timekeeper(room.database, room.bus, room.clock, deadlines=Deadlines)


def smoke(at_s: float, *, site: str = "hh-017", alarm: bool = True) -> object:
    return event("smoke", at_s, site=site, source=f"{site}-smoke", fields={"alarm": alarm})


def passes(room: Room, timekeeper: Timekeeper, at_s: float) -> int:
    room.clock.set(moment(at_s))
    made = timekeeper.step()
    room.runs()
    return made


def test_what_nobody_sees_climbs_the_four_levels_on_time(room: Room, timekeeper: Timekeeper) -> None:
    room.happens(smoke(0))
    assert room.incident.level is Level.SERIOUS
    climbed = [(at_s, room.incident.escalated) for at_s in range(0, 1201, 60) if passes(room, timekeeper, at_s)]
    assert climbed == [(180, 1), (360, 2), (540, 3)]
    assert room.incident.handling is Handling.NEW
    assert [entry.move for entry in room.journal if entry.who == "engine"][-3:] == ["escalated"] * 3


def test_who_has_seen_it_and_does_nothing_has_it_taken_away(room: Room, timekeeper: Timekeeper) -> None:
    room.happens(smoke(0))
    room.handling.acknowledge(room.incident.id, LIN)
    assert passes(room, timekeeper, 599) == 0
    assert passes(room, timekeeper, 600) == 1
    assert (room.incident.handling, room.incident.escalated) == (Handling.NEW, 1)
    assert room.moves[-1] == "incident lapsed"
    room.handling.acknowledge(room.incident.id, CHEN)
    assert room.incident.handling is Handling.SEEN


def test_what_is_put_aside_is_quiet_until_its_end_and_asked_for_again_then(room: Room, timekeeper: Timekeeper) -> None:
    room.happens(smoke(0))
    until = moment(0) + timedelta(minutes=20)
    shelved = room.handling.shelve(room.incident.id, LIN, "burning leaves behind the house", until)
    assert (shelved.display, shelved.hidden_by, shelved.due) == (Display.SHELVED, "lin", until)
    assert passes(room, timekeeper, 1199) == 0
    assert passes(room, timekeeper, 1200) == 1
    assert (room.incident.display, room.incident.handling, room.incident.hidden_by) == (
        Display.SHOWN,
        Handling.NEW,
        None,
    )


def test_what_is_put_aside_until_it_returns_is_back_the_next_time(room: Room) -> None:
    room.happens(smoke(0))
    room.handling.shelve(room.incident.id, LIN, "cooking", None)
    room.happens(smoke(60, alarm=False))
    assert room.incident.display is Display.SHOWN
    assert "incident unshelved" in room.moves


def test_a_level_that_rises_is_shown_whoever_hid_it(room: Room) -> None:
    def river(at_s: float, level_m: float) -> object:
        return event("water_level", at_s, source="river-1", site="junction-3", fields={"level_m": level_m})

    room.happens(river(0, 2.1), river(60, 2.1))
    room.handling.shelve(room.incident.id, LIN, "known", None)
    room.happens(river(120, 3.1), river(180, 3.1))
    assert (room.incident.display, room.incident.handling) == (Display.SHOWN, Handling.NEW)


def test_red_is_put_aside_by_a_supervisor_with_an_end_only(room: Room) -> None:
    room.happens(event("sos", 1, source="button-1", fields={"pressed": True}))
    until = moment(60)
    with pytest.raises(NotAllowedError, match="only a supervisor"):
        room.handling.shelve(room.incident.id, LIN, "drill", until)
    with pytest.raises(NotAllowedError, match="until a time"):
        room.handling.shelve(room.incident.id, CHEN, "drill", None)
    assert room.handling.shelve(room.incident.id, CHEN, "drill", until).display is Display.SHELVED


def test_a_storm_of_deadlines_is_done_in_one_step_and_only_once(room: Room, timekeeper: Timekeeper) -> None:
    count = AT_ONCE + 20
    room.happens(*(smoke(0, site=f"site-{number}") for number in range(count)))
    assert passes(room, timekeeper, 180) == count
    assert passes(room, timekeeper, 181) == 0
