"""MQTT: a topic in the first line, the payload behind it, at the door of a hub that knows a device of every format."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from hub.clock import SetClock
from hub.events import event_from_json, event_to_json
from hub.plugins import load_plugins
from hub.sensors.admission import Message
from hub.sensors.intake import Door
from tests.contracts.test_payloads import SAMPLES
from tests.fuzzing.target import Target
from tests.hub.sensors.conftest import COMMUNITY, DEVICES

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
    door.apply(COMMUNITY.model_copy(update={"sensors": (*COMMUNITY.sensors, *DEVICES)}))
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
            stored = json.dumps(event_to_json(fact.event), allow_nan=False)
            assert json.dumps(event_to_json(event_from_json(json.loads(stored)))) == stored
        assert len(door.discovered()) <= _MOST_DEVICES
        if len(door.discovered()) > 200:
            door = _door()

    return run


def _seeds() -> Iterator[bytes]:
    for topic, payload in SAMPLES:
        yield f"{topic}\n{payload}".encode()


_PARTS = (
    None,
    True,
    False,
    0,
    -1,
    1e308,
    2**63,
    "",
    "ON",
    "\ud800",
    "9" * 39,
    [],
    {},
    [[]],
    "2026-03-01T12:00:00Z",
    1e-9,
)


def _change(raw: bytes, chance: random.Random) -> bytes:
    """Another part somewhere in the JSON, one part less, or two exchanged; now and then the topic of another device."""
    topic, _, payload = raw.partition(b"\n")
    if chance.random() < 0.1:
        topic = chance.choice(SAMPLES)[0].encode()
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError):
        body = json.loads(chance.choice(SAMPLES)[1])
    for _ in range(chance.randint(1, 4)):
        body = _with_another_part(body, chance)
    return topic + b"\n" + json.dumps(body).encode()


def _with_another_part(body: object, chance: random.Random) -> object:
    if isinstance(body, dict) and body and chance.random() < 0.9:
        key = chance.choice(list(body))
        what = chance.random()
        if what < 0.1:
            return {each: value for each, value in body.items() if each != key}
        if what < 0.2:
            return {**body, chance.choice(list(body)): body[key]}
        return {**body, key: _with_another_part(body[key], chance)}
    if isinstance(body, list) and body and chance.random() < 0.8:
        place = chance.randrange(len(body))
        return [*body[:place], _with_another_part(body[place], chance), *body[place + 1 :]]
    return chance.choice(_PARTS)


TARGET = Target(
    name="mqtt",
    start=_start,
    seeds=_seeds,
    words=("homeassistant/", "/config", "zigbee2mqtt/", "hub/v1/", "true", "null", "1e999", "\\u0000", "availability"),
    change=_change,
)
