"""Plates: number plates of followed vehicles, found and read; only on cameras that ask for it.

It looks at the pixels of vehicles and at nothing else, at one vehicle a look, paid from the worker's budget. A vehicle
too small to show a plate is not looked at; one that stands is looked at a few times and then now and then. What was
read is handed on as it was read: votes and comparison are others' business; here is kept only where it looked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from cameras.vision.detection import PLATE, Detection, Scene
from cameras.vision.plates.loaded import PlateNetworks
from cameras.vision.plates.reading import MARGINS
from cameras.vision.plates.watch import PlateSeen
from cameras.vision.shared import Shared
from hub.geometry import Box
from hub.plugins import Options, Plugin

_MARGIN: Final = 0.12
"""Of the vehicle's box, around it: a box is a look old, and a plate hangs low."""
_SIDE_PX: Final = 480
"""The longer side that a vehicle is brought to: its plate is then some 100 px wide, and a look costs 15 ms."""
_AGAIN_S: Final = 0.4
"""One vehicle is looked at so often while it is new: reads of one instant err together."""
_LOOKS: Final = 8
"""Looks at a vehicle before it is left alone."""
_RARELY_S: Final = 30.0
"""How often a vehicle that stands is looked at then: the first looks may have been in bad light."""
_SAME: Final = 0.3
"""Intersection over union at which a box is that of the vehicle looked at before."""
_REMEMBERED: Final = 32
"""Vehicles in one picture that are remembered; of more the longest unseen is forgotten."""


class PlateOptions(Options):
    """Settings of the plate reader."""

    least: Annotated[float, Field(ge=0.2, le=1.0)] = 0.5
    """What is found less surely is not read."""
    least_vehicle_px: Annotated[int, Field(ge=40, le=2000)] = 150
    """Vehicles narrower than this are not looked at: a plate is about a quarter of a car's width."""
    least_plate_px: Annotated[int, Field(ge=20, le=400)] = 40
    """Plates narrower than this are not read: readers guess below it."""


@dataclass(slots=True)
class _Looked:
    box: Box
    at_s: float
    looks: int = 0


class PlateDetector:
    """Looks at one camera's vehicles with the worker's plate networks."""

    def __init__(self, options: PlateOptions, shared: Shared) -> None:
        self._options = options
        self._shared = shared
        self._looked: list[_Looked] = []
        self._turn = 0

    @property
    def trouble(self) -> str | None:
        """Why it reads nothing; None while it works."""
        return self._shared.plates.trouble

    def reset(self) -> None:
        """Look at every vehicle anew."""
        self._looked.clear()

    def detect(self, scene: Scene) -> list[Detection] | None:
        """The plates of the vehicle whose turn it is; None when there was none to look at."""
        networks = self._shared.plates.networks
        if networks is None or not scene.vehicles:
            return None
        due = self._due(scene)
        if due is None:
            return None
        clock = scene.clock
        now_s, camera = clock.monotonic_s(), self._shared.camera
        if not self._shared.budget.grant(camera, now_s, urgent=scene.urgent, purpose="plates"):
            return None
        due.at_s, due.looks = scene.frame.pts_s, due.looks + 1
        begun_s = clock.monotonic_s()
        found = self._read(networks, scene, due.box)
        self._shared.budget.spend(clock.monotonic_s() - begun_s)
        return found

    def _due(self, scene: Scene) -> _Looked | None:
        """The vehicle that was looked at least, of those that are large enough and have not had enough looks."""
        at_s, width = scene.frame.pts_s, scene.frame.full_width_px
        best: _Looked | None = None
        for box in scene.vehicles:
            if box.w * width < self._options.least_vehicle_px:
                continue
            known = self._known(box)
            wait_s = _AGAIN_S if known.looks < _LOOKS else _RARELY_S
            if known.looks and at_s - known.at_s < wait_s:
                continue
            if best is None or (known.looks, known.at_s) < (best.looks, best.at_s):
                best = known
        return best

    def _known(self, box: Box) -> _Looked:
        known = max(self._looked, key=lambda one: one.box.overlap(box), default=None)
        if known is None or known.box.overlap(box) < _SAME:
            known = _Looked(box, -math.inf)
            self._looked.append(known)
        known.box = box
        self._looked.remove(known)
        self._looked = [*self._looked, known][-_REMEMBERED:]
        return known

    def _read(self, networks: PlateNetworks, scene: Scene, vehicle: Box) -> list[Detection]:
        image = scene.frame.full()  # a plate needs every pixel that the stream has
        height, width = image.shape[:2]
        left = max(0, math.floor((vehicle.x - _MARGIN * vehicle.w) * width))
        top = max(0, math.floor((vehicle.y - _MARGIN * vehicle.h) * height))
        right = min(width, math.ceil((vehicle.x + (1 + _MARGIN) * vehicle.w) * width))
        bottom = min(height, math.ceil((vehicle.y + (1 + _MARGIN) * vehicle.h) * height))
        crop = np.ascontiguousarray(image[top:bottom, left:right])
        if min(crop.shape[:2]) == 0:
            return []
        self._turn += 1
        margin = MARGINS[self._turn % len(MARGINS)]  # another one each look: a look less costs more than a read
        seen: list[Detection] = []
        for plate in networks.find(crop, least=self._options.least, side_px=_SIDE_PX):
            if plate.width_px < self._options.least_plate_px:
                continue
            x, y, far_x, far_y = plate.bounds
            box = Box((left + x) / width, (top + y) / height, (far_x - x) / width, (far_y - y) / height).clipped()
            reads = tuple(networks.read(crop, plate, margins=(margin,)))
            seen.append(PlateSeen(PLATE, plate.score, box, reads=reads, width_px=plate.width_px))
        return seen


def _build(options: PlateOptions, shared: Shared) -> PlateDetector:
    return PlateDetector(options, shared)


PLUGIN = Plugin(
    kind="plates",
    options=PlateOptions,
    build=_build,
    summary="Number plates of followed vehicles, by the fetched networks; compared with the lists, and not kept.",
)
