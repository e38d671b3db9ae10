"""Growing: the marks of segments that a worker still writes, read from their files, each part of a file once.

A file that cannot be read, or of which nothing is written yet, has no marks; that is no fault of who asks.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

from cameras.recordings.media import Mark, Segment
from cameras.recordings.mp4.index import scan
from cameras.recordings.opening import open_recorded

logger = logging.getLogger(__name__)

_REMEMBERED = 1024
"""More than the streams of two villages; of others the file is read from its beginning again."""


class Growing:
    """Remembers what was read of each open file. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: OrderedDict[str, tuple[tuple[Mark, ...], int]] = OrderedDict()

    def grown(self, segment: Segment, path: Path | None) -> Segment:
        """The open segment as its file stands now."""
        if path is None:
            return segment
        with self._lock:
            marks, whole_bytes = self._read.get(segment.head.id, ((), segment.init_bytes))
        try:
            with open_recorded(path) as file:
                found = scan(file, from_offset=whole_bytes)
                marks, whole_bytes = (*marks, *found), found.whole_bytes
        except OSError as error:
            logger.debug("an open segment cannot be read", extra={"path": str(path), "error": str(error)})
        with self._lock:
            if whole_bytes >= self._read.get(segment.head.id, ((), 0))[1]:
                self._read[segment.head.id] = marks, whole_bytes
            self._read.move_to_end(segment.head.id)
            while len(self._read) > _REMEMBERED:
                self._read.popitem(last=False)
        return replace(segment, marks=marks, size_bytes=max(segment.size_bytes, whole_bytes))

    def forget(self, segment_id: str) -> None:
        """It is closed."""
        with self._lock:
            self._read.pop(segment_id, None)
