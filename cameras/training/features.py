"""Features: what the frozen part of the network makes of many crops, computed once and kept.

A round of training then costs a third of what it would: no pictures are cut, worn and seen again. Kept in pieces of
PIECE crops, `NAME.features.npy` (n, 112, 10, 10) float16 and `NAME.labels.npy` (n, 2) int8, -1 where nobody knows.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from cameras.training.crops import Crop, Cutter
from cameras.training.network import FEATURES, untrained, write
from cameras.vision.fire.verifier import FireVerifier

PIECE: Final = 1024
BATCH: Final = 16
UNKNOWN: Final = -1
TRIED: Final = 3
"""So many negatives are drawn where the hardest one is taken."""

Batch = tuple[NDArray[np.float16], NDArray[np.int8]]


class TrunkRun:
    """The frozen part, run by ONNX Runtime: three times as fast as torch on one core."""

    def __init__(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "trunk.onnx"
            write(untrained()[0], path, "features")
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            self._session = onnxruntime.InferenceSession(path.read_bytes(), options)

    def see(self, crops: list[Crop]) -> Batch:
        """Features and labels of crops."""
        labels = [[UNKNOWN if label is None else label for label in (crop.fire, crop.smoke)] for crop in crops]
        images = np.stack([crop.image for crop in crops])
        (features,) = self._session.run(["features"], {"pictures": images})
        return np.asarray(features, np.float16), np.array(labels, np.int8)


def hard(cutter: Cutter, verifier: FireVerifier, rng: np.random.Generator) -> Callable[[], Crop]:
    """Crops as the cutter gives them, but of its negatives those that an earlier network is most wrong about."""

    def next_crop() -> Crop:
        crop = cutter.crop()
        if crop.fire == 1 or crop.smoke == 1 or rng.random() < 0.3:
            return crop
        others = [crop]
        while len(others) < TRIED:
            other = cutter.crop_without()
            if other.smoke == crop.smoke:
                others.append(other)
        scores = verifier.look([each.image for each in others])
        wrong = [
            max(fire, smoke if each.smoke == 0 else 0.0) for each, (fire, smoke) in zip(others, scores, strict=True)
        ]
        return others[int(np.argmax(wrong))]

    return next_crop


def keep(folder: Path, name: str, *, count: int, next_crop: Callable[[], Crop], trunk: TrunkRun) -> None:
    """Write `count` crops' features into `folder`, in pieces whose names begin with `name`."""
    folder.mkdir(parents=True, exist_ok=True)
    for piece in range(-(-count // PIECE)):
        wanted = min(PIECE, count - piece * PIECE)
        parts = [trunk.see([next_crop() for _ in range(min(BATCH, wanted - at))]) for at in range(0, wanted, BATCH)]
        stem = folder / f"{name}-{piece:03d}"
        np.save(f"{stem}.features.npy", np.concatenate([features for features, _ in parts]))
        np.save(f"{stem}.labels.npy", np.concatenate([labels for _, labels in parts]))  # last: readers look for it
        sys.stderr.write(f"{name}: {piece * PIECE + wanted} crops\n")


def load(folder: Path, name: str = "") -> Batch:
    """All pieces in `folder` whose names begin with `name`."""
    found = sorted(folder.glob(f"{name}*.labels.npy"))
    features = [np.load(str(path).replace(".labels.", ".features.")) for path in found]
    if not features:
        return np.zeros((0, *FEATURES), np.float16), np.zeros((0, 2), np.int8)
    return np.concatenate(features), np.concatenate([np.load(path) for path in found])
