"""Claims about the smoke witness: what changes a place as smoke does, and what only seems to."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from cameras.vision.fire.smoke_witness import SmokeWitness, changes
from hub.geometry import Box

PLACE = Box(0.3, 0.2, 0.4, 0.5)


def scene(random: Generator) -> NDArray[np.float32]:
    """Soft light and shade."""
    coarse = random.uniform(40, 200, (6, 10)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (320, 180), interpolation=cv2.INTER_CUBIC), np.float32)


def says(draw: Callable[[NDArray[np.float32], float, Generator], NDArray[np.float32]]) -> float:
    """What the witness says after five seconds of a scene."""
    random = np.random.default_rng(4)
    still, witness = scene(random), SmokeWitness(0.0)
    recent: list[NDArray[np.uint8]] = []
    for number in range(21):
        picture = draw(still, number / 4, random) + random.normal(0, 1, still.shape)
        recent = [*recent[-4:], np.clip(picture, 0, 255).astype(np.uint8)]
        witness.look(changes(recent), PLACE, 40, number / 4)
    return witness.support()


def smoke(still: NDArray[np.float32], at_s: float, random: Generator) -> NDArray[np.float32]:
    """Soft puffs that rise through the place."""
    del random
    puffs = scene(np.random.default_rng(9)) - 120
    rising = np.roll(puffs, -round(at_s * 24), axis=0)
    veil = np.zeros_like(still)
    veil[30:130, 90:230] = 1.0
    return np.asarray(still + 0.4 * rising * cv2.GaussianBlur(veil, (0, 0), 12), np.float32)


def noise(still: NDArray[np.float32], at_s: float, random: Generator) -> NDArray[np.float32]:
    """A sensor in the dark: grain of a pixel and a half, left of twice as much by the scaling."""
    del at_s
    grain = cv2.GaussianBlur(random.standard_normal(still.shape, np.float32), (0, 0), 0.7)
    return np.asarray(still + grain * (4 / float(grain.std())), np.float32)


def exposure(still: NDArray[np.float32], at_s: float, random: Generator) -> NDArray[np.float32]:
    """The camera's exposure goes up and down: what is bright changes most."""
    del random
    return np.asarray(still * (0.9 + 0.2 * np.sin(at_s * 1.5)), np.float32)


def test_smoke_is_like_smoke() -> None:
    assert says(smoke) > 0.5


def test_the_noise_of_a_sensor_is_not() -> None:
    assert says(noise) < 0.1


def test_a_change_of_exposure_is_not() -> None:
    assert says(exposure) < 0.1
