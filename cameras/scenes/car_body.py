"""Car body: the outlines of kinds of cars, and the faces they are made of.

A body is lofted over cross-sections, the cabin stands on it with its panes, and wheels, lamps and plate are laid on
top. x runs from the tail (negative) to the nose, y to the left, z up; all in metres, the middle of the car at 0.
"""

from __future__ import annotations

import enum
import itertools
import math
from dataclasses import dataclass

import numpy as np

from cameras.scenes.texture import Colour
from cameras.scenes.view import Points

_GLASS: Colour = (58, 50, 44)
_TYRE: Colour = (30, 30, 32)
_TRIM: Colour = (40, 40, 42)


@dataclass(frozen=True, slots=True)
class Shape:
    """The outline of a kind of car, in metres; x runs from the tail (negative) to the nose.

    Attributes:
        half_length_m: From the middle to the nose.
        half_width_m: From the middle to the door.
        deck: (x, height) along the body's upper edge, tail to nose.
        cabin: x of the rear pane's foot, the roof's rear and front edge, and the windscreen's foot.
        roof_m: Height of the roof.
        axles: x of the rear and the front axle.
        wheel_m: Radius of a tyre.
        pillars: x of the uprights between the side panes, at the height of the belt.
    """

    half_length_m: float
    half_width_m: float
    deck: tuple[tuple[float, float], ...]
    cabin: tuple[float, float, float, float]
    roof_m: float
    axles: tuple[float, float]
    wheel_m: float
    pillars: tuple[float, ...]


SEDAN = Shape(
    2.3, 0.9,
    ((-2.3, 0.82), (-2.2, 0.98), (-1.5, 1.03), (0.0, 0.95), (1.0, 0.97), (1.7, 0.87), (2.15, 0.74), (2.3, 0.62)),
    cabin=(-1.65, -0.95, 0.30, 1.15), roof_m=1.46, axles=(-1.36, 1.38), wheel_m=0.33, pillars=(-0.95, -0.12),
)  # fmt: skip
HATCHBACK = Shape(
    2.0, 0.87,
    ((-2.0, 0.80), (-1.95, 1.00), (-1.0, 1.00), (0.0, 0.97), (0.9, 1.00), (1.5, 0.90), (1.88, 0.76), (2.0, 0.62)),
    cabin=(-1.93, -1.60, 0.25, 1.05), roof_m=1.52, axles=(-1.25, 1.27), wheel_m=0.32, pillars=(-1.15, -0.20),
)  # fmt: skip
SUV = Shape(
    2.3, 0.95,
    ((-2.3, 0.92), (-2.25, 1.12), (-1.0, 1.12), (0.0, 1.08), (0.95, 1.12), (1.7, 1.02), (2.15, 0.88), (2.3, 0.70)),
    cabin=(-2.22, -1.85, 0.25, 1.10), roof_m=1.72, axles=(-1.38, 1.42), wheel_m=0.38, pillars=(-1.30, -0.20),
)  # fmt: skip
MINIVAN = Shape(
    2.1, 0.84,
    ((-2.1, 0.85), (-2.05, 1.02), (-1.0, 1.02), (0.0, 1.02), (1.1, 1.03), (1.75, 0.93), (2.0, 0.80), (2.1, 0.62)),
    cabin=(-2.04, -1.92, 0.85, 1.60), roof_m=1.86, axles=(-1.30, 1.35), wheel_m=0.29, pillars=(-1.05, 0.10, 0.95),
)  # fmt: skip


class Layer(enum.IntEnum):
    """What lies over what where depth does not decide."""

    BODY = 0
    WHEEL = 1
    CABIN = 2
    PANE = 3
    DETAIL = 4


@dataclass(frozen=True, slots=True)
class Face:
    """A flat piece, its corners against the clock as seen from outside."""

    points: Points
    colour: Colour
    layer: Layer


def car_faces(shape: Shape, paint: Colour) -> list[Face]:
    """All faces of a car but the spokes of its wheels."""
    return [*_body(shape, paint), *_cabin(shape, paint), *_fittings(shape)]


def spoke_faces(shape: Shape, travelled_m: float) -> list[Face]:
    """The spokes, turned by the way that the car has gone."""
    wheel = shape.wheel_m
    faces = []
    for sign in (-1, 1):
        side_m = sign * (shape.half_width_m + 0.035)
        for axle in shape.axles:
            for spoke in range(5):
                angle = -travelled_m / wheel + spoke * 2 * math.pi / 5
                edge = 0.56 * wheel
                points = np.array([
                    (axle, side_m, wheel),
                    (axle + edge * math.cos(angle - 0.28), side_m, wheel + edge * math.sin(angle - 0.28)),
                    (axle + edge * math.cos(angle + 0.28), side_m, wheel + edge * math.sin(angle + 0.28)),
                ])  # fmt: skip
                faces.append(Face(points if sign < 0 else points[::-1], (64.0, 62.0, 62.0), Layer.DETAIL))
    return faces


def outline(shape: Shape) -> Points:
    """A few points whose hull is about that of the car, for shadow and extent."""
    length, width = shape.half_length_m, shape.half_width_m
    low = [(x, y, 0.0) for x in (-length, length) for y in (-width, width)]
    roof = [(x, y * 0.75, shape.roof_m) for x in shape.cabin[1:3] for y in (-width, width)]
    deck = [(x, y, z) for x, z in shape.deck for y in (-width, width)]
    return np.array(low + roof + deck)


def normal(points: Points) -> Points:
    """The direction that a face looks to."""
    across = np.cross(points[1] - points[0], points[2] - points[0])
    result: Points = across / max(1e-9, float(np.linalg.norm(across)))
    return result


def _body(shape: Shape, paint: Colour) -> list[Face]:
    faces: list[Face] = []
    rings = _rings(shape)
    for tail, nose in itertools.pairwise(rings):
        for index in range(len(tail) - 1):
            quad = np.array([tail[index], nose[index], nose[index + 1], tail[index + 1]])
            lowest = index in {0, len(tail) - 2}
            faces.append(Face(quad, _TRIM if lowest else paint, Layer.BODY))
    faces.append(Face(rings[0], paint, Layer.BODY))
    faces.append(Face(rings[-1][::-1], paint, Layer.BODY))
    return faces


def _cabin(shape: Shape, paint: Colour) -> list[Face]:
    foot, rear, front, screen = shape.cabin
    belt, roof = shape.half_width_m * 0.92, shape.half_width_m * 0.74
    base_z, top_z = _height(shape, 0.0) - 0.03, shape.roof_m
    right = np.array([(foot, -belt, base_z), (screen, -belt, base_z), (front, -roof, top_z), (rear, -roof, top_z)])
    left = (right * (1, -1, 1))[[1, 0, 3, 2]]
    windscreen = np.array(
        [(screen, -belt, base_z), (screen, belt, base_z), (front, roof, top_z), (front, -roof, top_z)]
    )
    rear_pane = np.array([(foot, belt, base_z), (foot, -belt, base_z), (rear, -roof, top_z), (rear, roof, top_z)])
    cuts = [(x - foot) / (screen - foot) for x in shape.pillars]
    spans = list(zip([0.06, *(cut + 0.02 for cut in cuts)], [*(cut - 0.02 for cut in cuts), 0.95], strict=True))
    faces = [
        *_glazed(right, spans, paint),
        *_glazed(left, [(1 - end, 1 - start) for start, end in spans], paint),
        *_glazed(windscreen, [(0.06, 0.94)], paint),
        *_glazed(rear_pane, [(0.10, 0.90)], paint),
    ]
    inner, crown_z = roof * 0.55, top_z + 0.03
    for near, far, near_z, far_z in (
        (-roof, -inner, top_z, crown_z), (-inner, inner, crown_z, crown_z), (inner, roof, crown_z, top_z)
    ):  # fmt: skip
        strip = np.array([(rear, near, near_z), (front, near, near_z), (front, far, far_z), (rear, far, far_z)])
        faces.append(Face(strip, paint, Layer.CABIN))
    return faces


def _glazed(quad: Points, spans: list[tuple[float, float]], paint: Colour) -> list[Face]:
    """A side of the cabin with its panes."""
    return [Face(quad, paint, Layer.CABIN), *(strip for span in spans for strip in _pane(quad, span))]


def _rings(shape: Shape) -> list[Points]:
    """Cross-sections of the body, tail to nose; each runs from the lower right edge over the deck to the lower left."""
    rings = []
    for x in np.linspace(-shape.half_length_m, shape.half_length_m, 17):
        end = abs(x) / shape.half_length_m
        width = shape.half_width_m * (1 - 0.16 * max(0.0, (end - 0.80) / 0.20) ** 1.6)
        top = _height(shape, float(x))
        bottom = 0.20 + 0.10 * max(0.0, (end - 0.85) / 0.15)
        profile = [(width * 0.92, bottom), (width * 0.99, 0.34), (width, 0.58), (width * 0.985, top - 0.10),
                   (width * 0.90, top - 0.01), (width * 0.45, top + 0.02)]  # fmt: skip
        right = [(float(x), -y, z) for y, z in profile]
        left = [(float(x), y, z) for y, z in reversed(profile)]
        rings.append(np.array(right + left))
    return rings


def _height(shape: Shape, x_m: float) -> float:
    return float(np.interp(x_m, [x for x, _ in shape.deck], [z for _, z in shape.deck]))


def _pane(quad: Points, span: tuple[float, float]) -> list[Face]:
    """Three strips of glass in a side, brighter towards the roof, where they mirror the sky."""
    strips = []
    lower_left, lower_right, upper_right, upper_left = quad
    outwards = normal(quad) * 0.01
    for low, high, gain in ((0.08, 0.38, 0.75), (0.38, 0.66, 1.1), (0.66, 0.90, 1.6)):
        points = []
        for up, along in ((low, span[0]), (low, span[1]), (high, span[1]), (high, span[0])):
            left = lower_left + (upper_left - lower_left) * up
            right = lower_right + (upper_right - lower_right) * up
            points.append(left + (right - left) * along + outwards)
        tone = (_GLASS[0] * gain, _GLASS[1] * gain, _GLASS[2] * gain)
        strips.append(Face(np.array(points), tone, Layer.PANE))
    return strips


def _fittings(shape: Shape) -> list[Face]:
    faces: list[Face] = []
    width = shape.half_width_m
    for sign in (-1, 1):
        for axle in shape.axles:
            faces += _wheel(axle, sign * (width + 0.01), shape.wheel_m)
        for x in shape.pillars[-2:]:  # door gaps
            faces.append(_upright(x, sign * (width + 0.004), heights=(0.38, 0.93), width_m=0.025))
        faces.append(_upright(shape.pillars[-1] - 0.25, sign * (width + 0.006), heights=(0.80, 0.84), width_m=0.2))
        faces.append(_upright(shape.cabin[3] - 0.25, sign * (width + 0.10), heights=(0.98, 1.12), width_m=0.2))
    nose, tail = shape.half_length_m + 0.005, -shape.half_length_m - 0.005
    lamp, red, plate = (236.0, 240.0, 240.0), (38.0, 30.0, 150.0), (150.0, 84.0, 30.0)
    for sign in (-1, 1):
        faces += [
            _facing(nose, (sign * 0.50, sign * 0.80), (0.50, 0.62), lamp),
            _facing(tail, (sign * 0.48, sign * 0.82), (0.62, 0.78), red),
            _upright(nose - 0.14, sign * width * 0.90, heights=(0.56, 0.68), width_m=0.22, colour=lamp),
            _upright(tail + 0.12, sign * width * 0.93, heights=(0.66, 0.80), width_m=0.16, colour=red),
        ]
    return [
        *faces,
        _facing(nose, (-0.42, 0.42), (0.42, 0.58), _TRIM),
        _facing(nose + 0.01, (-0.22, 0.22), (0.30, 0.42), plate),
        _facing(tail - 0.01, (-0.22, 0.22), (0.52, 0.64), plate),
    ]


def _wheel(x_m: float, y_m: float, radius_m: float) -> list[Face]:
    sign = 1 if y_m > 0 else -1
    parts: tuple[tuple[float, Colour, float, Layer], ...] = (
        (1.18, (20, 20, 22), 0.0, Layer.WHEEL),  # the arch
        (1.0, _TYRE, 0.012, Layer.CABIN),
        (0.66, (150, 148, 146), 0.02, Layer.PANE),
        (0.22, (90, 90, 92), 0.03, Layer.DETAIL),
    )
    return [
        Face(_disc(x_m, y_m + sign * out, height_m=radius_m, radius_m=radius_m * share), colour, layer)
        for share, colour, out, layer in parts
    ]


def _disc(x_m: float, y_m: float, *, height_m: float, radius_m: float) -> Points:
    angles = np.linspace(0, 2 * math.pi, 18, endpoint=False)
    if y_m > 0:
        angles = angles[::-1]
    return np.column_stack(
        [x_m + radius_m * np.cos(angles), np.full(18, y_m), np.maximum(0.02, height_m + radius_m * np.sin(angles))]
    )


def _upright(x_m: float, y_m: float, *, heights: tuple[float, float], width_m: float, colour: Colour = _TRIM) -> Face:
    """A small plate on a flank."""
    low, high = heights
    points = np.array([(x_m, y_m, low), (x_m + width_m, y_m, low), (x_m + width_m, y_m, high), (x_m, y_m, high)])
    return Face(points if y_m < 0 else points[::-1], colour, Layer.DETAIL)


def _facing(x_m: float, across: tuple[float, float], heights: tuple[float, float], colour: Colour) -> Face:
    """A small plate on the nose or the tail."""
    near, far = sorted(across)
    low, high = heights
    points = np.array([(x_m, near, low), (x_m, far, low), (x_m, far, high), (x_m, near, high)])
    return Face(points if x_m > 0 else points[::-1], colour, Layer.DETAIL)
