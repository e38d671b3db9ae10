"""What people do with incidents, through the store."""

from __future__ import annotations

import pytest

from alerts.errors import MovedMeanwhileError
from alerts.incidents.incident import MOVES, Handling, Verdict, allowed
from alerts.store.lists import Filter
from config.community import Level
from hub.errors import NotAllowedError, NotFoundError
from hub.events import Phase
from tests.alerts.conftest import Room
from tests.fakes.people import CHEN, LIN, WANG
from tests.fakes.stories import event, seen


def smoke(at_s: float, **parts: object) -> object:
    return event("smoke", at_s, fields={"alarm": True}, **parts)


def clear(at_s: float) -> object:
    return event("smoke", at_s, fields={"alarm": False})


def test_smoke_opens_one_incident_and_the_journal_tells_it_in_order(room: Room) -> None:
    room.happens(smoke(1))
    incident = room.incident
    assert (incident.number, incident.kind, incident.level) == (1, "fire.smoke", Level.SERIOUS)
    assert (incident.handling, incident.verdict, incident.active) == (Handling.NEW, Verdict.NONE, True)
    assert (incident.site, incident.area, len(incident.alerts)) == ("hh-017", "group-1", 1)
    assert room.moves == ["alert raised", "incident opened"]
    assert room.journal[1].body == room.incident.to_json()
    assert room.journal[0].body["incident"] == incident.id


def test_acknowledging_says_who_and_leaves_the_condition(room: Room) -> None:
    room.happens(smoke(1))
    seen_by = room.handling.acknowledge(room.incident.id, LIN, "calling them")
    assert (seen_by.handling, seen_by.active, seen_by.version) == (Handling.SEEN, True, 2)
    entry = room.journal[-1]
    assert (entry.move, entry.who, entry.note) == ("acknowledged", "lin", "calling them")
    assert room.repository.alert(seen_by.alerts[0].id).condition == "active"


def test_the_second_to_acknowledge_is_told_who_was_first(room: Room) -> None:
    room.happens(smoke(1))
    room.handling.acknowledge(room.incident.id, LIN)
    with pytest.raises(MovedMeanwhileError, match="was acknowledged by lin at ") as caught:
        room.handling.acknowledge(room.incident.id, WANG)
    assert caught.value.first is not None
    assert caught.value.first.who == "lin"
    assert caught.value.incident.handling is Handling.SEEN


def test_a_move_on_an_older_version_is_a_conflict(room: Room) -> None:
    room.happens(smoke(1))
    version = room.incident.version
    room.handling.comment(room.incident.id, LIN, "on the phone")
    with pytest.raises(MovedMeanwhileError):
        room.handling.acknowledge(room.incident.id, WANG, expected_version=version)


def test_what_is_resolved_after_it_returned_is_closed_at_once_and_the_next_smoke_is_a_new_incident(room: Room) -> None:
    room.happens(smoke(1), clear(60))
    assert room.incident.active is False
    closed = room.handling.resolve(room.incident.id, LIN, "true", note="pan on the stove")
    assert (closed.handling, closed.verdict) == (Handling.CLOSED, Verdict.TRUE)
    room.runs()
    assert room.repository.alert(closed.alerts[0].id).condition == "closed"
    room.happens(smoke(100))
    assert [each.number for each in room.incidents] == [2, 1]


def test_what_is_resolved_while_active_closes_when_it_returns_and_rings_no_more(room: Room) -> None:
    room.happens(smoke(1))
    room.handling.resolve(room.incident.id, LIN, "false", cause="cooking")
    room.runs()
    assert room.incident.handling is Handling.RESOLVED
    room.happens(smoke(30), smoke(400))
    assert room.incident.handling is Handling.RESOLVED
    room.happens(clear(500))
    assert (room.incident.handling, room.incident.verdict) == (Handling.CLOSED, Verdict.FALSE)
    assert room.moves[-4:] == ["alert returned", "alert closed", "incident returned", "incident closed"]


def test_an_sos_is_ended_by_a_person_only(room: Room) -> None:
    room.happens(event("sos", 1, source="button-1", fields={"pressed": True}))
    assert room.incident.level is Level.CRITICAL
    room.happens(event("sos", 5, source="button-1", fields={"pressed": False}))
    room.passes(90_000)
    assert room.incident.active is True
    with pytest.raises(NotAllowedError, match="needs a note"):
        room.handling.resolve(room.incident.id, LIN, "true")
    room.handling.resolve(room.incident.id, LIN, "true", note="ambulance called")
    room.runs()
    assert (room.incident.handling, room.incident.active) == (Handling.CLOSED, False)
    room.happens(event("sos", 90_100, source="button-1", fields={"pressed": True}))
    assert len(room.incidents) == 2


def test_a_false_alarm_needs_a_cause_and_every_resolution_a_verdict(room: Room) -> None:
    room.happens(smoke(1))
    with pytest.raises(NotAllowedError, match="say what caused it"):
        room.handling.resolve(room.incident.id, LIN, "false")
    with pytest.raises(NotAllowedError, match="say what it was"):
        room.handling.resolve(room.incident.id, LIN, "none")
    with pytest.raises(NotAllowedError, match="known are"):
        room.handling.resolve(room.incident.id, LIN, "maybe")
    assert room.incident.handling is Handling.NEW


def test_what_was_not_solved_is_reopened_with_its_number(room: Room) -> None:
    room.happens(smoke(1), clear(60))
    room.handling.resolve(room.incident.id, LIN, "true")
    room.runs()
    again = room.handling.reopen(room.incident.id, CHEN, "still smells")
    assert (again.number, again.handling, again.verdict) == (1, Handling.SEEN, Verdict.NONE)
    assert room.handling.resolve(again.id, CHEN, "true").handling is Handling.CLOSED


def test_reopening_what_is_still_active_keeps_it_from_closing_by_itself(room: Room) -> None:
    room.happens(smoke(1))
    room.handling.resolve(room.incident.id, LIN, "nuisance", cause="cooking")
    room.runs()
    room.handling.reopen(room.incident.id, LIN)
    room.runs()
    room.happens(clear(60))
    assert room.incident.handling is Handling.SEEN


def test_an_illegal_move_answers_with_what_is_allowed(room: Room) -> None:
    room.happens(smoke(1))
    with pytest.raises(NotAllowedError, match="cannot reopen what is new") as caught:
        room.handling.reopen(room.incident.id, LIN)
    assert caught.value.allowed == allowed(room.incident.situation(), LIN.role)
    assert caught.value.allowed[:3] == ("acknowledge", "dispatch", "resolve")
    with pytest.raises(NotFoundError):
        room.handling.acknowledge("no-such-incident", LIN)


def test_a_level_that_rises_has_to_be_seen_again(room: Room) -> None:
    def river(at_s: float, level_m: float) -> object:
        return event("water_level", at_s, source="river-1", site="junction-3", fields={"level_m": level_m})

    room.happens(river(0, 2.1), river(60, 2.1))
    room.handling.acknowledge(room.incident.id, LIN)
    room.happens(river(120, 3.1), river(180, 3.1))
    assert (room.incident.handling, room.incident.level) == (Handling.NEW, Level.SERIOUS)
    assert room.incident.text_en == "river-1 at 3.1 m (orange)"
    room.handling.resolve(room.incident.id, LIN, "true")
    room.runs()
    room.happens(river(240, 3.6), river(300, 3.6))
    assert (room.incident.handling, room.incident.verdict) == (Handling.NEW, Verdict.NONE)
    room.happens(river(400, 1.0))
    room.passes(1300)
    assert (room.incident.active, room.incident.handling) == (False, Handling.NEW), "red waits for a person again"


def test_what_comes_again_soon_is_chatter_and_what_comes_later_is_announced(room: Room) -> None:
    room.happens(smoke(1))
    room.handling.acknowledge(room.incident.id, LIN)
    room.happens(clear(10), smoke(20))
    assert room.incident.handling is Handling.SEEN
    room.happens(clear(30), smoke(200))
    assert room.incident.handling is Handling.NEW


def test_alerts_of_one_place_and_family_are_one_incident(room: Room) -> None:
    room.happens(
        seen("camera.vehicle", 0, phase=Phase.BEGAN, zone="lane-1", fields={"stopped": True, "zone_use": "lane"}),
        seen("camera.collision", 20, phase=Phase.MOMENT, confidence=0.9),
    )
    room.passes(31)
    incident = room.incident
    assert [alert.kind for alert in incident.alerts] == ["road.crash", "road.stopped_vehicle"]
    assert (incident.kind, incident.level, incident.camera) == ("road.crash", Level.SERIOUS, "cam-1")
    room.happens(event("water_leak", 40, site="junction-3", fields={"leak": True}))
    room.passes(71)
    assert [each.kind for each in room.incidents] == ["water.leak", "road.crash"]
    room.happens(seen("camera.collision", 5000, camera="cam-2", phase=Phase.MOMENT, confidence=0.9))
    assert len(room.incidents) == 3, "another time is another happening"


def test_lists_are_filtered_and_paged(room: Room) -> None:
    for number in range(5):
        room.happens(event("smoke", number, source=f"s{number}", site=f"site-{number}", fields={"alarm": True}))
    room.happens(event("sos", 9, source="b", site="site-1", fields={"pressed": True}))
    first = room.repository.incidents(Filter(), limit=4)
    rest = room.repository.incidents(Filter(), cursor=first.next_cursor, limit=4)
    assert [each.number for each in (*first.items, *rest.items)] == [6, 5, 4, 3, 2, 1]
    assert rest.next_cursor is None
    page = room.repository.alerts(Filter(kind=("fire",)), limit=3)
    more = room.repository.alerts(Filter(kind=("fire",)), cursor=page.next_cursor, limit=3)
    assert [each.site for each in (*page.items, *more.items)] == [f"site-{number}" for number in (4, 3, 2, 1, 0)]
    assert [each.kind for each in room.repository.alerts(Filter(level=(Level.CRITICAL,))).items] == ["sos.button"]
    assert [each.site for each in room.repository.incidents(Filter(site=("site-2",))).items] == ["site-2"]
    assert room.repository.incidents(Filter(handling=(Handling.SEEN,))).items == ()
    with pytest.raises(ValueError, match="no cursor"):
        room.repository.incidents(Filter(), cursor="abc")


def test_the_table_of_moves_leads_out_of_every_state() -> None:
    for handling in Handling:
        assert "comment" in allowed(handling)
        assert any(move.after not in (None, handling) for move in MOVES if handling in move.before)
