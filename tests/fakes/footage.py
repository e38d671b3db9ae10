"""Drawn footage, and a watcher that shows it to an Analysis on its own time."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.vision.analysis import Analysis, build_analysis, build_shared
from cameras.vision.decoding import Frame
from cameras.vision.detection import Detection, Detector, Scene
from config.community import Camera, Community, Zone, ZoneUse
from config.machine import Machine
from hub.clock import SetClock
from hub.events import Event, Phase

START = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
WIDTH_PX, HEIGHT_PX = 480, 270
FPS = 8.0
_SHIFT_PX = 64
NO_MODELS = Path("/nowhere")

Image = NDArray[np.uint8]
EVERYWHERE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


class ScriptedDetector:
    """Answers by the scene's time; None means that it did not look."""

    trouble: str | None = None

    def __init__(self, script: Callable[[float], Sequence[Detection] | None]) -> None:
        self._script = script

    def detect(self, scene: Scene) -> Sequence[Detection] | None:
        return self._script(scene.frame.pts_s)

    def reset(self) -> None:
        """There is nothing to forget."""


def yard(seed: int = 1) -> Image:
    """A grey yard with texture, the same for the same seed."""
    random = np.random.default_rng(seed)
    coarse = random.integers(90, 140, (HEIGHT_PX // 15, WIDTH_PX // 15), dtype=np.uint8)
    grey = np.kron(coarse, np.ones((15, 15), np.uint8))
    return np.repeat(grey[..., None], 3, axis=2)


@functools.cache
def _grains(noise: int) -> tuple[NDArray[np.int16], ...]:
    """Noise drawn once and cut anew for every picture: drawing it each time would take most of the tests' time."""
    random = np.random.default_rng(11)
    shape = (HEIGHT_PX + _SHIFT_PX, WIDTH_PX + _SHIFT_PX, 3)
    return tuple(random.integers(-noise, noise + 1, shape, dtype=np.int16) for _ in range(6))


def film(
    draw: Callable[[Image, float], None], seconds: float, *, noise: int = 3, fps: float = FPS, start_s: float = 0.0
) -> Iterator[Frame]:
    """Frames of the yard with something drawn into each, and sensor noise over it.

    Args:
        draw: Gets the picture and the time in seconds, and changes the picture.
        seconds: Length.
        noise: Grey levels that each pixel is off at most.
        fps: Frames per second.
        start_s: Time of the first frame.
    """
    random = np.random.default_rng(7)
    background = yard()
    grains = _grains(noise)
    for number in range(round(seconds * fps)):
        at_s = start_s + number / fps
        image = background.copy()
        draw(image, at_s)
        grain, (top, left) = grains[random.integers(len(grains))], random.integers(0, _SHIFT_PX, 2)
        cut = grain[top : top + HEIGHT_PX, left : left + WIDTH_PX]
        noisy = np.asarray(cv2.add(image, cut, dtype=cv2.CV_8U), np.uint8)
        yield Frame(noisy, START + timedelta(seconds=at_s), at_s, is_key=number % 8 == 0, number=number)


def nothing(_image: Image, _at_s: float) -> None:
    """Draw nothing."""


def zone(use: ZoneUse, points: tuple[tuple[float, float], ...] = EVERYWHERE, name: str | None = None) -> Zone:
    """A zone, of the whole picture unless told otherwise."""
    return Zone(id=name or use.value, use=use, points=points)


def camera(*zones: Zone, **parts: object) -> Camera:
    """A camera with these zones, and other parts of its settings."""
    return Camera.model_validate({"id": "gate", "site": "yard", "url": "rtsp://camera/1", "zones": zones, **parts})


class Watcher:
    """Shows frames to an Analysis, and keeps its Events."""

    def __init__(self, *zones: Zone, detectors: Mapping[str, Detector] | None = None, **parts: object) -> None:
        """Build the analysis of a camera with these zones and parts as a worker does, or with the given detectors."""
        self.clock = SetClock(START)
        one = camera(*zones, **parts)
        dates = Community(timezone="Asia/Shanghai").dates_for(one)
        if detectors is None:
            shared = build_shared(Machine(), NO_MODELS)
            self.analysis = build_analysis(one, area="east", shared=shared, clock=self.clock, dates=dates)
        else:
            self.analysis = Analysis(one, area="east", detectors=detectors, clock=self.clock, dates=dates)
        self.events: list[Event] = []

    def show(self, frames: Iterator[Frame]) -> Watcher:
        """Feed all frames."""
        for frame in frames:
            self.clock.set(frame.at)
            self.events += self.analysis.feed(frame)
        return self

    def of(self, kind: str, phase: Phase | None = None) -> list[Event]:
        """The Events of one kind so far."""
        return [one for one in self.events if one.kind == kind and phase in (None, one.phase)]
