"""FireVerifier: the network that says of a picture whether fire, and whether smoke, is in it; one thread, one core.

It judges single pictures, so it can be fooled by a poster of a fire; that several looks over seconds agree is asked for
elsewhere. The weights lie beside the detectors and are made by `cameras.training.fire_verifier`; what they were trained
on and what they cannot see stands in docs/models/fire_verifier.md. One per worker; `look` is not for several threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.errors import ModelError
from cameras.vision import onnx

WEIGHTS: Final = Path(__file__).resolve().parents[2] / "detectors" / "weights" / "fire_verifier.onnx"
"""Those that come along."""

_MOST_AT_ONCE: Final = 8
"""Pictures in one run of the network: more are no faster each on one core, and take memory."""


class FireVerifier:
    """The loaded network."""

    def __init__(self, path: Path = WEIGHTS) -> None:
        """Load it, which takes some 0.1 s.

        Raises:
            ModelError: The file is missing or no such model.
        """
        try:
            self._session = onnx.load(path)
            (pictures,) = self._session.get_inputs()
            (scores,) = self._session.get_outputs()
            self._side_px = int(pictures.shape[1])
            fits = (pictures.name, scores.name, pictures.type, scores.shape[-1])
        except Exception as error:  # the runtime's errors have no common root
            raise ModelError(f"{path.name} cannot be loaded: {error}") from error
        if fits != ("pictures", "scores", "tensor(uint8)", 2):
            raise ModelError(f"{path.name} is not a fire verifier")

    def look(self, crops: Sequence[NDArray[np.uint8]]) -> list[tuple[float, float]]:
        """How sure it is of fire and of smoke in each crop.

        Args:
            crops: Each (height, width, 3) uint8, BGR, of any size; squares are seen as they are, others (a whole
                picture) are squeezed into one.

        Returns:
            For each crop (fire, smoke), each 0..1 and for itself: both may be high.
        """
        found: list[tuple[float, float]] = []
        for first in range(0, len(crops), _MOST_AT_ONCE):
            batch = np.stack([self._fitted(crop) for crop in crops[first : first + _MOST_AT_ONCE]])
            (scores,) = self._session.run(["scores"], {"pictures": batch})
            found.extend((float(fire), float(smoke)) for fire, smoke in scores)
        return found

    def _fitted(self, crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
        height, width = crop.shape[:2]
        side = self._side_px
        if height == width == side:
            return crop
        # Shrinking by area, growing by line: the other way round either shimmers or blurs.
        how = cv2.INTER_AREA if max(height, width) > side else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(crop, (side, side), interpolation=how), np.uint8)
