"""Removing: segments go, first from sight, then from the disk, then from the catalogue.

What cannot be removed now, because its disk is away or a worker still writes it, is shown to nobody any more and goes
later. So nothing that was to go comes back, and no row is left without its file.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

from cameras.errors import DiskError
from cameras.recordings.keeping.holdings import Held, Holdings
from cameras.recordings.keeping.shelves import Fate, Shelves
from cameras.recordings.media import Because, StreamName
from cameras.recordings.mp4.naming import began_by_name

logger = logging.getLogger(__name__)

_HOUR = timedelta(hours=1)
_STEP = 32
"""In one work of the writer."""


class Removing:
    """Removes. Safe from any thread; blocks its caller."""

    def __init__(self, holdings: Holdings, shelves: Shelves) -> None:
        """Remove from both."""
        self._holdings = holdings
        self._shelves = shelves

    def remove(self, ids: Sequence[str], because: Because) -> list[Held]:
        """Remove segments.

        Args:
            ids: Of the segments; those that there are not are passed over.
            because: What a timeline says afterwards.

        Returns:
            Those that there were.

        Raises:
            StoreError: The database refuses; some may be gone.
        """
        found: list[Held] = []
        for at in range(0, len(ids), _STEP):
            gone = self._holdings.let_go(ids[at : at + _STEP], because)
            self.finish(gone)
            found += gone
        return found

    def strike_off(self, disk: str, paths: Sequence[str]) -> int:
        """Remove the rows of files that somebody else removed to make room; returns how many there were."""
        hours = {(path.rpartition("/")[0], began) for path in paths if (began := began_by_name(path)) is not None}
        wanted, found = set(paths), []
        for place, began in sorted({(place, began.replace(minute=0, second=0)) for place, began in hours}):
            site, camera, stream, *_ = place.split("/")
            held = self._holdings.of_span(site, camera, StreamName(stream), start=began, end=began + _HOUR)
            found += [each for each in held if each.disk == disk and each.path in wanted]
        return len(self.remove([each.id for each in found], Because.EXPIRED))

    def finish(self, going: Sequence[Held]) -> int:
        """Remove the files of rows that are going, and then the rows; returns how many are gone."""
        done = [each.id for each in going if self._unlink(each)]
        return self._holdings.strike_off(done) if done else 0

    def _unlink(self, held: Held) -> bool:
        try:
            fates = [self._shelves.remove(disk, held.path) for disk in (held.disk, held.also_on) if disk is not None]
        except DiskError as error:
            logger.debug("a recording cannot be removed now", extra={"path": held.path, "error": str(error)})
            return False
        return Fate.IN_USE not in fates
