"""Vehicle: a car that is drawn from every side while it drives, turns and stands.

All corners of all faces are turned and projected at once; what looks away from the camera is left out. Drawn three
times as large and reduced, into the part of the picture that the car covers, with a soft shadow on the ground.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.scenes.car_body import Layer, Shape, car_faces, normal, outline, spoke_faces
from cameras.scenes.texture import Colour
from cameras.scenes.view import HEIGHT_PX, WIDTH_PX, Image, Points, View

SUN = np.array([-0.55, -0.45, 0.70]) / math.sqrt(0.55**2 + 0.45**2 + 0.70**2)
"""Where the light comes from in every scene."""

_ENLARGE = 3
_FIXED_POINT_BITS = 3


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a car is and which way it looks: 0 degrees is along +x, turning left."""

    x_m: float
    y_m: float
    heading_deg: float
    travelled_m: float = 0.0
    """Turns the wheels."""
    pitch_deg: float = 0.0
    """Nose down, while it brakes."""


class Car:
    """One car; `draw` puts it, with its shadow, into a picture."""

    def __init__(self, shape: Shape, colour: Colour) -> None:
        """Take the outline and the paint."""
        self._shape = shape
        self._outline = outline(shape)
        faces = [*car_faces(shape, colour), *spoke_faces(shape, 0.0)]
        self._points = np.vstack([face.points for face in faces])
        ends = np.cumsum([len(face.points) for face in faces])
        self._spans = list(zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True))
        self._normals = np.array([normal(face.points) for face in faces])
        self._middles = np.array([face.points.mean(axis=0) for face in faces])
        self._colours = np.array([face.colour for face in faces], np.float64)
        self._layers = np.array([int(face.layer) for face in faces])

    def draw(self, picture: Image, view: View, pose: Pose) -> None:
        """Draw into `picture`, which must have the view's size (scale 1)."""
        turn = _turn(pose)
        place = np.array([pose.x_m, pose.y_m, 0.0])
        solid = self._outline @ turn.T + place
        _shadow(picture, view, solid)
        extent = _extent(view.project(solid), margin_px=3)
        if extent is None:
            return
        left, top, right, bottom = extent
        part = picture[top:bottom, left:right]
        canvas = cv2.resize(part, None, fx=_ENLARGE, fy=_ENLARGE, interpolation=cv2.INTER_NEAREST)
        self._turn_wheels(pose.travelled_m)
        pixels = (view.project(self._points @ turn.T + place) - (left, top)) * _ENLARGE * (1 << _FIXED_POINT_BITS)
        corners = np.round(pixels).astype(np.int32)
        for index, colour in self._visible(view, turn, place):
            start, end = self._spans[index]
            cv2.fillConvexPoly(canvas, corners[start:end], colour, cv2.LINE_8, shift=_FIXED_POINT_BITS)
        part[:] = cv2.resize(canvas, (right - left, bottom - top), interpolation=cv2.INTER_AREA)

    def _turn_wheels(self, travelled_m: float) -> None:
        spokes = np.vstack([face.points for face in spoke_faces(self._shape, travelled_m)])
        self._points[-len(spokes) :] = spokes

    def _visible(
        self, view: View, turn: NDArray[np.float64], place: Points
    ) -> list[tuple[int, tuple[float, float, float]]]:
        """Faces that look at the camera, in drawing order, with their colour in this light."""
        normals = self._normals @ turn.T
        sight = np.array([view.x_m, view.y_m, view.height_m]) - (self._middles @ turn.T + place)
        seen = np.flatnonzero((normals * sight).sum(axis=1) > 0)
        order = seen[np.lexsort((-np.linalg.norm(sight[seen], axis=1), self._layers[seen]))]
        colours = self._light(normals)
        return [(int(index), tuple(colours[index].tolist())) for index in order]

    def _light(self, normals: Points) -> NDArray[np.float64]:
        up = np.maximum(0.0, normals[:, 2])
        light = 0.50 + 0.62 * np.maximum(0.0, normals @ SUN) + 0.10 * normals[:, 2]
        sky = 70.0 * up**2 + 26.0 * np.maximum(0.0, 0.35 - np.abs(normals[:, 2] - 0.15))  # and the bright horizon
        sky = np.where(self._layers == Layer.PANE, 90.0 * up**1.2, sky)  # panes reflect more than they show
        lit = np.clip(self._colours * light[:, None] + sky[:, None], 0, 255)
        result: NDArray[np.float64] = np.where((self._layers == Layer.DETAIL)[:, None], self._colours, lit)
        return result


def _turn(pose: Pose) -> NDArray[np.float64]:
    heading, pitch = math.radians(pose.heading_deg), math.radians(pose.pitch_deg)
    around = np.array(
        [[math.cos(heading), -math.sin(heading), 0], [math.sin(heading), math.cos(heading), 0], [0, 0, 1]]
    )
    down = np.array([[math.cos(pitch), 0, math.sin(pitch)], [0, 1, 0], [-math.sin(pitch), 0, math.cos(pitch)]])
    result: NDArray[np.float64] = around @ down
    return result


def _extent(pixels: NDArray[np.float64], *, margin_px: int) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of what is inside the picture; None when nothing is."""
    left, top = (int(n) - margin_px for n in np.floor(pixels.min(axis=0)))
    right, bottom = (int(n) + margin_px for n in np.ceil(pixels.max(axis=0)))
    left, top, right, bottom = max(0, left), max(0, top), min(WIDTH_PX, right), min(HEIGHT_PX, bottom)
    return (left, top, right, bottom) if right - left > margin_px and bottom - top > margin_px else None


def _shadow(picture: Image, view: View, solid: Points) -> None:
    """Darken the ground where the solid keeps the sun away, softly at its edge."""
    ground = solid - solid[:, 2:3] * (SUN / SUN[2])
    ground[:, 2] = 0.0
    hull = cv2.convexHull(view.project(ground).astype(np.float32)).reshape(-1, 2)
    extent = _extent(hull.astype(np.float64), margin_px=6)
    if extent is None:
        return
    left, top, right, bottom = extent
    mask = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillConvexPoly(mask, np.round((hull - (left, top)) * 8).astype(np.int32), 140, cv2.LINE_AA, shift=3)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), 1.6), np.uint8)
    part = picture[top:bottom, left:right]
    part[:] = cv2.multiply(part, cv2.merge([255 - mask] * 3), scale=1 / 255)
