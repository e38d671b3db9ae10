"""Model check: whether a network file can be used, and what it finds in a picture (`hub models check`)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from cameras.errors import ModelError
from cameras.vision.objects.labels import word_for
from cameras.vision.objects.model import Named, ObjectModel, Wanted
from config.machine import EngineName

_RUNS: Final = 5
_LEAST: Final = 0.3
"""What a track may go on with."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of it.

    Attributes:
        takes: The size of its pictures, in words.
        words: What it tells of, in the hub's words.
        unknown: Its classes that have no word in the hub, and are left out.
        look_ms: Processor time of one look.
        found: What it names in the picture, the surest first; empty without one.
    """

    takes: str
    words: tuple[str, ...]
    unknown: tuple[str, ...]
    look_ms: float
    found: tuple[Named, ...]


def check_model(path: Path, wanted: Wanted, *, engine: EngineName, picture: Path | None = None) -> Checked:
    """Load a network and look at a picture with it; at a grey one when none is given.

    Raises:
        ModelError: It cannot be used, or the picture cannot be read.
    """
    model = ObjectModel(path, wanted, engine=engine)
    image = np.full((360, 640, 3), 114, np.uint8)
    if picture is not None:
        read = cv2.imread(str(picture), cv2.IMREAD_COLOR) if picture.is_file() else None
        if read is None:
            raise ModelError(f"{picture} is no picture")
        image = np.asarray(read, np.uint8)
    begun_s = time.process_time()
    for _ in range(_RUNS):
        (found,) = model.look([image], least=_LEAST)
    look_ms = (time.process_time() - begun_s) / _RUNS * 1000
    unknown = tuple(label for label in model.labels if label and word_for(label) is None)
    surest = tuple(sorted(found, key=lambda one: -one.score))
    return Checked(model.takes, tuple(dict.fromkeys(model.words)), unknown, look_ms, surest)
