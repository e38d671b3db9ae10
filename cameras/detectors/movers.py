"""Movers: whatever moves, without a name.

So that vehicles in a lane and people in a guarded zone are still seen when the object model is missing, or at night in
infra-red where it sees nothing. Wherever something named explains the motion, the named one counts.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from cameras.vision.detection import MOVER, Detection, Scene
from hub.plugins import Options, Plugin

_SCORE: Final = 0.6
"""Motion is certain, that it matters is not."""


class MoverOptions(Options):
    """Settings of the mover detector."""

    least_area: Annotated[float, Field(ge=0.0, le=1.0)] = 0.001
    """Share of the picture below which motion is left out."""


class MoverDetector:
    """Gives the motion model's blobs as Detections."""

    trouble: None = None

    def __init__(self, options: MoverOptions) -> None:
        self._options = options

    def reset(self) -> None:
        """There is nothing to forget."""

    def detect(self, scene: Scene) -> list[Detection]:
        """The pieces of foreground, the largest first."""
        return [
            Detection(MOVER, _SCORE, blob.box, {"area": round(blob.area, 4), "live": round(blob.live, 2)})
            for blob in scene.motion.blobs
            if blob.area >= self._options.least_area
        ]


def _build(options: MoverOptions, _shared: object = None) -> MoverDetector:
    return MoverDetector(options)


PLUGIN = Plugin(
    kind="movers",
    options=MoverOptions,
    build=_build,
    summary="Unnamed moving things, for lanes and guarded zones where the object model is missing or blind.",
)
