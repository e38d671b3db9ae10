"""Claims about flames: fire is found, and what is only red, warm, blinking or moving is not."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from cameras.vision.sightings import BEGIN
from config.community import ZoneUse
from hub.events import Phase
from tests.fakes.footage import START, Image, Watcher, film, nothing, zone

RED, ORANGE = (40, 50, 200), (30, 130, 250)


def flame(image: Image, at_s: float, *, x: int = 200, foot: int = 200) -> None:
    """Tongues of flame whose heights change from frame to frame, yellow within red."""
    random = np.random.default_rng(int(at_s * 1000))
    for colour, scale in (((40, 80, 220), 1.0), ((40, 160, 250), 0.7), ((140, 230, 255), 0.4)):
        for tongue in range(5):
            height = scale * random.uniform(20, 60)
            left = x + tongue * 10
            tip = (left + int(random.uniform(0, 12)), int(foot - height))
            corners = np.array([(left - 4, foot), tip, (left + 14, foot)], np.int32)
            cv2.fillPoly(image, [corners], colour)


def burning_later(image: Image, at_s: float) -> None:
    if at_s >= 4:
        flame(image, at_s)


def red_wall(image: Image, _at_s: float) -> None:
    image[60:200, 100:380] = RED


def orange_ball(image: Image, at_s: float) -> None:
    cv2.circle(image, (round(20 + 40 * at_s), 150), 22, ORANGE, -1)


def helmet(image: Image, at_s: float) -> None:
    """Somebody with an orange helmet, nodding in place."""
    cv2.circle(image, (240, round(120 + 6 * np.sin(at_s * 3))), 20, ORANGE, -1)


def lamp(image: Image, at_s: float) -> None:
    """A warning lamp, once a second."""
    if at_s % 1.0 < 0.5:
        cv2.circle(image, (240, 120), 16, ORANGE, -1)


def yellow_bus(image: Image, at_s: float) -> None:
    """A long warm thing with dark windows, that drives by: each place it passes flickers for a while."""
    left = round(-200 + 60 * at_s)
    for part in range(12):
        x = left + part * 18
        if x > -18:
            cv2.rectangle(image, (max(x, 0), 100), (max(x + 17, 0), 150), (20, 150 + 8 * (part % 3), 240), -1)
            cv2.rectangle(image, (max(x + 4, 0), 106), (max(x + 12, 0), 122), (30, 30, 30), -1)


def shaken_red_wall(image: Image, at_s: float) -> None:
    """A camera in the wind: everything jumps, the red wall too."""
    red_wall(image, at_s)
    random = np.random.default_rng(int(at_s * 1000))
    image[:] = np.roll(image, tuple(random.integers(-6, 7, 2)), axis=(0, 1))


def test_a_fire_is_told_within_seconds_with_its_reasons() -> None:
    watcher = Watcher().show(film(burning_later, 12))
    first = watcher.of("camera.fire", Phase.BEGAN)[0]
    assert 4 < (first.at - START).total_seconds() <= 9
    assert first.box is not None
    assert first.box.overlap(type(first.box)(0.40, 0.5, 0.13, 0.25)) > 0.2
    assert (first.confidence or 0) >= BEGIN
    assert set(first.fields) >= {"flicker_hz", "flicker_contrast", "colour_spread", "warm_share"}
    assert 1 <= float(first.fields["flicker_hz"]) <= 10
    assert watcher.analysis.moving


@pytest.mark.parametrize("scene", [nothing, red_wall, orange_ball, helmet, lamp, yellow_bus, shaken_red_wall])
def test_what_is_no_fire_gives_no_event(scene: Callable[[Image, float], None]) -> None:
    assert Watcher().show(film(scene, 12)).of("camera.fire") == []


def test_a_fire_that_goes_out_ends() -> None:
    def goes_out(image: Image, at_s: float) -> None:
        if at_s < 8:
            flame(image, at_s)

    events = Watcher().show(film(goes_out, 16)).of("camera.fire")
    assert events[0].phase is Phase.BEGAN
    assert events[-1].phase is Phase.ENDED
    assert len({one.subject for one in events}) == 1


def test_a_fire_that_burns_on_is_said_again() -> None:
    events = Watcher().show(film(flame, 30)).of("camera.fire")
    gaps = [(b.at - a.at).total_seconds() for a, b in itertools.pairwise(events)]
    assert max(gaps) <= 10.2


def test_a_known_flame_in_an_ignore_zone_is_no_fire() -> None:
    stove = zone(ZoneUse.IGNORE, ((0.35, 0.4), (0.6, 0.4), (0.6, 0.8), (0.35, 0.8)))
    assert Watcher(stove).show(film(flame, 10)).of("camera.fire") == []


def test_two_pictures_a_second_are_too_few_to_see_flicker() -> None:
    assert Watcher().show(film(red_wall, 20, fps=2)).of("camera.fire") == []
