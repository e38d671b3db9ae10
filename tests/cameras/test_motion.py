"""Claims about the motion model: what is motion, and what is noise or light."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import cv2
import numpy as np
import pytest

from cameras.vision.decoding import Frame
from cameras.vision.motion import Motion, MotionModel
from config.community import ZoneUse
from tests.fakes.footage import HEIGHT_PX, WIDTH_PX, Image, film, nothing, zone


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
