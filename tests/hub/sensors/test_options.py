"""Options of a sensor, and what its parts are called."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from config.community import Community, Name, Sensor, Site
from hub.events import Event
from hub.plugins import load_plugins
from hub.sensors.admission import Message
from hub.sensors.intake import Door
from hub.sensors.options import SensorOptions
from hub.sensors.payloads.zigbee2mqtt import Zigbee2MqttOptions

ARRIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def events(sensor: Sensor, topic: str, body: object) -> list[Event]:
    plugins = load_plugins("hub.sensors.payloads")
    door = Door({kind: plugin.build(plugin.options()) for kind, plugin in plugins.items()})
    door.apply(Community(sites=(Site(id="home", name=Name(en="Home")),), sensors=(sensor,)))
    admission = door.admit(Message(topic, json.dumps(body).encode(), retained=False, arrived=ARRIVED))
    assert admission.refusals == []
    return [fact.event for fact in admission.facts]


def plain(options: dict[str, Any], kind: str, body: object) -> tuple[str, dict[str, object]]:
    [event] = events(Sensor(id="s", site="home", options=options), f"hub/v1/home/s/{kind}", body)
    return event.kind, dict(event.fields)


@pytest.mark.parametrize(
    ("options", "kind", "body", "expected"),
    [
        ({"mount_height_m": 4.2}, "water_level", {"distance_m": 1.6}, {"distance_m": 1.6, "level_m": 2.6}),
        ({"mount_height_m": 4.2}, "water_level", {"level_m": 2}, {"level_m": 2.0}),
        ({"invert": ["door.open"]}, "door", "ON", {"open": False}),
        ({"invert": ["door.open"]}, "door", 0, {"open": True}),
        ({"invert": ["door.open"]}, "motion", True, {"motion": True}),
        ({"scale": {"temperature.temperature_c": 0.1}}, "temperature", 215, {"temperature_c": 21.5}),
        ({"offset": {"temperature.temperature_c": -1.5}}, "temperature", "20", {"temperature_c": 18.5}),
    ],
    ids=str,
)
def test_what_a_device_says_is_read_as_its_options_say(
    options: dict[str, Any], kind: str, body: object, expected: dict[str, object]
) -> None:
    assert plain(options, kind, body) == (kind, expected)


def test_a_button_may_call_for_help() -> None:
    assert plain({"button": "sos"}, "button", "short press") == ("sos", {"pressed": True, "action": "short press"})


def test_the_kinds_of_a_sensor_are_those_after_its_options() -> None:
    sensor = Sensor(id="s", site="home", options={"button": "sos"}, kinds=("sos",))
    [event] = events(sensor, "hub/v1/home/s/button", "press")
    assert event.kind == "sos"


def test_a_part_is_called_what_the_sensor_says() -> None:
    sensor = Sensor(id="s", site="home", format="tasmota", probes={"DS18B20-2": "freezer"})
    seen = events(sensor, "tele/s/SENSOR", {"DS18B20-1": {"Temperature": 20}, "DS18B20-2": {"Temperature": -18}})
    assert [(event.subject, event.fields["temperature_c"]) for event in seen] == [("DS18B20-1", 20), ("freezer", -18)]


def test_readings_of_parts_do_not_overwrite_each_other() -> None:
    sensor = Sensor(id="s", site="home", format="shelly", probes={"switch:0": "pump"})
    plugins = load_plugins("hub.sensors.payloads")
    door = Door({kind: plugin.build(plugin.options()) for kind, plugin in plugins.items()})
    door.apply(Community(sites=(Site(id="home", name=Name(en="Home")),), sensors=(sensor,)))
    body = {"method": "NotifyStatus", "params": {"switch:0": {"apower": 5}, "switch:1": {"apower": 7}}}
    admission = door.admit(Message("s/events/rpc", json.dumps(body).encode(), retained=False, arrived=ARRIVED))
    names = {reading.name: reading.value for fact in admission.facts for reading in fact.readings}
    assert names == {"power.power_w@pump": 5, "power.power_w@switch:1": 7}


def test_the_model_of_a_device_may_be_said_by_hand() -> None:
    sensor = Sensor(id="s", site="home", format="chirpstack", options={"model": "Milesight CT303"})
    [event] = events(sensor, "application/a/device/s/event/up", {"object": {"temperature": 71}})
    assert event.kind == "cable_temperature"


def test_two_zigbee_networks_are_told_apart() -> None:
    there = Sensor(id="s", site="home", format="zigbee2mqtt", address="door", options={"base_topic": "barn/z2m"})
    [event] = events(there, "barn/z2m/door", {"contact": False})
    assert event.fields == {"open": True}
    door = Door({"zigbee2mqtt": load_plugins("hub.sensors.payloads")["zigbee2mqtt"].build(Zigbee2MqttOptions())})
    door.apply(Community(sites=(Site(id="home", name=Name(en="Home")),), sensors=(there,)))
    elsewhere = door.admit(Message("zigbee2mqtt/door", b'{"contact": false}', retained=False, arrived=ARRIVED))
    assert [refusal.reason for refusal in elsewhere.refusals] == ["unknown_sensor"]


def test_options_that_are_no_longer_understood_leave_the_sensor_heard() -> None:
    assert plain({"mount_height_m": "high", "gone": 1}, "water_level", 2) == ("water_level", {"level_m": 2.0})


@pytest.mark.parametrize("options", [{"invert": ["door"]}, {"scale": {"door.open": 2}}, {"offset": {"x.y": 1}}])
def test_an_option_for_what_there_is_not_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SensorOptions.model_validate(options)
