"""Removing: segments go, first from sight, then from the disk, then from the catalogue.

What cannot be removed now, because its disk is away or a worker still writes it, is shown to nobody any more and goes
later. So nothing that was to go comes back, and no row is left without its file. The row of a segment that is being
copied stays until the thread that copies has looked at it (`finish`): a copy may still be made behind our back.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

from cameras.errors import DiskError
from cameras.recordings.keeping.holdings import Also, Held, Holdings
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

    def remove(self, ids: Sequence[str], because: Because, *, also: Also | None = None) -> list[Held]:
        """Remove segments.

        Args:
            ids: Of the segments; those that there are not are passed over.
            because: What a timeline says afterwards.
            also: Writes down what goes, some dozens at a time, in the transaction in which it goes from sight.

        Returns:
            Those that there were.

        Raises:
            StoreError: The database refuses; some may be gone.
        """
        found: list[Held] = []
        for at in range(0, len(ids), _STEP):
            gone = self._holdings.let_go(ids[at : at + _STEP], because, also=also)
            self._strike_off([each for each in gone if self._unlink(each) and each.also_on is None])
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
        gone = [each.id for each in found if not self._lies(each)]  # of those alone it is true
        return len(self.remove(gone, Because.EXPIRED))

    def finish(self, going: Sequence[Held]) -> int:
        """Remove the files of rows that are going, and then the rows; for the thread that copies alone.

        Returns:
            How many are gone.
        """
        return self._strike_off([each for each in going if self._unlink(each)])

    def _strike_off(self, held: Sequence[Held]) -> int:
        return self._holdings.strike_off([each.id for each in held]) if held else 0

    def _lies(self, held: Held) -> bool:
        try:
            return self._shelves.is_file(held.disk, held.path)
        except DiskError:
            return True

    def _unlink(self, held: Held) -> bool:
        try:
            fates = [self._shelves.remove(held.disk, held.path)]
            if held.also_on is not None and self._shelves.disk(held.also_on) is not None:
                fates.append(self._shelves.remove_copy(held.also_on, held.path))
        except DiskError as error:
            logger.debug("a recording cannot be removed now", extra={"path": held.path, "error": str(error)})
            return False
        return Fate.IN_USE not in fates
