"""Copying: a video file written anew with faces, plates and private places covered.

Every picture is decoded and encoded again; so the copy is no evidence and says so in its own words. Looks are taken
several times a second and pictures wait for the looks that come after them, half a second in memory and no more. Sound
is left out, for voices are people's too. Runs in a process of its own, never in the hub.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Literal, Protocol

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from cameras.blurring.faces import Rect
from cameras.blurring.hiding import BEFORE_S, Hidden, cover, cover_polygons
from cameras.errors import DamagedFileError

What = Literal["faces", "plates", "windows"]

LOOKS_PER_S: Final = 12.5
"""Between two looks a face that walks past moves a tenth of its size."""
_MOST_WAITING: Final = 64
"""Pictures in memory: half a second at 120 a second."""
_QUALITY: Final = {"crf": "20", "preset": "veryfast"}

Polygon = Sequence[tuple[float, float]]


class Finder(Protocol):
    """Finds what is to be covered."""

    def find(self, picture: NDArray[np.uint8]) -> Sequence[Rect]:
        """Where it is, in pixels."""


@dataclass(frozen=True, slots=True)
class Covering:
    """What is covered.

    Attributes:
        finders: By what they find, with the share of its size that is covered around each find.
        polygons: Places that are always covered, in shares of width and height.
        words: What the file says of itself: `faces`, `plates`, `windows`.
    """

    finders: Sequence[tuple[Finder, float]]
    polygons: Sequence[Polygon]
    words: Sequence[What]


@dataclass(frozen=True, slots=True)
class Copied:
    """What was done.

    Attributes:
        pictures: How many were written.
        looks: How many of them were looked at.
        covered: Pictures in which something was found and covered.
        duration_s: How long it plays.
    """

    pictures: int
    looks: int
    covered: int
    duration_s: float


def copy_covered(
    source: Path | BinaryIO,
    target: Path,
    covering: Covering,
    *,
    on_progress: Callable[[float], None] = lambda _at_s: None,
) -> Copied:
    """Write `source` anew to `target` with everything covered.

    Args:
        source: A video file; open for reading and at its beginning where it has no name.
        target: What is written; not whole when this raises.
        covering: What is covered.
        on_progress: Called with how many seconds are written.

    Raises:
        DamagedFileError: It cannot be decoded to its end: part of a copy would pass for all of it.
    """
    if isinstance(source, Path):
        with source.open("rb") as file:
            return copy_covered(file, target, covering, on_progress=on_progress)
    digest = hashlib.sha256()
    while piece := source.read(1 << 20):
        digest.update(piece)
    source.seek(0)
    try:
        with (
            av.open(source, "r", metadata_errors="ignore") as reader,
            av.open(str(target), "w", format="mp4", options={"movflags": "+faststart+use_metadata_tags"}) as writer,
        ):
            return _Copy(reader, writer, covering, sha256=digest.hexdigest(), on_progress=on_progress).run()
    except FFmpegError as error:
        raise DamagedFileError(f"this cannot be written anew: {error}") from error


class _Copy:
    def __init__(
        self,
        reader: av.container.InputContainer,
        writer: av.container.OutputContainer,
        covering: Covering,
        *,
        sha256: str,
        on_progress: Callable[[float], None],
    ) -> None:
        if not reader.streams.video:
            raise DamagedFileError("there is no video in it")
        self._reader, self._writer, self._covering, self._on_progress = reader, writer, covering, on_progress
        self._source = reader.streams.video[0]
        self._source.thread_type = "AUTO"
        self._hidden = [(finder, Hidden(margin)) for finder, margin in covering.finders]
        self._waiting: deque[tuple[float, av.VideoFrame, NDArray[np.uint8]]] = deque()
        self._stream: av.VideoStream | None = None
        self._looked_s: float | None = None
        self._pictures = self._looks = self._covered = 0
        self._first_s: float | None = None
        self._last_s = 0.0
        writer.metadata["title"] = "Blurred copy, not the original"
        writer.metadata["comment"] = json.dumps(
            {"blurred": list(covering.words), "sound": "left out", "original_sha256": sha256}, separators=(",", ":")
        )

    def run(self) -> Copied:
        for frame in self._reader.decode(self._source):
            at_s = float(frame.time or 0.0)
            image = np.asarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8)
            self._first_s = at_s if self._first_s is None else self._first_s
            self._look(at_s, image)
            self._waiting.append((at_s, frame, image))
            while self._waiting and (at_s - self._waiting[0][0] > BEFORE_S or len(self._waiting) > _MOST_WAITING):
                self._write(*self._waiting.popleft())
        while self._waiting:
            self._write(*self._waiting.popleft())
        if self._stream is not None:
            self._writer.mux(self._stream.encode(None))
        return Copied(self._pictures, self._looks, self._covered, self._last_s - (self._first_s or 0.0))

    def _look(self, at_s: float, image: NDArray[np.uint8]) -> None:
        """Look at a picture, unless one just before it was looked at."""
        if self._looked_s is not None and 0 <= at_s - self._looked_s < 1 / LOOKS_PER_S - 1e-3:
            return
        self._looked_s = at_s
        self._looks += 1
        for finder, hidden in self._hidden:
            hidden.add(at_s, finder.find(image))

    def _write(self, at_s: float, frame: av.VideoFrame, image: NDArray[np.uint8]) -> None:
        rects = [rect for _, hidden in self._hidden for rect in hidden.at(at_s)]
        self._covered += bool(rects)
        image = np.ascontiguousarray(image)
        cover(image, rects)
        cover_polygons(image, self._covering.polygons)
        made = av.VideoFrame.from_ndarray(image, format="bgr24")
        made.pts, made.time_base = frame.pts, frame.time_base
        if self._stream is None:
            self._stream = self._made_stream(image)
        self._writer.mux(self._stream.encode(made))
        self._pictures += 1
        self._last_s = at_s
        self._on_progress(at_s - (self._first_s or 0.0))

    def _made_stream(self, image: NDArray[np.uint8]) -> av.VideoStream:
        stream = self._writer.add_stream("libx264", rate=self._source.average_rate or 25, options=dict(_QUALITY))
        stream.width, stream.height = image.shape[1] // 2 * 2, image.shape[0] // 2 * 2
        stream.pix_fmt = "yuv420p"
        if self._source.time_base is not None:
            stream.codec_context.time_base = self._source.time_base
        return stream
