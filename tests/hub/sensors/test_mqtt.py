"""The intake against real brokers and the real store: what was acknowledged is stored, exactly once."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.community import Community, Sensor
from hub.clock import SystemClock
from hub.events import Quality
from hub.sensors.intake import Door
from hub.sensors.mqtt import STATUS_TOPIC, MqttIntake, Publisher
from tests.fakes.brokers import Device, Mosquitto, Nats
from tests.fakes.event_log import FailingLog, SilentLog, StuckLog
from tests.fakes.small_hub import SmallHub as Hub

SMOKE, LEVEL, HELP = "hub/v1/home-3/smoke-3/smoke", "hub/v1/bridge/level-1/water_level", "zigbee2mqtt/home_3/help"
PRESS = json.dumps({"action": "emergency", "battery": 100, "linkquality": 80})
Wait = Callable[..., None]


@pytest.fixture(params=["nats", "mosquitto"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Nats | Mosquitto]:
    if request.param == "mosquitto" and Mosquitto.program is None:
        pytest.skip("mosquitto is not installed")
    made = Nats(tmp_path) if request.param == "nats" else Mosquitto(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def hub(broker: Nats | Mosquitto, tmp_path: Path, door: Door, community: Community) -> Iterator[Hub]:
    made = Hub(broker, tmp_path, door, community)
    yield made
    made.close()


@pytest.fixture
def device(broker: Nats | Mosquitto) -> Iterator[Device]:
    made = Device(broker.endpoint())
    yield made
    made.close()


def listening(intake: MqttIntake) -> Callable[[], bool]:
    return lambda: intake.status().listening


def counted(intake: MqttIntake, name: str, number: int) -> Callable[[], bool]:
    return lambda: intake.status().counts.get(name, 0) >= number


def test_a_message_becomes_a_stored_event(hub: Hub, device: Device, wait_until: Wait) -> None:
    intake = hub.intake()
    wait_until(listening(intake))
    device.send(SMOKE, "true")
    wait_until(counted(intake, "stored", 1))
    (event,) = hub.stored("smoke")
    assert (event.source, event.site, dict(event.fields)) == ("smoke-3", "home-3", {"alarm": True})
    assert [row.value for row in hub.log.latest_readings("smoke-3")] == [1.0]
    assert [row.state for row in hub.log.health() if row.source == "smoke-3"] == ["online"]


def test_what_is_acknowledged_does_not_come_again(hub: Hub, device: Device, wait_until: Wait) -> None:
    first = hub.intake()
    wait_until(listening(first))
    device.send(SMOKE, "true")
    wait_until(counted(first, "stored", 1))
    first.stop()
    second = hub.intake()
    wait_until(listening(second))
    device.send(LEVEL, "2.5")
    wait_until(counted(second, "stored", 1))
    assert second.status().counts["received"] == 1


def test_what_is_sent_while_the_hub_is_away_waits_for_it(hub: Hub, device: Device, wait_until: Wait) -> None:
    first = hub.intake()
    wait_until(listening(first))
    device.send(SMOKE, "true")
    wait_until(counted(first, "stored", 1))
    first.stop()
    for level in range(30):
        device.send(LEVEL, str(level))
    second = hub.intake()
    wait_until(counted(second, "stored", 30))
    assert [event.fields["level_m"] for event in hub.stored("water_level")] == list(range(30))


def test_a_message_stored_but_not_acknowledged_is_stored_once(hub: Hub, device: Device, wait_until: Wait) -> None:
    """The hub dies between the commit and the acknowledgement; also with equal payloads, also for a help button."""
    silent = SilentLog(hub.log)
    first = hub.intake(silent)
    wait_until(listening(first))
    for body in (PRESS, PRESS):
        device.send(HELP, body)
    for level in (1, 2, 2, 3):
        device.send(LEVEL, str(level))
    wait_until(lambda: silent.appended == 6, what="six appends")
    hub.kill(first)
    second = hub.intake()
    wait_until(counted(second, "repeated", 6))
    device.send(HELP, PRESS)
    device.send(LEVEL, "3")
    wait_until(counted(second, "stored", 2))
    assert [event.fields["level_m"] for event in hub.stored("water_level")] == [1, 2, 2, 3, 3]
    assert len(hub.stored("sos")) == 3


def test_a_message_delivered_but_not_stored_is_stored_later(hub: Hub, device: Device, wait_until: Wait) -> None:
    stuck = StuckLog()
    first = hub.intake(stuck)
    wait_until(listening(first))
    for body in (PRESS, PRESS):
        device.send(HELP, body)
    wait_until(lambda: stuck.asked == 2, what="two appends")
    hub.kill(first)
    second = hub.intake()
    wait_until(counted(second, "stored", 2))
    assert len(hub.stored("sos")) == 2


def test_one_of_two_equal_presses_was_stored_when_the_hub_died(hub: Hub, device: Device, wait_until: Wait) -> None:
    class Half(SilentLog):
        def append(self, facts: Any) -> Any:
            return super().append(facts) if self.appended == 0 else StuckLog().append(facts)

    half = Half(hub.log)
    first = hub.intake(half)
    wait_until(listening(first))
    for body in (PRESS, PRESS):
        device.send(HELP, body)
    wait_until(counted(first, "received", 2))
    wait_until(lambda: half.appended == 1, what="the first is stored")
    hub.kill(first)
    second = hub.intake()
    wait_until(counted(second, "received", 2))
    wait_until(counted(second, "stored", 1))
    assert len(hub.stored("sos")) == 2


def test_a_slow_store_leaves_the_rest_with_the_broker(hub: Hub, device: Device, wait_until: Wait) -> None:
    stuck = StuckLog()
    first = hub.intake(stuck, in_flight=4)
    wait_until(listening(first))
    for level in range(12):
        device.send(LEVEL, str(level))
    wait_until(lambda: stuck.asked == 4, what="four in flight")
    assert first.status().counts["in_flight"] == 4
    hub.kill(first)
    second = hub.intake()
    wait_until(counted(second, "stored", 12))
    assert sorted(event.fields["level_m"] for event in hub.stored("water_level")) == list(range(12))


def test_what_the_store_refuses_for_a_while_is_asked_for_again(hub: Hub, device: Device, wait_until: Wait) -> None:
    intake = hub.intake(FailingLog(hub.log, failures=5))
    wait_until(listening(intake))
    for level in range(8):
        device.send(LEVEL, str(level))
    wait_until(counted(intake, "stored", 8), deadline_s=40)
    assert sorted(event.fields["level_m"] for event in hub.stored("water_level")) == list(range(8))
    assert intake.status().counts["left"] >= 5


def test_what_cannot_be_read_is_kept_counted_and_acknowledged(hub: Hub, device: Device, wait_until: Wait) -> None:
    first = hub.intake()
    wait_until(listening(first))
    device.send(SMOKE, b"\xff")
    device.send(SMOKE, b"x" * 70_000)
    device.send("hub/v1/home-3/nobody/smoke", "true")
    device.send("hub/v1/events/smoke/smoke-3", "{}")
    wait_until(counted(first, "ignored", 1))
    wait_until(lambda: len(hub.log.refusals()) == 3, what="three refusals")
    counts = first.status().counts
    assert [counts[f"refused.{reason}"] for reason in ("malformed", "too_large", "unknown_sensor")] == [1, 1, 1]
    assert hub.log.refusals()[1].size_bytes == 70_000
    wait_until(lambda: first.status().counts["in_flight"] == 0)
    first.stop()
    second = hub.intake()
    wait_until(listening(second))
    device.send(SMOKE, "true")
    wait_until(counted(second, "stored", 1))
    assert second.status().counts["received"] == 1


def test_a_retained_message_is_marked(hub: Hub, device: Device, wait_until: Wait) -> None:
    device.send(SMOKE, "true", retain=True)
    intake = hub.intake()
    wait_until(counted(intake, "stored", 1))
    assert hub.stored("smoke")[0].quality == {Quality.RETAINED}


def test_formats_are_listened_to_while_sensors_use_them(hub: Hub, device: Device, wait_until: Wait) -> None:
    intake = hub.intake()
    wait_until(listening(intake))
    device.send(HELP, PRESS)
    wait_until(counted(intake, "stored", 1))
    intake.apply(Community(sites=hub.community.sites, sensors=(Sensor(id="smoke-3", site="home-3"),)))
    device.send(SMOKE, "true")
    wait_until(counted(intake, "stored", 2))
    device.send(HELP, PRESS)
    device.send(SMOKE, "false")
    wait_until(counted(intake, "stored", 3))
    assert intake.status().counts["received"] == 3


def test_status_is_retained_and_its_last_will_says_offline(broker: Nats | Mosquitto, wait_until: Wait) -> None:
    watcher = Device(broker.endpoint(), "watcher")
    watcher.listen("hub/v1/status")
    publisher = Publisher(broker.endpoint())
    publisher.start()
    wait_until(lambda: [message.payload for message in watcher.seen][-1:] == [b"online"], what="online")
    connection: Any = publisher._client.socket()
    publisher._client._thread_terminate = True
    connection.shutdown(2)
    wait_until(lambda: watcher.seen[-1].payload == b"offline", what="last will")
    late = Device(broker.endpoint(), "late")
    late.listen(STATUS_TOPIC)
    wait_until(lambda: [(message.payload, message.retain) for message in late.seen] == [(b"offline", True)])
    publisher.stop()
    late.close()
    watcher.close()


def test_publishing_while_answers_come_does_not_stand_still(broker: Nats | Mosquitto, wait_until: Wait) -> None:
    """Paho answers under a lock that its `publish` takes: once, two locks in opposite order stopped both threads."""
    publisher = Publisher(broker.endpoint())
    publisher.start()
    wait_until(publisher._connected.is_set)
    taken = sum(publisher.publish(f"hub/v1/incidents/{number % 9}", b"{}", retain=True) for number in range(2_000))
    assert taken + publisher.dropped == 2_000
    wait_until(lambda: not publisher._waiting, what="all answered")
    publisher.stop()


def test_what_goes_out_while_the_broker_is_away_is_dropped_and_counted(broker: Nats | Mosquitto) -> None:
    publisher = Publisher(broker.endpoint(), queue_size=10)
    assert not publisher.publish("hub/v1/events/smoke/smoke-3", b"{}")
    for number in range(20):
        publisher.publish(f"hub/v1/incidents/{number}", b"{}", retain=True)
    assert publisher.dropped == 11


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[Nats]:
    """For what only nats-server does: it numbers afresh, and after a kill it forgets that it had sent something."""
    made = Nats(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def nats_hub(nats: Nats, tmp_path: Path, door: Door, community: Community) -> Iterator[Hub]:
    made = Hub(nats, tmp_path, door, community)
    yield made
    made.close()


def send_levels(nats: Nats, *levels: int) -> None:
    device = Device(nats.endpoint())
    for level in levels:
        device.send(LEVEL, str(level))
    device.close()


def kill_broker(nats: Nats, wait_until: Wait) -> None:
    pid, run = nats.broker.pid, nats.broker.current_run().number
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: nats.broker.current_run().number == run + 1, what="next run")


def test_a_killed_broker_is_reported_and_its_repetitions_are_known(nats_hub: Hub, nats: Nats, wait_until: Wait) -> None:
    silent = SilentLog(nats_hub.log)
    intake = nats_hub.intake(silent)
    wait_until(listening(intake))
    send_levels(nats, 1, 2, 2, 3)
    wait_until(lambda: silent.appended == 4, what="four appends")
    kill_broker(nats, wait_until)
    wait_until(counted(intake, "repeated", 4))
    send_levels(nats, 4)
    wait_until(lambda: silent.appended == 5, what="a fifth append")
    assert [event.fields["level_m"] for event in nats_hub.stored("water_level")] == [1, 2, 2, 3, 4]
    states = [event.fields["state"] for event in nats_hub.stored("broker.health")]
    assert states == ["online", "offline", "online"]


def test_when_hub_and_broker_both_die_nothing_is_lost(nats_hub: Hub, nats: Nats, wait_until: Wait) -> None:
    """Then a message without a time of its own may be stored twice, and one with a time is still stored once."""
    silent = SilentLog(nats_hub.log)
    first = nats_hub.intake(silent)
    wait_until(listening(first))
    send_levels(nats, 1, 2, 2, 3)
    device = Device(nats.endpoint())
    device.send(SMOKE, json.dumps({"ts": SystemClock().now().timestamp(), "value": True}))
    device.close()
    wait_until(lambda: silent.appended == 5, what="five appends")
    nats_hub.kill(first)
    kill_broker(nats, wait_until)
    second = nats_hub.intake()
    wait_until(counted(second, "received", 5))
    wait_until(lambda: second.status().counts["in_flight"] == 0)
    levels = Counter(event.fields["level_m"] for event in nats_hub.stored("water_level"))
    assert all(levels[level] >= number for level, number in {1: 1, 2: 2, 3: 1}.items())
    assert len(nats_hub.stored("smoke")) == 1
