"""Milesight: the fields that the decoders of its LoRaWAN devices give, by device where one name means two things.

Source: the maker's public decoders and their samples. Newer and older decoders differ in words, so both stand here.
Alarms stand before what ends them: of two that contradict each other, the one that stands first counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from hub.sensors.mapping import Meaning, by_plain_name, means


def _says(**words: Mapping[str, Mapping[str, object]]) -> Meaning:
    """Words that each say something of their own; others mean nothing. `_` stands for a blank."""
    return Meaning(words=MappingProxyType({word.replace("_", " "): said for word, said in words.items()}))


def _fault(*, fault: bool, code: str) -> Mapping[str, Mapping[str, object]]:
    return {"fault": {"fault": fault, "code": code}}


def _fall(posture: str, *, fall: bool = False, present: bool = True) -> Mapping[str, Mapping[str, object]]:
    return {"fall": {"fall": fall, "posture": posture}, "presence": {"present": present}}


_POSTURES = {
    "normal": _fall("normal"),
    "vacant": _fall("vacant", present=False),
    "in bed": _fall("in bed"),
    "out of bed": _fall("out of bed"),
    "fall": _fall("fall", fall=True),
}
_NUMBERED = {str(number): said for number, said in enumerate(_POSTURES.values())}
"""Some versions of the VS373's decoder give the number instead of the word."""


def _if_yes(kind: str, field: str, *, value: bool) -> Meaning:
    """A flag of which only the yes says something, in the words of all versions."""
    said = {kind: {field: value}}
    return Meaning(words=MappingProxyType({"yes": said, "true": said, "1": said}))


_CURRENT_ALARMS = ("current_over_range_alarm", "current_threshold_alarm")

MILESIGHT = by_plain_name(
    {
        # EM300-SLD, EM300-ZLD, WS303
        "leakage_status": means("water_leak", "leak", leak=True, normal=False),
        # WS301, EM300-MCS
        "magnet_status": means("door", "open", open=True, close=False, closed=False),
        "tamper_status": means("tamper", "tamper", uninstalled=True, not_installed=True, installed=False),
        # WS101
        "button_event_status": Meaning("button", "action"),
        "press": Meaning("button", "action"),
        # EM400-UDL and its kin, EM310-UDL
        "distance": Meaning("water_level", "distance_m", scale=0.001),
        "position": _says(tilt={"tamper": {"tamper": True}}, normal={"tamper": {"tamper": False}}),
        # GS101
        "gas_status": means("gas", "alarm", alarm=True, abnormal=True, normal=False),
        "valve_status": means("gas", "valve_open", open=True, on=True, close=False, closed=False, off=False),
        "alarm": _says(
            power_off={"mains": {"present": False}},
            power_down={"mains": {"present": False}},
            power_on={"mains": {"present": True}},
            device_fault=_fault(fault=True, code="device fault"),
            sensor_failure=_fault(fault=True, code="device fault"),
            device_fault_recovered=_fault(fault=False, code="device fault"),
            sensor_recover=_fault(fault=False, code="device fault"),
            device_will_be_invalid_soon=_fault(fault=True, code="end of life soon"),
            sensor_about_to_fail=_fault(fault=True, code="end of life soon"),
            device_invalid=_fault(fault=True, code="end of life"),
            sensor_failed=_fault(fault=True, code="end of life"),
        ),
        # VS373
        "fall_alarm": _says(
            alarm_triggered={"fall": {"fall": True}},
            alarm_deactivated={"fall": {"fall": False}},
            alarm_ignored={"fall": {"fall": False}},
            triggered={"fall": {"fall": True}},
            deactivated={"fall": {"fall": False}},
            ignored={"fall": {"fall": False}},
        ),
        "detection_status": Meaning("fall", "fall", words=MappingProxyType({**_POSTURES, **_NUMBERED})),
        # VS330, VS340, WS203
        "occupancy": means("presence", "present", occupied=True, vacant=False),
        # WS302
        "LAeq": Meaning("noise", "noise_db"),
        # WS202, AM3xx
        "pir": means("motion", "motion", trigger=True, idle=False, normal=False),
        "pir_status": means("motion", "motion", trigger=True, idle=False, normal=False),
        # CT101 to CT105, and each channel of CT303, CT305, CT310
        **{f"current_alarm_{alarm}": _if_yes("power", "alarm", value=True) for alarm in _CURRENT_ALARMS},
        **{f"current_alarm_{alarm}_release": _if_yes("power", "alarm", value=False) for alarm in _CURRENT_ALARMS},
    }
)
"""Names that mean the same in every Milesight device."""

_SMOKE = by_plain_name(
    {
        "concentration": Meaning("smoke", "concentration"),
        "event": Meaning(
            "fault",
            "code",
            words=MappingProxyType(
                {
                    "alarm": {"smoke": {"alarm": True}},
                    "silent": {"smoke": {"muted": True}},
                    "low battery": {"battery_low": {"low": True}},
                    "failover": _fault(fault=True, code="failover"),
                    "fail-over": _fault(fault=True, code="failover"),
                    "normal": {"smoke": {"alarm": False}, "fault": {"fault": False}},
                    "removed": {"tamper": {"tamper": True}},
                    "installed": {"tamper": {"tamper": False}},
                    "testing alarm with normal battery": {"smoke": {"alarm": True, "test": True}},
                    "testing alarm with low battery": {
                        "smoke": {"alarm": True, "test": True},
                        "battery_low": {"low": True},
                    },
                }
            ),
        ),
    }
)
_CABLE = by_plain_name({"temperature": Meaning("cable_temperature", "temperature_c")})
_PIPE = by_plain_name({"pressure": Meaning("water_pressure", "pressure_mpa", scale=0.001)})
_DEPTH = by_plain_name({"depth": Meaning("water_level", "level_m", scale=0.01)})

MILESIGHT_MODELS: Mapping[str, Mapping[str, Meaning]] = MappingProxyType(
    {
        "smoke sensor": _SMOKE,
        "gs524n": _SMOKE,
        "ct10": _CABLE,
        "ct30": _CABLE,
        "ct310": _CABLE,
        "em500-pp": _PIPE,
        "em500-swl": _DEPTH,
    }
)
"""Part of a device's model (or of what it says that it is), lower case -> what its names mean instead."""

MILESIGHT_CHANNEL = re.compile(r"current_(chn[1-9])((?:_.*)?)")
"""Name of a field of one of several clamps: each is a part of the device that speaks for itself."""
