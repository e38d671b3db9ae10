"""Held cameras: which cameras stood at a home where somebody lives, and by which addresses they are read.

What a home decided follows its camera wherever settings put it, until somebody who lives there lets it go.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from types import MappingProxyType

from sqlalchemy import Connection, delete, insert, select

from config.community import Community, Ring
from hub.clock import Clock
from hub.consent import Held, addresses_of
from hub.events import time_to_text
from hub.store.database import Database
from hub.store.people_tables import held_cameras


class HeldCameras:
    """The cameras of all homes. Safe from any thread; asking costs nothing."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Read what is known from a started `database`."""
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        with database.read() as connection:
            found = connection.execute(select(held_cameras)).all()
        self._all: Held = MappingProxyType({(row.camera, row.site): frozenset(row.addresses) for row in found})

    @property
    def all(self) -> Held:
        """Their addresses by camera and home; a snapshot that never changes."""
        return self._all

    def apply(self, community: Community, claimed: Collection[str]) -> None:
        """Take up the cameras that are at a home where somebody lives."""
        homes = {site.id for site in community.sites if site.ring is Ring.HOUSEHOLD and site.id in claimed}
        with self._lock:
            there = {(each.id, each.site): addresses_of(each) for each in community.cameras if each.site in homes}
            more = {key: self._all.get(key, frozenset()) | found for key, found in there.items()}
            self._write({key: found for key, found in more.items() if self._all.get(key) != found}, ())

    def let_go(self, camera: str, site: str) -> None:
        """What the home decided follows it no more."""
        with self._lock:
            self._write({}, [(camera, site)])

    def _write(self, more: Mapping[tuple[str, str], frozenset[str]], gone: Collection[tuple[str, str]]) -> None:
        if not more and not gone:
            return
        at = time_to_text(self._clock.now())

        def work(connection: Connection) -> None:
            for camera, site in {*more, *gone}:
                held = held_cameras.c.camera == camera, held_cameras.c.site == site
                connection.execute(delete(held_cameras).where(*held))
            rows = [
                {"camera": camera, "site": site, "addresses": sorted(found), "at": at}
                for (camera, site), found in more.items()
            ]
            if rows:
                connection.execute(insert(held_cameras), rows)

        self._database.write(work)
        left = {key: found for key, found in self._all.items() if key not in gone}
        self._all = MappingProxyType({**left, **more})
