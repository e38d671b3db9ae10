"""Claims about when the object model looks: also while what moves in a new scene is still being learned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cameras.detectors.objects import ObjectDetector, ObjectOptions
from cameras.vision.budget import InferenceBudget
from cameras.vision.detection import Scene
from cameras.vision.motion import MotionModel
from cameras.vision.objects.model import Named
from cameras.vision.shared import Shared
from hub.clock import SetClock
from tests.fakes.footage import START, film, nothing


class _Objects:
    trouble: str | None = None

    @property
    def model(self) -> _Objects:
        return self

    def look(self, pictures: Sequence[NDArray[np.uint8]], *, least: float) -> list[list[Named]]:
        return [[] for _ in pictures if least]


def test_a_new_scene_is_looked_at_without_pause_and_a_quiet_one_hardly() -> None:
    shared = Shared(_Objects(), InferenceBudget(1.0), "gate")  # type: ignore[arg-type]
    detector, motion, clock = ObjectDetector(ObjectOptions(), shared), MotionModel(), SetClock(START)
    looked = []
    for frame in film(nothing, 4):
        clock.set(frame.at)
        looked.append(detector.detect(Scene(frame, motion.update(frame.image, frame.pts_s), clock)) is not None)
    assert all(looked[:9])
    assert not any(looked[12:])
