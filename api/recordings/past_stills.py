"""Past stills: single pictures out of recordings, decoded by a worker, and kept a while for those who look again.

The hub itself never decodes. A kept picture is only shown where its recording still stands, so that what was deleted or
has run out is seen by nobody; `forget` also takes away what is kept of it, and a picture whose recording went while it
was decoded is neither kept nor shown. Private places of the camera, as they are drawn now, are filled in it. The folder
is bounded in bytes: when it is full the pictures that were made first go.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from cameras.errors import MediaGoneError
from cameras.link import PictureTaken, PictureWanted
from cameras.recordings.media import Segment
from cameras.recordings.playback.spans import Run
from hub.errors import HubError

logger = logging.getLogger(__name__)

MOST_BYTES = 256 * 1024 * 1024
"""Some 5,000 whole pictures, or 50,000 for scrubbing."""
_PRUNE_EVERY = 200
_FILE = re.compile(r"(main|sub)-(\d{1,16})-(\d{1,5})-([A-Za-z0-9_-]{1,64})(?:\.[0-9a-f]{12})?\.jpg")
_WITHIN_S = 5.0


class Take(Protocol):
    """Asks a worker for pictures."""

    def __call__(self, camera_id: str, wanted: PictureWanted, *, timeout_s: float) -> PictureTaken:
        """Pictures out of a recorded file of a camera; with a `problem` where there are none."""


Places = tuple[tuple[tuple[float, float], ...], ...]
Private = Callable[[str], Places]
"""The polygons of a camera that nobody is shown."""

Standing = Callable[[Collection[str]], Collection[str]]
"""Which of these segments there still are for somebody to see."""


class NoPictureError(HubError):
    """The worker gave none."""


@dataclass(frozen=True, slots=True)
class PastStill:
    """A picture out of a recording.

    Attributes:
        jpeg: The picture.
        at: When it was taken, UTC.
    """

    jpeg: bytes
    at: datetime


class PastStills:
    """Takes and keeps pictures. Safe from any thread; several may decode at once."""

    def __init__(
        self,
        folder: Path,
        take: Take,
        *,
        standing: Standing,
        private: Private = lambda _camera: (),
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """Keep pictures in `folder`, made by `take`, of segments that are `standing`, with what is `private` filled."""
        self._private = private
        self._folder = folder
        self._take = take
        self._standing = standing
        self._most_bytes = most_bytes
        self._written = 0
        self._lock = threading.Lock()
        """Held while pictures are put in place or taken away, so that none comes to lie there after it was to go."""

    def of(self, run: Run, at_ms: int, *, width_px: int | None) -> bytes:
        """The picture that is shown at a moment of a run.

        Args:
            run: From a key picture up to that moment.
            at_ms: When, from the beginning of the segment.
            width_px: How wide it shall be; None as it was taken.

        Raises:
            NoPictureError: The worker gave none, in words.
            MediaGoneError: Its recording went meanwhile.
        """
        segment = run.segment
        private = self._private(segment.head.camera)
        path = self._path(segment, at_ms, width_px, private)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            pass
        except OSError as error:
            logger.warning("kept still cannot be read", extra={"path": str(path), "error": str(error)})
        jpeg = self._taken(run, at_ms, width_px, private)
        try:
            self._keep(path, jpeg, segment.head.id)
        except OSError as error:  # it is shown all the same
            logger.warning("still not kept", extra={"path": str(path), "error": str(error)})
        return jpeg

    def forget(self, camera: str, start: datetime, end: datetime) -> int:
        """Take away what is kept of a span of a camera, and of everything of it that is recorded no more.

        Returns:
            How many pictures.
        """
        first, last = start.timestamp() * 1000, end.timestamp() * 1000
        with self._lock:
            named = {path: _FILE.fullmatch(path.name) for path in self._folder.glob(f"{camera}/*")}
            standing = self._standing({found.group(4) for found in named.values() if found is not None})
            gone = [
                path
                for path, found in named.items()
                if found is None or first <= int(found.group(2)) < last or found.group(4) not in standing
            ]
            for path in gone:
                path.unlink(missing_ok=True)
        return len(gone)

    def _taken(self, run: Run, at_ms: int, width_px: int | None, private: Places) -> bytes:
        segment = run.segment
        fragments = tuple((mark.offset, mark.size_bytes) for mark in run.marks)
        wanted = PictureWanted(
            request=0,  # numbered where it is sent
            disk=segment.disk,
            path=segment.path,
            parts=((0, segment.init_bytes), *fragments),
            at_ms=(at_ms,),
            width_px=width_px,
            private=private,
        )
        taken = self._take(segment.head.camera, wanted, timeout_s=_WITHIN_S)
        jpeg = taken.jpegs[0] if taken.jpegs else None
        if jpeg is None:
            raise NoPictureError(f"this picture cannot be decoded ({taken.problem or 'unknown'})")
        return jpeg

    def _path(self, segment: Segment, at_ms: int, width_px: int | None, private: Places) -> Path:
        head = segment.head
        moment_ms = round(head.began.timestamp() * 1000) + at_ms
        # What was kept before a place was drawn is another file, and goes when the folder is full.
        drawn = "." + hashlib.sha256(repr(private).encode()).hexdigest()[:12] if private else ""
        name = f"{head.stream}-{moment_ms}-{width_px or 0}-{head.id}{drawn}.jpg"
        return self._folder / head.camera / name

    def _keep(self, path: Path, jpeg: bytes, segment: str) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock:
            if self._written % _PRUNE_EVERY == 0:
                self._prune()
            self._written += 1
            part = path.with_name(f"{path.name}.{self._written}.part")
        part.write_bytes(jpeg)
        with self._lock:
            if segment in self._standing({segment}):
                part.replace(path)  # readers see all of it or nothing
                return
        part.unlink(missing_ok=True)
        raise MediaGoneError("what was recorded then is not there any more")

    def _prune(self) -> None:
        for left in self._folder.glob("*/*.part"):
            left.unlink(missing_ok=True)
        kept = []
        for path in self._folder.glob("*/*.jpg"):
            about = path.stat()
            kept.append((about.st_mtime, about.st_size, path))
        kept.sort(reverse=True)
        total = 0
        for _, size, path in kept:
            total += size
            if total > self._most_bytes:
                path.unlink(missing_ok=True)
