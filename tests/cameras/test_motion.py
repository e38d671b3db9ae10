"""Claims about the motion model: what is motion, and what is noise or light."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import cv2
import numpy as np
import pytest

from cameras.vision.decoding import Frame
from cameras.vision.detection import Detection
from cameras.vision.motion import Motion, MotionModel
from config.community import ZoneUse
from hub.geometry import Box
from tests.fakes.footage import HEIGHT_PX, WIDTH_PX, Image, ScriptedDetector, Watcher, film, nothing, zone


def watch(model: MotionModel, frames: Iterable[Frame]) -> list[Motion]:
    return [model.update(frame.image, frame.pts_s) for frame in frames]


def walker(image: Image, at_s: float) -> None:
    x = round(20 + 60 * at_s)
    cv2.rectangle(image, (x, 150), (x + 20, 210), (20, 20, 20), -1)


def test_a_walker_is_one_blob_where_it_walks() -> None:
    motions = watch(MotionModel(), film(walker, 4))
    blob = motions[-1].blobs[0]
    x = (20 + 60 * (4 - 1 / 8)) / WIDTH_PX
    assert blob.box.x == pytest.approx(x, abs=0.03)
    assert blob.box.h == pytest.approx(60 / HEIGHT_PX, abs=0.05)
    assert motions[-1].moving


@pytest.mark.parametrize("noise", [3, 12])
def test_noise_alone_is_no_motion(noise: int) -> None:
    motions = watch(MotionModel(), film(nothing, 5, noise=noise))
    assert not any(motion.blobs for motion in motions)
    assert not any(motion.moving for motion in motions)


def test_a_light_that_is_switched_off_is_no_motion_that_lasts() -> None:
    def switched(image: Image, at_s: float) -> None:
        if at_s >= 3:
            image[:] = image // 3

    motions = watch(MotionModel(), film(switched, 8))
    assert not any(motion.blobs for motion in motions)
    assert not motions[-1].moving


def test_slow_exposure_is_followed() -> None:
    def brighter(image: Image, at_s: float) -> None:
        image[:] = np.clip(image * (1 + at_s / 10), 0, 255)

    assert not any(motion.blobs for motion in watch(MotionModel(), film(brighter, 6)))


def test_rain_is_no_motion() -> None:
    """Bright streaks everywhere, elsewhere in every picture."""
    drops = np.random.default_rng(5)

    def rain(image: Image, _at_s: float) -> None:
        for x, y in drops.integers((0, 0), (WIDTH_PX, HEIGHT_PX), (120, 2)):
            cv2.line(image, (int(x), int(y)), (int(x) + 2, int(y) + int(drops.integers(8, 20))), (190, 190, 190), 1)

    motions = watch(MotionModel(), film(rain, 8))
    assert not any(motion.blobs for motion in motions[-24:])


def swept(strength: float) -> list[Motion]:
    """From second 2 on a band of light, or of shadow, goes over the ground."""
    columns = np.arange(WIDTH_PX, dtype=np.float32)

    def sweep(image: Image, at_s: float) -> None:
        if at_s > 2:
            beam = np.exp(-(((columns - 120 * (at_s - 2)) / 60) ** 2))
            image[120:250] = np.clip(image[120:250] * (1 + (strength - 1) * beam)[None, :, None], 0, 255)

    return watch(MotionModel(), film(sweep, 6))


def test_the_beam_of_a_head_light_is_nothing_that_moves() -> None:
    assert not any(motion.blobs for motion in swept(1.7))


def test_the_shadow_of_a_cloud_wakes_nobody() -> None:
    assert not any(motion.moving for motion in swept(0.55))


def test_somebody_in_the_light_of_a_torch_is_motion() -> None:
    def lit(image: Image, at_s: float) -> None:
        image[100:260, 180:330] = np.clip(image[100:260, 180:330] * 1.6, 0, 255)
        walker(image, at_s)

    motions = watch(MotionModel(), film(lit, 5))
    assert all(motion.blobs and motion.moving for motion in motions[-8:])


@pytest.mark.parametrize("grey", [20, 70, 200])
def test_what_stops_stays_foreground_and_no_longer_moves(grey: int) -> None:
    """Also when it is of little contrast: for a minute, so that a stopped vehicle can be told."""

    def stops(image: Image, at_s: float) -> None:
        x = round(-40 + 80 * min(max(at_s - 1.5, 0), 3))
        cv2.rectangle(image, (x, 150), (x + 30, 210), (grey, grey, grey), -1)

    motions = watch(MotionModel(), film(stops, 60))
    assert len(motions[-1].blobs) == 1
    assert motions[-1].blobs[0].live < 0.03
    assert not motions[-1].moving


def test_what_drove_away_leaves_no_ghost() -> None:
    """Something that stood there from the beginning is background; its place must not become an object."""

    def leaves(image: Image, at_s: float) -> None:
        x = round(200 + 80 * max(at_s - 3, 0))
        cv2.rectangle(image, (x, 100), (x + 60, 150), (20, 20, 30), -1)

    last = watch(MotionModel(), film(leaves, 9))[-1]
    assert last.blobs == ()


def test_nothing_in_an_ignore_zone_moves() -> None:
    ignored = zone(ZoneUse.IGNORE, ((0.0, 0.4), (1.0, 0.4), (1.0, 1.0), (0.0, 1.0)))
    motions = watch(MotionModel((ignored,)), film(walker, 4))
    assert not any(motion.blobs or motion.moving for motion in motions)


def test_another_picture_size_begins_anew() -> None:
    model = MotionModel()
    watch(model, film(nothing, 2))
    small = np.zeros((240, 320, 3), np.uint8)
    assert model.update(small, 2.5).cut


def test_a_gap_in_time_is_no_error() -> None:
    frames = itertools.chain(film(nothing, 2), film(nothing, 2, start_s=600), film(nothing, 1, start_s=10))
    assert not any(motion.blobs for motion in watch(MotionModel(), frames))


@pytest.mark.parametrize(("use", "seen"), [(ZoneUse.IGNORE, True), (ZoneUse.PRIVATE, False)])
def test_while_the_camera_is_turned_what_is_ignored_is_looked_at_and_what_is_private_is_not(
    use: ZoneUse, *, seen: bool
) -> None:
    """The screen that was ignored is elsewhere; the motion and what is named there agree on it."""
    watcher = Watcher(zone(use), detectors={"objects": ScriptedDetector(lambda _: [PASSER_BY])})
    assert not watcher.show(film(passes, 4)).of("camera.person")
    watcher.analysis._zones.disarmed = True
    moved = []
    for frame in film(passes, 4, start_s=4):
        watcher.clock.set(frame.at)
        watcher.events += watcher.analysis.feed(frame)
        moved.append(watcher.analysis.moving)
    assert any(moved) is seen
    assert bool(watcher.of("camera.person")) is seen


PASSER_BY = Detection("person", 0.9, Box(0.4, 0.4, 0.1, 0.4))


def passes(image: Image, at_s: float) -> None:
    x = round(60 * (at_s % 4))
    image[100:180, x : x + 40] = 20
