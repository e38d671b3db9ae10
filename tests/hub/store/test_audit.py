"""AuditLog: only added to, without a gap, whoever writes at once and however the hub ends."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from api.audit_desk import AuditDesk, heads_of
from cameras.recordings.evidence.signing import key_of
from hub.audit import Action, Entry, Fault, Head, Outcome
from hub.audit_heads import FILE, HeadFile
from hub.clock import SetClock, SystemClock
from hub.errors import StoreBusyError, StoreError
from hub.store.audit import AuditLog, Wanted
from hub.store.database import Database, sqlite_url

DEADLINE_S = 30.0
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def log(database: Database, clock: SetClock) -> AuditLog:
    return AuditLog(database, clock)


def entry(clock: Any, number: int = 0, **more: Any) -> Entry:
    settings = {"action": Action.CHANGE, "account": "a1", "actor": "lin", "kind": "camera", "id": f"c{number}", **more}
    return Entry(clock.now(), **settings)


def write(log: AuditLog, *entries: Entry) -> None:
    for future in [log.store(each, timeout_s=5.0) for each in entries]:
        future.result(DEADLINE_S)


def test_entries_are_chained_and_come_back_as_they_were(log: AuditLog, clock: SetClock) -> None:
    write(log, *(entry(clock, number, more={"给": "为什么", "n": 1.5}) for number in range(30)))
    verdict = log.verify()
    assert (verdict.is_good, verdict.entries) == (True, 30)
    newest = log.entries(Wanted(), limit=2)
    assert [each.number for each in newest] == [30, 29]
    assert newest[0].more == {"给": "为什么", "n": 1.5}
    assert newest[0].at == clock.now()
    assert log.head().number == 30
    assert log.head().hash == newest[0].hash


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'wan' WHERE seq = 3", "DELETE FROM audit"])
def test_the_database_itself_refuses_to_change_or_remove_an_entry(
    log: AuditLog, database: Database, clock: SetClock, statement: str
) -> None:
    write(log, *(entry(clock, number) for number in range(5)))
    with pytest.raises(StoreError, match="only added to"):
        database.write(lambda connection: connection.execute(text(statement)))
    assert log.verify().entries == 5


def test_sqlite_refuses_a_gap(sqlite_database: Database, clock: SetClock) -> None:
    log = AuditLog(sqlite_database, clock)
    write(log, entry(clock))

    def skip(connection: Connection) -> None:
        connection.execute(text("INSERT INTO audit SELECT 9, at, account, actor, role, action, outcome, object_kind, "
                                "object, camera, site, address, body, hash FROM audit"))  # fmt: skip

    with pytest.raises(StoreError, match="no gap"):
        sqlite_database.write(skip)


def test_an_entry_stands_or_falls_with_the_change_that_it_tells_of(
    log: AuditLog, database: Database, clock: SetClock
) -> None:
    def change(connection: Connection, *, fails: bool) -> None:
        connection.execute(text(f"INSERT INTO settings VALUES ('{fails}', '1')"))  # noqa: S608 - a fixed word
        log.add(connection, entry(clock, 1), entry(clock, 2))
        if fails:
            raise ValueError("thought better of it")

    database.write(lambda connection: change(connection, fails=False))
    with pytest.raises(ValueError, match="better"):
        database.write(lambda connection: change(connection, fails=True))
    write(log, entry(clock, 3))
    assert [each.id for each in log.entries(Wanted())] == ["c3", "c2", "c1"]
    assert log.verify().is_good


def test_many_at_once_make_one_chain_without_a_gap(log: AuditLog, clock: SetClock) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: write(log, *(entry(clock, number) for _ in range(25))), range(8)))
    assert log.verify().entries == 200


def test_a_wall_of_tiles_writes_a_beginning_and_an_end_for_each(log: AuditLog, clock: SetClock) -> None:
    """25 tiles asked for 10 times are 25 beginnings; at the tidy stop each has its end."""
    for _ in range(10):
        for tile in range(25):
            log.seen(entry(clock, tile, action=Action.STILL, camera=f"c{tile}"))
    write(log, entry(clock, 99))
    assert len(log.entries(Wanted(actions=["still"]), limit=500)) == 25
    log.stop()
    told = log.entries(Wanted(actions=["still"]), limit=500)
    assert [each.more["phase"] for each in told] == ["ended"] * 25 + ["began"] * 25
    assert {each.more["requests"] for each in told[:25]} == {10}
    assert log.verify().is_good


def test_who_cannot_be_told_must_not_look(database: Database, clock: SetClock) -> None:
    """The writer stands still and its queue is full: a look is refused at once, and goes when there is room."""
    small = Database(str(database._engines.writing.url), queue_size=1)
    log = AuditLog(small, clock)
    with pytest.raises(StoreBusyError, match="written down"):
        log.seen(entry(clock, 1, action=Action.VIEW))  # it is not open: nothing can be written
    assert log.stats().refused_views == 1


def test_what_could_not_be_stored_is_owed_and_nobody_looks_meanwhile(
    database: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = AuditLog(database, clock)
    with monkeypatch.context() as broken:
        broken.setattr(database, "submit_item", _refuses)
        log.note(entry(clock, 1))
    assert log.stats().owed == 1
    with pytest.raises(StoreBusyError):
        log.seen(entry(clock, 2, action=Action.VIEW))
    log._tend()
    assert log.stats().owed == 0
    log.seen(entry(clock, 2, action=Action.VIEW))
    write(log, entry(clock, 3))
    assert [each.id for each in log.entries(Wanted())] == ["c3", "c2", "c1"]


def _refuses(*_asked: Any, **_more: Any) -> Any:
    raise StoreError("the disk is full")


def test_filters_find_what_they_say(log: AuditLog, clock: SetClock) -> None:
    write(log, entry(clock, 1, camera="c1", site="yard"), entry(clock, 2, camera="c2", site="shop"))
    clock.advance(60)
    later = clock.now()
    write(log, entry(clock, 3, actor="wan", account="a2", action=Action.VIEW, outcome=Outcome.REFUSED))
    found = {
        name: [each.id for each in log.entries(wanted)]
        for name, wanted in {
            "actor": Wanted(actor="wan"),
            "account": Wanted(account="a1"),
            "camera": Wanted(camera="c2"),
            "sites": Wanted(sites=["yard", "home"]),
            "nowhere": Wanted(sites=[]),
            "actions": Wanted(actions=["view", "still"]),
            "outcome": Wanted(outcome="refused"),
            "object": Wanted(kind="camera", id="c1"),
            "since": Wanted(since=later),
            "until": Wanted(until=later),
        }.items()
    }
    assert found == {
        "actor": ["c3"],
        "account": ["c2", "c1"],
        "camera": ["c2"],
        "sites": ["c1"],
        "nowhere": [],
        "actions": ["c3"],
        "outcome": ["c3"],
        "object": ["c1"],
        "since": ["c3"],
        "until": ["c2", "c1"],
    }
    assert [each.id for each in log.all_of(Wanted(actor="lin"))] == ["c1", "c2"]


def test_heads_are_signed_by_number_by_time_and_at_the_stop(database: Database, clock: SetClock) -> None:
    kept: list[Head] = []
    log = AuditLog(database, clock, keep_head=kept.append)
    write(log, *(entry(clock, number) for number in range(1000)))
    log._tend()
    assert [each.number for each in kept] == [1000]
    write(log, entry(clock))
    log._tend()
    clock.advance(timedelta(hours=1).total_seconds())
    log._tend()
    assert [each.number for each in kept] == [1000, 1001]
    log.stop()
    assert kept[-1].number == log.head().number > 1001


_TAMPERINGS = {
    "UPDATE audit SET actor = 'wan' WHERE seq = 40": Fault.CHANGED,
    "UPDATE audit SET hash = X'00' WHERE seq = 40": Fault.CHANGED,
    "DELETE FROM audit WHERE seq = 40": Fault.MISSING,
    "UPDATE audit SET seq = -1 WHERE seq = 40; UPDATE audit SET seq = 40 WHERE seq = 41; "
    "UPDATE audit SET seq = 41 WHERE seq = -1": Fault.REORDERED,
    "DELETE FROM audit WHERE seq >= 40": Fault.CUT_OFF,
}


@pytest.mark.parametrize("tamper", _TAMPERINGS)
def test_whoever_changes_the_file_of_the_database_is_found(
    sqlite_database: Database, tmp_path: Path, clock: SetClock, tamper: str
) -> None:
    heads = tmp_path / FILE
    log = AuditLog(sqlite_database, clock, keep_head=HeadFile(heads, key_of(tmp_path)).keep)
    write(log, *(entry(clock, number) for number in range(100)))
    log.stop()
    file = sqlite3.connect(tmp_path / "data" / "hub.sqlite3")
    file.executescript(
        f"DROP TRIGGER audit_no_change; DROP TRIGGER audit_no_removal; DROP TRIGGER audit_no_gap; {tamper};"
    )
    file.close()
    verdict = log.verify(heads_of(heads)[0])
    assert (verdict.broken, verdict.fault) == (40, _TAMPERINGS[tamper])
    desk = AuditDesk(log, clock, heads=heads)
    assert desk.check(again=False, wait_s=DEADLINE_S).words.startswith("40: ")


def test_a_head_that_was_changed_or_is_by_another_key_is_told(tmp_path: Path) -> None:
    heads, key = tmp_path / FILE, key_of(tmp_path)
    HeadFile(heads, key).keep(Head(7, bytes(32), "2026-05-04T08:00:00Z"))
    assert heads_of(heads, key=key.fingerprint) == (
        [Head(7, bytes(32), "2026-05-04T08:00:00Z")],
        (key.fingerprint,),
        "",
    )
    assert "another key" in heads_of(heads, key="SHA256:somebody else's")[2]
    heads.write_bytes(heads.read_bytes().replace(b'"number":7', b'"number":8'))
    assert "line 1 is not as it was signed" in heads_of(heads)[2]


def test_a_kill_in_the_middle_leaves_a_chain_that_verifies_and_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fakes.audit_process", str(tmp_path)]
    acknowledged = 0
    for _ in range(2):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            assert process.stdout is not None
            begun = acknowledged
            for line in process.stdout:
                acknowledged = int(line)
                if acknowledged > begun + 1500 and heads_of(tmp_path / FILE)[0]:
                    process.send_signal(signal.SIGKILL)
                    break
            acknowledged = max([acknowledged, *(int(line) for line in process.stdout if line.endswith("\n"))])
        database = Database(sqlite_url(tmp_path))
        database.look()
        verdict = AuditLog(database, SystemClock()).verify(heads_of(tmp_path / FILE)[0])
        database.stop()
        assert verdict.is_good
        assert verdict.entries >= acknowledged
    assert verdict.heads >= 1
