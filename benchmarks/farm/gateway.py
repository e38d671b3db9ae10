"""Gateway: some devices behind one connection, and a ledger of what each said and what the broker acknowledged."""

from __future__ import annotations

import asyncio
import json
import math
import random
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from datetime import timedelta
from typing import Any

from benchmarks.farm.formats import FORMATS, MOST_NUMBERS, Device, Said, garbage
from benchmarks.farm.wire import Wire
from hub.clock import SystemClock
from hub.events import time_to_text

WINDOW = 50
"""Messages that a gateway sends ahead of the acknowledgements."""
REMEMBERED = 2_000
"""Messages that a gateway keeps while the broker is away; more are never sent, and so promised by nobody."""
AFTER_FLOOD_S = 150.0
"""A sensor that flooded may be thinned out for so long afterwards: its allowance fills again by 300 a minute."""
RING_AGAIN_S, RING_S = 5.0, 15.0
ANNOUNCED_S = 10.0
"""A device that announces itself says nothing for so long afterwards: before somebody subscribes to what it announced,
a broker gives what it says to nobody."""
_STORM_S = 0.5
_BACK_S = 1.0
_WRONG = "not-the-password"
_CLOCK = SystemClock()


@dataclass(slots=True)
class SensorFaults:
    """What is wrong with one device, or, of the last two, with the gateway that it is behind.

    Attributes:
        silent: It says nothing.
        flood_s: It says so much more in a second.
        duplicate: It says everything twice.
        late_s: What it says is so old, in seconds.
        skew_s: Its clock is so much ahead, in seconds.
        garbage: Nobody can read what it says.
        storm: Every connection ends after half a second.
        password: It has the wrong password.
    """

    silent: bool = False
    flood_s: float = 0.0
    duplicate: bool = False
    late_s: float = 0.0
    skew_s: float = 0.0
    garbage: bool = False
    storm: bool = False
    password: bool = False

    def set(self, wanted: dict[str, Any]) -> None:
        """Have these faults from now on; those not named stay.

        Raises:
            ValueError: There is no such fault.
        """
        known = {each.name for each in fields(self)}
        if unknown := sorted(set(wanted) - known):
            raise ValueError(f"no fault {unknown[0]!r}; there are {', '.join(sorted(known))}")
        for name, value in wanted.items():
            setattr(self, name, value)


@dataclass(slots=True)
class Entry:
    """One message in the ledger.

    Attributes:
        device: Who said it.
        number: Which it is of the device's.
        alarm: What it says of the alarm.
        timed: It carries the device's time, so that saying it again is no second message.
        at: The time that it carries, or when it was made.
        garbage: It cannot be read.
        loose: The device floods: the hub may pass it over.
        sent: How often it went out.
        acknowledged: How often that was acknowledged.
        first: When it went out first.
        last: When it went out last.
    """

    device: str
    number: int
    alarm: bool | None
    timed: bool
    at: str
    garbage: bool = False
    loose: bool = False
    sent: int = 0
    acknowledged: int = 0
    first: str = ""
    last: str = ""


@dataclass(slots=True)
class Speaker:
    """A device as it is run."""

    device: Device
    every_s: float
    faults: SensorFaults = field(default_factory=SensorFaults)
    number: int = 0
    due_s: float = 0.0
    flooded_s: float = -1e9
    rings: bool = False


class Gateway:
    """Devices behind one connection."""

    def __init__(self, name: str, speakers: Iterable[Speaker], port: int, login: tuple[str, str]) -> None:
        """Nothing is connected before `run`."""
        self.name = name
        self.speakers = {each.device.id: each for each in speakers}
        self.ledger: list[Entry] = []
        self.connections = self.refused = 0
        self._port = port
        self._login = login
        self._wire: Wire | None = None
        self._ready = False
        self._announced = False
        self._announced_s = math.inf
        self._waiting: deque[tuple[Entry, str, bytes]] = deque()
        self._flying: dict[int, tuple[Entry, str, bytes]] = {}
        self._announcing: set[int] = set()
        self._lost = asyncio.Event()
        self._dice = random.Random(name)  # noqa: S311 - spreads messages, hides nothing

    async def run(self) -> None:
        """Connect again and again, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            self._lost.clear()
            wire = Wire(
                f"farm-{self.name}",
                (self._login[0], _WRONG if self._has("password") else self._login[1]),
                on_ready=self._on_ready,
                on_acknowledged=self._on_acknowledged,
                on_lost=self._on_lost,
            )
            try:
                await loop.create_connection(lambda wire=wire: wire, "127.0.0.1", self._port)  # type: ignore[misc]
            except OSError:
                self._lost.set()
            else:
                self._wire = wire
                if self._has("storm"):
                    loop.call_later(_STORM_S, lambda wire=wire: wire.close(in_order=False))  # type: ignore[misc]
            await self._lost.wait()
            await asyncio.sleep(0.05 if self._has("storm") else _BACK_S * self._dice.uniform(0.5, 1.5))

    def start(self, now_s: float) -> None:
        """Spread the devices' moments."""
        for each in self.speakers.values():
            each.due_s = now_s + self._dice.uniform(0, each.every_s)

    def tick(self, now_s: float, past_s: float) -> None:
        """Say what is due; `past_s` is since the last tick."""
        for speaker in self.speakers.values():
            faults = speaker.faults
            extra = faults.flood_s * past_s
            if extra:
                speaker.flooded_s = now_s
                for _ in range(int(extra) + (self._dice.random() < extra % 1)):
                    self._say(speaker, now_s)
            if now_s >= speaker.due_s:
                speaker.due_s = max(speaker.due_s + speaker.every_s, now_s)
                self._say(speaker, now_s)
        self._pump()

    def ring(self, device: str, *, rings: bool, now_s: float) -> None:
        """Have a device's alarm ring, or stop."""
        speaker = self.speakers[device]
        speaker.rings = rings
        self._say(speaker, now_s, alarm=rings)
        self._pump()

    def disturb(self) -> None:
        """Faults of devices here have changed: those of the connection show now."""
        if self._wire is not None and (self._has("password") or self._has("storm")):
            self._wire.close(in_order=False)

    def settled(self) -> bool:
        """Whether nothing waits to be sent or acknowledged."""
        return not self._waiting and not self._flying

    def lines(self) -> Iterable[str]:
        """The ledger, a JSON object a line."""
        return (json.dumps(asdict(entry)) for entry in self.ledger)

    def _has(self, fault: str) -> bool:
        return any(getattr(each.faults, fault) for each in self.speakers.values())

    def _say(self, speaker: Speaker, now_s: float, alarm: bool | None = None) -> None:  # noqa: FBT001
        faults, device = speaker.faults, speaker.device
        if faults.silent or speaker.number >= MOST_NUMBERS:
            return
        spoken = FORMATS[device.format]
        if FORMATS[device.format].announce(device) and not now_s - self._announced_s > ANNOUNCED_S:
            return
        if alarm is None and not self._ready and (not spoken.timed or len(self._waiting) >= REMEMBERED):
            return
        now = _CLOCK.now()
        at = now + timedelta(seconds=faults.skew_s - faults.late_s)
        said = Said(speaker.number, at, alarm)
        is_garbage = faults.garbage and alarm is None
        topic, payload = garbage(device, speaker.number) if is_garbage else spoken.say(device, said)
        speaker.number += 1
        entry = Entry(
            device.id,
            said.number,
            alarm,
            spoken.timed and not is_garbage,
            time_to_text(at),
            garbage=is_garbage,
            loose=now_s - speaker.flooded_s < AFTER_FLOOD_S,
        )
        self.ledger.append(entry)
        for _ in range(2 if faults.duplicate else 1):
            self._waiting.append((entry, topic, payload))

    def _pump(self) -> None:
        while self._ready and self._waiting and len(self._flying) < WINDOW:
            entry, topic, payload = self._waiting.popleft()
            assert self._wire is not None
            packet = self._wire.publish(topic, payload)
            if not packet:
                self._waiting.appendleft((entry, topic, payload))
                return
            entry.sent += 1
            entry.last = time_to_text(_CLOCK.now())
            entry.first = entry.first or entry.last
            self._flying[packet] = entry, topic, payload

    def _on_ready(self, let_in: bool) -> None:  # noqa: FBT001
        if not let_in:
            self.refused += 1
            return
        self.connections += 1
        self._ready = True
        if not self._announced:
            assert self._wire is not None
            announcements = [
                one for each in self.speakers.values() for one in FORMATS[each.device.format].announce(each.device)
            ]
            self._announcing = {self._wire.publish(*one, retain=True) for one in announcements}
            self._announced = not announcements
        self._pump()

    def _on_acknowledged(self, packet: int) -> None:
        if packet in self._announcing:
            self._announcing.discard(packet)
            self._announced = not self._announcing
            if self._announced:
                self._announced_s = asyncio.get_running_loop().time()
            return
        flown = self._flying.pop(packet, None)
        if flown is not None:
            flown[0].acknowledged += 1
        self._pump()

    def _on_lost(self) -> None:
        """What was not acknowledged: a device with a memory and a clock says it again, an alarm is rung again."""
        self._ready = False
        self._wire = None
        self._announcing.clear()
        now_s = asyncio.get_running_loop().time()
        flown = list(self._flying.values())
        self._flying.clear()
        for entry, topic, payload in reversed(flown):
            if entry.timed:
                self._waiting.appendleft((entry, topic, payload))
            elif entry.alarm is not None:
                speaker = self.speakers[entry.device]
                if speaker.rings == entry.alarm:
                    self._say(speaker, now_s, alarm=entry.alarm)
        self._lost.set()
