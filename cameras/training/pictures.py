"""Pictures: reads the labelled pictures and clips that the fire verifier may learn from, and keeps some of them back.

A folder holds `manifest.csv` (file, source, ...), `labels.csv` (file, ..., label), `boxes.csv` (file, label, cx, cy, w,
h), `images/<collection>/` and `video/`. What the boxes do not tell (whose fire cannot be told from glare, which
pictures show smoke and which none) stands in `seen.csv` beside this file, by number of the picture. Only the
collections of `SOURCES` and the clips of `CLIPS` are read: their licences let weights that were made from them be
shipped. What is held back is whole videos and runs of pictures, never frames of a video that was learned from.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hub.geometry import Box

SOURCES: Final = {"indoor_fire_rf": False, "firenet": False, "cctv_fire_smoke_rf": True}
"""Collections that are learned from, and whether smoke has boxes in them."""
CLIPS: Final = re.compile(r"video/neg_motorway_\w+\.mp4")
"""Clips without fire and smoke; a picture a second of each."""
SEEN: Final = Path(__file__).with_name("seen.csv")
MOST_PX: Final = 640
"""Larger pictures are shrunk: a camera's candidate has no more."""
NUMBERED: Final = re.compile(r"[-_ (]*(\d+)[-_)]*(jpg|jpeg|png)?(\.rf\.[0-9a-f]+)?(\.jpg|\.jpeg|\.png)?$")
RUN: Final = 40
"""Pictures of a collection that are numbered one after the other are often of one video: so many belong together."""

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One picture, (height, width, 3) uint8 BGR, with what is known of it.

    Attributes:
        image: The whole picture.
        fires: Where fire is.
        smokes: Where smoke is.
        smoke_known: Whether smoke would have a box, if there were any.
        smoky: Whether smoke is to be seen somewhere, though nobody drew a box around it.
        origin: The video or collection that it was taken from.
    """

    image: Image
    fires: tuple[Box, ...]
    smokes: tuple[Box, ...]
    smoke_known: bool
    smoky: bool
    origin: str

    @property
    def plain(self) -> bool:
        """Whether there is neither fire nor smoke in it, for sure."""
        return self.smoke_known and not self.fires and not self.smokes


class Pool:
    """Examples to draw from: a video with two hundred frames counts for more than a picture, not two hundred times."""

    def __init__(self, examples: list[Example]) -> None:
        """Of at least one example."""
        self.examples = examples
        counts = Counter(example.origin for example in examples)
        weights = np.array([counts[example.origin] ** -0.5 for example in examples])
        self._shares = np.cumsum(weights / weights.sum())

    def draw(self, rng: np.random.Generator) -> Example:
        """One of them."""
        return self.examples[min(int(np.searchsorted(self._shares, rng.random())), len(self.examples) - 1)]


def read_examples(folder: Path, held_back: float) -> tuple[list[Example], list[Example]]:
    """Those to learn from and those held back, whole origins on one side or the other.

    Args:
        folder: As in the module's text.
        held_back: Share of the origins, 0..1.
    """
    boxes: dict[str, list[tuple[str, Box]]] = defaultdict(list)
    for row in _rows(folder / "boxes.csv"):
        cx, cy, w, h = (float(row[key]) for key in ("cx", "cy", "w", "h"))
        boxes[row["file"]].append((row["label"], Box(cx - w / 2, cy - h / 2, w, h)))
    origins = {row["file"]: origin_of(row["source"]) for row in _rows(folder / "manifest.csv")}
    seen = _seen()
    none = {row["file"] for row in _rows(folder / "labels.csv") if row["label"] == "none"}
    learned: list[Example] = []
    held: list[Example] = []
    for name in sorted(origins):
        source, origin = name.split("/")[1], origins[name]
        if source in SOURCES and (name in boxes or name in none):
            more = seen.get(name, "")
            if more == "unclear":
                continue
            image = _shrunk(np.asarray(cv2.imread(str(folder / name)), np.uint8))
            fires = tuple(box for label, box in boxes[name] if label != "smoke")
            smokes = tuple(box for label, box in boxes[name] if label == "smoke")
            # Who drew a fire did not always draw its smoke.
            known = more == "no smoke" or (SOURCES[source] and (bool(smokes) or not fires))
            found = [Example(image, fires, smokes, known, bool(smokes) or more == "smoke", origin)]
        elif CLIPS.fullmatch(name):
            origin = name
            pictures = _pictures(folder / name)
            found = [Example(image, (), (), smoke_known=True, smoky=False, origin=origin) for image in pictures]
        else:
            continue
        (held if _share(origin) < held_back else learned).extend(found)
    return learned, held


def origin_of(source: str) -> str:
    """The video or collection that a picture was taken from: frames of one video look alike."""
    named = NUMBERED.search(source.lower())
    if named is None:
        return source.lower()
    stem = source.lower()[: named.start()]
    return stem if stem.endswith("_mp4") else f"{stem}/{int(named[1]) // RUN}"


def _seen() -> dict[str, str]:
    """File to what a person saw in it."""
    found = {}
    for row in _rows(SEEN):
        for number in range(int(row["first"]), int(row["last"]) + 1):
            found[f"images/{row['collection']}/{number:04d}.jpg"] = row["seen"]
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _shrunk(image: Image) -> Image:
    scale = MOST_PX / max(image.shape[:2])
    if scale >= 1:
        return image
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _pictures(path: Path) -> list[Image]:
    """A picture a second of a clip."""
    film = cv2.VideoCapture(str(path))
    step = max(1, round(film.get(cv2.CAP_PROP_FPS)))
    found: list[Image] = []
    number = 0
    while True:
        there, image = film.read()
        if not there:
            return found
        if number % step == 0:
            found.append(_shrunk(np.asarray(image, np.uint8)))
        number += 1


def _share(origin: str) -> float:
    """A number in 0..1 that is the same for an origin in every run."""
    return int.from_bytes(hashlib.sha256(origin.encode()).digest()[:4]) / 2**32
