"""Drawing: what is drawn into pictures so that texture and form decide, and not colour or scene.

Everything that a camera sees without fire and that burns in the eye of a network: lamps, glints, orange clothes, cones,
planks, captions, shadows, veils of light; and the two that it must find where no photograph shows them: thin smoke that
begins to rise, and a small flame far away. Pictures are (height, width, 3) uint8 BGR; nothing here is taken from
anybody's picture but the flame that `with_flame` is given.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Field = NDArray[np.float32]

LAMPS: Final = ((255, 255, 255), (190, 230, 255), (60, 150, 255), (40, 40, 255), (90, 200, 255), (255, 120, 60))
"""White, warm white, sodium, brake light, yellow, blue; BGR."""
WORDS: Final = ("CAM 01", "EXIT", "SALE", "2024-05-17", "REC", "STOP", "BREAKING", "00:14:07", "LIVE", "P2")


def noise(shape: tuple[int, int], rng: np.random.Generator, *, coarsest: int = 3) -> Field:
    """Soft clouds in 0..1: octaves of noise, each twice as fine and half as strong."""
    height, width = shape
    total = np.zeros(shape, np.float32)
    cells, strength = coarsest, 1.0
    while cells <= min(64, width // 2):
        grid = rng.random((cells, cells), np.float32)
        total += np.float32(strength) * np.asarray(cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC))
        cells, strength = cells * 2, strength * rng.uniform(0.4, 0.65)
    low, high = float(total.min()), float(total.max())
    return np.asarray((total - low) / max(high - low, 1e-6), np.float32)


def with_lamps(image: Image, rng: np.random.Generator) -> Image:
    """With head-lights, tail-lights and street lamps: round, with a halo, of one colour."""
    height, width = image.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    light = np.zeros(image.shape, np.float32)
    for _ in range(int(rng.integers(1, 5))):
        x, y, radius = rng.uniform(0, width), rng.uniform(0, height), float(np.exp(rng.uniform(0.7, 3.0)))
        away = np.hypot(columns - x, (rows - y) * rng.uniform(0.7, 1.4))
        colour = np.asarray(LAMPS[rng.integers(len(LAMPS))], np.float32)
        halo = np.exp(-((away / (radius * rng.uniform(2, 5))) ** 1.2)) * rng.uniform(0.2, 0.7)
        light += halo[..., None] * colour + (away < radius)[..., None] * np.float32(255)
    return _clipped(image + light)


def with_glints(image: Image, rng: np.random.Generator) -> Image:
    """With the sun or a lamp on wet ground, metal or water: ragged, flat, burnt out, without a red fringe."""
    clouds = noise((image.shape[0], image.shape[1]), rng, coarsest=int(rng.integers(4, 16)))
    if rng.random() < 0.6:
        clouds = np.asarray(cv2.GaussianBlur(clouds, (0, 0), sigmaX=float(rng.uniform(2, 8)), sigmaY=0.8), np.float32)
    bright = np.clip((clouds - np.quantile(clouds, rng.uniform(0.9, 0.985))) * 12, 0, 1)
    place = _blob(image, rng, largest=0.8)
    colour = np.asarray((rng.uniform(215, 255), rng.uniform(235, 255), 255), np.float32)
    spread = cv2.GaussianBlur(bright, (0, 0), 5) * 0.5
    return _clipped(image + (np.maximum(bright, spread) * place)[..., None] * colour)


def with_clothes(image: Image, rng: np.random.Generator) -> Image:
    """With what is red, orange or yellow and no flame: clothes, helmets, signs; each of one paint."""
    height, width = image.shape[:2]
    result = image.astype(np.float32)
    for _ in range(int(rng.integers(1, 4))):
        hue, saturation, value = rng.uniform(0, 32), rng.uniform(140, 255), rng.uniform(120, 255)
        paint = np.asarray([[[hue, saturation, value]]]).astype(np.uint8)
        colour = cv2.cvtColor(paint, cv2.COLOR_HSV2BGR)[0, 0].astype(np.float32)
        middle = np.array([rng.uniform(0, width), rng.uniform(0, height)])
        size = float(np.exp(rng.uniform(np.log(5), np.log(width / 2.5))))
        mask = np.zeros((height, width), np.uint8)
        draw = rng.random()
        if draw < 0.4:
            axes = (max(1, int(size)), max(1, int(size * rng.uniform(0.5, 1.2))))
            cv2.ellipse(mask, (int(middle[0]), int(middle[1])), axes, float(rng.uniform(0, 180)), 0, 360, 255, -1)
        else:  # a jacket, a flag, a box
            angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(4, 9))))
            reach = size * rng.uniform(0.6, 1.3, angles.size)
            corners = middle + np.stack(
                [np.cos(angles) * reach, np.sin(angles) * reach * rng.uniform(0.8, 2.0)], axis=1
            )
            cv2.fillPoly(mask, [corners.astype(np.int32)], 255)
        cover = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.5, 3))).astype(np.float32)[..., None] / 255
        folds = 0.55 + 0.6 * noise((height, width), rng, coarsest=int(rng.integers(3, 9)))[..., None]
        painted = colour * folds
        if rng.random() < 0.3:
            rows = np.arange(height)[:, None, None]
            band = np.abs(rows - middle[1] - rng.uniform(-0.5, 0.5) * size) < size * 0.12
            painted = np.where(band, np.float32(rng.uniform(180, 250)), painted)
        result = result * (1 - cover) + painted * cover
    return _clipped(result)


def with_cones(image: Image, rng: np.random.Generator) -> Image:
    """With traffic cones and signs: pointed, orange or yellow, often with a pale band, small."""
    height, width = image.shape[:2]
    result = image.astype(np.float32)
    for _ in range(int(rng.integers(1, 3))):
        tall = float(np.exp(rng.uniform(np.log(12), np.log(height * 0.6))))
        wide = tall * rng.uniform(0.4, 0.9)
        x, y = rng.uniform(0, width), rng.uniform(tall, height)
        hsv = np.asarray([[[rng.uniform(3, 28), rng.uniform(150, 255), rng.uniform(150, 255)]]]).astype(np.uint8)
        colour = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)[0, 0].astype(np.float32)
        top = wide * rng.uniform(0.02, 0.2)
        corners = [(x - top, y - tall), (x + top, y - tall), (x + wide / 2, y), (x - wide / 2, y)]
        mask = np.zeros((height, width), np.uint8)
        cv2.fillPoly(mask, [np.array(corners, np.int32)], 255)
        if rng.random() < 0.6:
            foot = np.array([(x - wide * 0.7, y), (x + wide * 0.7, y + tall * 0.12)], np.int32)
            cv2.rectangle(mask, foot[0].tolist(), foot[1].tolist(), 255, -1)
        rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
        shade = 1 + rng.uniform(-0.5, 0.5) * (columns - x) / wide + rng.uniform(-0.3, 0.3) * (y - rows) / tall
        painted = colour * shade[..., None]
        if rng.random() < 0.6:
            place = rng.uniform(0.3, 0.7)
            band = np.abs((y - rows) / tall - place) < rng.uniform(0.05, 0.15)
            pale = np.asarray(((230, 230, 230), (40, 40, 200), (60, 210, 240))[rng.integers(3)], np.float32)
            painted = np.where(band[..., None], pale, painted)
        cover = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.4, 1.6))).astype(np.float32)[..., None] / 255
        result = result * (1 - cover) + painted * cover
    return _clipped(result)


def with_planks(image: Image, rng: np.random.Generator) -> Image:
    """With a warm ground (wood, brick, dry leaves, straw) and something dark before it, with warm gaps."""
    height, width = image.shape[:2]
    hsv = np.asarray([[[rng.uniform(4, 24), rng.uniform(110, 235), rng.uniform(110, 245)]]]).astype(np.uint8)
    colour = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)[0, 0].astype(np.float32)
    fine = noise((height, width), rng, coarsest=int(rng.integers(3, 24)))
    ground = colour * (0.6 + 0.7 * fine)[..., None]
    result = ground if rng.random() < 0.5 else image + (ground - image) * _blob(image, rng, largest=0.8)[..., None]
    for _ in range(int(rng.integers(2, 14))):
        ends = rng.uniform(-0.2, 1.2, (2, 2)) * (width, height)
        dark = rng.random() < 0.5
        tint = np.full(3, rng.uniform(5, 50)) if dark else colour * rng.uniform(0.5, 1.5)
        thick = int(rng.uniform(2, 30 if dark else 9))
        start, end = ends.astype(np.int32).tolist()
        result = np.ascontiguousarray(result, np.float32)
        cv2.line(result, start, end, tint.tolist(), thick, cv2.LINE_AA)
    return _clipped(cv2.GaussianBlur(result, (0, 0), float(rng.uniform(0.4, 1.5))))


def with_words(image: Image, rng: np.random.Generator) -> Image:
    """With a caption or a burnt-in clock."""
    height, width = image.shape[:2]
    result = image.copy()
    colour = ((60, 60, 255), (40, 200, 255), (255, 255, 255), (30, 120, 255))[rng.integers(4)]
    place = (int(rng.uniform(0, width * 0.6)), int(rng.uniform(10, height)))
    if rng.random() < 0.3:
        ground = (0, 0, int(rng.uniform(120, 255)))
        cv2.rectangle(result, (place[0] - 4, place[1] - 20), (width, place[1] + 6), ground, -1)
    word = WORDS[rng.integers(len(WORDS))]
    cv2.putText(
        result, word, place, cv2.FONT_HERSHEY_SIMPLEX, float(rng.uniform(0.35, 1.4)), colour, int(rng.integers(1, 4))
    )
    return result


def with_shadow(image: Image, rng: np.random.Generator) -> Image:
    """With a soft shadow or a spot of light: what is under it keeps its contrast, which under smoke it does not."""
    strength = rng.uniform(-0.6, 0.5)
    return _clipped(image * (1 + strength * _blob(image, rng, largest=1.2)[..., None]))


def with_veil(image: Image, rng: np.random.Generator) -> Image:
    """As through a dirty window, fog far away or an over-exposed lens: the same veil everywhere."""
    share = rng.uniform(0.1, 0.4)
    return _clipped(image * (1 - share) + rng.uniform(120, 240) * share)


def with_grey(image: Image, rng: np.random.Generator) -> Image:
    """With something plain and grey or white, with edges: a wall, a shirt, a car's side, a curtain."""
    height, width = image.shape[:2]
    middle = rng.uniform(0, 1, 2) * (width, height)
    angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 7))))
    reach = width * rng.uniform(0.15, 0.9) * rng.uniform(0.7, 1.3, angles.size)
    corners = middle + np.stack([np.cos(angles), np.sin(angles)], axis=1) * reach[:, None]
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [corners.astype(np.int32)], 255)
    cover = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.4, 1.8))).astype(np.float32)[..., None] / 255
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32) / max(height, width)
    slope = rng.uniform(-0.4, 0.4, 2)
    shade = 1 + slope[0] * rows + slope[1] * columns
    if rng.random() < 0.4:
        shade = shade + rng.uniform(0.05, 0.2) * np.sin(columns * rng.uniform(15, 80) + rows * rng.uniform(-8, 8))
    colour = rng.uniform(90, 245) + rng.uniform(-12, 12, 3)
    return _clipped(image * (1 - cover) + (shade[..., None] * colour) * cover)


def with_smoke(image: Image, rng: np.random.Generator) -> tuple[Image, float]:
    """With smoke that rises from a place, or gathers under a ceiling.

    Returns:
        The picture, and the share of it that is covered visibly, 0..1.
    """
    height, width = image.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    clouds = noise((height, width), rng, coarsest=int(rng.integers(3, 7)))
    if rng.random() < 0.75:
        x0, y0 = rng.uniform(0.15, 0.85) * width, rng.uniform(0.35, 1.1) * height
        up = np.maximum(y0 - rows, 0) / height
        wander = (noise((height, 8), rng)[:, :1] - 0.5) * width * rng.uniform(0.0, 0.4)
        centre = x0 + rng.uniform(-0.6, 0.6) * up * width + wander * np.minimum(1, up * 2)
        reach = width * (rng.uniform(0.02, 0.12) + rng.uniform(0.15, 0.5) * up)
        ragged = reach * (0.6 + 0.8 * clouds)
        density = np.exp(-(((columns - centre) / ragged) ** 2)) * (up > 0) * np.minimum(1, up * 8)
        density *= np.exp(-up * rng.uniform(0.0, 2.5))
    else:  # a layer under the ceiling, or the whole room
        edge = height * rng.uniform(0.2, 1.3)
        density = 1 / (1 + np.exp((rows - edge * (0.7 + 0.6 * clouds)) / (height * rng.uniform(0.04, 0.2))))
    contrast = rng.uniform(0.3, 1.0)
    thick = rng.uniform(0.35, 0.97)
    cover = np.clip(density * (1 - contrast + contrast * 1.6 * clouds), 0, 1) * thick
    cover = np.asarray(cv2.GaussianBlur(cover.astype(np.float32), (0, 0), float(rng.uniform(0.8, 3))), np.float32)
    light = rng.uniform(60, 235) * (0.75 + 0.4 * noise((height, width), rng, coarsest=4))
    colour = light[..., None] * (1 + rng.uniform(-0.06, 0.06, 3))
    behind = cv2.GaussianBlur(image, (0, 0), 1.2).astype(np.float32)
    seen = image * (1 - np.minimum(1, cover[..., None] * 2)) + behind * np.minimum(1, cover[..., None] * 2)
    smoky = _clipped(seen * (1 - cover[..., None]) + colour * cover[..., None])
    visible = np.abs(smoky.astype(np.float32) - image).mean(axis=2) > 18
    return smoky, float((visible & (cover > 0.2)).mean())


def flame_of(part: Image) -> Field | None:
    """How much each pixel of a cut-out flame is flame, 0..1; None where it does not stand out."""
    blue, green, red = (part[..., channel].astype(np.float32) for channel in range(3))
    warm = np.clip((red - 140) / 60, 0, 1) * np.clip((red - blue - 25) / 40, 0, 1)
    core = np.clip((np.minimum(red, green) - 215) / 30, 0, 1)
    height, width = part.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    away = np.hypot((columns + 0.5) / width * 2 - 1, (rows + 0.5) / height * 2 - 1)
    burning = np.maximum(warm, core)
    edge = np.concatenate([burning[0], burning[-1], burning[:, 0], burning[:, -1]])
    if edge.mean() > 0.3 or burning.mean() < 0.12:
        return None
    return np.asarray(burning * np.clip((1.25 - away) / 0.25, 0, 1), np.float32)


def with_patch(image: Image, box: tuple[int, int, int, int], source: tuple[int, int]) -> Image:
    """With one place covered by another of the same picture, without a seam.

    Args:
        image: The picture.
        box: left, top, width, height in pixels of what is covered; wholly inside.
        source: left, top of what covers it; as large, wholly inside.
    """
    left, top, w, h = box
    mask = np.zeros((h, w), np.float32)
    inset_x, inset_y = max(1, w // 10), max(1, h // 10)
    mask[inset_y : h - inset_y, inset_x : w - inset_x] = 1
    share = cv2.GaussianBlur(mask, (0, 0), max(1.0, min(w, h) / 20))[..., None]
    part = image[source[1] : source[1] + h, source[0] : source[0] + w].astype(np.float32)
    result = image.astype(np.float32)
    place = result[top : top + h, left : left + w]
    place[:] = place * (1 - share) + part * share
    return _clipped(result)


def burning(image: Image) -> float:
    """Share of the picture that has the colours of a flame, 0..1."""
    blue, green, red = (image[..., channel].astype(np.int16) for channel in range(3))
    return float(((red > 190) & (red - blue > 80) & (red > green)).mean())


def with_flame(image: Image, flame: Image, alpha: Field, rng: np.random.Generator) -> tuple[Image, float]:
    """With a small flame in it, and its glow on what is around.

    Args:
        image: What is looked at.
        flame: A cut-out flame.
        alpha: Of it, from `flame_of`.
        rng: Chance.

    Returns:
        The picture, and the share of it that burns, 0..1.
    """
    height, width = image.shape[:2]
    size = float(np.exp(rng.uniform(np.log(12), np.log(70))))
    scale = size / max(flame.shape[:2])
    w, h = max(3, int(flame.shape[1] * scale)), max(3, int(flame.shape[0] * scale))
    small = cv2.resize(flame, (w, h), interpolation=cv2.INTER_AREA).astype(np.float32)
    share = cv2.resize(alpha, (w, h), interpolation=cv2.INTER_AREA)
    left, top = int(rng.uniform(0, max(1, width - w))), int(rng.uniform(0, max(1, height - h)))
    w, h = min(w, width - left), min(h, height - top)
    cover = np.zeros((height, width), np.float32)
    cover[top : top + h, left : left + w] = share[:h, :w]
    result = image.astype(np.float32)
    glow = cv2.GaussianBlur(cover, (0, 0), size * float(rng.uniform(0.4, 1.0)))[..., None] * rng.uniform(0, 1.2)
    result = result * (1 + glow * np.float32(0.6)) + glow * np.asarray((15, 60, 110), np.float32)
    place = result[top : top + h, left : left + w]
    place[:] = place * (1 - share[:h, :w, None]) + small[:h, :w] * share[:h, :w, None]
    return _clipped(result), float((cover > 0.4).mean())


def _blob(image: Image, rng: np.random.Generator, *, largest: float) -> Field:
    """One soft place of the picture, 0..1."""
    height, width = image.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    size = width * rng.uniform(0.1, largest)
    away = np.hypot(columns - rng.uniform(0, width), (rows - rng.uniform(0, height)) * rng.uniform(0.5, 2.5))
    return np.asarray(1 / (1 + np.exp(np.minimum((away - size) / (size * rng.uniform(0.03, 0.3)), 30))), np.float32)


def _clipped(image: NDArray[np.floating]) -> Image:
    return np.asarray(np.clip(image, 0, 255), np.uint8)
