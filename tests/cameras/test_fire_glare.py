"""Claims about glare: what burns the camera out and behaves like a fire is told from every other bright light."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cameras.detectors.fire import FireDetector, FireOptions
from cameras.vision.budget import InferenceBudget
from cameras.vision.fire.glare import Glare
from cameras.vision.fire.votes import Verifier
from cameras.vision.shared import LoadedObjects, LoadedVerifier, Shared
from config.community import ZoneUse
from hub.events import Phase
from tests.fakes.footage import HEIGHT_PX, NO_MODELS, START, WIDTH_PX, Image, Watcher, film, zone

WHITE = (240, 246, 255)


class SeesFires(LoadedVerifier):
    """Says of whole pictures that they show a fire, of crops that they show nothing, as networks do of plain white."""

    def __init__(self, fire: float) -> None:
        super().__init__()
        self._fire = fire

    @property
    def verifier(self) -> Verifier:
        return self

    def look(self, crops: Sequence[NDArray[np.uint8]]) -> list[tuple[float, float]]:
        whole = (HEIGHT_PX, WIDTH_PX, 3)
        return [(self._fire if crop.shape == whole else 0.0, 0.0) for crop in crops]


def night(image: Image, light: float = 0.3) -> None:
    image[:] = (image * light).astype(np.uint8)


def blaze(image: Image, at_s: float) -> None:
    """A white mass whose outline is another in each picture; what it lights goes up and down with it."""
    random = np.random.default_rng(int(at_s * 1000))
    night(image, 0.3 + 0.08 * random.uniform(-1, 1))
    cv2.circle(image, (120, 150), 40, WHITE, -1)
    for _ in range(8):
        x, y = random.integers(-40, 41, 2)
        cv2.circle(image, (120 + int(x), 150 + int(y)), 14, WHITE, -1)


def window(image: Image, _at_s: float) -> None:
    night(image)
    cv2.rectangle(image, (80, 100), (160, 190), WHITE, -1)


def window_with_steps(image: Image, at_s: float) -> None:
    """The camera takes another exposure every four seconds."""
    night(image, 0.3 if int(at_s) % 8 < 4 else 0.45)
    cv2.rectangle(image, (80, 100), (160, 190), WHITE, -1)


def head_lights(image: Image, at_s: float) -> None:
    """A car every two seconds; each throws its light into the scene."""
    across = at_s % 2.0 / 2.0
    night(image, 0.3 + 0.1 * across)
    cv2.circle(image, (round(WIDTH_PX * across), 150), 30, WHITE, -1)


def lamp(image: Image, at_s: float) -> None:
    """Switched on and off again every three seconds."""
    lit = int(at_s) % 6 < 3
    night(image, 0.5 if lit else 0.3)
    if lit:
        cv2.circle(image, (120, 150), 40, WHITE, -1)


def crowd_before_window(image: Image, at_s: float) -> None:
    """People before a bright front: its outline changes all the time, the light does not."""
    window(image, at_s)
    for person in range(3):
        x = 80 + round((at_s * 30 + person * 27) % 80)
        cv2.rectangle(image, (x, 130), (x + 10, 190), (60, 60, 60), -1)


def strongest(scene: Callable[[Image, float], None]) -> float:
    """The most that the witness says of a scene within ten seconds."""
    glare, most = Glare(), 0.0
    for number, frame in enumerate(film(scene, 10)):
        if number % 2 == 0:
            luminance = np.asarray(cv2.cvtColor(frame.image[::2, ::2], cv2.COLOR_BGR2GRAY), np.uint8)
            glare.look(luminance, None, frame.pts_s)
            most = max(most, glare.support())
    return most


def test_a_white_mass_that_dances_and_lights_its_surroundings_is_like_a_fire() -> None:
    assert strongest(blaze) > 0.8


@pytest.mark.parametrize("scene", [window, window_with_steps, head_lights, lamp, crowd_before_window])
def test_other_bright_lights_are_not(scene: Callable[[Image, float], None]) -> None:
    assert strongest(scene) < 0.5


def watcher(fire: float, *zones: tuple[ZoneUse, tuple[tuple[float, float], ...]]) -> Watcher:
    shared = Shared(LoadedObjects(NO_MODELS), InferenceBudget(1.0), "gate", fire=SeesFires(fire))
    return Watcher(*(zone(*one) for one in zones), detectors={"fire": FireDetector(FireOptions(), shared)})


def test_a_fire_that_burns_out_the_camera_is_told_with_its_reasons() -> None:
    first = watcher(0.9).show(film(blaze, 8)).of("camera.fire", Phase.BEGAN)[0]
    assert (first.at - START).total_seconds() <= 4
    assert set(first.fields) >= {"verifier_score", "glare_share", "outline_change", "stays", "light_unsteady"}
    assert first.box is not None
    assert first.box.centre == pytest.approx((0.25, 0.55), abs=0.1)


def test_it_is_none_when_the_network_sees_none_in_the_whole_picture() -> None:
    assert watcher(0.5).show(film(blaze, 8)).of("camera.fire") == []


@pytest.mark.parametrize("use", [ZoneUse.IGNORE, ZoneUse.FLAME])
def test_it_is_none_where_flames_are_known_or_nothing_counts(use: ZoneUse) -> None:
    hearth = ((0.05, 0.2), (0.5, 0.2), (0.5, 0.95), (0.05, 0.95))
    assert watcher(0.9, (use, hearth)).show(film(blaze, 8)).of("camera.fire") == []
