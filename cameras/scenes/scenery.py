"""Scenery: sky, hills, houses and trees, drawn once into the background of a scene.

Houses and walls are solids in the world; trees are flat pictures that stand upright in it and can sway.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from cameras.scenes.texture import Colour, cloud, grain
from cameras.scenes.vehicle import SUN
from cameras.scenes.view import Image, Mask, Points, View

_MEADOW_PX = 45
"""How far below the horizon a ridge reaches: the ground of a scene ends before the horizon and lies over this."""


def sky(random: Generator, view: View) -> Image:
    """Hazy morning sky with thin clouds, the size of the view's picture."""
    width, height = view.size_px
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None] ** 0.6
    high, low = np.array([222, 196, 168], np.float32), np.array([234, 228, 222], np.float32)
    veil = cloud(random, (width, height), coarsest_px=width / 5, octaves=5)
    picture = high * (1 - down) + low * down + np.clip(veil, -0.5, 2.5)[:, :, None] * 5.0
    return np.asarray(np.clip(picture * np.ones((1, width, 1), np.float32), 0, 255), np.uint8)


def hills(picture: Image, random: Generator, view: View, *, height_px: float, colour: Colour) -> None:
    """A wooded ridge on the horizon, `height_px` high at scale 1; changes `picture`."""
    width, height = view.size_px
    x = np.arange(width) / width
    line = sum(
        float(random.uniform(0.3, 1.0)) / n * np.sin(2 * math.pi * (n * x * 0.8 + float(random.uniform())))
        for n in range(1, 8)
    )
    top = view.horizon_px() - view.scale * height_px * (1.0 + 0.45 * np.asarray(line))
    rows = np.arange(height)[:, None]
    mask = (rows >= top[None, :]) & (rows <= view.horizon_px() + _MEADOW_PX * view.scale)
    tone = grain(random, (width, height), blur_px=1.5 * view.scale)[:, :, None] * 7.0
    shade = np.clip(np.asarray(colour, np.float32) + tone, 0, 255).astype(np.uint8)
    picture[mask] = shade[mask]


def solid(picture: Image, view: View, corners: Points, colour: Colour, *, light: float | None = None) -> None:
    """Fill a flat polygon in the world, lit by the sun unless `light` is given; changes `picture`."""
    if light is None:
        across = np.cross(corners[1] - corners[0], corners[2] - corners[0])
        facing = across / max(1e-9, float(np.linalg.norm(across)))
        light = 0.62 + 0.45 * max(0.0, float(facing @ SUN))
    tone = tuple(min(255.0, channel * light) for channel in colour)
    pixels = np.round(view.project(corners) * 8).astype(np.int32)
    cv2.fillPoly(picture, [pixels], tone, cv2.LINE_AA, shift=3)


@dataclass(frozen=True, slots=True)
class House:
    """A house with a tiled roof, its long side along x.

    Attributes:
        left_m: x of its left wall.
        front_m: y of the front wall.
        width_m: Along x.
        depth_m: Along y.
        eaves_m: Height of the walls.
        ridge_m: Height of the ridge.
        wall: Colour of the walls.
        roof: Colour of the tiles.
        storeys: Rows of windows.
    """

    left_m: float
    front_m: float
    width_m: float
    depth_m: float
    eaves_m: float
    ridge_m: float
    wall: Colour = (196, 206, 212)
    roof: Colour = (92, 88, 86)
    storeys: int = 2

    def draw(self, picture: Image, view: View) -> None:
        """Draw into `picture`, of the view's size."""
        x0, x1, y0, y1 = self.left_m, self.left_m + self.width_m, self.front_m, self.front_m + self.depth_m
        eaves, ridge = self.eaves_m, self.ridge_m
        middle = (y0 + y1) / 2
        if view.x_m > x1:
            gable = [(x1, y0, 0), (x1, y1, 0), (x1, y1, eaves), (x1, middle, ridge), (x1, y0, eaves)]
        else:
            gable = [(x0, y1, 0), (x0, y0, 0), (x0, y0, eaves), (x0, middle, ridge), (x0, y1, eaves)]
        solid(picture, view, np.array(gable, np.float64), self.wall)
        solid(picture, view, np.array([(x0, y0, 0), (x1, y0, 0), (x1, y0, eaves), (x0, y0, eaves)]), self.wall)
        solid(picture, view, np.array([(x0, y0, 0), (x1, y0, 0), (x1, y0, 0.5), (x0, y0, 0.5)]), (120, 124, 126))
        self._openings(picture, view)
        over = 0.5
        low = eaves - 0.15
        tiles = np.array(
            [(x0 - over, y0 - over, low), (x1 + over, y0 - over, low), (x1 + over, middle, ridge),
             (x0 - over, middle, ridge)]
        )  # fmt: skip
        solid(picture, view, tiles, self.roof)
        for share in np.linspace(0.0, 1.0, int(self.width_m * 3)):
            foot, top = tiles[0] + (tiles[1] - tiles[0]) * share, tiles[3] + (tiles[2] - tiles[3]) * share
            ends = np.round(view.project(np.array([foot, top])) * 8).astype(np.int32)
            dark = tuple(channel * 0.72 for channel in self.roof)
            cv2.line(picture, ends[0].tolist(), ends[1].tolist(), dark, 1, cv2.LINE_AA, shift=3)
        shade = np.array([(x0, y0 - 0.01, eaves), (x1, y0 - 0.01, eaves), (x1, y0 - 0.01, eaves - 0.5),
                          (x0, y0 - 0.01, eaves - 0.5)])  # fmt: skip
        _darken(picture, view, shade, 0.7)

    def _openings(self, picture: Image, view: View) -> None:
        count = max(1, int(self.width_m // 3))
        step = self.width_m / count
        storey_m = self.eaves_m / self.storeys
        front = self.front_m - 0.01
        for storey in range(self.storeys):
            for index in range(count):
                middle = self.left_m + step * (index + 0.5)
                is_door = storey == 0 and index == count // 2
                low, high = (0.05, 2.2) if is_door else (storey * storey_m + 1.0, storey * storey_m + 2.3)
                half = 0.6 if is_door else 0.75
                frame = _upright(middle - half, middle + half, front, (low, high))
                solid(picture, view, frame, (70, 92, 120) if is_door else (210, 214, 214), light=1.0)
                if is_door:
                    continue
                for side in (-1, 1):
                    ends = sorted((middle + side * 0.06, middle + side * 0.68))
                    pane = _upright(ends[0], ends[1], front, (low + 0.08, high - 0.08))
                    solid(picture, view, pane, (86, 74, 62), light=1.0)


def _upright(left_m: float, right_m: float, y_m: float, heights_m: tuple[float, float]) -> Points:
    """A rectangle that stands along x."""
    low, high = heights_m
    return np.array([(left_m, y_m, low), (right_m, y_m, low), (right_m, y_m, high), (left_m, y_m, high)])


def _darken(picture: Image, view: View, corners: Points, factor: float) -> None:
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(view.project(corners) * 8).astype(np.int32)], 255, cv2.LINE_AA, shift=3)
    blend(picture, (picture * factor).astype(np.uint8), np.asarray(mask / 255, np.float32))


def ground_shadow(picture: Image, view: View, corners: Points, *, depth: float, blur_px: float) -> None:
    """Darken a polygon on the ground by `depth` (0..1), its edge soft; changes `picture`."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(view.project(corners) * 8).astype(np.int32)], 255, cv2.LINE_AA, shift=3)
    soft = cv2.GaussianBlur(mask, (0, 0), blur_px * view.scale)
    blend(picture, np.zeros_like(picture), np.asarray(soft * (depth / 255), np.float32))


def blend(picture: Image, over: Image, mask: Mask) -> None:
    """Lay `over` onto `picture` as far as `mask` says; changes `picture`."""
    alpha = mask[:, :, None]
    picture[:] = (picture * (1 - alpha) + over * alpha).astype(np.uint8)


class Tree:
    """A broad-leaved tree as a flat picture whose crown moves while its foot stands."""

    def __init__(self, picture: Image, mask: Mask, *, left_px: int, top_px: int) -> None:
        """Take a picture, what of it is not air, and where its upper left corner is in the scene at scale 1."""
        self._picture, self._mask = picture, mask
        self._left_px, self._top_px = left_px, top_px
        self._bent: dict[int, tuple[Image, Image]] = {}

    def draw(self, scene: Image, *, sway_px: float = 0.0) -> None:
        """Draw into `scene` (scale 1), the crown moved by `sway_px`, to an eighth of a pixel."""
        light, keep = self._at(round(sway_px * 8))
        height, width = light.shape[:2]
        left, top = max(0, self._left_px), max(0, self._top_px)
        right, bottom = min(scene.shape[1], self._left_px + width), min(scene.shape[0], self._top_px + height)
        if right <= left or bottom <= top:
            return
        cut = np.s_[top - self._top_px : bottom - self._top_px, left - self._left_px : right - self._left_px]
        part = scene[top:bottom, left:right]
        part[:] = cv2.add(cv2.multiply(part, keep[cut], scale=1 / 255), light[cut])

    def _at(self, eighths_px: int) -> tuple[Image, Image]:
        """What the tree adds, and what it lets through (255 is everything); kept for the next time."""
        if eighths_px not in self._bent:
            height, width = self._mask.shape
            sway_px = eighths_px / 8
            bend = np.array([[1.0, -sway_px / height, sway_px], [0.0, 1.0, 0.0]])
            picture = cv2.warpAffine(self._picture, bend, (width, height), borderMode=cv2.BORDER_REPLICATE)
            mask = cv2.warpAffine(self._mask, bend, (width, height))[:, :, None]
            light = np.round(picture * mask).astype(np.uint8)
            keep = np.round(255 * (1 - mask)).astype(np.uint8) * np.ones((1, 1, 3), np.uint8)
            self._bent[eighths_px] = light, keep
        return self._bent[eighths_px]


def tree(random: Generator, view: View, *, x_m: float, y_m: float, height_m: float, hue: float = 0.0) -> Tree:
    """Grow a tree at a place on the ground, for a view of scale 1; `hue` above 0 is drier."""
    grow = 3
    size = view.pixels_per_metre((x_m, y_m, height_m / 2)) * height_m * grow
    height, width = int(size), int(size * 0.9)
    picture = np.full((height, width, 3), (38, 52, 50), np.uint8)
    mask = np.zeros((height, width), np.uint8)
    trunk = [(0.47, 1.0), (0.53, 1.0), (0.515, 0.4), (0.485, 0.4)]
    corners = (np.array(trunk) * (width, height) * 8).astype(np.int32)
    cv2.fillConvexPoly(picture, corners, (46, 62, 74), cv2.LINE_AA, shift=3)
    cv2.fillConvexPoly(mask, corners, 255, cv2.LINE_AA, shift=3)
    _leaves(picture, mask, random, hue)
    foot = view.project(np.array([[x_m, y_m, 0.0]]))[0]
    small = (width // grow, height // grow)
    return Tree(
        np.asarray(cv2.resize(picture, small, interpolation=cv2.INTER_AREA), np.uint8),
        np.asarray(cv2.resize(mask, small, interpolation=cv2.INTER_AREA) / 255, np.float32),
        left_px=round(float(foot[0]) - small[0] / 2),
        top_px=round(float(foot[1]) - small[1]),
    )


def _leaves(picture: Image, mask: NDArray[np.uint8], random: Generator, hue: float) -> None:
    """Tufts from the shaded inside out to the sunny upper left."""
    height, width = mask.shape
    clumps = np.clip(random.normal((0.5, 0.36), (0.15, 0.12), (16, 2)), (0.24, 0.20), (0.76, 0.62))
    for layer in range(5):
        lit = layer / 4
        for x, y in clumps:
            for _ in range(26):
                reach = 0.13 * (1.05 - 0.18 * layer)
                u, v = random.normal((x - 0.028 * layer, y - 0.030 * layer), reach * 0.45)
                radius = float(random.uniform(0.010, 0.026)) * width
                shine = 0.42 + 0.62 * lit + float(random.normal(0, 0.09))
                tone = (38 * shine, (96 + 10 * hue) * shine, (74 + 40 * hue) * shine)
                centre = (int(np.clip(u, 0.04, 0.96) * width), int(np.clip(v, 0.04, 0.80) * height))
                axes = (int(radius) + 1, int(radius * 0.7) + 1)
                turned = float(random.uniform(0, 180))
                cv2.ellipse(picture, centre, axes, turned, 0, 360, tone, -1, cv2.LINE_8)
                cv2.ellipse(mask, centre, axes, turned, 0, 360, 255, -1, cv2.LINE_8)
