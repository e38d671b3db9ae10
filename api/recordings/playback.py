"""Playback: what recorded pictures are found and shown with, put together in one place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.recordings.past_stills import PastStills, Take
from cameras.recordings.keeping.catalog import Catalog
from hub.fair_share import FairShare, Share

_ROOM: Final = Share(most=16, each=8)
_RESIDENTS: Final = Share(most=8, each=4)
"""Each still that waits for a worker keeps a thread for seconds; of 40 in all, 16 are left for everything else."""
_RETRY_AFTER_S: Final = 2


@dataclass(frozen=True, slots=True)
class Playback:
    """What recorded pictures are shown with.

    Attributes:
        catalog: What there is, and where.
        stills: Single pictures out of it.
        still_places: How many may wait for a still at once.
    """

    catalog: Catalog
    stills: PastStills
    still_places: FairShare


def make_playback(catalog: Catalog, data: Path, take: Take) -> Playback:
    """What shows the recordings of a catalog, with pictures kept in the data folder; nothing of it runs by itself."""
    places = FairShare(room=_ROOM, residents=_RESIDENTS, retry_after_s=_RETRY_AFTER_S)
    return Playback(catalog, PastStills(data / "past-stills", take, standing=catalog.shown), places)
