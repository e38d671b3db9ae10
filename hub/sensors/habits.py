"""Habits: which messages are heartbeats, and what rhythm they have, for every sensor.

A message is a heartbeat when nothing happened that it would tell: no state changed, nobody is there, nothing was
pressed. Numbers alone are always one. Only such messages teach the rhythm, so that a door, a smoke alarm or a motion
sensor is not expected to speak because people were about. Pure: times come in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from hub.events import Event, FieldValue
from hub.sensors.kinds import KINDS
from hub.sensors.rhythm import Rhythm

PEOPLE_KINDS = frozenset({"motion", "presence", "vibration", "fall", "tamper"})
"""While such a state is true, somebody is there, and each message may be about him."""

_STATES = 256
"""States that are remembered of one sensor; beyond that it begins afresh."""


class Habits:
    """The rhythms of all sensors."""

    def __init__(self) -> None:
        self._rhythms: dict[str, Rhythm] = {}
        self._states: dict[str, dict[tuple[str, str | None, str], FieldValue]] = {}

    def keep(self, sensors: Collection[str]) -> None:
        """Forget every other sensor."""
        for sensor in self._rhythms.keys() - set(sensors):
            del self._rhythms[sensor]
        for sensor in self._states.keys() - set(sensors):
            del self._states[sensor]

    def heard(self, sensor: str, events: Sequence[Event], now_s: float) -> None:
        """A message of a sensor came; with no events in it, it was a sign of life alone."""
        if self._is_heartbeat(sensor, events):
            self.rhythm(sensor).beat(now_s)

    def pause(self, sensors: Iterable[str]) -> None:
        """These could not be heard for a while."""
        for sensor in sensors:
            if sensor in self._rhythms:
                self._rhythms[sensor].pause()

    def rhythm(self, sensor: str) -> Rhythm:
        """The rhythm of a sensor."""
        return self._rhythms.setdefault(sensor, Rhythm())

    def _is_heartbeat(self, sensor: str, events: Sequence[Event]) -> bool:
        states = self._states.setdefault(sensor, {})
        if len(states) > _STATES:
            states.clear()
        quiet = True
        for event in events:
            kind = KINDS.get(event.kind)
            if kind is None or kind.one_shot:  # what is no measurement: a tracked object, a button
                quiet = False
            for name, value in event.fields.items():
                if not isinstance(value, bool | str):
                    continue
                key = event.kind, event.subject, name
                if states.get(key) != value or (value is True and event.kind in PEOPLE_KINDS):
                    quiet = False
                states[key] = value
        return quiet
