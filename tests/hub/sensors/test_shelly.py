"""Shelly devices of the second generation as they send it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from hub.events import Quality
from hub.sensors.errors import PayloadError
from hub.sensors.kinds import KINDS
from hub.sensors.parsing import Parsed
from hub.sensors.payloads.shelly import PLUGIN, ShellyOptions

FORMAT = PLUGIN.build(ShellyOptions())
ARRIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def parse(payload: bytes, rest: str = "events/rpc") -> Parsed:
    parsed = FORMAT.parse(f"shellyplusht-a0b1/{rest}", payload, retained=False, arrived=ARRIVED)
    assert parsed.address == "shellyplusht-a0b1"
    return parsed


def notify(method: str, params: dict[str, Any]) -> Parsed:
    return parse(json.dumps({"src": "shellyplusht-a0b1", "dst": "x", "method": method, "params": params}).encode())


def said(parsed: Parsed) -> dict[str, dict[str, object]]:
    """As the door reads it."""
    read = {one.kind: KINDS[one.kind].read(one.fields) for one in parsed.observations}
    assert [mistakes for _, mistakes in read.values() if mistakes] == []
    return {kind: dict(fields) for kind, (fields, _) in read.items()}


def test_a_full_status_tells_every_component_at_the_devices_time() -> None:
    params = {
        "ts": 1680962879.62,
        "ble": {},
        "devicepower:0": {"id": 0, "battery": {"V": 2.71, "percent": 0}, "external": {"present": False}},
        "temperature:0": {"id": 0, "tC": 19.8, "tF": 67.7},
        "humidity:0": {"id": 0, "rh": 48.1},
    }
    parsed = notify("NotifyFullStatus", params)
    assert said(parsed) == {
        "battery": {"percent": 0, "voltage_v": 2.71},
        "temperature": {"temperature_c": 19.8},
        "humidity": {"humidity_pct": 48.1},
    }
    assert {seen.at for seen in parsed.observations} == {datetime.fromtimestamp(1680962879.62, UTC)}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"smoke:0": {"id": 0, "alarm": True, "mute": False}}, {"smoke": {"alarm": True, "muted": False}}),
        ({"flood:0": {"id": 0, "alarm": True, "mute": False}}, {"water_leak": {"leak": True}}),
        (
            {
                "switch:0": {
                    "output": True,
                    "apower": 8.9,
                    "voltage": 237.5,
                    "current": 0.04,
                    "aenergy": {"total": 6532, "by_minute": [1, 2]},
                }
            },
            {
                "switch": {"on": True},
                "power": {"power_w": 8.9, "voltage_v": 237.5, "current_a": 0.04, "energy_kwh": 6.532},
            },
        ),
        (
            {"em:0": {"total_act_power": 951.2, "a_current": 4.0, "b_current": 0.1, "c_current": 0, "a_voltage": 230}},
            {
                "power": {
                    "power_w": 951.2,
                    "voltage_v": 230,
                    "current_a": 4,
                    "current_2_a": 0.1,
                    "current_3_a": 0,
                }
            },
        ),
        ({"temperature:0": {"tC": None, "errors": ["out_of_range"]}}, {}),
        ({"sys": {"uptime": 3}}, {}),
    ],
    ids=lambda value: json.dumps(value)[:32],
)
def test_a_status_tells_what_changed(status: dict[str, Any], expected: dict[str, object]) -> None:
    assert said(notify("NotifyStatus", {"ts": 1, **status})) == expected


def test_every_component_but_the_first_is_a_subject_of_its_own() -> None:
    parsed = notify("NotifyStatus", {"switch:0": {"output": True}, "switch:1": {"output": False}})
    assert [(one.subject, one.probe, dict(one.fields)) for one in parsed.observations] == [
        (None, "switch:0", {"on": True}),
        ("switch:1", "switch:1", {"on": False}),
    ]


def test_each_push_of_an_input_is_a_button() -> None:
    events = [
        {"component": "input:0", "id": 0, "event": push, "ts": 1772366400.5} for push in ("btn_down", "long_push")
    ]
    parsed = notify("NotifyEvent", {"ts": 1772366401, "events": events})
    assert said(parsed) == {"button": {"action": "long_push"}}
    assert parsed.observations[0].at == datetime.fromtimestamp(1772366400.5, UTC)


def test_a_test_of_the_smoke_sensor_is_a_test() -> None:
    parsed = notify("NotifyEvent", {"events": [{"component": "smoke:0", "event": "alarm_test"}]})
    assert parsed.observations[0].quality == {Quality.TEST}


def test_a_time_nobody_can_read_is_doubted() -> None:
    seen = notify("NotifyStatus", {"ts": "soon", "smoke:0": {"alarm": True}}).observations[0]
    assert (seen.at, seen.quality) == (None, {Quality.CLOCK_SUSPECT})


def test_an_answer_to_somebody_is_a_sign_of_life() -> None:
    assert parse(b'{"id": 1, "result": {"smoke:0": {"alarm": true}}}').observations == ()


def test_the_last_will_is_the_devices_presence() -> None:
    assert parse(b"true", "online").observations[0].fields["state"] == "online"
    assert parse(b"false", "online").observations[0].fields["state"] == "offline"
    with pytest.raises(PayloadError):
        parse(b"", "online")


@pytest.mark.parametrize(
    ("topic", "wanted"),
    [
        ("shelly-1/events/rpc", True),
        ("shelly-1/online", True),
        ("shelly-1/status/switch:0", False),
        ("shelly-1/rpc", False),
        ("/online", False),
        ("home/shelly-1/online", False),
    ],
)
def test_other_topics_are_passed_over(topic: str, *, wanted: bool) -> None:
    assert FORMAT.concerns(topic) is wanted
