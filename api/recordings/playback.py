"""Playback: what recorded pictures are found and shown with, put together in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.recordings.past_stills import PastStills, Places, Take
from cameras.recordings.keeping.catalog import Catalog
from config.community import Community
from config.zones import private_places
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


def make_playback(catalog: Catalog, data: Path, take: Take, community: Callable[[], Community]) -> Playback:
    """What shows the recordings of a catalog, with pictures kept in the data folder; nothing of it runs by itself."""

    def private(camera: str) -> Places:
        known = community().camera(camera)
        return () if known is None else private_places(known.zones)

    places = FairShare(room=_ROOM, residents=_RESIDENTS, retry_after_s=_RETRY_AFTER_S)
    stills = PastStills(data / "past-stills", take, standing=catalog.shown, private=private)
    return Playback(catalog, stills, places)
