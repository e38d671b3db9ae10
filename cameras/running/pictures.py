"""Pictures: pictures out of recorded files, for the hub, which does not decode.

One thread of low priority, so that looking back never slows what happens now. It reads nothing but the byte ranges it
was given, from files below the folders of the disks, and everything it does is bounded.
"""

from __future__ import annotations

import io
import itertools
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.link_words import PictureTaken, PictureWanted
from cameras.vision.private import Places, hide
from hub.errors import LinkError

logger = logging.getLogger(__name__)

_MOST_WAITING = 32
_MOST_BYTES = 48 * 1024 * 1024
_MOST_PICTURES = 128
_MOST_DECODED = 2000
_WIDEST_PX = 8192
_NICENESS = 15
_QUALITY = 80
_NEAR_MS = 2000
"""A picture further from the asked time than this is none."""
_ROUNDED_MS = 1
"""Times in the catalogue are whole milliseconds."""


class Pictures:
    """Takes pictures out of files. `start` and `stop` once; `want` from any thread."""

    def __init__(self, folders: Mapping[str, Path], answer: Callable[[PictureTaken], None]) -> None:
        """Prepare.

        Args:
            folders: Of the disks, by id.
            answer: Takes the answers.
        """
        self._folders = dict(folders)
        self._answer = answer
        self._changed = threading.Condition()
        self._waiting: deque[PictureWanted] = deque()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, *, timeout_s: float = 0.5) -> None:
        """Forget what waits; what is being decoded ends by itself."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(timeout_s)

    def want(self, wanted: PictureWanted) -> None:
        """Queue; the oldest that waits is refused when there are too many, for who asked for it has gone on."""
        with self._changed:
            self._waiting.append(wanted)
            refused = self._waiting.popleft() if len(self._waiting) > _MOST_WAITING else None
            self._changed.notify()
        if refused is not None:
            self._answer(_none(refused, "busy"))

    def _run(self) -> None:
        os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)  # on Linux: of this thread alone
        while (wanted := self._next()) is not None:
            try:
                taken = self._take(wanted)
            except FileNotFoundError:
                taken = _none(wanted, "gone")
            except (OSError, av.FFmpegError) as error:
                logger.info("pictures cannot be taken", extra={"path": wanted.path, "detail": str(error)})
                taken = _none(wanted, "damaged")
            except LinkError as error:
                logger.warning("pictures are refused", extra={"detail": str(error)})
                taken = _none(wanted, "refused")
            except Exception:
                logger.exception("taking pictures failed in a way that is not foreseen")
                taken = _none(wanted, "failed")
            self._answer(taken)

    def _next(self) -> PictureWanted | None:
        with self._changed:
            while not self._stopping:
                if self._waiting:
                    return self._waiting.popleft()
                self._changed.wait()
            return None

    def _take(self, wanted: PictureWanted) -> PictureTaken:
        if not 0 < len(wanted.at_ms) <= _MOST_PICTURES or not 0 < (wanted.width_px or 1) <= _WIDEST_PX:
            raise LinkError(f"{len(wanted.at_ms)} pictures of {wanted.width_px} px are not to be had")
        with self._open(wanted) as file:
            data = b"".join(_parts(file, wanted.parts))
        return PictureTaken(wanted.request, _decode(data, wanted.at_ms, wanted.width_px, wanted.private))

    def _open(self, wanted: PictureWanted) -> BinaryIO:
        """The file, if it lies below the disk's folder.

        Raises:
            LinkError: It does not.
            OSError: It cannot be opened.
        """
        folder = self._folders.get(wanted.disk)
        if folder is None:
            raise LinkError(f"there is no disk {wanted.disk!r}")
        top = folder.resolve()
        path = (top / wanted.path).resolve()
        if not path.is_relative_to(top) or path.suffix != ".mp4":
            raise LinkError(f"{wanted.path!r} is no recording")
        return path.open("rb")


def _parts(file: BinaryIO, parts: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    if any(offset < 0 or size < 0 for offset, size in parts) or sum(size for _, size in parts) > _MOST_BYTES:
        raise LinkError("these bytes are not to be had")
    for offset, size in parts:
        file.seek(offset)
        yield file.read(size)


def _decode(data: bytes, at_ms: Sequence[int], width_px: int | None, private: Places) -> tuple[bytes | None, ...]:
    """The picture on show at each time; what breaks off gives those before. Holds two pictures at most."""
    asked = sorted(set(at_ms), reverse=True)
    taken: dict[int, bytes] = {}
    before: _Shown | None = None
    with av.open(io.BytesIO(data), "r", format="mp4") as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        for frame in itertools.islice(_frames(container, stream), _MOST_DECODED):
            if frame.pts is None or stream.time_base is None:
                continue
            now = _Shown(frame, float(frame.pts * stream.time_base) * 1000, width_px, private)
            while asked and now.at_ms > asked[-1] + _ROUNDED_MS:
                shown = now if before is None else before
                if abs(asked[-1] - shown.at_ms) <= _NEAR_MS:
                    taken[asked[-1]] = shown.jpeg()
                asked.pop()
            if not asked:
                break
            before = now
        for each in asked:
            if before is not None and each - before.at_ms <= _NEAR_MS:
                taken[each] = before.jpeg()
    return tuple(taken.get(each) for each in at_ms)


class _Shown:
    """A decoded picture, encoded when it is asked for."""

    def __init__(self, frame: av.VideoFrame, at_ms: float, width_px: int | None, private: Places) -> None:
        self.at_ms = at_ms
        self._frame = frame
        self._width_px = width_px
        self._private = private
        self._jpeg: bytes | None = None

    def jpeg(self) -> bytes:
        if self._jpeg is None:
            frame = self._frame
            width = min(self._width_px or frame.width, frame.width)
            height = max(2, round(frame.height * width / frame.width / 2) * 2)
            image: NDArray[np.uint8]
            image = np.ascontiguousarray(frame.reformat(width, height, "bgr24", interpolation="AREA").to_ndarray())
            hide(image, self._private)
            _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
            self._jpeg = data.tobytes()
        return self._jpeg


def _frames(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.VideoFrame]:
    try:
        for packet in container.demux(stream):
            yield from packet.decode()
    except av.FFmpegError as error:
        logger.debug("a recording breaks off while decoding", extra={"detail": str(error)})


def _none(wanted: PictureWanted, problem: str) -> PictureTaken:
    return PictureTaken(wanted.request, (None,) * len(wanted.at_ms), problem)
