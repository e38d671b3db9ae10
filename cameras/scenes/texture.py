"""Surfaces: random fields that look like asphalt, grass, plaster and leaves, from a seeded generator.

Every function takes the generator as an argument: the same seed draws the same scene on every machine.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from cameras.scenes.view import Image

Field = NDArray[np.float32]
"""(height, width) float32, mean 0, deviation about 1."""
Colour = tuple[float, float, float]
"""Blue, green, red, 0..255."""


def cloud(random: Generator, size_px: tuple[int, int], *, coarsest_px: float, octaves: int = 4) -> Field:
    """Smooth random field: octaves from `coarsest_px` downwards, each half as large and 0.6 as strong."""
    width, height = size_px
    total = np.zeros((height, width), np.float32)
    strength, cell = 1.0, coarsest_px
    for _ in range(octaves):
        grid = (max(2, int(height / cell) + 2), max(2, int(width / cell) + 2))
        small = random.standard_normal(grid).astype(np.float32)
        total += strength * cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
        strength, cell = strength * 0.6, max(1.0, cell / 2)
    return total / max(1e-6, float(total.std()))


def grain(random: Generator, size_px: tuple[int, int], *, blur_px: float = 0.0) -> Field:
    """Independent values per pixel, softened by `blur_px`."""
    width, height = size_px
    field = random.standard_normal((height, width)).astype(np.float32)
    if blur_px > 0:
        field = np.asarray(cv2.GaussianBlur(field, (0, 0), blur_px), np.float32)
    return field / max(1e-6, float(field.std()))


def surface(colour: Colour, *layers: tuple[Field, float]) -> Image:
    """A colour whose brightness follows the layers, each with its strength in grey levels."""
    light = sum((strength * field for field, strength in layers[1:]), layers[0][0] * layers[0][1])
    picture = np.asarray(colour, np.float32)[None, None, :] + np.asarray(light, np.float32)[:, :, None]
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def asphalt(random: Generator, size_px: tuple[int, int], *, pixels_per_m: float) -> Image:
    """Worn grey road: stones, patches and oil."""
    return surface(
        (112, 112, 110),
        (cloud(random, size_px, coarsest_px=5 * pixels_per_m), 7.0),
        (cloud(random, size_px, coarsest_px=0.6 * pixels_per_m, octaves=3), 4.0),
        (grain(random, size_px, blur_px=0.7), 9.0),
    )


def grass(random: Generator, size_px: tuple[int, int], *, pixels_per_m: float) -> Image:
    """Meadow with drier and greener spots."""
    dry = cloud(random, size_px, coarsest_px=4 * pixels_per_m)
    base = surface(
        (52, 104, 92),
        (cloud(random, size_px, coarsest_px=1.2 * pixels_per_m), 10.0),
        (grain(random, size_px, blur_px=0.8), 13.0),
    ).astype(np.float32)
    base += dry[:, :, None] * np.array([1.0, 3.0, 9.0], np.float32)
    return np.clip(base, 0, 255).astype(np.uint8)


def earth(random: Generator, size_px: tuple[int, int], *, pixels_per_m: float) -> Image:
    """Trodden ground with pebbles."""
    return surface(
        (104, 124, 138),
        (cloud(random, size_px, coarsest_px=3 * pixels_per_m), 10.0),
        (cloud(random, size_px, coarsest_px=0.4 * pixels_per_m, octaves=3), 6.0),
        (grain(random, size_px, blur_px=0.9), 9.0),
    )


def paving(random: Generator, size_px: tuple[int, int], *, pixels_per_m: float, stone_m: float = 0.5) -> Image:
    """Concrete stones with joints."""
    width, height = size_px
    stone = max(2, int(stone_m * pixels_per_m))
    tones = random.standard_normal((height // stone + 1, width // stone + 1)).astype(np.float32)
    tone = cv2.resize(tones, None, fx=stone, fy=stone, interpolation=cv2.INTER_NEAREST)[:height, :width]
    picture = surface(
        (150, 156, 160),
        (np.asarray(tone, np.float32), 5.0),
        (cloud(random, size_px, coarsest_px=4 * pixels_per_m), 6.0),
        (grain(random, size_px, blur_px=0.8), 5.0),
    )
    picture[::stone] = (picture[::stone] * 0.75).astype(np.uint8)
    picture[:, ::stone] = (picture[:, ::stone] * 0.75).astype(np.uint8)
    return picture
