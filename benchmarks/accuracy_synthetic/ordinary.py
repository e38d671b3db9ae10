"""Ordinary: what happens before any camera and is no tampering: light, weather, vehicles, edited footage."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from benchmarks.accuracy_synthetic.pictures import Base, Effect, fog, gain, night, noisy, rain, snow, spot, waves
from cameras.scenes.view import HEIGHT_PX, WIDTH_PX, Image


@dataclass(frozen=True, slots=True)
class Ordinary:
    """Something during which nothing must be told.

    Attributes:
        name: What it is.
        make: From the scene, and another one, the effect.
        seconds: How long to look.
    """

    name: str
    make: Callable[[Base, Base], Effect]
    seconds: float = 110.0


FROM_S = 40.0
"""Before this time nothing happens: the usual picture is known by then."""


def _plain(change: Callable[[Image, float, Generator], Image], noise: float = 2.0) -> Callable[[Base, Base], Effect]:
    """An effect that begins at FROM_S, with fresh noise over it."""

    def make(_base: Base, _other: Base) -> Effect:
        random = np.random.default_rng(21)

        def effect(image: Image, at_s: float) -> Image:
            changed = change(image, at_s - FROM_S, random) if at_s >= FROM_S else image
            return noisy(changed, random, noise)

        return effect

    return make


def _exposure(image: Image, since_s: float, _random: Generator) -> Image:
    """A step every 10 s, after which the camera finds its exposure again within 3 s."""
    step = (0.55, 1.7, 0.7, 1.45)[int(since_s / 10) % 4]
    return gain(image, 1 + (step - 1) * math.exp(-(since_s % 10) / 3))


def _lights(image: Image, since_s: float, _random: Generator) -> Image:
    """Lamps that are switched every 15 s, with some light left."""
    return image if int(since_s / 15) % 2 else gain(image, 0.35)


def _lightning(image: Image, since_s: float, random: Generator) -> Image:
    return gain(image, 3.0) if random.random() < 0.06 else gain(image, 0.9 + 0.02 * waves(since_s, 3.0))  # noqa: PLR2004


def _headlights(image: Image, since_s: float, _random: Generator) -> Image:
    """A car comes towards the camera every 12 s, its lamps into the lens for 3 s."""
    phase = since_s % 12
    dark = gain(image, 0.3)
    if phase > 5:  # noqa: PLR2004
        return dark
    return spot(dark, (0.2 + 0.12 * phase, 0.25), 0.06 + 0.05 * phase, 0.9)


def _ir_switch(image: Image, since_s: float, _random: Generator) -> Image:
    return night(image) if since_s >= 0 else image


def _ir_dusk(image: Image, since_s: float, random: Generator) -> Image:
    """Dusk over 40 s, with noise, then infra-red."""
    if since_s >= 40:  # noqa: PLR2004
        return night(image)
    return noisy(gain(image, 1 - 0.018 * since_s), random, 1 + since_s / 12)


def _lorry(share: float, *, plain: bool) -> Callable[[Image, float, Generator], Image]:
    """A lorry that stops before the lens for a minute: a plain side, in focus, over `share` of the width."""

    def change(image: Image, since_s: float, random: Generator) -> Image:
        come = min(1.0, since_s / 3.0) if since_s < 60 else max(0.0, 1 - (since_s - 60) / 3)  # noqa: PLR2004
        if come <= 0:
            return image
        picture = image.copy()
        right = int((share * come) * WIDTH_PX)
        top, bottom = int(0.06 * HEIGHT_PX), int(0.86 * HEIGHT_PX)
        cv2.rectangle(picture, (0, top), (right, bottom), (176, 168, 160), -1)
        cv2.rectangle(picture, (0, top), (right, bottom), (110, 106, 102), 3)
        cv2.rectangle(picture, (0, bottom), (right, bottom + 16), (52, 50, 50), -1)
        for x in range(right - 60, -60, -150):
            cv2.circle(picture, (x, bottom + 22), 30, (34, 34, 36), -1, cv2.LINE_AA)
            cv2.circle(picture, (x, bottom + 22), 14, (130, 130, 132), -1, cv2.LINE_AA)
        if not plain:
            for x in range(right - 50, 0, -50):
                cv2.line(picture, (x, top), (x, bottom), (140, 134, 128), 1, cv2.LINE_AA)
            cv2.putText(
                picture, "CARGO", (right - 330, 190), cv2.FONT_HERSHEY_SIMPLEX, 3.2, (60, 60, 160), 9, cv2.LINE_AA
            )
        del random
        return picture

    return change


def _rain(image: Image, _since_s: float, random: Generator) -> Image:
    return rain(image, random, drops=500)


def _snow(image: Image, _since_s: float, random: Generator) -> Image:
    return snow(image, random, flakes=700)


def _fog(image: Image, since_s: float, _random: Generator) -> Image:
    """Fog that comes within five minutes."""
    return fog(image, 1.3 * min(1.0, since_s / 300))


def _day(image: Image, since_s: float, _random: Generator) -> Image:
    """A day in five minutes: the light comes and goes, and a shadow passes over the ground."""
    lit = gain(image, 0.75 + 0.45 * waves(since_s, 300)).astype(np.float32)
    edge = since_s / 300 * WIDTH_PX
    shade = np.where(np.abs(np.arange(WIDTH_PX) - edge) < 90, 0.6, 1.0).astype(np.float32)[None, :, None]  # noqa: PLR2004
    return np.asarray(lit * shade, np.uint8)


def _mast(image: Image, since_s: float, _random: Generator) -> Image:
    move = np.array([[1.0, 0, 2.5 * waves(since_s, 1.3)], [0, 1, 1.5 * waves(since_s, 0.9)]])
    return np.asarray(cv2.warpAffine(image, move, (WIDTH_PX, HEIGHT_PX), borderMode=cv2.BORDER_REFLECT), np.uint8)


def _bystander(image: Image, since_s: float, _random: Generator) -> Image:
    """Somebody who stands near for a minute and sways a little."""
    if since_s > 60:  # noqa: PLR2004
        return image
    picture = image.copy()
    x = int(WIDTH_PX * min(0.5, since_s / 4) + 6 * waves(since_s, 5))
    cv2.ellipse(picture, (x, 420), (80, 260), 0, 0, 360, (74, 52, 44), -1, cv2.LINE_AA)
    cv2.circle(picture, (x, 130), 38, (110, 140, 180), -1, cv2.LINE_AA)
    cv2.line(picture, (x, 190), (x, 360), (30, 26, 24), 2, cv2.LINE_AA)
    return picture


def _hand_passes(image: Image, since_s: float, _random: Generator) -> Image:
    """A cloth that cleans the glass for 6 s."""
    return np.full_like(image, 90) if 2 <= since_s < 8 else image  # noqa: PLR2004


def _insect(image: Image, since_s: float, _random: Generator) -> Image:
    layer = np.zeros((HEIGHT_PX, WIDTH_PX), np.float32)
    x = int(WIDTH_PX * (0.5 + 0.3 * waves(since_s, 70)))
    cv2.ellipse(layer, (x, 150), (55, 80), 20, 0, 360, (1.0,), -1)
    soft = cv2.GaussianBlur(layer, (0, 0), 14)[..., None]
    return np.asarray(image * (1 - soft) + 30 * soft, np.uint8)


def _poor_codec(image: Image, since_s: float, _random: Generator) -> Image:
    """A codec that is short of bits for half of the time."""
    quality = 12 if int(since_s / 20) % 2 == 0 else 60
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _cuts(step_s: float) -> Callable[[Base, Base], Effect]:
    """Edited footage: another scene every `step_s`."""

    def make(_base: Base, other: Base) -> Effect:
        random = np.random.default_rng(22)

        def effect(image: Image, at_s: float) -> Image:
            away = at_s >= FROM_S and int((at_s - FROM_S) / step_s) % 2 == 0
            return noisy(other.at(at_s) if away else image, random, 2.0)

        return effect

    return make


ORDINARY: tuple[Ordinary, ...] = (
    Ordinary("nothing, for ten minutes", _plain(lambda image, _s, _r: image), seconds=600.0),
    Ordinary("no noise at all", _plain(lambda image, _s, _r: image, noise=0.0)),
    Ordinary("much noise", _plain(lambda image, _s, _r: image, noise=9.0)),
    Ordinary("exposure steps", _plain(_exposure)),
    Ordinary("lamps are switched", _plain(_lights)),
    Ordinary("lightning", _plain(_lightning)),
    Ordinary("headlights at night", _plain(_headlights, noise=4.0)),
    Ordinary("infra-red is switched on", _plain(_ir_switch, noise=4.0)),
    Ordinary("dusk, then infra-red", _plain(_ir_dusk, noise=3.0), seconds=150.0),
    Ordinary("lorry over half, a minute", _plain(_lorry(0.5, plain=True))),
    Ordinary("lorry over three quarters, a minute", _plain(_lorry(0.75, plain=True))),
    Ordinary("lorry over all, a minute", _plain(_lorry(1.1, plain=False))),
    Ordinary("heavy rain", _plain(_rain)),
    Ordinary("heavy snow", _plain(_snow)),
    Ordinary("fog comes", _plain(_fog), seconds=380.0),
    Ordinary("a day in five minutes", _plain(_day), seconds=340.0),
    Ordinary("a mast in the wind", _plain(_mast)),
    Ordinary("somebody stands near", _plain(_bystander)),
    Ordinary("the glass is cleaned", _plain(_hand_passes)),
    Ordinary("an insect on the glass", _plain(_insect)),
    Ordinary("a codec short of bits", _plain(_poor_codec)),
    Ordinary("cuts every 8 s", _cuts(8.0)),
    Ordinary("a cut that stays for 40 s", _cuts(40.0)),
)
"""All of them."""
