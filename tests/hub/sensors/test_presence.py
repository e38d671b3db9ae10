"""Who is there and who is silent, on simulated time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from config.community import Sensor
from hub.bus import Bus
from hub.clock import SetClock
from hub.errors import StoreBusyError
from hub.sensors.gateways import gateway_of
from hub.sensors.presence import BROKER_HEALTH, GATEWAY_HEALTH, SENSOR_HEALTH, Learned, Presence
from hub.store.database import Database
from hub.store.engines import sqlite_url
from hub.store.event_log import EventLog
from hub.store.facts import Fact, HealthRow

GAUGE = Sensor(id="gauge", site="bridge", silent_after_s=60)
BUTTON = Sensor(id="button", site="home")
BELOW = Sensor(id="below", site="home", format="zigbee2mqtt", address="home/below", silent_after_s=60)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    database = Database(sqlite_url(tmp_path))
    database.start()
    yield EventLog(database, Bus())
    database.stop()


@pytest.fixture
def presence(log: EventLog, clock: SetClock) -> Presence:
    made = Presence(log, clock)
    made.start()
    made.watch([(GAUGE, "north"), (BUTTON, None)])
    return made


def states(log: EventLog, source: str = "gauge") -> list[object]:
    """What was told, oldest first, as soon as it is committed."""
    log.append([]).result()
    return [found.event.fields["state"] for found in reversed(log.events(source=source))]


def test_a_sensor_that_falls_silent_and_speaks_again_is_told_once_each(
    log: EventLog, presence: Presence, clock: SetClock
) -> None:
    presence.heard("gauge", driver="plain")
    for _ in range(3):
        clock.advance(59.9)
        presence.tick()
        presence.heard("gauge", driver="plain")
    assert states(log) == ["online"]
    for _ in range(5):
        clock.advance(60)
        presence.tick()
    assert states(log) == ["online", "offline"]
    presence.heard("gauge", driver="plain")
    presence.heard("gauge", driver="plain")
    assert states(log) == ["online", "offline", "online"]
    event = log.events(source="gauge")[0].event
    assert (event.site, event.area, event.kind) == ("bridge", "north", SENSOR_HEALTH)


def test_a_new_sensor_is_given_its_whole_time(log: EventLog, presence: Presence, clock: SetClock) -> None:
    clock.advance(59)
    presence.tick()
    assert states(log) == []
    clock.advance(1)
    presence.tick()
    assert states(log) == ["offline"]
    assert log.health()[0].reason == "silent for 60 s"


def test_a_sensor_that_only_reports_changes_is_never_silent(log: EventLog, presence: Presence, clock: SetClock) -> None:
    presence.heard("button", driver="plain")
    clock.advance(1_000_000)
    presence.tick()
    assert states(log, "button") == ["online"]


def test_another_community_keeps_what_was_heard(log: EventLog, presence: Presence, clock: SetClock) -> None:
    presence.heard("gauge", driver="plain")
    clock.advance(50)
    presence.watch([(GAUGE, "north")])
    clock.advance(10)
    presence.tick()
    assert states(log) == ["online", "offline"]


def test_a_restart_repeats_nothing(log: EventLog, presence: Presence, clock: SetClock) -> None:
    presence.note(SENSOR_HEALTH, "gauge", online=False, reason="availability")
    assert states(log) == ["offline"]
    again = Presence(log, clock)
    again.start()
    assert again.note(SENSOR_HEALTH, "gauge", online=False, reason="availability") is None
    assert states(log) == ["offline"]


def test_a_change_that_was_not_stored_is_told_with_the_next_sign(log: EventLog, clock: SetClock) -> None:
    class FullLog:
        full = True

        def append(self, facts: list[Fact]) -> Future[int]:
            if self.full:
                raise StoreBusyError("full")
            return log.append(facts)

        def health(self) -> list[HealthRow]:
            return log.health()

    full = FullLog()
    presence = Presence(full, clock)
    assert presence.note(SENSOR_HEALTH, "gauge", online=True, reason="heard") is None
    full.full = False
    presence.note(SENSOR_HEALTH, "gauge", online=True, reason="heard")
    assert states(log) == ["online"]


class Known:
    """What was learned, as it is set."""

    def __init__(self) -> None:
        self.intervals: dict[str, Learned] = {}
        self.paused: list[str] = []

    def learned(self, sensor_id: str) -> Learned | None:
        return self.intervals.get(sensor_id)

    def pause(self, sensor_ids: Iterable[str]) -> None:
        self.paused += sensor_ids


@pytest.fixture
def known() -> Known:
    return Known()


@pytest.fixture
def learning(log: EventLog, clock: SetClock, known: Known) -> Presence:
    made = Presence(log, clock, habits=known)
    made.start()
    made.watch([(GAUGE, "north"), (BUTTON, None), (BELOW, None)])
    return made


def pass_time(presence: Presence, clock: SetClock, seconds: float) -> None:
    clock.advance(seconds)
    presence.tick()


def test_a_sensor_without_a_setting_is_silent_after_what_was_learned(
    log: EventLog, learning: Presence, clock: SetClock, known: Known
) -> None:
    known.intervals |= {"button": Learned(100, 300, steady=True), "gauge": Learned(1000, 3000, steady=True)}
    learning.heard("button", driver="plain")
    learning.heard("gauge", driver="plain")
    pass_time(learning, clock, 299)
    assert states(log, "button") == ["online"]
    assert states(log, "gauge") == ["online", "offline"], "the setting wins over what was learned"
    pass_time(learning, clock, 1)
    assert states(log, "button") == ["online", "offline"]
    standing = learning.standing("button")
    assert standing is not None
    assert (standing.state, standing.why, standing.interval_s) == ("offline", "silent for 300 s", 100)


def test_a_last_will_counts_at_once_and_a_sensor_that_is_vouched_for_is_judged_only_when_steady(
    log: EventLog, learning: Presence, clock: SetClock, known: Known
) -> None:
    known.intervals["button"] = Learned(100, 300, steady=False)
    learning.note(SENSOR_HEALTH, "button", online=True, reason="last will")
    pass_time(learning, clock, 1000)
    assert states(log, "button") == ["online"]
    learning.note(SENSOR_HEALTH, "button", online=False, reason="last will")
    assert states(log, "button") == ["online", "offline"]
    learning.note(SENSOR_HEALTH, "button", online=True, reason="last will")
    known.intervals["button"] = Learned(100, 300, steady=True)
    learning.tick()
    assert states(log, "button") == ["online", "offline", "online"], "it has its whole time again"
    pass_time(learning, clock, 300)
    assert states(log, "button")[-1] == "offline"


def test_the_sensors_of_a_gateway_that_is_offline_are_not_blamed(
    log: EventLog, learning: Presence, clock: SetClock, known: Known
) -> None:
    learning.heard("below", driver="zigbee2mqtt")
    learning.note(GATEWAY_HEALTH, "zigbee2mqtt", online=False, reason="bridge state")
    pass_time(learning, clock, 1000)
    assert states(log, "below") == ["online"]
    standing = learning.standing("below")
    assert standing is not None
    assert (standing.state, standing.why) == ("unknown", "the gateway zigbee2mqtt is offline")
    learning.note(GATEWAY_HEALTH, "zigbee2mqtt", online=True, reason="bridge state")
    assert known.paused == ["below"]
    pass_time(learning, clock, 59)
    assert states(log, "below") == ["online"]
    pass_time(learning, clock, 1)
    assert states(log, "below") == ["online", "offline"]
    assert log.events(source="below")[0].event.fields["gateway"] == "zigbee2mqtt"


def test_nobody_is_blamed_while_the_broker_is_away(
    log: EventLog, learning: Presence, clock: SetClock, known: Known
) -> None:
    learning.heard("gauge", driver="plain")
    learning.note(BROKER_HEALTH, "broker", online=False, reason="connection lost")
    pass_time(learning, clock, 1000)
    learning.note(BROKER_HEALTH, "broker", online=True, reason="connected")
    learning.tick()
    assert states(log) == ["online"]
    assert set(known.paused) == {"gauge", "button", "below"}
    pass_time(learning, clock, 60)
    assert states(log) == ["online", "offline"]


def test_a_hub_that_was_down_blames_nobody(log: EventLog, learning: Presence, clock: SetClock, known: Known) -> None:
    learning.heard("gauge", driver="plain")
    clock.advance(86_400)
    again = Presence(log, clock, habits=known)
    again.watch([(GAUGE, "north")])
    again.start()
    pass_time(again, clock, 59)
    assert states(log) == ["online"]


def test_a_configured_gateway_wins_over_that_of_the_format() -> None:
    assert gateway_of(BELOW) == "zigbee2mqtt"
    assert gateway_of(BELOW.model_copy(update={"gateway": "attic"})) == "attic"
    assert gateway_of(Sensor(id="air", site="home", format="homie", address="station-1/air")) == "station-1"
    assert gateway_of(GAUGE) is None
