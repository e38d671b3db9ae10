"""Claims about collisions: a crash is told once it stands; queues, parked cars and passing ones are none."""

from __future__ import annotations

import cv2
import pytest

from config.community import ZoneUse
from hub.events import Event, Phase
from tests.fakes.footage import HEIGHT_PX, START, WIDTH_PX, Image, ScriptedDetector, Watcher, film, nothing, zone
from tests.fakes.traffic import CAR_W, Way, cars, drives, parked


def collisions(*ways: Way, seconds: float = 16) -> list[Event]:
    watcher = Watcher(detectors={"objects": ScriptedDetector(cars(*ways))})
    return watcher.show(film(nothing, seconds)).of("camera.collision")


def test_two_cars_that_meet_at_speed_and_stand_are_a_collision() -> None:
    """At second 5 two cars meet head-on and stop at once; some three seconds later it is told, once."""
    one = drives(0.5 - CAR_W / 2 - 5 * 0.2, 0.5, 0.2, stop_s=5)
    other = drives(0.5 + CAR_W / 2 + 5 * 0.2, 0.5, -0.2, stop_s=5)
    events = collisions(one, other)
    assert [event.phase for event in events] == [Phase.BEGAN]
    assert 7.5 <= (events[0].at - START).total_seconds() <= 9.5
    assert float(events[0].fields["before_sizes_s"]) > float(events[0].fields["after_sizes_s"])
    assert {"closing_sizes_s", "overlap", "stood_s", "labels"} <= set(events[0].fields)


def test_a_car_that_hits_a_parked_one_is_a_collision() -> None:
    assert collisions(parked(0.7, 0.5), drives(0.7 - CAR_W - 5 * 0.2, 0.5, 0.2, stop_s=5))


def test_a_collision_that_stands_is_said_again_and_ends_when_they_drive_off() -> None:
    def leaves(at_s: float) -> tuple[float, float] | None:
        way = drives(0.44 - 5 * 0.2, 0.5, 0.2, stop_s=5)
        return way(at_s) if at_s < 22 else (0.44 - 0.05 * (at_s - 22), 0.5)

    events = collisions(leaves, drives(0.56 + 5 * 0.2, 0.5, -0.2, stop_s=5), seconds=30)
    assert [event.phase for event in events] == [Phase.BEGAN, Phase.GOES_ON, Phase.ENDED]
    assert len({event.subject for event in events}) == 1


def test_a_pile_of_three_is_told_once() -> None:
    first = drives(0.5 - CAR_W - 5 * 0.2, 0.5, 0.2, stop_s=5)
    second = drives(0.5 + 5 * 0.2, 0.5, -0.2, stop_s=5)
    third = drives(0.5 + CAR_W + 5 * 0.2, 0.5, -0.2, stop_s=5)
    assert len(collisions(first, second, third)) == 1


@pytest.mark.parametrize(
    ("ways", "why"),
    [
        ((drives(-0.02, 0.5, 0.09), drives(1.02, 0.52, -0.09)), "they pass one behind the other and drive on"),
        ((parked(0.4, 0.5), parked(0.5, 0.5), parked(0.6, 0.5)), "they are parked side by side"),
        (
            (
                parked(0.8, 0.5),
                drives(0.1, 0.5, 0.09, stop_s=8, brakes_s=4),
                drives(-0.0, 0.5, 0.08, stop_s=10, brakes_s=4),
            ),
            "they queue up, braking as one does",
        ),
        ((parked(0.5, 0.5), drives(0.0, 0.53, 0.12)), "one drives past a parked one"),
        ((parked(0.3, 0.4), drives(0.0, 0.7, 0.1, stop_s=5)), "one brakes hard, far from the other"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_what_is_no_collision(ways: tuple[Way, ...], why: str) -> None:
    assert collisions(*ways) == [], why


def test_a_car_that_vanishes_behind_a_parked_one_is_no_collision() -> None:
    def vanishes(at_s: float) -> tuple[float, float] | None:
        return drives(0.0, 0.5, 0.12)(at_s) if at_s < 4 else None

    assert collisions(parked(0.55, 0.5), vanishes) == []


def test_two_drawn_cars_that_crash_are_seen_without_the_object_model() -> None:
    """Foreground alone: the two become one piece when they touch, and still it is two vehicles that met."""

    def crash(image: Image, at_s: float) -> None:
        away = max(5 - at_s, 0.0) * 120
        for x, colour in ((240 - 33 - away, (20, 20, 190)), (240 + 33 + away, (235, 235, 235))):
            cv2.rectangle(image, (round(x - 32), 120), (round(x + 32), 160), colour, -1)
            cv2.rectangle(image, (round(x - 18), 106), (round(x + 18), 120), (30, 30, 30), -1)

    lane = zone(ZoneUse.LANE, ((0.0, 0.3), (1.0, 0.3), (1.0, 0.9), (0.0, 0.9)))
    watcher = Watcher(lane).show(film(crash, 14))
    told = watcher.of("camera.collision", Phase.BEGAN)
    assert len(told) == 1
    assert told[0].zone == "lane"
    assert told[0].box is not None
    assert told[0].box.centre == pytest.approx((240 / WIDTH_PX, 133 / HEIGHT_PX), abs=0.06)
