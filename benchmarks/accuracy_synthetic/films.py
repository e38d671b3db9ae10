"""Films: the drawn scenes as labelled H.264 files, by day and in bad weather and light, for the whole path.

What they show is known to the picture, so that they need no labels of anybody: a fire, a crash, cars on the right and
on the wrong side of the road, and long stretches of nothing in which nothing may be told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from benchmarks.accuracy.labels import Clip, Span
from benchmarks.accuracy.settings import ClipView
from benchmarks.accuracy_synthetic.ordinary import FROM_S, ORDINARY
from benchmarks.accuracy_synthetic.pictures import drawn, night, noisy
from cameras.scenes import road, yard
from cameras.scenes.encoding import SCENES, encode
from cameras.scenes.view import FPS, Image

_SEED: Final = 7
_BEFORE_CRASH_S: Final = 10.0
_Points = tuple[tuple[float, float], ...]


def _lane(points: _Points, way: _Points | None = None) -> dict[str, Any]:
    zone: dict[str, Any] = {"id": "lane", "use": "lane", "points": points}
    return {"zones": (zone if way is None else zone | {"way": way},)}


def _near_lane() -> _Points:
    """Where the wheels of cars that drive to the right are; shadows of those behind them fall up to the middle line."""
    along = np.arange(-40.0, 60.0, 0.25).tolist()
    corners: list[tuple[float, float]] = []
    for across, ends in ((-3.7, (0, -1)), (-1.2, (-1, 0))):
        seen = [road.VIEW.share(x, across) for x in along]
        inside = [point for point in seen if 0.0 < point[0] < 1.0 and 0.0 < point[1] < 1.0]
        corners += [inside[end] for end in ends]
    return tuple(corners)


_MAIN_ROAD: Final = tuple((round(x, 4), round(y, 4)) for x, y in road.LANE)
_NEAR: Final = tuple((round(x, 4), round(y, 4)) for x, y in _near_lane())
_MIRRORED: Final = tuple((round(1 - x, 4), y) for x, y in _NEAR)
_TO_THE_RIGHT: Final = ((0.2, 0.8), (0.8, 0.8))


@dataclass(frozen=True, slots=True)
class Film:
    """One drawn file.

    Attributes:
        name: What it shows.
        pictures: Its pictures, one every 1/FPS seconds.
        labels: What is to be told of it, as spans of seconds.
        camera: Its zones.
        quick: Whether it is part of the short gate.
    """

    name: str
    pictures: Callable[[], Iterator[Image]]
    labels: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    camera: Mapping[str, Any] = field(default_factory=dict)
    quick: bool = True

    def made(self, folder: Path) -> Clip:
        """The film as a file in a folder."""
        path = folder / f"{self.name.replace(',', '').replace(' ', '_')}.mp4"
        encode(path, self.pictures())
        return Clip(path.name, path, self.labels or {"none": (Span(0.0, 3600.0),)})

    @property
    def view(self) -> ClipView:
        """How its camera is set up."""
        return ClipView(camera=dict(self.camera))


def _scene(name: str, seconds: float) -> Callable[[], Iterator[Image]]:
    return lambda: SCENES[name](np.random.default_rng(_SEED)).frames(seconds)


def _mirrored(pictures: Callable[[], Iterator[Image]]) -> Callable[[], Iterator[Image]]:
    return lambda: (np.asarray(np.ascontiguousarray(cv2.flip(each, 1)), np.uint8) for each in pictures())


def _idle(name: str, seconds: float) -> Iterator[Image]:
    """The beginning of a scene to and fro, under fresh noise: nothing happens."""
    base, random = drawn(name), np.random.default_rng(3)
    for number in range(round(seconds * FPS)):
        yield noisy(base.at(number / FPS), random, 2.0)


def _under(
    name: str, scene: str, seconds: float, light: Callable[[Image], Image] = lambda image: image
) -> Iterator[Image]:
    """A scene under something ordinary, by its name in `ORDINARY`, from its first second on."""
    what = next(one for one in ORDINARY if one.name == name)
    base = drawn(scene)
    effect = what.make(base, base)
    for number in range(round(seconds * FPS)):
        at_s = number / FPS
        yield effect(light(base.at(at_s)), FROM_S + at_s)


def _ordinary(name: str, scene: str, seconds: float, *, quick: bool = True) -> Film:
    return Film(f"{scene}, {name}", lambda: _under(name, scene, seconds), quick=quick)


def _then(first: Iterator[Image], second: Iterator[Image]) -> Iterator[Image]:
    yield from first
    yield from second


def _driving(change: Callable[[Image, int], Image]) -> Callable[[], Iterator[Image]]:
    """Traffic until just before the crash, in other light."""

    def pictures() -> Iterator[Image]:
        for number, picture in enumerate(_scene("road", _BEFORE_CRASH_S)()):
            yield change(picture, number)

    return pictures


def _night_road(picture: Image, number: int) -> Image:
    return noisy(night(picture), np.random.default_rng(number), 9.0)


_IDLE_S: Final = 60.0
_CRASH: Final = {"accident": (Span(road.CRASH_S, road.CRASH_S + 1.0),), "accident_aftermath": (Span(13.0, 60.0),)}

FILMS: Final[tuple[Film, ...]] = (
    Film("road, a crash", _scene("road", 22.0), _CRASH, _lane(_MAIN_ROAD)),
    Film("road, mirrored, a crash", _mirrored(_scene("road", 22.0)), _CRASH,
         _lane(tuple((round(1 - x, 4), y) for x, y in _MAIN_ROAD)), quick=False),
    Film("road, the right way", _scene("road", _BEFORE_CRASH_S), camera=_lane(_NEAR, _TO_THE_RIGHT)),
    Film("road, the wrong way", _mirrored(_scene("road", _BEFORE_CRASH_S)),
         {"wrong_way": (Span(1.0, _BEFORE_CRASH_S),)}, _lane(_MIRRORED, _TO_THE_RIGHT)),
    Film("road, traffic at night with noise", _driving(_night_road), camera=_lane(_MAIN_ROAD), quick=False),
    Film("yard, a fire", _scene("yard", 22.0), {"fire": (Span(yard.FIRE_S, 22.0),)}),
    Film("yard, a fire after a long idle time", lambda: _then(_idle("yard", _IDLE_S), _scene("yard", 20.0)()),
         {"fire": (Span(_IDLE_S + yard.FIRE_S, _IDLE_S + 20.0),)}, quick=False),
    Film("house, nothing for ten minutes", lambda: _idle("house", 600.0), quick=False),
    _ordinary("headlights at night", "road", 24.0),
    _ordinary("exposure steps", "yard", 24.0),
    _ordinary("heavy rain", "house", 16.0),
    _ordinary("much noise", "house", 24.0, quick=False),
    _ordinary("heavy snow", "yard", 24.0, quick=False),
    _ordinary("lightning", "road", 24.0, quick=False),
    _ordinary("lamps are switched", "house", 48.0, quick=False),
    _ordinary("dusk, then infra-red", "yard", 60.0, quick=False),
    _ordinary("a mast in the wind", "house", 40.0, quick=False),
    _ordinary("a codec short of bits", "road", 44.0, quick=False),
    _ordinary("a day in five minutes", "house", 300.0, quick=False),
)  # fmt: skip
"""All of them."""
