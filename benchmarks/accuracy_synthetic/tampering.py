"""Tampering: each way of making a camera see nothing, in several strengths, drawn over any scene."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from benchmarks.accuracy_synthetic.pictures import (
    CLOCK,
    Base,
    Effect,
    gain,
    noisy,
    other_scene,
    soft_mask,
    spot,
    turned,
)
from cameras.scenes.texture import cloud
from cameras.scenes.view import HEIGHT_PX, WIDTH_PX, Image

SIZE = (WIDTH_PX, HEIGHT_PX)


@dataclass(frozen=True, slots=True)
class Tamper:
    """One way.

    Attributes:
        name: What is done, and how strongly.
        kinds: Kinds of Event of which any one tells it.
        make: From the scene, and another one, the effect.
        seconds: For how long.
        keeps_clock: Whether the written clock goes on as ever: it is written after the lens.
    """

    name: str
    kinds: frozenset[str]
    make: Callable[[Base, Base], Effect]
    seconds: float = 40.0
    keeps_clock: bool = True


def _cover(corners: tuple[tuple[float, float], ...], tone: tuple[float, float, float], soft_px: float) -> Effect:
    """Something opaque at the lens, pushed in from the left within 0.8 s."""
    random = np.random.default_rng(3)
    folds = cloud(random, SIZE, coarsest_px=WIDTH_PX / 2, octaves=1)[..., None] * 0.06 + 1
    points = np.array(corners)
    masks = [soft_mask(points - (1.0 - share, 0), soft_px) for share in (0.25, 0.5, 0.75, 1.0)]

    def effect(image: Image, since_s: float) -> Image:
        mask = masks[min(3, int(since_s / 0.2))]
        covered = image * (1 - mask) + np.asarray(tone, np.float32) * folds * mask
        return noisy(np.asarray(np.clip(covered, 0, 255), np.uint8), random, 2.5)

    return effect


WHOLE = ((-0.3, -0.3), (1.3, -0.3), (1.3, 1.3), (-0.3, 1.3))
_HALF = ((-0.3, -0.3), (0.52, -0.3), (0.46, 1.3), (-0.3, 1.3))
_THIRD = ((-0.3, -0.3), (0.38, -0.3), (0.40, 1.3), (-0.3, 1.3))
_HAND = ((-0.3, 0.1), (0.5, -0.1), (0.72, 0.05), (0.75, 0.3), (0.85, 0.4), (0.78, 0.75), (0.55, 0.95), (-0.3, 1.1))


def _spray(share: float, tone: float) -> Effect:
    """Paint: blobs out of focus that let a little through, one after the other within 2 s."""
    random = np.random.default_rng(11)
    field = cloud(random, SIZE, coarsest_px=110, octaves=2)
    level = float(np.quantile(field, 1 - share))
    layer = cv2.GaussianBlur((field > level).astype(np.float32), (0, 0), 11)[..., None] * 0.95

    def effect(image: Image, since_s: float) -> Image:
        mask = layer * min(1.0, since_s / 2.0)
        return noisy(np.asarray(image * (1 - mask) + tone * mask, np.uint8), random, 1.5)

    return effect


def _blur(radius_px: float, *, veil: float = 0.0) -> Effect:
    random = np.random.default_rng(5)

    def effect(image: Image, since_s: float) -> Image:
        done = min(1.0, since_s / 1.5)
        soft = cv2.GaussianBlur(image, (0, 0), max(0.3, radius_px * done))
        picture = cv2.convertScaleAbs(soft, alpha=1 - veil * done, beta=150 * veil * done)
        return noisy(np.asarray(picture, np.uint8), random, 2.0)

    return effect


def _frozen(*, clock: bool) -> Effect:
    held: list[Image] = []

    def effect(image: Image, _since_s: float) -> Image:
        if not held:
            held.append(image.copy())
        picture = held[0].copy()
        if clock:
            picture[CLOCK] = image[CLOCK]
        return picture

    return effect


def _dark(seconds: float, floor: float) -> Effect:
    random = np.random.default_rng(6)

    def effect(image: Image, since_s: float) -> Image:
        left = max(floor, 1.0 - since_s / seconds) if seconds else floor
        return noisy(gain(image, left), random, 2.0)

    return effect


def _light(place: tuple[float, float], radius: float, strength: float) -> Effect:
    random = np.random.default_rng(8)

    def effect(image: Image, since_s: float) -> Image:
        return noisy(spot(image, place, radius, strength * min(1.0, since_s / 1.0)), random, 1.5)

    return effect


COVERED, BLURRED, MOVED = "camera.view_covered", "camera.view_blurred", "camera.view_moved"
FROZEN, DARK, GLARE = "camera.view_frozen", "camera.view_dark", "camera.view_glare"


def _one(name: str, kinds: tuple[str, ...], make: Callable[[Base, Base], Effect], **more: Any) -> Tamper:
    return Tamper(name, frozenset(kinds), make, **more)


TAMPERS: tuple[Tamper, ...] = (
    _one("covered: black cloth", (COVERED,), lambda _b, _o: _cover(WHOLE, (5, 5, 6), 30)),
    _one("covered: hand", (COVERED,), lambda _b, _o: _cover(_HAND, (52, 62, 96), 22)),
    _one("covered: hand over all", (COVERED,), lambda _b, _o: _cover(WHOLE, (38, 46, 74), 30)),
    _one("covered: white cloth", (COVERED,), lambda _b, _o: _cover(WHOLE, (186, 190, 192), 30)),
    _one("covered: tape over half", (COVERED,), lambda _b, _o: _cover(_HALF, (92, 96, 94), 14)),
    _one("covered: tape over a third", (COVERED,), lambda _b, _o: _cover(_THIRD, (40, 42, 44), 14)),
    _one("covered: paint 40 %", (COVERED,), lambda _b, _o: _spray(0.4, 60)),
    _one("covered: paint 70 %", (COVERED,), lambda _b, _o: _spray(0.7, 120)),
    _one("covered: paint 95 %", (COVERED, BLURRED), lambda _b, _o: _spray(0.95, 30)),
    _one("blurred: 2.5 px", (BLURRED,), lambda _b, _o: _blur(2.5)),
    _one("blurred: 4 px", (BLURRED,), lambda _b, _o: _blur(4)),
    _one("blurred: 8 px", (BLURRED, COVERED), lambda _b, _o: _blur(8)),
    _one("blurred: grease", (BLURRED, COVERED), lambda _b, _o: _blur(4, veil=0.5)),
    _one("blurred: breath", (BLURRED, COVERED), lambda _b, _o: _blur(5, veil=0.7)),
    _one("moved: 6 % aside", (MOVED,), lambda b, _o: turned(b, across=0.06)),
    _one("moved: 20 % aside", (MOVED,), lambda b, _o: turned(b, across=-0.2, down=0.03)),
    _one("moved: down", (MOVED,), lambda b, _o: turned(b, down=-0.45)),
    _one("moved: 12 degrees rolled", (MOVED,), lambda b, _o: turned(b, roll_deg=12)),
    _one("moved: to another scene", (MOVED,), other_scene),
    _one("frozen", (FROZEN,), lambda _b, _o: _frozen(clock=False), keeps_clock=False),
    _one("frozen: the clock runs", (FROZEN,), lambda _b, _o: _frozen(clock=True), keeps_clock=False),
    _one("dark: dusk without lamps", (DARK,), lambda _b, _o: _dark(20.0, 0.03), seconds=60.0),
    _one("dark: the light goes out", (DARK,), lambda _b, _o: _dark(0.0, 0.03)),
    _one("glare: torch", (GLARE,), lambda _b, _o: _light((0.5, 0.3), 0.3, 1.0)),
    _one("glare: low sun", (GLARE,), lambda _b, _o: _light((0.3, 0.1), 0.45, 1.0)),
    _one("glare: white-out", (GLARE,), lambda _b, _o: _light((0.5, 0.3), 1.6, 1.5)),
)
"""All of them."""
