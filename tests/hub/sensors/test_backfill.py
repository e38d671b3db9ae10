"""What nobody could place is kept, and read later by the sensors and maps that are there then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.language.pattern import Answer, PatternSpec, build_pattern
from config.community import Community, Name, Sensor, Site
from hub.bus import Bus
from hub.errors import ConflictError
from hub.events import Quality
from hub.sensors.admission import Admission, Message
from hub.sensors.backfill import Backfill
from hub.sensors.formats import load_formats
from hub.sensors.intake import Door
from hub.store.database import Database, sqlite_url
from hub.store.event_log import EventLog
from hub.store.raw_messages import RawMessages

THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOME = Site(id="home", name=Name(en="Home"))
SMOKE = Sensor(id="smoke-1", site="home", format="zigbee2mqtt", address="smoke_1")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(sqlite_url(tmp_path), durability="normal")
    made.start()
    yield made
    made.stop()


def door_of(*sensors: Sensor, keep: tuple[str, ...] | None = None) -> Door:
    door = Door(load_formats(None).build(), keep=keep)
    door.apply(Community(sites=(HOME,), sensors=sensors))
    return door


def kept(door: Door, topic: str, payload: bytes = b"{}", *, retained: bool = False) -> bool:
    return door.admit(Message(topic, payload, retained=retained, arrived=THEN)).keep


@pytest.mark.parametrize(
    ("topic", "payload", "expected"),
    [
        ("zigbee2mqtt/unknown", b'{"smoke": true}', True),
        ("tele/plug/SENSOR", b"{}", True),
        ("hub/v1/home/nobody/smoke", b"true", True),
        ("hub/v1/import/tuya/6ca", b"{}", True),
        ("zigbee2mqtt/bridge/devices", b"[]", False),
        ("zigbee2mqtt/x/set", b"{}", False),
        ("hub/v1/events/home/smoke-1", b"{}", False),
        ("hub/v1/status", b"online", False),
        ("factory/1", b"{}", False),
    ],
)
def test_what_a_format_could_read_is_kept_though_no_sensor_uses_it(
    topic: str, payload: bytes, *, expected: bool
) -> None:
    assert kept(door_of(), topic, payload) is expected


def test_what_is_understood_or_too_large_or_retained_is_not_kept() -> None:
    door = door_of(SMOKE)
    assert not kept(door, "zigbee2mqtt/smoke_1", b'{"smoke": true}')
    assert not kept(door, "zigbee2mqtt/other", b'{"a": "' + b"x" * 70_000 + b'"}')
    assert not kept(door, "zigbee2mqtt/other", b'{"smoke": true}', retained=True)


def test_what_a_discovered_device_says_is_kept_until_it_is_configured() -> None:
    door = door_of()
    body = {"device_class": "smoke", "state_topic": "attic/smoke", "device": {"identifiers": ["d1"]}, "unique_id": "s1"}
    config = Message("homeassistant/binary_sensor/s1/config", json.dumps(body).encode(), retained=False, arrived=THEN)
    assert not door.admit(config).keep
    assert not door.admit(config).keep
    assert kept(door, "attic/smoke", b"ON")
    sensor = Sensor(id="attic", site="home", format="home_assistant", address="d1")
    door.apply(Community(sites=(HOME,), sensors=(sensor,)))
    assert not kept(door, "attic/smoke", b"ON")
    later = Message("attic/smoke", b"ON", retained=False, arrived=THEN, kept="7")
    assert [fact.event.kind for fact in door.admit(later).facts] == ["smoke"]


def test_further_topics_are_kept_when_they_are_named() -> None:
    door = door_of(keep=("factory/+/data",))
    assert kept(door, "factory/1/data")
    assert not kept(door, "tele/plug/SENSOR")
    assert "factory/+/data" in door.filters()
    assert not kept(door_of(keep=()), "hub/v1/home/nobody/smoke", b"true")


def test_no_filter_is_asked_for_that_another_one_brings() -> None:
    filters = door_of(Sensor(id="t", site="home", format="tuya")).filters()
    assert "hub/v1/+/+/+" in filters
    assert not any(one.startswith("hub/v1/import") for one in filters)


def test_a_sensor_that_is_added_later_gets_what_it_said_before(database: Database) -> None:
    raw, log = RawMessages(database), EventLog(database, Bus())
    raw.keep("zigbee2mqtt/smoke_1", b'{"smoke": true, "battery": 90}', THEN)
    raw.keep("zigbee2mqtt/help", b'{"action": "emergency"}', THEN)
    raw.keep("zigbee2mqtt/smoke_1", b'{"smoke": false}', THEN + timedelta(hours=1)).result()

    report = Backfill(door_of(SMOKE), raw, log).run()

    assert (report.read, report.taken, report.events, report.readings) == (3, 2, 3, 3)
    assert report.left == {"unknown_sensor": 1}
    assert [one.topic for one in raw.after(0, since=None, limit=10)] == ["zigbee2mqtt/help"]
    stored = [each.event for each in log.after(0, 10)]
    assert [(event.kind, event.at) for event in stored] == [
        ("smoke", THEN), ("battery", THEN), ("smoke", THEN + timedelta(hours=1))]  # fmt: skip
    assert {event.quality for event in stored} == {frozenset({Quality.HISTORY, Quality.BACKFILLED})}
    assert {row.name for row in log.latest_readings("smoke-1")} == {"smoke.alarm", "battery.percent"}


def test_no_rule_looks_at_what_is_read_later() -> None:
    message = Message("zigbee2mqtt/smoke_1", b'{"smoke": true}', retained=False, arrived=THEN, kept="1")
    [fact] = door_of(SMOKE).admit(message).facts
    pattern = build_pattern(PatternSpec.model_validate({"kind": "smoke", "where": {"alarm": True}}))
    assert pattern.judge(fact.event) is not Answer.YES


def test_a_backfill_that_was_broken_off_changes_nothing_twice(database: Database) -> None:
    raw, log = RawMessages(database), EventLog(database, Bus())
    for _ in range(2):
        raw.keep("zigbee2mqtt/smoke_1", b'{"action": "emergency"}', THEN).result()
    door = door_of(SMOKE)
    for one in raw.after(0, since=None, limit=10):  # stored, and then the hub was killed
        log.append(door.admit(Message(one.topic, one.payload, retained=False, arrived=THEN, kept=str(one.seq))).facts)
    Backfill(door, raw, log).run()
    assert len(log.after(0, 10)) == 2
    assert raw.size() == (0, 0)


def test_only_so_much_is_read_in_one_go(database: Database) -> None:
    raw = RawMessages(database)
    for number in range(7):
        raw.keep("zigbee2mqtt/other", b"{}", THEN + timedelta(hours=number)).result()
    reader = Backfill(door_of(), raw, EventLog(database, Bus()))
    first = reader.run(most=4)
    assert (first.read, first.more) == (4, True)
    second = reader.run(after=first.last, since=THEN + timedelta(hours=5))
    assert (second.read, second.more) == (2, False)


def test_two_backfills_at_once_are_one_too_many(database: Database) -> None:
    raw, log = RawMessages(database), EventLog(database, Bus())
    raw.keep("t", b"", THEN).result()

    class Again:
        def admit(self, message: Message) -> Admission:
            del message
            with pytest.raises(ConflictError):
                reader.run()
            return Admission()

    reader = Backfill(Again(), raw, log)
    assert reader.run().left == {"unknown": 1}
