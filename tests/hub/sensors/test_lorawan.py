"""LoRaWAN devices as ChirpStack and The Things Stack pass them on."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from hub.events import Quality
from hub.sensors.admission import Message
from hub.sensors.errors import PayloadError
from hub.sensors.intake import Door
from hub.sensors.kinds import KINDS
from hub.sensors.lorawan import read_uplink
from hub.sensors.models.milesight import MILESIGHT, MILESIGHT_MODELS
from hub.sensors.parsing import Parsed
from hub.sensors.payloads import chirpstack, things_stack

CHIRPSTACK = chirpstack.PLUGIN.build(chirpstack.ChirpstackOptions())
THINGS_STACK = things_stack.PLUGIN.build(things_stack.ThingsStackOptions())
ARRIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)
UP = "application/ae1d/device/0101010101010101/event/up"
TTS_UP = "v3/app1@ttn/devices/dev1/up"


def said(body: dict[str, Any], *, model: str = "", **tags: object) -> dict[str, dict[str, object]]:
    """As the door reads it: fields that the kinds know and find possible."""
    seen = read_uplink(body, at=ARRIVED, model=model, tags=tags)
    read = {one.kind: KINDS[one.kind].read(one.fields) for one in seen}
    assert [mistakes for _, mistakes in read.values() if mistakes] == []
    return {kind: dict(fields) for kind, (fields, _) in read.items()}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"battery": 92, "leakage_status": "normal"}, {"battery": {"percent": 92}, "water_leak": {"leak": False}}),
        ({"leakage_status": "leak"}, {"water_leak": {"leak": True}}),
        (
            {"temperature": 23.2, "temperature_alarm": "threshold_alarm", "distance": 1601,
             "distance_alarm": "threshold_alarm"},
            {"temperature": {"temperature_c": 23.2}, "water_level": {"distance_m": 1.601}},
        ),
        ({"distance": 2116, "position": "tilt"},
         {"water_level": {"distance_m": 2.116}, "tamper": {"tamper": True}}),
        ({"battery": 100, "magnet_status": "open", "tamper_status": "installed"},
         {"battery": {"percent": 100}, "door": {"open": True}, "tamper": {"tamper": False}}),
        ({"magnet_status": "closed", "tamper_status": "uninstalled"},
         {"door": {"open": False}, "tamper": {"tamper": True}}),
        ({"button_event": {"status": "short press"}}, {"button": {"action": "short press"}}),
        ({"battery": 16, "press": "short"}, {"battery": {"percent": 16}, "button": {"action": "short"}}),
        ({"gas_status": "alarm", "valve_status": "close", "life_remain": 94608000},
         {"gas": {"alarm": True, "valve_open": False}}),
        ({"alarm": "power off"}, {"mains": {"present": False}}),
        ({"alarm": "device fault"}, {"fault": {"fault": True, "code": "device fault"}}),
        ({"alarm": "of another maker"}, {}),
        ({"detection_status": "fall", "target_status": "motionless", "use_time_now": 3},
         {"fall": {"fall": True, "posture": "fall"}, "presence": {"present": True}}),
        ({"detection_status": 4}, {"fall": {"fall": True, "posture": "fall"}, "presence": {"present": True}}),
        ({"detection_status": 4.0, "battery": 80.0},
         {"fall": {"fall": True, "posture": "fall"}, "presence": {"present": True}, "battery": {"percent": 80}}),
        ({"current": 12.5, "current_alarm": {"current_threshold_alarm": "yes"}},
         {"power": {"current_a": 12.5, "alarm": True}}),
        ({"current_alarm": {"current_threshold_alarm": 0, "current_threshold_alarm_release": 1.0}},
         {"power": {"alarm": False}}),
        ({"occupancy": "occupied", "LAeq": 48.2}, {"presence": {"present": True}, "noise": {"noise_db": 48.2}}),
        ({"illumination": 900}, {"illuminance": {"illuminance_lx": 900}}),
        ({"detection_status": "vacant"},
         {"fall": {"fall": False, "posture": "vacant"}, "presence": {"present": False}}),
        ({"events": [{"alarm_id": 7, "alarm_type": "fall", "alarm_status": "alarm triggered"}]},
         {"fall": {"fall": True}}),
        ({"events": [{"alarm_id": 7, "alarm_type": "fall", "alarm_status": "alarm deactivated"}]},
         {"fall": {"fall": False}}),
        ({"events": [{"alarm_id": 8, "alarm_type": "motionless", "alarm_status": "alarm triggered"}]}, {}),
        ({"current_chn1_alarm": {"current_over_range_alarm_release": "yes", "current_threshold_alarm": "yes"}},
         {"power": {"alarm": True}}),
        ({"current_chn1_alarm": {"current_threshold_alarm": "no", "current_threshold_alarm_release": "yes"}},
         {"power": {"alarm": False}}),
        ({"BatV": 3.6, "voltage": 3.6, "humidity": 40.5}, {"humidity": {"humidity_pct": 40.5}}),
        ({"water_leak": True, "pm2_5": 12}, {"water_leak": {"leak": True}, "pm25": {"pm25_ug_m3": 12}}),
    ],
    ids=lambda value: json.dumps(value)[:48],
)  # fmt: skip
def test_a_decoded_uplink_says_what_its_maker_means(body: dict[str, Any], expected: dict[str, object]) -> None:
    assert said(body) == expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("alarm", {"smoke": {"alarm": True}}),
        ("silent", {"smoke": {"muted": True}}),
        ("low battery", {"battery_low": {"low": True}}),
        ("failover", {"fault": {"fault": True, "code": "failover"}}),
        ("normal", {"smoke": {"alarm": False}, "fault": {"fault": False}}),
        ("removed", {"tamper": {"tamper": True}}),
        ("installed", {"tamper": {"tamper": False}}),
        ("testing alarm with normal battery", {"smoke": {"alarm": True, "test": True}}),
        ("testing alarm with low battery", {"smoke": {"alarm": True, "test": True}, "battery_low": {"low": True}}),
    ],
)
def test_every_event_of_the_smoke_sensor_is_read(event: str, expected: dict[str, dict[str, object]]) -> None:
    got = said({"type": "smoke sensor", "concentration": 0, "event": event})
    assert got.pop("smoke") == {"concentration": 0.0, **expected.get("smoke", {})}
    assert got == {kind: fields for kind, fields in expected.items() if kind != "smoke"}


def test_the_smoke_sensors_test_is_marked_as_a_test() -> None:
    body = {"type": "smoke sensor", "battery": 100, "concentration": 0, "temperature": 28,
            "event": "testing alarm with normal battery"}  # fmt: skip
    quality = {seen.kind: seen.quality for seen in read_uplink(body, at=ARRIVED)}
    assert quality == {
        "smoke": {Quality.TEST}, "battery": frozenset(), "temperature": frozenset()}  # fmt: skip


@pytest.mark.parametrize(
    ("model", "body", "expected"),
    [
        ("Milesight CT303", {"temperature": 71}, {"cable_temperature": {"temperature_c": 71}}),
        ("ct101", {"temperature": 71}, {"cable_temperature": {"temperature_c": 71}}),
        ("EM500-PP", {"pressure": 300}, {"water_pressure": {"pressure_mpa": 0.3}}),
        ("em500-swl", {"depth": 152}, {"water_level": {"level_m": 1.52}}),
        ("am307", {"temperature": 21, "pressure": 1013.2}, {"temperature": {"temperature_c": 21},
                                                           "air_pressure": {"pressure_hpa": 1013.2}}),
    ],
    ids=lambda value: str(value)[:24],
)  # fmt: skip
def test_the_model_says_what_an_ambiguous_name_means(model: str, body: dict[str, Any], expected: object) -> None:
    assert said(body, model=model) == expected


def test_each_channel_of_a_meter_speaks_for_itself() -> None:
    body = {"current_chn1": 250, "current_chn2": 3, "current_chn1_max": 300, "temperature": 30,
            "current_chn1_alarm": {"current_over_range_alarm": "yes", "current_over_range_alarm_release": "no",
                                   "current_threshold_alarm": "yes", "current_threshold_alarm_release": "no"},
            "current_chn2_alarm": {"current_threshold_alarm_release": "yes"}}  # fmt: skip
    seen = {(one.kind, one.subject): dict(one.fields) for one in read_uplink(body, at=ARRIVED, model="CT303")}
    assert seen == {
        ("cable_temperature", None): {"temperature_c": 30},
        ("power", "chn1"): {"current_a": 250, "alarm": True},
        ("power", "chn2"): {"current_a": 3, "alarm": False},
    }


def test_every_meaning_is_a_field_that_there_is() -> None:
    for table in (MILESIGHT, *MILESIGHT_MODELS.values()):
        for name, meaning in table.items():
            spoken = [(meaning.kind, meaning.field)] if meaning.kind else []
            spoken += [
                (kind, one) for said in meaning.words.values() for kind, fields in said.items() for one in fields
            ]
            assert [place for place in spoken if place[1] not in KINDS[place[0]].fields] == [], name


def test_history_has_its_own_time_and_is_marked() -> None:
    body = {"leakage_status": "normal", "history": [{"leakage_status": "leak", "timestamp": 1665561758}, "?", {}]}
    now, past = read_uplink(body, at=ARRIVED)
    assert (now.at, now.quality, now.fields) == (ARRIVED, frozenset(), {"leak": False})
    assert (past.at, past.quality) == (datetime.fromtimestamp(1665561758, UTC), {Quality.HISTORY})
    assert past.fields == {"leak": True}


def test_the_height_makes_a_level_of_a_distance() -> None:
    assert said({"distance": 1601}, mount_height_m="4.2") == {
        "water_level": {"distance_m": 1.601, "level_m": 2.599}}  # fmt: skip


def test_a_height_that_is_no_number_is_refused_visibly() -> None:
    seen = read_uplink({"distance": 1601}, at=None, tags={"mount_height_m": "high"})[0]
    fields, mistakes = KINDS["water_level"].read(seen.fields)
    assert fields == {"distance_m": 1.601}
    assert mistakes[0].reason == "malformed"


def test_a_button_that_is_tagged_sos_calls_for_help() -> None:
    assert said({"button_event": {"status": "long press"}}, button="sos") == {
        "sos": {"pressed": True, "action": "long press"}}  # fmt: skip


def parse(fmt: Any, topic: str, body: object) -> Parsed:
    parsed: Parsed = fmt.parse(topic, json.dumps(body).encode(), retained=False, arrived=ARRIVED)
    return parsed


def test_chirpstack_is_read_by_eui_and_network_time() -> None:
    body = {
        "deduplicationId": "3ac7",
        "time": "2022-07-18T09:34:15.775023242+00:00",
        "object": {"water_leak": True},
        "deviceInfo": {"devEui": "0101010101010101", "tags": {}},
        "data": "qg==",
    }
    parsed = parse(CHIRPSTACK, UP, body)
    assert parsed.address == "0101010101010101"
    assert parsed.observations[0].at == datetime(2022, 7, 18, 9, 34, 15, 775023, tzinfo=UTC)


def test_an_uplink_that_nobody_decoded_is_refused_as_such() -> None:
    for fmt, topic, body in (
        (CHIRPSTACK, UP, {"data": "qg=="}),
        (THINGS_STACK, TTS_UP, {"uplink_message": {"frm_payload": "qg=="}}),
    ):
        with pytest.raises(PayloadError) as caught:
            parse(fmt, topic, body)
        assert caught.value.reason == "undecoded"


def test_an_empty_uplink_and_a_join_are_signs_of_life() -> None:
    assert parse(CHIRPSTACK, UP, {"fPort": 0}).observations == ()
    assert parse(CHIRPSTACK, UP.replace("/up", "/join"), {}).address == "0101010101010101"
    assert parse(THINGS_STACK, TTS_UP, {"uplink_message": {}}).address == "app1/dev1"
    assert parse(THINGS_STACK, TTS_UP.replace("/up", "/join"), {"join_accept": {}}).observations == ()


@pytest.mark.parametrize(
    ("body", "percent"),
    [
        ({"batteryLevel": 75.3, "externalPowerSource": False}, 75.3),
        ({"batteryLevel": 0, "externalPowerSource": True}, None),
        ({"batteryLevel": 0, "batteryLevelUnavailable": True}, None),
        ({"margin": 10}, None),
    ],
)
def test_the_status_event_tells_the_battery(body: object, percent: float | None) -> None:
    said = parse(CHIRPSTACK, UP.replace("/up", "/status"), body).observations
    assert [seen.fields["percent"] for seen in said] == ([] if percent is None else [percent])


def test_what_is_simulated_is_marked_and_the_model_is_known() -> None:
    body = {"end_device_ids": {"device_id": "dev1"}, "received_at": "2026-03-01T12:00:02Z", "simulated": True,
            "uplink_message": {"f_cnt": 1, "decoded_payload": {"temperature": 1.0}, "attributes": {"a": "b"},
                               "version_ids": {"model_id": "ct310"}, "rx_metadata": [{"time": "x"}]}}  # fmt: skip
    seen = parse(THINGS_STACK, TTS_UP, body).observations[0]
    assert (seen.kind, seen.at, seen.quality) == (
        "cable_temperature", datetime(2026, 3, 1, 12, 0, 2, tzinfo=UTC), {Quality.SIMULATED})  # fmt: skip


def test_the_same_uplink_told_twice_is_one_event(whole_door: Door) -> None:
    payload = b'{"deduplicationId": "3ac7", "time": "2026-03-01T12:00:00Z", "object": {"distance": 1601}}'
    topic = "application/ae1d/device/24e124713c140001/event/up"
    ids = {
        whole_door.admit(Message(topic, payload, retained=False, arrived=ARRIVED)).facts[0].event.id for _ in range(2)
    }
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("heard", "times"),
    [
        ([("dd-1", 7, "12:00:00"), ("dd-2", 7, "12:00:03")], 1),
        ([("dd-1", 7, "12:00:00"), ("dd-1", 7, "12:00:00")], 1),
        ([("dd-1", 7, "12:00:00"), ("dd-2", 8, "12:00:03")], 2),
        ([("dd-1", 7, "12:00:00"), ("dd-2", 7, "12:01:40")], 2),  # a counter that began again loses no call for help
    ],
)
def test_a_press_that_two_gateways_heard_is_one(
    whole_door: Door, heard: list[tuple[str, int, str]], times: int
) -> None:
    ids = set()
    for name, counter, time in heard:
        body = {"deduplicationId": name, "time": f"2026-03-01T{time}Z", "devAddr": "00189440", "fCnt": counter,
                "deviceInfo": {"tags": {"button": "sos"}}, "object": {"press": "short"}}  # fmt: skip
        topic = "application/ae1d/device/24e124713c140001/event/up"
        [fact] = whole_door.admit(Message(topic, json.dumps(body).encode(), retained=False, arrived=ARRIVED)).facts
        assert fact.event.kind == "sos"
        ids.add(fact.event.id)
    assert len(ids) == times


def test_the_things_stack_tells_a_press_once_too(whole_door: Door) -> None:
    ids = set()
    for second in ("01", "04"):
        body = {"uplink_message": {"session_key_id": "AY8=", "f_cnt": 12, "received_at": f"2026-03-01T12:00:{second}Z",
                                   "decoded_payload": {"press": "short"}}}  # fmt: skip
        message = Message(
            "v3/village@ttn/devices/cellar-3/up", json.dumps(body).encode(), retained=False, arrived=ARRIVED
        )
        ids.add(whole_door.admit(message).facts[0].event.id)
    assert len(ids) == 1
