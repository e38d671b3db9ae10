"""What stands around a shape: where and when a rule counts, what withholds it, and that this is recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.alert import Withheld
from alerts.language.rulebook import RuleBook
from config.community import Community
from hub.events import Event, Phase
from tests.alerts.conftest import MakeRoom
from tests.fakes.stories import COMMUNITY, Story, book_of, event, seen

NIGHT_S = 6 * 3600
"""22:00 in Shanghai, six hours after the stories begin on Tuesday, 3 March 2026, 16:00."""

SHAPE = "{lasts: {of: {kind: camera.person, where: {zone_use: guarded}}, for: 3s}}"
RULE = """
- rule: yard
  name: {zh: 院, en: Yard}
  raises: {kind: area.intrusion, severity: yellow}
  for_each: camera
  AROUND
  when: SHAPE
  clear: {after: 60s}
  say: {zh: "{camera}", en: "{camera}"}
  do: {zh: 看, en: Look}
"""
JAM = RULE.replace("yard", "jam").replace("area.intrusion", "road.congestion").replace("  AROUND\n", "")
JAM = JAM.replace("SHAPE", "{event: {kind: camera.jam}}")


def rule(around: str, *, when: str = SHAPE, for_each: str = "camera") -> str:
    text = RULE.replace("AROUND", around).replace("SHAPE", when)
    return text.replace("for_each: camera", f"for_each: {for_each}")


def person(at_s: float, *, phase: Phase = Phase.GOES_ON, track: str = "7") -> Event:
    return seen("camera.person", at_s, track=track, phase=phase, zone="yard", fields={"zone_use": "guarded"})


def inside(at_s: float) -> Event:
    return event("camera.person", at_s, phase=Phase.BEGAN, subject="1", zone="yard", fields={"zone_use": "guarded"})


def withheld(story: Story) -> list[str]:
    return [change.en for change in story.changes if isinstance(change, Withheld)]


def test_what_begins_before_the_hours_rings_when_they_begin_and_is_recorded_once(tmp_path: Path) -> None:
    story = Story(book_of(tmp_path, rule('only: {between: "22:00-06:00"}')))
    story.happens(person(NIGHT_S - 30, phase=Phase.BEGAN))
    assert story.passes(NIGHT_S - 20) == ["withheld area.intrusion"]
    assert story.happens(person(NIGHT_S - 15), person(NIGHT_S - 5)) == []
    story.restarts()
    assert story.passes(NIGHT_S - 0.001) == []
    assert story.passes(NIGHT_S) == ["raised area.intrusion"]
    assert withheld(story) == ["it counts only at 22:00-06:00"]
    assert [change.alert.id for change in story.changes if change.move == "withheld"] == [story.alerts[0].id]


def test_what_ends_before_the_hours_never_rings(tmp_path: Path) -> None:
    story = Story(book_of(tmp_path, rule('only: {between: "22:00-06:00"}')))
    story.happens(person(NIGHT_S - 30, phase=Phase.BEGAN), person(NIGHT_S - 10, phase=Phase.ENDED))
    assert story.passes(NIGHT_S + 3600) == []
    assert len(story.engine.snapshot()) == 0, "the note of it is forgotten"


def test_what_stands_when_the_hours_end_ends_as_it_would(tmp_path: Path) -> None:
    story = Story(book_of(tmp_path, rule('only: {between: "22:00-22:10"}')))
    story.happens(person(NIGHT_S, phase=Phase.BEGAN))
    assert story.passes(NIGHT_S + 700) == ["raised area.intrusion"]
    assert story.happens(person(NIGHT_S + 800, phase=Phase.ENDED)) == []
    assert story.passes(NIGHT_S + 900) == ["returned area.intrusion"]
    story.happens(person(NIGHT_S + 1000, phase=Phase.BEGAN, track="8"))
    assert story.passes(NIGHT_S + 1010) == ["withheld area.intrusion"]


def test_what_is_excepted_is_withheld_on_these_days_only(tmp_path: Path) -> None:
    market = COMMUNITY.model_copy(update={"calendars": {"market": ("2026-03-03",)}})
    story = Story(book_of(tmp_path, rule("except: {calendar: market}")), market)
    story.happens(person(0, phase=Phase.BEGAN))
    assert story.passes(10) == ["withheld area.intrusion"]
    assert story.passes(8 * 3600) == ["raised area.intrusion"], "at midnight in Shanghai"
    assert withheld(story) == ["market is excepted"]


def test_a_calendar_that_is_not_there_withholds_nothing(tmp_path: Path) -> None:
    for number, around in enumerate(("except: {calendar: market}", "only: {calendar: market}")):
        story = Story(book_of(tmp_path / str(number), rule(around)))
        story.happens(person(0, phase=Phase.BEGAN))
        assert story.passes(10) == ["raised area.intrusion"]


def test_a_calendar_that_changes_is_heeded_at_once(tmp_path: Path) -> None:
    market = COMMUNITY.model_copy(update={"calendars": {"market": ("2026-03-03",)}})
    story = Story(book_of(tmp_path, rule("except: {calendar: market}")), market)
    story.happens(person(0, phase=Phase.BEGAN))
    story.passes(10)
    assert story.moves_to(COMMUNITY.model_copy(update={"calendars": {"market": ()}}), 20) == ["raised area.intrusion"]


def test_what_happened_for_a_moment_is_recorded_and_gone(tmp_path: Path) -> None:
    sos = rule('only: {between: "22:00-06:00"}', when="{event: {kind: sos}}", for_each="site")
    story = Story(book_of(tmp_path, sos))
    assert story.happens(event("sos", 0)) == ["withheld area.intrusion"]
    assert story.happens(event("sos", 60), event("sos", 599)) == [], "it stands in the journal already"
    story.restarts()
    assert story.happens(event("sos", 600)) == ["withheld area.intrusion"]
    assert story.passes(NIGHT_S + 60) == []
    assert story.happens(event("sos", NIGHT_S + 61)) == ["raised area.intrusion"]


UNLESS = "unless: {kind: road.congestion, within: 5m, same: camera}"


def jam(at_s: float, *, camera: str = "cam-1") -> Event:
    return event("camera.jam", at_s, source=camera, camera=camera)


def test_an_alert_at_the_same_place_withholds_while_it_is_active_and_for_a_while_after(tmp_path: Path) -> None:
    story = Story(book_of(tmp_path, rule(UNLESS), JAM))
    assert story.happens(jam(0)) == ["raised road.congestion"]
    story.happens(person(10, phase=Phase.BEGAN))
    assert story.passes(20) == ["withheld area.intrusion"]
    assert story.passes(100) == ["returned road.congestion"]
    story.restarts()
    assert story.passes(359) == []
    assert story.passes(361) == ["raised area.intrusion"], "five minutes after it returned"
    assert withheld(story) == ["of road.congestion at the same camera"]


def test_another_place_withholds_nothing(tmp_path: Path) -> None:
    story = Story(book_of(tmp_path, rule(UNLESS), JAM))
    story.happens(jam(0, camera="cam-2"), person(10, phase=Phase.BEGAN))
    assert story.passes(20) == ["raised area.intrusion"]


def test_what_a_rule_on_trial_raises_withholds_nothing(tmp_path: Path) -> None:
    story = Story(book_of(tmp_path, rule(UNLESS), JAM.replace("  name", "  state: shadow\n  name")))
    story.happens(jam(0), person(10, phase=Phase.BEGAN))
    assert "raised area.intrusion" in story.passes(20)


AWAY = "unless: {kind: guard, where: {here: true}, within: 1h, same: site, until: guard_leaves}"


def test_an_observation_withholds_until_its_time_is_over_or_another_ends_it(tmp_path: Path) -> None:
    book = book_of(tmp_path, rule(AWAY))
    story = Story(book)
    story.happens(event("guard", 0, site="junction-3", fields={"here": True}))
    story.happens(person(10, phase=Phase.BEGAN))
    assert story.passes(20) == ["withheld area.intrusion"]
    assert withheld(story) == ["of guard within 1h at the same site"]
    story.restarts()
    assert story.happens(event("guard_leaves", 60, site="junction-3")) == ["raised area.intrusion"]
    story = Story(book)
    story.happens(event("guard", 0, site="junction-3", fields={"here": True}), person(10, phase=Phase.BEGAN))
    assert story.passes(3599) == ["withheld area.intrusion"]
    assert story.passes(3600) == ["raised area.intrusion"]


def test_an_observation_that_does_not_match_or_is_over_already_withholds_nothing(tmp_path: Path) -> None:
    story = Story(book_of(tmp_path, rule(AWAY)))
    story.happens(event("guard", 0, site="junction-3", fields={"here": False}), event("guard", 1, site="junction-3"))
    story.happens(event("guard_leaves", 5, site="junction-3"))
    story.happens(event("guard", 4, arrives_s=6, site="junction-3", fields={"here": True}))
    story.happens(person(10, phase=Phase.BEGAN))
    assert story.passes(20) == ["raised area.intrusion"]


@pytest.fixture
def town() -> Community:
    body = COMMUNITY.model_dump(mode="json")
    body["sites"][0]["tags"] = ["lives-alone"]
    body["sensors"][0]["life_safety"] = True
    return Community.model_validate(body)


def sees(book: RuleBook, community: Community) -> tuple[bool, bool]:
    """Whether a person before the camera on the road rings, and somebody in the house."""
    story = Story(book, community)
    story.happens(person(0, phase=Phase.BEGAN), inside(0))
    story.passes(10)
    sites = {alert.site for alert in story.alerts}
    assert not withheld(story), "what is out of scope is not the rule's affair"
    return "junction-3" in sites, "hh-017" in sites


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("areas: [town]", (True, True)),
        ("areas: group-1, rings: road", (True, False)),
        ("rings: [household, enterprise]", (False, True)),
        ("sites: [hh-017]", (False, True)),
        ("tags: lives-alone", (False, True)),
        ("tags: lives-alone, rings: road", (False, False)),
        ("without_tags: lives-alone", (True, False)),
        ("without_tags: orchard", (True, True)),
        ("cameras: cam-1", (True, False)),
        ("cameras: cam-1, sensors: smoke-17", (True, True)),
        ("areas: nowhere", (False, False)),
        ("life_safety: true", (False, True)),
        ("life_safety: true, sensors: other", (False, False)),
    ],
)
def test_a_rule_counts_within_its_scope_only(
    tmp_path: Path, town: Community, scope: str, expected: tuple[bool, bool]
) -> None:
    assert sees(book_of(tmp_path, rule(f"scope: {{{scope}}}", for_each="device")), town) == expected


def test_a_scope_that_names_what_is_not_there_is_warned_of(
    tmp_path: Path, make_room: MakeRoom, caplog: pytest.LogCaptureFixture
) -> None:
    """A tag is a class of sites, and a community may have none of them."""
    room = make_room(book_of(tmp_path, rule("scope: {areas: [town, twon], cameras: cam-9, tags: orchard}")))
    [record] = [each for each in caplog.records if each.message == "rule names what is not there"]
    assert (record.rule, record.names) == ("yard", ["area twon", "camera cam-9"])  # type: ignore[attr-defined]
    assert room.incidents == []


def test_what_falls_out_of_scope_returns_and_what_was_counting_there_does_not_ring(
    tmp_path: Path, town: Community
) -> None:
    book = book_of(tmp_path, rule("scope: {tags: lives-alone}", for_each="device"))
    story = Story(book, town)
    story.happens(inside(0))
    assert story.passes(5) == ["raised area.intrusion"]
    assert story.moves_to(COMMUNITY, 6) == ["returned area.intrusion"]
    story = Story(book, town)
    story.happens(inside(0))
    assert story.moves_to(COMMUNITY, 1) == []
    assert story.passes(5) == []


def test_what_is_withheld_stands_in_the_journal_with_its_reason_and_opens_nothing(
    tmp_path: Path, make_room: MakeRoom
) -> None:
    room = make_room(book_of(tmp_path, rule('only: {between: "22:00-06:00"}')))
    room.happens(person(0, phase=Phase.BEGAN), *(person(float(at_s)) for at_s in range(4, 60)))
    room.passes(60)
    assert room.moves == ["withheld withheld"]
    [entry] = room.journal
    assert entry.note == "would have fired, withheld because it counts only at 22:00-06:00"
    assert entry.body["because"] == {"zh": "只在 22:00-06:00 计入", "en": "it counts only at 22:00-06:00"}
    assert (entry.body["kind"], entry.incident, room.incidents) == ("area.intrusion", None, [])


@pytest.mark.parametrize("around", ['only: {between: "22:00-06:00"}', "only: {armed: true}"])
def test_what_hours_or_armed_mode_hold_back_fills_no_journal(tmp_path: Path, make_room: MakeRoom, around: str) -> None:
    """A door that is opened every 15 minutes stands there once until the hours or the day are over."""
    shape = "{lasts: {of: {kind: door, where: {open: true}}, for: 10s}}"
    room = make_room(book_of(tmp_path, rule(around, when=shape, for_each="site")))
    for number in range(20):
        is_open = [event("door", 900 * number + 60 * turn, fields={"open": not turn}, source="d") for turn in (0, 1)]
        room.happens(*is_open)
    room.passes(20_000)
    assert room.moves == ["withheld withheld"]
    room.happens(*(event("door", 100_000 + 60 * turn, fields={"open": not turn}, source="d") for turn in (0, 1)))
    room.passes(100_060)
    assert room.moves == ["withheld withheld"] * 2
