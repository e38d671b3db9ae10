"""Tasmota: `tele/NAME/SENSOR`, presence (LWT), heartbeats (STATE) and power thresholds (MARGINS, POWER_LOW).

A message holds one object for each probe, by the probe's type, and switches beside them. `Time` is local time without
a zone: it counts in the sensor's `time_zone`, else the arrival counts and the event is marked CLOCK_SUSPECT; a device
that is set to `Time 2` or `3` sends the epoch, and that counts. Of several probes of one kind each is a subject of its
own. Reads only; keeps nothing.
"""

from __future__ import annotations

import re
import zoneinfo
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from pydantic import Field, field_validator

from config.says import says
from hub.events import Quality
from hub.plugins import Plugin
from hub.sensors.errors import PayloadError
from hub.sensors.mapping import Fields, Meaning, means, observations
from hub.sensors.options import SensorOptions, read_all
from hub.sensors.parsing import Parsed, as_object, health, read_json, read_text, read_time

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
    """Where it publishes, and which time it has."""

    prefix: str = Field(default="tele", pattern=r"^[^\s/#+]+$")
    """Its `Prefix3`, the first part of what it reports."""
    time_zone: str | None = None
    """Of its `Time`, as in the IANA list; None leaves a time without a zone in doubt."""

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        try:
            if name is not None:
                zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(
                says(
                    "is no time zone of the IANA list; write one as `Asia/Shanghai`",
                    "不是 IANA 时区；请写如 `Asia/Shanghai`",
                )
            ) from None
        return name


class TasmotaFormat:
    """Reads Tasmota devices that keep the order prefix, name, word in their topics."""

    def __init__(self, options: TasmotaOptions, sensors: Mapping[str, TasmotaOptions] = MappingProxyType({})) -> None:
        """Read as `options` say, and as `sensors` say for those that have options of their own, by address."""
        self._options = options
        self._sensors = sensors
        self._prefixes = frozenset({options.prefix, *(one.prefix for one in sensors.values())})

    def configured(self, sensors: Mapping[str, Mapping[str, Any]]) -> TasmotaFormat:
        """The same, with the options of its sensors."""
        return TasmotaFormat(self._options, read_all(TasmotaOptions, sensors))

    def topics(self) -> Sequence[str]:
        """One filter for each word that says something."""
        return tuple(f"{prefix}/+/{word}" for prefix in sorted(self._prefixes) for word in _LAST_PARTS)

    def concerns(self, topic: str) -> bool:
        """Whether it is one of those words of a device."""
        parts = topic.split("/")
        return (
            len(parts) == _TOPIC_PARTS
            and parts[2] in _LAST_PARTS
            and parts[0] == self._sensors.get(parts[1], self._options).prefix
        )

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
        if word == "POWER_LOW":
            return Parsed(name, observations(_said(_POWER_LOW, read_text(payload))))
        body = as_object(read_json(payload))
        probes: list[tuple[str, Fields]] = []
        if word == "MARGINS":
            margins = body.get("MARGINS")
            if isinstance(margins, dict) and "PowerLow" in margins:
                probes.append(("", _said(_POWER_LOW, margins["PowerLow"])))
        elif word == "SENSOR":
            probes = _probes(body)
        at, doubt = _time(body, self._sensors.get(name, self._options))
        several = Counter(kind for _, found in probes for kind in found)
        return Parsed(
            name,
            tuple(
                observation
                for probe, found in probes
                for observation in observations(found, at=at, quality=doubt, probe=probe, apart=several)
            ),
        )


def _online(payload: bytes) -> bool:
    online = _ONLINE.get(read_text(payload).lower())
    if online is None:
        raise PayloadError("malformed", "neither Online nor Offline")
    return online


def _said(meaning: Meaning, value: object) -> Fields:
    found: Fields = {}
    meaning.put(value, found)
    return found


def _probes(body: Mapping[str, Any]) -> list[tuple[str, Fields]]:
    """What each probe says, by its name on the wire; null is a probe that did not answer."""
    probes: list[tuple[str, Fields]] = []
    scales = _scales(body)
    for name, value in body.items():
        if _MQ.fullmatch(name) and not isinstance(value, dict):
            probes.append((name, _said(_GAS, value)))
        elif name.startswith("Switch"):
            probes.append((name, _said(_SWITCH, value)))
        elif isinstance(value, dict):
            probes.append((name, _probe(value, _ENERGY if name == "ENERGY" else scales)))
    return probes


def _probe(body: Mapping[str, Any], table: Mapping[str, Meaning]) -> Fields:
    found: Fields = {}
    for name, value in body.items():
        meaning = _GAS if _MQ.fullmatch(name) else table.get(name)
        if meaning is not None and value is not None:
            meaning.put(value, found)
    return found


def _scales(body: Mapping[str, Any]) -> Mapping[str, Meaning]:
    """The table of a probe, in the units that the device is set to."""
    table = dict(_PROBE)
    if body.get("TempUnit") == "F":
        table["Temperature"] = Meaning("temperature", "temperature_c", scale=5 / 9, offset=-160 / 9)
    unit = body.get("PressureUnit")
    if isinstance(unit, str) and unit in _PRESSURE_SCALE:
        table["Pressure"] = Meaning("air_pressure", "pressure_hpa", scale=_PRESSURE_SCALE[unit])
    return table


def _time(body: Mapping[str, Any], options: TasmotaOptions) -> tuple[datetime | None, frozenset[Quality]]:
    sent = body.get("Epoch", body.get("Time"))
    at = read_time(sent)
    if at is None and isinstance(sent, str) and options.time_zone is not None:
        at = _in_zone(sent, options.time_zone)
    return at, frozenset({Quality.CLOCK_SUSPECT}) if at is None and sent is not None else frozenset()


def _in_zone(text: str, zone: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zoneinfo.ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def build(options: TasmotaOptions) -> TasmotaFormat:
    """The format."""
    return TasmotaFormat(options)


PLUGIN = Plugin(
    kind="tasmota",
    options=TasmotaOptions,
    build=build,
    summary="Tasmota: tele/<name>/SENSOR, presence by LWT, and power thresholds.",
)
