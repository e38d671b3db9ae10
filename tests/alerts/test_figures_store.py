"""Figures read from a real store: the same as the journal entry by entry, with what stood before a time."""

from __future__ import annotations

from alerts.figures.room_figures import count
from alerts.figures.signs import Deed, entry_of
from alerts.figures.timeliness import Step
from alerts.incidents.incident import Verdict
from alerts.store.figures import read_cases, read_entries
from config.handling import STARTING
from tests.alerts.conftest import Room
from tests.fakes.people import LIN, WANG
from tests.fakes.stories import event, moment


def smoke(room: Room, home: str, at_s: float, *, alarm: bool = True) -> None:
    room.happens(
        event(
            "smoke",
            at_s,
            source="smoke-17" if home == "hh-017" else f"smoke-{home}",
            site=home,
            fields={"alarm": alarm},
        )
    )


def night(room: Room) -> None:
    """Two alarms: one is seen by Lin and resolved by Wang as cooking, the other is seen by nobody."""
    smoke(room, "hh-017", 0)
    first = room.incident.id
    room.passes(60)
    room.handling.acknowledge(first, LIN)
    smoke(room, "hh-017", 100, alarm=False)
    smoke(room, "home-2", 200)
    room.passes(600)
    room.handling.resolve(first, WANG, Verdict.NUISANCE, note="beans", cause="cooking")


def test_what_is_read_is_the_journal_entry_by_entry(room: Room) -> None:
    night(room)
    read = read_entries(room.database, moment(0), moment(3_600))
    assert read == [found for entry in room.journal if (found := entry_of(entry)) is not None]


def test_what_stood_before_a_time_is_known_to_it(room: Room) -> None:
    night(room)
    entries = read_entries(room.database, moment(300), moment(3_600))
    assert min(each.at for each in entries) == moment(0)
    found = count(entries, since=moment(300), until=moment(3_600), deadlines=STARTING)
    assert found.load.annunciations == 0
    assert [each.handling for each in found.work.open_before] == ["seen", "new"]
    assert [each.handling for each in found.work.open_after] == ["new"]
    assert found.work.timing(Step.RESOLVED, who="wang").median_s == 600
    assert found.work.timing(Step.SEEN).missed == 1
    assert found.judged.rules["fire.smoke_sensor"].causes == {"cooking": 1}
    assert list(found.judged.devices) == ["smoke-17"]


def test_what_was_over_before_a_time_is_not_read_for_it(room: Room) -> None:
    night(room)
    incidents = {each.number: each.id for each in room.incidents}
    later = read_entries(room.database, moment(1_000), moment(3_600))
    assert {each.incident for each in later if isinstance(each, Deed)} == {incidents[2]}


def test_the_cases_of_a_rule_are_its_alerts_with_a_verdict(room: Room) -> None:
    night(room)
    [case] = read_cases(room.database, "fire.smoke_sensor", moment(0), moment(3_600))
    assert (case.raised, case.returned, case.verdict) == (moment(0), moment(100), Verdict.NUISANCE)
    assert case.is_wrong
    assert read_cases(room.database, "gas.detector_alarm", moment(0), moment(3_600)) == []
