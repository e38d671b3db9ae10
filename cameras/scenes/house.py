"""House: a quiet home where nothing happens but wind in the trees and a passing cloud.

Whatever is reported from this scene is a false alarm.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.random import Generator

from cameras.scenes.imaging import Sensor
from cameras.scenes.scenery import House as Building
from cameras.scenes.scenery import ground_shadow, hills, sky, tree
from cameras.scenes.texture import earth, grass, paving
from cameras.scenes.view import FPS, GroundMap, Image, View

VIEW = View(2.0, -13.0, 3.6, -6.0, pitch_deg=9.0, focal_px=480.0)
_CLOUD_S = 24.0
"""How often a cloud passes."""


class House:
    """Draws the scene frame by frame."""

    def __init__(self, random: Generator) -> None:
        """Draw the background once."""
        self._sensor = Sensor(random, noise=2.2, label="HOUSE 12")
        self._background = _background(random)
        self._trees = [
            tree(random, VIEW, x_m=-9.5, y_m=3.5, height_m=6.5),
            tree(random, VIEW, x_m=8.0, y_m=4.0, height_m=7.0, hue=0.25),
            tree(random, VIEW, x_m=4.8, y_m=1.0, height_m=2.2, hue=0.1),
        ]

    def frames(self, seconds: float) -> Iterator[Image]:
        """The pictures of the scene, one every 1/FPS seconds."""
        for number in range(int(seconds * FPS)):
            yield self._sensor.expose(self._picture(number / FPS), number)

    def _picture(self, at_s: float) -> Image:
        shade = 1.0 - 0.10 * max(0.0, math.sin(2 * math.pi * at_s / _CLOUD_S)) ** 2
        picture = self._background.copy()
        for index, plant in enumerate(self._trees):
            plant.draw(picture, sway_px=1.8 * math.sin(at_s * 1.2 + index) + 0.8 * math.sin(at_s * 3.0 + 2 * index))
        return np.asarray(cv2.convertScaleAbs(picture, alpha=shade), np.uint8)


def _background(random: Generator) -> Image:
    view = VIEW.enlarged(2)
    picture = sky(random, view)
    hills(picture, random, view, height_px=40, colour=(138, 140, 122))
    hills(picture, random, view, height_px=18, colour=(86, 108, 92))
    ground = GroundMap(-40.0, 70.0, 80.0, 80.0, 24.0)
    texture = grass(random, ground.size_px, pixels_per_m=ground.pixels_per_m)
    for source, corners, softness_px in (
        (earth, ((-7.0, -13.0), (6.5, -13.0), (6.0, 4.2), (-6.5, 4.0)), 12.0),
        (paving, ((-1.6, -13.0), (0.2, -13.0), (0.2, 5.0), (-1.6, 5.0)), 1.0),
    ):
        laid = source(random, ground.size_px, pixels_per_m=ground.pixels_per_m)
        mask = np.zeros(texture.shape[:2], np.uint8)
        cv2.fillPoly(mask, [ground.at(*corners)], 255)
        soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), softness_px), np.float32)[:, :, None] / 255
        texture = (texture * (1 - soft) + laid * soft).astype(np.uint8)
    ground.lay(texture, picture, view)
    for house in (
        Building(-24.0, 22.0, 10.0, 8.0, eaves_m=6.0, ridge_m=8.4, wall=(196, 206, 214)),
        Building(9.5, 18.0, 11.0, 8.0, eaves_m=3.4, ridge_m=5.4, wall=(186, 200, 210), storeys=1),
        Building(-6.0, 5.0, 11.0, 8.0, eaves_m=6.0, ridge_m=8.6, wall=(204, 214, 220), roof=(74, 78, 100)),
    ):
        x0, x1, y0 = house.left_m, house.left_m + house.width_m, house.front_m
        cast = np.array([(x0, y0, 0), (x1, y0, 0), (x1 + 3, y0 + 2, 0), (x0 + 3, y0 + 2, 0.0)], np.float64)
        ground_shadow(picture, view, cast, depth=0.35, blur_px=2.0)
        house.draw(picture, view)
    for x, y, reach in ((-9.5, 3.5, 2.2), (8.0, 4.0, 2.4)):
        angles = np.linspace(0, 2 * math.pi, 20, endpoint=False)
        spot = np.column_stack([x + 2.2 + reach * np.cos(angles), y + 1.0 + 0.7 * reach * np.sin(angles), 0 * angles])
        ground_shadow(picture, view, spot, depth=0.35, blur_px=3.0)
    reduced = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return np.asarray(reduced, np.uint8)
