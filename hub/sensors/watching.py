"""SensorWatch: notices what sensors do not say of themselves: values that stand still, wrong clocks, floods.

It also learns how often each speaks by itself, for Presence. Every message of a configured sensor passes here once,
after the door and before the store; what changed is told as an Event, once, and remembered in the store's sensor
memory, so that a restart repeats and forgets nothing. Safe from any thread. Messages wait for no disk: the ticks write,
and try again what the store did not take.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from config.community import Sensor
from config.machine import SensorLimits
from hub.clock import Clock
from hub.errors import StoreError
from hub.events import Event, FieldValue, Quality, new_event_id
from hub.sensors.admission import Admission
from hub.sensors.doubts import IMPOSSIBLE, NONE, ClockDoubt, ValueDoubt
from hub.sensors.habits import Habits
from hub.sensors.kinds import KINDS, Number
from hub.sensors.presence import Learned
from hub.sensors.rates import Rates
from hub.store.facts import Fact, StoredEvent

logger = logging.getLogger(__name__)

VALUES, CLOCK, RATE = "sensor.values", "sensor.clock", "sensor.rate"

KEEP_EVERY_S = 60.0
"""What was learned is written this often, if it changed."""

LONGEST_ABSENCE_S = 7 * 86_400.0
"""What a broker kept for longer than this is thinned out as a flood is."""

_DRIVER = "hub"
_INTERVAL, _CLOCK, _RATE, _BATTERY, _VALUES = "interval", "clock", "rate", "battery", "values:"
_NOT_LIVE = frozenset({Quality.RETAINED, Quality.HISTORY, Quality.TEST, Quality.SIMULATED})
_CHARGED_PCT = 25.0
"""A device that said that its battery is low, and later only how full it is, has a new one from here on."""

_CHANGED = 1.2  # an interval that changed by less is not worth writing
_NAMES = 64  # values watched of one sensor
_UNSAID = 1000  # events that wait for the store; the oldest go first

Key = tuple[str, str]


class Log(Protocol):
    """What is used of the EventLog."""

    def append(self, facts: list[Fact]) -> Future[int]:
        """Store facts."""

    def events(self, *, limit: int) -> list[StoredEvent]:
        """The newest events."""


class Memory(Protocol):
    """What is used of the SensorMemory."""

    def load(self) -> Mapping[Key, dict[str, Any]]:
        """All that is remembered."""

    def keep(self, changes: Mapping[Key, dict[str, Any] | None], at: datetime) -> Future[None]:
        """Remember, and forget where there is None."""


@dataclass(frozen=True, slots=True)
class Doubts:
    """What is doubted of one sensor.

    Attributes:
        values: `stuck` or `impossible` by the name of the value.
        clock_skew_s: By how much its clock is off, None when it is right.
        flooding: It sends so much that it is thinned out.
    """

    values: Mapping[str, str]
    clock_skew_s: float | None
    flooding: bool


class SensorWatch:
    """Watches the sensors of a Community. `start` once, the rest from any thread."""

    def __init__(self, log: Log, memory: Memory, clock: Clock, limits: SensorLimits | None = None) -> None:
        """Tell in `log`, remember in `memory`; `limits` says what is a flood."""
        limits = limits or SensorLimits()
        self._log = log
        self._memory = memory
        self._clock = clock
        self._lock = threading.RLock()
        self._sensors: dict[str, tuple[Sensor, str | None]] = {}
        self._remembered: dict[str, dict[str, dict[str, Any]]] = {}  # by sensor and name
        self._habits = Habits()
        self._rates = Rates(messages_per_min=limits.messages_per_min, burst=limits.burst)
        self._values: dict[str, dict[str, ValueDoubt]] = {}
        self._clocks: dict[str, ClockDoubt] = {}
        self._low_batteries: set[str] = set()
        self._touched: set[str] = set()
        self._unsaid: deque[Fact] = deque(maxlen=_UNSAID)
        self._keep_at_s = clock.monotonic_s() + KEEP_EVERY_S

    def start(self) -> None:
        """Begin with what the last run knew."""
        with self._lock:
            for (sensor_id, name), body in self._memory.load().items():
                self._remembered.setdefault(sensor_id, {})[name] = body
            for sensor_id in self._sensors:
                self._restore(sensor_id)
            newest = max((found.event.at for found in self._log.events(limit=1)), default=None)
            if newest is not None:
                self._rates.absent(min(max(0.0, (self._clock.now() - newest).total_seconds()), LONGEST_ABSENCE_S))

    def apply(self, sensors: Iterable[tuple[Sensor, str | None]]) -> None:
        """Watch these, each with its Area, and forget all others."""
        with self._lock:
            before, self._sensors = self._sensors, {sensor.id: (sensor, area) for sensor, area in sensors}
            self._habits.keep(self._sensors)
            self._rates.keep(self._sensors)
            for gone in before.keys() - self._sensors.keys():
                self._values.pop(gone, None)
                self._clocks.pop(gone, None)
                self._low_batteries.discard(gone)
                self._touched.add(gone)
            for new in self._sensors.keys() - before.keys():
                self._restore(new)

    def admit(self, admission: Admission, arrived: datetime) -> bool:
        """Look at one message; whether it passes, or is thinned out because its sender floods.

        A fault of this watch is logged and costs no message.
        """
        try:
            return self._admit(admission, arrived)
        except Exception:
            logger.exception("a message could not be watched", extra={"driver": admission.driver})
            return True

    def learned(self, sensor_id: str) -> Learned | None:
        """How often a sensor speaks by itself."""
        with self._lock:
            if sensor_id not in self._sensors:
                return None
            rhythm = self._habits.rhythm(sensor_id)
            if rhythm.interval_s is None or rhythm.silence_s is None:
                return None
            return Learned(rhythm.interval_s, rhythm.silence_s, rhythm.steady)

    def pause(self, sensor_ids: Iterable[str]) -> None:
        """These could not be heard for a while: what they said meanwhile tells no rhythm, and is no flood."""
        gone = list(sensor_ids)
        with self._lock:
            self._habits.pause(gone)
            self._rates.pause(gone, self._clock.monotonic_s())

    def doubts(self, sensor_id: str) -> Doubts:
        """What is doubted of a sensor now."""
        with self._lock:
            values = self._values.get(sensor_id, {})
            clock = self._clocks.get(sensor_id)
            return Doubts(
                values={name: each.doubt for name, each in values.items() if each.doubt != NONE},
                clock_skew_s=clock.skew_s if clock is not None and clock.wrong else None,
                flooding=self._rates.flooding(sensor_id),
            )

    def counts(self) -> dict[str, int]:
        """How many sensors or values are in doubt, by why, and of how many sensors the interval is `learned`."""
        with self._lock:
            all_values = [each.doubt for values in self._values.values() for each in values.values()]
            return {
                "stuck": all_values.count("stuck"),
                "impossible": all_values.count(IMPOSSIBLE),
                "clock": sum(each.wrong for each in self._clocks.values()),
                "flooding": sum(self._rates.flooding(each) for each in self._sensors),
                "learned": sum(self._habits.rhythm(each).interval_s is not None for each in self._sensors),
            }

    def tick(self) -> None:
        """Tell of floods, and write what was learned; called about once a second."""
        now, now_s = self._clock.now(), self._clock.monotonic_s()
        with self._lock:
            for flood in self._rates.tick(now_s):
                fields = {"flooding": flood.flooding, "messages_per_min": flood.messages_per_min}
                self._say(RATE, flood.sensor, fields, now)
                self._touched.add(flood.sensor)
            unsaid = list(self._unsaid)
            self._unsaid.clear()
            if now_s >= self._keep_at_s:
                self._keep_at_s = now_s + KEEP_EVERY_S
                self._keep(now)
        if unsaid:
            self._tell(unsaid)

    def _tell(self, unsaid: list[Fact]) -> None:
        """Without the lock: the store may be slow, and messages go on."""
        try:
            self._log.append(unsaid)
        except StoreError as error:
            logger.warning("doubts not stored, will be tried again", extra={"error": str(error)})
            with self._lock:
                self._unsaid.extendleft(reversed(unsaid))

    def _admit(self, admission: Admission, arrived: datetime) -> bool:
        now_s = self._clock.monotonic_s()
        with self._lock:
            heard = () if admission.heard is None else (admission.heard, *admission.others)
            sensors = [sensor for sensor in heard if sensor.id in self._sensors]
            if not sensors:
                return not admission.refusals or self._rates.admit_stranger(now_s)
            said: dict[str, list[Event]] = {sensor.id: [] for sensor in sensors}
            for fact in admission.facts:
                said.setdefault(fact.event.source, []).append(fact.event)
            passed = [
                self._rates.admit(sensor.id, said[sensor.id], now_s, life_safety=sensor.life_safety)
                for sensor in sensors
            ]
            if not any(passed):
                return False
            for sensor in sensors:
                self._look_at(sensor.id, said[sensor.id], arrived, now_s)
                admission.facts += self._batteries_changed(sensor.id, said[sensor.id])
            self._look_at_message(sensors[0].id, admission, arrived)
        return True

    # Everything below is called with the lock held.

    def _look_at(self, sensor_id: str, events: list[Event], arrived: datetime, now_s: float) -> None:
        self._touched.add(sensor_id)
        if not any(event.quality & _NOT_LIVE or event.kind not in KINDS for event in events):  # cameras have no rhythm
            self._habits.heard(sensor_id, events, now_s)
            self._look_at_values(sensor_id, events, arrived)

    def _batteries_changed(self, sensor_id: str, events: Iterable[Event]) -> list[Fact]:
        """What a device leaves unsaid that tells of its battery in two ways: that it is not low any more."""
        found: list[Fact] = []
        says_low = [event.fields.get("low") for event in events if event.kind == "battery_low"]
        if says_low:
            (self._low_batteries.add if True in says_low else self._low_batteries.discard)(sensor_id)
        elif sensor_id in self._low_batteries:
            for event in events:
                percent = event.fields.get("percent") if event.kind == "battery" else None
                if isinstance(percent, int | float) and percent >= _CHARGED_PCT:
                    self._low_batteries.discard(sensor_id)
                    found.append(Fact(replace(event, id=new_event_id(), kind="battery_low", fields={"low": False})))
        return found

    def _look_at_message(self, sensor_id: str, admission: Admission, arrived: datetime) -> None:
        """What a message tells beside its events; of several sensors in one it is about the first."""
        for name, value in admission.implausible:
            doubt = self._value(sensor_id, name)
            if doubt is not None and doubt.impossible(value):
                self._say_value(sensor_id, name, doubt, arrived)
        is_history = any(Quality.HISTORY in fact.event.quality for fact in admission.facts)
        if admission.said_at is not None and not is_history:
            clock = self._clocks.setdefault(sensor_id, ClockDoubt())
            if clock.said(admission.said_at, arrived):
                self._say(CLOCK, sensor_id, {"wrong": clock.wrong, "skew_s": clock.skew_s}, arrived)

    def _look_at_values(self, sensor_id: str, events: Iterable[Event], arrived: datetime) -> None:
        for event in events:
            kind = KINDS.get(event.kind)
            if kind is None:  # what a camera's own analysis saw
                continue
            of = "" if event.subject is None else f"@{event.subject}"
            for name, value in event.fields.items():
                field = kind.fields.get(name)
                if not isinstance(field, Number) or isinstance(value, str):
                    continue
                full = f"{event.kind}.{name}{of}"
                doubt = self._value(sensor_id, full) if field.moves else self._values.get(sensor_id, {}).get(full)
                if doubt is not None and doubt.good(float(value), arrived, moves=field.moves):
                    self._say_value(sensor_id, full, doubt, arrived)

    def _value(self, sensor_id: str, name: str) -> ValueDoubt | None:
        values = self._values.setdefault(sensor_id, {})
        if name not in values and len(values) >= _NAMES:
            return None
        return values.setdefault(name, ValueDoubt())

    def _say_value(self, sensor_id: str, name: str, doubt: ValueDoubt, at: datetime) -> None:
        value = 0.0 if doubt.value is None else doubt.value
        self._say(VALUES, sensor_id, {"doubt": doubt.doubt, "name": name, "value": value}, at, subject=name)

    def _say(
        self, kind: str, sensor_id: str, fields: Mapping[str, FieldValue], at: datetime, *, subject: str | None = None
    ) -> None:
        sensor, area = self._sensors[sensor_id]
        event = Event(
            id=new_event_id(),
            kind=kind,
            at=at,
            arrived=at,
            source=sensor_id,
            driver=_DRIVER,
            site=sensor.site,
            area=area,
            subject=subject,
            fields=fields,
        )
        self._unsaid.append(Fact(event))
        self._keep_at_s = self._clock.monotonic_s()  # with the next tick, so that a restart does not say it again

    def _restore(self, sensor_id: str) -> None:
        for name, body in self._remembered.get(sensor_id, {}).items():
            if name == _INTERVAL:
                self._habits.rhythm(sensor_id).restore(body)
            elif name == _CLOCK:
                self._clocks.setdefault(sensor_id, ClockDoubt()).restore(body)
            elif name == _RATE:
                self._rates.restore(sensor_id, self._clock.monotonic_s())
            elif name == _BATTERY:
                self._low_batteries.add(sensor_id)
            elif name.startswith(_VALUES) and (value := self._value(sensor_id, name.removeprefix(_VALUES))):
                value.restore(body)

    def _keep(self, now: datetime) -> None:
        changes: dict[Key, dict[str, Any] | None] = {}
        for sensor_id in self._touched:
            known = self._remembered.get(sensor_id, {})
            wanted = self._worth_keeping(sensor_id, now) if sensor_id in self._sensors else {}
            for name in known.keys() | wanted.keys():
                if _differs(name, known.get(name), wanted.get(name)):
                    changes[sensor_id, name] = wanted.get(name)
        self._touched.clear()
        if not changes:
            return
        try:
            self._memory.keep(changes, now)
        except StoreError as error:
            logger.warning("sensor memory not written, will be tried again", extra={"error": str(error)})
            self._touched.update(sensor for sensor, _ in changes)
            return
        for (sensor_id, name), body in changes.items():
            known = self._remembered.setdefault(sensor_id, {})
            known.pop(name, None)
            if body is not None:
                known[name] = body

    def _worth_keeping(self, sensor_id: str, now: datetime) -> dict[str, dict[str, Any]]:
        clock = self._clocks.get(sensor_id)
        found = {
            _INTERVAL: self._habits.rhythm(sensor_id).to_json(),
            _CLOCK: None if clock is None else clock.to_json(),
            _RATE: {"flooding": True} if self._rates.flooding(sensor_id) else None,
            _BATTERY: {"low": True} if sensor_id in self._low_batteries else None,
        }
        found |= {f"{_VALUES}{name}": each.to_json(now) for name, each in self._values.get(sensor_id, {}).items()}
        return {name: body for name, body in found.items() if body is not None}


def _differs(name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> bool:
    """Whether it is worth writing: an interval always trembles a little, and a wrong clock is a little more wrong."""
    if before is None or after is None:
        return before is not after
    if name == _INTERVAL and "interval_s" in before and "interval_s" in after and before["wrong"] == after["wrong"]:
        ratio = float(after["interval_s"]) / float(before["interval_s"])
        return before["steady"] != after["steady"] or not 1 / _CHANGED <= ratio <= _CHANGED
    return name != _CLOCK and before != after
