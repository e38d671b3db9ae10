"""Claims about scene changes: what falls and stays lying is told once; light, passers-by and named things are not."""

from __future__ import annotations

import cv2
import numpy as np

from hub.events import Event
from tests.fakes.footage import HEIGHT_PX, START, WIDTH_PX, Image, ScriptedDetector, Watcher, film
from tests.fakes.traffic import cars, drives, painted


def changes(draw: object, detector: ScriptedDetector | None = None, seconds: float = 14) -> list[Event]:
    detector = detector or ScriptedDetector(lambda _at_s: [])
    return Watcher(detectors={"objects": detector}).show(film(draw, seconds)).of("camera.scene_changed")  # type: ignore[arg-type]


def falls(image: Image, at_s: float) -> None:
    """At second 5 a load of boards comes down within a second, and lies scattered."""
    random = np.random.default_rng(4)
    for _ in range(60):
        x, y, angle = random.uniform(150, 330), random.uniform(150, 230), random.uniform(0, 3.1)
        down = (at_s - 5) * 400 - random.uniform(0, 150)
        if down < 0:
            continue
        y = min(y, down)
        along = (round(x + 22 * np.cos(angle)), round(y + 22 * np.sin(angle)))
        cv2.line(image, (round(x), round(y)), along, (60, 200, 240), 3)


def test_a_load_that_falls_and_stays_lying_is_told_once() -> None:
    events = changes(falls)
    assert len(events) == 1
    assert 6 <= (events[0].at - START).total_seconds() <= 10
    assert events[0].box is not None
    assert 0.3 < events[0].box.centre[0] < 0.7
    assert {"changed_share", "commotion_share", "edges"} <= set(events[0].fields)
    assert events[0].confidence is None


def test_a_change_of_light_is_none() -> None:
    def dims(image: Image, at_s: float) -> None:
        if at_s > 5:
            image[:, : WIDTH_PX // 4] //= 2

    assert changes(dims) == []


def test_who_drives_through_is_none() -> None:
    assert changes(painted(drives(-0.1, 0.5, 0.2))) == []


def test_what_is_named_is_none() -> None:
    """A vehicle comes and stays: that is told of it, not of the scene."""
    way = drives(-0.4, 0.5, 0.2, stop_s=5)
    assert changes(painted(way), ScriptedDetector(cars(way))) == []


def test_a_small_thing_that_is_put_down_is_none() -> None:
    def put(image: Image, at_s: float) -> None:
        if at_s > 5:
            cv2.rectangle(image, (200, HEIGHT_PX // 2), (215, HEIGHT_PX // 2 + 15), (255, 255, 255), -1)

    assert changes(put) == []
