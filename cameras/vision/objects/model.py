"""ObjectModel: the network that names things, one per worker, one thread, one core.

Takes pictures of any size, gives labels, scores and boxes in 0..1 of each picture. Which network it is, how its picture
is made and how its answer is read is the matter of this file and of `object_formats`; what runs it, of `engines`.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.errors import ModelError
from cameras.vision.objects.engines import Port, open_engine
from cameras.vision.objects.formats import FORMATS, Asked, Found, classes_of
from cameras.vision.objects.labels import known_classes
from config.machine import EngineName, FormatName
from hub.geometry import Box

_GREY: Final = 114
"""What stands beside a picture that keeps its proportions: what such networks were trained with."""
_OVERLAP: Final = 0.6
"""Intersection over union from which two boxes of one class and one look are one thing; people stand close."""
_STEP_PX: Final = 32
"""The coarsest stride: sides of pictures are multiples of it."""
_GROWN: Final = 1.5
"""Pictures are made larger by no more: beyond it the network sees the camera's pixels and not the thing."""
_COLOURS: Final = 3
_PICTURE_AXES: Final = 4


@dataclass(frozen=True, slots=True)
class Named:
    """One thing in one picture.

    Attributes:
        label: One of `labels.WORDS`.
        score: 0..1.
        box: In 0..1 of the picture that was given.
    """

    label: str
    score: float
    box: Box


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a network's file is to be taken.

    Attributes:
        format: A row of the table of formats.
        labels: Its classes in their order; None takes those written in the file, or those of the format.
        side_px: Of the pictures that it is given, where its file leaves that open; None is the format's.
    """

    format: FormatName = "nanodet"
    labels: tuple[str, ...] | None = None
    side_px: int | None = None


class ObjectModel:
    """The loaded network."""

    def __init__(
        self, path: Path, wanted: Wanted | None = None, *, engine: EngineName = "auto", threads: int = 1
    ) -> None:
        """Load it and try it on a grey picture, which takes some 0.2 s.

        Args:
            path: Its ONNX file.
            wanted: How it is to be taken; None as the fetched one.
            engine: What runs it.
            threads: How many of those.

        Raises:
            ModelError: The file is no such model, or the engine is not installed.
        """
        wanted = wanted or Wanted()
        self._engine = open_engine(path, engine, threads=threads)
        self._format = FORMATS[wanted.format]
        try:
            self._prepare(wanted)
            self._run(np.full((_STEP_PX, 2 * _STEP_PX, 3), _GREY, np.uint8), 0.99)
        except ModelError as error:
            raise ModelError(f"{path.name} is no {wanted.format} model: {error}") from error
        except Exception as error:  # whatever an engine raises when it is fed what it does not take
            raise ModelError(f"{path.name} does not run as a {wanted.format} model: {error}") from error

    def _prepare(self, wanted: Wanted) -> None:
        self.labels = wanted.labels or _noted(self._engine.notes.get("names", "")) or self._format.labels
        known = known_classes(self.labels)
        if not known:
            raise ModelError(f"none of its labels is known to the hub: {', '.join(self.labels[:5])}")
        self._words = [word for _, word in known]
        self._classes = classes_of(known)
        self._port = self._picture_port()
        self._colours_first = self._port.shape[1] == _COLOURS
        height, width = self._port.shape[2:] if self._colours_first else self._port.shape[1:3]
        side = wanted.side_px or self._format.side_px
        self._free = self._format.fit == "free" and height is None
        self._size = (height or side, width or side)

    def _picture_port(self) -> Port:
        pictures = [port for port in self._engine.ports if len(port.shape) == _PICTURE_AXES]
        if len(pictures) != 1 or _COLOURS not in (pictures[0].shape[1], pictures[0].shape[3]):
            shapes = ", ".join(f"{port.name} of {port.shape}" for port in self._engine.ports)
            raise ModelError(f"it should take one picture of three colours, and takes {shapes or 'nothing'}")
        return pictures[0]

    @property
    def words(self) -> tuple[str, ...]:
        """What it tells of, in the hub's words, in the order of its classes."""
        return tuple(self._words)

    @property
    def takes(self) -> str:
        """The size of its pictures, in words."""
        height, width = self._size
        return f"{width} px on the longer side" if self._free else f"{width} x {height} px"

    def look(self, pictures: Sequence[NDArray[np.uint8]], *, least: float) -> list[list[Named]]:
        """What is in each picture.

        One after the other: on one core several at once gain nothing.

        Args:
            pictures: Each (height, width, 3) uint8, BGR.
            least: Scores below are left out.
        """
        return [self._named(*self._run(picture, least)) for picture in pictures]

    def _run(self, picture: NDArray[np.uint8], least: float) -> tuple[Found, _Place]:
        """What was found, and where the picture lies within what the network saw."""
        size = self._size_for(picture)
        fitted, place = _fitted(picture, size, self._format.fit)
        feeds: dict[str, NDArray[Any]] = {self._port.name: self._array(fitted)}
        for port in self._engine.ports:
            if port is not self._port:  # the size of the picture: 1 x 1, so that boxes come in 0..1
                feeds[port.name] = np.ones((1, 2), np.int64 if port.whole else np.float32)
        asked = Asked(size, self._classes, len(self.labels), least)
        return self._format.read(self._engine.run(feeds), asked), place

    def _size_for(self, picture: NDArray[np.uint8]) -> tuple[int, int]:
        if not self._free:
            return self._size
        height, width = picture.shape[:2]
        factor = min(self._size[0] / max(height, width), _GROWN)
        return (
            max(2, round(height * factor / _STEP_PX)) * _STEP_PX,
            max(2, round(width * factor / _STEP_PX)) * _STEP_PX,
        )

    def _array(self, fitted: NDArray[np.uint8]) -> NDArray[Any]:
        rgb = self._format.order == "rgb"
        if self._port.whole:
            return np.ascontiguousarray(fitted[None, ..., ::-1] if rgb else fitted[None])
        values = cv2.dnn.blobFromImage(fitted, self._format.scale, mean=self._format.mean, swapRB=rgb)
        return values if self._colours_first else np.ascontiguousarray(values.transpose(0, 2, 3, 1))

    def _named(self, found: Found, place: _Place) -> list[Named]:
        rows: Sequence[int] = range(len(found.scores))
        corners = found.boxes
        if self._format.twice and len(found.scores) > 1:
            shapes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
            classes = found.classes.astype(np.int32)
            rows = [
                int(row)
                for row in cv2.dnn.NMSBoxesBatched(
                    shapes.tolist(), found.scores.tolist(), classes.tolist(), 0.0, _OVERLAP
                )
            ]
        at_left, at_top, width, height = place
        named = []
        for row in rows:
            left, top, right, bottom = (float(side) for side in corners[row])
            box = Box(
                (left - at_left) / width, (top - at_top) / height, (right - left) / width, (bottom - top) / height
            )
            named.append(Named(self._words[int(found.classes[row])], float(found.scores[row]), box))
        return named


_Place = tuple[int, int, int, int]
"""Left, top, width and height, in pixels."""


def _fitted(picture: NDArray[np.uint8], size: tuple[int, int], fit: str) -> tuple[NDArray[np.uint8], _Place]:
    """The picture as the network wants it, and where in it the picture lies."""
    height, width = picture.shape[:2]
    high, wide = size
    if fit in ("corner", "centre"):
        factor = min(high / height, wide / width)
        high, wide = max(1, round(height * factor)), max(1, round(width * factor))
    # Shrinking by area, growing by line: the other way round either shimmers or blurs.
    way = cv2.INTER_AREA if width > wide else cv2.INTER_LINEAR
    scaled = np.asarray(cv2.resize(picture, (wide, high), interpolation=way), np.uint8)
    if (high, wide) == size:
        return scaled, (0, 0, wide, high)
    top, left = ((size[0] - high) // 2, (size[1] - wide) // 2) if fit == "centre" else (0, 0)
    whole = np.full((*size, _COLOURS), _GREY, np.uint8)
    whole[top : top + high, left : left + wide] = scaled
    return whole, (left, top, wide, high)


def _noted(names: str) -> tuple[str, ...] | None:
    """The classes as some exporters write them into the file: a Python dictionary of number and name."""
    try:
        found = ast.literal_eval(names)
    except (ValueError, SyntaxError):
        return None
    if not isinstance(found, dict) or not all(isinstance(number, int) for number in found) or not found:
        return None
    return tuple(str(found.get(number, "")) for number in range(max(found) + 1))
