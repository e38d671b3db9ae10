"""What sensors can observe: each kind with its fields, their units and what is physically possible.

The door holds every observation of every format to this table, so no rule ever sees a field of the wrong type or a
number that no such sensor can measure. A value outside its range is **refused**, not marked: -127 degrees is how a
DS18B20 says that its wire is cut, and a marked number would still be compared with a threshold. The other fields of the
same message stand, and the refusal is kept for inspection. Ranges are wide on purpose: they hold what a sensor of that
kind can report anywhere, not what is normal here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hub.events import FieldValue
from hub.sensors.errors import PayloadError

TRUE_WORDS = frozenset({"true", "on", "yes", "1", "open", "alarm"})
FALSE_WORDS = frozenset({"false", "off", "no", "0", "closed", "normal"})
TEXT_CHARACTERS = 256
"""A text field may be this long."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A field that is true or false."""


@dataclass(frozen=True, slots=True)
class Number:
    """A field that is a finite number.

    Attributes:
        unit: As it is shown.
        low: Least value that is physically possible.
        high: Greatest value that is physically possible.
        moves: Outdoors, in a room or in a pipe it is never exactly the same for a day: then the sensor is stuck.
    """

    unit: str
    low: float
    high: float
    moves: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A field that is a short text."""


FieldType = Flag | Number | Text


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of observation.

    Attributes:
        name: Event.kind.
        main: The field that a bare value goes into.
        fields: All fields that this kind may carry.
        one_shot: Each message is a happening of its own (a button): two equal ones are two, and no second message says
            that it is over.
    """

    name: str
    main: str
    fields: Mapping[str, FieldType]
    one_shot: bool = False

    def read(self, fields: Mapping[str, object]) -> tuple[dict[str, FieldValue], list[PayloadError]]:
        """The fields that this kind knows and that are possible, and what was wrong with others.

        Fields that the kind does not know are left out without a word: devices send much that is nobody's business.
        """
        good: dict[str, FieldValue] = {}
        bad: list[PayloadError] = []
        for name, value in fields.items():
            field = self.fields.get(name)
            if field is None or value is None:
                continue
            try:
                good[name] = _read(field, value)
            except PayloadError as error:
                bad.append(PayloadError(error.reason, f"{self.name}.{name}: {error.detail}"))
        return good, bad


def _read(field: FieldType, value: object) -> FieldValue:
    match field:
        case Flag():
            return _flag(value)
        case Number():
            return _number(field, value)
        case Text():
            if not isinstance(value, str) or len(value) > TEXT_CHARACTERS or not value.isprintable():
                raise PayloadError("malformed", f"must be a printable text of at most {TEXT_CHARACTERS} characters")
            return value


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and value in {0, 1}:
        return bool(value)
    if isinstance(value, str):
        word = value.strip().lower()
        if word in TRUE_WORDS:
            return True
        if word in FALSE_WORDS:
            return False
    raise PayloadError("malformed", "must be true or false")


def _number(field: Number, value: object) -> float:
    if isinstance(value, str) and len(value) <= 32:  # some devices put every number in quotes  # noqa: PLR2004
        try:
            value = float(value)
        except ValueError:
            value = None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PayloadError("malformed", "must be a number")
    try:
        value = float(value)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise PayloadError("malformed", "must be a finite number")
    if not field.low <= value <= field.high:
        raise PayloadError(
            "implausible", f"{value:.6g} {field.unit} is outside what is possible, {field.low:g} to {field.high:g}"
        )
    return value


_FLAG, _TEXT = Flag(), Text()
_CELSIUS = Number("°C", -80, 150, moves=True)
_PERCENT = Number("%", 0, 100)
_AMPERE = Number("A", -1e4, 1e4)


def _flags(kind: str, main: str, **more: FieldType) -> Kind:
    return Kind(kind, main, MappingProxyType({main: _FLAG, **more}))


def _numbers(kind: str, main: str, number: Number, **more: FieldType) -> Kind:
    return Kind(kind, main, MappingProxyType({main: number, **more}))


def _button(kind: str, main: str, field: FieldType) -> Kind:
    return Kind(kind, main, MappingProxyType({main: field, "action": _TEXT}), one_shot=True)


_ALL = (
    # fire, gas, power
    _flags("smoke", "alarm", test=_FLAG, muted=_FLAG, concentration=Number("", 0, 1e6)),
    _flags("heat", "alarm", temperature_c=Number("°C", -80, 400), test=_FLAG),
    _flags("flame", "alarm", test=_FLAG),
    _flags("gas", "alarm", lel_pct=_PERCENT, ppm=Number("ppm", 0, 1e6), valve_open=_FLAG, test=_FLAG),
    _numbers("co", "co_ppm", Number("ppm", 0, 10_000), alarm=_FLAG, test=_FLAG),
    _button("fire_call", "pressed", _FLAG),
    _flags("fire_panel", "alarm", point=_TEXT, test=_FLAG),
    _flags("arc", "arc"),
    _numbers("residual_current", "current_ma", Number("mA", 0, 30_000), alarm=_FLAG),
    _numbers("cable_temperature", "temperature_c", Number("°C", -80, 400, moves=True), alarm=_FLAG),
    _numbers(
        "power",
        "power_w",
        Number("W", -1e7, 1e7),
        voltage_v=Number("V", 0, 1e5),
        current_a=_AMPERE,
        current_2_a=_AMPERE,
        current_3_a=_AMPERE,
        energy_kwh=Number("kWh", 0, 1e9),
        alarm=_FLAG,
    ),
    _flags("mains", "present", voltage_v=Number("V", 0, 1e5)),
    _flags("power_use", "used"),
    # water, ground, weather
    _flags("water_leak", "leak"),
    _flags("water_use", "used", volume_l=Number("l", 0, 1e9)),
    _numbers("water_level", "level_m", Number("m", -50, 500, moves=True), distance_m=Number("m", 0, 500, moves=True)),
    _numbers("water_pressure", "pressure_mpa", Number("MPa", -0.1, 100, moves=True)),
    _numbers("water_flow", "flow_l_min", Number("l/min", -1e6, 1e6)),
    _numbers("road_water", "depth_m", Number("m", 0, 20)),
    _numbers("rain", "rain_mm", Number("mm", 0, 2_000)),
    _numbers("wind", "speed_m_s", Number("m/s", 0, 120), direction_deg=Number("°", 0, 360)),
    _numbers("tilt", "angle_deg", Number("°", -360, 360)),
    _flags("vibration", "vibration"),
    _flags("weather_warning", "active", level=_TEXT, headline=_TEXT),
    # air
    _numbers("temperature", "temperature_c", _CELSIUS),
    _numbers("humidity", "humidity_pct", Number("%", 0, 100, moves=True)),
    _numbers("air_pressure", "pressure_hpa", Number("hPa", 200, 1_200, moves=True)),
    _numbers("illuminance", "illuminance_lx", Number("lx", 0, 250_000)),
    _numbers("co2", "co2_ppm", Number("ppm", 0, 100_000, moves=True)),
    _numbers("pm25", "pm25_ug_m3", Number("µg/m³", 0, 10_000)),
    _numbers("pm10", "pm10_ug_m3", Number("µg/m³", 0, 10_000)),
    _numbers("voc", "voc_ppb", Number("ppb", 0, 1e6)),
    _numbers("noise", "noise_db", Number("dB", 0, 200, moves=True)),
    # discharge
    _numbers("ph", "ph", Number("", 0, 14, moves=True)),
    _numbers("turbidity", "turbidity_ntu", Number("NTU", 0, 10_000, moves=True)),
    _numbers("fill", "fill_pct", _PERCENT),
    # people and doors
    _flags("motion", "motion"),
    _flags("presence", "present"),
    _flags("door", "open", armed=_FLAG),
    _flags("fall", "fall", posture=_TEXT),
    _button("sos", "pressed", _FLAG),
    _button("button", "action", _TEXT),
    _button("phone_sos", "pressed", _FLAG),
    _flags("arming", "armed"),
    Kind("resident.away", "away", MappingProxyType({"away": _FLAG}), one_shot=True),
    Kind("resident.back", "back", MappingProxyType({"back": _FLAG}), one_shot=True),
    Kind("resident.ok", "ok", MappingProxyType({"ok": _FLAG}), one_shot=True),
    Kind("resident.report", "text", MappingProxyType({"text": _TEXT}), one_shot=True),
    # the device itself
    _flags("tamper", "tamper"),
    _numbers("battery", "percent", _PERCENT, voltage_v=Number("V", 0, 100)),
    _flags("battery_low", "low"),
    _flags("fault", "fault", code=_TEXT),
    _flags("switch", "on"),
    # from a traffic radar or another analytic that speaks MQTT
    _numbers("speed", "speed_kmh", Number("km/h", -400, 400), lane=_TEXT),
    Kind("incident", "code", MappingProxyType({"code": _TEXT, "lane": _TEXT})),
)

KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _ALL})
"""Every kind of observation a sensor may send, by name."""
