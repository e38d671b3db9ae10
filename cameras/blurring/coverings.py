"""Coverings: from what somebody asks to have covered to the networks and places that cover it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray

from cameras.blurring.copying import Covering, Finder, What
from cameras.blurring.faces import FaceFinder, Rect
from cameras.errors import ModelError
from cameras.vision.objects.wheel_models import PLATE_FINDER, lacking
from cameras.vision.plates.finding import PlateFinder
from config.community import Camera
from config.zones import ZoneUse

WHAT: Final[tuple[What, ...]] = get_args(What)
_FACE_MARGIN: Final = 0.25
"""Of its size around a face: the network frames it from brow to chin, and hair and ears are known as well."""
_PLATE_MARGIN: Final = 0.15
_LEAST_PLATE: Final = 0.25
"""Low on purpose: what is covered without need costs little."""
_PLATE_SIDE_PX: Final = 1280


class PlateCorners:
    """Finds plates, as rectangles around them."""

    def __init__(self, models_dir: Path) -> None:
        """Load the network.

        Raises:
            ModelError: It is missing, or no such model.
        """
        path = models_dir / PLATE_FINDER.file
        if not path.is_file():
            raise ModelError(lacking(models_dir)[0])
        self._finder = PlateFinder(path)

    def find(self, picture: NDArray[np.uint8]) -> list[Rect]:
        """Where they are, in pixels; a picture is never brought to more than it has."""
        side_px = min(_PLATE_SIDE_PX, max(picture.shape[:2]))
        return [one.bounds for one in self._finder.find(picture, least=_LEAST_PLATE, side_px=side_px)]


def covering_of(words: Collection[What], models_dir: Path, camera: Camera | None) -> Covering:
    """What covers all of `words`.

    Args:
        words: What is to be covered.
        models_dir: Where `hub models fetch` put the networks.
        camera: Whose private zones are covered; None has none.

    Raises:
        ModelError: A network is missing: then nothing may be given away as covered.
    """
    finders: list[tuple[Finder, float]] = []
    if "faces" in words:
        finders.append((FaceFinder(models_dir), _FACE_MARGIN))
    if "plates" in words:
        finders.append((PlateCorners(models_dir), _PLATE_MARGIN))
    zones = () if camera is None or "windows" not in words else camera.zones
    polygons: Sequence[tuple[tuple[float, float], ...]] = [zone.points for zone in zones if zone.use is ZoneUse.PRIVATE]
    return Covering(finders, polygons, [word for word in WHAT if word in words])
