"""Zigbee2MQTT: `zigbee2mqtt/NAME` with a partial JSON update, availability, and the state of the bridge.

A message holds whatever the device just said, and with it what Zigbee2MQTT remembers of the rest; it has no time. NAME
is the friendly name and may contain slashes. A contact that is closed is a door that is not open. An `action` is a
happening of its own and has no end: `emergency` and `sos` press the help button. Reads only; keeps nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from pydantic import Field

from hub.events import Quality
from hub.plugins import Plugin
from hub.sensors.errors import PayloadError
from hub.sensors.options import SensorOptions, read_all
from hub.sensors.parsing import Observation, Parsed, as_object, health, read_json, read_text, read_time

_FIELDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "smoke": ("smoke", "alarm"),
        "test": ("smoke", "test"),
        "smoke_concentration": ("smoke", "concentration"),
        "gas": ("gas", "alarm"),
        "gas_value": ("gas", "lel_pct"),
        "carbon_monoxide": ("co", "alarm"),
        "co": ("co", "co_ppm"),
        "water_leak": ("water_leak", "leak"),
        "occupancy": ("motion", "motion"),
        "presence": ("presence", "present"),
        "contact": ("door", "open"),
        "vibration": ("vibration", "vibration"),
        "tamper": ("tamper", "tamper"),
        "battery": ("battery", "percent"),
        "battery_low": ("battery_low", "low"),
        "temperature": ("temperature", "temperature_c"),
        "humidity": ("humidity", "humidity_pct"),
        "pressure": ("air_pressure", "pressure_hpa"),
        "illuminance": ("illuminance", "illuminance_lx"),
        "co2": ("co2", "co2_ppm"),
        "pm25": ("pm25", "pm25_ug_m3"),
        "voc": ("voc", "voc_ppb"),
        "power": ("power", "power_w"),
        "voltage": ("power", "voltage_v"),
        "current": ("power", "current_a"),
        "energy": ("power", "energy_kwh"),
        "fall": ("fall", "fall"),
    }
)
"""Field of Zigbee2MQTT -> kind and field of ours. Source: the field names of its device pages."""

_SOS_ACTIONS = frozenset({"emergency", "sos", "panic"})
_SELF_TESTS = frozenset({"selftest", "self_test", "test"})
_COMMANDS = frozenset({"set", "get"})
_ONLINE = {"online": True, "offline": False}


class Zigbee2MqttOptions(SensorOptions):
    """Where it publishes."""

    base_topic: str = Field(default="zigbee2mqtt", pattern=r"^[^\s/#+][^\s#+]*$")
    """Its `mqtt.base_topic`."""


class Zigbee2MqttFormat:
    """Reads every Zigbee2MQTT that a sensor names; a friendly name is looked for in the one that its sensor names."""

    def __init__(self, base_topic: str, sensors: Mapping[str, Zigbee2MqttOptions] = MappingProxyType({})) -> None:
        """Read what is published under `base_topic`, and under those that `sensors` name, by address."""
        self._base = base_topic
        self._sensors = sensors
        self._bases = sorted({base_topic, *(one.base_topic for one in sensors.values())}, key=len, reverse=True)

    def configured(self, sensors: Mapping[str, Mapping[str, Any]]) -> Zigbee2MqttFormat:
        """The same, with the options of its sensors."""
        return Zigbee2MqttFormat(self._base, read_all(Zigbee2MqttOptions, sensors))

    def topics(self) -> Sequence[str]:
        """Everything below the base topics, because friendly names may have slashes."""
        return tuple(f"{base}/#" for base in self._bases)

    def concerns(self, topic: str) -> bool:
        """Whether it is the bridge's state or a device; not commands, and not the bridge's lists and answers."""
        _, name = self._split(topic)
        if not name:
            return False
        if name == "bridge" or name.startswith("bridge/"):
            return name == "bridge/state"
        return not any(part in _COMMANDS for part in name.split("/")[1:])

    def _split(self, topic: str) -> tuple[str, str]:
        """Base topic and what follows it; the longest base topic counts."""
        for base in self._bases:
            if topic.startswith(f"{base}/"):
                return base, topic[len(base) + 1 :]
        return self._base, ""

    def _address(self, base: str, name: str) -> str:
        """The friendly name; with the base topic when a sensor of that name is in another network."""
        named = self._sensors.get(name)
        return name if base == (self._base if named is None else named.base_topic) else f"{base}/{name}"

    def parse(self, topic: str, payload: bytes, *, retained: bool, arrived: datetime) -> Parsed:
        """Read one message; the address is the friendly name, or the base topic for the bridge.

        Raises:
            PayloadError: `malformed`.
        """
        del retained, arrived  # what they mean is the same for every format, so the door sees to it
        base, name = self._split(topic)
        if name == "bridge/state":
            said = health("gateway.health", online=_online(payload), reason="bridge state")
            return Parsed(base, (said,), gateway=True)
        device = name.removesuffix("/availability")
        if device != name and device:
            said = health("sensor.health", online=_online(payload), reason="availability")
            return Parsed(self._address(base, device), (said,))
        address = self._address(base, name)
        if not payload:
            return Parsed(address)  # an empty message clears a retained one: nothing is said
        return Parsed(address, _observations(as_object(read_json(payload))))


def _online(payload: bytes) -> bool:
    """`online`, or `{"state": "online"}` as newer versions write it."""
    text = read_text(payload)
    state: object = as_object(read_json(payload)).get("state") if text.startswith("{") else text
    online = _ONLINE.get(state.strip('"').lower()) if isinstance(state, str) else None
    if online is None:
        raise PayloadError("malformed", "neither online nor offline")
    return online


def _observations(body: Mapping[str, Any]) -> tuple[Observation, ...]:
    at = read_time(body.get("last_seen"))
    found: dict[str, dict[str, object]] = {}
    for name, value in body.items():
        place = _FIELDS.get(name)
        if place is None or value is None:
            continue
        kind, field = place
        found.setdefault(kind, {})[field] = _opposite(value) if name == "contact" else value
    if set(found.get("smoke", ())) == {"test"}:
        del found["smoke"]  # a self-test flag alone says nothing about smoke
    if set(found.get("power", ())) == {"voltage_v"}:
        del found["power"]  # of a battery device this is its battery, in mV
    action = body.get("action")
    if isinstance(action, str) and action:
        if action.lower() in _SOS_ACTIONS:
            found["sos"] = {"pressed": True, "action": action}
        else:
            found["button"] = {"action": action}
    tested = body.get("test") is True or (isinstance(action, str) and action.lower() in _SELF_TESTS)
    return tuple(
        Observation(kind, fields, at, frozenset({Quality.TEST}) if tested and kind == "smoke" else frozenset())
        for kind, fields in found.items()
    )


def _opposite(value: object) -> object:
    """A closed contact is a door that is not open; what is no flag stays so, for the kind's table to refuse."""
    return (not value) if isinstance(value, bool) else [value]


def build(options: Zigbee2MqttOptions) -> Zigbee2MqttFormat:
    """The format."""
    return Zigbee2MqttFormat(options.base_topic)


PLUGIN = Plugin(
    kind="zigbee2mqtt",
    options=Zigbee2MqttOptions,
    build=build,
    summary="Zigbee2MQTT: devices by friendly name, their availability, and the bridge.",
)
