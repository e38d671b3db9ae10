"""The shape `together`: independent devices within a time, in any order."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.engine import Engine
from alerts.language.places import places_of
from alerts.language.rulebook import RuleBook
from config.community import Community
from hub.events import Event, Phase, Quality
from tests.fakes.shapes import book_with, check_it_forgets, check_restart, stands_after
from tests.fakes.stories import COMMUNITY, Story, event, moment, seen

PAIR = (
    "together: {within: 90s, all_of: [{kind: smoke, where: {alarm: true}}, "
    "{kind: [camera.fire, camera.smoke], where: {confidence: '>= 0.5'}}]}"
)
THREE = "together: {within: 60s, all_of: [{kind: [a, b]}, {kind: [b, c]}, {kind: [a, c]}]}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rules")


def smoke(at_s: float, **parts: object) -> Event:
    return event("smoke", at_s, **{"fields": {"alarm": True}, "site": "junction-3", **parts})  # type: ignore[arg-type]


def fire(at_s: float, confidence: float | None = 0.8, **parts: object) -> Event:
    return seen("camera.fire", at_s, confidence=confidence, **parts)


def test_two_sources_within_the_time_confirm(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, PAIR, say="{seconds}"))
    assert story.happens(smoke(0)) == []
    assert story.happens(fire(70, 0.61)) == ["raised gas.repeated"]
    [alert] = story.alerts
    assert (alert.started, alert.text.en, len(alert.events)) == (moment(0), "70", 2)
    assert story.happens(fire(80, phase=Phase.ENDED)) == []
    assert story.passes(159) == []
    assert story.passes(160) == ["returned gas.repeated"]


@pytest.mark.parametrize("apart_s", [90, 91])
def test_the_time_between_them_is_the_limit(tmp_path: Path, apart_s: int) -> None:
    story = Story(book_with(tmp_path, PAIR))
    story.happens(fire(0), smoke(apart_s))
    assert bool(story.active) == (apart_s <= 90)


def test_the_one_that_arrives_late_confirms_by_its_event_time(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, PAIR))
    assert story.happens(smoke(40), fire(30, arrives_s=60)) == ["raised gas.repeated"]
    story = Story(book_with(tmp_path, PAIR))
    assert story.happens(smoke(0), fire(200, arrives_s=200), smoke(201, site="hh-017")) == []


def test_another_site_confirms_nothing(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, PAIR))
    story.happens(smoke(0, site="hh-017"), fire(10))
    assert story.active == []


def test_two_events_of_one_device_confirm_nothing(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, "together: {within: 90s, all_of: [{kind: smoke}, {kind: [heat, smoke]}]}"))
    story.happens(smoke(0, source="combined"), event("heat", 5, source="combined", site="junction-3"))
    story.happens(smoke(20, source="combined"))
    assert story.active == []
    assert story.happens(smoke(30, source="another")) == ["raised gas.repeated"]


def test_a_confidence_that_is_low_missing_or_no_number_confirms_nothing(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, PAIR))
    story.happens(smoke(0), fire(10, 0.3), fire(11, None), fire(12, "high"))  # type: ignore[arg-type]
    assert story.active == []
    assert story.engine.counts.unknown == {"example": 2}


def test_what_the_broker_retained_confirms_nothing(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, PAIR))
    story.happens(smoke(0, quality=(Quality.RETAINED,)), fire(10))
    assert story.active == []


def test_a_pattern_takes_the_source_that_no_other_one_needs(tmp_path: Path) -> None:
    for order in itertools.permutations([event("b", 0, source="s1"), event("a", 1, source="s2"), event("c", 2)]):
        story = Story(book_with(tmp_path, THREE))
        story.happens(*order)
        assert story.active == ["gas.repeated yellow"]
    story = Story(book_with(tmp_path, THREE))
    story.happens(event("a", 0, source="s1"), event("b", 1, source="s2"), event("c", 2, source="s2"))
    assert story.active == []


def test_a_chatty_source_pushes_no_other_one_out(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, PAIR))
    story.happens(fire(0))
    story.happens(*(seen("camera.fire", at_s / 10, confidence=0.9, camera="cam-2") for at_s in range(1, 890)))
    assert story.happens(smoke(89)) == ["raised gas.repeated"]


def test_shipped_a_detector_and_a_camera_of_one_site_are_a_confirmed_fire(shipped: RuleBook) -> None:
    story = Story(shipped)
    story.happens(smoke(0), fire(60))
    assert story.active == ["fire.camera_flame orange", "fire.confirmed red", "fire.smoke orange"]
    story.passes(10_000)
    assert "fire.confirmed red" in story.active


NEAR = PAIR.replace("within: 90s", "within: 90s, near_m: 60")


def village(**elsewhere: object) -> Community:
    """The village with a place for its house, and 40 m from it one for the camera of the junction."""
    body = COMMUNITY.model_dump(mode="json")
    body["sites"][0]["location"] = {"lat": 29.35, "lon": 106.15}
    body["sites"].append({"id": "hh-018", "name": "House 18", "location": {"lat": 29.35 - 0.00036, "lon": 106.15}})
    body["cameras"][0]["location"] = {"lat": 29.35 + 0.00036, "lon": 106.15}
    for name, change in elsewhere.items():
        body[name][0] |= change  # type: ignore[operator]
    return Community.model_validate(body)


@pytest.mark.parametrize("first", [0, 60])
def test_a_camera_near_the_house_confirms_its_detector_in_any_order(tmp_path: Path, first: int) -> None:
    story = Story(book_with(tmp_path, NEAR), village())
    story.happens(*sorted([smoke(first, site="hh-017"), fire(30)], key=lambda each: each.at))
    [alert] = story.alerts
    assert (alert.key, alert.site, alert.area, len(alert.events)) == ("hh-017", "hh-017", "group-1", 2)
    story.restarts()
    assert story.happens(fire(70), smoke(80, site="hh-017")) == []


@pytest.mark.parametrize(("metres", "raised"), [(60.5, False), (59.5, True)])
def test_the_distance_between_the_sources_is_the_limit(tmp_path: Path, metres: float, raised: bool) -> None:  # noqa: FBT001
    camera = {
        "location": {"lat": 29.35, "lon": 106.15 + math.degrees(metres / 6371008.8 / math.cos(math.radians(29.35)))}
    }
    story = Story(book_with(tmp_path, NEAR), village(cameras=camera))
    story.happens(smoke(0, site="hh-017"), fire(30))
    assert bool(story.alerts) == raised


def test_each_house_near_a_camera_has_an_alert_of_its_own(tmp_path: Path) -> None:
    """The house at which the first pattern was seen: a camera between two that burn confirms both."""
    camera = {"location": {"lat": 29.35 - 0.00018, "lon": 106.15}}
    story = Story(book_with(tmp_path, NEAR), village(cameras=camera))
    story.happens(smoke(0, site="hh-017"), fire(30), smoke(40, site="hh-018", source="smoke-18"))
    assert [alert.key for alert in story.alerts] == ["hh-017", "hh-018"]


def test_what_is_at_one_site_is_near_without_a_place_on_the_ground(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, NEAR))
    assert story.happens(smoke(0), fire(30)) == ["raised gas.repeated"]


def test_who_has_no_place_on_the_ground_is_unknown_to_other_sites(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, NEAR), village(cameras={"location": None}))
    story.happens(smoke(0, site="hh-017"), fire(30))
    assert story.active == []
    assert story.engine.counts.unknown == {"example": 1}


def test_in_a_whole_area_only_what_is_near_confirms(tmp_path: Path) -> None:
    book = book_with(tmp_path, NEAR, for_each="area")
    for camera, raised in (({}, True), ({"location": {"lat": 29.36, "lon": 106.15}}, False)):
        story = Story(book, village(cameras=camera))
        story.happens(smoke(0, site="hh-017", area="group-1"), fire(30, area="group-1"))
        assert bool(story.alerts) == raised
        assert [alert.key for alert in story.alerts] == ["group-1"] * raised


def test_with_the_same_zone_asked_for_other_zones_confirm_nothing(tmp_path: Path) -> None:
    two = "together: {within: 90s, same: zone, all_of: [{kind: camera.fire}, {kind: flame}]}"
    story = Story(book_with(tmp_path, two, for_each="community"))
    story.happens(fire(0, zone="yard"), fire(1, zone="lane-1"))
    story.happens(event("flame", 2, source="ir-1", camera="cam-1", zone="pond"), event("flame", 3, source="ir-2"))
    assert story.active == []
    assert story.engine.counts.unknown == {"example": 1}
    story.happens(event("flame", 4, source="ir-1", camera="cam-1", zone="yard"))
    assert [alert.key for alert in story.alerts] == ["community"]


stories = st.lists(
    st.builds(
        lambda kind, at_s, late_s, source: event(kind, at_s, arrives_s=at_s + late_s, source=source),
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 300),
        st.sampled_from([0, 0, 5, 290]),
        st.sampled_from(["s1", "s2", "s3"]),
    ),
    max_size=20,
    unique_by=lambda each: each.id,
).map(lambda events: sorted(events, key=lambda each: each.arrived))


@settings(deadline=None, max_examples=60)
@given(events=stories, at=st.integers(0, 20))
def test_a_restart_makes_no_difference(folder: Path, events: list[Event], at: int) -> None:
    book = book_with(folder, THREE)
    check_restart(book, events, at)
    check_it_forgets(book, events)


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_the_order_of_arrival_makes_no_difference_to_what_is_near(folder: Path, data: st.DataObject) -> None:
    """Also against the plain reading: a house rings when a detector of it and a camera near say so within 90 s."""
    book = book_with(folder, NEAR)
    drawn = data.draw(
        st.lists(
            st.tuples(st.integers(0, 299), st.sampled_from(["hh-017", "hh-018", "cam-1"])), unique=True, max_size=12
        )
    )
    events = [
        fire(at_s, arrives_s=300) if who == "cam-1" else smoke(at_s, site=who, source=f"smoke-{who}", arrives_s=300)
        for at_s, who in sorted(drawn)
    ]

    def raised(events: Sequence[Event]) -> set[str]:
        engine = Engine(book, places_of(village()))
        return {each.alert.key for event in events for each in engine.handle(event) if each.move == "raised"}

    fires = [at_s for at_s, who in drawn if who == "cam-1"]
    expected = {who for at_s, who in drawn if who == "hh-017" and any(abs(at_s - fire_s) <= 90 for fire_s in fires)}
    assert raised(events) == raised(data.draw(st.permutations(events))) == expected


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_the_order_of_arrival_makes_no_difference(folder: Path, data: st.DataObject) -> None:
    """Events that all arrive within the horizon lead to the same alerts in whatever order they come."""
    book = book_with(folder, THREE)
    drawn = data.draw(
        st.lists(
            st.tuples(st.integers(0, 299), st.sampled_from("abc"), st.sampled_from(["s1", "s2", "s3"])),
            unique=True,
            max_size=12,
        )
    )
    events = [event(kind, at_s, arrives_s=300, source=source) for at_s, kind, source in sorted(drawn)]
    shuffled = data.draw(st.permutations(events))
    assert stands_after(book, shuffled) == stands_after(book, events)
