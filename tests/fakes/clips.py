"""Small clips, drawn and encoded on the spot: a grey yard in which a bright block moves, or nothing does."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray


def yard(number: int, *, width: int, height: int, moving: bool) -> NDArray[np.uint8]:
    """Picture `number` of the clip: (height, width, 3) uint8, BGR."""
    image = np.full((height, width, 3), 90, np.uint8)
    image[height // 2 :, :] = 120
    image[height // 4 : height // 3, width // 8 : width // 4] = (60, 70, 150)
    if moving:
        left = (number * 7) % (width - 40)
        image[height // 2 : height // 2 + 60, left : left + 40] = (240, 240, 235)
    return image


def write_clip(
    path: Path,
    *,
    seconds: float = 4.0,
    fps: int = 10,
    width: int = 320,
    height: int = 180,
    moves_from_s: float | None = None,
    key_every: int = 10,
    codec: str = "libx264",
    grain: float = 0.0,
    b_frames: int = 0,
    black_until_s: float = 0.0,
) -> Path:
    """Write a clip and return its path.

    Args:
        path: Where; the suffix chooses the container.
        seconds: Length.
        fps: Pictures per second.
        width: Pixels.
        height: Pixels.
        moves_from_s: When the block appears and moves; None never.
        key_every: Pictures per group.
        codec: FFmpeg's name of an encoder.
        grain: Standard deviation of a sensor's noise, in grey levels.
        b_frames: Pictures in a row that refer to later ones.
        black_until_s: How long the clip is black at first.
    """
    noise = np.random.default_rng(7)
    with av.open(str(path), "w") as container:
        options = {"preset": "ultrafast", "sc_threshold": "0"} if codec == "libx264" else {}
        if options and not b_frames:
            options["tune"] = "zerolatency"
        stream = container.add_stream(codec, rate=fps, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = width, height
        stream.pix_fmt = {"gif": "rgb8", "mjpeg": "yuvj420p"}.get(codec, "yuv420p")
        stream.codec_context.gop_size = key_every
        stream.codec_context.max_b_frames = b_frames
        for number in range(round(seconds * fps)):
            moving = moves_from_s is not None and number >= moves_from_s * fps
            image = yard(number, width=width, height=height, moving=moving)
            if number < black_until_s * fps:
                image[:] = 0
            elif grain:
                image = np.clip(image + noise.normal(0, grain, image.shape), 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
