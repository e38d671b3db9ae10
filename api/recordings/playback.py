"""Playback: what recorded pictures are found and shown with, put together in one place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from api.recordings.past_stills import PastStills, Take
from cameras.recordings.keeping.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Playback:
    """What recorded pictures are shown with.

    Attributes:
        catalog: What there is, and where.
        stills: Single pictures out of it.
    """

    catalog: Catalog
    stills: PastStills


def make_playback(catalog: Catalog, data: Path, take: Take) -> Playback:
    """What shows the recordings of a catalog, with pictures kept in the data folder; nothing of it runs by itself."""
    return Playback(catalog, PastStills(data / "past-stills", take))
