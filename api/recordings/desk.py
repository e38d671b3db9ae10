"""Recording desk: everything about recordings in the hub, put together in one place.

Workers record by themselves; the hub only keeps the catalogue of what they did, looks after the disks, and says how
long all of it will be kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from alerts.store.camera_spans import camera_spans
from api.recordings.figures import watch_recordings
from api.recordings.outlook import Outlook
from cameras.recordings.keeping.ages import Ages
from cameras.recordings.keeping.caretaker import Caretaker
from cameras.recordings.keeping.catalog import Catalog
from cameras.recordings.keeping.check import Check
from cameras.recordings.keeping.holdings import Holdings
from cameras.recordings.keeping.removing import Removing
from cameras.recordings.keeping.retention import Retention
from cameras.recordings.keeping.shelves import Shelves
from cameras.recordings.media import Segment
from config.community import Community
from config.machine import Machine
from config.recording import Policy
from hub.clock import Clock
from hub.lifecycle import Lifecycle
from hub.metrics import Metrics
from hub.store.database import Database
from hub.store.recording_deletions import done_over

_STORED_WITHIN_S = 10.0  # a worker keeps its news meanwhile, and tells them again when this fails


@dataclass(frozen=True, slots=True)
class RecordingDesk:
    """What is asked about recordings.

    Attributes:
        catalog: What there is, when, and what is missing.
        holdings: How much it takes up.
        shelves: The disks.
        removing: Removes segments for somebody who asked for it.
        caretaker: Keeps order.
        outlook: How long recordings will be kept.
    """

    catalog: Catalog
    holdings: Holdings
    shelves: Shelves
    removing: Removing
    caretaker: Caretaker
    outlook: Outlook

    def keep(self, segments: Sequence[Segment]) -> None:
        """Store what a worker told; returns after the commit.

        Raises:
            StoreError: It is not stored, or nobody knows; to be told again.
            TimeoutError: Likewise.
        """
        self.catalog.keep_all(segments, timeout_s=_STORED_WITHIN_S)

    def removed(self, disk: str, paths: Sequence[str]) -> None:
        """Strike off what a worker removed to make room.

        Raises:
            StoreError: The database refuses; to be told again.
        """
        self.removing.strike_off(disk, paths)


class Decided(Protocol):
    """What cameras are to do, as far as households agreed to it."""

    def current(self) -> Community:
        """The Community as cameras and recordings follow it."""

    def keeping(self, camera: str, site: str) -> Policy:
        """How long what a camera recorded at a site is kept."""


def start_recordings(
    machine: Machine,
    database: Database,
    clock: Clock,
    *,
    households: Decided,
    metrics: Metrics,
    lifecycle: Lifecycle,
) -> RecordingDesk:
    """Begin to look after recordings, and to show how they do."""
    desk = make_recording_desk(machine, database, clock, households=households)
    lifecycle.push("recordings", desk.caretaker.stop)
    desk.caretaker.start()
    watch_recordings(metrics, holdings=desk.holdings, caretaker=desk.caretaker, outlook=desk.outlook)
    return desk


def make_recording_desk(machine: Machine, database: Database, clock: Clock, *, households: Decided) -> RecordingDesk:
    """The desk of a hub or of a command; nothing of it runs by itself."""
    shelves = Shelves(machine.recording_disks, memory=machine.data / "disks", clock=clock)
    catalog, holdings = Catalog(database, shelves.folders), Holdings(database)

    def policy(camera_id: str) -> Policy:
        there = households.current()
        camera = there.camera(camera_id)
        return Policy() if camera is None else there.policy_of(camera)

    def events(camera: str, site: str, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        return camera_spans(database, camera, site, since=since, until=until)

    def keep_days(camera: str, site: str) -> float:
        return households.keeping(camera, site).keep_days

    def deleted(camera: str, site: str, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        with database.read() as connection:
            return done_over(connection, camera, site, since=since, until=until)

    ages = Ages(clock, folder=machine.data, newest=holdings.newest, number=holdings.newest_number)
    retention = Retention(holdings, shelves, clock, ages=ages, policy=households.keeping, events=events)
    check = Check(catalog, holdings, shelves, deleted=deleted)
    return RecordingDesk(
        catalog=catalog,
        holdings=holdings,
        shelves=shelves,
        removing=Removing(holdings, shelves),
        caretaker=Caretaker(check, retention, shelves, clock, keep_days=keep_days),
        outlook=Outlook(holdings, shelves, clock, policy=policy, are_ages_held=lambda: ages.held is not None),
    )
