"""Sensor: what a real camera adds to a picture: noise, a drifting exposure, and the clock in the corner.

Noise is drawn once as a few large tiles and cut at random places per frame: fresh noise for every pixel of every frame
would cost more than the rest of the scene.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.random import Generator

from cameras.scenes.view import FPS, HEIGHT_PX, WIDTH_PX, Image

_TILES = 6
_MARGIN_PX = 48


class Sensor:
    """Turns clean pictures into those of a cheap outdoor camera. Keeps the exposure from frame to frame."""

    def __init__(self, random: Generator, *, noise: float, label: str) -> None:
        """Take the deviation of the noise in grey levels and the text for the corner."""
        self._random = random
        self._label = label
        self._drift = 0.0
        size = (HEIGHT_PX + _MARGIN_PX, WIDTH_PX + _MARGIN_PX)
        self._tiles = []
        for _ in range(_TILES):
            grey = random.standard_normal((*size, 1)).astype(np.float32)
            colour = random.standard_normal((*size, 3)).astype(np.float32)
            tile = cv2.GaussianBlur(grey + 0.35 * colour, (0, 0), 0.6)  # the demosaicing of a real sensor blurs noise
            self._tiles.append(np.round(tile * (noise / float(tile.std()))).astype(np.int16))

    def expose(self, picture: Image, number: int) -> Image:
        """The picture as the sensor reports it in frame `number`."""
        self._drift = 0.97 * self._drift + 0.0012 * float(self._random.standard_normal())
        gain = 1.0 + 0.012 * math.sin(2 * math.pi * number / (FPS * 37)) + self._drift
        lit = cv2.convertScaleAbs(picture, alpha=gain)
        tile = self._tiles[int(self._random.integers(_TILES))]
        top, left = (int(n) for n in self._random.integers(0, _MARGIN_PX, 2))
        cut = tile[top : top + HEIGHT_PX, left : left + WIDTH_PX]
        noisy = np.asarray(cv2.add(lit, cut, dtype=cv2.CV_8U), np.uint8)
        self._stamp(noisy, number)
        return noisy

    def _stamp(self, picture: Image, number: int) -> None:
        seconds = number // FPS
        text = f"{self._label}  08:{30 + seconds // 60:02d}:{seconds % 60:02d}"
        plate = picture[8:28, 8 : 8 + 9 * len(text)]
        plate[:] = plate // 3
        cv2.putText(picture, text, (12, 23), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (232, 232, 232), 1, cv2.LINE_AA)
