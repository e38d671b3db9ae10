"""Object formats: how each kind of detection network wants its picture, and how what it gives is read.

A format is one row of FORMATS and one function that reads. All functions give the same: boxes in pixels of the
network's picture, a score and a class for each, only of the classes asked for and only above the least score. What does
not fit the format is a ModelError that says what was expected, never a guess.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from cameras.errors import ModelError
from cameras.vision.objects.labels import COCO_80, COCO_90
from config.machine import FormatName

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What a reader has to know.

    Attributes:
        size: Height and width of the network's picture, in pixels.
        classes: The classes that are told of, by their number in the network.
        labels: How many classes the network is said to have.
        least: Scores below are left out.
    """

    size: tuple[int, int]
    classes: NDArray[np.intp]
    labels: int
    least: float


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a network gave, n things.

    Attributes:
        boxes: (n, 4) left, top, right, bottom in pixels of the network's picture.
        scores: (n,) 0..1.
        classes: (n,) position in `Asked.classes`.
    """

    boxes: Floats
    scores: Floats
    classes: NDArray[np.intp]


Reader = Callable[[Mapping[str, NDArray[Any]], Asked], Found]


@dataclass(frozen=True, slots=True)
class Format:
    """One row of the table.

    Attributes:
        read: Reads what the network gave.
        fit: How a picture becomes the network's: `free` where any size in multiples of 32 px will do, `stretch` to its
            size, or with its own proportions in the `corner` or the `centre` of it, the rest grey.
        order: Of the colours.
        mean: Taken off each colour, blue first, 0..255.
        scale: What is left is multiplied by this.
        twice: Whether one thing may come several times, and all but the surest are to be dropped.
        side_px: Of the picture, when the file leaves it open.
        labels: The classes, when nobody names them.
    """

    read: Reader
    fit: Literal["free", "stretch", "corner", "centre"]
    order: Literal["bgr", "rgb"]
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: float = 1.0
    twice: bool = True
    side_px: int = 640
    labels: tuple[str, ...] = COCO_80


_NANODET_SIDES: Final = 4 * 11
"""Each side of a box is a distribution over 0 to 10 strides."""
_GIVEN: Final = (0.0, 0.3, 0.45, 1.0)
_MEANT: Final = (0.0, 0.3, 0.5, 1.0)
"""NanoDet is modest: at .45 it is right as often as other networks at .5, from where on a detection counts as sure."""


def _read_nanodet(outputs: Mapping[str, NDArray[Any]], asked: Asked) -> Found:
    """Per level one (1, classes + sides, height, width): logits, and how far each side is from the cell's centre."""
    least = float(np.interp(asked.least, _MEANT, _GIVEN))
    parts = []
    for stride in (8, 16, 32):
        level = outputs.get(f"level{stride}", np.empty((1, 0, 0, 0)))
        if level.shape[:2] != (1, asked.labels + _NANODET_SIDES):
            raise ModelError(
                f"it should give level{stride} of (1, {asked.labels + _NANODET_SIDES}, ...), and gives {_told(outputs)}"
            )
        logits = level[0][asked.classes].reshape(len(asked.classes), -1)
        cells = np.flatnonzero(logits.max(axis=0) >= math.log(max(least, 1e-6) / max(1 - least, 1e-6)))
        best = logits[:, cells]
        spread = level[0][asked.labels :].reshape(_NANODET_SIDES, -1)[:, cells].reshape(4, 11, -1)
        shares = np.exp(spread - spread.max(axis=1, keepdims=True))
        sides = (shares * np.arange(11, dtype=np.float32)[:, None]).sum(axis=1) / shares.sum(axis=1) * stride
        x, y = (cells % level.shape[3] + 0.5) * stride, (cells // level.shape[3] + 0.5) * stride
        boxes = np.stack([x - sides[0], y - sides[1], x + sides[2], y + sides[3]], axis=1)
        scores = np.interp(1 / (1 + np.exp(-best.max(axis=0))), _GIVEN, _MEANT)
        parts.append((boxes, scores, best.argmax(axis=0)))
    boxes, scores, classes = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Found(boxes.astype(np.float32), scores.astype(np.float32), classes)


def _read_ssd(outputs: Mapping[str, NDArray[Any]], asked: Asked) -> Found:
    """`boxes` (1, n, 4) top, left, bottom, right in 0..1, and `scores` (1, n, classes)."""
    boxes, scores = outputs.get("boxes"), outputs.get("scores")
    if boxes is None or scores is None or scores.shape[-1] != asked.labels:
        raise ModelError(f"it should give boxes and scores of {asked.labels} classes, and gives {_told(outputs)}")
    height, width = asked.size
    corners = boxes[0][:, [1, 0, 3, 2]] * np.array([width, height, width, height], np.float32)
    return _chosen(corners, scores[0], asked)


def _read_yolox(outputs: Mapping[str, NDArray[Any]], asked: Asked) -> Found:
    """One (1, cells, 5 + classes): centre, size, if anything is there, and what; in strides, or decoded already."""
    rows = _only(outputs)
    cells = [(stride, asked.size[0] // stride, asked.size[1] // stride) for stride in (8, 16, 32)]
    count = sum(high * wide for _, high, wide in cells)
    if rows.shape != (1, count, 5 + asked.labels):
        raise ModelError(f"it should give (1, {count}, {5 + asked.labels}), and gives {_told(outputs)}")
    centres, sizes = rows[0][:, :2], rows[0][:, 2:4]
    if np.median(np.abs(centres)) < _IN_STRIDES:
        grid = np.concatenate([np.indices((high, wide))[::-1].reshape(2, -1).T for _, high, wide in cells])
        strides = np.concatenate([np.full((high * wide, 1), stride) for stride, high, wide in cells])
        centres, sizes = (centres + grid) * strides, np.exp(np.minimum(sizes, _MOST_LOG)) * strides
    return _chosen(_corners(centres, sizes), rows[0][:, 4:5] * rows[0][:, 5:], asked)


_MOST_LOG: Final = 10.0
"""Of a size in strides: more than any picture holds, less than a float does."""
_IN_STRIDES: Final = 8.0
"""Centres as shifts within a cell are about 0 to 1, and in pixels half of the picture's side: this tells them apart."""


def _read_yolo(outputs: Mapping[str, NDArray[Any]], asked: Asked) -> Found:
    """The families that call themselves YOLO from 5 on, told apart by their shape.

    (1, 4 + classes, n); (1, n, 5 + classes) with a score for anything at all; or, with overlaps already dropped,
    (1, n, 6) or (n, 7): corners, score and class, or picture, corners, class and score.
    """
    rows = _only(outputs)
    match rows.shape:
        case (1, columns, others) if columns == 4 + asked.labels != others:
            things = rows[0].T
            return _chosen(_corners(things[:, :2], things[:, 2:4]), things[:, 4:], asked)
        case (1, _, columns) if columns == 5 + asked.labels:
            things = rows[0]
            return _chosen(_corners(things[:, :2], things[:, 2:4]), things[:, 4:5] * things[:, 5:], asked)
        case (1, _, 6):
            things = rows[0]
            return _listed(things[:, :4], things[:, 4], things[:, 5], asked)
        case (_, 7):
            return _listed(rows[:, 1:5], rows[:, 6], rows[:, 5], asked)
    raise ModelError(
        f"it should give (1, {4 + asked.labels}, n), (1, n, {5 + asked.labels}), (1, n, 6) or (n, 7) for "
        f"{asked.labels} classes, and gives {_told(outputs)}"
    )


def _read_queries(outputs: Mapping[str, NDArray[Any]], asked: Asked) -> Found:
    """The transformers RT-DETR and D-FINE, in the three ways in which they are exported.

    `labels`, `boxes`, `scores` with corners in 0..1; `logits` and `pred_boxes` with centre and size in 0..1; or one
    (1, n, 4 + classes) of centre and size in 0..1 and scores.
    """
    height, width = asked.size
    whole = np.array([width, height, width, height], np.float32)
    if {"labels", "boxes", "scores"} <= outputs.keys():
        return _listed(outputs["boxes"][0] * whole, outputs["scores"][0], outputs["labels"][0], asked)
    if {"logits", "pred_boxes"} <= outputs.keys() and outputs["logits"].shape[-1] == asked.labels:
        boxes = outputs["pred_boxes"][0] * whole
        return _chosen(_corners(boxes[:, :2], boxes[:, 2:]), 1 / (1 + np.exp(-outputs["logits"][0])), asked)
    rows = next(iter(outputs.values()))
    if len(outputs) == 1 and rows.shape == (1, *rows.shape[1:2], 4 + asked.labels):
        boxes = rows[0][:, :4] * whole
        return _chosen(_corners(boxes[:, :2], boxes[:, 2:]), rows[0][:, 4:], asked)
    raise ModelError(
        f"it should give labels, boxes and scores, or logits and pred_boxes, or (1, n, {4 + asked.labels}) for "
        f"{asked.labels} classes, and gives {_told(outputs)}"
    )


def _only(outputs: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    if len(outputs) != 1:
        raise ModelError(f"it should give one thing, and gives {_told(outputs)}")
    return next(iter(outputs.values()))


def _chosen(boxes: NDArray[Any], scores: NDArray[Any], asked: Asked) -> Found:
    """The rows of which one of the classes asked for is sure enough."""
    of_ours = scores[:, asked.classes]
    rows = np.flatnonzero(of_ours.max(axis=1) >= asked.least)
    best = of_ours[rows]
    return Found(boxes[rows].astype(np.float32), best.max(axis=1).astype(np.float32), best.argmax(axis=1))


def _listed(boxes: NDArray[Any], scores: NDArray[Any], numbers: NDArray[Any], asked: Asked) -> Found:
    """The same where the network has chosen one class for each box."""
    if len(numbers) and int(numbers[scores >= asked.least].max(initial=0)) >= asked.labels:
        raise ModelError(f"it names class {int(numbers.max())}, and has only {asked.labels} labels")
    position = {int(number): place for place, number in enumerate(asked.classes)}
    rows = [row for row in np.flatnonzero(scores >= asked.least) if int(numbers[row]) in position]
    classes = np.array([position[int(numbers[row])] for row in rows], np.intp)
    return Found(boxes[rows].astype(np.float32), scores[rows].astype(np.float32), classes)


def _corners(centres: NDArray[Any], sizes: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1)


def _told(outputs: Mapping[str, NDArray[Any]]) -> str:
    return ", ".join(f"{name} of {value.shape}" for name, value in outputs.items()) or "nothing"


_UNIT: Final = 1 / 255
_IMAGENET: Final = (103.53, 116.28, 123.675)
"""The mean of ImageNet's colours, blue first; their spread is in NanoDet's first kernel."""

FORMATS: Final[Mapping[FormatName, Format]] = {
    "nanodet": Format(_read_nanodet, "free", "bgr", _IMAGENET, side_px=416),
    "ssd": Format(_read_ssd, "stretch", "rgb", side_px=300, labels=COCO_90),
    "yolox": Format(_read_yolox, "corner", "bgr"),
    "yolo": Format(_read_yolo, "centre", "rgb", scale=_UNIT),
    "rtdetr": Format(_read_queries, "stretch", "rgb", scale=_UNIT, twice=False),
    "dfine": Format(_read_queries, "stretch", "rgb", scale=_UNIT, twice=False),
}


def classes_of(labels: Sequence[tuple[int, str]]) -> NDArray[np.intp]:
    """The numbers of `labels.known_classes` as an array."""
    return np.array([number for number, _ in labels], np.intp)
