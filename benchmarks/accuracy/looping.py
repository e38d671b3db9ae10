"""Looping: hours of footage made of short clips, so that what is rare shows.

Each clip is played again and again as one camera would send it, each time a little different: mirrored, with more
noise, with exposure steps that the camera mends within seconds, swaying on its mast, and with time stamps that are not
even; then encoded as H.265 and taken through everything. Where a pass ends there is a cut. The same number draws the
same footage.
"""

from __future__ import annotations

import math
import multiprocessing
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.accuracy.labels import Clip
from benchmarks.accuracy.running import Job, Result, run
from benchmarks.accuracy.subjects import ORDINARY

Picture = NDArray[np.uint8]

FPS: Final = 8
"""Pictures a second: as many as are analysed at most, for more would only be decoded."""
_WIDTH_PX: Final = 640
_KEY_EVERY: Final = 2 * FPS
_TICK: Final = Fraction(1, 90_000)
_UNEVEN_S: Final = 0.02
_LONGEST_S: Final = 45.0
"""Of a clip so much is played in a pass."""
_STEP_EVERY_S: Final = (12.0, 40.0)
_MENDS_S: Final = 2.5
"""A camera finds its exposure again with about this time constant."""
_MARGIN_PX: Final = 48
NOTHING_BURNS: Final = frozenset({"fire", "smoke", "controlled_flame", "extinguisher_cloud"})
"""Labels without which a clip is a negative of fire and smoke."""


def negatives(clips: Sequence[Clip]) -> list[Clip]:
    """Clips on which nothing burns and smokes."""
    return [clip for clip in clips if NOTHING_BURNS.isdisjoint(clip.spans)]


def ordinary(clips: Sequence[Clip]) -> list[Clip]:
    """Clips on which nothing happens that anybody would have to be told of."""
    return [clip for clip in clips if ORDINARY.issuperset(clip.spans)]


def run_looped(job: Job, clips: Sequence[Clip], *, minutes: float, jobs: int = 1, seed: int = 1) -> Iterator[Result]:
    """Each clip, looped for its share of the time; what is false has to be seen in what was labelled for the clip."""
    each_s = minutes * 60 / max(1, len(clips))
    loops = [_Loop(job, clip, each_s, seed + number) for number, clip in enumerate(clips)]
    if jobs <= 1:
        yield from map(_run_one, loops)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_run_one, loops)


@dataclass(frozen=True, slots=True)
class _Loop:
    job: Job
    clip: Clip
    seconds: float
    seed: int


def _run_one(loop: _Loop) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{loop.clip.path.stem}.mp4"
        write_looped(loop.clip.path, path, seconds=loop.seconds, seed=loop.seed)
        spans = dict.fromkeys(loop.clip.spans, ())  # on a looped clip they lie nowhere any more
        result = run(loop.job, replace(loop.clip, path=path, spans=spans))
    return replace(result, clip=replace(result.clip, path=loop.clip.path))


def write_looped(source: Path, target: Path, *, seconds: float, seed: int) -> None:
    """Play a clip for so long, and write it as H.265 in MP4.

    Raises:
        av.FFmpegError: It is no video.
    """
    random = np.random.default_rng(seed)
    pictures = _read(source)
    with av.open(str(target), "w") as container:
        stream = container.add_stream("libx265", rate=FPS)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = _TICK
        stream.codec_context.thread_count = 1
        quality = int(random.integers(24, 33))
        stream.options = {
            "preset": "ultrafast",
            "crf": str(quality),
            "x265-params": f"keyint={_KEY_EVERY}:bframes=0:pools=none:frame-threads=1:log-level=none",
        }
        for number, picture in enumerate(_played(pictures, round(seconds * FPS), random)):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            uneven_s = float(random.uniform(-_UNEVEN_S, _UNEVEN_S))
            frame.pts, frame.time_base = max(0, round((number / FPS + uneven_s) / _TICK)), _TICK
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _read(source: Path) -> list[Picture]:
    """The clip at FPS and about _WIDTH_PX wide."""
    pictures: list[Picture] = []
    with av.open(str(source)) as container:
        due_s = 0.0
        for frame in container.decode(video=0):
            at_s = float(frame.time or 0.0)
            while at_s >= due_s - 0.001 and due_s < _LONGEST_S:  # a clip with fewer pictures repeats them
                if not pictures or at_s - due_s < 1 / FPS:
                    size = _size(frame.width, frame.height)
                    picture = frame.reformat(*size, format="bgr24").to_ndarray()
                    pictures.append(np.ascontiguousarray(picture, np.uint8))
                else:
                    pictures.append(pictures[-1])
                due_s += 1 / FPS
            if due_s >= _LONGEST_S:
                break
    return pictures


def _size(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, _WIDTH_PX / width)
    return round(width * scale / 2) * 2, round(height * scale / 2) * 2


def _played(pictures: Sequence[Picture], count: int, random: Generator) -> Iterator[Picture]:
    number = 0
    while number < count:
        one_pass = _Pass(pictures[0].shape, random)
        for picture in pictures[: count - number]:
            yield one_pass.changed(picture)
            number += 1


class _Pass:
    """How one pass differs from the others."""

    def __init__(self, shape: tuple[int, ...], random: Generator) -> None:
        self._random = random
        self._mirrored = bool(random.random() < 0.5)  # noqa: PLR2004
        self._sway_px = float(random.choice((0.0, 0.0, 1.0, 2.5)))
        self._period_s = float(random.uniform(0.8, 3.0))
        deviation = float(random.choice((0.0, 2.0, 5.0, 9.0)))
        size = (shape[0] + _MARGIN_PX, shape[1] + _MARGIN_PX)
        grain = cv2.GaussianBlur(random.standard_normal(size, np.float32), (0, 0), 0.7)
        scaled = np.round(grain * (deviation / float(grain.std()))).astype(np.int16)
        self._noise = np.asarray(cv2.merge([scaled] * 3), np.int16) if deviation else None
        self._at_s = 0.0
        self._step = 1.0
        self._since_s = 0.0
        self._next_s = float(random.uniform(0.0, _STEP_EVERY_S[0]))

    def changed(self, picture: Picture) -> Picture:
        """The next picture of the pass."""
        self._at_s += 1 / FPS
        image: Any = picture
        if self._mirrored:
            image = cv2.flip(image, 1)
        height, width = picture.shape[:2]
        if self._sway_px:
            turn = 2 * math.pi * self._at_s / self._period_s
            across, down = self._sway_px * math.sin(turn), 0.6 * self._sway_px * math.cos(turn * 1.3)
            move = np.array([[1, 0, across], [0, 1, down]])
            image = cv2.warpAffine(image, move, (width, height), borderMode=cv2.BORDER_REFLECT)
        if self._at_s >= self._next_s:
            self._step = float(self._random.uniform(0.5, 1.8))
            self._since_s = self._at_s
            self._next_s = self._at_s + float(self._random.uniform(*_STEP_EVERY_S))
        gain = 1 + (self._step - 1) * math.exp(-(self._at_s - self._since_s) / _MENDS_S)
        if abs(gain - 1) > 0.02:  # noqa: PLR2004 -- less is not a grey level in most of the picture
            image = cv2.convertScaleAbs(image, alpha=gain)
        if self._noise is not None:
            top, left = (int(n) for n in self._random.integers(0, _MARGIN_PX, 2))
            image = cv2.add(image, self._noise[top : top + height, left : left + width], dtype=cv2.CV_8U)
        return np.ascontiguousarray(image, np.uint8)
