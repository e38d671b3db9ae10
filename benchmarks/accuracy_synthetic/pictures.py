"""Pictures: what the synthetic set is drawn over: scenes of our own, clips of a folder, and weather and light on them.

Every function that draws by chance takes a seeded generator, so that the set is the same on every run.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from cameras.scenes.encoding import SCENES
from cameras.scenes.view import FPS as SCENE_FPS
from cameras.scenes.view import HEIGHT_PX, WIDTH_PX, Image

FPS = 5
"""Pictures a second of the set: as many as show how a picture became another one."""
_SCENE_S = 5.0
"""Of the drawn scenes only this much is used: before anything burns or crashes."""
CLOCK = np.s_[8:28, 8:160]
"""Where the drawn scenes write their clock: nothing in front of the lens covers that."""

Effect = Callable[[Image, float], Image]
"""A picture and the seconds since the effect began, to the picture with the effect."""


class Base:
    """Some seconds of a scene, played forwards and backwards for as long as is asked."""

    def __init__(self, name: str, pictures: list[Image], *, clock: bool) -> None:
        """Take pictures of 640x360; `clock` says whether they have one written into them."""
        self.name = name
        self.clock = clock
        self._pictures = pictures

    def at(self, at_s: float) -> Image:
        """The picture at a time; not to be changed."""
        last = len(self._pictures) - 1
        if last == 0:
            return self._pictures[0]
        number = round(at_s * FPS) % (2 * last)
        return self._pictures[number if number <= last else 2 * last - number]


def drawn(name: str) -> Base:
    """One of the project's scenes."""
    frames = SCENES[name](np.random.default_rng(7)).frames(_SCENE_S)
    step = SCENE_FPS // FPS
    return Base(name, [picture for number, picture in enumerate(frames) if number % step == 0], clock=True)


def filmed(path: Path, longest_s: float = 12.0) -> Base:
    """The beginning of a clip."""
    pictures: list[Image] = []
    with av.open(str(path)) as container:
        due_s = 0.0
        for frame in container.decode(video=0):
            if frame.time is None or frame.time < due_s:
                continue
            if frame.time > longest_s:
                break
            due_s = frame.time + 1 / FPS - 0.001
            picture = cv2.resize(frame.to_ndarray(format="bgr24"), (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)
            pictures.append(np.asarray(picture, np.uint8))
    return Base(path.stem, pictures, clock=False)


def turned(base: Base, *, across: float = 0.0, down: float = 0.0, roll_deg: float = 0.0, zoom: float = 1.0) -> Effect:
    """The scene as a turned camera sees it; shares of the picture. What comes in at its edges is a mirror image."""

    def effect(_image: Image, since_s: float) -> Image:
        done = min(1.0, since_s / 0.6)  # seconds: a quick hand
        turn = cv2.getRotationMatrix2D((WIDTH_PX / 2, HEIGHT_PX / 2), roll_deg * done, 1 + (zoom - 1) * done)
        turn[:, 2] += np.array([across * WIDTH_PX * done, down * HEIGHT_PX * done])
        picture = cv2.warpAffine(base.at(since_s), turn, (WIDTH_PX, HEIGHT_PX), borderMode=cv2.BORDER_REFLECT)
        if 0 < done < 1:
            picture = cv2.blur(picture, (25, 5))
        return np.asarray(picture, np.uint8)

    return effect


def other_scene(base: Base, other: Base, *, pan_s: float = 0.8) -> Effect:
    """The camera pans to another scene within `pan_s`, or is cut to it when that is 0."""

    def effect(_image: Image, since_s: float) -> Image:
        if since_s >= pan_s:
            return other.at(since_s)
        both = np.hstack([base.at(since_s), other.at(since_s)])
        left = round(since_s / pan_s * WIDTH_PX)
        return np.asarray(cv2.blur(both[:, left : left + WIDTH_PX], (35, 3)), np.uint8)

    return effect


# Light and weather


def gain(image: Image, factor: float) -> Image:
    """Brighter or darker."""
    return np.asarray(cv2.convertScaleAbs(image, alpha=factor), np.uint8)


_MARGIN_PX = 64


@functools.cache
def _grain(deviation: float) -> NDArray[np.int16]:
    """Noise larger than a picture, to be cut at random places: fresh noise would cost more than all the rest."""
    random = np.random.default_rng(99)
    size = (HEIGHT_PX + _MARGIN_PX, WIDTH_PX + _MARGIN_PX)
    grain = np.asarray(cv2.GaussianBlur(random.standard_normal(size), (0, 0), 0.7))
    return np.asarray(np.repeat(np.round(grain * (deviation / grain.std()))[..., None], 3, axis=2), np.int16)


def noisy(image: Image, random: Generator, deviation: float) -> Image:
    """Sensor noise, another each time."""
    if deviation <= 0:
        return image
    top, left = (int(n) for n in random.integers(0, _MARGIN_PX, 2))
    cut = _grain(round(deviation, 1))[top : top + HEIGHT_PX, left : left + WIDTH_PX]
    return np.asarray(cv2.add(image, cut, dtype=cv2.CV_8U), np.uint8)


def night(image: Image, *, amount: float = 1.0) -> Image:
    """Infra-red at night: grey, light from the camera alone, leaves white."""
    blue, green, red = (image[..., channel].astype(np.float32) for channel in range(3))
    leaves = np.clip(2 * green - blue - red, 0, 60)
    near_red = 0.5 * red + 0.2 * green + 1.6 * leaves
    y, x = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX].astype(np.float32)
    away = ((x / WIDTH_PX - 0.5) / 0.55) ** 2 + ((y / HEIGHT_PX - 0.62) / 0.6) ** 2
    lit = near_red * (0.12 + 1.05 / (1 + away))
    grey = np.repeat(np.clip(lit, 0, 255)[..., None], 3, axis=2)
    return np.asarray((1 - amount) * image + amount * grey, np.uint8)


def rain(image: Image, random: Generator, *, drops: int) -> Image:
    """Streaks, brighter than what is behind them."""
    layer = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
    for x, y, length in zip(
        random.integers(0, WIDTH_PX, drops), random.integers(-30, HEIGHT_PX, drops), random.integers(12, 45, drops),
        strict=True,
    ):  # fmt: skip
        cv2.line(layer, (int(x), int(y)), (int(x) - int(length) // 6, int(y) + int(length)), 70, 1, cv2.LINE_AA)
    dim = cv2.convertScaleAbs(image, alpha=0.85, beta=18)
    return np.asarray(cv2.add(dim, cv2.merge([layer] * 3)), np.uint8)


def snow(image: Image, random: Generator, *, flakes: int) -> Image:
    """Flakes, large soft ones near the lens, and less contrast behind them."""
    layer = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
    for x, y, size in zip(
        random.integers(0, WIDTH_PX, flakes), random.integers(0, HEIGHT_PX, flakes), random.exponential(1.6, flakes),
        strict=True,
    ):  # fmt: skip
        cv2.circle(layer, (int(x), int(y)), 1 + int(size), 190, -1, cv2.LINE_AA)
    near = np.zeros_like(layer)
    for x, y in zip(random.integers(0, WIDTH_PX, 8), random.integers(0, HEIGHT_PX, 8), strict=True):
        cv2.circle(near, (int(x), int(y)), 14, 120, -1)
    flying = cv2.max(cv2.GaussianBlur(layer, (0, 0), 0.8), cv2.GaussianBlur(near, (0, 0), 6))
    dim = cv2.convertScaleAbs(image, alpha=0.7, beta=50)
    return np.asarray(cv2.max(dim, cv2.merge([flying] * 3)), np.uint8)


def fog(image: Image, depth: float) -> Image:
    """A veil, thicker towards the top of the picture, which is further away; `depth` 0 is none, 3 dense."""
    far = np.linspace(1.0, 0.25, HEIGHT_PX, dtype=np.float32)[:, None, None]
    through = np.exp(-depth * far)
    return np.asarray(image * through + 190 * (1 - through), np.uint8)


def spot(image: Image, place: tuple[float, float], radius: float, strength: float) -> Image:
    """Light into the lens: white in the middle, a veil around it; place and radius as shares of the width."""
    y, x = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX].astype(np.float32) / WIDTH_PX
    away = np.hypot(x - place[0], y - place[1]) / radius
    light = 420 * strength * np.exp(-(away**2) * 0.7) + 40 * strength / (1 + away)
    return np.asarray(np.clip(image + light[..., None], 0, 255), np.uint8)


def played(base: Base, seconds: float, effects: Callable[[Image, float], Image]) -> Iterator[tuple[float, Image]]:
    """Times and pictures."""
    for number in range(round(seconds * FPS)):
        at_s = number / FPS
        yield at_s, effects(base.at(at_s), at_s)


def soft_mask(points: NDArray[np.float64], soft_px: float) -> NDArray[np.float32]:
    """A polygon (shares of the picture) out of focus: (height, width, 1), 0..1."""
    mask = np.zeros((HEIGHT_PX, WIDTH_PX), np.float32)
    cv2.fillPoly(mask, [np.round(points * (WIDTH_PX, HEIGHT_PX)).astype(np.int32)], (1.0,))
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), soft_px), np.float32)[..., None]


def waves(at_s: float, period_s: float) -> float:
    """-1..1."""
    return math.sin(2 * math.pi * at_s / period_s)
