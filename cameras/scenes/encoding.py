"""Encoding: the scenes as H.264 files in a cache folder.

A file's name holds a hash of the code that drew it and of what was asked for: changed code draws again, unchanged code
finds its files. A file is complete or not there: it is written beside its place and moved.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import av
import cv2
import numpy as np
from numpy.random import Generator

from cameras.scenes.house import House
from cameras.scenes.road import Road
from cameras.scenes.view import FPS, HEIGHT_PX, WIDTH_PX, Image
from cameras.scenes.yard import Yard

GROUP_S = 2
"""A key frame this often: what a viewer waits for at most, and what most cameras are set to."""
_SEED = 7


class Scene(Protocol):
    """Something that can be filmed."""

    def frames(self, seconds: float) -> Iterator[Image]:
        """Its pictures, one every 1/FPS seconds."""


SCENES: dict[str, Callable[[Generator], Scene]] = {"road": Road, "yard": Yard, "house": House}
"""All scenes by name; each is drawn from its own seeded generator."""


def build_scenes(
    folder: Path, *, seconds: float, on_drawing: Callable[[str], None] = lambda _name: None
) -> dict[str, Path]:
    """The files of all scenes, drawn if they are not there yet.

    Args:
        folder: Cache folder; made if missing.
        seconds: Length of each scene, above 0.
        on_drawing: Told the name of a scene before it is drawn, which takes seconds.

    Returns:
        Path of the MP4 file by the name of the scene.
    """
    folder.mkdir(parents=True, exist_ok=True)
    digest = _digest(seconds)
    found = {}
    for name, scene in SCENES.items():
        path = folder / f"{name}-{digest}.mp4"
        if not path.exists():
            on_drawing(name)
            cv2.setNumThreads(1)  # pictures this small lose more by sharing them out than they gain
            part = path.with_suffix(f".{os.getpid()}.part")
            encode(part, scene(np.random.default_rng(_SEED)).frames(seconds))
            part.replace(path)
        found[name] = path
    return found


def encode(path: Path, pictures: Iterable[Image]) -> None:
    """Write pictures of 640x360 at 10 per second as H.264 in MP4."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        stream.time_base = Fraction(1, FPS)
        stream.codec_context.gop_size = GROUP_S * FPS
        stream.codec_context.thread_count = 1
        stream.options = {"preset": "superfast", "crf": "27", "bf": "0", "sc_threshold": "0", "profile": "main"}
        for number, picture in enumerate(pictures):
            planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts = number
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)


def _digest(seconds: float) -> str:
    text = hashlib.sha256(f"{seconds} {_SEED} {av.__version__} {np.__version__} {cv2.__version__}".encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        text.update(source.read_bytes())
    return text.hexdigest()[:12]
