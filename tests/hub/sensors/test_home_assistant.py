"""Devices that announce themselves, as Zigbee2MQTT, ESPHome, OpenMQTTGateway and Tasmota write it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.community import Community, Name, Sensor, Site
from hub.events import Quality
from hub.sensors.admission import Admission, Message
from hub.sensors.errors import PayloadError
from hub.sensors.home_assistant import registry
from hub.sensors.intake import Door
from hub.sensors.parsing import Discovered
from hub.sensors.payloads import zigbee2mqtt
from hub.sensors.payloads.home_assistant import HomeAssistantFormat

ARRIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)
Z2M_DEVICE = {
    "identifiers": ["zigbee2mqtt_0x00158d0001d82999"],
    "manufacturer": "Xiaomi",
    "model": "MiJia Honeywell smoke detector (JTYJ-GD-01LM/BW)",
    "name": "kitchen",
    "sw_version": "Zigbee2MQTT 1.33",
}
Z2M_AVAILABLE = {
    "availability": [
        {"topic": "zigbee2mqtt/bridge/state", "value_template": "{{ value_json.state }}"},
        {"topic": "zigbee2mqtt/kitchen/availability", "value_template": "{{ value_json.state }}"},
    ],
    "availability_mode": "all",
}


class Bench:
    """A door with one format, and the sensors of a test."""

    def __init__(self, *sensors: Sensor) -> None:
        self.format = HomeAssistantFormat("homeassistant")
        self.door = Door({"home_assistant": self.format})
        self.door.apply(Community(sites=(Site(id="home-3", name=Name(en="Home 3")),), sensors=sensors))

    def say(self, topic: str, body: Any, *, retained: bool = False) -> Admission:
        payload = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body)
        raw = payload if isinstance(payload, bytes) else payload.encode()
        return self.door.admit(Message(topic, raw, retained=retained, arrived=ARRIVED))

    def announce(self, topic: str, body: dict[str, Any]) -> Admission:
        return self.say(f"homeassistant/{topic}/config", body, retained=True)

    def one(self) -> Discovered:
        (found,) = self.format.discovered()
        return found


def sensor(address: str, **more: Any) -> Sensor:
    return Sensor(id="it", site="home-3", format="home_assistant", address=address, **more)


def said(admission: Admission) -> dict[str, dict[str, object]]:
    return {fact.event.kind: dict(fact.event.fields) for fact in admission.facts}


def test_zigbee2mqtt_smoke_detector() -> None:
    bench = Bench(sensor("zigbee2mqtt_0x00158d0001d82999"))
    common = {"device": Z2M_DEVICE, "state_topic": "zigbee2mqtt/kitchen", "origin": {"name": "Zigbee2MQTT"}}
    first = bench.announce(
        "binary_sensor/0x00158d0001d82999/smoke",
        {
            **common,
            **Z2M_AVAILABLE,
            "device_class": "smoke",
            "payload_on": True,
            "payload_off": False,
            "unique_id": "0x00158d0001d82999_smoke_zigbee2mqtt",
            "value_template": "{{ value_json.smoke }}",
        },
    )
    assert set(first.follow) == {"zigbee2mqtt/kitchen", "zigbee2mqtt/bridge/state", "zigbee2mqtt/kitchen/availability"}
    assert first.remember
    bench.announce(
        "sensor/0x00158d0001d82999/battery",
        {
            **common,
            "device_class": "battery",
            "unit_of_measurement": "%",
            "unique_id": "0x00158d0001d82999_battery_zigbee2mqtt",
            "value_template": "{{ value_json.battery }}",
            "entity_category": "diagnostic",
        },
    )
    bench.announce(
        "sensor/0x00158d0001d82999/voltage",
        {
            **common,
            "device_class": "voltage",
            "unit_of_measurement": "mV",
            "entity_category": "diagnostic",
            "unique_id": "0x00158d0001d82999_voltage_zigbee2mqtt",
            "value_template": "{{ value_json.voltage }}",
        },
    )
    admission = bench.say("zigbee2mqtt/kitchen", {"smoke": True, "battery": 97, "voltage": 3015, "linkquality": 99})
    assert said(admission) == {"smoke": {"alarm": True}, "battery": {"percent": 97.0, "voltage_v": 3.015}}
    assert admission.heard is not None
    assert said(bench.say("zigbee2mqtt/kitchen", {"battery": 96})) == {"battery": {"percent": 96.0}}
    found = bench.one()
    assert (found.name, found.manufacturer, found.kinds) == ("kitchen", "Xiaomi", ("battery", "smoke"))
    assert found.values == {"smoke.alarm": True, "battery.percent": 96.0, "battery.voltage_v": 3.015}

    notes = [
        bench.say(topic, {"state": state}, retained=True).notes
        for topic, state in (
            ("zigbee2mqtt/bridge/state", "online"),
            ("zigbee2mqtt/kitchen/availability", "online"),
            ("zigbee2mqtt/bridge/state", "offline"),
        )
    ]
    assert [[(note.source, note.online) for note in each] for each in notes] == [[], [("it", True)], [("it", False)]]


def test_zigbee2mqtt_contact_is_a_door_that_is_not_open() -> None:
    bench = Bench(sensor("0x1_contact"))
    config = {
        "device_class": "door",
        "payload_off": True,
        "payload_on": False,
        "state_topic": "zigbee2mqtt/front",
        "unique_id": "0x1_contact",
        "value_template": "{{ value_json.contact }}",
        "device": {"identifiers": ["0x1"]},
    }
    bench.announce("binary_sensor/0x1/contact", config)
    assert said(bench.say("zigbee2mqtt/front", {"contact": False})) == {"door": {"open": True}}
    assert said(bench.say("zigbee2mqtt/front", {"contact": True})) == {"door": {"open": False}}


def test_zigbee2mqtt_help_button_is_pressed_once_for_each_message() -> None:
    """By its triggers; the `action` sensor that says the same is passed over, and so is what is retained."""
    bench = Bench(sensor("0x2"))
    device = {"identifiers": ["0x2"]}
    for action in ("emergency", "on"):
        trigger = {
            "automation_type": "trigger",
            "type": "action",
            "subtype": action,
            "payload": action,
            "topic": "zigbee2mqtt/help/action",
            "device": device,
        }
        bench.announce(f"device_automation/0x2/action_{action}", trigger)
    action_sensor = {
        "state_topic": "zigbee2mqtt/help",
        "value_template": "{{ value_json.action }}",
        "unique_id": "0x2_action",
        "device": device,
    }
    bench.announce("sensor/0x2/action", action_sensor)
    presses = [bench.say("zigbee2mqtt/help/action", "emergency") for _ in range(2)]
    assert [said(press) for press in presses] == [{"sos": {"pressed": True, "action": "emergency"}}] * 2
    assert all(press.one_shot for press in presses)
    assert len({press.facts[0].event.id for press in presses}) == 2
    assert said(bench.say("zigbee2mqtt/help/action", "on")) == {"button": {"action": "on"}}
    assert bench.say("zigbee2mqtt/help", {"action": "emergency"}).facts == []
    assert bench.say("zigbee2mqtt/help/action", "emergency", retained=True).facts == []


def test_esphome_with_short_keys_and_a_base_topic() -> None:
    bench = Bench(sensor("a4cf12f03246"))
    bench.announce(
        "sensor/greenhouse/air_temperature",
        {
            "dev_cla": "temperature",
            "unit_of_meas": "°F",
            "stat_cla": "measurement",
            "name": "Air temperature",
            "~": "greenhouse",
            "stat_t": "~/sensor/air_temperature/state",
            "avty_t": "~/status",
            "uniq_id": "ESPsensorair_temperature",
            "exp_aft": 120,
            "dev": {
                "ids": "a4cf12f03246",
                "name": "greenhouse",
                "sw": "esphome v2024.6",
                "mdl": "esp32dev",
                "mf": "espressif",
            },
        },
    )
    bench.announce(
        "event/greenhouse/bell",
        {
            "~": "greenhouse",
            "stat_t": "~/event/bell/state",
            "evt_typ": ["press", "double_press"],
            "dev_cla": "doorbell",
            "uniq_id": "ESPeventbell",
            "dev": {"ids": "a4cf12f03246"},
        },
    )
    admission = bench.say("greenhouse/sensor/air_temperature/state", "68")
    assert said(admission) == {"temperature": {"temperature_c": 20.0}}
    assert admission.expects == [("it", 120.0)]
    assert said(bench.say("greenhouse/event/bell/state", {"event_type": "press"})) == {"button": {"action": "press"}}
    assert [note.online for note in bench.say("greenhouse/status", "offline", retained=True).notes] == [False]


def test_openmqttgateway_bluetooth_thermometer() -> None:
    bench = Bench(sensor("A4C138112233"))
    topic = "home/OpenMQTTGateway/BTtoMQTT/A4C138112233"
    for name, unit, key in (("temperature", "°C", "tempc"), ("humidity", "%", "hum"), ("battery", "%", "batt")):
        bench.announce(
            f"sensor/A4C138112233-{key}",
            {
                "stat_t": topic,
                "name": f"Mi-{key}",
                "uniq_id": f"A4C138112233-{key}",
                "dev_cla": name,
                "val_tpl": "{{ value_json." + key + " | is_defined }}",
                "unit_of_meas": unit,
                "avty_t": "home/OpenMQTTGateway/LWT",
                "pl_avail": "online",
                "pl_not_avail": "offline",
                "device": {
                    "ids": ["A4C138112233"],
                    "cns": [["mac", "A4C138112233"]],
                    "mf": "Xiaomi",
                    "mdl": "LYWSD03MMC",
                },
            },
        )
    message = {"id": "A4:C1:38:11:22:33", "tempc": 19.4, "tempf": 66.9, "hum": 61, "rssi": -70}
    assert said(bench.say(topic, message)) == {
        "temperature": {"temperature_c": 19.4},
        "humidity": {"humidity_pct": 61.0},
    }
    assert bench.one().addresses == ("A4C138112233", "mac:A4C138112233")


def test_tasmota_with_setoption19() -> None:
    bench = Bench(sensor("0FFD21"))
    common = {
        "avty_t": "tele/plug/LWT",
        "pl_avail": "Online",
        "pl_not_avail": "Offline",
        "dev": {"ids": ["0FFD21"], "name": "plug", "mdl": "Nous A1T", "sw": "9.5.0(tasmota)", "mf": "Tasmota"},
    }
    bench.announce(
        "sensor/0FFD21_ENERGY_Power",
        {
            **common,
            "name": "plug ENERGY Power",
            "stat_t": "tele/plug/SENSOR",
            "uniq_id": "0FFD21_ENERGY_Power",
            "dev_cla": "power",
            "unit_of_meas": "W",
            "val_tpl": "{{value_json['ENERGY'].Power}}",
        },
    )
    bench.announce(
        "switch/0FFD21_RL_1",
        {
            **common,
            "stat_t": "tele/plug/STATE",
            "cmd_t": "cmnd/plug/POWER",
            "pl_on": "ON",
            "pl_off": "OFF",
            "val_tpl": "{{value_json.POWER}}",
            "uniq_id": "0FFD21_RL_1",
        },
    )
    body = {"Time": "2026-03-01T12:00:00", "ENERGY": {"Power": 42, "Voltage": 231}}
    assert said(bench.say("tele/plug/SENSOR", body)) == {"power": {"power_w": 42.0}}
    assert said(bench.say("tele/plug/STATE", {"POWER": "ON"})) == {"switch": {"on": True}}
    assert [note.online for note in bench.say("tele/plug/LWT", "Online", retained=True).notes] == [True]


DEVICE_FORM = {
    "dev": {"ids": "ea334450945afc", "name": "Boiler room", "mf": "Bla electronics", "mdl": "xya"},
    "o": {"name": "bla2mqtt", "sw": "2.1"},
    "cmps": {
        "gas": {"p": "binary_sensor", "dev_cla": "gas", "uniq_id": "b_gas", "val_tpl": "{{ value_json.gas }}"},
        "supply": {"p": "sensor", "dev_cla": "temperature", "unit_of_meas": "°C", "val_tpl": "{{ value_json.t1 }}"},
        "return": {"p": "sensor", "dev_cla": "temperature", "unit_of_meas": "K", "val_tpl": "{{ value_json.t2 }}"},
        "gone": {"p": "sensor"},
    },
    "stat_t": "boiler/state",
    "qos": 2,
}


def test_the_device_form_with_two_parts_that_measure_the_same() -> None:
    bench = Bench(sensor("ea334450945afc", probes={"return": "return-pipe"}))
    bench.announce("device/ea334450945afc", DEVICE_FORM)
    facts = bench.say("boiler/state", {"gas": "OFF", "t1": 61.2, "t2": 313.15}).facts
    assert [(fact.event.kind, fact.event.subject, dict(fact.event.fields)) for fact in facts] == [
        ("gas", None, {"alarm": False}),
        ("temperature", "supply", {"temperature_c": 61.2}),
        ("temperature", "return-pipe", {"temperature_c": 40.0}),
    ]


def test_a_part_alone_may_be_configured() -> None:
    bench = Bench(sensor("b_gas"))
    bench.announce("device/ea334450945afc", DEVICE_FORM)
    assert said(bench.say("boiler/state", {"gas": "ON", "t1": 61.2})) == {"gas": {"alarm": True}}


def test_a_device_nobody_configured_is_listed_and_says_nothing() -> None:
    bench = Bench()
    bench.announce("device/ea334450945afc", DEVICE_FORM)
    admission = bench.say("boiler/state", {"gas": "ON", "t1": 61.2})
    assert (admission.facts, admission.refusals, admission.heard) == ([], [], None)
    assert bench.one().values == {"gas.alarm": True, "temperature.temperature_c": 61.2}
    assert bench.one().heard == ARRIVED


def test_an_update_replaces_and_an_empty_announcement_removes() -> None:
    bench = Bench(sensor("ea334450945afc"))
    bench.announce("device/ea334450945afc", DEVICE_FORM)
    moved = bench.announce("device/ea334450945afc", {**DEVICE_FORM, "stat_t": "boiler/new"})
    assert (moved.follow, bench.format.followed()) == (("boiler/new",), frozenset({"boiler/new"}))
    assert bench.say("boiler/state", {"gas": "ON"}) == Admission()
    removed = bench.say("homeassistant/device/ea334450945afc/config", b"", retained=True)
    assert (removed.remember, removed.refusals) == (True, [])
    assert (bench.format.followed(), bench.format.discovered()) == (frozenset(), ())


def test_an_announcement_that_comes_again_is_to_be_remembered_still() -> None:
    """The store may have failed to keep it the first time; then the broker sends it again."""
    bench = Bench()
    first, again = (bench.announce("device/ea334450945afc", DEVICE_FORM) for _ in range(2))
    assert (first.remember, again.remember) == (True, True)
    assert (first.follow, again.follow) == (("boiler/state",), ())


def test_a_retained_state_is_marked_and_no_sign_of_life() -> None:
    bench = Bench(sensor("b_gas"))
    bench.announce("device/ea334450945afc", DEVICE_FORM)
    admission = bench.say("boiler/state", {"gas": "ON"}, retained=True)
    assert admission.facts[0].event.quality == {Quality.RETAINED}
    assert admission.heard is None


def test_an_entity_that_cannot_be_read_costs_no_other() -> None:
    bench = Bench(sensor("ea334450945afc"))
    parts = {**DEVICE_FORM["cmps"], "bad": {"p": "sensor", "dev_cla": "ph", "val_tpl": "{{ 'a' * 10**9 }}"}}  # type: ignore[dict-item]
    admission = bench.announce("device/ea334450945afc", {**DEVICE_FORM, "cmps": parts})
    assert [refusal.reason for refusal in admission.refusals] == ["config"]
    late = bench.say("boiler/state", {"gas": "ON", "t1": "warm"})
    assert said(late) == {"gas": {"alarm": True}}
    assert [refusal.reason for refusal in late.refusals] == ["malformed"]


def test_a_presence_that_was_told_before_counts_for_who_comes_later() -> None:
    """The bridge's state is retained once; a device announced afterwards never hears it again."""
    bench = Bench(sensor("0x5"))
    config = {
        "device_class": "motion",
        "state_topic": "z/one",
        "availability_topic": "z/bridge",
        "device": {"identifiers": ["0x5"]},
    }
    bench.announce("binary_sensor/0x5/motion", config)
    bench.say("z/bridge", "offline", retained=True)
    both = {**config, "availability": [{"t": "z/bridge"}, {"t": "z/one/available"}], "availability_mode": "any"}
    bench.announce("binary_sensor/0x5/motion", both)
    assert [note.online for note in bench.say("z/one/available", "offline").notes] == [False]
    assert [note.online for note in bench.say("z/one/available", "online").notes] == [True]


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("binary_sensor/x", {"dev_cla": "smoke", "stat_t": "#"}),
        ("binary_sensor/x", {"dev_cla": "smoke", "stat_t": "a/+/b"}),
        ("binary_sensor/x", {"dev_cla": "smoke", "stat_t": "$SYS/broker"}),
        ("binary_sensor/x", {"dev_cla": "smoke", "stat_t": "hub/v1/events/smoke/a"}),
        ("binary_sensor/x", {"dev_cla": "smoke", "stat_t": "homeassistant/a/b/config"}),
        ("binary_sensor/x", {"dev_cla": "smoke", "stat_t": "a b"}),
        ("binary_sensor/x", {"dev_cla": "smoke", "stat_t": "x" * 300}),
        ("binary_sensor/x", {"dev_cla": "smoke", "stat_t": "a\x00"}),
        ("binary_sensor/x", {"dev_cla": "smoke"}),
        ("binary_sensor/x", {"dev_cla": "smoke", "stat_t": "a", "avty_mode": "most"}),
        ("binary_sensor/x", {"dev_cla": "smoke", "stat_t": "a", "val_tpl": 5}),
        ("binary_sensor/x", {"dev_cla": "smoke", "stat_t": "a", "dev": {"ids": ["\x1b[2J"]}}),
        ("device/x", {"cmps": {}}),
        ("device/x", {"dev": {"ids": "a"}, "cmps": []}),
        ("device/x", {"dev": {"ids": "a"}, "cmps": {str(n): {"p": "sensor"} for n in range(201)}}),
        (
            "device/x",
            {
                "dev": {"ids": "a"},
                "cmps": {str(n): {"p": "binary_sensor", "dev_cla": "smoke", "stat_t": f"t/{n}"} for n in range(101)},
            },
        ),
    ],
)
def test_a_hostile_announcement_is_a_refusal_and_follows_nothing(topic: str, body: dict[str, Any]) -> None:
    bench = Bench()
    admission = bench.announce(topic, body)
    assert [refusal.reason for refusal in admission.refusals] == ["config"]
    assert bench.format.followed() == frozenset()
    assert not admission.remember


def test_a_device_made_of_many_announcements_is_bounded_too() -> None:
    bench = Bench()
    device = {"identifiers": ["a"]}
    reasons = [
        [
            refusal.reason
            for refusal in bench.announce(
                f"binary_sensor/n{n}", {"dev_cla": "smoke", "stat_t": f"t/{n}", "device": device}
            ).refusals
        ]
        for n in range(102)
    ]
    assert reasons == [[]] * 100 + [["config"]] * 2
    assert len(bench.format.followed()) == 100


def test_the_number_of_announcements_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "CONFIGS", 3)
    bench = Bench()
    for n in range(5):
        bench.announce(f"binary_sensor/n{n}", {"dev_cla": "smoke", "stat_t": f"t/{n}"})
    assert len(bench.format.discovered()) == 3
    bench.announce("binary_sensor/n1", {"dev_cla": "gas", "stat_t": "t/1"})
    assert {found.kinds for found in bench.format.discovered()} == {("smoke",), ("gas",)}


def test_components_that_only_take_commands_say_nothing_and_are_no_mistake() -> None:
    bench = Bench()
    for component in ("button", "number", "select", "text", "update", "light", "camera", "scene"):
        admission = bench.announce(f"{component}/x", {"command_topic": "a", "state_topic": "b"})
        assert admission.refusals == []
    assert bench.format.followed() == frozenset()


def test_the_format_reads_no_bytes_it_cannot_read() -> None:
    with pytest.raises(PayloadError):
        HomeAssistantFormat("homeassistant").parse(
            "homeassistant/sensor/x/config", b"[" * 60_000, retained=True, arrived=ARRIVED
        )


@settings(max_examples=200, deadline=None)
@given(
    payload=st.binary(max_size=80)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=9),
        lambda inner: st.dictionaries(st.sampled_from(["gas", "t1", "t2", "event_type"]), inner, max_size=4),
    ).map(lambda body: json.dumps(body).encode())
)
def test_whatever_comes_on_a_followed_topic_is_read_or_refused(payload: bytes) -> None:
    bench = Bench(sensor("ea334450945afc"))
    bench.announce("device/ea334450945afc", {**DEVICE_FORM, "avty_t": "boiler/state"})
    bench.announce("event/bell", {"stat_t": "boiler/state", "dev": {"ids": "ea334450945afc"}})
    refused = {refusal.reason for refusal in bench.say("boiler/state", payload).refusals}
    assert refused <= {"malformed", "template", "implausible"}


def test_a_topic_of_two_formats_is_read_by_both_and_strange_to_none() -> None:
    """Zigbee2MQTT's own topic with its announcement: whoever is configured speaks, the other is silent."""
    bench = Bench()
    door = Door({"home_assistant": bench.format, "zigbee2mqtt": zigbee2mqtt.PLUGIN.build(zigbee2mqtt.PLUGIN.options())})
    bench.door = door
    native = Sensor(id="other", site="home-3", format="zigbee2mqtt", address="other")
    door.apply(Community(sites=(Site(id="home-3", name=Name(en="Home 3")),), sensors=(native, sensor("0x1"))))
    config = {
        "device_class": "smoke",
        "payload_on": True,
        "payload_off": False,
        "state_topic": "zigbee2mqtt/kitchen",
        "value_template": "{{ value_json.smoke }}",
        "device": {"identifiers": ["0x1"]},
    }
    bench.announce("binary_sensor/0x1/smoke", config)
    assert "zigbee2mqtt/kitchen" not in door.filters(), "zigbee2mqtt/# brings it already"
    admission = bench.say("zigbee2mqtt/kitchen", {"smoke": True})
    assert ([fact.event.source for fact in admission.facts], admission.refusals) == (["it"], [])
    stranger = bench.say("zigbee2mqtt/stranger", {"smoke": True})
    assert [refusal.reason for refusal in stranger.refusals] == ["unknown_sensor"]
