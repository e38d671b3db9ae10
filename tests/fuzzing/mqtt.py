"""MQTT: a topic in the first line, the payload behind it, at the door of a hub that knows a device of every format."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from config.community import Community, Name, Sensor, Site
from hub.clock import SetClock
from hub.events import event_from_json, event_to_json
from hub.plugins import load_plugins
from hub.sensors.admission import Message
from hub.sensors.intake import Door
from tests.contracts.test_payloads import SAMPLES
from tests.fuzzing.target import Target

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_MOST_DEVICES = 5_000
"""How many devices that announce themselves the door may hold at once, all formats together."""


class _Faults(logging.Handler):
    """Turns what the door logs as a fault of a format into an error: it is caught there, and must not happen."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(record)


def _door() -> Door:
    formats = {kind: plugin.build(plugin.options()) for kind, plugin in load_plugins("hub.sensors.payloads").items()}
    door = Door(formats)
    sensors = tuple(
        Sensor(id=f"s-{kind.replace('_', '-')}", site="home", format=kind, address="home_3/help")
        for kind in formats
        if kind != "frigate"  # sees by a camera, which it would have to name
    )
    door.apply(Community(sites=(Site(id="home", name=Name(en="Home")),), sensors=sensors))
    return door


def _start() -> Callable[[bytes], None]:
    faults = _Faults()
    logging.getLogger("hub.sensors").addHandler(faults)
    logging.getLogger("hub.sensors").propagate = False
    clock = SetClock(NOW)
    door = _door()

    def run(raw: bytes) -> None:
        nonlocal door
        head, _, payload = raw.partition(b"\n")
        topic = head.decode("utf-8", errors="replace")
        admission = door.admit(Message(topic, payload, retained=bool(len(raw) % 2), arrived=clock.now()))
        if faults.found:
            record = faults.found.pop()
            raise AssertionError(f"a format failed: {record.getMessage()}") from (record.exc_info or (None, None))[1]
        for fact in admission.facts:
            assert event_from_json(json.loads(json.dumps(event_to_json(fact.event)))) == fact.event
        assert len(door.discovered()) <= _MOST_DEVICES
        if len(door.discovered()) > 200:
            door = _door()

    return run


def _seeds() -> Iterator[bytes]:
    for topic, payload in SAMPLES:
        yield f"{topic}\n{payload}".encode()


TARGET = Target(
    name="mqtt",
    start=_start,
    seeds=_seeds,
    words=("homeassistant/", "/config", "zigbee2mqtt/", "hub/v1/", "true", "null", "1e999", "\\u0000", "availability"),
)
