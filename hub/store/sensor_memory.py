"""SensorMemory: what the hub has learned of each sensor, so that a restart forgets nothing.

A small table by sensor and name, written when something changes and never with every message. What the bodies mean is
the business of `hub/sensors/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from hub.events import time_to_text
from hub.store.database import Database
from hub.store.schema import sensor_memory

Key = tuple[str, str]
"""Sensor id and name."""


class SensorMemory:
    """The memory of one hub. Safe from any thread."""

    def __init__(self, database: Database) -> None:
        """Keep it in `database`."""
        self._database = database

    def load(self) -> Mapping[Key, dict[str, Any]]:
        """All that is remembered."""
        with self._database.read() as connection:
            rows = connection.execute(select(sensor_memory)).all()
        return MappingProxyType({(row.sensor, row.name): row.body for row in rows})

    def keep(self, changes: Mapping[Key, dict[str, Any] | None], at: datetime) -> Future[None]:
        """Remember each body, and forget where it is None; never waits for room in the queue.

        Raises:
            StoreBusyError: The queue is full; nothing was kept.
            StoreClosedError: The store is stopped.
        """
        wanted = dict(changes)
        changed = time_to_text(at)

        def work(connection: Connection) -> None:
            for (sensor, name), body in wanted.items():
                here = (sensor_memory.c.sensor == sensor) & (sensor_memory.c.name == name)
                connection.execute(delete(sensor_memory).where(here))
                if body is not None:
                    row = {"sensor": sensor, "name": name, "body": body, "changed": changed}
                    connection.execute(insert(sensor_memory).values(row))

        return self._database.submit(work, timeout_s=0.0)
