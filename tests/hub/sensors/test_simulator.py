"""The simulated village speaks so that the real payload formats understand every word."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from config.community import Name
from hub.clock import SetClock
from hub.plugins import load_plugins
from hub.sensors.simulator import (
    DOOR_S,
    PERIOD_S,
    SENSORS,
    SMOKE_OVER_S,
    SMOKE_S,
    SOS_S,
    Simulator,
    messages,
    temperature_c,
    water_level_m,
)

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def _understood() -> list[tuple[int, str, str, dict[str, object]]]:
    """Second, sensor, kind and fields of everything that the story says."""
    plugins = load_plugins("hub.sensors.payloads")
    formats = [plugin.build(plugin.options()) for plugin in plugins.values()]
    known = {sensor.address or sensor.id: sensor for sensor in SENSORS}
    found = []
    for second in range(PERIOD_S):
        at = START + timedelta(seconds=second)
        for message in messages(second, at):
            (reader,) = [one for one in formats if one.concerns(message.topic)]
            parsed = reader.parse(message.topic, message.payload.encode(), retained=message.retain, arrived=at)
            for observation in parsed.observations:
                sensor = known.get(parsed.address)
                found.append((second, sensor.id if sensor else "", observation.kind, dict(observation.fields)))
    return found


def test_every_message_is_understood_and_every_sensor_speaks() -> None:
    understood = _understood()
    assert {sensor for _, sensor, _, _ in understood} == {"", *(sensor.id for sensor in SENSORS)}
    observed = {(sensor, kind) for _, sensor, kind, _ in understood if sensor and not kind.endswith(".health")}
    promised = {(sensor.id, kind) for sensor in SENSORS for kind in sensor.kinds}
    assert promised <= observed


def test_the_story_holds_smoke_a_help_button_and_an_open_door() -> None:
    told = {(second, kind, *fields.values()) for second, _, kind, fields in _understood() if len(fields) == 1}
    assert {(SMOKE_S, "smoke", True), (SMOKE_OVER_S, "smoke", False), (DOOR_S, "door", True)} <= told
    assert [second for second, _, kind, _ in _understood() if kind == "sos"] == [SOS_S]


def test_the_river_rises_and_falls_and_the_kitchen_warms_and_cools() -> None:
    levels = [water_level_m(second) for second in range(PERIOD_S)]
    assert levels[0] < 2.0
    assert 2.3 < max(levels) < 2.5
    assert levels[-1] < 2.0
    assert temperature_c(SMOKE_S - 5) == 24.0
    assert 57 < max(temperature_c(second) for second in range(PERIOD_S)) <= 62
    assert temperature_c(PERIOD_S - 1) == 24.0


class _Outlet:
    """Takes messages; refuses the first if told to."""

    def __init__(self, *, refuse_first: bool) -> None:
        self.sent: list[tuple[str, bool]] = []
        self.spoke = threading.Event()
        self._refuse = refuse_first

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        del payload
        if self._refuse:
            self._refuse = False
            return False
        self.sent.append((topic, retain))
        if topic == "zigbee2mqtt/hh-017/smoke" and len(self.sent) > 10:
            self.spoke.set()
        return True


def test_a_simulator_sends_the_story_and_counts_what_the_broker_did_not_take() -> None:
    outlet = _Outlet(refuse_first=True)
    news: list[Name] = []
    simulator = Simulator(outlet, SetClock(START), on_news=news.append)
    simulator.start()
    assert outlet.spoke.wait(10.0)
    simulator.stop()
    simulator.stop()
    assert simulator.lost == 1
    assert outlet.sent[0] == ("zigbee2mqtt/hh-017/smoke/availability", True)
    assert [one.en for one in news][:2] == ["the workshop's back door opens", "the river begins to rise"]
