"""Claims about scene changes: what falls and stays lying is told once; light, passers-by and named things are not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from config.zones import ZoneUse
from hub.events import Event
from tests.fakes.footage import HEIGHT_PX, START, WIDTH_PX, Image, ScriptedDetector, Watcher, film, zone
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


@pytest.mark.parametrize("use", [ZoneUse.PRIVATE, ZoneUse.IGNORE])
def test_what_changes_where_nothing_is_looked_at_is_none(use: ZoneUse) -> None:
    place = zone(use, ((0.2, 0.0), (0.8, 0.0), (0.8, 1.0), (0.2, 1.0)))
    watcher = Watcher(place, detectors={"objects": ScriptedDetector(lambda _at_s: [])})
    assert watcher.show(film(falls, 14)).of("camera.scene_changed") == []


def test_commotion_where_nothing_is_looked_at_makes_no_change_elsewhere() -> None:
    """A screen flickers in an `ignore` zone while a thing is put down elsewhere."""

    def puts(image: Image, at_s: float) -> None:
        image[:, : WIDTH_PX // 4] = 40 if int(at_s * 8) % 2 else 220
        if at_s > 5:
            image[100:170, 300:400] = np.random.default_rng(4).integers(0, 255, (70, 100, 1))

    screen = zone(ZoneUse.IGNORE, ((0.0, 0.0), (0.26, 0.0), (0.26, 1.0), (0.0, 1.0)))
    watcher = Watcher(screen, detectors={"objects": ScriptedDetector(lambda _at_s: [])})
    assert watcher.show(film(puts, 14)).of("camera.scene_changed") == []


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
