"""Road: a junction where cars pass, until two of them meet and stand.

The first seconds show ordinary traffic. Then a car that turns left crosses the way of one that goes straight on: both
stop within half a second and stay for the rest of the scene.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from cameras.scenes.car_body import HATCHBACK, MINIVAN, SEDAN, SUV, Shape
from cameras.scenes.imaging import Sensor
from cameras.scenes.scenery import House, ground_shadow, hills, sky, tree
from cameras.scenes.texture import Colour, asphalt, grass, paving
from cameras.scenes.vehicle import Car, Pose
from cameras.scenes.view import FPS, GroundMap, Image, View

VIEW = View(-2.0, -17.0, 6.2, 9.0, pitch_deg=14.5, focal_px=520.0)
CRASH_S = 12.0
"""When the two cars meet."""

_NEAR_LANE_M, _FAR_LANE_M = -1.75, 1.75
_HALF_ROAD_M = 3.7
_SIDE_ROAD_M = (8.0, 14.0)
_LEFT_END_M, _RIGHT_END_M = -34.0, 44.0
"""Where cars come from and go to, out of sight."""


def _carriageway() -> tuple[tuple[float, float], ...]:
    """The corners of what is seen of the main road: along its near edge, and back along its far edge."""
    way = np.arange(-40.0, 60.0, 0.25).tolist()
    corners = []
    for y, ends in ((-_HALF_ROAD_M, (0, -1)), (_HALF_ROAD_M, (-1, 0))):
        seen = [VIEW.share(x, y) for x in way]
        inside = [point for point in seen if 0.0 < point[0] < 1.0 and 0.0 < point[1] < 1.0]
        corners += [inside[end] for end in ends]
    return tuple(corners)


LANE = _carriageway()
"""The carriageway, as a zone of the picture."""


@dataclass(frozen=True, slots=True)
class _Passing:
    """A car that drives through at constant speed."""

    shape: Shape
    colour: Colour
    start_s: float
    lane_m: float
    speed_m_s: float
    """Positive drives to the right."""

    def pose(self, at_s: float) -> Pose | None:
        gone = (at_s - self.start_s) * abs(self.speed_m_s)
        start = _LEFT_END_M if self.speed_m_s > 0 else _RIGHT_END_M
        x = start + math.copysign(gone, self.speed_m_s)
        if gone < 0 or not _LEFT_END_M <= x <= _RIGHT_END_M:
            return None
        return Pose(x, self.lane_m, 0.0 if self.speed_m_s > 0 else 180.0, travelled_m=gone)


_TRAFFIC = (
    _Passing(SUV, (214, 216, 216), -2.6, _NEAR_LANE_M, 10.0),
    _Passing(SEDAN, (72, 66, 62), -1.0, _FAR_LANE_M, -10.5),
    _Passing(MINIVAN, (198, 202, 206), 1.6, _NEAR_LANE_M, 8.6),
    _Passing(HATCHBACK, (52, 108, 62), 1.2, _FAR_LANE_M, -9.5),
    _Passing(SEDAN, (200, 198, 192), 4.6, _NEAR_LANE_M, 9.6),
    _Passing(SUV, (120, 84, 40), 4.0, _FAR_LANE_M, -9.0),
)


def _straight_on(at_s: float) -> Pose:
    """The car that goes straight on: 9 m/s, then from the impact to a stand within 0.4 s, its tail thrown aside."""
    since = at_s - CRASH_S
    if since < 0:
        return Pose(-1.9 + since * 9.0, _NEAR_LANE_M, 0.0, travelled_m=since * 9.0)
    eased = 1 - math.exp(-since / 0.14)
    return Pose(
        -1.9 + 0.75 * eased, _NEAR_LANE_M - 0.25 * eased, -9.0 * eased, travelled_m=0.75 * eased,
        pitch_deg=3.0 * math.exp(-since / 0.18),
    )  # fmt: skip


def _turning(at_s: float) -> Pose:
    """The car that turns left: slows to 6 m/s, swings over the middle line, and is pushed back by the impact."""
    since = at_s - CRASH_S
    if since < 0:
        bend = max(0.0, 1 + since / 1.1)
        speed = 6.5
        return Pose(2.9 - since * speed * 0.98, _FAR_LANE_M - 2.4 * bend**2, 180.0 + 33.0 * bend,
                    travelled_m=since * speed)  # fmt: skip
    eased = 1 - math.exp(-since / 0.16)
    return Pose(2.9 + 0.55 * eased, _FAR_LANE_M - 2.4 + 0.15 * eased, 213.0 + 14.0 * eased, travelled_m=0.0,
                pitch_deg=3.0 * math.exp(-since / 0.18))  # fmt: skip


class Road:
    """Draws the scene frame by frame."""

    def __init__(self, random: Generator) -> None:
        """Draw the background once."""
        self._sensor = Sensor(random, noise=2.2, label="JUNCTION 1")
        self._background = _background(random)
        self._trees = [
            tree(random, VIEW, x_m=-13.0, y_m=9.5, height_m=7.0),
            tree(random, VIEW, x_m=-5.5, y_m=8.8, height_m=6.0, hue=0.3),
            tree(random, VIEW, x_m=19.0, y_m=9.5, height_m=7.0),
        ]
        self._cars = {passing: Car(passing.shape, passing.colour) for passing in _TRAFFIC}
        self._hit = Car(SEDAN, (46, 40, 168))
        self._turner = Car(HATCHBACK, (190, 196, 200))
        self._still: Image | None = None

    def frames(self, seconds: float) -> Iterator[Image]:
        """The pictures of the scene, one every 1/FPS seconds."""
        for number in range(int(seconds * FPS)):
            yield self._sensor.expose(self._picture(number), number)

    def _picture(self, number: int) -> Image:
        at_s = number / FPS
        settled = at_s > CRASH_S + 3.0
        if settled and self._still is not None and number % 3:
            return self._still  # only the trees move now, and slowly
        picture = self._background.copy()
        for index, plant in enumerate(self._trees):
            plant.draw(picture, sway_px=1.6 * math.sin(at_s * 1.3 + index) + 0.6 * math.sin(at_s * 3.1 + 2 * index))
        shown = [(car, passing.pose(at_s)) for passing, car in self._cars.items()]
        shown += [(self._hit, _straight_on(at_s)), (self._turner, _turning(at_s))]
        placed = [(car, pose) for car, pose in shown if pose is not None]
        if at_s >= CRASH_S:
            _debris(picture, at_s - CRASH_S)
        for car, pose in sorted(placed, key=lambda one: -one[1].y_m):
            car.draw(picture, VIEW, pose)
        self._still = picture
        return picture


def _debris(picture: Image, since_s: float) -> None:
    """Splinters that fly from the impact and lie on the road."""
    random = np.random.default_rng(5)
    for angle, reach, tone in zip(
        random.uniform(0, 2 * math.pi, 26), random.uniform(0.4, 2.6, 26), random.uniform(30, 210, 26), strict=True
    ):
        way = float(reach) * (1 - math.exp(-since_s / 0.25))
        spot = np.array([[0.9 + way * math.cos(angle), -1.6 + 0.8 * way * math.sin(angle), 0.02]])
        u, v = VIEW.project(spot)[0]
        cv2.circle(picture, (round(float(u)), round(float(v))), 1, (float(tone),) * 3, -1)


def _background(random: Generator) -> Image:
    view = VIEW.enlarged(2)
    picture = sky(random, view)
    hills(picture, random, view, height_px=34, colour=(148, 146, 128))
    hills(picture, random, view, height_px=16, colour=(98, 116, 100))
    ground = GroundMap(-60.0, 90.0, 130.0, 104.0, 22.0)
    ground.lay(_ground(random, ground), picture, view)
    for house in (
        House(-27.0, 15.0, 11.0, 8.0, eaves_m=6.4, ridge_m=9.0),
        House(-14.5, 14.0, 12.0, 8.0, eaves_m=6.2, ridge_m=8.6, wall=(206, 214, 220), roof=(70, 74, 98)),
        House(-1.0, 15.5, 7.5, 8.0, eaves_m=3.4, ridge_m=5.4, wall=(176, 196, 206), storeys=1),
        House(16.5, 14.5, 13.0, 8.0, eaves_m=6.4, ridge_m=8.8, wall=(212, 216, 218)),
        House(31.0, 16.0, 12.0, 8.0, eaves_m=6.0, ridge_m=8.4, wall=(190, 204, 214), roof=(64, 70, 104)),
    ):
        x0, x1, y0 = house.left_m, house.left_m + house.width_m, house.front_m
        cast = np.array([(x0, y0, 0), (x1, y0, 0), (x1 + 3, y0 + 2, 0), (x0 + 3, y0 + 2, 0.0)], np.float64)
        ground_shadow(picture, view, cast, depth=0.35, blur_px=2.0)
        house.draw(picture, view)
    for x in (-20.0, 3.0, 26.0):
        _lamp_post(picture, view, x)
    reduced = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return np.asarray(reduced, np.uint8)


def _lamp_post(picture: Image, view: View, x_m: float) -> None:
    foot, top, arm = view.project(np.array([(x_m, 5.6, 0.0), (x_m, 5.6, 7.5), (x_m, 4.0, 7.7)]))
    for start, end, width_px in ((foot, top, 4), (top, arm, 3)):
        ends = [tuple(int(n) for n in point) for point in (start, end)]
        cv2.line(picture, ends[0], ends[1], (112, 112, 108), width_px, cv2.LINE_AA)


def _ground(random: Generator, ground: GroundMap) -> Image:
    """The junction from above: meadow, pavements, the two roads and their markings."""
    size, scale = ground.size_px, ground.pixels_per_m
    texture = grass(random, size, pixels_per_m=scale)
    stones = paving(random, size, pixels_per_m=scale)
    road = asphalt(random, size, pixels_per_m=scale)
    left, right = _SIDE_ROAD_M

    def fill(source: Image, low: tuple[float, float], high: tuple[float, float]) -> None:
        (u0, v1), (u1, v0) = ground.at(low, high)
        texture[max(0, v0) : v1, max(0, u0) : u1] = source[max(0, v0) : v1, max(0, u0) : u1]

    fill(stones, (-60, -6.2), (70, 6.6))
    fill(stones, (left - 2, 6.0), (right + 2, 60))
    fill(road, (-60, -_HALF_ROAD_M), (70, _HALF_ROAD_M))
    fill(road, (left, 0), (right, 60))

    _mark(texture, ground)
    worn = random.uniform(0.0, 1.0, (size[1] // 8 + 1, size[0] // 8 + 1)).astype(np.float32)
    rubbed = cv2.resize(worn, size, interpolation=cv2.INTER_LINEAR)[:, :, None] * 0.35
    return np.asarray(texture * (1 - rubbed) + road * rubbed, np.uint8)


def _mark(texture: Image, ground: GroundMap) -> None:
    """Kerbs, lines and the zebra crossing."""
    left, right = _SIDE_ROAD_M
    kerb, white, yellow = (172, 176, 178), (208, 210, 210), (84, 176, 204)

    def line(start: tuple[float, float], end: tuple[float, float], *, width_m: float, colour: Colour) -> None:
        ends = ground.at(start, end)
        cv2.line(texture, ends[0].tolist(), ends[1].tolist(), colour, max(1, int(width_m * ground.pixels_per_m)))

    near, far = -_HALF_ROAD_M, _HALF_ROAD_M
    kerbs: list[tuple[tuple[float, float], tuple[float, float]]] = [
        ((-60, near - 0.1), (70, near - 0.1)),
        ((-60, far + 0.1), (left, far + 0.1)),
    ]
    kerbs += [((right, far + 0.1), (70, far + 0.1)), ((left, far), (left, 60)), ((right, far), (right, 60))]
    for start, end in kerbs:
        line(start, end, width_m=0.22, colour=kerb)
    for y in (near + 0.25, far - 0.25):
        line((-60, y), (left - 0.5, y), width_m=0.13, colour=white)
        line((right + 0.5, y), (70, y), width_m=0.13, colour=white)
    for x in np.arange(-60.0, 70.0, 6.0).tolist():
        if not left - 3 < x < right:
            line((x, 0.0), (x + 3.0, 0.0), width_m=0.14, colour=yellow)
    for x in np.arange(-13.6, -10.6, 0.9).tolist():
        line((x, -3.2), (x, 3.2), width_m=0.42, colour=white)
    for y in np.arange(8.0, 60.0, 6.0).tolist():
        line(((left + right) / 2, y), ((left + right) / 2, y + 3), width_m=0.14, colour=white)
