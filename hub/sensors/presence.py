"""Presence: who is there and who is silent; an event is stored only when that changes.

One Presence serves the broker, the gateways and the sensors. What is known at the start comes from the store's health
table, so a restart repeats nothing. Safe from any thread; waits for no disk.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from config.community import Sensor
from hub.clock import Clock
from hub.errors import StoreError
from hub.events import Event, new_event_id
from hub.store.facts import Fact, HealthRow

logger = logging.getLogger(__name__)

ONLINE, OFFLINE = "online", "offline"
SENSOR_HEALTH = "sensor.health"


class HealthLog(Protocol):
    """What Presence uses of the EventLog."""

    def append(self, facts: list[Fact]) -> Future[int]:
        """Store facts."""

    def health(self) -> list[HealthRow]:
        """What is known."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A sensor that is expected to speak."""

    sensor: Sensor
    area: str | None
    heard_s: float


class Presence:
    """The last known state of everything that can fall silent."""

    def __init__(self, log: HealthLog, clock: Clock) -> None:
        """Store changes in `log`; time by `clock`."""
        self._log = log
        self._clock = clock
        self._lock = threading.Lock()
        self._states: dict[tuple[str, str], str] = {}
        self._watched: dict[str, Watched] = {}

    def start(self) -> None:
        """Read what the last run knew."""
        known = {(row.kind, row.source): row.state for row in self._log.health()}
        with self._lock:
            self._states = known | self._states  # what was noted before the start is newer

    def note(
        self,
        kind: str,
        source: str,
        *,
        online: bool,
        reason: str,
        at: datetime | None = None,
        driver: str = "hub",
        site: str | None = None,
        area: str | None = None,
    ) -> Future[int] | None:
        """Say that `source` is there or not.

        Args:
            kind: `sensor.health`, `gateway.health`, `broker.health`.
            source: Its id.
            online: Whether it is there.
            reason: Why, in words.
            at: When; now when None.
            driver: Who says so.
            site: Where it stands.
            area: Where that is.

        Returns:
            The Future of the stored change, or None when nothing changed or the store takes nothing now (the next note
            tries again).
        """
        state = ONLINE if online else OFFLINE
        now = self._clock.now()
        with self._lock:
            known = self._states.get((kind, source))
            if known == state:
                return None
            self._states[kind, source] = state
        event = Event(
            id=new_event_id(),
            kind=kind,
            at=at or now,
            arrived=now,
            source=source,
            driver=driver,
            site=site,
            area=area,
            fields={"state": state, "reason": reason},
        )
        try:
            return self._log.append([Fact(event)])
        except StoreError as error:
            logger.warning("health change not stored, will be tried again", extra={"source": source, "error": error})
            with self._lock:
                if known is None:
                    self._states.pop((kind, source), None)
                else:
                    self._states[kind, source] = known
            return None

    def watch(self, sensors: Iterable[tuple[Sensor, str | None]]) -> None:
        """Expect these sensors (each with its Area) to speak; a new one is given its whole time from now."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            before = self._watched
            self._watched = {
                sensor.id: Watched(sensor, area, before[sensor.id].heard_s if sensor.id in before else now_s)
                for sensor, area in sensors
            }

    def heard(self, sensor_id: str, *, driver: str) -> None:
        """A sensor spoke just now."""
        with self._lock:
            watched = self._watched.get(sensor_id)
            if watched is None:
                return
            self._watched[sensor_id] = Watched(watched.sensor, watched.area, self._clock.monotonic_s())
        self._note_sensor(watched, online=True, reason="heard", driver=driver)

    def tick(self) -> None:
        """Note who has been silent for longer than it may be. Called about once a second."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            silent = [
                watched
                for watched in self._watched.values()
                if watched.sensor.silent_after_s is not None
                and now_s - watched.heard_s >= watched.sensor.silent_after_s
                and self._states.get((SENSOR_HEALTH, watched.sensor.id)) != OFFLINE
            ]
        for watched in silent:
            reason = f"silent for {watched.sensor.silent_after_s:g} s"
            self._note_sensor(watched, online=False, reason=reason, driver=watched.sensor.format)

    def _note_sensor(self, watched: Watched, *, online: bool, reason: str, driver: str) -> None:
        self.note(
            SENSOR_HEALTH,
            watched.sensor.id,
            online=online,
            reason=reason,
            driver=driver,
            site=watched.sensor.site,
            area=watched.area,
        )
