"""Copying: what a camera takes over from its neighbour: settings, never its place, its address, password or consent.

Zones, lines and measured ground are drawn into the picture of the one camera, and lie elsewhere in that of the other:
they go along only when they are named.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from typing import Any

from config.community import Camera


class Part(enum.StrEnum):
    """What can be taken over."""

    DETECTORS = "detectors"
    RECORD = "record"
    BEHAVIOURS = "behaviours"
    ZONES = "zones"
    LINES = "lines"
    GROUND = "ground"


OF_ITS_VIEW = frozenset({Part.ZONES, Part.LINES, Part.GROUND})
"""Drawn for one view; of use to another camera only as something to begin from."""
ANYWHERE = tuple(part for part in Part if part not in OF_ITS_VIEW)


def copied(camera: Camera, source: Camera, parts: Collection[Part]) -> Camera:
    """`camera` with those parts of `source`."""
    update: dict[str, Any] = {part.value: getattr(source, part.value) for part in parts}
    return camera.model_copy(update=update)
