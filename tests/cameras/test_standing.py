"""Claims about what stands: it is looked at less and less often, stays who it is, and asks for nobody else's time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.detectors.objects import ObjectDetector, ObjectOptions
from cameras.vision.budget import InferenceBudget
from cameras.vision.objects.model import Named
from cameras.vision.shared import Shared
from config.community import ZoneUse
from hub.events import Phase
from hub.geometry import Box
from tests.fakes.footage import START, Image, Watcher, film, nothing, zone

CAR = Box(0.4, 0.5, 0.2, 0.2)


class _Model:
    """Sees a parked car, and what a test draws; keeps when it was asked."""

    trouble: str | None = None

    def __init__(self, sees: Callable[[float], bool] = lambda _at_s: True) -> None:
        self.looks_s: list[float] = []
        self.watcher: Watcher
        self._sees = sees

    @property
    def model(self) -> _Model:
        return self

    def look(self, pictures: Sequence[NDArray[np.uint8]], *, least: float) -> list[list[Named]]:
        del least
        at_s = (self.watcher.clock.now() - START).total_seconds()
        self.looks_s.append(at_s)
        return [[Named("car", 0.8, CAR)] if self._sees(at_s) else [], *([] for _ in pictures[1:])]


class _Budget(InferenceBudget):
    """Keeps who said that it is urgent, and refuses nobody."""

    def __init__(self) -> None:
        super().__init__(1.0)
        self.urgent_s: list[float] = []

    def grant(self, camera: str, now_s: float, *, urgent: bool, purpose: str = "") -> bool:
        del camera, purpose
        if urgent:
            self.urgent_s.append(now_s)
        return True


def parked(
    seconds: float,
    draw: Callable[[Image, float], None] = nothing,
    sees: Callable[[float], bool] = lambda _at_s: True,
) -> tuple[Watcher, _Model, _Budget]:
    """A car in a lane before a camera that looks at nothing else."""
    model, budget = _Model(sees), _Budget()
    detector = ObjectDetector(ObjectOptions(), Shared(model, budget, "gate"))  # type: ignore[arg-type]
    watcher = model.watcher = Watcher(zone(ZoneUse.LANE), detectors={"objects": detector})
    return watcher.show(film(draw, seconds)), model, budget


def test_what_stands_is_looked_at_less_and_less_often_and_stays_who_it_is() -> None:
    watcher, model, _ = parked(60)
    gaps = [round(late - early) for early, late in pairwise(model.looks_s)]
    assert gaps[-9:] == [5] * 9
    assert {1, 2} < set(gaps)
    told = watcher.of("camera.vehicle")
    assert len({one.subject for one in told}) == 1
    assert Phase.ENDED not in {one.phase for one in told}
    assert told[-1].fields["stopped"]
    assert max((late.at - early.at).total_seconds() for early, late in pairwise(told)) <= 10 + 5


def test_what_stands_in_a_zone_is_not_urgent_for_ever() -> None:
    _, _, budget = parked(40)
    assert budget.urgent_s
    assert max(budget.urgent_s) - min(budget.urgent_s) < 8


def test_what_moves_is_looked_at_at_once() -> None:
    def later(image: Image, at_s: float) -> None:
        if at_s >= 36:
            x = round(60 * (at_s - 36))
            cv2.rectangle(image, (x, 60), (x + 60, 110), (20, 20, 20), -1)

    _, model, _ = parked(40, later)
    assert sum(36 <= one <= 37 for one in model.looks_s) >= 5
    assert sum(30 <= one < 36 for one in model.looks_s) <= 2


def test_one_look_that_misses_what_stands_is_followed_by_another_soon_and_ends_nothing() -> None:
    watcher, model, _ = parked(60, sees=lambda at_s: not 34 < at_s < 45)
    missed = next(one for one in model.looks_s if one > 34)
    after = [round(one - missed) for one in model.looks_s if one > missed]
    assert after[:2] == [1, 2]
    assert [one.phase for one in watcher.of("camera.vehicle")].count(Phase.ENDED) == 1  # it is gone for ten seconds
    watcher, model, _ = parked(60, sees=lambda at_s: not missed <= at_s < missed + 1.5)
    assert Phase.ENDED not in {one.phase for one in watcher.of("camera.vehicle")}
    assert len({one.subject for one in watcher.of("camera.vehicle")}) == 1


def test_one_wrong_box_of_what_is_looked_at_rarely_is_no_driving() -> None:
    beside = Box(CAR.x + 0.15, CAR.y, CAR.w, CAR.h)

    class Jumps(_Model):
        def look(self, pictures: Sequence[NDArray[np.uint8]], *, least: float) -> list[list[Named]]:
            (first, *rest) = super().look(pictures, least=least)
            wrong = len([one for one in self.looks_s if one > 30]) == 1
            return [[Named("car", 0.8, beside)] if wrong else first, *rest]

    model = Jumps()
    detector = ObjectDetector(ObjectOptions(), Shared(model, _Budget(), "gate"))  # type: ignore[arg-type]
    model.watcher = Watcher(zone(ZoneUse.LANE), detectors={"objects": detector})
    told = model.watcher.show(film(nothing, 60)).of("camera.vehicle")
    assert all(one.fields["stopped"] for one in told if (one.at - START).total_seconds() > 10)
    assert (told[-1].at - START).total_seconds() > 45
