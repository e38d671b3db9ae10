"""Roads, from the boxes of a detector to the alerts of the shipped rules: what each kind of traffic alert takes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import pytest

from alerts.language.places import places_of
from alerts.language.rulebook import SHIPPED, RuleBook, load_rules
from alerts.trials.backtest import backtest
from cameras.vision.detection import Detection
from config.community import Area, Community, Name, Site, Zone, ZoneUse
from hub.geometry import Box
from tests.fakes.footage import EVERYWHERE, ScriptedDetector, Watcher, camera, film, nothing, zone
from tests.fakes.traffic import Way, cars, drives, parked

Script = Callable[[float], Sequence[Detection]]
ROAD = Zone(id="road", use=ZoneUse.LANE, points=EVERYWHERE, way=((0.1, 0.5), (0.9, 0.5)))


@functools.cache
def rules() -> RuleBook:
    return load_rules(SHIPPED)


def raised(script: Script, seconds: float, *zones: Zone, tags: tuple[str, ...] = (), fps: float = 4.0) -> set[str]:
    """The kinds of alert that are raised and not hidden by another."""
    watcher = Watcher(*zones, detectors={"objects": ScriptedDetector(script)}).show(film(nothing, seconds, fps=fps))
    place = Community(
        areas=(Area(id="east", name=Name(en="East")),),
        sites=(Site(id="yard", name=Name(en="Yard"), area="east", tags=tags),),
        cameras=(camera(*zones),),
    )
    found = backtest(rules().rules, watcher.events, places=places_of(place), until=watcher.clock.now())
    return {each.alert.kind for each in found.episodes if not each.alert.shadow and each.alert.muted_by is None}


def stands(label: str, box: Box) -> Script:
    return lambda _at_s: [Detection(label, 0.8, box)]


def queue() -> list[Way]:
    places = (0.8, 0.65, 0.5, 0.35)
    return [drives(each - 0.1 * (3 + n), 0.5, 0.1, stop_s=3 + n, brakes_s=1) for n, each in enumerate(places)]


def test_a_car_that_stops_in_its_lane_is_told_and_one_before_the_light_is_not() -> None:
    stops = cars(drives(0.1, 0.5, 0.1, stop_s=4, brakes_s=2))
    assert raised(stops, 45, ROAD) == {"road.stopped_vehicle"}
    light = zone(ZoneUse.STOPPING, ((0.3, 0.2), (0.8, 0.2), (0.8, 0.9), (0.3, 0.9)))
    assert raised(stops, 45, ROAD, light) == set()


def test_a_queue_in_the_lane_is_congestion_after_two_minutes_and_hides_nobody_who_stands_there() -> None:
    assert raised(cars(*queue()), 60, ROAD) == {"road.stopped_vehicle"}
    assert raised(cars(*queue()), 150, ROAD, fps=2) == {"road.congestion", "road.stopped_vehicle"}


def test_a_queue_before_the_light_is_nothing() -> None:
    light = zone(ZoneUse.STOPPING, ((0.05, 0.2), (0.95, 0.2), (0.95, 0.9), (0.05, 0.9)))
    assert raised(cars(*queue()), 60, ROAD, light) == set()


@pytest.mark.parametrize(
    ("use", "kind"), [(ZoneUse.NO_PARKING, "road.illegal_parking"), (ZoneUse.FIRE_LANE, "fire.lane_blocked")]
)
def test_a_car_that_parks_where_it_must_not_is_told_after_five_minutes(use: ZoneUse, kind: str) -> None:
    assert raised(cars(parked(0.5, 0.5)), 330, zone(use), fps=1) == {kind}
    assert raised(cars(parked(0.5, 0.5)), 290, zone(use), fps=1) == set()


@pytest.mark.parametrize(
    ("use", "kind"), [(ZoneUse.NO_PARKING, "road.illegal_parking"), (ZoneUse.FIRE_LANE, "fire.lane_blocked")]
)
def test_a_parked_car_that_is_missed_for_a_while_now_and_then_has_stood_all_the_time(use: ZoneUse, kind: str) -> None:
    def seen(at_s: float) -> tuple[float, float] | None:
        return None if at_s % 70 >= 50 else (0.5, 0.5)  # 20 s of each 70

    assert raised(cars(seen), 330, zone(use), fps=1) == {kind}


def test_cars_that_stop_one_after_the_other_where_they_must_not_do_not_add_up() -> None:
    def one(number: int) -> Way:
        drive = drives(0.0, 0.5, 0.1, stop_s=5, brakes_s=1)

        def way(at_s: float) -> tuple[float, float] | None:
            since_s = at_s - 50 * number
            return drive(since_s) if 0 <= since_s < 40 else None

        return way

    found = raised(cars(*(one(number) for number in range(7))), 350, zone(ZoneUse.NO_PARKING), fps=2)
    assert found == set()


def test_a_person_on_a_fast_road_is_told_and_one_on_its_crossing_is_not() -> None:
    walker = stands("person", Box(0.45, 0.4, 0.05, 0.2))
    assert raised(walker, 8, ROAD, tags=("fast-road",)) == {"road.pedestrian"}
    crossing = zone(ZoneUse.CROSSING, ((0.3, 0.2), (0.8, 0.2), (0.8, 0.9), (0.3, 0.9)))
    assert raised(walker, 8, ROAD, crossing, tags=("fast-road",)) == set()


def test_a_cow_on_the_road_is_told() -> None:
    assert raised(stands("cow", Box(0.45, 0.4, 0.12, 0.1)), 10, ROAD) == {"road.animal"}


def test_who_drives_the_wrong_way_is_told_and_who_drives_on_is_not() -> None:
    assert raised(cars(drives(1.0, 0.5, -0.12)), 9, ROAD) == {"road.wrong_way"}
    assert raised(cars(drives(0.0, 0.5, 0.12)), 9, ROAD) == set()
