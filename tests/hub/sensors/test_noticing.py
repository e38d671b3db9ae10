"""A real broker, a real store, and devices that flood, lie and fall silent: what the hub notices of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.community import Community, Sensor
from config.machine import SensorLimits
from hub.bus import Bus
from hub.clock import SystemClock
from hub.sensors.intake import Door
from hub.sensors.mqtt import MqttIntake
from hub.sensors.presence import SENSOR_HEALTH, Presence
from hub.sensors.watching import CLOCK, RATE, VALUES, SensorWatch
from hub.store.database import Database
from hub.store.deliveries import DeliveryMarks
from hub.store.engines import sqlite_url
from hub.store.event_log import EventLog
from hub.store.sensor_memory import SensorMemory
from tests.fakes.brokers import Device, Nats

LEVEL, SMOKE = "hub/v1/bridge/level-1/water_level", "hub/v1/home-3/smoke-3/smoke"
Wait = Callable[..., None]


class Noticing:
    """The way in, with a watch that allows 60 messages a minute and 20 at once."""

    def __init__(self, broker: Nats, folder: Path, door: Door, community: Community) -> None:
        clock = SystemClock()
        self.database = Database(sqlite_url(folder))
        self.database.start()
        self.log = EventLog(self.database, Bus())
        limits = SensorLimits(messages_per_min=60, burst=20)
        self.watch = SensorWatch(self.log, SensorMemory(self.database), clock, limits)
        self.presence = Presence(self.log, clock, habits=self.watch)
        self.intake = MqttIntake(
            broker.endpoint(),
            self.log,
            clock,
            door=door,
            marks=DeliveryMarks(self.database),
            presence=self.presence,
            broker_run=broker.run_for(0),
            watch=self.watch,
        )
        self.intake.apply(community)
        self.intake.start()

    def told(self, kind: str, source: str) -> list[dict[str, Any]]:
        return [dict(found.event.fields) for found in reversed(self.log.events(kind=kind, source=source, limit=10_000))]

    def close(self) -> None:
        self.intake.stop()
        self.database.stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Nats]:
    made = Nats(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def hub(*, broker: Nats, tmp_path: Path, door: Door, community: Community, wait_until: Wait) -> Iterator[Noticing]:
    silent = Sensor(id="pump-1", site="bridge", silent_after_s=1)
    made = Noticing(broker, tmp_path, door, community.model_copy(update={"sensors": (*community.sensors, silent)}))
    wait_until(lambda: made.intake.status().listening)
    yield made
    made.close()


@pytest.fixture
def device(broker: Nats) -> Iterator[Device]:
    made = Device(broker.endpoint())
    yield made
    made.close()


def test_a_flood_is_thinned_out_and_the_alarm_in_it_is_not(hub: Noticing, device: Device, wait_until: Wait) -> None:
    for number in range(300):
        device.send(SMOKE, json.dumps({"alarm": False, "concentration": number}))
    device.send(SMOKE, json.dumps({"alarm": True}))
    device.send(LEVEL, "1.5")
    wait_until(lambda: len(hub.told("water_level", "level-1")) == 1, what="a quiet sensor beside the flood")
    smoke = hub.told("smoke", "smoke-3")
    assert smoke[-1] == {"alarm": True}
    counts = hub.intake.status().counts
    assert 20 <= len(smoke) < 60
    assert counts["thinned"] == counts["received"] - counts["stored"]
    wait_until(lambda: [each["flooding"] for each in hub.told(RATE, "smoke-3")] == [True])
    assert hub.told(RATE, "level-1") == []


def test_lies_are_told_once(hub: Noticing, device: Device, wait_until: Wait) -> None:
    for number in range(5):
        device.send(LEVEL, json.dumps({"value": 9_999, "ts": 1_000_000 + number}))
    wait_until(lambda: len(hub.told(VALUES, "level-1")) == 1 and len(hub.told(CLOCK, "level-1")) == 1)
    assert hub.told(VALUES, "level-1") == [{"doubt": "impossible", "name": "water_level.level_m", "value": 9999.0}]
    assert hub.told(CLOCK, "level-1")[0]["wrong"] is True
    assert hub.intake.status().counts["refused.implausible"] == 5
    assert hub.told("water_level", "level-1") == []


def test_a_bridge_that_is_gone_explains_the_silence_of_its_sensors(
    hub: Noticing, device: Device, wait_until: Wait
) -> None:
    device.send("zigbee2mqtt/home_3/door", json.dumps({"contact": True, "battery": 80}))
    device.send("hub/v1/bridge/pump-1/power", "5")
    wait_until(lambda: len(hub.told("door", "door-3")) == 1)
    device.send("zigbee2mqtt/bridge/state", "offline")
    wait_until(lambda: [each["state"] for each in hub.told(SENSOR_HEALTH, "pump-1")] == ["online", "offline"])
    standing = hub.presence.standing("door-3")
    assert standing is not None
    assert (standing.state, standing.gateway) == ("unknown", "zigbee2mqtt")
    assert [each["state"] for each in hub.told(SENSOR_HEALTH, "door-3")] == ["online"]
    device.send("zigbee2mqtt/bridge/state", "online")
    wait_until(lambda: (now := hub.presence.standing("door-3")) is not None and now.state == "online")
