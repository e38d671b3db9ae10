"""Claims about the ground: metres, speeds and heights from four measured places."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cameras.vision.following.ground import GroundPlane
from config.zones import Ground
from hub.errors import ConfigurationError
from hub.geometry import Box

ASPECT = 9 / 16
HIGH_M, DOWN_DEG, FOCAL = 5.0, 20.0, 0.9


def seen(east_m: float, north_m: float, up_m: float = 0.0) -> tuple[float, float]:
    """Where a camera 5 m up that looks north and 20 degrees down shows a place."""
    down = math.radians(DOWN_DEG)
    depth = north_m * math.cos(down) + (HIGH_M - up_m) * math.sin(down)
    below = (HIGH_M - up_m) * math.cos(down) - north_m * math.sin(down)
    return (0.5 + FOCAL * east_m / depth, 0.5 + FOCAL * below / depth / ASPECT)


def plane(
    places: tuple[tuple[float, float], ...] = ((-3, 8), (3, 8), (3, 25), (-3, 25)), off: float = 0.0
) -> GroundPlane:
    jitter = np.random.default_rng(5).uniform(-off, off, (len(places), 2))
    points = []
    for (east_m, north_m), (across, down) in zip(places, jitter, strict=True):
        x, y = seen(east_m, north_m)
        points.append({"x": x + across, "y": y + down, "east_m": east_m, "north_m": north_m})
    return GroundPlane(Ground.model_validate({"points": points}))


def test_a_place_between_the_measured_ones_is_told_in_metres() -> None:
    assert plane().metres(seen(1.0, 14.0)) == pytest.approx((1.0, 14.0), abs=0.01)


def test_the_sky_is_no_place() -> None:
    assert plane().metres((0.5, -0.2)) is None  # the horizon is a little above this picture


def test_the_speed_of_a_car_is_told_near_by_and_not_at_the_horizon() -> None:
    def feet(from_m: float) -> list[tuple[float, tuple[float, float]]]:
        return [(n / 8, seen(1.0, from_m + 10.0 * n / 8)) for n in range(9)]

    assert plane().speed_m_s(feet(9.0)) == pytest.approx(10.0, rel=0.02)
    assert plane(off=0.004).speed_m_s(feet(9.0)) == pytest.approx(10.0, rel=0.1)
    assert plane().speed_m_s(feet(120.0)) is None
    assert plane().speed_m_s(feet(9.0)[:2]) is None


def test_somebody_upright_has_about_his_height() -> None:
    for height_m in (1.0, 1.8):
        foot, head = seen(0.5, 12.0), seen(0.5, 12.0, height_m)
        box = Box(foot[0] - 0.02, head[1], 0.04, foot[1] - head[1])
        assert plane().height_m(box, ASPECT) == pytest.approx(height_m, rel=0.02)
        assert plane(off=0.004).height_m(box, ASPECT) == pytest.approx(height_m, rel=0.2)


def test_more_places_than_four_are_balanced() -> None:
    many = ((-3.0, 8.0), (3.0, 8.0), (3.0, 25.0), (-3.0, 25.0), (0.0, 15.0), (1.0, 18.0))
    assert plane(many, off=0.004).metres(seen(1.0, 14.0)) == pytest.approx((1.0, 14.0), abs=0.5)


def test_places_in_one_line_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="no ground"):
        plane(((0, 8), (0, 12), (0, 18), (0, 25)))
