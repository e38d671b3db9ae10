"""Stories about roads and grounds, with the shipped rules."""

from __future__ import annotations

import pytest

from alerts.language.rulebook import SHIPPED, load_rules
from hub.events import Event, Phase
from tests.fakes.stories import Story, health, seen


@pytest.fixture
def story() -> Story:
    return Story(load_rules(SHIPPED))


def vehicle(at_s: float, *, zone: str | None = "lane-1", stopped: bool = True, **more: object) -> Event:
    fields: dict[str, object] = {"label": "car", "stopped": stopped, "speed_w_s": 0.0}
    if zone is not None:
        fields["zone_use"] = "lane"
    return seen("camera.vehicle", at_s, zone=zone, fields=fields, **more)


def person(at_s: float, *, zone: str | None = "yard", **more: object) -> Event:
    fields: dict[str, object] = {"label": "person", "stopped": False, "speed_w_s": 0.1}
    if zone is not None:
        fields["zone_use"] = "guarded"
    return seen("camera.person", at_s, zone=zone, fields=fields, **more)


def test_a_vehicle_that_stands_for_half_a_minute_in_a_lane_is_told_once(story: Story) -> None:
    story.happens(vehicle(0, stopped=False, phase=Phase.BEGAN), vehicle(4), vehicle(14), vehicle(24))
    assert story.passes(33.9) == []
    assert story.passes(34) == ["raised road.stopped_vehicle"]
    assert story.alerts[0].text.zh == "路口东 东车道 车辆停在车道上"
    assert story.alerts[0].key == "cam-1/lane-1"
    story.happens(*(vehicle(second) for second in range(44, 104, 10)))
    assert story.happens(vehicle(104, stopped=False)) == []
    assert story.passes(163.9) == []
    assert story.passes(164) == ["returned road.stopped_vehicle"]


def test_a_queue_that_moves_on_raises_nothing(story: Story) -> None:
    for start in range(0, 600, 25):
        story.happens(vehicle(start), vehicle(start + 20, stopped=False))
    assert story.passes(700) == []


def test_a_vehicle_that_leaves_the_lane_stands_in_it_no_longer(story: Story) -> None:
    story.happens(vehicle(0), vehicle(20, zone=None))
    assert story.passes(100) == []


def test_a_track_that_ends_proves_nothing_more(story: Story) -> None:
    story.happens(vehicle(0), vehicle(20, phase=Phase.ENDED))
    assert story.passes(100) == []


def test_two_vehicles_are_counted_apart(story: Story) -> None:
    story.happens(vehicle(0, track="1"), vehicle(20, track="2"), vehicle(25, track="1", stopped=False))
    assert story.passes(49.9) == []
    assert story.passes(50) == ["raised road.stopped_vehicle"]


def test_a_worker_that_dies_rings_for_the_camera_and_for_nothing_else(story: Story) -> None:
    story.happens(vehicle(0), person(1))
    story.happens(health("camera.health", 2, "cam-1", "offline"))
    assert story.passes(32) == ["raised camera.video_loss"]
    assert story.passes(3600) == []
    assert story.happens(health("camera.health", 3600, "cam-1", "online")) == ["returned camera.video_loss"]
    assert story.active == []


def test_a_restart_in_the_middle_of_standing_loses_no_second(story: Story) -> None:
    story.happens(vehicle(0), vehicle(10))
    story.restarts()
    story.happens(vehicle(20))
    story.restarts()
    assert story.passes(30) == ["raised road.stopped_vehicle"]
    story.restarts()
    assert story.active == ["road.stopped_vehicle yellow"]


def test_what_comes_late_counts_from_when_it_was(story: Story) -> None:
    assert story.happens(vehicle(0, arrives_s=31)) == ["raised road.stopped_vehicle"]


def test_a_crash_is_told_at_once_and_an_uncertain_one_is_not(story: Story) -> None:
    def crash(at_s: float, confidence: float | None) -> Event:
        return seen("camera.collision", at_s, phase=Phase.BEGAN, confidence=confidence, fields={})

    assert story.happens(crash(0, 0.4), crash(1, None)) == []
    assert story.engine.counts.unknown["road.crash"] == 1
    assert story.happens(crash(2, 0.7)) == ["raised road.crash"]
    assert story.active == ["road.crash orange"]


def test_people_who_walk_where_people_walk_raise_nothing(story: Story) -> None:
    for track in range(60):
        story.happens(
            person(track, zone=None, track=str(track), phase=Phase.BEGAN),
            person(track + 10, zone=None, track=str(track)),
            person(track + 12, zone=None, track=str(track), phase=Phase.ENDED),
        )
    story.passes(3600)
    assert story.changes == []
    assert len(story.engine.snapshot()) == 0, "and nothing has to be remembered of them"


def test_who_stays_three_seconds_in_a_guarded_place_is_told_and_who_passes_is_not(story: Story) -> None:
    night_s = 6 * 3600
    story.happens(person(night_s + 0, track="1", phase=Phase.BEGAN), person(night_s + 2, zone=None, track="1"))
    assert story.passes(night_s + 60) == []
    story.happens(person(night_s + 100, track="2", phase=Phase.BEGAN))
    assert story.passes(night_s + 103) == ["raised area.intrusion"]
    assert story.alerts[0].text.en == "Person in yard at Junction east"
    story.happens(
        person(night_s + 105, track="2", phase=Phase.ENDED), person(night_s + 120, track="3", phase=Phase.BEGAN)
    )
    assert story.passes(night_s + 164) == [], "somebody is still there"
    story.happens(person(night_s + 170, track="3", phase=Phase.ENDED))
    assert story.passes(night_s + 230) == ["returned area.intrusion"]


def test_a_picture_lost_after_a_person_is_on_trial_and_told_to_nobody(story: Story) -> None:
    story.happens(person(0, confidence=0.9))
    assert story.happens(health("camera.health", 2, "cam-1", "offline")) == ["raised camera.sabotage"]
    assert [alert.shadow for alert in story.alerts] == [True]
