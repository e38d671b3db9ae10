"""The engine loop: restarts, failures, timers, other rules, and its thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts import recording
from alerts.alert import Condition
from alerts.language.places import places_of
from alerts.language.rulebook import SHIPPED, RuleBook, load_rules
from alerts.loop import EngineLoop
from alerts.store.lists import Filter, Repository
from hub.bus import Bus, Topic
from hub.clock import SystemClock
from hub.errors import ConfigurationError, StoreError, StoreUnavailableError
from hub.store.database import Database
from hub.store.event_log import EventLog, Fact
from tests.alerts.conftest import MakeRoom
from tests.fakes.people import LIN
from tests.fakes.stories import COMMUNITY, event, health, moment, seen

SMOKE = event("smoke", 1, fields={"alarm": True})


def leak(at_s: float, *, leak: bool = True) -> object:
    return event("water_leak", at_s, fields={"leak": leak})


def test_a_restart_in_the_middle_of_a_lasts_loses_no_alert(make_room: MakeRoom) -> None:
    make_room().happens(leak(0))
    second = make_room()
    second.passes(29.9)
    assert second.incidents == []
    second.passes(30)
    assert second.incident.kind == "water.leak"
    third = make_room()
    third.happens(leak(40, leak=False))
    assert third.moves == ["alert raised", "incident opened", "alert returned", "incident returned"]


def test_what_was_open_before_a_restart_is_the_same_alert_after_it(make_room: MakeRoom) -> None:
    first = make_room()
    first.happens(SMOKE)
    second = make_room()
    second.happens(event("smoke", 300, fields={"alarm": True}))
    assert second.incident.alerts[0].id == first.incident.alerts[0].id
    assert second.incident.alerts[0].times == 2


def test_a_resolution_made_while_the_engine_was_away_reaches_it(make_room: MakeRoom) -> None:
    first = make_room()
    first.happens(SMOKE)
    first.handling.resolve(first.incident.id, LIN, "nuisance", cause="cooking")
    second = make_room()
    second.happens(event("smoke", 60, fields={"alarm": False}))
    assert second.incident.handling == "closed"


def test_a_transaction_that_fails_changes_nothing_and_is_done_again(
    make_room: MakeRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make_room()
    room.happens(leak(0))

    def broken(*_: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as broken_disk:
        broken_disk.setattr(recording, "write_states", broken)
        with pytest.raises(StoreError):
            room.happens(SMOKE)
    assert room.moves == []
    room.loop.restore()
    room.passes(31)
    assert [each.kind for each in room.incidents] == ["water.leak", "fire.smoke"]
    assert [each.times for each in room.repository.alerts(Filter()).items] == [1, 1]


def test_health_changes_stand_in_the_journal(make_room: MakeRoom) -> None:
    room = make_room()
    room.happens(health("camera.health", 1, "cam-1", "offline"))
    entry = room.journal[0]
    assert (entry.topic, entry.subject, entry.move, entry.note) == ("health", "cam-1", "offline", "story")
    room.passes(31)
    assert room.incident.kind == "camera.video_loss"
    room.happens(health("camera.health", 39, "cam-1", "online"))
    assert room.incident.active is False


RULE = """
- rule: test.smoke
  version: 1
  state: {state}
  name: {{zh: 烟, en: Smoke}}
  raises: {{kind: fire.smoke, severity: {severity}}}
  for_each: device
  when: {{event: {{kind: smoke, where: {{alarm: {alarm}}}}}}}
  say: {{zh: 烟, en: Smoke}}
  do: {{zh: 看, en: Look}}
"""


def book(folder: Path, *, state: str = "live", severity: str = "red", alarm: str = "true") -> RuleBook:
    folder.mkdir(exist_ok=True)
    (folder / "rules.yaml").write_text(RULE.format(state=state, severity=severity, alarm=alarm), encoding="utf-8")
    return load_rules(folder)


def test_a_shadow_rule_tells_nobody_and_leaves_a_record(make_room: MakeRoom, tmp_path: Path) -> None:
    room = make_room(book(tmp_path / "rules", state="shadow"))
    room.happens(SMOKE)
    assert room.incidents == []
    assert room.moves == ["shadow raised"]
    assert room.journal[0].body["level"] == "red"
    room.happens(event("smoke", 9, fields={"alarm": False}))
    assert room.moves == ["shadow raised", "shadow returned"]


def test_other_words_or_levels_keep_the_state_and_another_shape_begins_afresh(
    make_room: MakeRoom, tmp_path: Path
) -> None:
    folder = tmp_path / "rules"
    room = make_room(book(folder))
    room.loop._folder = folder
    room.happens(SMOKE)
    book(folder, severity="orange")
    room.loop.reload()
    room.runs()
    assert room.incident.active is True
    room.happens(event("smoke", 2, fields={"alarm": True}))
    assert room.incident.level == "orange"
    book(folder, alarm='"not false"')
    room.loop.reload()
    room.runs()
    assert room.incident.active is False


def test_rules_with_a_mistake_leave_the_old_ones_running(make_room: MakeRoom, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    room = make_room(book(folder))
    room.loop._folder = folder
    (folder / "rules.yaml").write_text("- rule: broken\n", encoding="utf-8")
    with pytest.raises(ConfigurationError):
        room.loop.reload()
    assert "rules.yaml" in room.loop.status().reload_error
    room.happens(SMOKE)
    assert room.incident.level == "red"


def test_what_a_removed_camera_or_sensor_said_is_over(make_room: MakeRoom) -> None:
    room = make_room()
    room.happens(SMOKE, health("camera.health", 2, "cam-1", "offline"))
    room.happens(event("sos", 3, fields={"pressed": True}), event("co", 4, fields={"co_ppm": 900}))
    room.passes(300)
    room.loop.apply(COMMUNITY.model_copy(update={"cameras": (), "sensors": ()}))
    room.runs()
    active = [each.kind for each in room.repository.alerts(Filter(condition=(Condition.ACTIVE,))).items]
    assert active == ["sos.button"], "a call for help is ended by a person only"


def test_a_rule_that_fails_is_counted_and_stops_no_other(
    make_room: MakeRoom, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    room = make_room()
    shape = room.loop.book.by_id["fire.heat_sensor"].shape

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(shape, "on_event", broken)
    with caplog.at_level(logging.CRITICAL):
        room.happens(event("temperature", 0, fields={"temperature_c": 80}), SMOKE)
    assert room.loop.status().rule_failures == {"fire.heat_sensor": 1}
    assert room.incident.kind == "fire.smoke"


@pytest.fixture
def running(sqlite_database: Database) -> Iterator[tuple[EngineLoop, EventLog, Bus]]:
    """A loop with its thread, on the machine's clock."""
    bus = Bus()
    event_log = EventLog(sqlite_database, bus)
    loop = EngineLoop(
        sqlite_database,
        event_log,
        bus,
        SystemClock(),
        rulebook=load_rules(SHIPPED),
        places=places_of(COMMUNITY),
        settle_after_start_s=0,
    )
    loop.start()
    yield loop, event_log, bus
    loop.stop()
    loop.stop()


def test_the_thread_turns_an_event_into_a_journal_entry(
    running: tuple[EngineLoop, EventLog, Bus], sqlite_database: Database
) -> None:
    loop, event_log, bus = running
    event_log.append([Fact(SMOKE)]).result(5)
    assert bus.wait(Topic.JOURNAL, after=0, timeout_s=5) > 0
    assert Repository(sqlite_database).incidents(Filter()).items[0].kind == "fire.smoke"
    assert loop.alive
    loop.stop()
    assert loop.status().behind == 0


def test_one_event_that_cannot_be_stored_is_passed_over_and_the_next_one_rings(
    running: tuple[EngineLoop, EventLog, Bus],
    sqlite_database: Database,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop, event_log, bus = running
    monkeypatch.setattr("alerts.loop._RETRY_S", 0.01)
    write_alert = recording.write_alert

    def picky(connection: recording.Connection, alert: recording.Alert, *rest: str, new: bool) -> recording.AlertView:
        if alert.key == "bad":
            raise ValueError("what no database could hold")
        return write_alert(connection, alert, *rest, new=new)

    monkeypatch.setattr(recording, "write_alert", picky)
    with caplog.at_level(logging.CRITICAL):
        bad = event("smoke", 1, source="b", site="bad", fields={"alarm": True})
        event_log.append([Fact(bad), Fact(SMOKE)]).result(5)
        assert bus.wait(Topic.JOURNAL, after=0, timeout_s=10) > 0
    assert [each.site for each in Repository(sqlite_database).incidents(Filter()).items] == ["hh-017"]
    assert loop.status().passed_over == 1


def test_while_nothing_can_be_written_no_event_is_passed_over(
    running: tuple[EngineLoop, EventLog, Bus],
    sqlite_database: Database,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A full disk lasts longer than the attempts that a bad event has; the alarm rings when there is room."""
    loop, event_log, bus = running
    monkeypatch.setattr("alerts.loop._RETRY_S", 0.01)
    write_alert, refused = recording.write_alert, iter(range(10))

    def full(connection: recording.Connection, alert: recording.Alert, *rest: str, new: bool) -> recording.AlertView:
        if next(refused, None) is not None:
            raise StoreUnavailableError("the database refused: database or disk is full")
        return write_alert(connection, alert, *rest, new=new)

    monkeypatch.setattr(recording, "write_alert", full)
    with caplog.at_level(logging.CRITICAL):
        event_log.append([Fact(SMOKE)]).result(5)
        assert bus.wait(Topic.JOURNAL, after=0, timeout_s=30) > 0
    assert [each.site for each in Repository(sqlite_database).incidents(Filter()).items] == ["hh-017"]
    assert (loop.status().passed_over, loop.status().failures) == (0, 10)


def test_timers_wait_at_a_start_until_cameras_have_said_what_is_so_now(make_room: MakeRoom) -> None:
    stands = {"stopped": True, "zone_use": "lane"}
    make_room().happens(seen("camera.vehicle", 0, zone="lane-1", fields=stands))
    second = make_room(starts_at_s=600, settle_after_start_s=10)
    second.happens(health("camera.health", 605, "cam-1", "online"))
    second.passes(700)
    assert second.incidents == [], "the vehicle drove off while the hub was down"


def test_what_came_due_while_the_hub_was_down_rings_soon_after_the_start(make_room: MakeRoom) -> None:
    make_room().happens(leak(0))
    second = make_room(starts_at_s=600, settle_after_start_s=10)
    second.passes(609)
    assert second.incidents == []
    second.passes(610)
    assert second.incident.opened == moment(610)


def test_what_came_due_before_the_last_stored_event_rings_at_its_own_time(make_room: MakeRoom) -> None:
    """The hub was listening then, and died before it came to it."""
    first = make_room()
    first.happens(leak(0))
    first.event_log.append([Fact(event("door", 40, fields={"open": True}))]).result(5)
    second = make_room(starts_at_s=600, settle_after_start_s=10)
    second.runs()
    assert second.incident.opened == moment(30)
    assert [entry.at for entry in second.journal] == [moment(30), moment(30)]


def test_stopping_does_not_wait_long(running: tuple[EngineLoop, EventLog, Bus]) -> None:
    loop, _, _ = running
    done = threading.Event()
    threading.Thread(target=lambda: (loop.stop(), done.set())).start()
    assert done.wait(2)
