"""Armed mode: who armed what, and the rules that ask for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Withheld
from alerts.arming import Arming
from alerts.arming_desk import ArmingDesk, ArmingState
from alerts.cells import Cells
from alerts.language.places import places_of
from alerts.language.rule_store import RuleStore
from alerts.trials.asking import ask
from alerts.trials.rehearsal import Rehearsal
from alerts.trials.ruletests import RuleTest
from api.commands.backtesting import try_rule
from api.history import History
from config.community import Community
from config.errors import ConfigurationError
from hub.events import Event, Quality
from hub.store.event_log import Fact
from hub.store.facts import to_us
from tests.alerts.conftest import MakeRoom, Room
from tests.fakes.shapes import check_restart
from tests.fakes.stories import COMMUNITY, Story, book_of, event, moment

RULE = """
- rule: door.armed
  name: {zh: 门, en: Door}
  raises: {kind: door.armed_open, severity: yellow}
  for_each: site
  AROUND
  when: SHAPE
  say: {zh: "{site}", en: "{site}"}
  do: {zh: 看, en: Look}
"""
OPENED = "{event: {kind: door, where: {open: true}}}"
STANDS_OPEN = "{lasts: {of: {kind: door, where: {open: true}}, for: 30s}}"

VILLAGE = Community.model_validate(
    {
        **COMMUNITY.model_dump(mode="json"),
        "areas": [
            {"id": "town", "name": "Town"},
            {"id": "group-1", "name": "Group 1", "parent": "town"},
            {"id": "group-2", "name": "Group 2", "parent": "town"},
        ],
    }
)


def rule(around: str = "only: {armed: true}", shape: str = OPENED) -> str:
    return RULE.replace("AROUND", around).replace("SHAPE", shape)


def door(at_s: float, *, is_open: bool = True, **parts: object) -> Event:
    return event("door", at_s, fields={"open": is_open}, source="door-17", **parts)  # type: ignore[arg-type]


def arm(at_s: float, *, armed: bool = True, site: str | None = "hh-017", **parts: object) -> Event:
    return event("arming", at_s, source="keypad", fields={"armed": armed}, site=site, **parts)  # type: ignore[arg-type]


def reasons(story: Story) -> list[str]:
    return [change.en for change in story.changes if isinstance(change, Withheld)]


def test_what_nobody_armed_is_not_armed(tmp_path: Path) -> None:
    story = Story(book_of(tmp_path, rule()))
    assert story.happens(door(0)) == ["withheld door.armed_open"]
    assert reasons(story) == ["it counts only while armed"]


def test_an_armed_site_rings_and_a_disarmed_one_does_not(tmp_path: Path) -> None:
    story = Story(book_of(tmp_path, rule()))
    assert story.happens(arm(0), door(10)) == ["raised door.armed_open"]
    story = Story(book_of(tmp_path, rule()))
    assert story.happens(arm(0), arm(5, armed=False), door(10)) == ["withheld door.armed_open"]
    story = Story(book_of(tmp_path, rule("except: {armed: true}")))
    assert story.happens(arm(0), door(10)) == ["withheld door.armed_open"]
    assert reasons(story) == ["while armed is excepted"]


@pytest.mark.parametrize("area", ["group-1", "town"])
def test_an_area_is_armed_with_everything_below_it(tmp_path: Path, area: str) -> None:
    story = Story(book_of(tmp_path, rule()), VILLAGE)
    assert story.happens(arm(0, site=None, area=area), door(10)) == ["raised door.armed_open"]
    story = Story(book_of(tmp_path, rule()), VILLAGE)
    assert story.happens(arm(0, site=None, area="group-2"), door(10)) == ["withheld door.armed_open"]


def test_the_nearest_word_counts(tmp_path: Path) -> None:
    """The site beats the area, and an area the one above it, whoever spoke last."""
    story = Story(book_of(tmp_path, rule()), VILLAGE)
    story.happens(arm(0, armed=False), arm(1, site=None, area="group-1"), door(10))
    assert story.active == []
    story = Story(book_of(tmp_path, rule()), VILLAGE)
    story.happens(arm(0, site=None, area="group-1"), arm(1, armed=False, site=None, area="town"), door(10))
    assert story.active == ["door.armed_open yellow"]


def test_a_word_that_is_taken_back_leaves_the_site_to_its_area(tmp_path: Path) -> None:
    story = Story(book_of(tmp_path, rule()), VILLAGE)
    follows = event("arming", 2, fields={"armed": "follows"}, source="li")
    story.happens(arm(0, site=None, area="group-1"), arm(1, armed=False), follows, door(10))
    assert story.active == ["door.armed_open yellow"]


def test_it_survives_a_restart_and_a_reload_of_the_rules(tmp_path: Path) -> None:
    story = Story(book_of(tmp_path, rule("only: {armed: false}")))
    story.happens(arm(0))
    story.restarts()
    story.reloads(book_of(tmp_path, rule()), 5)
    assert story.happens(door(100_000)) == ["raised door.armed_open"]


def test_what_happened_before_it_was_armed_does_not_ring_however_late_it_comes(tmp_path: Path) -> None:
    story = Story(book_of(tmp_path, rule()))
    assert story.happens(arm(15), door(10, arrives_s=20)) == ["withheld door.armed_open"]
    assert story.happens(arm(40, armed=False), door(30, arrives_s=50)) == ["raised door.armed_open"]


@given(st.lists(st.tuples(st.integers(0, 299), st.booleans()), unique_by=lambda each: each[0], max_size=12), st.data())
def test_the_order_of_arrival_makes_no_difference(said: list[tuple[int, bool]], data: st.DataObject) -> None:
    arming, places = Arming(Cells(lambda _cell: ())), places_of(VILLAGE)
    for at_s, armed in data.draw(st.permutations(said)):
        arming.note(arm(at_s, armed=armed, arrives_s=300))
    for at_s in range(0, 300, 7):
        before = [armed for said_s, armed in sorted(said) if said_s <= at_s]
        expected = before[-1] if before else False
        assert arming.armed({"site": "hh-017"}, to_us(moment(at_s)), places) == expected


def test_a_door_that_stands_open_rings_when_it_is_armed(tmp_path: Path) -> None:
    story = Story(book_of(tmp_path, rule(shape=STANDS_OPEN)))
    story.happens(door(0))
    assert story.passes(30) == ["withheld door.armed_open"]
    assert story.happens(arm(500)) == ["raised door.armed_open"]
    assert story.happens(arm(510, armed=False)) == []


def test_who_disarms_within_the_entry_delay_rings_nothing(tmp_path: Path) -> None:
    for disarms, expected in ((25, ["withheld door.armed_open"]), (None, ["raised door.armed_open"])):
        story = Story(book_of(tmp_path, rule(shape=STANDS_OPEN)))
        story.happens(arm(0), door(100))
        if disarms is not None:
            story.happens(arm(100 + disarms, armed=False))
        assert story.passes(130) == expected


def test_armed_goes_together_with_hours(tmp_path: Path) -> None:
    """The stories begin at 16:00; one line of the list is enough."""
    written = 'only: [{armed: true, between: "17:00-24:00"}, {armed: false, between: "16:00-16:30"}]'
    story = Story(book_of(tmp_path, rule(written)))
    assert story.happens(door(0)) == ["raised door.armed_open"]
    story = Story(book_of(tmp_path, rule(written)))
    assert story.happens(arm(0), door(10)) == ["withheld door.armed_open"]
    assert reasons(story) == ["it counts only at 17:00-24:00 while armed or 16:00-16:30 while not armed"]
    assert story.happens(door(3601, is_open=False), door(3602)) == ["raised door.armed_open"]


def test_a_test_of_a_keypad_and_a_word_without_place_or_sense_arm_nothing(tmp_path: Path) -> None:
    story = Story(book_of(tmp_path, rule()))
    story.happens(
        arm(0, quality=(Quality.TEST,)), arm(1, site=None), event("arming", 2, fields={"armed": "yes"}), door(10)
    )
    assert story.active == []


def test_hours_of_a_silence_cannot_be_counted_by_armed(tmp_path: Path) -> None:
    shape = "{silence: {of: {kind: motion}, longer_than: 8h, counted: only}}"
    with pytest.raises(ConfigurationError) as caught:
        book_of(tmp_path, rule(shape=shape))
    assert "`armed` is no time that can be counted" in str(caught.value)


def test_what_people_say_is_seen_before_the_engine_heard_of_it_and_after(room: Room) -> None:
    """On each kind of database."""
    desk, places = ArmingDesk(room.database, room.event_log, room.bus, room.clock), places_of(VILLAGE)
    assert desk.state(site="hh-017", area="group-1", places=places) == ArmingState(armed=False)
    desk.say(site=None, area="town", armed=True, who="li", note="festival")
    room.happens(arm(5, site="hh-018"))
    expected = ArmingState(armed=True, area="town", since=moment(0), who="li")
    assert desk.state(site="hh-017", area="group-1", places=places) == expected
    desk.say(site="hh-017", area="group-1", armed=False, who="li")
    unheard = desk.state(site="hh-017", area="group-1", places=places)
    assert unheard == ArmingState(armed=False, site="hh-017", since=moment(5), who="li")
    room.runs()
    assert desk.state(site="hh-017", area="group-1", places=places) == unheard
    assert desk.state(site="hh-018", area=None, places=places).who == "keypad"
    told = [(entry.subject, entry.move, entry.who, entry.note) for entry in room.journal if entry.topic == "arming"]
    assert told == [("town", "armed", "li", "festival"), ("hh-017", "disarmed", "li", "")]


def test_a_rule_test_arms_and_disarms_without_a_device(tmp_path: Path) -> None:
    book = book_of(tmp_path, rule())
    arming = {"at": "0s", "kind": "arming", "area": "town", "armed": True}
    opened = {"at": "5s", "kind": "door", "device": "d", "site": "hh-017", "open": True}
    alert = {"kind": "door.armed_open", "key": "hh-017", "severity": "yellow"}
    for fed, expected in (((arming, opened), {"active": [alert]}), ((opened,), {"active": []})):
        test = RuleTest.model_validate(
            {
                "name": "armed",
                "rules": ["door.armed"],
                "community": VILLAGE.model_dump(mode="json"),
                "feed": fed,
                "expect": [{"at": "6s", **expected}],
            }
        )
        assert Rehearsal(test).run(book.rules) == ()


def test_a_backtest_knows_what_was_armed_before_it_begins(tmp_path: Path, make_room: MakeRoom) -> None:
    room, [tried] = make_room(), book_of(tmp_path, rule()).rules
    room.event_log.append([Fact(each) for each in (arm(-300_000), door(100), arm(150, armed=False))]).result(5)
    stored = History(room.event_log, room.repository, VILLAGE, places_of(VILLAGE), None)  # type: ignore[arg-type]
    found = try_rule(stored, tried, (), since=moment(60), until=None, now=moment(1000))
    assert [(each.alert.key, each.began) for each in found.episodes] == [("hh-017", moment(100))]
    assert found.withheld == ()


def test_a_backtest_counts_what_begins_in_its_time_and_remembers_what_came_before(
    tmp_path: Path, make_room: MakeRoom
) -> None:
    """The door that was opened before rings within; the one that had rung by then and rings on is none of its cases."""
    room, [tried] = make_room(), book_of(tmp_path, rule(around="", shape=STANDS_OPEN)).rules
    other = event("door", 10, source="door-18", site="hh-018", fields={"open": True})
    room.event_log.append([Fact(each) for each in (other, door(50), door(90, is_open=False))]).result(5)
    stored = History(room.event_log, room.repository, VILLAGE, places_of(VILLAGE), None)  # type: ignore[arg-type]
    found = try_rule(stored, tried, (), since=moment(60), until=None, now=moment(1000))
    assert [(each.alert.key, each.began) for each in found.episodes] == [("hh-017", moment(80))]
    assert found.events == 1


def test_why_not_knows_what_was_armed_days_before(tmp_path: Path, make_room: MakeRoom) -> None:
    room, day_s = make_room(), 86_400
    rules = RuleStore(room.database, room.bus, room.clock)
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "doors.yaml").write_text(rule(shape=STANDS_OPEN), encoding="utf-8")
    rules.start_from(folder, shipped=False)
    room.event_log.append([Fact(each) for each in (arm(0), door(3 * day_s))]).result(5)
    at = moment(3 * day_s + 60)
    answer = ask("door.armed", "hh-017", at, event_log=room.event_log, rules=rules, community=VILLAGE)
    assert answer.rang, answer


def test_a_restart_makes_no_difference(tmp_path: Path) -> None:
    events = [arm(0), door(5), door(8, is_open=False), arm(20, armed=False), door(30), arm(40), door(50, is_open=False)]
    book = book_of(tmp_path, rule(), rule(shape=STANDS_OPEN).replace("door.armed\n", "door.open\n"))
    for at in range(len(events)):
        check_restart(book, events, at)
