"""Shelly, second generation and later: `ID/events/rpc` notifications and `ID/online`.

A notification holds what changed of some components, or all of them; it has the device's time. The first component of
a type, `:0`, speaks for the device, each other one is a subject of its own. A push of a wired input is a happening of
its own, a button. The address is the device's topic prefix, which is its id unless somebody changed it. Reads only;
keeps nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from hub.events import Quality
from hub.plugins import Plugin
from hub.sensors.errors import PayloadError
from hub.sensors.mapping import Fields, Meaning, by_plain_name, observations, read_fields
from hub.sensors.options import SensorOptions
from hub.sensors.parsing import Observation, Parsed, as_object, health, read_json, read_text, read_time

_METER = by_plain_name(
    {
        "output": Meaning("switch", "on"),
        "apower": Meaning("power", "power_w"),
        "act_power": Meaning("power", "power_w"),
        "voltage": Meaning("power", "voltage_v"),
        "current": Meaning("power", "current_a"),
        "aenergy_total": Meaning("power", "energy_kwh", scale=0.001),
    }
)
_COMPONENTS: Mapping[str, Mapping[str, Meaning]] = MappingProxyType(
    {
        "temperature": by_plain_name({"tC": Meaning("temperature", "temperature_c")}),
        "humidity": by_plain_name({"rh": Meaning("humidity", "humidity_pct")}),
        "illuminance": by_plain_name({"lux": Meaning("illuminance", "illuminance_lx")}),
        "smoke": by_plain_name({"alarm": Meaning("smoke", "alarm"), "mute": Meaning("smoke", "muted")}),
        "flood": by_plain_name({"alarm": Meaning("water_leak", "leak")}),
        "devicepower": by_plain_name(
            {"battery_percent": Meaning("battery", "percent"), "battery_V": Meaning("battery", "voltage_v")}
        ),
        "switch": _METER,
        "pm1": _METER,
        "em1": _METER,
        "em": by_plain_name(
            {
                "total_act_power": Meaning("power", "power_w"),
                "a_voltage": Meaning("power", "voltage_v"),
                "a_current": Meaning("power", "current_a"),
                "b_current": Meaning("power", "current_2_a"),
                "c_current": Meaning("power", "current_3_a"),
            }
        ),
    }
)
"""Type of component -> what its status says. Source: the maker's reference of components."""

_ONLINE = MappingProxyType({"true": True, "false": False})


class ShellyOptions(SensorOptions):
    """Nothing to set."""


class ShellyFormat:
    """Reads the notifications that Shelly devices publish."""

    def topics(self) -> Sequence[str]:
        """Notifications, and the last will."""
        return ("+/events/rpc", "+/online")

    def concerns(self, topic: str) -> bool:
        """Whether it is one of the two."""
        device, _, rest = topic.partition("/")
        return bool(device) and rest in {"events/rpc", "online"}

    def parse(self, topic: str, payload: bytes, *, retained: bool, arrived: datetime) -> Parsed:
        """Read one message; the address is the topic prefix.

        Raises:
            PayloadError: `malformed`.
        """
        del retained, arrived  # what they mean is the same for every format, so the door sees to it
        device, _, rest = topic.partition("/")
        if rest == "online":
            online = _ONLINE.get(read_text(payload).lower())
            if online is None:
                raise PayloadError("malformed", "neither true nor false")
            return Parsed(device, (health("sensor.health", online=online, reason="last will"),))
        body = as_object(read_json(payload))
        method = body.get("method")
        if method == "NotifyEvent":
            return Parsed(device, _events(as_object(body.get("params"))))
        if method in ("NotifyStatus", "NotifyFullStatus"):
            return Parsed(device, _status(as_object(body.get("params"))))
        return Parsed(device)  # an answer to somebody: a sign of life


def _status(params: Mapping[str, Any]) -> tuple[Observation, ...]:
    said: list[Observation] = []
    time = _time(params)
    for component, status in params.items():
        table = _COMPONENTS.get(component.partition(":")[0])
        if table is not None and isinstance(status, dict):
            said += _spoken(component, read_fields(status, table), time)
    return tuple(said)


def _spoken(component: str, found: Fields, time: Mapping[str, Any]) -> tuple[Observation, ...]:
    """By the component; the first of a type is the device itself."""
    apart: dict[str, int] | None = {} if component.endswith(":0") else None
    return observations(found, probe=component, apart=apart, **time)


def _events(params: Mapping[str, Any]) -> tuple[Observation, ...]:
    said: list[Observation] = []
    events = params.get("events")
    for event in events if isinstance(events, list) else ():
        if not isinstance(event, dict):
            continue
        component, action = str(event.get("component", "")), event.get("event")
        time = _time(event if "ts" in event else params)
        if component.startswith("input:") and isinstance(action, str) and action.endswith("_push"):
            said += _spoken(component, {"button": {"action": action}}, time)
        elif component.startswith("smoke:") and action == "alarm_test":
            said += _spoken(component, {"smoke": {"alarm": True, "test": True}}, time)
    return tuple(said)


def _time(body: Mapping[str, Any]) -> dict[str, Any]:
    at = read_time(body.get("ts"))
    suspect = at is None and body.get("ts") is not None
    return {"at": at, "quality": frozenset({Quality.CLOCK_SUSPECT}) if suspect else frozenset()}


def build(options: ShellyOptions) -> ShellyFormat:
    """The format."""
    del options
    return ShellyFormat()


PLUGIN = Plugin(
    kind="shelly",
    options=ShellyOptions,
    build=build,
    summary="Shelly Gen2 and later: notifications and presence, by topic prefix.",
)
