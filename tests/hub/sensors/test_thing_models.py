"""Thing models: what devices made for Aliyun, Tencent and OneNET report."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.events import Quality
from hub.sensors.errors import PayloadError
from hub.sensors.kinds import KINDS, Flag
from hub.sensors.models.names import COMMON
from hub.sensors.parsing import Parsed
from hub.sensors.payloads import alink, onenet, tencent

ALINK = alink.PLUGIN.build(alink.AlinkOptions())
ONENET = onenet.PLUGIN.build(onenet.OnenetOptions())
TENCENT = tencent.PLUGIN.build(tencent.TencentOptions())
ARRIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROPERTIES = "/sys/a1B2/dev-7/thing/event/property/post"
SENT = datetime(2018, 4, 23, 1, 58, 42, tzinfo=UTC)
SENT_MS = 1524448722000


def parse(fmt: Any, topic: str, body: object) -> Parsed:
    assert fmt.concerns(topic)
    parsed: Parsed = fmt.parse(topic, json.dumps(body).encode(), retained=False, arrived=ARRIVED)
    return parsed


def said(parsed: Parsed) -> dict[str, dict[str, object]]:
    """As the door reads it."""
    read = {one.kind: KINDS[one.kind].read(one.fields) for one in parsed.observations}
    assert [mistakes for _, mistakes in read.values() if mistakes] == []
    return {kind: dict(fields) for kind, (fields, _) in read.items()}


def test_every_name_means_a_field_that_there_is() -> None:
    for name, meaning in COMMON.items():
        assert meaning.field in KINDS[meaning.kind].fields, name


def test_alink_properties_have_their_own_times() -> None:
    body = {
        "id": "123",
        "version": "1.0",
        "sys": {"ack": 0},
        "params": {"Power": {"value": "on", "time": SENT_MS}, "WF": {"value": 23.6, "time": SENT_MS}},
        "method": "thing.event.property.post",
    }
    parsed = parse(ALINK, PROPERTIES, body)
    assert parsed.address == "a1B2/dev-7"
    assert said(parsed) == {"switch": {"on": True}}
    assert parsed.observations[0].at == SENT


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"SmokeSensorState": 1, "BatteryPercentage": 88}, {"smoke": {"alarm": True}, "battery": {"percent": 88}}),
        ({"GasSensorState": {"value": 0}}, {"gas": {"alarm": False}}),
        ({"WaterSensorState": 1}, {"water_leak": {"leak": True}}),
        ({"ContactState": 1}, {"door": {"open": True}}),
        ({"CurrentTemperature": 21.5, "CurrentHumidity": 40.0}, {"temperature": {"temperature_c": 21.5},
                                                                "humidity": {"humidity_pct": 40}}),
        ({"Power": 60.5, "Voltage": 231.0}, {"power": {"power_w": 60.5, "voltage_v": 231}}),
        ({"fire_module:SmokeAlarm": 1}, {"smoke": {"alarm": True}}),
        ({"water_level": 2.5, "rain": 3.0}, {"water_level": {"level_m": 2.5}, "rain": {"rain_mm": 3}}),
        ({"MotorRunning": 1, "GeoLocation": {"value": {"Longitude": 1.0}}}, {}),
    ],
    ids=lambda value: json.dumps(value)[:40],
)  # fmt: skip
def test_standard_identifiers_and_our_own_words_are_known(params: object, expected: dict[str, object]) -> None:
    assert said(parse(ALINK, PROPERTIES, {"params": params})) == expected


def test_properties_of_two_moments_stay_apart() -> None:
    params = {"temperature": {"value": 1.0, "time": SENT_MS}, "humidity": {"value": 40, "time": SENT_MS + 1000}}
    times = {seen.kind: seen.at for seen in parse(ALINK, PROPERTIES, {"params": params}).observations}
    assert times == {"temperature": SENT, "humidity": SENT + timedelta(seconds=1)}


def test_a_time_nobody_can_read_does_not_cost_the_alarm() -> None:
    seen = parse(ALINK, PROPERTIES, {"params": {"smoke": {"value": 1, "time": "now"}}}).observations[0]
    assert (seen.at, seen.quality, seen.fields) == (None, {Quality.CLOCK_SUSPECT}, {"alarm": 1})


def test_an_event_says_that_it_happened_unless_its_outputs_say_otherwise() -> None:
    topic = "/sys/a1B2/dev-7/thing/event/SmokeAlarm/post"
    assert said(parse(ALINK, topic, {"params": {"value": {}, "time": SENT_MS}})) == {"smoke": {"alarm": True}}
    assert said(parse(ALINK, topic, {"params": {"value": {"smoke": 0}}})) == {"smoke": {"alarm": False}}
    assert said(parse(ALINK, topic.replace("SmokeAlarm", "Hello"), {"params": {"value": {}}})) == {}


def test_a_flag_alone_is_made_true_by_an_event() -> None:
    for identifier in ("water_level", "temperature"):
        assert not isinstance(KINDS[identifier].fields[KINDS[identifier].main], Flag)
        topic = f"/sys/a1B2/dev-7/thing/event/{identifier}/post"
        assert said(parse(ALINK, topic, {"params": {"value": {}}})) == {}


def test_history_is_told_for_the_device_that_it_is_about() -> None:
    topic = "/sys/a1B2/gateway/thing/event/property/history/post"
    about = {"productKey": "a1B2", "deviceName": "dev-7"}
    entry = {
        "identity": about,
        "properties": [{"temperature": {"value": 1.5, "time": SENT_MS}}],
        "events": [{"SmokeAlarm": {"value": {}, "time": SENT_MS}}],
    }
    parsed = parse(ALINK, topic, {"params": [entry]})
    assert parsed.address == "a1B2/dev-7"
    assert {(seen.kind, seen.at, *seen.quality) for seen in parsed.observations} == {
        ("temperature", SENT, Quality.HISTORY),
        ("smoke", SENT, Quality.HISTORY),
    }
    other = {**entry, "identity": {**about, "deviceName": "dev-8"}}
    with pytest.raises(PayloadError, match="history of 2 devices"):
        parse(ALINK, topic, {"params": [entry, other]})


@pytest.mark.parametrize("timestamp", [1628646783, 1628646783000])
def test_tencents_time_is_in_seconds_or_milliseconds(timestamp: int) -> None:
    body = {"method": "report", "clientToken": "123", "timestamp": timestamp, "values": {"power_switch": 1}}
    parsed = parse(TENCENT, "$thing/up/property/PID/dev-7", body)
    assert (parsed.address, said(parsed)) == ("PID/dev-7", {"switch": {"on": True}})
    assert parsed.observations[0].at == datetime.fromtimestamp(1628646783, UTC)


def test_tencents_events_are_read_one_or_many() -> None:
    topic = "$thing/up/event/PID/dev-7"
    event = {"eventId": "gas_alarm", "type": "alert", "timestamp": 1628646783, "params": {"lel": 12.5}}
    expected = {"gas": {"alarm": True, "lel_pct": 12.5}}
    assert said(parse(TENCENT, topic, {"method": "event_post", **event})) == expected
    assert said(parse(TENCENT, topic, {"method": "events_post", "events": [event]})) == expected


def test_what_tencents_device_asks_is_a_sign_of_life() -> None:
    assert parse(TENCENT, "$thing/up/property/PID/dev-7", {"method": "get_status"}).observations == ()


def test_onenet_properties_and_events_are_read() -> None:
    body = {"id": "123", "version": "1.0", "params": {"temp": {"value": 23.5, "time": SENT_MS}}}
    parsed = parse(ONENET, "$sys/PID/dev-7/thing/property/post", body)
    assert (parsed.address, said(parsed)) == ("PID/dev-7", {"temperature": {"temperature_c": 23.5}})
    assert parsed.observations[0].at == SENT
    body = {"params": {"WaterLeakage": {"value": {"battery": 80}, "time": SENT_MS}}}
    parsed = parse(ONENET, "$sys/PID/dev-7/thing/event/post", body)
    assert said(parsed) == {"battery": {"percent": 80}, "water_leak": {"leak": True}}


@pytest.mark.parametrize(
    ("fmt", "topic"),
    [
        (ALINK, "/sys/a1B2/dev-7/thing/event/property/post_reply"),
        (ALINK, "/sys/a1B2/dev-7/thing/service/property/set"),
        (ALINK, "sys/a1B2/dev-7/thing/event/property/post"),
        (ONENET, "$sys/PID/dev-7/thing/property/post/reply"),
        (ONENET, "$sys/PID/dev-7/thing/property/set"),
        (TENCENT, "$thing/down/property/PID/dev-7"),
    ],
)
def test_answers_and_commands_are_passed_over(fmt: Any, topic: str) -> None:
    assert not fmt.concerns(topic)


@pytest.mark.parametrize("fmt", [ALINK, ONENET, TENCENT])
def test_a_report_without_its_parameters_is_refused(fmt: Any) -> None:
    topic = fmt.topics()[0].replace("+", "property")
    with pytest.raises(PayloadError):
        fmt.parse(topic, b'{"method": "report", "params": 5}', retained=False, arrived=ARRIVED)
