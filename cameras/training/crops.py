"""Crops: the pictures that the fire verifier learns from, cut and worn as it will meet them.

It is asked about candidates (something warm, bright or hazy that moves, seen by a cheap camera) and about whole
pictures. So crops are cut around fire and smoke with much or little of their surroundings, around what could be
mistaken for them, and out of whole pictures squeezed; then all are made small, blurred, compressed and miscoloured by
chance. A label that nobody knows is None: it teaches nothing. Pictures are (height, width, 3) uint8, BGR.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from cameras.training import drawing
from cameras.training.pictures import Example, Image, Pool
from hub.geometry import Box

SIDE_PX: Final = 160
"""The verifier's input."""
CONTEXT: Final = (1.05, 4.0)
"""A crop around a fire is so many times as wide as its box."""
LEAST_FIRE: Final = 0.012
"""A fire that fills less of a crop than this is not to be asked of so few pixels: some 17 x 17."""
LEAST_SMOKE: Final = 0.1
"""The same of smoke, which has no outline."""
LEAST_PART: Final = 0.3
"""Of a fire that is cut by the crop's edge, so much must be inside."""
FILLS: Final = 0.5
"""A crop that is filled by a fire to this share shows it, however large it is outside."""


MOST_PUT_OUT: Final = 0.3
"""A fire larger than this share of the picture leaves too little to cover it with."""
STILL_BURNS: Final = 0.01
"""A picture of which more has the colours of fire where no box is, has fires without a box."""


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """One training picture, (SIDE_PX, SIDE_PX, 3), and its labels: 1, 0, or None where nobody knows."""

    image: Image
    fire: int | None
    smoke: int | None


class Cutter:
    """Cuts crops out of examples, by chance."""

    def __init__(self, examples: list[Example], rng: np.random.Generator) -> None:
        """Of examples of which some have fire, some smoke, and some neither for sure."""
        self._rng = rng
        self._all = Pool(examples)
        self._fires = Pool([each for each in examples if each.fires])
        self._smokes = Pool([each for each in examples if each.smokes])
        self._plain = Pool([each for each in examples if each.plain])

    def crop(self) -> Crop:
        """The next one, worn."""
        while True:
            draw = self._rng.random()
            found: Crop | None
            if draw < 0.28:
                found = self._around(self._fires.draw(self._rng), smoke=False)
            elif draw < 0.38:
                found = self._around(self._smokes.draw(self._rng), smoke=True)
            elif draw < 0.44:
                found = self._with_flame()
            elif draw < 0.52:
                found = self._with_smoke()
            elif draw < 0.62:
                found = self._whole()
            elif draw < 0.74:
                found = self._put_out()
            elif draw < 0.77:
                found = self._off_colour()
            else:
                found = self.negative()
            if found is not None and (found.fire, found.smoke) != (None, None):
                return Crop(worn(found.image, self._rng), found.fire, found.smoke)

    def crop_without(self) -> Crop:
        """The next one without fire and, as far as anybody knows, without smoke; worn."""
        while True:
            draw = self._rng.random()
            found = self._put_out() if draw < 0.35 else self._off_colour() if draw < 0.45 else self.negative()
            if found is not None:
                return Crop(worn(found.image, self._rng), found.fire, found.smoke)

    def negative(self) -> Crop | None:
        """A crop without fire, around what could be mistaken for it, disguised; None where there is no room.

        It is not worn yet.
        """
        rng = self._rng
        example = (self._plain if rng.random() < 0.35 else self._all).draw(rng)
        crop = cut_negative(example, rng)
        return None if crop is None else Crop(disguised(crop.image, rng), 0, crop.smoke)

    def _around(self, example: Example, *, smoke: bool) -> Crop:
        crop = cut_around(example, example.smokes if smoke else example.fires, self._rng)
        return Crop(self._patched(crop.image), crop.fire, crop.smoke)

    def _patched(self, image: Image) -> Image:
        """Sometimes with a small place covered, which must not be what gives away a fire that was put out."""
        rng = self._rng
        if rng.random() > 0.3:
            return image
        w, h = int(rng.uniform(16, 60)), int(rng.uniform(16, 60))
        corners = rng.uniform(0, 1, 4) * (SIDE_PX - w, SIDE_PX - h, SIDE_PX - w, SIDE_PX - h)
        left, top, other_left, other_top = corners.astype(int).tolist()
        # Only at the crop's edge: the fire is in its middle.
        left = 0 if left < SIDE_PX / 2 else SIDE_PX - w
        return drawing.with_patch(image, (left, top, w, h), (other_left, other_top))

    def _whole(self) -> Crop | None:
        """A whole picture, squeezed into a square."""
        example = (self._plain if self._rng.random() < 0.35 else self._all).draw(self._rng)
        fire, smoke = labels(example, Box(0, 0, 1, 1))
        image = _resized(example.image)
        return Crop(disguised(image, self._rng) if example.plain else image, fire, 1 if example.smoky else smoke)

    def _off_colour(self) -> Crop:
        """A fire turned green or blue, which none is: northern lights, neon, water in the sun."""
        example = self._fires.draw(self._rng)
        image = cut_around(example, example.fires, self._rng).image
        return Crop(turned(image, float(self._rng.uniform(40, 120))), 0, None)

    def _put_out(self) -> Crop | None:
        """The scene of a fire without the fire, so that not the scene decides: whole, or around where it burnt."""
        rng = self._rng
        example = self._fires.draw(rng)
        image = put_out(example, rng)
        if image is None:
            return None
        if rng.random() < 0.5:
            crop = _resized(image)
        else:
            calm = Example(image, example.fires, (), smoke_known=False, smoky=False, origin="")
            crop = cut_around(calm, calm.fires, rng).image
        return Crop(disguised(crop, rng) if rng.random() < 0.5 else crop, 0, 0 if example.smoke_known else None)

    def _with_flame(self) -> Crop | None:
        """A small flame put into an ordinary place."""
        rng = self._rng
        example = self._fires.draw(rng)
        height, width = example.image.shape[:2]
        box = example.fires[rng.integers(len(example.fires))]
        left, top = max(0, int(box.x * width)), max(0, int(box.y * height))
        part = example.image[top : int((box.y + box.h) * height), left : int((box.x + box.w) * width)]
        if min(part.shape[:2]) < 12 or (alpha := drawing.flame_of(part)) is None:
            return None
        ground = cut_negative((self._plain if rng.random() < 0.6 else self._all).draw(rng), rng)
        if ground is None:
            return None
        image, share = drawing.with_flame(ground.image, part, alpha, rng)
        return Crop(image, 1 if share >= LEAST_FIRE else None, ground.smoke)

    def _with_smoke(self) -> Crop | None:
        """Smoke drawn into an ordinary place."""
        rng = self._rng
        ground = cut_negative((self._plain if rng.random() < 0.7 else self._all).draw(rng), rng)
        if ground is None:
            return None
        image, share = drawing.with_smoke(ground.image, rng)
        return Crop(image, 0, 1 if share >= LEAST_SMOKE else None)


def put_out(example: Example, rng: np.random.Generator) -> Image | None:
    """The picture with its fires covered by other parts of it; None where it burns everywhere, or still does."""
    height, width = example.image.shape[:2]
    image = example.image
    for box in example.fires:
        if box.w * box.h > MOST_PUT_OUT:
            return None
        left, top = max(0, int((box.x - box.w * 0.2) * width)), max(0, int((box.y - box.h * 0.2) * height))
        w, h = min(width - left, int(box.w * 1.4 * width) + 2), min(height - top, int(box.h * 1.4 * height) + 2)
        for _ in range(8):
            source = int(rng.uniform(0, width - w + 1)), int(rng.uniform(0, height - h + 1))
            seen = Box(source[0] / width, source[1] / height, w / width, h / height)
            if not any(_share_inside(_grown(fire), seen) > 0 for fire in example.fires):
                image = drawing.with_patch(image, (left, top, w, h), source)
                break
        else:
            return None
    return image if drawing.burning(image) < STILL_BURNS else None


def cut_around(example: Example, boxes: tuple[Box, ...], rng: np.random.Generator) -> Crop:
    """A crop around one of `boxes`, with little or much of what is around it."""
    box = boxes[rng.integers(len(boxes))]
    height, width = example.image.shape[:2]
    side = max(box.w * width, box.h * height) * float(np.exp(rng.uniform(*np.log(CONTEXT))))
    x, y = (box.x + box.w / 2) * width, (box.y + box.h / 2) * height
    shake = side * 0.2
    image, seen = square(example.image, (x + rng.uniform(-shake, shake), y + rng.uniform(-shake, shake)), side)
    return Crop(image, *labels(example, seen))


def cut_negative(example: Example, rng: np.random.Generator) -> Crop | None:
    """A crop without fire and smoke, around what could be mistaken for them; None where there is no room."""
    height, width = example.image.shape[:2]
    boxes = [_grown(box) for box in (*example.fires, *example.smokes)]
    for _ in range(8):
        place = _tempting(example.image, rng)
        side = float(np.exp(rng.uniform(np.log(32), np.log(max(height, width)))))
        image, seen = square(example.image, place, side)
        if not any(_share_inside(box, seen) > 0 for box in boxes):
            return Crop(image, 0, 0 if example.smoke_known else None)
    return None


def labels(example: Example, seen: Box) -> tuple[int | None, int | None]:
    """What is known of fire and smoke in the part of a picture that is seen."""
    fire = _label(example.fires, seen, LEAST_FIRE)
    smoke = _label(example.smokes, seen, LEAST_SMOKE) if example.smoke_known else None
    return fire, smoke


def square(image: Image, place: tuple[float, float], side: float) -> tuple[Image, Box]:
    """The square of `side` pixels around `place` (x, y), moved into the picture, in SIDE_PX; and where it is, 0..1."""
    height, width = image.shape[:2]
    side = max(8.0, min(side, float(max(height, width))))
    left = int(min(max(place[0] - side / 2, 0.0), max(0.0, width - side)))
    top = int(min(max(place[1] - side / 2, 0.0), max(0.0, height - side)))
    part = image[top : int(top + side), left : int(left + side)]
    seen = Box(left / width, top / height, part.shape[1] / width, part.shape[0] / height)
    return _resized(part), seen


def disguised(image: Image, rng: np.random.Generator) -> Image:
    """A negative with what could be mistaken for fire or smoke: some of it drawn, some of it only recoloured."""
    if rng.random() < 0.35:
        image = recoloured(image, rng)
    chances: tuple[tuple[float, Callable[[Image, np.random.Generator], Image]], ...] = (
        (0.18, drawing.with_grey),
        (0.15, drawing.with_shadow),
        (0.18, drawing.with_clothes),
        (0.15, drawing.with_cones),
        (0.10, drawing.with_planks),
        (0.10, drawing.with_words),
        (0.18, drawing.with_lamps),
        (0.12, drawing.with_glints),
        (0.08, drawing.with_veil),
    )
    for chance, draw in chances:
        if rng.random() < chance:
            image = draw(image, rng)
    return image


def turned(image: Image, hue: float) -> Image:
    """With all colours turned so that what was orange has `hue` (OpenCV's: red 0, green 60, blue 120)."""
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(np.int16) + int(hue) - 12) % 180
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR), np.uint8)


def recoloured(image: Image, rng: np.random.Generator) -> Image:
    """With its strongest colour turned to red, orange or yellow, in orange light, or with all colours turned."""
    if rng.random() < 0.2:
        return turned(image, float(rng.uniform(0, 180)))
    if rng.random() < 0.4:
        gains = np.array([rng.uniform(0.35, 0.8), rng.uniform(0.7, 1.0), rng.uniform(1.1, 1.6)])
        return np.asarray(np.clip(image * gains, 0, 255), np.uint8)
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV).astype(np.float32)
    strength = hsv[..., 1] * hsv[..., 2]
    main = hsv[..., 0].flat[int(np.argmax(strength * rng.random(strength.shape, np.float32)))]
    hsv[..., 0] = (hsv[..., 0] - main + rng.uniform(-8, 30)) % 180
    hsv[..., 1] = np.clip(hsv[..., 1] * rng.uniform(1.2, 3.5), 0, 255)
    hsv[..., 2] = np.clip(hsv[..., 2] * rng.uniform(0.9, 1.4), 0, 255)
    return np.asarray(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2BGR), np.uint8)


def worn(image: Image, rng: np.random.Generator) -> Image:
    """The crop as a cheap camera far away would have sent it."""
    if rng.random() < 0.5:
        image = np.asarray(image[:, ::-1], np.uint8)
    if rng.random() < 0.06:
        image = np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8)
    if rng.random() < 0.12:
        length = int(rng.integers(3, 12))
        kernel = np.zeros((length, length), np.float32)
        last, middle = length - 1, length // 2
        start, end = ((0, 0), (last, last)) if rng.random() < 0.3 else ((0, middle), (last, middle))
        cv2.line(kernel, start, end, 1.0)
        image = np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)
    if rng.random() < 0.6:
        side = int(np.exp(rng.uniform(np.log(22), np.log(SIDE_PX))))
        small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
        image = np.asarray(cv2.resize(small, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_LINEAR), np.uint8)
    gains = rng.uniform(0.85, 1.15, 3) * rng.uniform(0.7, 1.25)
    levels = np.arange(256)[:, None] / 255.0 * gains
    curve = (255.0 * np.clip(levels, 0, 1) ** rng.uniform(0.8, 1.25)).astype(np.uint8)
    image = np.asarray(cv2.LUT(image, curve[:, None]), np.uint8)
    if rng.random() < 0.3:
        grain = rng.standard_normal(image.shape, np.float32) * np.float32(rng.uniform(2, 12))
        image = np.clip(image + grain, 0, 255).astype(np.uint8)
    if rng.random() < 0.8:
        done, data = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 71))))
        if done:
            image = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(image)


def _label(boxes: tuple[Box, ...], seen: Box, least: float) -> int | None:
    """1 where one is seen well, 0 where none is seen, None between."""
    anything = False
    for box in boxes:
        part = _share_inside(box, seen)
        fills = part * box.w * box.h / (seen.w * seen.h)
        if (part > LEAST_PART and fills >= least) or fills > FILLS:
            return 1
        anything = anything or part > 0
    return None if anything else 0


def _tempting(image: Image, rng: np.random.Generator) -> tuple[float, float]:
    """A place that a candidate could have: warm or white-hot, grey and soft, or any."""
    height, width = image.shape[:2]
    anywhere = (float(rng.uniform(0, width)), float(rng.uniform(0, height)))
    draw = rng.random()
    if draw < 0.3:
        return anywhere
    step = max(1, min(height, width) // 60)
    small = image[step // 2 :: step, step // 2 :: step].astype(np.int16)
    blue, green, red = small[..., 0], small[..., 1], small[..., 2]
    if draw < 0.7:
        wanted = ((red > 150) & (red - blue > 40) & (red >= green)) | (small.min(axis=2) > 225)
    else:
        wanted = (small.max(axis=2) - small.min(axis=2) < 25) & (green > 70)
    places = np.argwhere(wanted)
    if not len(places):
        return anywhere
    row, column = places[rng.integers(len(places))]
    return (float(column) + 0.5) * step, (float(row) + 0.5) * step


def _grown(box: Box) -> Box:
    """The box and a quarter around it: flames lick over the boxes that people draw."""
    return Box(box.x - box.w / 4, box.y - box.h / 4, box.w * 1.5, box.h * 1.5)


def _share_inside(box: Box, seen: Box) -> float:
    """How much of `box` lies in `seen`, 0..1."""
    wide = min(box.x + box.w, seen.x + seen.w) - max(box.x, seen.x)
    high = min(box.y + box.h, seen.y + seen.h) - max(box.y, seen.y)
    return max(0.0, wide) * max(0.0, high) / max(box.w * box.h, 1e-9)


def _resized(part: Image) -> Image:
    how = cv2.INTER_AREA if max(part.shape[:2]) > SIDE_PX else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(part, (SIDE_PX, SIDE_PX), interpolation=how), np.uint8)
