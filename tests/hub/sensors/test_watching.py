"""SensorWatch on simulated time, with the real door and store: what is told once, and what a restart keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config.community import Community, Sensor
from config.machine import SensorLimits
from hub.bus import Bus
from hub.clock import SetClock
from hub.errors import StoreBusyError
from hub.events import time_to_text
from hub.sensors.admission import Message
from hub.sensors.intake import Door
from hub.sensors.watching import CLOCK, RATE, VALUES, SensorWatch
from hub.store.database import Database
from hub.store.engines import sqlite_url
from hub.store.event_log import EventLog
from hub.store.facts import Fact
from hub.store.sensor_memory import SensorMemory

LEVEL = "hub/v1/bridge/level-1/water_level"
SMOKE = "hub/v1/home-3/smoke-3/smoke"


class Watched:
    """A watch over the sensors of the tests, that a restart replaces."""

    def __init__(self, folder: Path, clock: SetClock, door: Door, community: Community) -> None:
        self.clock, self.door, self.community = clock, door, community
        self.database = Database(sqlite_url(folder))
        self.database.start()
        self.log = EventLog(self.database, Bus())
        self.restart()

    def restart(self) -> None:
        self.log.append([]).result()  # all that was to be written is
        limits = SensorLimits(messages_per_min=60, burst=30)
        self.watch = SensorWatch(self.log, SensorMemory(self.database), self.clock, limits)
        self.watch.apply([(sensor, "village") for sensor in self.community.sensors])
        self.watch.start()

    def send(self, topic: str, body: object, *, after_s: float = 0.0, retained: bool = False) -> bool:
        self.clock.advance(after_s)
        came = Message(topic, json.dumps(body).encode(), retained=retained, arrived=self.clock.now())
        passed = self.watch.admit(self.door.admit(came), came.arrived)
        self.watch.tick()
        return passed

    def told(self, kind: str) -> list[dict[str, Any]]:
        self.log.append([]).result()
        return [dict(found.event.fields) for found in reversed(self.log.events(kind=kind))]


@pytest.fixture
def watched(tmp_path: Path, clock: SetClock, door: Door, community: Community) -> Iterator[Watched]:
    made = Watched(tmp_path, clock, door, community)
    yield made
    made.database.stop()


def test_a_level_that_stands_still_for_a_day_is_told_once_and_when_it_moves(watched: Watched) -> None:
    for _ in range(30):
        watched.send(LEVEL, 1.84, after_s=3600)
    assert watched.told(VALUES) == [{"doubt": "stuck", "name": "water_level.level_m", "value": 1.84}]
    assert watched.watch.doubts("level-1").values == {"water_level.level_m": "stuck"}
    watched.restart()
    watched.send(LEVEL, 1.84, after_s=3600)
    assert len(watched.told(VALUES)) == 1, "a restart repeats nothing"
    watched.send(LEVEL, 1.85, after_s=3600)
    assert watched.told(VALUES)[1:] == [{"doubt": "none", "name": "water_level.level_m", "value": 1.85}]
    event = watched.log.events(kind=VALUES)[0].event
    assert (event.source, event.site, event.area, event.subject) == (
        "level-1",
        "bridge",
        "village",
        "water_level.level_m",
    )


def test_restarts_do_not_begin_the_day_afresh(watched: Watched) -> None:
    for number in range(30):
        watched.send(LEVEL, 1.84, after_s=3600)
        watched.clock.advance(61)
        watched.watch.tick()
        if number % 7 == 6:
            watched.restart()
    assert [each["doubt"] for each in watched.told(VALUES)] == ["stuck"]


def test_an_impossible_value_is_told_after_three_and_is_over_after_three_good_ones(watched: Watched) -> None:
    for _ in range(5):
        assert watched.send(LEVEL, 9999, after_s=60)
    assert watched.told(VALUES) == [{"doubt": "impossible", "name": "water_level.level_m", "value": 9999.0}]
    for number in range(5):
        watched.send(LEVEL, 1.0 + number, after_s=60)
    assert [each["doubt"] for each in watched.told(VALUES)] == ["impossible", "none"]


def test_a_wrong_clock_is_told_once_and_when_it_is_right_again(watched: Watched) -> None:
    def send(skew_s: float) -> None:
        watched.clock.advance(60)
        said = watched.clock.now() + timedelta(seconds=skew_s)
        watched.send(LEVEL, {"value": 1.0, "ts": time_to_text(said)})

    for _ in range(5):
        send(-3600)
    assert watched.told(CLOCK) == [{"wrong": True, "skew_s": -3600.0}]
    assert watched.watch.doubts("level-1").clock_skew_s == -3600.0
    watched.restart()
    for _ in range(5):
        send(1)
    assert [each["wrong"] for each in watched.told(CLOCK)] == [True, False]


def test_history_and_retained_messages_accuse_nobody(watched: Watched) -> None:
    for number in range(10):
        past = watched.clock.now() - timedelta(days=1, minutes=number)
        watched.send(LEVEL, {"value": 1.0, "ts": time_to_text(past), "history": True}, after_s=1)
        watched.send(LEVEL, 9999, retained=True)
    assert watched.told(CLOCK) == watched.told(VALUES) == []


def test_a_flood_is_thinned_out_told_once_and_over_when_it_is_calm(watched: Watched) -> None:
    passed = [watched.send(LEVEL, 1.0 + each, after_s=0.01) for each in range(1000)]
    assert 30 <= sum(passed) <= 45
    (began,) = watched.told(RATE)
    assert began["flooding"] is True
    assert began["messages_per_min"] > 30
    assert watched.watch.doubts("level-1").flooding
    watched.restart()
    for _ in range(70):
        watched.clock.advance(1)
        watched.watch.tick()
    assert [each["flooding"] for each in watched.told(RATE)] == [True, False]


def test_what_waited_while_the_hub_was_away_is_stored(watched: Watched) -> None:
    came = Message(LEVEL, b"1.0", retained=False, arrived=watched.clock.now())
    watched.log.append(watched.door.admit(came).facts).result()
    watched.clock.advance(3600)
    watched.restart()
    assert all(watched.send(LEVEL, 1.0 + each) for each in range(3000))


def test_an_alarm_passes_through_a_flood(watched: Watched) -> None:
    for _ in range(200):
        watched.send(SMOKE, {"alarm": False, "concentration": 1})
    assert not watched.send(SMOKE, {"alarm": False, "concentration": 2})
    assert watched.send(SMOKE, {"alarm": True})
    assert watched.send(SMOKE, {"alarm": False})


def test_refusals_of_strangers_are_thinned_out(watched: Watched) -> None:
    passed = sum(watched.send("hub/v1/home-3/nobody/smoke", each) for each in range(1000))
    assert 30 <= passed <= 31


def test_an_interval_is_learned_written_seldom_and_known_after_a_restart(watched: Watched) -> None:
    written = 0

    def changed() -> list[str]:
        with watched.database.read() as connection:
            return [row[0] for row in connection.exec_driver_sql("SELECT changed FROM sensor_memory")]

    before: list[str] = []
    for number in range(200):
        watched.send(LEVEL, 1.0 + number, after_s=600)
        watched.log.append([]).result()
        now = changed()
        written += now != before
        before = now
    assert written == 1
    watched.restart()
    learned = watched.watch.learned("level-1")
    assert learned is not None
    assert learned.steady
    assert learned.interval_s == pytest.approx(600)
    assert learned.silence_s == pytest.approx(1800)


def test_who_is_no_longer_configured_is_forgotten(watched: Watched) -> None:
    for number in range(20):
        watched.send(LEVEL, 1.0 + number, after_s=600)
    watched.clock.advance(61)
    watched.watch.tick()
    watched.watch.apply([])
    watched.clock.advance(61)
    watched.watch.tick()
    watched.log.append([]).result()
    assert SensorMemory(watched.database).load() == {}
    assert watched.watch.learned("level-1") is None


def test_what_the_store_does_not_take_is_told_later(watched: Watched) -> None:
    class Full:
        full = True
        events = watched.log.events

        def append(self, facts: list[Fact]) -> Future[int]:
            if self.full:
                raise StoreBusyError("full")
            return watched.log.append(facts)

    log = Full()
    watched.watch = SensorWatch(log, SensorMemory(watched.database), watched.clock)
    watched.watch.apply([(sensor, None) for sensor in watched.community.sensors])
    for _ in range(4):
        watched.send(LEVEL, 9999)
    assert watched.told(VALUES) == []
    log.full = False
    watched.watch.tick()
    assert [each["doubt"] for each in watched.told(VALUES)] == ["impossible"]


def test_a_battery_that_was_low_and_is_full_again_is_not_low_whichever_way_it_is_told(watched: Watched) -> None:
    def send(**body: object) -> list[dict[str, Any]]:
        came = Message(
            "zigbee2mqtt/home_3/door", json.dumps(body).encode(), retained=False, arrived=watched.clock.now()
        )
        admission = watched.door.admit(came)
        watched.watch.admit(admission, came.arrived)
        return [dict(fact.event.fields) for fact in admission.facts if fact.event.kind == "battery_low"]

    assert send(battery=9) == []
    assert send(battery_low=True, battery=9) == [{"low": True}]
    assert send(battery=24) == []
    watched.clock.advance(61)
    watched.watch.tick()
    watched.restart()
    assert send(battery=100) == [{"low": False}]
    assert send(battery=100) == []


def test_whatever_the_formats_make_of_a_message_is_watched_without_a_fault(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    camera = Sensor(id="junction", site="bridge", format="frigate", options={"camera": "cam-1"}, life_safety=True)
    community = watched.community.model_copy(update={"sensors": (*watched.community.sensors, camera)})
    watched.door.apply(community)
    watched.community = community
    watched.restart()
    seen = {"id": "1-a", "camera": "junction", "frame_time": 1.0, "label": "car", "score": 0.9, "stationary": False}
    for kind in ("new", "update", "end"):
        assert watched.send("frigate/events", {"type": kind, "before": {}, "after": seen})
    assert watched.send("zigbee2mqtt/home_3/help", {"action": "emergency"})
    assert not caplog.records
