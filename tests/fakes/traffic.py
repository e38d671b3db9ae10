"""Scripted vehicles: boxes along a way, as a detector would give them, with the jitter of real boxes."""

from __future__ import annotations

import random
from collections.abc import Callable

import cv2

from cameras.vision.detection import Detection
from hub.geometry import Box
from tests.fakes.footage import Image

Way = Callable[[float], tuple[float, float] | None]
"""From a time in seconds to the middle of a vehicle in shares of the picture; None while it is not there."""

CAR_W, CAR_H = 0.12, 0.1
COLOURS = ((40, 40, 190), (220, 220, 215), (60, 120, 60), (170, 90, 40))


def cars(*ways: Way, label: str = "car", jitter: float = 0.03) -> Callable[[float], list[Detection]]:
    """A script for a ScriptedDetector: one box per vehicle, off by up to `jitter` of its size."""
    chance = random.Random(3)

    def script(at_s: float) -> list[Detection]:
        found = []
        for way in ways:
            middle = way(at_s)
            if middle is not None:
                x = middle[0] + CAR_W * chance.uniform(-jitter, jitter)
                y = middle[1] + CAR_H * chance.uniform(-jitter, jitter)
                found.append(Detection(label, 0.8, Box(x - CAR_W / 2, y - CAR_H / 2, CAR_W, CAR_H).clipped()))
        return found

    return script


def painted(*ways: Way) -> Callable[[Image, float], None]:
    """Draws the same vehicles: bodies with doors and windows, which the eye can follow; later ones in front."""

    def draw(image: Image, at_s: float) -> None:
        high, wide = image.shape[:2]
        for number, way in enumerate(ways):
            middle = way(at_s)
            if middle is None:
                continue
            left, top = round((middle[0] - CAR_W / 2) * wide), round((middle[1] - CAR_H / 2) * high)
            right, bottom = left + round(CAR_W * wide), top + round(CAR_H * high)
            cv2.rectangle(image, (left, top), (right, bottom), COLOURS[number % len(COLOURS)], -1)
            for part in range(1, 4):
                x = left + part * (right - left) // 4
                cv2.rectangle(image, (x - 5, top + 3), (x + 4, top + 11), (30, 30, 30), -1)
                cv2.circle(image, (x, bottom - 4), 3, (240, 240, 240), -1)

    return draw


def parked(x: float, y: float) -> Way:
    """Stands all the time."""
    return lambda _at_s: (x, y)


def drives(x: float, y: float, speed_w_s: float, *, stop_s: float = 1e9, brakes_s: float = 0.02) -> Way:
    """Drives along x, and comes to a stand at `stop_s`, braking evenly for `brakes_s` seconds before."""

    def way(at_s: float) -> tuple[float, float] | None:
        free_s = stop_s - brakes_s
        where = x + speed_w_s * min(at_s, free_s)
        braking_s = min(max(at_s - free_s, 0.0), brakes_s)
        where += speed_w_s * braking_s * (1 - braking_s / (2 * brakes_s))
        return (where, y) if -0.05 < where < 1.05 else None

    return way
