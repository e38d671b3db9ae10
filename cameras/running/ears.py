"""Ears: takes up listening to what cameras notice themselves with the first of them that speaks ONVIF.

What that needs (a loop, HTTP, XML) is a tenth of what a worker imports, and most cameras that come back after a crash
come back sooner without it. Fulfils what the desk asks of `cameras/running/noticing.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from cameras.moves import Moved, MoveWanted
from cameras.running.task import Task

if TYPE_CHECKING:
    from cameras.running.noticing import Noticing

UNSUPPORTED = "unsupported"
"""The word for a camera that cannot be turned; `cameras/reaching.py` has them all."""


class Ears:
    """All of a worker's cameras; for the link's thread, `troubles` for any."""

    def __init__(self, make: Callable[[], Noticing], *, answer: Callable[[Moved], None]) -> None:
        """Prepare.

        Args:
            make: Makes what listens, and imports what that needs.
            answer: Takes what came of a move.
        """
        self._make = make
        self._answer = answer
        self._noticing: Noticing | None = None

    def assign(self, task: Task) -> None:
        """Listen to a camera, if it speaks ONVIF, in place of how it was listened to before."""
        if self._noticing is None:
            if task.camera.onvif is None:
                return
            self._noticing = self._make()
        self._noticing.assign(task)

    def remove(self, camera_id: str) -> None:
        """Listen to a camera no more."""
        if self._noticing is not None:
            self._noticing.remove(camera_id)

    def move(self, wanted: MoveWanted) -> None:
        """Turn a camera; the answer comes by itself."""
        if self._noticing is None:
            self._answer(Moved(wanted.request, UNSUPPORTED, "the camera has no ONVIF address"))
        else:
            self._noticing.move(wanted)

    def troubles(self, camera_id: str) -> Mapping[str, str]:
        """What of a camera's ONVIF does not work, in words for an operator; empty when all does."""
        return {} if self._noticing is None else self._noticing.troubles(camera_id)

    def stop(self) -> None:
        """Let all cameras go; bounded in time."""
        if self._noticing is not None:
            self._noticing.stop()
