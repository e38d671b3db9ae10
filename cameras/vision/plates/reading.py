"""Reading: what stands on a found plate, by two networks that were trained apart.

One knows nothing but plates and guesses the likeliest plate; the other reads any print and knows no plates. They err
differently, so what both say is worth more than either. A plate of two rows is cut and its rows are laid side by side.
What comes out is characters with how sure each is; the grammar judges them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.errors import ModelError
from cameras.vision.objects.networks import open_session
from cameras.vision.plates.finding import Corners, Found

_HEIGHT_PX: Final = 64
"""A plate is straightened to this height, a third more than the larger reader takes."""
TWO_ROWS: Final = 2.25
"""Less than this times its height, a plate has two rows: 440 x 140 mm and 480 x 140 mm are of one, 440 x 220 mm and
220 x 140 mm of two."""
_UPPER: Final = (0.02, 0.42)
_LOWER: Final = (0.38, 1.0)
"""Shares of the height: the upper row of a plate of two is lower than its lower one."""
_UPPER_SHARE: Final = 0.5
"""An upper row has two or three characters, a lower one five: of like size when it is drawn half as wide."""
MARGINS: Final = (-0.03, 0.03, 0.1)
"""Shares of the height that are cut off or left around a plate: corners are found to a few pixels, and a reader that
misses a character at one edge often sees it at another."""
_GUESS: Final = 0.95
"""Less sure, a reader says what it saw most often when it was trained."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a reader saw.

    Attributes:
        reader: Which: `plates` or `print`.
        text: Its characters.
        weights: How sure it is of each, 0..1.
        rows: How many rows the plate was taken to have.
    """

    reader: str
    text: str
    weights: tuple[float, ...]
    rows: int


class Reader:
    """One loaded network."""

    def __init__(
        self, name: str, path: Path, *, height_px: int, least_width_px: int, characters: str = "", guesses: str = ""
    ) -> None:
        """Load it.

        Args:
            name: What it is called.
            path: Its ONNX file.
            height_px: The height that it takes.
            least_width_px: Narrower pictures are filled up, as it was trained.
            characters: Its classes in their order after the blank; empty when the file says them.
            guesses: What it says when it does not know; half as sure as it says.

        Raises:
            ModelError: The file is no such model.
        """
        self.name = name
        self._session = open_session(path)
        self._input = self._session.get_inputs()[0].name
        self._height_px = height_px
        self._least_width_px = least_width_px
        self._guesses = guesses
        # A list of one string a class, with the blank of CTC before it, and for print the space behind it.
        said = self._session.get_modelmeta().custom_metadata_map.get("character", "")
        classes = list(characters) if characters else [*said.splitlines(), " "]
        if len(classes) < len("0123456789"):
            raise ModelError(f"{path.name} does not say which characters it knows")
        self._classes = ["", *classes]

    def read(self, plate: NDArray[np.uint8], *, rows: int) -> Read:
        """Read one straightened plate of one row, or of two laid side by side."""
        height, width = plate.shape[:2]
        wide = max(8, math.ceil(self._height_px * width / height))
        data = np.zeros((self._height_px, max(wide, self._least_width_px), 3), np.float32)
        data[:, :wide] = cv2.resize(plate, (wide, self._height_px)).astype(np.float32) / 127.5 - 1
        answer = self._session.run(None, {self._input: data.transpose(2, 0, 1)[None]})[0][0]
        text, weights = characters_of(answer, self._classes)
        weights = tuple(
            weight / 2 if one in self._guesses and weight < _GUESS else weight
            for one, weight in zip(text, weights, strict=True)
        )
        return Read(self.name, text, weights, rows)


def characters_of(answer: NDArray[np.float32], classes: Sequence[str]) -> tuple[str, tuple[float, ...]]:
    """What a network's answer says, read as CTC: the likeliest class of each step, repeats once, blanks left out.

    Args:
        answer: (steps, classes): likelihoods; class 0 is the blank.
        classes: What they stand for.
    """
    likeliest = answer.argmax(axis=1)
    text: list[str] = []
    weights: list[float] = []
    before = 0
    for step, number in enumerate(likeliest):
        weight = float(answer[step, number])
        if number and number == before:
            weights[-1] = max(weights[-1], weight)
        elif number and number < len(classes):
            text.append(classes[number])
            weights.append(weight)
        before = int(number) if number < len(classes) else 0
    return "".join(text), tuple(weights)


def rows_of(found: Found) -> tuple[int, ...]:
    """How many rows a plate of this shape may have: a narrow one is of two, or of one and seen from aside."""
    return (1, 2) if found.width_px < TWO_ROWS * max(found.height_px, 1e-6) else (1,)


def straightened(
    picture: NDArray[np.uint8], corners: Corners, *, rows: int = 1, margin: float = 0.0
) -> NDArray[np.uint8]:
    """A plate seen from the front, one row of print.

    Args:
        picture: In which it was found.
        corners: Its corners.
        rows: Its rows; two are laid side by side.
        margin: Share of its height that is left around it, or cut off it.
    """
    upper_left, upper_right, lower_right, lower_left = corners
    across = (upper_right - upper_left + lower_right - lower_left) / 2
    down = (lower_left - upper_left + lower_right - upper_right) / 2
    aside = across * margin * float(np.linalg.norm(down)) / max(float(np.linalg.norm(across)), 1e-6)
    quad = np.array(
        [
            upper_left - aside - down * margin,
            upper_right + aside - down * margin,
            lower_right + aside + down * margin,
            lower_left - aside + down * margin,
        ],
        np.float32,
    )
    ratio = float(np.linalg.norm(quad[1] - quad[0])) / max(float(np.linalg.norm(quad[3] - quad[0])), 1e-6)
    width = int(min(max(round(ratio * _HEIGHT_PX), 16), 8 * _HEIGHT_PX))
    flat = np.array([[0, 0], [width, 0], [width, _HEIGHT_PX], [0, _HEIGHT_PX]], np.float32)
    turned = cv2.getPerspectiveTransform(quad, flat)
    plate = cv2.warpPerspective(
        picture, turned, (width, _HEIGHT_PX), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(plate if rows == 1 else _side_by_side(np.asarray(plate, np.uint8)), dtype=np.uint8)


def _side_by_side(plate: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = plate.shape[:2]
    upper = plate[round(_UPPER[0] * height) : round(_UPPER[1] * height)]
    lower = plate[round(_LOWER[0] * height) : round(_LOWER[1] * height)]
    row_px = 48
    return np.hstack(
        [cv2.resize(upper, (max(8, round(width * _UPPER_SHARE)), row_px)), cv2.resize(lower, (width, row_px))]
    )


def look_at(
    picture: NDArray[np.uint8], found: Found, readers: Sequence[Reader], *, margins: Sequence[float] = MARGINS
) -> list[Read]:
    """Everything that the readers say of one found plate, once for every margin."""
    return [
        reader.read(straightened(picture, found.corners, rows=rows, margin=margin), rows=rows)
        for rows in rows_of(found)
        for margin in margins
        for reader in readers
    ]
