"""Tasmota: `tele/NAME/SENSOR`, presence (LWT), heartbeats (STATE) and power thresholds (MARGINS, POWER_LOW).

A message holds one object for each probe, by the probe's type, and switches beside them. `Time` is local time without
a zone, so the arrival counts and the event is marked CLOCK_SUSPECT; a device that is set to `Time 2` or `3` sends the
epoch, and that counts. Of several probes of one kind the first counts. Reads only; keeps nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from pydantic import Field

from hub.events import Quality
from hub.plugins import Plugin
from hub.sensors.errors import PayloadError
from hub.sensors.mapping import Fields, Meaning, means, observations
from hub.sensors.options import SensorOptions
from hub.sensors.parsing import Observation, Parsed, as_object, health, read_json, read_text, read_time

_PROBE: Mapping[str, Meaning] = MappingProxyType(
    {
        "Temperature": Meaning("temperature", "temperature_c"),
        "Humidity": Meaning("humidity", "humidity_pct"),
        "Pressure": Meaning("air_pressure", "pressure_hpa"),
        "Illuminance": Meaning("illuminance", "illuminance_lx"),
        "CarbonDioxide": Meaning("co2", "co2_ppm"),
        "eCO2": Meaning("co2", "co2_ppm"),
        "TVOC": Meaning("voc", "voc_ppb"),
        "PM2.5": Meaning("pm25", "pm25_ug_m3"),
        "PM10": Meaning("pm10", "pm10_ug_m3"),
        "Distance": Meaning("water_level", "distance_m", scale=0.01),
    }
)
"""Field of a probe -> kind and field of ours. Source: the JSON names that the firmware's sensor drivers print."""

_ENERGY: Mapping[str, Meaning] = MappingProxyType(
    {
        "Power": Meaning("power", "power_w"),
        "Voltage": Meaning("power", "voltage_v"),
        "Current": Meaning("power", "current_a"),
        "Total": Meaning("power", "energy_kwh"),
    }
)
_GAS = Meaning("gas", "ppm")
_MQ = re.compile(r"MQ(X|\d{1,3})")
_SWITCH = Meaning("switch", "on")
_POWER_LOW = means("power_use", "used", on=False, off=True)
_PRESSURE_SCALE = MappingProxyType({"mmHg": 1.333224, "inHg": 33.86389})
_ONLINE = MappingProxyType({"online": True, "offline": False})
_LAST_PARTS = ("SENSOR", "STATE", "LWT", "POWER_LOW", "MARGINS")
_TOPIC_PARTS = 3


class TasmotaOptions(SensorOptions):
    """Where it publishes."""

    prefix: str = Field(default="tele", pattern=r"^[^\s/#+]+$")
    """Its `Prefix3`, the first part of what it reports."""


class TasmotaFormat:
    """Reads Tasmota devices that keep the order prefix, name, word in their topics."""

    def __init__(self, prefix: str) -> None:
        """Read what is published under `prefix`."""
        self._prefix = prefix

    def topics(self) -> Sequence[str]:
        """One filter for each word that says something."""
        return tuple(f"{self._prefix}/+/{word}" for word in _LAST_PARTS)

    def concerns(self, topic: str) -> bool:
        """Whether it is one of those words of a device."""
        parts = topic.split("/")
        return len(parts) == _TOPIC_PARTS and parts[0] == self._prefix and parts[2] in _LAST_PARTS

    def parse(self, topic: str, payload: bytes, *, retained: bool, arrived: datetime) -> Parsed:
        """Read one message; the address is the device's topic name.

        Raises:
            PayloadError: `malformed`.
        """
        del retained, arrived  # what they mean is the same for every format, so the door sees to it
        parts = topic.split("/")
        name, word = (parts[1], parts[2]) if len(parts) == _TOPIC_PARTS else ("", "")
        if word == "LWT":
            return Parsed(name, (health("sensor.health", online=_online(payload), reason="last will"),))
        found: Fields = {}
        if word == "POWER_LOW":
            _POWER_LOW.put(read_text(payload), found)
            return Parsed(name, observations(found))
        body = as_object(read_json(payload))
        if word == "MARGINS":
            margins = body.get("MARGINS")
            if isinstance(margins, dict) and "PowerLow" in margins:
                _POWER_LOW.put(margins["PowerLow"], found)
        elif word == "SENSOR":
            found = _sensor(body)
        return Parsed(name, _timed(body, found))


def _online(payload: bytes) -> bool:
    online = _ONLINE.get(read_text(payload).lower())
    if online is None:
        raise PayloadError("malformed", "neither Online nor Offline")
    return online


def _sensor(body: Mapping[str, Any]) -> Fields:
    found: Fields = {}
    scales = _scales(body)
    for name, value in body.items():
        if _MQ.fullmatch(name) and not isinstance(value, dict):
            _GAS.put(value, found)
        elif name.startswith("Switch"):
            _SWITCH.put(value, found)
        elif isinstance(value, dict):
            _probe(value, _ENERGY if name == "ENERGY" else scales, found)
    return found


def _probe(body: Mapping[str, Any], table: Mapping[str, Meaning], found: Fields) -> None:
    """One probe. A field that another probe said already stays; null is a probe that did not answer."""
    for name, value in body.items():
        meaning = _GAS if _MQ.fullmatch(name) else table.get(name)
        if meaning is not None and value is not None:
            meaning.put(value, found)


def _scales(body: Mapping[str, Any]) -> Mapping[str, Meaning]:
    """The table of a probe, in the units that the device is set to."""
    table = dict(_PROBE)
    if body.get("TempUnit") == "F":
        table["Temperature"] = Meaning("temperature", "temperature_c", scale=5 / 9, offset=-160 / 9)
    unit = body.get("PressureUnit")
    if isinstance(unit, str) and unit in _PRESSURE_SCALE:
        table["Pressure"] = Meaning("air_pressure", "pressure_hpa", scale=_PRESSURE_SCALE[unit])
    return table


def _timed(body: Mapping[str, Any], found: Fields) -> tuple[Observation, ...]:
    sent = body.get("Epoch", body.get("Time"))
    at = read_time(sent)
    doubt = frozenset({Quality.CLOCK_SUSPECT}) if at is None and sent is not None else frozenset()
    return observations(found, at=at, quality=doubt)


def build(options: TasmotaOptions) -> TasmotaFormat:
    """The format for one prefix."""
    return TasmotaFormat(options.prefix)


PLUGIN = Plugin(
    kind="tasmota",
    options=TasmotaOptions,
    build=build,
    summary="Tasmota: tele/<name>/SENSOR, presence by LWT, and power thresholds.",
)
