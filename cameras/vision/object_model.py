"""ObjectModel: the network that names things, one per worker, one thread, one core.

Takes pictures of any size, gives labels, scores and boxes in 0..1 of each picture. Which network it is, its input size
and its labels are this file's matter alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from cameras.errors import ModelError
from hub.geometry import Box

LABELS: Final = {
    1: "person",
    2: "bicycle",
    3: "car",
    4: "motorcycle",
    6: "bus",
    8: "truck",
    17: "cat",
    18: "dog",
    19: "horse",
    20: "sheep",
    21: "cow",
    22: "elephant",
    23: "bear",
    24: "zebra",
    25: "giraffe",
}
"""COCO's numbers of what is told of here; the other classes are left out before anything is sorted."""

_NUMBERS: Final = np.array(list(LABELS)) - 1  # the network's output begins with class 1
_NAMES: Final = list(LABELS.values())


@dataclass(frozen=True, slots=True)
class Named:
    """One thing in one picture.

    Attributes:
        label: One of LABELS.
        score: 0..1.
        box: In 0..1 of the picture that was given.
    """

    label: str
    score: float
    box: Box


class ObjectModel:
    """The loaded network."""

    def __init__(self, path: Path) -> None:
        """Load it, which takes some 0.2 s.

        Raises:
            ModelError: The file is no such model.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a worker per core
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            (picture,) = self._session.get_inputs()
            self._side_px = int(picture.shape[1])
        except Exception as error:  # the runtime's errors have no common root
            raise ModelError(f"{path.name} cannot be loaded: {error}") from error

    def look(self, pictures: Sequence[NDArray[np.uint8]], *, least: float) -> list[list[Named]]:
        """What is in each picture.

        Args:
            pictures: Each (height, width, 3) uint8, BGR.
            least: Scores below are left out.
        """
        side = (self._side_px, self._side_px)
        # Shrinking by area, growing by line: the other way round either shimmers or blurs.
        batch = np.stack(
            [
                cv2.resize(
                    one, side, interpolation=cv2.INTER_AREA if one.shape[1] > self._side_px else cv2.INTER_LINEAR
                )
                for one in pictures
            ]
        )[..., ::-1]
        boxes, scores = self._session.run(["boxes", "scores"], {"pictures": np.ascontiguousarray(batch)})
        return [_named(boxes[number], scores[number][:, _NUMBERS], least) for number in range(len(pictures))]


def _named(boxes: NDArray[np.float32], scores: NDArray[np.float32], least: float) -> list[Named]:
    best = scores.max(axis=1)
    rows = np.flatnonzero(best >= least)
    found = []
    for row in rows:
        top, left, bottom, right = (float(side) for side in boxes[row])
        label = _NAMES[int(scores[row].argmax())]
        found.append(Named(label, float(best[row]), Box(left, top, right - left, bottom - top)))
    return found
