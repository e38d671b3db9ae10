"""View memory: what a camera usually shows, kept in a file, so that a restart forgets neither its place nor its focus.

One file a camera, under a megabyte, written when the view is known and then every ten minutes while nothing is wrong. A
file of another version, of other zones, of another stream, of another size of picture, or older than a month counts as
none, and so does a damaged one: then the view is learned anew, as on the first day. Used from the analysis thread.
"""

from __future__ import annotations

import logging
import zipfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from cameras.vision.views.viewing import Look, UsualView
from hub.events import from_us, to_us

logger = logging.getLogger(__name__)

_VERSION: Final = 1
"""Of the file and of what its numbers mean."""
_EVERY: Final = timedelta(minutes=10)
_OLDEST: Final = timedelta(days=30)
"""Leaves fall and snow comes within a month: what was usual before says little."""
_RECENT: Final = timedelta(minutes=20)
"""A restart, and no night in which fog may have come."""
_LARGEST_BYTES: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept.

    Attributes:
        usual: The usual view.
        infrared: Whether the picture was grey.
        recent: Whether it was kept only a moment ago.
    """

    usual: UsualView
    infrared: bool
    recent: bool


class ViewMemory:
    """The file of one camera.

    Attributes:
        asked: Whether it was asked for what it holds.
    """

    def __init__(self, folder: Path, camera: str, view: str) -> None:
        """The file of `camera` in `folder`; `view` is what the view is for: another one's is not taken."""
        self._path = folder / f"{camera}.npz"
        self._view = view
        self._kept: datetime | None = None
        self._failed = False
        self.asked = False

    def load(self, look: Look, small: tuple[int, ...], now: datetime) -> Kept | None:
        """What was usual, if it fits the pictures that come; None when there is nothing of use."""
        self.asked = True
        try:
            if self._path.stat().st_size > _LARGEST_BYTES:
                return None
            with self._path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                if int(file["version"]) != _VERSION or bytes(file["view"]).decode() != self._view:
                    return None
                age = now - from_us(int(file["kept_us"]))
                usual = UsualView.of_arrays(dict(file), look.at_s)
                infrared = bool(file["infrared"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            logger.warning("what a camera usually shows cannot be read", extra={"path": str(self._path),
                           "error": repr(error)})  # fmt: skip
            return None
        fits = usual.directions.shape[1:] == small and usual.arrays["fine"].shape == look.grey.shape
        if not fits or not timedelta(0) <= age <= _OLDEST:
            return None
        self._kept = now
        return Kept(usual, infrared, age <= _RECENT)

    def keep(self, usual: UsualView, *, infrared: bool, now: datetime) -> None:
        """Write what is usual, now and then; a disk that refuses it costs a line in the log."""
        if self._kept is not None and timedelta(0) <= now - self._kept < _EVERY:
            return
        self._kept = now
        part = self._path.with_suffix(".part")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with part.open("wb") as file:
                known: dict[str, Any] = {name: each.astype(np.float16) for name, each in usual.arrays.items()}
                known["version"] = np.int64(_VERSION)
                known["view"] = np.frombuffer(self._view.encode(), np.uint8)
                known["kept_us"] = np.int64(to_us(now))
                known["infrared"] = np.bool_(infrared)
                np.savez(file, **known)
            part.replace(self._path)
        except OSError as error:
            if not self._failed:
                self._failed = True
                logger.warning("what a camera usually shows cannot be kept", extra={"path": str(self._path),
                               "error": repr(error)})  # fmt: skip
