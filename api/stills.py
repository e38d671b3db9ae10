"""Stills: the picture of an alert, kept as `data/stills/<alert id>.jpg`.

A reader of the journal like any other: it sees that an alert was raised from a camera, asks the camera's worker for the
picture of that moment, and writes it. It is never in the way: what fails is counted and logged, nothing waits for it,
and the folder is bounded in files, the oldest going first.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from alerts.incidents.views import JournalEntry
from alerts.store.lists import Repository
from api.follower import Follower
from hub.bus import Bus, Topic
from hub.errors import HubError
from hub.lifecycle import Lifecycle
from hub.metrics import Metrics

logger = logging.getLogger(__name__)

MOST_FILES = 20_000  # at some 60 kB each 1.2 GB, half a year of 100 alerts a day
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")  # an id and nothing that could be a path
_PRUNE_EVERY = 200


class Picture(Protocol):
    """What this file needs of a still."""

    @property
    def jpeg(self) -> bytes:
        """The encoded picture."""


Take = Callable[[str, str | None], Picture | None]
"""A still of a camera, of an event's moment if that is still held; None when there is none."""


class Stills:
    """The kept pictures. Written by one thread, read by any."""

    def __init__(self, folder: Path, *, take: Take, metrics: Metrics, most_files: int = MOST_FILES) -> None:
        """Keep pictures in `folder`, made by `take`."""
        self._folder = folder
        self._take = take
        self._metrics = metrics
        self._most_files = most_files
        self._written = 0

    def of(self, alert: str) -> Path | None:
        """The kept picture of an alert, if there is one."""
        path = self._path(alert)
        return path if path is not None and path.is_file() and not path.is_symlink() else None

    def keep(self, alert: str, *, camera: str, event: str | None) -> bool:
        """Take and keep the picture of an alert, once.

        Returns:
            Whether it is kept now.
        """
        path = self._path(alert)
        if path is None:
            logger.warning("alert id cannot be a file name", extra={"alert": alert})
            return False
        if path.is_file():
            return True
        outcome = "missing"
        try:
            # The moment's picture is held by the worker for a while; the newest one is better than none.
            still = self._take(camera, event) or self._take(camera, None)
            if still is not None:
                self._write(path, still.jpeg)
                outcome = "kept"
        except (OSError, HubError) as error:
            outcome = "failed"
            logger.warning("still not kept", extra={"alert": alert, "camera": camera, "reason": str(error)})
        self._metrics.stills.labels(outcome).inc()
        return outcome == "kept"

    def _path(self, alert: str) -> Path | None:
        return self._folder / f"{alert}.jpg" if _ID.fullmatch(alert) else None

    def _write(self, path: Path, jpeg: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._written % _PRUNE_EVERY == 0:
            self._prune()
        self._written += 1
        part = path.with_suffix(".part")
        part.write_bytes(jpeg)
        part.replace(path)  # readers see all of it or nothing

    def _prune(self) -> None:
        kept = sorted(self._folder.glob("*.jpg"), key=lambda path: path.stat().st_mtime)
        for path in kept[: max(0, len(kept) - self._most_files)]:
            path.unlink(missing_ok=True)


def keep_still(stills: Stills, entry: JournalEntry) -> None:
    """Keep the picture of an alert that an entry says was raised from a camera."""
    if entry.topic != "alert" or entry.move != "raised":
        return
    camera = entry.body.get("camera")
    if isinstance(camera, str):
        events = entry.body.get("why", {}).get("events") or entry.body.get("events") or [None]
        stills.keep(entry.subject, camera=camera, event=events[0])


def start_stills(
    folder: Path, *, take: Take, repository: Repository, bus: Bus, metrics: Metrics, lifecycle: Lifecycle
) -> Stills:
    """Keep the picture of every alert that is raised from now on."""
    stills = Stills(folder, take=take, metrics=metrics)
    keeper: Follower[JournalEntry] = Follower(
        "stills",
        bus=bus,
        topic=Topic.JOURNAL,
        newest=repository.newest_seq,
        read=repository.journal_after,
        handle=lambda entry: keep_still(stills, entry),
    )
    lifecycle.push("stills", keeper.stop)
    keeper.start()
    return stills
