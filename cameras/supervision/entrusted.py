"""Entrusted: the cameras that a worker was given; what it tells of any other is not taken.

A worker may be in the hands of one of its cameras. Then it must not speak for those of other workers, in whose homes it
sees nothing: no event, no segment. What is refused is not told again; it is counted and logged, ever more rarely.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from cameras.link_words import Assign
from cameras.recordings.media import Segment
from hub.events import Event

logger = logging.getLogger(__name__)


class Entrusted:
    """What one worker may speak of, for as long as its keeper lives: news of a camera may come after it was taken away.

    Attributes:
        refused: Events and segments that were not taken.
    """

    def __init__(self, worker: str) -> None:
        """Nothing yet."""
        self._worker = worker
        self._sites: dict[str, set[str]] = {}
        self._taken_over: frozenset[str] = frozenset()
        self.refused = 0

    def give(self, assign: Assign) -> None:
        """A camera is to be run by it."""
        self._sites.setdefault(assign.camera["id"], set()).add(assign.camera.get("site", ""))

    def take_over(self, cameras: Iterable[str]) -> None:
        """It runs these since before this hub, which does not know at which sites they were."""
        self._taken_over = frozenset(cameras)

    def events(self, told: Sequence[Event]) -> list[Event]:
        """Those that it may tell."""
        mine = [event for event in told if event.source == event.camera and self._covers(event.camera, event.site)]
        self._refuse(len(told) - len(mine), "events")
        return mine

    def takes(self, segment: Segment) -> bool:
        """Whether it may tell of this one."""
        if self._covers(segment.head.camera, segment.head.site):
            return True
        self._refuse(1, "segments")
        return False

    def knows(self, camera: str) -> bool:
        """Whether it may tell of this camera."""
        return self._covers(camera, None)

    def _covers(self, camera: str | None, site: str | None) -> bool:
        if camera in self._taken_over:
            return True
        sites = self._sites.get(camera or "")
        return sites is not None and (site is None or site in sites)

    def _refuse(self, count: int, what: str) -> None:
        before, self.refused = self.refused, self.refused + count
        if self.refused.bit_length() > before.bit_length():
            logger.error(
                "a worker tells of cameras that are not its own, which is not taken",
                extra={"worker": self._worker, "what": what, "refused": self.refused},
            )
