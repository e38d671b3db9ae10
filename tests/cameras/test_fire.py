"""Claims about fire and smoke: both witnesses and network have to agree, and neither alone makes an alert."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cameras.detectors.fire import FireDetector, FireOptions
from cameras.scenes.flames import Smoke
from cameras.vision.budget import InferenceBudget
from cameras.vision.fire.votes import Verifier
from cameras.vision.shared import LoadedObjects, LoadedVerifier, Shared
from cameras.vision.sightings import BEGIN
from config.community import Detector, Zone, ZoneUse
from hub.events import Phase
from tests.fakes.footage import NO_MODELS, START, Image, Watcher, film, nothing, zone

RED, ORANGE = (40, 50, 200), (30, 130, 250)
SMOKE = Smoke(np.random.default_rng(3))
FLAME_PLACE = ((0.35, 0.4), (0.6, 0.4), (0.6, 0.8), (0.35, 0.8))


class Says:
    """A verifier that always says the same, and counts what it was shown."""

    def __init__(self, fire: float, smoke: float = 0.0) -> None:
        self.answer = (fire, smoke)
        self.crops = 0

    def look(self, crops: Sequence[NDArray[np.uint8]]) -> list[tuple[float, float]]:
        assert all(crop.size for crop in crops)
        self.crops += len(crops)
        return [self.answer] * len(crops)


class Loaded(LoadedVerifier):
    """A verifier that is there already."""

    def __init__(self, verifier: Verifier) -> None:
        super().__init__()
        self._verifier = verifier


def watcher(verifier: Verifier | None, *zones: Zone, budget: InferenceBudget | None = None) -> Watcher:
    """With the fire detector alone; None is one whose weights are missing."""
    loaded = LoadedVerifier(Path("/nowhere/weights.onnx")) if verifier is None else Loaded(verifier)
    shared = Shared(LoadedObjects(NO_MODELS), budget or InferenceBudget(1.0), "gate", fire=loaded)
    return Watcher(*zones, detectors={"fire": FireDetector(FireOptions(), shared)})


def flame(image: Image, at_s: float, *, x: int = 200, foot: int = 200, size: float = 1.0) -> None:
    """Tongues of flame whose heights change from frame to frame, yellow within red."""
    random = np.random.default_rng(int(at_s * 1000))
    for colour, scale in (((40, 80, 220), 1.0), ((40, 160, 250), 0.7), ((140, 230, 255), 0.4)):
        for tongue in range(5):
            height = size * scale * random.uniform(20, 60)
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
    seen = watcher(Says(0.95)).show(film(burning_later, 12))
    first = seen.of("camera.fire", Phase.BEGAN)[0]
    assert 4 < (first.at - START).total_seconds() <= 7
    assert first.box is not None
    assert first.box.overlap(type(first.box)(0.40, 0.5, 0.13, 0.25)) > 0.2
    assert (first.confidence or 0) >= BEGIN
    assert set(first.fields) >= {"verifier_score", "votes", "of_looks", "flicker_hz", "colour_spread", "travel_sizes"}
    assert float(first.fields["flicker_hz"]) >= 0.5
    assert seen.analysis.moving


@pytest.mark.parametrize("scene", [nothing, red_wall, orange_ball, helmet, lamp, yellow_bus, shaken_red_wall])
def test_what_never_changes_blinks_or_travels_is_no_fire_whatever_the_network_says(
    scene: Callable[[Image, float], None],
) -> None:
    assert watcher(Says(0.9)).show(film(scene, 12)).of("camera.fire") == []


@pytest.mark.parametrize("score", [0.0, 0.6, math.nan, -3.0, 17.0])
def test_what_the_network_does_not_confirm_is_no_fire_however_it_flickers(score: float) -> None:
    assert watcher(Says(score, score)).show(film(flame, 12)).events == []


def test_a_network_that_is_wrong_now_and_then_makes_no_fire() -> None:
    class Unsure(Says):
        def look(self, crops: Sequence[NDArray[np.uint8]]) -> list[tuple[float, float]]:
            self.answer = (0.95 if self.crops % 8 == 0 else 0.1, 0.0)
            return super().look(crops)

    assert watcher(Unsure(0.0)).show(film(flame, 20)).of("camera.fire") == []


def test_a_quiet_picture_is_never_shown_to_the_network() -> None:
    network = Says(1.0, 1.0)
    assert watcher(network).show(film(red_wall, 20)).events == []
    assert network.crops == 0


def test_what_the_network_has_refused_is_shown_to_it_rarely() -> None:
    network = Says(0.1)
    watcher(network).show(film(flame, 24))
    assert 12 <= network.crops <= 40


@pytest.mark.parametrize(("share", "found"), [(0.02, True), (0.0005, False)])
def test_a_fire_is_found_when_the_network_has_little_time_and_not_when_it_has_none(
    share: float, *, found: bool
) -> None:
    """Other cameras used up what was saved. A fiftieth of a core is a look a second then, at 7 ms a crop."""

    class Slow(Says):
        def look(self, crops: Sequence[NDArray[np.uint8]]) -> list[tuple[float, float]]:
            seen.clock.advance(0.007 * len(crops))
            return super().look(crops)

    network = Slow(0.95)
    budget = InferenceBudget(share)
    seen = watcher(network, budget=budget)
    budget.grant("other", seen.clock.monotonic_s(), urgent=False, purpose="fire")
    budget.spend(0.3)
    assert bool(seen.show(film(burning_later, 30)).of("camera.fire", Phase.BEGAN)) is found


def test_a_fire_that_goes_out_ends() -> None:
    def goes_out(image: Image, at_s: float) -> None:
        if at_s < 8:
            flame(image, at_s)

    events = watcher(Says(0.95)).show(film(goes_out, 18)).of("camera.fire")
    assert events[0].phase is Phase.BEGAN
    assert events[-1].phase is Phase.ENDED
    assert len({one.subject for one in events}) == 1


def test_a_fire_that_burns_on_is_said_again() -> None:
    events = watcher(Says(0.95)).show(film(flame, 30)).of("camera.fire")
    gaps = [(b.at - a.at).total_seconds() for a, b in itertools.pairwise(events)]
    assert max(gaps) <= 10.2


def test_a_fire_goes_on_through_a_change_of_light() -> None:
    def brighter(image: Image, at_s: float) -> None:
        if at_s >= 8:
            image += 60
        flame(image, at_s)

    events = watcher(Says(0.95)).show(film(brighter, 16)).of("camera.fire")
    assert [one.phase for one in events if one.phase is not Phase.GOES_ON] == [Phase.BEGAN]


def test_the_turn_of_a_camera_is_no_fire() -> None:
    def turned(image: Image, at_s: float) -> None:
        red_wall(image, at_s)
        if int(at_s) % 2:
            image[:] = 255 - image

    assert watcher(Says(1.0, 1.0)).show(film(turned, 20)).of("camera.fire") == []


@pytest.mark.parametrize("use", [ZoneUse.IGNORE, ZoneUse.FLAME])
def test_a_flame_that_is_known_is_no_fire(use: ZoneUse) -> None:
    assert watcher(Says(0.95), zone(use, FLAME_PLACE)).show(film(flame, 10)).events == []


def test_a_fire_that_grows_out_of_the_place_of_a_known_flame_counts() -> None:
    def grows(image: Image, at_s: float) -> None:
        flame(image, at_s, size=1.0 if at_s < 8 else 2.6)

    stove = zone(ZoneUse.FLAME, FLAME_PLACE)
    first = watcher(Says(0.95), stove).show(film(grows, 20)).of("camera.fire", Phase.BEGAN)[0]
    assert (first.at - START).total_seconds() > 8


def test_a_fire_beside_a_known_flame_counts() -> None:
    def both(image: Image, at_s: float) -> None:
        flame(image, at_s)
        flame(image, at_s + 0.05, x=20)

    assert watcher(Says(0.95), zone(ZoneUse.FLAME, FLAME_PLACE)).show(film(both, 10)).of("camera.fire")


def smoking(image: Image, at_s: float) -> None:
    """Grey puffs that rise and spread, at dusk."""
    dusk(image, at_s)
    SMOKE.draw(image, at_s + 6, foot_px=(200, 220), strength=0.8)


def dusk(image: Image, _at_s: float) -> None:
    image[:] = image // 2


def grey_walker(image: Image, at_s: float) -> None:
    """Somebody in grey who walks to and fro."""
    x = round(240 + 120 * np.sin(at_s * 0.7))
    cv2.rectangle(image, (x - 12, 120), (x + 12, 200), (105, 104, 104), -1)
    cv2.circle(image, (x, 108), 10, (95, 96, 100), -1)


def shaken(image: Image, at_s: float) -> None:
    """A camera in the wind."""
    random = np.random.default_rng(int(at_s * 1000))
    image[:] = np.roll(image, tuple(random.integers(-3, 4, 2)), axis=(0, 1))


def dimmed(image: Image, at_s: float) -> None:
    """Clouds: all of the picture goes a little darker and lighter."""
    image[:] = np.clip(image * (1 + 0.15 * np.sin(at_s * 0.8)), 0, 255).astype(np.uint8)


def test_smoke_is_told_within_seconds_with_its_reasons() -> None:
    def later(image: Image, at_s: float) -> None:
        (smoking if at_s >= 4 else dusk)(image, at_s)

    seen = watcher(Says(0.0, 0.95)).show(film(later, 18))
    sure = [one for one in seen.of("camera.smoke") if (one.confidence or 0) >= BEGIN]
    assert 4 < (sure[0].at - START).total_seconds() <= 15
    assert set(sure[0].fields) >= {"verifier_score", "votes", "change_at_edges", "change_sharpness", "seen_s"}
    assert seen.of("camera.fire") == []


@pytest.mark.parametrize("scene", [nothing, grey_walker, shaken, dimmed])
def test_what_moves_like_no_smoke_is_never_surely_smoke_whatever_the_network_says(
    scene: Callable[[Image, float], None],
) -> None:
    told = watcher(Says(0.0, 1.0)).show(film(scene, 16)).of("camera.smoke")
    assert [one for one in told if (one.confidence or 0) >= BEGIN] == []


def test_smoke_may_be_left_out() -> None:
    shared = Shared(LoadedObjects(NO_MODELS), InferenceBudget(1.0), "gate", fire=Loaded(Says(0.0, 1.0)))
    seen = Watcher(detectors={"fire": FireDetector(FireOptions(smoke=False), shared)})
    assert seen.show(film(smoking, 12)).events == []


def test_without_the_network_plain_flames_are_found_and_it_is_said() -> None:
    alone = watcher(None).show(film(burning_later, 14))
    assert alone.of("camera.fire", Phase.BEGAN)
    assert "verifier" in alone.analysis.troubles["fire"]


@pytest.mark.parametrize("scene", [red_wall, orange_ball, helmet, lamp, yellow_bus, shaken_red_wall])
def test_without_the_network_what_is_no_fire_is_none(scene: Callable[[Image, float], None]) -> None:
    assert watcher(None).show(film(scene, 12)).events == []


@pytest.mark.parametrize(("fps", "found"), [(1, False), (4, True)])
def test_a_picture_a_second_is_too_few_to_see_flicker_and_four_are_enough(fps: float, *, found: bool) -> None:
    assert bool(watcher(Says(0.9)).show(film(burning_later, 20, fps=fps)).of("camera.fire", Phase.BEGAN)) is found


def test_the_detector_is_still_found_by_its_old_name() -> None:
    assert Detector.model_validate("flame") == Detector(kind="fire")
