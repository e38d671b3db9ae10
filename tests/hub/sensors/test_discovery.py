"""Discovery on real brokers: topics are followed as devices announce them, over a restart too."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.community import Community, Name, Sensor, Site
from hub.events import Quality
from hub.sensors.intake import Door
from hub.sensors.mqtt import MqttIntake
from hub.sensors.payloads import home_assistant, plain, zigbee2mqtt
from hub.store.announcements import Announcements
from tests.fakes.brokers import Device, Mosquitto, Nats
from tests.fakes.small_hub import SmallHub

Wait = Callable[..., None]
DEVICE = {"identifiers": ["0x1"]}
SMOKE = "homeassistant/binary_sensor/0x1/smoke/config"
SMOKE_BODY = {"device_class": "smoke", "state_topic": "esp/smoke", "expire_after": 300, "device": DEVICE}
BUTTON = "homeassistant/device_automation/0x1/help/config"
BUTTON_BODY = {
    "automation_type": "trigger",
    "type": "button_short_press",
    "subtype": "sos",
    "payload": "press",
    "topic": "esp/button",
    "device": DEVICE,
}
COMMUNITY = Community(
    sites=(Site(id="home-3", name=Name(en="Home 3")),),
    sensors=(
        Sensor(id="it", site="home-3", format="home_assistant", address="0x1"),
        Sensor(id="mark", site="home-3"),
    ),
)


@pytest.fixture(params=["nats", "mosquitto"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Nats | Mosquitto]:
    if request.param == "mosquitto" and Mosquitto.program is None:
        pytest.skip("mosquitto is not installed")
    made = Nats(tmp_path) if request.param == "nats" else Mosquitto(tmp_path)
    yield made
    made.stop()


def fresh_door() -> Door:
    plugins = (home_assistant.PLUGIN, plain.PLUGIN, zigbee2mqtt.PLUGIN)
    return Door({plugin.kind: plugin.build(plugin.options()) for plugin in plugins})


@pytest.fixture
def hub(broker: Nats | Mosquitto, tmp_path: Path) -> Iterator[SmallHub]:
    made = SmallHub(broker, tmp_path, fresh_door(), COMMUNITY)
    made.make_door = fresh_door
    yield made
    made.close()


@pytest.fixture
def device(broker: Nats | Mosquitto) -> Iterator[Device]:
    made = Device(broker.endpoint())
    yield made
    made.close()


def announce(device: Device, topic: str, body: dict[str, Any]) -> None:
    device.send(topic, json.dumps(body), retain=True)


def knows(hub: SmallHub, intake: MqttIntake, topic: str) -> Callable[[], bool]:
    """Whether the broker has confirmed that it will send this topic."""

    def look() -> bool:
        return intake.status().listening and topic in hub.door.filters() and topic in intake._subscriptions._held

    return look


def counted(intake: MqttIntake, received: int) -> Callable[[], bool]:
    return lambda: intake.status().counts.get("received", 0) >= received


def settled(intake: MqttIntake, received: int) -> Callable[[], bool]:
    def look() -> bool:
        counts = intake.status().counts
        return counts.get("received", 0) >= received and counts["in_flight"] == 0

    return look


def alarms(hub: SmallHub) -> list[object]:
    return [event.fields["alarm"] for event in hub.stored("smoke")]


def test_the_topics_of_a_device_are_followed_from_its_announcement_on(
    hub: SmallHub, device: Device, wait_until: Wait
) -> None:
    intake = hub.intake()
    wait_until(lambda: intake.status().listening)
    announce(device, SMOKE, SMOKE_BODY)
    wait_until(knows(hub, intake, "esp/smoke"))
    device.send("esp/smoke", "ON")
    wait_until(lambda: alarms(hub) == [True])
    assert [row.state for row in hub.log.health() if row.source == "it"] == ["online"]


def test_a_state_that_was_retained_before_the_announcement_is_known(
    hub: SmallHub, device: Device, wait_until: Wait
) -> None:
    device.send("esp/smoke", "ON", retain=True)
    announce(device, SMOKE, SMOKE_BODY)
    hub.intake()
    wait_until(lambda: alarms(hub) == [True])
    assert hub.stored("smoke")[0].quality == {Quality.RETAINED}


def test_what_is_no_longer_announced_is_no_longer_followed(hub: SmallHub, device: Device, wait_until: Wait) -> None:
    intake = hub.intake()
    wait_until(lambda: intake.status().listening)
    announce(device, SMOKE, SMOKE_BODY)
    wait_until(knows(hub, intake, "esp/smoke"))
    announce(device, SMOKE, {**SMOKE_BODY, "state_topic": "esp/new"})
    wait_until(knows(hub, intake, "esp/new"))
    wait_until(lambda: "esp/smoke" not in intake._subscriptions._held)
    device.send(SMOKE, b"", retain=True)
    wait_until(lambda: "esp/new" not in intake._subscriptions._held)
    wait_until(lambda: Announcements(hub.database).load() == [])


def test_a_press_while_the_hub_was_away_is_understood_by_the_next_process(
    hub: SmallHub, device: Device, wait_until: Wait
) -> None:
    """What waited comes before the announcements, which the broker retains: the hub must know them by itself."""
    first = hub.intake()
    wait_until(lambda: first.status().listening)
    announce(device, BUTTON, BUTTON_BODY)
    wait_until(knows(hub, first, "esp/button"))
    wait_until(settled(first, 1))
    first.stop()
    for _ in range(2):
        device.send("esp/button", "press")
    second = hub.intake()
    wait_until(lambda: len(hub.stored("sos")) == 2, what="two presses")
    assert not second.status().counts.get("ignored")


def test_an_announcement_that_was_withdrawn_while_the_hub_was_away_is_forgotten(
    hub: SmallHub, device: Device, wait_until: Wait
) -> None:
    first = hub.intake()
    wait_until(lambda: first.status().listening)
    announce(device, SMOKE, SMOKE_BODY)
    wait_until(knows(hub, first, "esp/smoke"))
    wait_until(settled(first, 1))
    first.stop()
    device.send(SMOKE, b"", retain=True)
    second = hub.intake()
    wait_until(lambda: Announcements(hub.database).load() == [])
    wait_until(lambda: "esp/smoke" not in second._subscriptions._held)
    assert hub.door.discovered() == ()


def test_announced_expiry_makes_a_silent_device_offline_also_after_a_restart(
    hub: SmallHub, device: Device, wait_until: Wait
) -> None:
    first = hub.intake()
    wait_until(lambda: first.status().listening)
    announce(device, SMOKE, {**SMOKE_BODY, "expire_after": 1})
    wait_until(knows(hub, first, "esp/smoke"))
    device.send("esp/smoke", "OFF")

    def state() -> list[str]:
        return [row.state for row in hub.log.health() if row.source == "it"]

    wait_until(lambda: state() == ["offline"], what="offline by expiry")
    device.send("esp/smoke", "OFF")
    wait_until(lambda: state() == ["online"], what="online")
    first.stop()
    hub.intake()
    wait_until(lambda: state() == ["offline"], what="offline after the restart")


def test_a_device_that_two_formats_know_is_not_heard_twice(hub: SmallHub, device: Device, wait_until: Wait) -> None:
    """Zigbee2MQTT with its announcements on: `zigbee2mqtt/#` brings the device's topic already."""
    sensors = (*COMMUNITY.sensors, Sensor(id="native", site="home-3", format="zigbee2mqtt", address="hall"))
    hub.community = COMMUNITY.model_copy(update={"sensors": sensors})
    intake = hub.intake()
    wait_until(lambda: intake.status().listening)
    body = {"device_class": "smoke", "payload_on": True, "payload_off": False, "device": DEVICE}
    announce(device, SMOKE, {**body, "state_topic": "zigbee2mqtt/hall", "value_template": "{{ value_json.smoke }}"})
    wait_until(lambda: bool(hub.door.discovered()))
    device.send("zigbee2mqtt/hall", json.dumps({"smoke": True}))
    device.send("hub/v1/home-3/mark/motion", "true")
    wait_until(lambda: len(hub.stored("motion")) == 1, what="the mark")
    assert sorted(event.source for event in hub.stored("smoke")) == ["it", "native"]
    assert intake.status().counts["received"] == 3


def test_a_thousand_devices_are_followed_by_few_subscriptions(hub: SmallHub, device: Device, wait_until: Wait) -> None:
    """The embedded broker takes 255 subscriptions of one client."""
    intake = hub.intake()
    wait_until(lambda: intake.status().listening)
    for number in range(1_000):
        body = {"device_class": "smoke", "state_topic": f"many/{number}/s", "device": {"identifiers": [f"d{number}"]}}
        device.client.publish(f"homeassistant/binary_sensor/d{number}/config", json.dumps(body), qos=1, retain=True)
    wait_until(counted(intake, 1_000), deadline_s=60, what="all of them")
    wait_until(knows(hub, intake, "many/+/s"))
    announce(device, SMOKE, {**SMOKE_BODY, "state_topic": "many/it/s"})
    wait_until(counted(intake, 1_001))
    device.send("many/it/s", "ON")
    wait_until(lambda: alarms(hub) == [True])
    assert len(intake._subscriptions._held) < 50
