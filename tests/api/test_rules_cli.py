"""`hub rules`: trying out rules on their tests and on what a hub has stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from alerts.language.places import places_of
from alerts.language.rule_store import RuleStore
from alerts.language.rulebook import SHIPPED, load_rules
from alerts.loop import EngineLoop
from api.commands.rules import app
from config.errors import ConfigurationError
from hub.bus import Bus
from hub.clock import SetClock
from hub.errors import NotFoundError, StoreError
from hub.events import Event
from hub.store.database import Database, sqlite_url
from hub.store.event_log import EventLog, Fact
from tests.fakes.stories import COMMUNITY, event, moment

RULE = """
- rule: door.open
  name: {zh: 门, en: Door}
  raises: {kind: door.left_open, severity: blue}
  for_each: device
  when:
    event: {kind: door, where: {open: true}}
  say: {zh: 门, en: Door}
  do: {zh: 看, en: Look}
"""
TEST = """
- name: an open door rings
  rules: [door.open]
  feed:
    - {at: 1s, kind: door, device: d, open: true}
  expect:
    - {at: 1s, active: [{kind: door.left_open, key: d, severity: blue}]}
"""


def rules(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [*map(str, words)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "door.yaml").write_text(RULE, encoding="utf-8")
    (tmp_path / "door.test.yaml").write_text(TEST, encoding="utf-8")
    return tmp_path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of a hub that has stopped, with a door that stood open and the alert of it."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    clock, bus = SetClock(moment(0)), Bus()
    database = Database(sqlite_url(data), clock=clock)
    database.start()
    event_log = EventLog(database, bus)
    book = load_rules(SHIPPED)
    loop = EngineLoop(database, event_log, bus, clock, rulebook=book, places=places_of(COMMUNITY), settle_s=0)
    loop.restore()
    doors = [(0, True), (700, False), (2000, True), (2100, False)]
    night_s = 6 * 3600  # from the start of a story until ten at night in Shanghai
    events: list[Event] = [
        event("door", night_s + at_s, source="door-1", fields={"open": is_open}) for at_s, is_open in doors
    ]
    for each in events:
        clock.set(each.arrived)
        event_log.append([Fact(each)]).result(5)
        while loop.step() or loop.status().behind:
            pass
    database.stop()
    return data


def test_tests_that_pass_are_listed_and_counted(folder: Path) -> None:
    done = rules("test", folder)
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        str(folder / "door.test.yaml"),
        "  ok      an open door rings",
        "1 of 1 tests passed, 1 of 1 rules tested",
    ]


def test_a_test_that_fails_says_what_was_expected_and_what_came(folder: Path) -> None:
    (folder / "door.test.yaml").write_text(TEST.replace("at: 1s, kind", "at: 2s, kind"), encoding="utf-8")
    done = rules("test", folder)
    assert done.exit_code == 1
    assert "  FAILED  an open door rings" in done.stdout
    assert "at 1s, active: expected door.left_open of d blue, got nothing" in done.stdout
    body = json.loads(rules("test", folder, "--format", "json").stdout)
    assert (body["passed"], body["failed"], body["untested"]) == (0, 1, [])
    assert body["tests"][0]["misses"][0]["got"] == "nothing"


def test_rules_without_a_test_are_named_and_are_no_failure(folder: Path) -> None:
    (folder / "door.test.yaml").unlink()
    done = rules("test", folder)
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "without a test: door.open")


def test_mistakes_that_no_test_notices_are_named_and_fail_a_build_that_asks_for_more(folder: Path) -> None:
    done = rules("mutate", folder)
    assert done.exit_code == 0
    assert "    unnoticed: clear: after 60s" in done.stdout
    percent = json.loads(rules("mutate", folder, "--format", "json").stdout)["percent"]
    assert 0 < percent < 90
    assert rules("mutate", folder, "--at-least", "90").exit_code == 1
    assert rules("mutate", folder, "--at-least", "10").exit_code == 0


def test_a_rule_is_tried_over_what_was_stored(data: Path) -> None:
    done = rules("backtest", "door.left_open", "--data", data)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        "2026-03-03T14:10:00.000000Z  blue    door-1 at hh-017 open for more than 10 minutes, for 1m40s",
        "1 alerts and 0 withheld over 4 events, 0 not to be judged, 0 failures",
    ]
    later = rules("backtest", "door.left_open", "--data", data, "--from", "2026-03-03T22:05:00+08:00")
    assert later.stdout.splitlines()[1:] == ["1 alerts and 0 withheld over 3 events, 0 not to be judged, 0 failures"]
    too_late = rules("backtest", "door.left_open", "--data", data, "--from", "2026-03-03T22:10:01+08:00")
    assert too_late.stdout.splitlines()[0].startswith("0 alerts")
    body = json.loads(rules("backtest", "door.left_open", "--data", data, "--format", "json").stdout)
    assert [(each["key"], each["level"]) for each in body["alerts"]] == [("door-1", "blue")]


def test_a_rule_or_a_time_that_is_none_is_refused(data: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"write `door.left_open`"):
        raise_of(rules("backtest", "door.left", "--data", data))
    with pytest.raises(ConfigurationError, match="'yesterday' is no time"):
        raise_of(rules("backtest", "door.left_open", "--data", data, "--from", "yesterday"))
    with pytest.raises(ConfigurationError, match="there is no folder"):
        raise_of(rules("backtest", "door.left_open", "--data", data / "none"))


def test_an_alert_is_explained_with_what_spoke(data: Path) -> None:
    with running(data) as database, database.read() as connection:
        found = connection.exec_driver_sql("select id from alerts where kind = 'door.left_open'")
        alert = found.scalar_one()
        done = rules("explain", alert, "--data", data)
    assert done.exit_code == 0, done.output
    assert "door.left_open version 2, raised 2026-03-03T14:10:00.000000Z" in done.stdout
    assert "It lasted for 600 s" in done.stdout
    assert "2026-03-03T14:00:00.000000Z  door-1（hh-017） — 门：打开 是" in done.stdout


def test_a_hub_may_run_meanwhile_and_its_own_rules_are_tried(data: Path, folder: Path) -> None:
    with running(data) as database:
        store = RuleStore(database, Bus(), SetClock(moment(0)))
        store.start_from(folder, shipped=False)
        hours = RULE.replace("  when:", '  only: {between: "20:00-21:00"}\n  when:').replace("door.open", "door.night")
        store.put("", hours, author="lin", reason="", new=True)
        assert rules("backtest", "door.open", "--data", data).stdout.splitlines()[-1].startswith("2 alerts and 0")
        done = rules("backtest", "door.night", "--data", data)
        body = json.loads(rules("backtest", "door.night", "--data", data, "--format", "json").stdout)
    assert done.stdout.splitlines() == [
        (
            "2026-03-03T14:00:00.000000Z  withheld Door, because it counts only at 20:00-21:00, "
            "2 times until 2026-03-03T14:33:20.000000Z"
        ),
        "0 alerts and 1 withheld over 4 events, 0 not to be judged, 0 failures",
    ]
    [held] = body["withheld"]
    assert (body["count"], body["withheld_count"], held["because"]["zh"]) == (0, 2, "只在 20:00-21:00 计入")


def test_a_store_that_is_not_there_or_of_another_version_is_not_looked_into(data: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(StoreError, match="there is no database"):
        raise_of(rules("explain", "none", "--data", empty))
    with running(data) as database:
        database.write(lambda connection: connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0'"))
        with pytest.raises(StoreError, match="another version of the program wrote this database"):
            raise_of(rules("explain", "none", "--data", data))


def test_why_a_rule_did_not_ring_is_told_while_the_hub_runs(data: Path, folder: Path) -> None:
    with running(data) as database:
        RuleStore(database, Bus(), SetClock(moment(0))).start_from(folder, shipped=False)
        wanted = ("why-not", "door.open", "--key", "door-1", "--data", data)
        done = rules(*wanted, "--at", "2026-03-03T14:12:00Z")
        body = json.loads(rules(*wanted, "--at", "2026-03-03T14:36:00Z", "--format", "json").stdout)
        with pytest.raises(NotFoundError, match="no rule 'none'"):
            raise_of(rules("why-not", "none", "--key", "door-1", "--data", data))
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[:2] == [
        "22:00:00 已报警，22:11:40 恢复",
        "it rang at 22:00:00 and was over at 22:11:40",
    ]
    assert "  not_met        door-1 22:11:40 门：打开 否，要求 是" in done.stdout
    assert (body["rang"], body["findings"][0]["code"], body["complete"]) == (False, "was_over", True)


@contextmanager
def running(data: Path) -> Iterator[Database]:
    """The database of a hub that runs."""
    database = Database(sqlite_url(data), clock=SetClock(moment(0)))
    database.start()
    try:
        yield database
    finally:
        database.stop()


def raise_of(done: Result) -> None:
    """Raise what ended a command, as `hub` itself would meet it."""
    assert done.exception is not None
    raise done.exception
