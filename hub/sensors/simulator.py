"""Simulator: a small village's sensors, for the demo and for trying a hub out without a device.

Sends what real devices send, over the broker, in two payload formats: so everything behind it is the real path. What is
sent at which second is a pure function; the thread around it only keeps time. A message that the broker does not take
is counted and left out, as it would be by a device without memory.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from config.community import Name, Sensor
from hub.clock import Clock
from hub.events import time_to_text

PERIOD_S = 900
"""The story begins anew after this long."""

SENSORS = (
    Sensor(id="hh-017-smoke", site="hh-017", name=Name(zh="厨房烟感", en="Kitchen smoke detector"),
           format="zigbee2mqtt", address="hh-017/smoke", kinds=("smoke", "battery"), life_safety=True),
    Sensor(id="hh-017-climate", site="hh-017", name=Name(zh="厨房温度", en="Kitchen thermometer"),
           format="zigbee2mqtt", address="hh-017/climate", kinds=("temperature", "humidity"), silent_after_s=60),
    Sensor(id="hh-023-sos", site="hh-023", name=Name(zh="求助按钮", en="Help button"),
           format="zigbee2mqtt", address="hh-023/sos", kinds=("sos", "battery"), life_safety=True),
    Sensor(id="river-gauge", site="river", name=Name(zh="河道水位计", en="River gauge"),
           kinds=("water_level",), silent_after_s=60),
    Sensor(id="workshop-door", site="workshop", name=Name(zh="车间后门", en="Workshop back door"), kinds=("door",)),
)  # fmt: skip
"""What the simulator speaks for; their sites are `hh-017`, `hh-023`, `river` and `workshop`."""

SMOKE_S, SMOKE_OVER_S = 20, 140
SOS_S = 8
DOOR_S, DOOR_CLOSED_S = 4, 700
LEVEL_EVERY_S, CLIMATE_EVERY_S = 3, 5


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message of a device.

    Attributes:
        topic: Where it is published.
        payload: What it says.
        retain: The broker keeps it for those who come later.
        news: What happened in the village, if anything did.
    """

    topic: str
    payload: str
    retain: bool = False
    news: Name | None = None


class Publisher(Protocol):
    """How a message gets to the broker."""

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Send one message; say whether it was taken."""


def water_level_m(second: int) -> float:
    """The river: rises by 2 cm a second from second 5 for half a minute, stands, and falls from second 240."""
    risen = 0.02 * min(30, max(0, second - 5))
    fallen = 0.01 * min(60, max(0, second - 240))
    return round(1.80 + risen - fallen + 0.004 * (second * 7 % 5 - 2), 3)


def temperature_c(second: int) -> float:
    """The kitchen: warms by 0.6 degrees a second while it smokes, up to 62, and cools after."""
    warmed = min(38.0, 0.6 * max(0, second - SMOKE_S + 2))
    cooled = min(38.0, 0.25 * max(0, second - SMOKE_OVER_S))
    return round(24.0 + warmed - cooled, 2)


def messages(second: int, at: datetime) -> list[Message]:
    """What the devices send in a second of the story (0 to PERIOD_S - 1), whose time is `at`."""
    sent = _beginning() if second == 0 else []
    if second % LEVEL_EVERY_S == 0:
        news = Name(zh="河水开始上涨", en="the river begins to rise") if second == 2 * LEVEL_EVERY_S else None
        sent.append(_plain("river/river-gauge/water_level", {"value": water_level_m(second)}, at, news=news))
    if second % CLIMATE_EVERY_S == 0:
        climate = {"temperature": temperature_c(second), "humidity": 48.5, "battery": 91, "linkquality": 120}
        sent.append(_zigbee("hh-017/climate", climate))
    if second in {DOOR_S, DOOR_CLOSED_S}:
        is_open = second == DOOR_S
        news = Name(zh="车间后门打开", en="the workshop's back door opens") if is_open else None
        sent.append(_plain("workshop/workshop-door/door", {"value": is_open}, at, news=news))
    if second == SOS_S:
        news = Name(zh="23 号户按下求助按钮", en="household 23 presses the help button")
        sent.append(_zigbee("hh-023/sos", {"action": "emergency", "battery": 88, "linkquality": 97}, news=news))
    if second in {SMOKE_S, SMOKE_OVER_S}:
        smoke = second == SMOKE_S
        news = Name(zh="17 号户厨房冒烟", en="smoke in the kitchen of household 17") if smoke else None
        sent.append(_zigbee("hh-017/smoke", {"smoke": smoke, "battery": 97, "linkquality": 132}, news=news))
    return sent


def _beginning() -> list[Message]:
    """The bridge and its devices say that they are there."""
    online = json.dumps({"state": "online"})
    names = [sensor.address for sensor in SENSORS if sensor.format == "zigbee2mqtt"]
    return [
        Message("zigbee2mqtt/bridge/state", online, retain=True),
        *(Message(f"zigbee2mqtt/{name}/availability", online, retain=True) for name in names),
        _zigbee("hh-017/smoke", {"smoke": False, "battery": 97, "linkquality": 132}),
    ]


def _plain(topic: str, body: Mapping[str, object], at: datetime, *, news: Name | None) -> Message:
    return Message(f"hub/v1/{topic}", json.dumps({"ts": time_to_text(at), **body}), news=news)


def _zigbee(name: str, body: Mapping[str, object], *, news: Name | None = None) -> Message:
    return Message(f"zigbee2mqtt/{name}", json.dumps(body), news=news)


class Simulator:
    """Sends the story from a thread of its own until it is stopped."""

    def __init__(self, publisher: Publisher, clock: Clock, *, on_news: Callable[[Name], None]) -> None:
        """Take where to send, and who is told when something happens (called in the simulator's thread)."""
        self._publisher = publisher
        self._clock = clock
        self._on_news = on_news
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)
        self.lost = 0

    def start(self) -> None:
        """Begin the story."""
        self._thread.start()

    def stop(self) -> None:
        """End; may be called twice."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def _run(self) -> None:
        begun_s = self._clock.monotonic_s()
        second = 0
        while not self._ended.is_set():
            for message in messages(second % PERIOD_S, self._clock.now()):
                self._send(message)
            second += 1
            self._clock.wait(self._ended, begun_s + second - self._clock.monotonic_s())

    def _send(self, message: Message) -> None:
        if not self._publisher.publish(message.topic, message.payload.encode(), retain=message.retain):
            self.lost += 1
        elif message.news is not None:
            self._on_news(message.news)
