"""Presence: who is there and who is silent; an event is stored only when that changes.

One Presence serves the broker, the gateways and the sensors. What is known at the start comes from the store's health
table, so a restart repeats nothing. A sensor is silent after its `silent_after_s`, else after what it announced, else
after what was learned of it; while the broker or its gateway is away nobody can be heard, so nobody is blamed, and
afterwards each is given its whole time again. Safe from any thread; waits for no disk.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from config.community import Sensor
from hub.clock import Clock
from hub.errors import StoreError
from hub.events import Event, FieldValue, new_event_id
from hub.sensors.gateways import gateway_of
from hub.sensors.rhythm import SHORTEST_SILENCE_S
from hub.store.facts import Fact, HealthRow

logger = logging.getLogger(__name__)

ONLINE, OFFLINE, UNKNOWN = "online", "offline", "unknown"
SENSOR_HEALTH, GATEWAY_HEALTH, BROKER_HEALTH = "sensor.health", "gateway.health", "broker.health"


class HealthLog(Protocol):
    """What Presence uses of the EventLog."""

    def append(self, facts: list[Fact]) -> Future[int]:
        """Store facts."""

    def health(self) -> list[HealthRow]:
        """What is known."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What is known of how often a sensor speaks by itself.

    Attributes:
        interval_s: Seconds between its heartbeats.
        silence_s: Seconds without a word after which it is silent.
        steady: It keeps time closely.
    """

    interval_s: float
    silence_s: float
    steady: bool


class Habits(Protocol):
    """Who has learned how often sensors speak."""

    def learned(self, sensor_id: str) -> Learned | None:
        """What is known of a sensor, None when its silence says nothing."""

    def pause(self, sensor_ids: Iterable[str]) -> None:
        """These could not be heard for a while."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a sensor stands, for people.

    Attributes:
        state: `online`, `offline`, or `unknown`: nothing was heard yet, or it cannot be heard now.
        why: In words.
        heard: When it spoke last in this run of the hub, None when it did not.
        interval_s: Seconds between its heartbeats, as far as learned.
        silent_after_s: Seconds without a word after which it counts as silent, None when its silence says nothing.
        gateway: Through which it speaks.
    """

    state: str
    why: str
    heard: datetime | None
    interval_s: float | None
    silent_after_s: float | None
    gateway: str | None


@dataclass(frozen=True, slots=True)
class Watched:
    """A sensor that is expected to speak.

    Attributes:
        heard_s: When it was heard, or was given its whole time anew; monotonic.
        heard: When it was heard, None when it was not in this run.
        vouched: Its gateway or broker says that it is there.
        announced_s: Silence after which it says of itself that it counts as gone.
    """

    sensor: Sensor
    area: str | None
    gateway: str | None
    heard_s: float
    heard: datetime | None = None
    vouched: bool = False
    announced_s: float | None = None


class Presence:
    """The last known state of everything that can fall silent."""

    def __init__(self, log: HealthLog, clock: Clock, *, habits: Habits | None = None) -> None:
        """Store changes in `log`; time by `clock`; `habits` knows how often a sensor speaks that has no setting."""
        self._log = log
        self._clock = clock
        self._habits = habits
        self._lock = threading.Lock()
        self._states: dict[tuple[str, str], tuple[str, str]] = {}  # state and reason
        self._watched: dict[str, Watched] = {}

    def start(self) -> None:
        """Read what the last run knew."""
        known = {(row.kind, row.source): (row.state, row.reason) for row in self._log.health()}
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
        with self._lock:
            watched = self._watched.get(source) if kind == SENSOR_HEALTH else None
            if watched is not None:
                self._watched[source] = replace(watched, vouched=online)
        return self._change(kind, source, online=online, reason=reason, at=at, driver=driver, site=site, area=area)

    def watch(self, sensors: Iterable[tuple[Sensor, str | None]]) -> None:
        """Expect these sensors (each with its Area) to speak; a new one is given its whole time from now."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            before = self._watched
            self._watched = {
                sensor.id: replace(before[sensor.id], sensor=sensor, area=area, gateway=gateway_of(sensor))
                if sensor.id in before
                else Watched(sensor, area, gateway_of(sensor), now_s)
                for sensor, area in sensors
            }

    def heard(self, sensor_id: str, *, driver: str) -> None:
        """A sensor spoke just now."""
        now, now_s = self._clock.now(), self._clock.monotonic_s()
        with self._lock:
            watched = self._watched.get(sensor_id)
            if watched is None:
                return
            self._watched[sensor_id] = replace(watched, heard_s=now_s, heard=now)
        self._note_sensor(watched, online=True, reason="heard", driver=driver)

    def expect(self, sensor_id: str, silent_after_s: float) -> None:
        """A sensor says of itself after how many seconds of silence it counts as gone; its setting counts first."""
        with self._lock:
            watched = self._watched.get(sensor_id)
            if watched is not None and watched.announced_s != silent_after_s:
                self._watched[sensor_id] = replace(watched, announced_s=silent_after_s)

    def tick(self) -> None:
        """Note who has been silent for longer than it may be. Called about once a second."""
        now_s = self._clock.monotonic_s()
        silent: list[tuple[Watched, float]] = []
        with self._lock:
            if self._is_away(BROKER_HEALTH, "broker"):
                return
            for watched in self._watched.values():
                silent_s = now_s - watched.heard_s
                limit_s = self._limit_s(watched, silent_s)
                if limit_s is None or silent_s < limit_s:
                    continue
                known = self._states.get((SENSOR_HEALTH, watched.sensor.id))
                if (known is None or known[0] != OFFLINE) and not self._is_away(GATEWAY_HEALTH, watched.gateway):
                    silent.append((watched, limit_s))
        for watched, limit_s in silent:
            reason = f"silent for {limit_s:.6g} s"
            self._note_sensor(watched, online=False, reason=reason, driver=watched.sensor.format)

    def standing(self, sensor_id: str) -> Standing | None:
        """How a sensor stands, None for one that is not watched."""
        with self._lock:
            watched = self._watched.get(sensor_id)
            if watched is None:
                return None
            state, why = self._states.get((SENSOR_HEALTH, sensor_id), (UNKNOWN, "nothing heard yet"))
            if self._is_away(BROKER_HEALTH, "broker"):
                state, why = UNKNOWN, "the broker is offline"
            elif self._is_away(GATEWAY_HEALTH, watched.gateway):
                state, why = UNKNOWN, f"the gateway {watched.gateway} is offline"
            limit_s = self._limit_s(watched)
        learned = None if self._habits is None else self._habits.learned(sensor_id)
        return Standing(
            state=state,
            why=why,
            heard=watched.heard,
            interval_s=None if learned is None else learned.interval_s,
            silent_after_s=limit_s,
            gateway=watched.gateway,
        )

    def _note_sensor(self, watched: Watched, *, online: bool, reason: str, driver: str) -> None:
        self._change(
            SENSOR_HEALTH,
            watched.sensor.id,
            online=online,
            reason=reason,
            driver=driver,
            site=watched.sensor.site,
            area=watched.area,
        )

    def _change(
        self,
        kind: str,
        source: str,
        *,
        online: bool,
        reason: str,
        at: datetime | None = None,
        driver: str,
        site: str | None,
        area: str | None,
    ) -> Future[int] | None:
        state = ONLINE if online else OFFLINE
        now = self._clock.now()
        fields: dict[str, FieldValue] = {"state": state, "reason": reason}
        with self._lock:
            watched = self._watched.get(source) if kind == SENSOR_HEALTH else None
            if watched is not None:
                fields["life_safety"] = watched.sensor.life_safety
                if watched.gateway is not None:
                    fields["gateway"] = watched.gateway
            known = self._states.get((kind, source))
            if known is not None and known[0] == state:
                return None
            self._states[kind, source] = state, reason
            if online:
                self._begin_anew(kind, source)
        event = Event(
            id=new_event_id(),
            kind=kind,
            at=at or now,
            arrived=now,
            source=source,
            driver=driver,
            site=site,
            area=area,
            fields=fields,
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

    # Everything below is called with the lock held.

    def _limit_s(self, watched: Watched, silent_s: float = math.inf) -> float | None:
        """Seconds of silence that are too many for a sensor; None when `silent_s` are certainly not, or never any."""
        if watched.sensor.silent_after_s is not None:
            return watched.sensor.silent_after_s
        if watched.announced_s is not None:
            return watched.announced_s
        if self._habits is None or silent_s < SHORTEST_SILENCE_S:
            return None
        learned = self._habits.learned(watched.sensor.id)
        if learned is None or (watched.vouched and not learned.steady):
            return None
        return learned.silence_s

    def _is_away(self, kind: str, source: str | None) -> bool:
        if source is None:
            return False
        known = self._states.get((kind, source))
        return known is not None and known[0] == OFFLINE

    def _begin_anew(self, kind: str, source: str) -> None:
        """Who can be heard again, or was said to be there, has its whole time from now."""
        now_s = self._clock.monotonic_s()
        if kind == SENSOR_HEALTH:
            reached = [source] if source in self._watched else []
        else:
            reached = [
                each for each, watched in self._watched.items() if kind == BROKER_HEALTH or watched.gateway == source
            ]
        for sensor_id in reached:
            self._watched[sensor_id] = replace(self._watched[sensor_id], heard_s=now_s)
        if self._habits is not None and kind != SENSOR_HEALTH:
            self._habits.pause(reached)
