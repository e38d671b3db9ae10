"""Flames: a fire whose tongues are torn by rising noise, and the smoke over it.

Heat is a shape (wide and hot at the foot, narrow at the top) minus turbulence that rises faster than the picture rate
can follow smoothly: edges flicker between 1 and 5 Hz, the core stays. Colour follows heat as in a real fire seen by a
camera: dark red, orange, yellow, and white where the sensor is full.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from cameras.scenes.scenery import blend
from cameras.scenes.texture import cloud
from cameras.scenes.view import Image, Mask

_HEAT = np.array([0.0, 0.12, 0.30, 0.50, 0.72, 1.0])
_COLOUR = np.array([[0, 0, 0], [6, 16, 110], [18, 74, 226], [46, 158, 255], [140, 228, 255], [236, 252, 255]])
"""BGR over heat: what a small camera makes of burning wood in daylight."""

_SIZE_PX = 120
_FIELD_PX = 512


class Fire:
    """One fire; `heat` gives its picture at a moment."""

    def __init__(self, random: Generator) -> None:
        """Draw the turbulence."""
        square = (_FIELD_PX, _FIELD_PX)
        self._coarse = _endless(cloud(random, square, coarsest_px=46, octaves=3))
        self._fine = _endless(cloud(random, square, coarsest_px=17, octaves=3))
        self._pulse = random.uniform(0.0, 2 * math.pi, 6)
        table = np.stack([np.interp(np.linspace(0, 1, 256), _HEAT, _COLOUR[:, band]) for band in range(3)], axis=1)
        self._palette = np.round(table).astype(np.uint8)[None, :, :]
        across, up = np.meshgrid(np.linspace(-1, 1, _SIZE_PX), np.linspace(1, 0, _SIZE_PX))
        self._across, self._up = across.astype(np.float32), up.astype(np.float32)
        self._rows, self._columns = np.mgrid[0:_SIZE_PX, 0:_SIZE_PX]

    def flicker(self, at_s: float) -> float:
        """Brightness of the whole fire, about 1: a sum of puffs between 1.3 and 4.6 Hz."""
        beats = (1.3, 1.9, 2.7, 3.3, 4.1, 4.6)
        swing = sum(math.sin(2 * math.pi * beat * at_s + phase) for beat, phase in zip(beats, self._pulse, strict=True))
        return 1.0 + 0.075 * swing

    def heat(self, at_s: float, *, strength: float) -> Mask:
        """Heat of the fire in a square of 120 pixels, its foot at the lower edge.

        Args:
            at_s: Moment of the scene.
            strength: 0 (out) to 1 (full height).
        """
        beat = self.flicker(at_s)
        height = (0.35 + 0.6 * strength) * (0.8 + 0.2 * beat)
        lean = 0.16 * math.sin(1.7 * at_s) + 0.10 * math.sin(4.3 * at_s + 1.0)
        coarse = self._cut(self._coarse, up_px=at_s * 118.0, across_px=9.0 * math.sin(at_s))
        fine = self._cut(self._fine, up_px=at_s * 205.0, across_px=6.0 * math.sin(1.3 * at_s + 2.0))
        share = self._up / height
        bent = self._across - lean * share**1.5 + 0.16 * coarse * share
        width = 0.62 * np.sqrt(np.clip(1.02 - share, 0, 1)) * (0.75 + 0.25 * strength)
        core = 1.0 - np.abs(bent) / np.maximum(width, 0.02)
        heat = 1.22 * core - (0.30 + 0.62 * share) * (0.50 + 0.46 * coarse + 0.42 * fine) - 0.22 * share
        heat *= np.clip(self._up / 0.03, 0, 1) * np.clip((1.15 - share) / 0.2, 0, 1)
        result: Mask = np.clip(heat * (0.9 + 0.1 * beat), 0, 1).astype(np.float32)
        return result

    def colour(self, heat: Mask) -> Image:
        """The picture of a heat map, BGR on black."""
        index = np.round(heat * 255).astype(np.uint8)
        return np.asarray(self._palette[0][index], np.uint8)

    def draw(self, picture: Image, heat: Mask, *, foot_px: tuple[int, int], width_px: int) -> None:
        """Add the fire to `picture`, the middle of its foot at `foot_px`, its square `width_px` wide."""
        size = (width_px, int(width_px * 1.12))
        sized = np.asarray(cv2.resize(heat, size, interpolation=cv2.INTER_AREA), np.float32)
        left, top = foot_px[0] - size[0] // 2, foot_px[1] - size[1]
        part = picture[max(0, top) : foot_px[1], max(0, left) : left + size[0]]
        sized = sized[size[1] - part.shape[0] :, size[0] - part.shape[1] :]
        cover = np.clip(sized * 3.0, 0, 1)
        blend(part, self.colour(sized), cover)

    def _cut(self, field: NDArray[np.float32], *, up_px: float, across_px: float) -> NDArray[np.float32]:
        rows = (self._rows + int(up_px)) % _FIELD_PX
        columns = (self._columns + int(across_px) + 40) % _FIELD_PX
        result: NDArray[np.float32] = field[rows, columns]
        return result


class Smoke:
    """Grey puffs that rise, spread and drift with the wind."""

    def __init__(self, random: Generator) -> None:
        """Draw a few puffs."""
        self._puffs = [_puff(random) for _ in range(5)]
        self._random = random
        self._birth = random.uniform(0.0, 1.0, 64)
        self._side = random.normal(0.0, 1.0, 64)

    def draw(self, picture: Image, at_s: float, *, foot_px: tuple[int, int], strength: float) -> None:
        """Lay the smoke over `picture`; `strength` 0 to 1 is how thick it is."""
        life_s, every_s = 4.5, 0.28
        newest = int(at_s / every_s)
        for number in range(max(0, newest - int(life_s / every_s)), newest + 1):
            age = at_s - (number + float(self._birth[number % 64])) * every_s
            if not 0 < age < life_s:
                continue
            share = age / life_s
            size = int(26 + 95 * share)
            x = foot_px[0] + int(52 * share**1.3 + 9 * float(self._side[number % 64]) * share)
            y = foot_px[1] - int(150 * share**0.8)
            thick = (0.25 + 0.75 * strength) * 0.72 * min(1.0, share * 6) * (1 - share) ** 1.1
            _lay(picture, self._puffs[number % 5], centre=(x, y), size_px=size, thick=thick)


def _endless(field: NDArray[np.float32]) -> NDArray[np.float32]:
    """The field, blended at its borders so that it can scroll for ever."""
    edge = 64
    ramp = np.linspace(0, 1, edge, dtype=np.float32)
    field = field.copy()
    field[:edge] = field[:edge] * ramp[:, None] + np.roll(field, edge, axis=0)[:edge] * (1 - ramp[:, None])
    field[:, :edge] = field[:, :edge] * ramp + np.roll(field, edge, axis=1)[:, :edge] * (1 - ramp)
    return field


def _puff(random: Generator) -> Mask:
    size = 96
    across, up = np.meshgrid(np.linspace(-1, 1, size), np.linspace(-1, 1, size))
    ball = np.clip(1.0 - np.sqrt(across**2 + up**2), 0, 1)
    torn = ball * (1.0 + 0.55 * cloud(random, (size, size), coarsest_px=24, octaves=3))
    result: Mask = np.clip(torn * 1.5, 0, 1).astype(np.float32)
    return result


def _lay(picture: Image, puff: Mask, *, centre: tuple[int, int], size_px: int, thick: float) -> None:
    left, top = centre[0] - size_px // 2, centre[1] - size_px // 2
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(picture.shape[1], left + size_px), min(picture.shape[0], top + size_px)
    if x1 <= x0 or y1 <= y0:
        return
    mask = np.asarray(cv2.resize(puff, (size_px, size_px), interpolation=cv2.INTER_LINEAR), np.float32)
    mask = mask[y0 - top : y1 - top, x0 - left : x1 - left] * thick
    part = picture[y0:y1, x0:x1]
    blend(part, np.full_like(part, 104), mask)
