"""Kills the hub's intake in the middle of a stream of messages and counts what the store holds afterwards.

    python -m benchmarks.mqtt_kill9 [--rounds 20] [--messages 2000] [--broker embedded|mosquitto] [--broker-too]

Each round: a device publishes QoS 1 messages; at a random moment the process with store, intake and (embedded) broker
is killed with SIGKILL and started again; the device connects again and goes on. Three kinds of message are mixed:
- measurements with the device's time; what was not acknowledged is sent again, as real devices do;
- measurements without a time, which repeat each of 50 values, so that payloads are equal; not sent again;
- presses of a help button, all with the same payload; not sent again.
Afterwards every message that the device saw acknowledged must be in the store exactly once. What was sent but not
acknowledged may be there or not, also exactly once: nobody promised.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from config.secrets import Secret
from hub.bus import Bus
from hub.clock import SystemClock
from hub.events import time_to_text
from hub.store.database import Database
from hub.store.engines import sqlite_url
from hub.store.event_log import EventLog
from tests.fakes.brokers import Mosquitto

ROOT = Path(__file__).resolve().parent.parent


TIMED, BARE, HELP = "hub/v1/bench/level/water_level", "hub/v1/bench/level/temperature", "zigbee2mqtt/help"
WINDOW = 50
"""Messages that the device sends ahead of the acknowledgements."""

DEADLINE_S = 60.0
QUIET_S = 8.0
"""Nothing new stored for so long: longer than the broker waits (5 s) before it sends something again."""


@dataclass
class Outcome:
    """What a round came to."""

    acknowledged: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    stored: Counter[str] = field(default_factory=Counter)

    @property
    def lost(self) -> int:
        """Acknowledged and not stored."""
        return sum(max(0, number - self.stored[key]) for key, number in self.acknowledged.items())

    @property
    def doubled(self) -> int:
        """Stored more often than it was sent, or than it was acknowledged when all was acknowledged."""
        return sum(max(0, number - self.acknowledged[key] - self.unknown[key]) for key, number in self.stored.items())


class Hub:
    """The process that is killed."""

    def __init__(self, data: Path, port: str) -> None:
        """Start it and wait until it listens."""
        self.child = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.intake_process", str(data), port],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.child.stdout is not None
        line = self.child.stdout.readline()
        if not line:
            raise RuntimeError("the intake process did not start")
        self.port = int(line)

    def kill(self) -> None:
        """SIGKILL."""
        self.child.kill()
        self._close()

    def stop(self) -> None:
        """In order."""
        assert self.child.stdin is not None
        self.child.stdin.close()
        self._close()

    def _close(self) -> None:
        self.child.wait(DEADLINE_S)
        for pipe in (self.child.stdin, self.child.stdout):
            if pipe is not None:
                pipe.close()


class Device:
    """Publishes a list of messages and knows which of them were acknowledged."""

    def __init__(self, endpoint: tuple[int, str | None], messages: list[tuple[str, str]], outcome: Outcome) -> None:
        """Publish `messages`, each (topic, payload), to the broker at (port, password)."""
        self._port, self._password = endpoint
        self._todo = list(reversed(messages))
        self._outcome = outcome
        self._lock = threading.Lock()
        self._room = threading.Semaphore(WINDOW)
        self._flying: dict[int, tuple[str, str]] = {}
        self._early: set[int] = set()
        self._lost = threading.Event()
        self._ready = threading.Event()
        self.sent = 0

    def go(self) -> None:
        """Publish everything, connecting again whenever the broker is gone."""
        while self._todo or self._flying:
            try:
                self._one_connection()
            except OSError:
                threading.Event().wait(0.1)
            with self._lock:
                for topic, payload in self._flying.values():
                    if topic == TIMED:
                        self._todo.append((topic, payload))  # a device with a memory sends it again
                    else:
                        self._outcome.unknown[_key(topic, payload)] += 1
                self._flying.clear()

    def _one_connection(self) -> None:
        self._lost.clear()
        self._early.clear()
        self._ready.clear()
        self._room = threading.Semaphore(WINDOW)
        client = Client(CallbackAPIVersion.VERSION2, client_id="device", clean_session=True, reconnect_on_failure=False)
        client.max_inflight_messages_set(WINDOW)
        if self._password is not None:
            client.username_pw_set("hub", self._password)
        client.on_connect = lambda *_: self._ready.set()
        client.on_disconnect = lambda *_: self._lost.set()
        client.on_publish = lambda _client, _data, mid, *_: self._acknowledged(mid)
        client.connect("127.0.0.1", self._port)
        client.loop_start()
        try:
            if not self._ready.wait(5):
                return
            while self._todo and not self._lost.is_set():
                if self._room.acquire(timeout=0.1):
                    self._send(client)
            while self._flying and not self._lost.wait(0.02):
                pass
        finally:
            client.disconnect()
            client.loop_stop()

    def _send(self, client: Client) -> None:
        message = self._todo.pop()
        mid = client.publish(
            *message, qos=1
        ).mid  # not under the lock: paho holds one of its own here and in on_publish
        with self._lock:
            if mid in self._early:
                self._early.discard(mid)
                self._outcome.acknowledged[_key(*message)] += 1
            else:
                self._flying[mid] = message
        self.sent += 1

    def _acknowledged(self, mid: int) -> None:
        with self._lock:
            message = self._flying.pop(mid, None)
            if message is None:
                self._early.add(mid)  # answered before `publish` returned
            else:
                self._outcome.acknowledged[_key(*message)] += 1
        self._room.release()


def _key(topic: str, payload: str) -> str:
    if topic == HELP:
        return "help"
    value = float(json.loads(payload)["value"])
    return f"{'timed' if topic == TIMED else 'bare'} {value:g}"


def _messages(number: int, now: datetime) -> list[tuple[str, str]]:
    made = []
    for place in range(number):
        match place % 4:
            case 0 | 1:
                at = time_to_text(now + timedelta(milliseconds=place))
                made.append((TIMED, json.dumps({"ts": at, "value": place / 100})))
            case 2:
                made.append((BARE, json.dumps({"value": place % 50})))
            case _:
                made.append((HELP, json.dumps({"action": "emergency", "battery": 100})))
    return made


def _number_stored(data: Path) -> int:
    """How many messages of the device the store holds now, read beside the hub."""
    with closing(sqlite3.connect(f"file:{data / 'hub.sqlite3'}?mode=ro", uri=True)) as database:
        query = "SELECT count(*) FROM events WHERE kind IN ('sos', 'water_level', 'temperature')"
        return int(database.execute(query).fetchone()[0])


def _stored(data: Path) -> Counter[str]:
    database = Database(sqlite_url(data))
    database.start()
    found: Counter[str] = Counter()
    log, place = EventLog(database, Bus()), 0
    while batch := log.after(place, 1_000):
        place = batch[-1].seq
        for item in batch:
            event = item.event
            match event.kind:
                case "sos":
                    found["help"] += 1
                case "water_level":
                    found[f"timed {event.fields['level_m']:g}"] += 1
                case "temperature":
                    found[f"bare {event.fields['temperature_c']:g}"] += 1
    database.stop()
    return found


def one_round(
    folder: Path, *, messages: int, kills: int, broker: str, chance: random.Random, broker_too: bool = False
) -> Outcome:
    """Publish `messages` while the hub is killed `kills` times at random moments, `broker_too` with its broker."""
    outcome = Outcome()
    data = folder / "data"
    data.mkdir()
    outside = Mosquitto(folder) if broker == "mosquitto" else None
    hub = Hub(data, "0" if outside is None else f"url:{outside.port}")
    port = str(hub.port) if outside is None else f"url:{hub.port}"
    password = None if outside is not None else Secret(f"file:{data / 'broker' / 'password'}").reveal()
    device = Device((hub.port, password), _messages(messages, datetime.now(UTC)), outcome)  # noqa: TID251 - a device's own clock
    sender = threading.Thread(target=device.go, daemon=True)
    _settle(data, 0.0)  # the subscription stands
    sender.start()
    moments = sorted(chance.randrange(messages) for _ in range(kills))
    never = threading.Event()
    for moment in moments:
        while device.sent < moment and sender.is_alive():
            never.wait(0.001)
        never.wait(chance.random() * 0.05)
        if broker_too:
            _kill_broker(data / "broker")
        hub.kill()
        hub = Hub(data, port)
    sender.join(DEADLINE_S * 2)
    if sender.is_alive():
        raise RuntimeError("the device could not send everything")
    quiet_s = QUIET_S if outside is None else QUIET_S / 4  # Mosquitto sends again at once
    _settle(data, quiet_s, expected=outcome.acknowledged.total())
    hub.stop()
    if outside is not None:
        outside.stop()
    outcome.stored = _stored(data)
    return outcome


def _kill_broker(folder: Path) -> None:
    """The broker and the process around it, as when the machine loses power but for the disk's own cache."""
    os.kill(int((folder / "tether").read_text().split()[0]), signal.SIGKILL)
    os.kill(int((folder / "nats.pid").read_text()), signal.SIGKILL)


def _settle(data: Path, quiet_s: float, *, expected: int = 0) -> None:
    """Wait until `expected` messages are stored, or a minute passed, and the database was not written for so long."""
    never, clock = threading.Event(), SystemClock()
    begun_s = clock.monotonic_s()
    while expected and _number_stored(data) < expected and clock.monotonic_s() - begun_s < DEADLINE_S:
        never.wait(0.5)
    last, since_s = -1.0, clock.monotonic_s()
    never.wait(1.0)
    while clock.monotonic_s() - since_s < quiet_s:
        newest = max(path.stat().st_mtime for path in data.glob("hub.sqlite3*") if path.suffix != ".lock")
        if newest != last:
            last, since_s = newest, clock.monotonic_s()
        never.wait(0.1)


def main() -> None:
    """Print a line per round and the sums; exit 1 when a message was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--messages", type=int, default=2_000)
    parser.add_argument("--kills", type=int, default=1, help="kills per round")
    parser.add_argument("--broker-too", action="store_true", help="kill the embedded broker with the hub")
    parser.add_argument("--broker", choices=("embedded", "mosquitto"), default="embedded")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)  # noqa: S311 - a repeatable benchmark
    sums: Counter[str] = Counter()
    for number in range(1, asked.rounds + 1):
        with tempfile.TemporaryDirectory() as folder:
            outcome = one_round(
                Path(folder),
                messages=asked.messages,
                kills=asked.kills,
                broker=asked.broker,
                chance=chance,
                broker_too=asked.broker_too,
            )
        figures = {
            "acknowledged": outcome.acknowledged.total(),
            "unacknowledged": outcome.unknown.total(),
            "stored": outcome.stored.total(),
            "lost": outcome.lost,
            "doubled": outcome.doubled,
        }
        sums.update(figures)
        print(f"round {number}:", *(f"{name}={value}" for name, value in figures.items()), flush=True)
        for key in sorted(outcome.acknowledged.keys() | outcome.stored.keys()):
            acknowledged, stored = outcome.acknowledged[key], outcome.stored[key]
            if not acknowledged <= stored <= acknowledged + outcome.unknown[key]:
                unknown = outcome.unknown[key]
                print(f"  {key}: acknowledged {acknowledged}, unanswered {unknown}, stored {stored}", flush=True)
    print(f"{asked.rounds} rounds on {asked.broker}:", *(f"{name}={value}" for name, value in sums.items()))
    sys.exit(1 if sums["lost"] or sums["doubled"] else 0)


if __name__ == "__main__":
    main()
