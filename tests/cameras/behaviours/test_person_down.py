"""Who lies is told, and who sits, bends, leaves, or puts something down is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from cameras.vision.detection import Detection
from hub.events import Phase
from hub.geometry import Box
from tests.fakes.footage import HEIGHT_PX, WIDTH_PX, Image, ScriptedDetector, Watcher, film

Shape = tuple[int, int, int, int]
"""Left, top, width, height in pixels."""
Scene = Callable[[float], Sequence[tuple[str | None, Shape]]]
"""What is in the picture by time, with the name that the model has for it."""

STANDS: Shape = (200, 60, 44, 120)
FALL_S = 6.0


def _drawn(scene: Scene) -> Callable[[Image, float], None]:
    def draw(image: Image, at_s: float) -> None:
        for number, (_, (left, top, wide, high)) in enumerate(scene(at_s)):
            image[top : top + high, left : left + wide] = 25 + 180 * (number % 2)

    return draw


def watch(scene: Scene, seconds: float = 16) -> Watcher:
    def name(at_s: float) -> list[Detection]:
        return [
            Detection(label, 0.9, Box(x / WIDTH_PX, y / HEIGHT_PX, w / WIDTH_PX, h / HEIGHT_PX))
            for label, (x, y, w, h) in scene(at_s)
            if label is not None
        ]

    return Watcher(detectors={"objects": ScriptedDetector(name)}).show(film(_drawn(scene), seconds))


def then(shape: Shape, *, label: str | None = None, until_s: float = 1e9, stays: bool = False) -> Scene:
    """Somebody comes at 2 s and stands; at FALL_S there is `shape`, instead of them or besides."""

    def scene(at_s: float) -> list[tuple[str | None, Shape]]:
        if at_s < 2:
            return []
        if at_s < FALL_S:
            return [("person", STANDS)]
        return [("person", STANDS)] * stays + [(label, shape)] * (at_s < until_s)

    return scene


def test_who_falls_is_told_after_two_seconds_with_figures_and_until_they_are_up() -> None:
    down = watch(then((205, 150, 112, 40), until_s=12)).of("camera.person_down")
    assert [one.phase for one in down] == [Phase.BEGAN, Phase.GOES_ON, Phase.ENDED]
    assert (down[1].at.second, down[1].fields["lies_s"]) == (9, pytest.approx(3, abs=0.2))
    assert (down[0].at.second, down[0].confidence) == (8, 0.8)
    assert down[0].fields["fell"] is True
    assert down[0].fields["lies_s"] == pytest.approx(2, abs=0.2)
    assert down[0].fields["length_heights"] == pytest.approx(112 / 120, abs=0.1)
    assert down[0].fields["low_heights"] == pytest.approx(40 / 120, abs=0.1)
    assert down[0].box is not None
    assert down[0].box.w > down[0].box.h


def test_who_lies_for_long_is_told_of_again() -> None:
    down = watch(then((205, 150, 112, 40)), 22).of("camera.person_down")
    assert [one.phase for one in down] == [Phase.BEGAN, Phase.GOES_ON, Phase.GOES_ON]


def test_who_becomes_part_of_the_background_lies_there_still() -> None:
    """After some minutes the motion model has learned them; it ends when their place looks another way."""
    scene = then((205, 150, 112, 40), until_s=70)
    watcher = watch(scene, 20)
    watcher.analysis._motion._mean = watcher.analysis._motion._last.astype("float32")  # what minutes do
    down = watcher.show(film(_drawn(scene), 60, start_s=20)).of("camera.person_down")
    assert Phase.ENDED in [one.phase for one in down]
    assert down[-1].at.minute * 60 + down[-1].at.second >= 70


def test_beside_somebody_who_still_stands_it_is_less_sure() -> None:
    """As after a blow: one of two who were one shape lies, the other stands there."""
    down, _still = watch(then((258, 150, 112, 40), stays=True)).of("camera.person_down")
    assert down.confidence == 0.6


@pytest.mark.parametrize(
    "scene",
    [
        pytest.param(then((200, 105, 55, 75)), id="sits"),
        pytest.param(then((200, 110, 80, 70)), id="bends"),
        pytest.param(then((205, 150, 112, 40), until_s=7.5), id="picks something up and goes"),
        pytest.param(then((205, 162, 50, 18)), id="puts a bag down"),
        pytest.param(then((205, 130, 112, 50), label="bicycle"), id="gets on a bicycle"),
        pytest.param(then((205, 130, 112, 50), label="car"), id="gets into a car"),
        pytest.param(then((190, 60, 112, 40)), id="something at their chest"),
        pytest.param(then((20, 215, 112, 40)), id="something far away"),
        pytest.param(then((205, 150, 260, 40)), id="something longer than anybody"),
        pytest.param(lambda at_s: [(None, (205, 150, 112, 40))] * (at_s > 2), id="nobody was there"),
        pytest.param(
            lambda at_s: [("person", (round(100 + 60 * (at_s - 2)), 150, 112, 40))] * (at_s > 2), id="moves on, flat"
        ),
    ],
)
def test_it_is_no_fall_when_somebody(scene: Scene) -> None:
    assert watch(scene).of("camera.person_down") == []


def test_what_the_picture_cuts_off_below_is_a_fall_only_when_they_were_there_a_moment_before() -> None:
    upright: Shape = (200, 120, 44, 120)
    low: Shape = (205, HEIGHT_PX - 60, 112, 60)

    def scene(gap_s: float) -> Scene:
        def at(at_s: float) -> list[tuple[str | None, Shape]]:
            if at_s < FALL_S:
                return [("person", upright)] * (at_s > 2)
            return [(None, low)] * (at_s >= FALL_S + gap_s)

        return at

    assert watch(scene(0.0), 12).of("camera.person_down") != []
    assert watch(scene(2.0), 12).of("camera.person_down") == []


def test_a_shape_that_wanders_is_a_dog_and_nobody_who_lies() -> None:
    def scene(at_s: float) -> list[tuple[str | None, Shape]]:
        if not 2 <= at_s < 14:
            return []
        return [("person", STANDS)] * (at_s < 6) + [(None, (round(210 + 30 * (at_s - 6)), 145, 90, 40))] * (at_s >= 6)

    assert watch(scene).of("camera.person_down") == []


def test_who_is_taken_for_a_dog_from_the_moment_of_the_fall_has_fallen() -> None:
    down, *_later = watch(then((205, 150, 112, 40), label="dog")).of("camera.person_down")
    assert down.fields["fell"] is True


def test_a_dog_that_came_along_and_lies_down_is_a_dog() -> None:
    def scene(at_s: float) -> list[tuple[str | None, Shape]]:
        dog: tuple[str | None, Shape] = ("dog", (262, 150, 90, 40))
        return [] if at_s < 1 else [dog, ("person", STANDS)] if FALL_S <= at_s < FALL_S + 4 else [dog]

    assert watch(scene).of("camera.person_down") == []


def test_somebody_named_who_lies_where_nobody_saw_them_fall_is_told_after_ten_seconds() -> None:
    (down,) = watch(lambda at_s: [("person", (205, 150, 112, 40))] * (at_s > 2), 16).of("camera.person_down")
    assert (down.at.second, down.confidence, down.fields["fell"]) == (12, 0.5, False)


@pytest.mark.parametrize("shape", [(264, 160, 112, 14), (264, 225, 112, 45)])
def test_a_shadow_or_the_head_of_somebody_nearer_is_no_fall_beside_who_still_stands(shape: Shape) -> None:
    assert watch(then(shape, stays=True)).of("camera.person_down") == []


def test_who_is_named_flat_at_the_edge_may_be_half_of_somebody() -> None:
    assert watch(lambda at_s: [("person", (205, 230, 112, 40))] * (at_s > 2), 16).of("camera.person_down") == []


def test_another_scene_ends_it() -> None:
    scene = then((205, 150, 112, 40))

    def draw(image: Image, at_s: float) -> None:
        for _, (left, top, wide, high) in scene(at_s):
            image[top : top + high, left : left + wide] = 25
        if at_s >= 12:
            image[:] = 255 - image

    def name(at_s: float) -> list[Detection]:
        return [Detection("person", 0.9, Box(200 / 480, 60 / 270, 44 / 480, 120 / 270))] * (2 <= at_s < FALL_S)

    down = Watcher(detectors={"objects": ScriptedDetector(name)}).show(film(draw, 16)).of("camera.person_down")
    assert [(one.phase, one.at.second) for one in down] == [(Phase.BEGAN, 8), (Phase.GOES_ON, 9), (Phase.ENDED, 12)]
