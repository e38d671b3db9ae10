"""Words of Home Assistant's MQTT discovery and what they mean here: short keys, device classes, units.

Facts from its published documentation (MQTT discovery; the device classes of `sensor` and `binary_sensor`); data alone,
so a further device class is one line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

SHORT: Mapping[str, str] = MappingProxyType(
    {
        "atype": "automation_type",
        "avty": "availability",
        "avty_mode": "availability_mode",
        "avty_t": "availability_topic",
        "avty_tpl": "availability_template",
        "cmps": "components",
        "dev": "device",
        "dev_cla": "device_class",
        "e": "encoding",
        "en": "enabled_by_default",
        "ent_cat": "entity_category",
        "evt_typ": "event_types",
        "exp_aft": "expire_after",
        "o": "origin",
        "obj_id": "object_id",
        "p": "platform",
        "pl": "payload",
        "pl_avail": "payload_available",
        "pl_not_avail": "payload_not_available",
        "pl_off": "payload_off",
        "pl_on": "payload_on",
        "stat_clsd": "state_closed",
        "stat_closing": "state_closing",
        "stat_off": "state_off",
        "stat_on": "state_on",
        "stat_open": "state_open",
        "stat_opening": "state_opening",
        "stat_t": "state_topic",
        "stat_val_tpl": "state_value_template",
        "stype": "subtype",
        "t": "topic",
        "uniq_id": "unique_id",
        "unit_of_meas": "unit_of_measurement",
        "val_tpl": "value_template",
    }
)
"""Short key -> key, of those that are read."""

SHORT_DEVICE: Mapping[str, str] = MappingProxyType(
    {
        "cns": "connections",
        "ids": "identifiers",
        "mdl": "model",
        "mdl_id": "model_id",
        "mf": "manufacturer",
        "sa": "suggested_area",
        "sn": "serial_number",
    }
)
"""The same within `device`."""


def spelled_out(body: Mapping[str, Any], short: Mapping[str, str] = SHORT) -> dict[str, Any]:
    """The object with its keys in full; where both forms of a key stand, the full one counts."""
    full = {short[key]: value for key, value in body.items() if key in short}
    return full | {key: value for key, value in body.items() if key not in short}


@dataclass(frozen=True, slots=True)
class Says:
    """What an entity's value says here.

    Attributes:
        kind: Kind of observation.
        field: Its field.
        units: Unit -> what a number is multiplied with, and what is added then; None takes any number as it is. A unit
            that is not among them means something else, and the entity says nothing.
    """

    kind: str
    field: str
    units: Mapping[str, tuple[float, float]] | None = None


def _scale(units: Mapping[str, float]) -> Mapping[str, tuple[float, float]]:
    return MappingProxyType({unit: (factor, 0.0) for unit, factor in units.items()})


BINARY: Mapping[str, Says] = MappingProxyType(
    {
        "battery": Says("battery_low", "low"),
        "carbon_monoxide": Says("co", "alarm"),
        "door": Says("door", "open"),
        "garage_door": Says("door", "open"),
        "gas": Says("gas", "alarm"),
        "heat": Says("heat", "alarm"),
        "moisture": Says("water_leak", "leak"),
        "motion": Says("motion", "motion"),
        "occupancy": Says("motion", "motion"),
        "opening": Says("door", "open"),
        "plug": Says("mains", "present"),
        "power": Says("mains", "present"),
        "presence": Says("presence", "present"),
        "problem": Says("fault", "fault"),
        "smoke": Says("smoke", "alarm"),
        "tamper": Says("tamper", "tamper"),
        "vibration": Says("vibration", "vibration"),
        "window": Says("door", "open"),
    }
)
"""Device class of a `binary_sensor` -> what it says; its `on` is our true. As in Zigbee2MQTT's native form, the
occupancy of a PIR is motion."""

_CELSIUS = MappingProxyType(
    {"°C": (1.0, 0.0), "C": (1.0, 0.0), "°F": (5 / 9, -160 / 9), "F": (5 / 9, -160 / 9), "K": (1.0, -273.15)}
)
_HPA = _scale({"hPa": 1, "mbar": 1, "Pa": 0.01, "inHg": 33.8639, "mmHg": 1.33322})
_MPA = _scale({"MPa": 1, "kPa": 0.001, "bar": 0.1, "psi": 0.00689476})
_LENGTH = _scale({"m": 1, "cm": 0.01, "mm": 0.001, "km": 1000, "ft": 0.3048, "in": 0.0254})
_PARTS = _scale({"ppm": 1000, "ppb": 1})

MEASURED: Mapping[str, tuple[Says, ...]] = MappingProxyType(
    {
        "atmospheric_pressure": (Says("air_pressure", "pressure_hpa", MappingProxyType({**_HPA, "kPa": (10.0, 0.0)})),),
        "battery": (Says("battery", "percent", _scale({"%": 1})),),
        "carbon_dioxide": (Says("co2", "co2_ppm", _scale({"ppm": 1})),),
        "carbon_monoxide": (Says("co", "co_ppm", _scale({"ppm": 1})),),
        "current": (Says("power", "current_a", _scale({"A": 1, "mA": 0.001})),),
        "energy": (Says("power", "energy_kwh", _scale({"kWh": 1, "Wh": 0.001, "MWh": 1000})),),
        "humidity": (Says("humidity", "humidity_pct", _scale({"%": 1})),),
        "illuminance": (Says("illuminance", "illuminance_lx", _scale({"lx": 1})),),
        "ph": (Says("ph", "ph"),),
        "pm10": (Says("pm10", "pm10_ug_m3", _scale({"µg/m³": 1, "μg/m³": 1})),),
        "pm25": (Says("pm25", "pm25_ug_m3", _scale({"µg/m³": 1, "μg/m³": 1})),),
        "power": (Says("power", "power_w", _scale({"W": 1, "kW": 1000, "mW": 0.001, "MW": 1e6})),),
        "precipitation": (Says("rain", "rain_mm", _scale({"mm": 1, "cm": 10, "in": 25.4})),),
        "pressure": (Says("air_pressure", "pressure_hpa", _HPA), Says("water_pressure", "pressure_mpa", _MPA)),
        "sound_pressure": (Says("noise", "noise_db", _scale({"dB": 1, "dBA": 1})),),
        "speed": (Says("speed", "speed_kmh", _scale({"km/h": 1, "m/s": 3.6, "mph": 1.609344, "kn": 1.852})),),
        "temperature": (Says("temperature", "temperature_c", _CELSIUS),),
        "volatile_organic_compounds_parts": (Says("voc", "voc_ppb", _PARTS),),
        "voltage": (Says("power", "voltage_v", _scale({"V": 1, "mV": 0.001, "kV": 1000})),),
        "volume_flow_rate": (
            Says("water_flow", "flow_l_min", _scale({"L/min": 1, "m³/h": 1000 / 60, "L/h": 1 / 60, "L/s": 60})),
        ),
        "water": (Says("water_use", "volume_l", _scale({"L": 1, "m³": 1000, "gal": 3.785412})),),
        "wind_direction": (Says("wind", "direction_deg", _scale({"°": 1})),),
        "wind_speed": (
            Says("wind", "speed_m_s", _scale({"m/s": 1, "km/h": 1 / 3.6, "mph": 0.44704, "kn": 1.852 / 3.6})),
        ),
    }
)
"""Device class of a `sensor` -> what it may say, by its unit."""

NAMED: Mapping[str, Says] = MappingProxyType(
    {
        "carbon_monoxide": Says("co", "alarm"),
        "contact": Says("door", "open"),
        "fall": Says("fall", "fall"),
        "flame": Says("flame", "alarm"),
        "gas": Says("gas", "alarm"),
        "leak": Says("water_leak", "leak"),
        "sos": Says("sos", "pressed"),
        "smoke": Says("smoke", "alarm"),
        "test": Says("smoke", "test"),
        "water_leak": Says("water_leak", "leak"),
    }
)
"""Name of a `binary_sensor` without a device class -> what it says."""

LEVELS: Mapping[str, Says] = MappingProxyType(
    {
        "liquid_depth": Says("water_level", "level_m", _LENGTH),
        "tank_level": Says("water_level", "level_m", _LENGTH),
        "water_depth": Says("water_level", "level_m", _LENGTH),
        "water_level": Says("water_level", "level_m", _LENGTH),
    }
)
"""Name of a `sensor` that measures a length -> what it says; any other distance may be anything."""

PRESSED = frozenset({"emergency", "panic", "sos"})
"""Event types and triggers that call for help; any other is a button."""
