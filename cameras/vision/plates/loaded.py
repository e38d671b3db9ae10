"""LoadedPlates: the networks that find and read plates, loaded when they are first asked for and there."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cameras.errors import ModelError
from cameras.vision.objects.wheel_models import FOR_PLATES, PLATE_FINDER, PLATE_READER, PRINT_READER, lacking
from cameras.vision.plates.finding import SIDE_PX, Found, PlateFinder
from cameras.vision.plates.reading import MARGINS, Read, Reader, look_at

logger = logging.getLogger(__name__)

PLATE_CLASSES: Final = (
    "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ云京使冀吉学宁川挂新晋桂沪津浙渝港湘澳琼甘皖粤苏蒙藏警豫贵赣辽鄂闽陕青领鲁黑"
)
"""What the plate reader's classes stand for, in their order."""
_GUESSES: Final = "皖"
"""The public pictures that plate readers are trained on were taken in Anhui: there a province that cannot be seen is
皖 nine times in ten, and the reader has learned it."""


@dataclass(frozen=True, slots=True, eq=False)
class PlateNetworks:
    """Both readers and the finder."""

    finder: PlateFinder
    readers: tuple[Reader, ...]

    def find(self, picture: NDArray[np.uint8], *, least: float, side_px: int = SIDE_PX) -> list[Found]:
        """Plates in a picture, the surest first."""
        return self.finder.find(picture, least=least, side_px=side_px)

    def read(self, picture: NDArray[np.uint8], found: Found, *, margins: Sequence[float] = MARGINS) -> list[Read]:
        """Everything that the readers say of one of them."""
        return look_at(picture, found, self.readers, margins=margins)


def load_plates(models_dir: Path) -> PlateNetworks:
    """Load all three.

    Raises:
        ModelError: One is missing, or no such model.
    """
    if not all((models_dir / one.file).is_file() for one in FOR_PLATES):
        raise ModelError(lacking(models_dir)[0])
    readers = (
        Reader(
            "plates",
            models_dir / PLATE_READER.file,
            height_px=32,
            least_width_px=320,
            characters=PLATE_CLASSES,
            guesses=_GUESSES,
        ),
        Reader("print", models_dir / PRINT_READER.file, height_px=48, least_width_px=48),
    )
    return PlateNetworks(PlateFinder(models_dir / PLATE_FINDER.file), readers)


class LoadedPlates:
    """The networks, as one worker has them; taken up without a restart when somebody fetches them."""

    def __init__(self, models_dir: Path) -> None:
        """Load nothing yet."""
        self._models_dir = models_dir
        self._networks: PlateNetworks | None = None
        self._broken: str | None = None

    @property
    def networks(self) -> PlateNetworks | None:
        """All of them; None when one is missing or does not load."""
        there = all((self._models_dir / one.file).is_file() for one in FOR_PLATES)
        if self._networks is None and self._broken is None and there:
            try:
                self._networks = load_plates(self._models_dir)
            except ModelError as error:
                self._broken = str(error)
                logger.exception("plate readers do not load", extra={"path": str(self._models_dir)})
        return self._networks

    @property
    def trouble(self) -> str | None:
        """Why there are none, in words for an operator; None when there are."""
        if self._broken is not None:
            return self._broken
        if self._networks is not None or all((self._models_dir / one.file).is_file() for one in FOR_PLATES):
            return None
        return lacking(self._models_dir)[0]


NO_PLATES: Final = LoadedPlates(Path("/nowhere"))
"""For who was told of no folder."""
