"""An analysis that sees motion as a difference from the frame before, and misbehaves for cameras with certain ids."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cameras.vision.decoding import Frame
from config.calendars import Dates
from config.community import Camera
from config.machine import Machine
from config.plates import HeldPlates
from hub.clock import Clock
from hub.errors import ConfigurationError, Mistake
from hub.events import Event, Phase, new_event_id

HANGS = "hangs"
FAILS = "fails"
UNBUILDABLE = "unbuildable"


class FakeAnalysis:
    """Events of kind `camera.motion`: began, ended. Keeps the frames' numbers and times it was fed."""

    troubles: Mapping[str, str] = {}

    def __init__(self, camera: str, *, area: str | None = None) -> None:
        self._camera = camera
        self._area = area
        self._before: NDArray[np.uint8] | None = None
        self._subject: str | None = None
        self.moving = False
        self.fed: list[Frame] = []
        self.resets = 0

    def feed(self, frame: Frame) -> list[Event]:
        if self._camera.startswith(HANGS):
            threading.Event().wait()
        if self._camera == FAILS:
            raise RuntimeError("this analysis fails")
        self.fed.append(frame)
        before, self._before = self._before, frame.image
        self.moving = before is not None and float(np.abs(before.astype(int) - frame.image).max()) > 60
        if self.moving and self._subject is None:
            self._subject = new_event_id()[:8]
            return [self._event(Phase.BEGAN, frame.at)]
        if not self.moving and self._subject is not None:
            return self._end(frame.at)
        return []

    def reset(self, at: datetime) -> list[Event]:
        self.resets += 1
        self._before = None
        self.moving = False
        return [] if self._subject is None else self._end(at)

    def _end(self, at: datetime) -> list[Event]:
        event = self._event(Phase.ENDED, at)
        self._subject = None
        return [event]

    def _event(self, phase: Phase, at: datetime) -> Event:
        return Event(
            id=new_event_id(),
            kind="camera.motion",
            at=at,
            arrived=at,
            source=self._camera,
            driver="fake",
            area=self._area,
            camera=self._camera,
            subject=self._subject,
            phase=phase,
        )


def build_shared(machine: Machine, models_dir: Path) -> None:
    del machine, models_dir


def build_analysis(
    camera: Camera,
    *,
    area: str | None,
    shared: None,
    clock: Clock,
    plates: Sequence[HeldPlates],
    dates: Dates | None,
) -> FakeAnalysis:
    del shared, clock, plates, dates
    if camera.id == UNBUILDABLE:
        raise ConfigurationError((Mistake(None, "detectors", "there is no such detector"),))
    return FakeAnalysis(camera.id, area=area)
