"""Claims about where the object model looks, and how what it sees in several windows becomes one picture."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cameras.detectors.objects import ObjectDetector, ObjectOptions
from cameras.vision.budget import InferenceBudget
from cameras.vision.decoding import Frame
from cameras.vision.detection import Detection, Scene
from cameras.vision.motion import Blob, Motion
from cameras.vision.objects.model import Named
from hub.clock import SystemClock
from hub.geometry import Box

SETTLED_S = 5.0
"""Of the scene's time: the background is known by then."""


class Model:
    """Sees what is in `things`, boxes in 0..1 of the whole picture, in each window that holds all of one."""

    def __init__(self, *things: Named, size: tuple[int, int] = (640, 360)) -> None:
        self.things = things
        self.width, self.height = size
        self.windows: list[tuple[int, int, int, int]] = []

    @property
    def whole(self) -> NDArray[np.uint8]:
        """A picture of which each pixel tells where it is."""
        rows, columns = np.indices((self.height, self.width))
        return np.stack([columns % 256, rows % 256, columns // 256 * 16 + rows // 256], axis=-1).astype(np.uint8)

    def look(self, pictures: Sequence[NDArray[np.uint8]], *, least: float) -> list[list[Named]]:
        del least
        self.windows = []
        return [self._look(picture) for picture in pictures]

    def _look(self, picture: NDArray[np.uint8]) -> list[Named]:
        first = picture[0, 0].astype(int)
        left, top = first[0] + first[2] // 16 * 256, first[1] + first[2] % 16 * 256
        high, wide = picture.shape[:2]
        self.windows.append((left, top, wide, high))
        found = []
        for one in self.things:
            x, y = (one.box.x * self.width - left) / wide, (one.box.y * self.height - top) / high
            box = Box(x, y, one.box.w * self.width / wide, one.box.h * self.height / high)
            if x >= 0 and y >= 0 and x + box.w <= 1 and y + box.h <= 1:
                found.append(Named(one.label, one.score, box))
        return found


def look(model: Model, *, blobs: Sequence[Box] = (), followed: Sequence[Box] = (), **options: Any) -> list[Detection]:
    """One look, long after the scene began."""
    shared: Any = SimpleNamespace(
        objects=SimpleNamespace(model=model, trouble=None), budget=InferenceBudget(1.0), camera="c"
    )
    detector = ObjectDetector(ObjectOptions(**options), shared)
    small = np.zeros((2, 2, 3), np.uint8)
    found: list[Detection] | None = None
    for at_s, begun in ((0.0, True), (SETTLED_S, False)):
        motion = Motion(
            small, small[..., 0], None, tuple(Blob(box, box.area, 0.5) for box in blobs), moving=True, cut=begun
        )
        frame = Frame(model.whole, datetime(2026, 1, 1, tzinfo=UTC), at_s, is_key=False, number=0)
        shared.budget = InferenceBudget(1.0)
        found = detector.detect(Scene(frame, motion, SystemClock(), tuple(followed)))
    assert found is not None
    return found


SMALL = Box(0.5, 0.5, 0.03, 0.08)


def test_a_window_is_looked_at_around_what_moves_and_is_small() -> None:
    model = Model()
    look(model, blobs=[SMALL])
    (whole, window) = model.windows
    assert whole == (0, 0, 640, 360)
    assert window[2] == window[3] == 108
    assert window[0] < 0.5 * 640 < window[0] + window[2]


def test_what_is_large_needs_no_window() -> None:
    model = Model()
    look(model, blobs=[Box(0.2, 0.2, 0.2, 0.5)])
    assert model.windows == [(0, 0, 640, 360)]


def test_a_thing_seen_in_two_windows_is_one_thing() -> None:
    found = look(Model(Named("person", 0.8, SMALL)), blobs=[SMALL])
    assert [(one.label, round(one.box.x, 3)) for one in found] == [("person", 0.5)]


def test_two_people_side_by_side_are_two() -> None:
    beside = Box(SMALL.x + 0.02, SMALL.y, SMALL.w, SMALL.h)
    assert len(look(Model(Named("person", 0.8, SMALL), Named("person", 0.7, beside)), blobs=[SMALL, beside])) == 2


def test_a_lorry_that_is_also_called_a_car_is_one_thing() -> None:
    box = Box(0.1, 0.1, 0.4, 0.4)
    assert [one.label for one in look(Model(Named("truck", 0.8, box), Named("car", 0.6, box)))] == ["truck"]


def test_what_looks_like_a_person_where_nothing_ever_moved_counts_for_less() -> None:
    still, walks = Box(0.1, 0.2, 0.05, 0.3), Box(0.6, 0.2, 0.05, 0.3)
    found = look(Model(Named("person", 0.6, still), Named("person", 0.6, walks)), blobs=[walks])
    assert [round(one.score, 2) for one in found] == [0.48, 0.6]


def test_a_parked_car_counts_for_all_that_it_is() -> None:
    assert [one.score for one in look(Model(Named("car", 0.6, Box(0.1, 0.2, 0.2, 0.2))))] == [0.6]


def test_parts_of_a_wide_view_are_looked_at_in_turn_and_cover_it() -> None:
    model = Model(size=(960, 540))
    covered = np.zeros((540, 960), bool)
    look(model, tiles=6)
    for left, top, wide, high in model.windows[1:]:
        covered[top : top + high, left : left + wide] = True
    assert covered.all()
    look(model)
    assert len(model.windows) == 2


def test_a_picture_that_is_not_wide_has_no_parts() -> None:
    model = Model()
    look(model)
    assert len(model.windows) == 1
