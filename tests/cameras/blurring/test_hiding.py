"""Claims about what is covered when, and about what is left of it."""

from __future__ import annotations

import numpy as np
import pytest

from cameras.blurring.faces import Rect, decode, overlap
from cameras.blurring.hiding import AFTER_S, BEFORE_S, Hidden, cover, cover_polygons

FACE: Rect = (100, 100, 140, 150)


def moved(rect: Rect, x: float) -> Rect:
    return (rect[0] + x, rect[1], rect[2] + x, rect[3])


def holds(outer: Rect, inner: Rect) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


def test_a_look_that_misses_shows_nothing() -> None:
    hidden = Hidden(0.0)
    hidden.add(0.0, [FACE])
    hidden.add(0.08, [])
    hidden.add(0.16, [moved(FACE, 8)])
    (between,) = hidden.at(0.08)
    assert holds(between, moved(FACE, 4))


def test_it_is_covered_before_it_is_found_and_after_it_is_lost_and_no_longer() -> None:
    hidden = Hidden(0.0)
    hidden.add(5.0, [FACE])
    for at_s in (5 - BEFORE_S, 5.0, 5 + AFTER_S):
        (rect,) = hidden.at(at_s)
        assert holds(rect, FACE)
    assert hidden.at(5 - BEFORE_S - 0.01) == []
    assert hidden.at(5 + AFTER_S + 0.01) == []


def test_it_grows_where_nobody_knows_where_it_was() -> None:
    hidden = Hidden(0.0)
    hidden.add(5.0, [FACE])
    (rect,) = hidden.at(5.5)
    assert holds(rect, moved(FACE, 16))
    assert holds(rect, moved(FACE, -16))


def test_what_is_found_is_covered_with_a_margin() -> None:
    hidden = Hidden(0.25)
    hidden.add(0.0, [FACE])
    assert hidden.at(0.0) == [pytest.approx((90, 87.5, 150, 162.5))]


def test_two_that_are_apart_are_followed_apart() -> None:
    hidden = Hidden(0.0)
    other = moved(FACE, 300)
    hidden.add(0.0, [FACE, other])
    hidden.add(0.1, [moved(other, 10)])
    assert len(hidden.at(0.05)) == 2
    assert len(hidden.at(0.1)) == 2


def test_what_is_long_gone_is_forgotten() -> None:
    hidden = Hidden(0.0)
    for second in range(100):
        hidden.add(float(second * 2), [moved(FACE, 200.0 * (second % 2))])
    assert len(hidden._followed) <= 2


def noise(height: int = 120, width: int = 200) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)


def test_inside_few_colours_are_left_and_outside_nothing_changes() -> None:
    image = noise()
    before = image.copy()
    cover(image, [(50.4, 30.2, 100, 80)])
    inside = np.zeros(image.shape[:2], bool)
    inside[30:80, 50:100] = True
    assert np.array_equal(image[~inside], before[~inside])
    assert len(np.unique(image[inside].reshape(-1, 3), axis=0)) <= 25
    assert not np.array_equal(image[inside], before[inside])


def test_what_reaches_over_the_edge_is_covered_up_to_it() -> None:
    image = noise()
    cover(image, [(-50, -50, 20, 20), (190, 100, 400, 400), (300, 300, 320, 320)])
    assert len(np.unique(image[:20, :20].reshape(-1, 3), axis=0)) <= 25
    assert len(np.unique(image[100:, 190:].reshape(-1, 3), axis=0)) <= 25


def test_a_polygon_is_covered_to_its_edge_and_not_beyond() -> None:
    image = noise()
    before = image.copy()
    cover_polygons(image, [((0.25, 0.25), (0.75, 0.25), (0.5, 0.75))])
    assert not np.array_equal(image[35:40, 90:110], before[35:40, 90:110])
    assert np.array_equal(image[80:90, 50:60], before[80:90, 50:60])  # beside the tip, in the bounding box
    assert np.array_equal(image[:29], before[:29])
    assert len(np.unique(image[31:60, 90:110].reshape(-1, 3), axis=0)) <= 25


def answer() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.zeros((8, 12), np.float32), np.zeros((2, 8, 12), np.float32), np.zeros((2, 8, 12), np.float32)


def test_a_warm_cell_is_a_face_around_its_middle() -> None:
    heat, sizes, offsets = answer()
    heat[3, 5] = 0.9
    sizes[:, 3, 5] = np.log([10, 6])  # cells high and wide
    offsets[:, 3, 5] = (0.25, -0.25)
    assert decode(heat, sizes, offsets, least=0.5) == [pytest.approx((9, -5, 33, 35), abs=1e-4)]


def test_a_face_warm_in_two_cells_is_one_and_a_cool_one_is_none() -> None:
    heat, sizes, offsets = answer()
    heat[3, 5], heat[3, 6], heat[1, 10] = 0.9, 0.8, 0.3
    sizes[:] = np.log(8)
    assert len(decode(heat, sizes, offsets, least=0.5)) == 1
    assert len(decode(heat, sizes, offsets, least=0.2)) == 2


def test_overlap_is_shared_over_all() -> None:
    assert overlap((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 10, 10), (20, 0, 30, 10)) == 0
