"""Claims about counting: everything that crosses a line is counted once, with its kind and its way."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import cv2
import pytest

from cameras.behaviours.counting import COUNT, CROSSING
from cameras.detectors.movers import PLUGIN as MOVERS
from cameras.vision.detection import Detection, Detector
from cameras.vision.following.crossing import LEFT, RIGHT, Course, side_reached, way_of
from hub.events import Event, Phase
from tests.fakes.footage import Image, ScriptedDetector, Watcher, film, nothing
from tests.fakes.traffic import CAR_H, CAR_W, Way, cars, drives, parked

ACROSS = {"id": "gate", "points": [[0.5, 0.1], [0.5, 0.95]]}
"""Drawn from the top down: its right is the picture's left."""


def watch(script: Callable[[float], Sequence[Detection] | None], seconds: float, **parts: object) -> Watcher:
    watcher = Watcher(detectors={"objects": ScriptedDetector(script)}, lines=(ACROSS,), **parts)
    watcher.show(film(nothing, seconds))
    watcher.events += watcher.analysis.reset(watcher.clock.now())
    return watcher


def crossings(*ways: Way, seconds: float = 12, **script: object) -> list[Event]:
    return watch(cars(*ways, **script), seconds).of(CROSSING)  # type: ignore[arg-type]


def test_a_car_is_counted_with_its_kind_side_and_way() -> None:
    (event,) = crossings(drives(0.0, 0.5, 0.15))
    assert event.fields["line"] == "gate"
    assert (event.fields["side"], event.fields["way"], event.fields["label"]) == ("left", "right", "car")
    assert float(event.fields["speed_sizes_s"]) > 0.5


def test_cars_abreast_and_the_other_way_are_counted_each() -> None:
    events = crossings(drives(0.0, 0.3, 0.15), drives(0.0, 0.45, 0.15), drives(1.0, 0.7, -0.12))
    assert sorted(str(event.fields["side"]) for event in events) == ["left", "left", "right"]


def test_cars_in_a_row_are_counted_each() -> None:
    assert len(crossings(*(drives(-0.2 * n, 0.5, 0.15) for n in range(4)), seconds=14)) == 4


def test_who_stands_on_the_line_and_jitters_is_not_counted() -> None:
    assert crossings(parked(0.5, 0.5), jitter=0.15, seconds=20) == []


def test_who_turns_round_before_the_line_is_not_counted_and_after_it_both_ways() -> None:
    def to(furthest: float) -> Way:
        return lambda at_s: (furthest - abs(furthest - 0.1 - 0.15 * at_s), 0.5)

    assert crossings(to(0.44), seconds=4) == []
    assert [event.fields["side"] for event in crossings(to(0.75), seconds=8)] == ["left", "right"]


def test_who_passes_beside_the_end_of_the_line_is_not_counted() -> None:
    assert crossings(drives(0.0, 0.02, 0.15)) == []


def test_who_was_hidden_at_the_line_is_counted() -> None:
    def script(at_s: float) -> list[Detection]:
        return [] if 2.8 < at_s < 3.9 else cars(drives(0.0, 0.5, 0.15))(at_s)

    assert len(watch(script, 10).of(CROSSING)) == 1


def test_a_car_is_counted_at_a_line_near_the_edge_at_which_it_leaves() -> None:
    def leaves(at_s: float) -> list[Detection]:
        return cars(lambda at_s: (0.5, 0.4 + 0.1 * at_s) if at_s < 6.2 else None)(at_s)

    edge = {"id": "edge", "points": [[0.2, 0.985], [0.8, 0.985]]}
    watcher = Watcher(detectors={"objects": ScriptedDetector(leaves)}, lines=(edge,)).show(film(nothing, 12))
    assert [event.fields["way"] for event in watcher.of(CROSSING)] == ["down"]


def test_counts_are_told_each_minute_zeros_included() -> None:
    counts = watch(cars(drives(0.0, 0.5, 0.15)), 130).of(COUNT)
    assert [(one.fields["left"], one.fields["seconds"]) for one in counts] == [(1, 60.0), (0, 60.0), (0, 9.9)]
    assert counts[0].fields["car_left"] == 1
    assert counts[0].subject == "gate"


def test_a_thing_that_moves_and_is_named_late_is_counted_once() -> None:
    """Bare motion sees it cross; the object model names it only then."""

    def car(image: Image, at_s: float) -> None:
        x = round(480 * (0.15 * at_s - 0.1))
        cv2.rectangle(image, (x, 120), (x + 58, 150), (20, 20, 200), -1)

    def named(at_s: float) -> list[Detection]:
        return cars(drives(-0.1 + CAR_W / 2, 0.5, 0.15))(at_s) if at_s > 4.2 else []

    both: dict[str, Detector] = {"objects": ScriptedDetector(named), "movers": MOVERS.build(MOVERS.options())}
    watcher = Watcher(detectors=both, lines=(ACROSS,)).show(film(car, 10))
    assert [event.driver for event in watcher.of(CROSSING)] == ["movers"]
    alone = Watcher(detectors={"objects": ScriptedDetector(lambda _: []), "movers": both["movers"]}, lines=(ACROSS,))
    (event,) = alone.show(film(car, 10)).of(CROSSING)
    assert (event.fields["label"], event.fields["way"]) == ("unnamed", "right")


def test_a_branch_that_swings_over_the_line_is_not_counted() -> None:
    def branch(image: Image, at_s: float) -> None:
        x = round(240 - 29 + 22 * math.sin(2 * at_s))
        cv2.rectangle(image, (x, 120), (x + 58, 150), (20, 90, 20), -1)

    assert Watcher(lines=(ACROSS,)).show(film(branch, 14)).of(CROSSING) == []


def test_a_line_makes_the_camera_look_for_what_moves() -> None:
    def car(image: Image, at_s: float) -> None:
        x = round(480 * (0.15 * at_s - 0.1))
        cv2.rectangle(image, (x, 120), (x + 58, 150), (20, 20, 200), -1)

    assert Watcher(lines=(ACROSS,)).show(film(car, 10)).of(CROSSING)


BENT = ((0.0, 0.5), (0.5, 0.5), (1.0, 0.0))


@pytest.mark.parametrize(
    ("begin", "end", "side"),
    [
        ((0.2, 0.4), (0.2, 0.6), RIGHT),
        ((0.2, 0.6), (0.2, 0.4), LEFT),
        ((0.5, 0.4), (0.5, 0.6), RIGHT),
        ((0.2, 0.4), (0.4, 0.2), 0),
        ((0.4, 0.45), (0.9, 0.0), 0),
        ((0.2, 0.6), (1.5, 0.6), 0),
    ],
)
def test_a_straight_way_reaches_a_side_of_a_bent_line(
    begin: tuple[float, float], end: tuple[float, float], side: int
) -> None:
    assert side_reached(begin, end, BENT) == side


def test_a_course_counts_when_clear_on_the_other_side() -> None:
    course = Course(((0.0, 0.5), (1.0, 0.5)), (0.5, 0.3))
    assert [course.go((0.5, y), CAR_H) for y in (0.4, 0.49, 0.51, 0.49, 0.52, 0.6)] == [0, 0, 0, 0, 0, RIGHT]
    assert course.leave((0.5, 0.7)) == 0
    assert course.leave((0.5, 0.45)) == LEFT


def test_a_way_is_the_direction_that_it_mostly_has() -> None:
    assert [way_of(move) for move in ((1, 0.5), (-1, 0.5), (0.2, -1), (0.2, 1))] == ["right", "left", "up", "down"]


@pytest.mark.parametrize(("begin", "speed", "way"), [(0.0, 0.15, "right"), (1.0, -0.15, "left")])
def test_where_a_vehicle_went_is_told_without_any_line(begin: float, speed: float, way: str) -> None:
    driving = ScriptedDetector(cars(drives(begin, 0.5, speed)))
    watcher = Watcher(detectors={"objects": driving}).show(film(nothing, 10))
    assert watcher.of("camera.vehicle", Phase.ENDED)[0].fields["way"] == way
    standing = Watcher(detectors={"objects": ScriptedDetector(cars(parked(0.5, 0.5)))}).show(film(nothing, 12))
    assert all("way" not in event.fields for event in standing.of("camera.vehicle"))
