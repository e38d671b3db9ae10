"""Who is there and who is silent, on simulated time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from config.community import Sensor
from hub.bus import Bus
from hub.clock import SetClock
from hub.errors import StoreBusyError
from hub.sensors.presence import SENSOR_HEALTH, Presence
from hub.store.database import Database
from hub.store.engines import sqlite_url
from hub.store.event_log import EventLog
from hub.store.facts import Fact, HealthRow

GAUGE = Sensor(id="gauge", site="bridge", silent_after_s=60)
BUTTON = Sensor(id="button", site="home")


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
