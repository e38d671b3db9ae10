"""Names of fields that mean the same wherever they stand, in our units.

They are what thing models and decoders of small makers use; the kinds themselves are among them, so whoever designs a
thing model of their own may call a property as we do. Names are compared without case and signs.
"""

from __future__ import annotations

from hub.sensors.kinds import KINDS
from hub.sensors.mapping import Meaning, by_plain_name, means

_NAMES: tuple[tuple[Meaning, str], ...] = (
    (Meaning("temperature", "temperature_c"), "temperature temp CurrentTemperature IndoorTemperature EnvTemperature"),
    (Meaning("humidity", "humidity_pct"), "humidity RelativeHumidity CurrentHumidity EnvHumidity"),
    (Meaning("air_pressure", "pressure_hpa"), "pressure BarometricPressure AtmosphericPressure"),
    (Meaning("illuminance", "illuminance_lx"), "illuminance illumination lux LightLux"),
    (Meaning("co2", "co2_ppm"), "co2 CO2Value CarbonDioxide"),
    (Meaning("pm25", "pm25_ug_m3"), "pm25 PM2_5 PM25Value"),
    (Meaning("pm10", "pm10_ug_m3"), "pm10 PM10Value"),
    (Meaning("battery", "percent"), "battery BatteryPercentage BatteryLevel"),
    (Meaning("battery_low", "low"), "BatteryLow LowBattery LowBatteryAlarm"),
    (Meaning("smoke", "alarm"), "smoke SmokeSensorState SmokeAlarm SmokeAlarmState smoke_status"),
    (Meaning("gas", "alarm"), "gas GasSensorState GasAlarm GasAlarmState"),
    (Meaning("gas", "lel_pct"), "lel GasLEL"),
    (Meaning("co", "alarm"), "COSensorState COAlarm COAlarmState"),
    (Meaning("water_leak", "leak"), "water_leak WaterSensorState WaterLeakage leak flood"),
    (Meaning("water_level", "level_m"), "water_level WaterLevel"),
    (Meaning("door", "open"), "ContactState DoorOpen"),
    (Meaning("motion", "motion"), "motion MotionAlarmState occupancy"),
    (Meaning("presence", "present"), "presence PresenceState"),
    (Meaning("sos", "pressed"), "sos SOSAlarm SOSState emergency"),
    (Meaning("tamper", "tamper"), "tamper TamperState TamperAlarm"),
    (Meaning("power", "power_w"), "ActivePower"),
    (Meaning("power", "voltage_v"), "voltage"),
    (Meaning("power", "current_a"), "current"),
    (Meaning("power", "energy_kwh"), "energy"),
    (Meaning("switch", "on"), "PowerSwitch power_switch SwitchState"),
)
"""Meanings and their names. Source of the capitalised ones: the standard properties of Aliyun's thing models."""

_POWER = means("switch", "on", on=True, off=False)
"""`power` is on or off with some and watts with others."""

COMMON = by_plain_name(
    {
        **{name: meaning for meaning, names in _NAMES for name in names.split()},
        "power": Meaning("power", "power_w", words=_POWER.words),
        **{
            name: Meaning(name, kind.main)
            for name, kind in KINDS.items()
            if name not in {"power", "battery", "co2", "incident"}
        },
    }
)
"""Plain name -> meaning."""
