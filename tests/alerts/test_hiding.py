"""What people hide on purpose: what it covers, when it ends, and that nothing else is hidden; through the store."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from alerts.figures.signs import Bell, entry_of
from alerts.incidents.handling import Ask
from alerts.incidents.hiding import Plan, Suppressing, keep_suppressions
from alerts.incidents.incident import Display, Handling
from alerts.incidents.joining import merge
from alerts.incidents.suppressions import Mode, Scope, Stage, Suppression
from alerts.incidents.timekeeper import Timekeeper
from alerts.language.places import places_of
from config.community import Community, Level
from config.handling import Deadlines
from hub.access import Principal
from hub.errors import NotAllowedError, NotFoundError
from tests.alerts.conftest import Room
from tests.fakes.people import CHEN, LIN, SUN, WANG
from tests.fakes.stories import COMMUNITY, event, moment

SAFE = Community.model_validate(
    {
        **COMMUNITY.model_dump(exclude={"sensors"}),
        "sensors": [
            {"id": "smoke-17", "site": "hh-017", "life_safety": True, "gateway": "gw-1"},
            {"id": "river-1", "site": "junction-3"},
        ],
    }
)


class Desk:
    """A room with suppressions, and time that does what is due."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.hiding = Suppressing(room.database, room.handling, room.clock, places=lambda: places_of(SAFE))
        self.timekeeper = Timekeeper(
            room.database, room.bus, room.clock, deadlines=Deadlines, tasks=(keep_suppressions,)
        )

    def silence(self, until_s: float, who: Principal = LIN, *, reason: str = "drill", **parts: Any) -> Suppression:
        scope = Scope(**{name: parts.pop(name) for name in ("kind", "area", "site", "device", "rule") if name in parts})
        since = parts.pop("since_s", None)
        mode = parts.pop("mode", Mode.SILENCE)
        return self.hiding.make(
            Plan(mode, scope, reason, moment(until_s), None if since is None else moment(since), **parts), who
        )

    def passes(self, at_s: float) -> None:
        self.room.clock.set(moment(at_s))
        self.timekeeper.step()
        self.room.runs()

    @property
    def shown(self) -> tuple[Display, Handling]:
        return self.room.incident.display, self.room.incident.handling


@pytest.fixture
def desk(room: Room) -> Desk:
    return Desk(room)


def smoke(at_s: float, *, alarm: bool = True, **parts: Any) -> Any:
    return event("smoke", at_s, fields={"alarm": alarm}, **parts)


def sos(at_s: float) -> Any:
    return event("sos", at_s, source="button-1", fields={"pressed": True})


def river(at_s: float, level_m: float) -> Any:
    return event("water_level", at_s, source="river-1", site="junction-3", fields={"level_m": level_m})


def test_what_is_raised_under_a_silence_is_recorded_and_not_shown_until_its_end(desk: Desk) -> None:
    made = desk.silence(1800, kind="fire", site="hh-017")
    desk.room.happens(smoke(60))
    hidden = desk.room.incident
    assert (hidden.display, hidden.hidden_by, hidden.hidden_why) == (Display.SHELVED, "lin", "drill")
    assert (hidden.hidden_until, hidden.hidden_under) == (moment(1800), made.id)
    assert hidden.active
    assert desk.room.moves[-3:] == ["alert raised", "incident opened", "incident shelved"]
    desk.passes(1799)
    assert desk.shown == (Display.SHELVED, Handling.NEW), "nobody is asked for what is hidden"
    desk.passes(1800)
    assert desk.shown == (Display.SHOWN, Handling.NEW)
    assert desk.room.incident.due == moment(1980), "the time to see it begins when it is shown"
    assert desk.hiding.get(made.id).stage(moment(1800)) is Stage.PAST


def test_what_is_elsewhere_or_of_another_kind_is_shown(desk: Desk) -> None:
    desk.silence(1800, kind="fire", site="hh-017")
    desk.room.happens(
        smoke(60, site="junction-3", source="other"), event("water_leak", 60, fields={"leak": True}), smoke(61)
    )
    desk.room.passes(100)
    shown = {(each.kind, each.site): each.display for each in desk.room.incidents}
    assert shown == {
        ("fire.smoke", "junction-3"): Display.SHOWN,
        ("water.leak", "hh-017"): Display.SHOWN,
        ("fire.smoke", "hh-017"): Display.SHELVED,
    }


def test_an_area_covers_those_below_it_and_a_family_its_kinds(desk: Desk) -> None:
    desk.silence(1800, kind="fire", area="town")
    desk.room.happens(smoke(60, area="group-1"))
    assert desk.shown[0] is Display.SHELVED


def test_what_stands_open_comes_under_it_at_once_and_has_to_be_seen_again_after_it(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    desk.room.handling.acknowledge(desk.room.incident.id, WANG)
    desk.silence(600, rule="fire.smoke_sensor")
    assert desk.shown == (Display.SHELVED, Handling.SEEN)
    desk.passes(600)
    assert desk.shown == (Display.SHOWN, Handling.NEW)


def test_one_that_is_to_come_hides_from_its_beginning_on(desk: Desk) -> None:
    made = desk.silence(1800, since_s=100, kind="fire", site="hh-017")
    desk.room.happens(smoke(50))
    assert desk.shown[0] is Display.SHOWN
    assert desk.hiding.listed(Stage.COMING) == [made]
    desk.passes(100)
    assert desk.shown[0] is Display.SHELVED
    assert [each.id for each in desk.hiding.listed(Stage.ACTIVE)] == [made.id]


def test_one_that_is_lifted_shows_what_still_holds(desk: Desk) -> None:
    made = desk.silence(1800, kind="fire", site="hh-017")
    desk.room.happens(smoke(60))
    ended = desk.hiding.end(made.id, WANG, "the drill was called off")
    assert (ended.ended_by, ended.ended) == ("wang", moment(60))
    assert desk.shown == (Display.SHOWN, Handling.NEW)
    with pytest.raises(NotAllowedError, match="over already"):
        desk.hiding.end(made.id, WANG)
    desk.room.happens(smoke(70, site="junction-3", source="other"))
    assert desk.room.incidents[0].display is Display.SHOWN


def test_an_extension_counts_from_now_and_is_held_to_the_same_limits(desk: Desk) -> None:
    made = desk.silence(7200, kind="fire", site="hh-017")
    desk.room.happens(smoke(60))
    with pytest.raises(NotAllowedError, match="120 minutes"):
        desk.hiding.extend(made.id, LIN, moment(7300))
    desk.passes(3600)
    desk.hiding.extend(made.id, LIN, moment(9000))
    assert desk.room.incident.hidden_until == moment(9000)
    desk.passes(7200)
    assert desk.shown[0] is Display.SHELVED
    desk.passes(9000)
    assert desk.shown[0] is Display.SHOWN


def test_where_two_overlap_it_is_shown_when_both_are_over(desk: Desk) -> None:
    long = desk.silence(3000, kind="fire", site="hh-017")
    short = desk.silence(600, site="hh-017", who=WANG, reason="painting")
    desk.room.happens(smoke(60))
    assert desk.room.incident.hidden_under == long.id
    desk.hiding.end(long.id, LIN)
    assert (desk.room.incident.hidden_under, desk.room.incident.hidden_by) == (short.id, "wang")
    desk.passes(600)
    assert desk.shown[0] is Display.SHOWN


def test_a_one_shot_mute_is_over_when_what_it_hides_has_returned_once(desk: Desk) -> None:
    made = desk.silence(7200, kind="fire.smoke", site="hh-017", once=True, reason="grandmother fries")
    desk.room.happens(smoke(60))
    assert desk.shown[0] is Display.SHELVED
    desk.room.happens(smoke(120, alarm=False))
    assert desk.shown == (Display.SHOWN, Handling.NEW)
    assert desk.hiding.get(made.id).ended == moment(120)
    assert "suppression returned" in desk.room.moves
    desk.room.happens(smoke(500))
    assert desk.shown == (Display.SHOWN, Handling.NEW)


def test_a_rise_of_level_shows_it_for_the_rest_of_the_silence(desk: Desk) -> None:
    desk.silence(7000, kind="flood", site="junction-3")
    desk.room.happens(river(0, 2.1), river(60, 2.1))
    assert desk.shown[0] is Display.SHELVED
    desk.room.happens(river(120, 3.1), river(180, 3.1))
    assert desk.shown == (Display.SHOWN, Handling.NEW)
    desk.room.happens(river(240, 3.1))
    assert desk.shown == (Display.SHOWN, Handling.NEW)


def test_a_device_in_maintenance_may_rise_unseen_but_no_higher_than_its_maker_may_hide(desk: Desk) -> None:
    desk.silence(80_000, SUN, device="river-1", mode=Mode.MAINTENANCE, reason="new probe")
    desk.room.happens(river(0, 2.1), river(60, 2.1), river(120, 3.1), river(180, 3.1))
    assert (desk.room.incident.level, desk.shown[0]) == (Level.SERIOUS, Display.MAINTENANCE)
    desk.room.happens(river(240, 3.6), river(300, 3.6))
    assert (desk.room.incident.level, desk.shown) == (Level.CRITICAL, (Display.SHOWN, Handling.NEW))


def test_one_alert_that_is_not_covered_shows_all_of_the_incident(desk: Desk) -> None:
    desk.silence(1800, kind="sensor.battery_low")
    desk.room.happens(event("battery_low", 60, fields={"low": True}))
    assert desk.shown[0] is Display.SHELVED
    desk.room.happens(event("fault", 90, fields={"fault": True}))
    assert [each.kind for each in desk.room.incident.alerts] == ["sensor.battery_low", "sensor.fault"]
    assert desk.shown == (Display.SHOWN, Handling.NEW)


def test_red_is_hidden_by_a_supervisor_only_and_for_half_an_hour(desk: Desk) -> None:
    with pytest.raises(NotAllowedError, match="only a supervisor"):
        desk.silence(600, kind="sos", level=Level.CRITICAL)
    with pytest.raises(NotAllowedError, match="30 minutes"):
        desk.silence(1801, CHEN, kind="sos", level=Level.CRITICAL)
    desk.silence(1800, CHEN, site="hh-017")
    desk.room.happens(sos(1))
    assert desk.shown[0] is Display.SHOWN, "what does not say red does not hide it"
    desk.silence(1800, CHEN, kind="sos", level=Level.CRITICAL)
    assert (desk.shown[0], desk.room.incident.hidden_by) == (Display.SHELVED, "chen")


@pytest.mark.parametrize(
    ("who", "parts", "why"),
    [
        (LIN, {}, "nothing hides everything"),
        (LIN, {"kind": "fire", "reason": " "}, "say why"),
        (SUN, {"kind": "fire"}, "as integrator you may not"),
        (LIN, {"device": "river-1", "mode": Mode.MAINTENANCE}, "as operator you may not"),
        (SUN, {"device": "smoke-17", "mode": Mode.OUT_OF_SERVICE}, "by a supervisor"),
        (SUN, {"device": "gw-1", "mode": Mode.OUT_OF_SERVICE}, "by a supervisor"),
        (SUN, {"site": "hh-017", "mode": Mode.MAINTENANCE}, "name the device"),
        (SUN, {"device": "river-1", "mode": Mode.MAINTENANCE, "until_s": 7 * 86_400 + 1}, "10080 minutes"),
    ],
)
def test_who_may_not_is_told_why(desk: Desk, who: Principal, parts: dict[str, Any], why: str) -> None:
    with pytest.raises(NotAllowedError, match=why):
        desk.silence(who=who, **{"until_s": 600, **parts})
    assert desk.hiding.listed() == []


def test_what_is_not_there_cannot_be_hidden(desk: Desk) -> None:
    for parts in ({"area": "nowhere"}, {"site": "nowhere"}, {"device": "nobody"}):
        with pytest.raises(NotFoundError):
            desk.silence(600, **parts)


def test_a_household_is_told_when_what_its_lives_depend_on_is_switched_off_and_when_it_is_back(desk: Desk) -> None:
    made = desk.silence(2 * 86_400, CHEN, device="smoke-17", mode=Mode.OUT_OF_SERVICE, reason="kitchen is rebuilt")
    desk.room.happens(smoke(60))
    assert desk.shown[0] is Display.OUT_OF_SERVICE
    assert desk.room.incident.active, "the rules go on"
    desk.passes(2 * 86_400)
    assert desk.shown == (Display.SHOWN, Handling.NEW)
    told = [entry for entry in desk.room.journal if entry.topic == "household"]
    assert [(entry.subject, entry.move, entry.who) for entry in told] == [
        ("hh-017", "out_of_service", "chen"),
        ("hh-017", "in_service", "engine"),
    ]
    assert told[0].body == made.to_json() | {"begun": None}


def test_a_second_detector_of_the_household_is_heard_while_the_first_is_out_of_service(desk: Desk) -> None:
    desk.silence(80_000, CHEN, device="smoke-17", mode=Mode.OUT_OF_SERVICE, reason="dust")
    desk.room.happens(smoke(60))
    assert desk.shown[0] is Display.OUT_OF_SERVICE
    desk.room.happens(smoke(90, source="smoke-17b"))
    assert (len(desk.room.incident.alerts), desk.shown) == (1, (Display.SHOWN, Handling.NEW))


def test_a_silence_that_ended_while_the_hub_was_away_shows_what_it_hid(desk: Desk) -> None:
    desk.silence(600, kind="fire", site="hh-017")
    desk.room.happens(smoke(60))
    later = Desk(desk.room)
    later.passes(90_000)
    assert later.shown == (Display.SHOWN, Handling.NEW)
    assert later.hiding.listed(Stage.PAST)[0].ended == moment(600)


def test_a_preview_says_what_it_hides_now_and_would_have_hidden_in_a_week(desk: Desk) -> None:
    desk.room.happens(smoke(0), sos(5), smoke(10, site="junction-3", source="other"))
    plan = Plan(Mode.SILENCE, Scope(site="hh-017"), "works", moment(4000))
    found = desk.hiding.preview(plan, LIN)
    assert [each.kind for each in found.now] == ["fire.smoke"]
    assert (found.alerts, found.graver, found.refusal) == (1, 1, "")
    assert dict(found.kinds) == {"fire.smoke": 1}
    assert "120 minutes" in desk.hiding.preview(Plan(plan.mode, plan.scope, "works", moment(90_000)), LIN).refusal
    assert desk.hiding.listed() == []


def test_who_is_on_the_way_is_not_hidden_from_the_room(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    desk.room.handling.make(desk.room.incident.id, Ask("dispatch", LIN))
    desk.silence(600, kind="fire", site="hh-017")
    assert desk.shown == (Display.SHOWN, Handling.DISPATCHED)


def test_what_was_resolved_while_hidden_comes_back_shown(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    desk.room.handling.shelve(desk.room.incident.id, LIN, "burning leaves", moment(0) + timedelta(hours=2))
    resolved = desk.room.handling.resolve(desk.room.incident.id, LIN, "nuisance", cause="cooking")
    assert (resolved.display, resolved.hidden_by, resolved.due) == (Display.SHOWN, None, None)


def test_an_incident_put_aside_is_shown_when_something_else_joins_it(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    desk.room.handling.shelve(desk.room.incident.id, LIN, "burning leaves", moment(3600))
    desk.room.happens(event("heat", 90, source="heat-17", fields={"alarm": True}))
    desk.room.passes(200)
    assert desk.shown == (Display.SHOWN, Handling.NEW)


def test_an_incident_put_aside_stays_hidden_when_a_silence_covers_it_at_its_end(desk: Desk) -> None:
    desk.room.happens(smoke(0))
    desk.room.handling.shelve(desk.room.incident.id, LIN, "burning leaves", moment(300))
    desk.silence(900, kind="fire", site="hh-017")
    desk.passes(300)
    assert (desk.shown[0], desk.room.incident.hidden_until) == (Display.SHELVED, moment(900))
    desk.passes(900)
    assert desk.shown == (Display.SHOWN, Handling.NEW)


def test_the_journal_says_of_each_alert_whether_anybody_could_see_it(desk: Desk) -> None:
    desk.silence(1800, kind="fire", site="hh-017")
    desk.room.happens(smoke(60), sos(70))
    raised = {entry.body["kind"]: entry.body.get("hidden") for entry in desk.room.journal if entry.move == "raised"}
    assert raised == {"fire.smoke": "shelved", "sos.button": None}


def test_what_is_hidden_rings_once_when_it_is_shown(desk: Desk) -> None:
    desk.silence(1800, CHEN, device="smoke-17", mode=Mode.MAINTENANCE, reason="battery")
    desk.room.happens(smoke(60))
    desk.passes(1800)
    bell = Bell()
    entries = [each for entry in desk.room.journal if (each := entry_of(entry)) is not None]
    rung = [each for entry in entries for each in bell.take(entry)]
    assert [(each.move, each.at) for each in (*rung, *bell.flush())] == [("restored", moment(1800))]


def test_what_is_merged_into_something_hidden_shows_it(desk: Desk) -> None:
    desk.room.happens(smoke(0), smoke(5, site="junction-3", source="other"))
    loud, hidden = desk.room.incidents
    desk.room.handling.shelve(hidden.id, LIN, "burning leaves", moment(3600))
    merge(desk.room.handling, loud.id, LIN, into=hidden.id)
    shown = desk.room.repository.incident(hidden.id)
    assert (shown.display, shown.handling, shown.hidden_by) == (Display.SHOWN, Handling.NEW, None)
