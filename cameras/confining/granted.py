"""Granted: a disk that comes back was not there when the worker was confined, so another worker has to take its place.

What a process may write to is tied to the folders that were there when it was confined. A disk that is mounted later is
another folder. The worker then ends tidily, and the hub starts one that is given the disk: a gap of seconds once, and
not a disk that stays unused.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

from hub.clock import Clock

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 5.0


def watch_folders(folders: Sequence[Path], clock: Clock, stopping: threading.Event) -> None:
    """Set `stopping` when another folder stands at one of these paths than now; in a thread, for disks may hang."""
    granted = {path: _identity(path) for path in folders}

    def watch() -> None:
        while not clock.wait(stopping, _LOOK_EVERY_S):
            for path, before in granted.items():
                now = _identity(path)
                if now is not None and now != before:
                    logger.warning("a disk is there that was not; another worker takes over", extra={"path": str(path)})
                    stopping.set()

    threading.Thread(target=watch, name="granted", daemon=True).start()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        there = path.stat()
    except OSError:
        return None
    return there.st_dev, there.st_ino
