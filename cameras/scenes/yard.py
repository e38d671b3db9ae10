"""Yard: a shed with wood beside it, where a fire starts small and grows.

Quiet for the first seconds, then a flame at the foot of the wood pile; within a quarter of a minute the pile burns as
high as the shed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.random import Generator

from cameras.scenes.flames import Fire, Smoke
from cameras.scenes.imaging import Sensor
from cameras.scenes.scenery import House, ground_shadow, hills, sky, solid, tree
from cameras.scenes.texture import Colour, earth, grass
from cameras.scenes.view import FPS, HEIGHT_PX, WIDTH_PX, GroundMap, Image, Mask, View

VIEW = View(-1.5, -9.0, 4.2, 6.0, pitch_deg=16.0, focal_px=500.0)
FIRE_S = 5.0
"""When the first flame shows."""
GROWS_S = 16.0
"""How long it grows."""

_TONGUES = ((2.5, -46.0, 0.80), (4.5, 40.0, 0.72), (0.0, 0.0, 1.0), (6.0, -20.0, 0.55))
"""The burning places: how much later than the first, how far aside at the end in pixels, how large."""
_FIRE_PLACE = (1.3, 1.2, 0.05)


class Yard:
    """Draws the scene frame by frame."""

    def __init__(self, random: Generator) -> None:
        """Draw the background once."""
        self._sensor = Sensor(random, noise=2.2, label="YARD 7")
        self._background = _background(random)
        self._trees = [
            tree(random, VIEW, x_m=-7.5, y_m=9.0, height_m=6.0),
            tree(random, VIEW, x_m=11.5, y_m=11.0, height_m=7.0, hue=0.4),
        ]
        self._fire = Fire(random)
        self._smoke = Smoke(random)
        u, v = VIEW.project(np.array([_FIRE_PLACE]))[0]
        self._foot_px = (round(float(u)), round(float(v)))
        self._glow = _glow(self._foot_px)

    def frames(self, seconds: float) -> Iterator[Image]:
        """The pictures of the scene, one every 1/FPS seconds."""
        for number in range(int(seconds * FPS)):
            yield self._sensor.expose(self._picture(number / FPS), number)

    def _picture(self, at_s: float) -> Image:
        picture = self._background.copy()
        for index, plant in enumerate(self._trees):
            plant.draw(picture, sway_px=1.4 * math.sin(at_s * 1.1 + index) + 0.6 * math.sin(at_s * 2.9 + index))
        since = at_s - FIRE_S
        if since <= 0:
            return picture
        grown = min(1.0, since / GROWS_S)
        size_px = int(34 + 95 * grown**0.8)
        beat = self._fire.flicker(at_s)
        picture = _lit(picture, self._glow * (0.10 + 0.34 * grown) * beat)
        self._smoke.draw(
            picture, since, foot_px=(self._foot_px[0] + 4, self._foot_px[1] - int(size_px * 0.7)), strength=grown
        )
        for lag_s, aside, share in _TONGUES:
            own = min(1.0, max(0.0, (since - lag_s) / GROWS_S))
            if own <= 0:
                continue
            heat = self._fire.heat(at_s + 31.7 * lag_s, strength=0.35 + 0.65 * own)
            foot = (self._foot_px[0] + int(aside * grown), self._foot_px[1] - (1 if aside else 0))
            self._fire.draw(picture, heat, foot_px=foot, width_px=int((34 + 95 * own**0.8) * share))
        return picture


def _glow(foot_px: tuple[int, int]) -> Mask:
    """How much of the fire's light falls on each place: near, and more on the ground than in the air."""
    x, y = np.meshgrid(np.arange(WIDTH_PX), np.arange(HEIGHT_PX))
    away = ((x - foot_px[0]) / 95.0) ** 2 + ((y - foot_px[1] + 12) / 60.0) ** 2
    result: Mask = (1.0 / (1.0 + away) ** 1.5).astype(np.float32)
    return result


def _lit(picture: Image, light: Mask) -> Image:
    """Surfaces answer with their own colour to warm light."""
    gain = np.stack([1.0 + 0.35 * light, 1.0 + 0.95 * light, 1.0 + 1.9 * light], axis=2)
    return np.asarray(cv2.multiply(picture, gain.astype(np.float32), dtype=cv2.CV_8U), np.uint8)


def _background(random: Generator) -> Image:
    view = VIEW.enlarged(2)
    picture = sky(random, view)
    hills(picture, random, view, height_px=30, colour=(120, 128, 108))
    ground = GroundMap(-30.0, 60.0, 70.0, 66.0, 30.0)
    texture = grass(random, ground.size_px, pixels_per_m=ground.pixels_per_m)
    trodden = earth(random, ground.size_px, pixels_per_m=ground.pixels_per_m)
    bare = np.zeros(texture.shape[:2], np.uint8)
    cv2.fillPoly(bare, [ground.at((-9, -6), (9, -6), (8, 5.2), (-7, 5.0), (-8.5, 0))], 255)
    soft = np.asarray(cv2.GaussianBlur(bare, (0, 0), 14), np.float32)[:, :, None] / 255
    texture = (texture * (1 - soft) + trodden * soft).astype(np.uint8)
    ground.lay(texture, picture, view)
    _fence(picture, view)
    house = House(-9.5, 7.0, 8.0, 6.0, eaves_m=3.2, ridge_m=5.0, wall=(198, 208, 214), storeys=1)
    ground_shadow(picture, view, np.array([(-9.5, 7, 0), (-1.5, 7, 0), (0.2, 8, 0), (-8, 8.4, 0.0)]), depth=0.4,
                  blur_px=2.0)  # fmt: skip
    house.draw(picture, view)
    _shed(picture, view)
    _wood(picture, random, view)
    reduced = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return np.asarray(reduced, np.uint8)


def _fence(picture: Image, view: View) -> None:
    for x in np.arange(-16.0, 22.0, 0.35):
        post = np.array([(x, 14.0, 0.0), (x + 0.22, 14.0, 0.0), (x + 0.22, 14.0, 1.5), (x, 14.0, 1.5)])
        solid(picture, view, post, (104, 122, 134), light=0.85 + 0.08 * math.sin(7 * float(x)))


def _shed(picture: Image, view: View) -> None:
    """Boards under a sheet-metal roof that slopes to the front."""
    x0, x1, y0, y1, low, high = 2.2, 6.0, 2.6, 5.4, 2.1, 2.8
    boards: Colour = (82, 104, 124)
    cast = np.array([(x0, y0, 0), (x1, y0, 0), (x1 + 2.0, y0 + 1.5, 0), (x1 + 2.0, y1 + 1, 0), (x0, y1, 0)], np.float64)
    ground_shadow(picture, view, cast, depth=0.45, blur_px=1.5)
    solid(picture, view, np.array([(x0, y1, 0), (x0, y0, 0), (x0, y0, low), (x0, y1, high)]), boards)
    for index, x in enumerate(np.arange(x0, x1 - 0.01, 0.2)):
        plank = np.array([(x, y0, 0), (x + 0.2, y0, 0), (x + 0.2, y0, low), (x, y0, low)], np.float64)
        solid(picture, view, plank, boards, light=0.72 + 0.07 * math.sin(2.3 * index) + (0.04 if index % 2 else 0))
    door = np.array([(x0 + 1.8, y0, 0), (x0 + 2.8, y0, 0), (x0 + 2.8, y0, 1.9), (x0 + 1.8, y0, 1.9)])
    solid(picture, view, door, (58, 74, 88), light=0.75)
    over = 0.25
    roof = np.array([(x0 - over, y0 - over, low), (x1 + over, y0 - over, low), (x1 + over, y1 + over, high + 0.1),
                     (x0 - over, y1 + over, high + 0.1)])  # fmt: skip
    solid(picture, view, roof, (150, 146, 142), light=0.9)
    edge = roof[[0, 1, 1, 0]] + np.array([(0, 0, 0), (0, 0, 0), (0, 0, -0.1), (0, 0, -0.1)])
    solid(picture, view, edge, (96, 94, 92), light=0.8)


def _wood(picture: Image, random: Generator, view: View) -> None:
    """A stack of logs, their cut ends to the camera."""
    ground_shadow(picture, view, np.array([(0.2, 1.3, 0), (2.3, 1.3, 0), (2.8, 1.9, 0), (0.6, 1.9, 0.0)]), depth=0.5,
                  blur_px=2.0)  # fmt: skip
    for row in range(5):
        for column in range(11 - row):
            x = 0.30 + 0.18 * column + 0.09 * row + float(random.normal(0, 0.01))
            centre = view.project(np.array([(x, 1.5, 0.10 + 0.16 * row)]))[0]
            radius = 0.088 * view.pixels_per_metre((x, 1.5, 0.3))
            middle = (round(float(centre[0])), round(float(centre[1])))
            tone = float(random.uniform(0.75, 1.1))
            cv2.circle(picture, middle, round(radius), (44, 58, 72), -1, cv2.LINE_AA)
            cv2.circle(picture, middle, round(radius * 0.8), (98 * tone, 138 * tone, 168 * tone), -1, cv2.LINE_AA)
