"""Tasmota as its devices send it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from hub.events import Quality
from hub.sensors.errors import PayloadError
from hub.sensors.kinds import KINDS
from hub.sensors.parsing import Parsed
from hub.sensors.payloads.tasmota import PLUGIN, TasmotaOptions

FORMAT = PLUGIN.build(TasmotaOptions())
ARRIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def parse(word: str, payload: bytes) -> Parsed:
    parsed = FORMAT.parse(f"tele/plug_3/{word}", payload, retained=False, arrived=ARRIVED)
    assert parsed.address == "plug_3"
    return parsed


def said(body: object, word: str = "SENSOR") -> dict[str, dict[str, object]]:
    return {seen.kind: dict(seen.fields) for seen in parse(word, json.dumps(body).encode()).observations}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"Time": "2017-02-16T10:13:52", "DS18B20": {"Temperature": 20.6}},
            {"temperature": {"temperature_c": 20.6}},
        ),
        ({"Time": "2024-02-24T22:20:38", "Switch1": "ON"}, {"switch": {"on": "ON"}}),
        ({"MQX": 312}, {"gas": {"ppm": 312}}),
        ({"MQ": {"MQ2": 312.5}}, {"gas": {"ppm": 312.5}}),
        ({"AM2301": {"Temperature": 68, "Humidity": 51}, "TempUnit": "F"},
         {"temperature": {"temperature_c": 20.0}, "humidity": {"humidity_pct": 51}}),
        ({"BMP280": {"Pressure": 750}, "PressureUnit": "mmHg"}, {"air_pressure": {"pressure_hpa": 999.918}}),
        ({"SR04": {"Distance": 131.5}}, {"water_level": {"distance_m": 1.315}}),
        ({"ENERGY": {"Total": 3.185, "Power": 16, "Voltage": 230, "Current": 0.068, "Factor": 0.99}},
         {"power": {"energy_kwh": 3.185, "power_w": 16, "voltage_v": 230, "current_a": 0.068}}),
        ({"AM2301": {"Temperature": None, "Humidity": None}}, {}),
        ({"Wifi": {"RSSI": 40}}, {}),
    ],
    ids=lambda value: json.dumps(value)[:40],
)  # fmt: skip
def test_each_probe_says_what_it_measured(body: object, expected: dict[str, object]) -> None:
    assert said(body) == expected


def test_a_time_without_a_zone_is_doubted_and_the_arrival_counts() -> None:
    seen = parse("SENSOR", b'{"Time": "2026-03-01T12:00:00", "DS18B20": {"Temperature": 20.6}}').observations[0]
    assert (seen.at, seen.quality) == (None, {Quality.CLOCK_SUSPECT})


def test_each_of_several_probes_is_a_subject_of_its_own() -> None:
    body = {"DS18B20-1": {"Temperature": 20}, "DS18B20-2": {"Temperature": 4}, "SHT3X": {"Humidity": 40}}
    seen = {
        (one.kind, one.subject): dict(one.fields) for one in parse("SENSOR", json.dumps(body).encode()).observations
    }
    assert seen == {
        ("temperature", "DS18B20-1"): {"temperature_c": 20},
        ("temperature", "DS18B20-2"): {"temperature_c": 4},
        ("humidity", None): {"humidity_pct": 40},
    }


def test_a_time_counts_in_the_zone_that_the_sensor_is_given() -> None:
    zoned = FORMAT.configured({"plug_3": {"time_zone": "Asia/Shanghai"}})
    payload = b'{"Time": "2026-03-01T20:00:00", "DS18B20": {"Temperature": 20.6}}'
    [seen] = zoned.parse("tele/plug_3/SENSOR", payload, retained=False, arrived=ARRIVED).observations
    assert (seen.at, seen.quality) == (ARRIVED, frozenset())


def test_a_sensor_may_have_a_prefix_of_its_own() -> None:
    both = FORMAT.configured({"plug_3": {"prefix": "cellar"}})
    assert {topic for topic in both.topics() if topic.endswith("SENSOR")} == {"cellar/+/SENSOR", "tele/+/SENSOR"}
    assert [both.concerns(f"{prefix}/plug_3/SENSOR") for prefix in ("cellar", "tele")] == [True, False]


@pytest.mark.parametrize("time", ['"Epoch": 1772366400, "Time": "2026-03-01T20:00:00"', '"Time": 1772366400000'])
def test_an_epoch_counts(time: str) -> None:
    seen = parse("SENSOR", f'{{{time}, "DS18B20": {{"Temperature": 20.6}}}}'.encode()).observations[0]
    assert (seen.at, seen.quality) == (ARRIVED, frozenset())


def test_the_last_will_is_the_devices_presence() -> None:
    for payload, state in ((b"Online", "online"), (b"Offline", "offline")):
        seen = parse("LWT", payload).observations[0]
        assert (seen.kind, seen.fields["state"]) == ("sensor.health", state)
    with pytest.raises(PayloadError):
        parse("LWT", b"Perhaps")


def test_a_power_threshold_tells_that_nobody_uses_power() -> None:
    assert parse("POWER_LOW", b"ON").observations[0].fields == {"used": False}
    assert said({"MARGINS": {"PowerLow": "OFF"}}, "MARGINS") == {"power_use": {"used": True}}
    assert said({"MARGINS": {"PowerHigh": "ON"}}, "MARGINS") == {}


def test_a_threshold_in_unknown_words_is_no_use_of_power() -> None:
    fields, mistakes = KINDS["power_use"].read(parse("POWER_LOW", b"?").observations[0].fields)
    assert not fields
    assert mistakes


def test_a_state_message_is_a_sign_of_life_and_says_nothing_else() -> None:
    assert said({"Time": "2024-02-24T22:20:38", "POWER": "OFF", "Uptime": "0T00:10:11"}, "STATE") == {}


@pytest.mark.parametrize(
    ("topic", "wanted"),
    [
        ("tele/plug_3/SENSOR", True),
        ("tele/plug_3/INFO1", False),
        ("tele/a/b/SENSOR", False),
        ("stat/plug_3/SENSOR", False),
    ],
)
def test_other_topics_are_passed_over(topic: str, *, wanted: bool) -> None:
    assert FORMAT.concerns(topic) is wanted
