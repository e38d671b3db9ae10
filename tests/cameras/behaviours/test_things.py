"""What is left behind or missing is told, and light, waiting people and parked cars are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from cameras.vision.detection import Detection
from config.community import ZoneUse
from config.hours import HoursSpec
from hub.events import Phase
from hub.geometry import Box
from tests.fakes.footage import HEIGHT_PX, START, WIDTH_PX, Image, ScriptedDetector, Watcher, film, zone

Draw = Callable[[Image, float], None]
Name = Callable[[float], Sequence[Detection]]

CORNER = zone(ZoneUse.CLEAR, ((0.3, 0.4), (0.7, 0.4), (0.7, 0.9), (0.3, 0.9)))
BOTTLE = zone(ZoneUse.FIXTURE, ((0.45, 0.5), (0.52, 0.5), (0.52, 0.75), (0.45, 0.75)))
BAG = (220, 180, 26, 20)
"""Left, top, width, height in pixels."""


def put(image: Image, left: int, top: int, wide: int, high: int, level: int = 20) -> None:  # noqa: PLR0917
    image[top : top + high, max(0, left) : max(0, left + wide)] = level


def person_x(at_s: float, *, stays_s: float = 2.0) -> int:
    """Somebody comes in from the left at 10 s, is there at 14 s, and goes on to the right."""
    if at_s < 14:
        return round(200 - 60 * (14 - at_s))
    return round(200 + 60 * max(0.0, at_s - 14 - stays_s))


def walks(image: Image, at_s: float, *, stays_s: float = 2.0) -> None:
    if at_s >= 10:
        put(image, person_x(at_s, stays_s=stays_s), 100, 36, 100, 15)


def named(at_s: float, *, stays_s: float = 2.0) -> list[Detection]:
    x = person_x(at_s, stays_s=stays_s)
    if not at_s >= 10 or not 0 <= x < WIDTH_PX - 36:
        return []
    return [Detection("person", 0.9, Box(x / WIDTH_PX, 100 / HEIGHT_PX, 36 / WIDTH_PX, 100 / HEIGHT_PX))]


def leaves_bag(image: Image, at_s: float) -> None:
    if at_s >= 15:
        put(image, *BAG)
    walks(image, at_s)


def watch(draw: Draw, seconds: float, *, name: Name = named, where: ZoneUse | None = None) -> Watcher:
    place = CORNER if where is None else BOTTLE
    return Watcher(place, detectors={"objects": ScriptedDetector(name)}).show(film(draw, seconds, fps=4))


def test_a_bag_is_told_until_the_hours_of_its_corner_are_over() -> None:
    """The film begins at 11:00 in Shanghai."""
    limited = CORNER.model_copy(update={"hours": (HoursSpec(between="10:00-11:01"),)})
    watcher = Watcher(limited, detectors={"objects": ScriptedDetector(named)}).show(film(leaves_bag, 75, fps=4))
    told = watcher.of("camera.left_object")
    assert (told[0].phase, told[-1].phase) == (Phase.BEGAN, Phase.ENDED)
    assert round((told[-1].at - START).total_seconds()) == 60


def test_a_bag_is_told_ten_seconds_after_its_owner_went_with_figures() -> None:
    left = watch(leaves_bag, 40).of("camera.left_object")
    assert left[0].phase is Phase.BEGAN
    assert 26 <= (left[0].at.minute * 60 + left[0].at.second) <= 32
    assert left[0].zone == "clear"
    assert left[0].fields["zone_use"] == "clear"
    assert left[0].fields["gone"] is False
    assert float(left[0].fields["outline_ratio"]) > 1.4
    assert left[0].box is not None
    assert left[0].box.overlap(Box(220 / 480, 180 / 270, 26 / 480, 20 / 270)) > 0.4


def test_it_is_over_when_somebody_takes_it_away() -> None:
    def draw(image: Image, at_s: float) -> None:
        if 15 <= at_s < 50:
            put(image, *BAG)
        walks(image, at_s)
        if 48 <= at_s < 52:
            put(image, round(200 + 60 * (at_s - 50)), 100, 36, 100, 15)

    told = watch(draw, 60).of("camera.left_object")
    assert [told[0].phase, told[-1].phase] == [Phase.BEGAN, Phase.ENDED]
    assert watch(draw, 60).of("camera.removed_object") == []


def test_while_the_owner_stands_beside_it_nothing_is_left() -> None:
    def draw(image: Image, at_s: float) -> None:
        if at_s >= 15:
            put(image, *BAG)
        walks(image, at_s, stays_s=100)

    assert watch(draw, 45, name=lambda at_s: named(at_s, stays_s=100)).of("camera.left_object") == []


@pytest.mark.parametrize("until_s", [40, 1e9])
def test_a_named_thing_that_stands_is_no_left_object(until_s: float) -> None:
    """A parked car, or somebody who waits for half a minute."""
    car = Box(200 / WIDTH_PX, 130 / HEIGHT_PX, 80 / WIDTH_PX, 50 / HEIGHT_PX)

    def draw(image: Image, at_s: float) -> None:
        if 10 <= at_s < 14:
            put(image, round(200 - 60 * (14 - at_s)), 130, 80, 50)
        elif at_s >= 14 and at_s < until_s:
            put(image, 200, 130, 80, 50)

    def name(at_s: float) -> list[Detection]:
        return [Detection("car", 0.9, car)] if at_s >= 14 and at_s < until_s else []

    assert watch(draw, 60, name=name).of("camera.left_object") == []


def test_light_on_the_ground_is_no_thing() -> None:
    """A patch of sun that comes all at once, with somebody who walks through it."""

    def draw(image: Image, at_s: float) -> None:
        if at_s >= 15:
            patch = image[150:210, 200:260].astype(np.int16) * 3 // 2
            image[150:210, 200:260] = np.clip(patch, 0, 255).astype(np.uint8)
        walks(image, at_s)

    assert watch(draw, 45).of("camera.left_object") == []


def test_what_nobody_brought_is_no_thing() -> None:
    """A shadow that lengthens over a minute."""

    def draw(image: Image, at_s: float) -> None:
        wide = round(max(0.0, at_s - 10))
        image[170:200, 200 : 200 + wide] = (image[170:200, 200 : 200 + wide] * 0.5).astype(np.uint8)

    assert watch(draw, 60).of("camera.left_object") == []


def test_a_darker_day_is_no_thing() -> None:
    def draw(image: Image, at_s: float) -> None:
        image[:] = (image * (1 - 0.3 * min(1.0, max(0.0, at_s - 12)))).astype(np.uint8)

    assert watch(draw, 40).of("camera.left_object") == []


def test_outside_its_zones_nothing_is_told() -> None:
    def draw(image: Image, at_s: float) -> None:
        if at_s >= 15:
            put(image, 30, 180, 26, 20)
        walks(image, at_s)

    assert watch(draw, 45).of("camera.left_object") == []


def takes_bottle(image: Image, at_s: float) -> None:
    if at_s < 15:
        put(image, 220, 140, 24, 58, 230)
    walks(image, at_s)


def test_a_fixture_that_is_taken_is_told_after_twenty_seconds() -> None:
    missing = watch(takes_bottle, 45, where=ZoneUse.FIXTURE).of("camera.removed_object")
    assert missing[0].phase is Phase.BEGAN
    assert missing[0].fields["gone"] is True
    assert 34 <= missing[0].at.second <= 44


def test_a_fixture_is_there_as_long_as_somebody_only_stands_before_it() -> None:
    def draw(image: Image, at_s: float) -> None:
        put(image, 220, 140, 24, 58, 230)
        walks(image, at_s, stays_s=30)

    watcher = watch(draw, 70, name=lambda at_s: named(at_s, stays_s=30), where=ZoneUse.FIXTURE)
    assert watcher.of("camera.removed_object") == []


def test_a_fixture_that_is_put_back_is_there_again() -> None:
    def draw(image: Image, at_s: float) -> None:
        if at_s < 15 or at_s >= 45:
            put(image, 220, 140, 24, 58, 230)
        walks(image, at_s)
        if 43 <= at_s < 47:
            put(image, round(200 + 60 * (at_s - 45)), 100, 36, 100, 15)

    told = watch(draw, 56, where=ZoneUse.FIXTURE).of("camera.removed_object")
    assert [told[0].phase, told[-1].phase] == [Phase.BEGAN, Phase.ENDED]


def test_a_cut_ends_what_was_told() -> None:
    def draw(image: Image, at_s: float) -> None:
        leaves_bag(image, at_s)
        if at_s > 35:
            image[:] = 255 - image

    assert [one.phase for one in watch(draw, 40).of("camera.left_object")] == [Phase.BEGAN, Phase.ENDED]


def test_a_bag_is_still_there_when_the_stream_comes_back() -> None:
    watcher = watch(leaves_bag, 40)
    watcher.events += watcher.analysis.reset(watcher.clock.now())
    told = watcher.show(film(leaves_bag, 20, fps=4, start_s=45)).of("camera.left_object")
    ended = [one.phase for one in told].index(Phase.ENDED)
    assert Phase.BEGAN in [one.phase for one in told[ended:]]
    assert told[ended + 1].subject != told[0].subject
