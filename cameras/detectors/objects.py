"""Objects: people, vehicles and animals by a network, on the whole picture and on windows in which they are larger.

The network misses what is small in its picture: a window around what moves, or around what is followed already, shows
it larger, and parts of a wide view in turn show who stands. One look is the whole picture and a few windows; looks are
paid from the worker's budget, and a quiet camera is looked at only now and then. Without the model it sees nothing and
says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cameras.vision.detection import Detection, Scene
from cameras.vision.motion import Motion
from cameras.vision.objects.model import Named
from cameras.vision.shared import Shared
from hub.geometry import Box
from hub.plugins import Options, Plugin

_QUIET_S: Final = (5.0, 10.0, 20.0, 40.0, 60.0)
"""How often a picture in which nothing moves is looked at: less and less often, for what is not followed by then and
does not come with motion is not there. Looking every 5 s at 159 quiet cameras would take a whole core."""
_STANDING_S: Final = (1.0, 2.0, 5.0)
"""The same while something is followed, which may drive on without much motion: less and less often while it stands and
is there each time. States are told again every ten seconds, which looks further apart could not."""
_NEW_S: Final = 1.2
"""So long after another scene began what moves in it is being learned: a car may cross it meanwhile."""
_MARGIN: Final = 1.6
"""A crop is so many times larger than what it is for: the network was trained on things with surroundings."""
_LEAST_CROP: Final = 0.3
"""Of the picture's height: closer up there are only the camera's own pixels."""
_LARGE: Final = 0.1
"""Height in parts of the picture's longer side: larger things are seen in the whole picture as well."""
_WIDE_PX: Final = 832
"""A picture of this width is shrunk to half for the network, and people at its far end to nothing."""
_PARTS: Final = ((0.0, 0.0), (0.3, 0.0), (0.6, 0.0), (0.0, 0.5), (0.3, 0.5), (0.6, 0.5))
"""Left and top of the parts of a wide view, in turn."""
_PART_SIZE: Final = (0.4, 0.5)
"""Their width and height: they overlap by more than a person far away is wide."""
_UNMOVED: Final = 0.8
"""People and animals move. What looks like one where nothing ever did is more likely a post, so it counts for less."""
_TOUCHED: Final = 0.1
"""Share of a box that must have been foreground to say that it moved."""
_SAME: Final = 0.5
"""Intersection over union from which two boxes of one kind are one thing: the network gives some things twice."""
_SAME_ELSEWHERE: Final = 0.3
"""The same for boxes of different windows: looks of their own, another scale, agree less. Two people side by
side overlap less than this."""
_PART: Final = 0.8
"""Intersection over the smaller box: crops cut things into parts."""
_TOO_LARGE: Final = 0.85
"""Share of the picture: boxes around everything are the network's way of saying nothing."""
_EDGE: Final = 0.01


class ObjectOptions(Options):
    """Settings of the object detector."""

    least: Annotated[float, Field(ge=0.05, le=1.0)] = 0.3
    """Detections less sure are left out; from 0.5 on they may begin a track."""
    crops: Annotated[int, Field(ge=0, le=8)] = 2
    """Windows per look around what moves or is followed, besides the whole picture; each costs half as much."""
    tiles: Annotated[int, Field(ge=0, le=6)] | None = None
    """Parts of the view, in turn, in looks without such windows, for who stands far away; null is 1 from a width of
    832 px on, and none below."""


class ObjectDetector:
    """Looks at one camera's pictures with the worker's network."""

    def __init__(self, options: ObjectOptions, shared: Shared) -> None:
        self._options = options
        self._shared = shared
        self._looked_s = -math.inf
        self._stood = 0
        self._quiet = 0
        self._begun_s = -math.inf
        self._turn = 0
        self._part = 0

    @property
    def trouble(self) -> str | None:
        """Why it sees nothing; None while it works."""
        return self._shared.objects.trouble

    def reset(self) -> None:
        """Look again at once."""
        self._looked_s = -math.inf
        self._quiet = 0

    def detect(self, scene: Scene) -> list[Detection] | None:
        """What is there; None when it was not this camera's turn."""
        model = self._shared.objects.model
        if scene.motion.cut or scene.frame.pts_s < self._begun_s:
            self._begun_s = scene.frame.pts_s
        if model is None or not self._due(scene):
            return None
        if not self._shared.budget.grant(self._shared.camera, scene.clock.monotonic_s(), urgent=scene.urgent):
            return None
        self._looked_s = scene.frame.pts_s
        self._stood = min(self._stood + 1, len(_STANDING_S) - 1)
        self._quiet = min(self._quiet + 1, len(_QUIET_S)) if self._is_quiet(scene) else 0
        image = scene.frame.image
        windows = [(0, 0, image.shape[1], image.shape[0]), *(self._crops(scene) or self._tiles(image))]
        begun_s = scene.clock.monotonic_s()
        answers = model.look([_cut(image, window) for window in windows], least=self._options.least)
        self._shared.budget.spend(scene.clock.monotonic_s() - begun_s)
        found = _joined(answers, windows, image.shape[1], image.shape[0])
        return [_doubted(one, scene.motion) for one in found] if self._settled(scene) else found

    def _settled(self, scene: Scene) -> bool:
        """Whether the background is known, so that what never moved can be told."""
        return scene.frame.pts_s - self._begun_s >= _NEW_S

    def _due(self, scene: Scene) -> bool:
        if scene.motion.moving or not self._settled(scene):
            self._stood = self._quiet = 0
            return True
        if not scene.standing:
            self._stood = 0
        waited_s = scene.frame.pts_s - self._looked_s
        if not self._is_quiet(scene):
            return waited_s >= _STANDING_S[self._stood]
        return waited_s >= _QUIET_S[max(0, self._quiet - 1)]

    def _is_quiet(self, scene: Scene) -> bool:
        return self._settled(scene) and not (scene.motion.moving or scene.followed)

    def _crops(self, scene: Scene) -> list[tuple[int, int, int, int]]:
        """Squares around what moves and what is followed, in pixels; in turn, when there are more than allowed."""
        height, width = scene.frame.image.shape[:2]
        live = [blob.box for blob in scene.motion.blobs if blob.live > 0]
        wanted = [box for box in (*scene.followed, *live) if box.h * height < _LARGE * max(height, width)]
        squares: list[tuple[int, int, int, int]] = []
        for box in wanted:
            x, y = box.centre[0] * width, box.centre[1] * height
            if not any(left < x < left + side and top < y < top + side for left, top, side, _ in squares):
                squares.append(_square(box, width, height))
        if not squares or self._options.crops == 0:
            return []
        self._turn += 1
        first = (self._turn * self._options.crops) % len(squares) if len(squares) > self._options.crops else 0
        return [*squares[first:], *squares[:first]][: self._options.crops]

    def _tiles(self, image: NDArray[np.uint8]) -> list[tuple[int, int, int, int]]:
        """Parts of a wide view, in turn, in pixels."""
        height, width = image.shape[:2]
        count = self._options.tiles if self._options.tiles is not None else int(width >= _WIDE_PX)
        wide, high = round(width * _PART_SIZE[0]), round(height * _PART_SIZE[1])
        parts = []
        for _ in range(count):
            left, top = _PARTS[self._part % len(_PARTS)]
            self._part += 1
            parts.append((round(left * width), round(top * height), wide, high))
        return parts


def _doubted(detection: Detection, motion: Motion) -> Detection:
    """The same, less sure where nothing moved that should."""
    box = detection.box
    if detection.label in _PARKED or any(one.box.shared(box) > _TOUCHED * box.area for one in motion.blobs):
        return detection
    return replace(detection, score=detection.score * _UNMOVED)


def _square(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, width, height of the square around `box`, inside the picture."""
    side = max(box.w * width, box.h * height) * _MARGIN
    whole = round(min(max(side, _LEAST_CROP * height), height, width))
    x, y = box.centre
    left = min(max(round(x * width - whole / 2), 0), width - whole)
    top = min(max(round(y * height - whole / 2), 0), height - whole)
    return (left, top, whole, whole)


def _cut(image: NDArray[np.uint8], window: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    left, top, wide, high = window
    return image[top : top + high, left : left + wide]


def _joined(
    answers: Sequence[Sequence[Named]], windows: Sequence[tuple[int, int, int, int]], width: int, height: int
) -> list[Detection]:
    """All windows' answers in one picture's coordinates, each thing once, the surest first."""
    found: list[tuple[Detection, int]] = []
    for number, (answer, (left, top, wide, high)) in enumerate(zip(answers, windows, strict=True)):
        for one in answer:
            if number > 0 and _cut_off(one.box, left, top, wide=wide, high=high, width=width, height=height):
                continue  # a part of something; the whole picture or another crop has all of it
            box = Box(
                (left + one.box.x * wide) / width,
                (top + one.box.y * high) / height,
                one.box.w * wide / width,
                one.box.h * high / height,
            ).clipped()
            if 0 < box.area < _TOO_LARGE:
                found.append((Detection(one.label, one.score, box), number))
    kept: list[tuple[Detection, int]] = []
    for seen, window in sorted(found, key=lambda each: -each[0].score):
        same = (_same(seen, other, _SAME if window == elsewhere else _SAME_ELSEWHERE) for other, elsewhere in kept)
        if not any(same):
            kept.append((seen, window))
    return [seen for seen, _ in kept]


def _cut_off(box: Box, left: int, top: int, *, wide: int, high: int, width: int, height: int) -> bool:
    """Whether the box touches an edge of its crop that is not the picture's own."""
    return (
        (box.x < _EDGE and left > 0)
        or (box.y < _EDGE and top > 0)
        or (box.x + box.w > 1 - _EDGE and left + wide < width)
        or (box.y + box.h > 1 - _EDGE and top + high < height)
    )


_VEHICLES: Final = frozenset({"car", "truck", "bus"})
_WHEELS: Final = frozenset({"motorcycle", "bicycle"})
_PARKED: Final = _VEHICLES | _WHEELS


def _same(one: Detection, other: Detection, least: float) -> bool:
    alike = one.label == other.label or {one.label, other.label} <= _VEHICLES or {one.label, other.label} <= _WHEELS
    if not alike:
        return False
    across = min(one.box.x + one.box.w, other.box.x + other.box.w) - max(one.box.x, other.box.x)
    down = min(one.box.y + one.box.h, other.box.y + other.box.h) - max(one.box.y, other.box.y)
    if across <= 0 or down <= 0:
        return False
    shared = across * down
    inside = shared / min(one.box.area, other.box.area)
    # One inside the other is a part only when it is much smaller or they mostly coincide; two people walking side by
    # side overlap too.
    return one.box.overlap(other.box) > least or inside > _PART


def _build(options: ObjectOptions, shared: Shared) -> ObjectDetector:
    return ObjectDetector(options, shared)


PLUGIN = Plugin(
    kind="objects",
    options=ObjectOptions,
    build=_build,
    summary="People, vehicles and animals by the fetched network, on the whole picture and on crops around motion.",
)
