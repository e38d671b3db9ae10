"""A catalogue with disks, and real files of a few seconds on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from cameras.recordings.keeping.catalog import Catalog
from cameras.recordings.keeping.check import Check, Difference
from cameras.recordings.keeping.holdings import Holdings
from cameras.recordings.keeping.shelves import Shelves
from cameras.recordings.media import Because, Segment, StreamName
from config.machine import Disk
from hub.clock import Clock
from hub.store.database import Database
from tests.fakes.recordings import footage, write_segment
from tests.fakes.segments import at

SECONDS = 4


@dataclass(frozen=True)
class Shelved:
    """What tests of the catalogue's upkeep work with."""

    database: Database
    catalog: Catalog
    holdings: Holdings
    shelves: Shelves
    check: Check

    def file(self, segment: Segment) -> Path:
        """Where a segment lies."""
        return self.shelves.folders[segment.disk] / segment.path

    def write(
        self,
        minutes: float,
        *,
        camera: str = "gate",
        disk: str = "data",
        because: Because = Because.ROLLED,
        closed: bool = True,
        torn_bytes: int = 0,
        stream: StreamName = StreamName.MAIN,
        began: datetime | None = None,
    ) -> Segment:
        """Put a file of four seconds on a disk, without a row."""
        form, samples = footage(SECONDS)
        made = write_segment(
            self.shelves.folders[disk],
            began or at(minutes),
            form,
            samples,
            camera=camera,
            site="hall",
            stream=stream,
            because=because,
            closed=closed,
            torn_bytes=torn_bytes,
        )
        return replace(made, disk=disk)

    def keep(self, *segments: Segment) -> None:
        """Give them their rows."""
        self.catalog.keep_all(segments, timeout_s=10.0)

    def all(self, camera: str = "gate") -> list[Segment]:
        """Everything of a camera that has a row."""
        return self.catalog.segments(camera, StreamName.MAIN, at(-100_000), at(100_000))

    def start_up(self) -> list[Difference]:
        """What a start puts right."""
        return list(self.check.at_start())

    def everything(self) -> list[Difference]:
        """What a whole check puts right."""
        return list(self.check.everything())


def shelved(database: Database, folder: Path, clock: Clock, *disks: Disk) -> Shelved:
    """A catalogue on `database` with its disks under `folder`."""
    shelves = Shelves(disks or (Disk(id="data", path=folder / "recordings"),), memory=folder / "disks", clock=clock)
    for disk in shelves.disks:
        assert shelves.is_there(disk.id)
    catalog, holdings = Catalog(database, shelves.folders), Holdings(database)
    return Shelved(database, catalog, holdings, shelves, Check(catalog, holdings, shelves))
