"""Zigbee2MQTT as its devices send it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from hub.events import Quality
from hub.sensors.errors import PayloadError
from hub.sensors.kinds import KINDS
from hub.sensors.parsing import Parsed
from hub.sensors.payloads.zigbee2mqtt import PLUGIN, Zigbee2MqttOptions

FORMAT = PLUGIN.build(Zigbee2MqttOptions())
ARRIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def parse(topic: str, payload: bytes) -> Parsed:
    return FORMAT.parse(topic, payload, retained=False, arrived=ARRIVED)


def said(body: object) -> dict[str, dict[str, object]]:
    parsed = parse("zigbee2mqtt/kitchen/device", json.dumps(body).encode())
    assert parsed.address == "kitchen/device"
    return {observation.kind: dict(observation.fields) for observation in parsed.observations}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"temperature": 27.34, "humidity": 44.72},
            {"temperature": {"temperature_c": 27.34}, "humidity": {"humidity_pct": 44.72}},
        ),
        ({"occupancy": True}, {"motion": {"motion": True}}),
        ({"contact": False, "battery": 80}, {"door": {"open": True}, "battery": {"percent": 80}}),
        ({"contact": True}, {"door": {"open": False}}),
        ({"smoke": True, "linkquality": 9}, {"smoke": {"alarm": True}}),
        ({"gas": False}, {"gas": {"alarm": False}}),
        ({"water_leak": True, "tamper": False}, {"water_leak": {"leak": True}, "tamper": {"tamper": False}}),
        (
            {"action": "emergency", "battery": 100},
            {"sos": {"pressed": True, "action": "emergency"}, "battery": {"percent": 100}},
        ),
        ({"action": "sos"}, {"sos": {"pressed": True, "action": "sos"}}),
        ({"action": "single"}, {"button": {"action": "single"}}),
        ({"action": ""}, {}),
        (
            {"power": 12.5, "voltage": 231, "current": 0.05},
            {"power": {"power_w": 12.5, "voltage_v": 231, "current_a": 0.05}},
        ),
        ({"voltage": 3005, "battery": 97}, {"battery": {"percent": 97}}),
        ({"linkquality": 120}, {}),
        ({"smoke": None}, {}),
    ],
    ids=json.dumps,
)
def test_a_partial_update_says_only_what_it_holds(body: object, expected: dict[str, object]) -> None:
    assert said(body) == expected


def test_a_contact_that_is_no_flag_opens_no_door() -> None:
    fields, mistakes = KINDS["door"].read(said({"contact": "open"})["door"])
    assert not fields
    assert mistakes[0].detail == "door.open: must be true or false"


def test_a_self_test_is_marked_as_a_test() -> None:
    parsed = parse("zigbee2mqtt/a", b'{"smoke": true, "test": true}')
    assert parsed.observations[0].quality == {Quality.TEST}


@pytest.mark.parametrize("payload", [b"online", b'{"state":"online"}', b'"online"', b" Online\n"])
def test_availability_is_read_in_both_forms(payload: bytes) -> None:
    parsed = parse("zigbee2mqtt/hall/door/availability", payload)
    assert parsed.address == "hall/door"
    assert parsed.observations[0].kind == "sensor.health"
    assert parsed.observations[0].fields["state"] == "online"


@pytest.mark.parametrize("payload", [b"", b"maybe", b'{"state": 1}', b'{"state'])
def test_an_availability_that_is_neither_is_refused(payload: bytes) -> None:
    with pytest.raises(PayloadError):
        parse("zigbee2mqtt/hall/availability", payload)


def test_the_bridge_is_a_gateway() -> None:
    parsed = parse("zigbee2mqtt/bridge/state", b'{"state":"offline"}')
    assert parsed.gateway
    assert (parsed.address, parsed.observations[0].kind) == ("zigbee2mqtt", "gateway.health")


@pytest.mark.parametrize(
    ("topic", "wanted"),
    [
        ("zigbee2mqtt/lamp", True),
        ("zigbee2mqtt/house/1/lamp", True),
        ("zigbee2mqtt/lamp/availability", True),
        ("zigbee2mqtt/bridge/state", True),
        ("zigbee2mqtt/bridge/devices", False),
        ("zigbee2mqtt/bridge/logging", False),
        ("zigbee2mqtt/lamp/set", False),
        ("zigbee2mqtt/lamp/set/state", False),
        ("zigbee2mqtt/lamp/get", False),
        ("other/lamp", False),
    ],
)
def test_commands_and_the_bridges_lists_are_passed_over(topic: str, *, wanted: bool) -> None:
    assert FORMAT.concerns(topic) is wanted
