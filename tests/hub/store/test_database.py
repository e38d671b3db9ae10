"""The store's door: group commit, failures that stay where they belong, one owner, nothing acknowledged is lost."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select, text

from hub.errors import ConflictError, StoreBusyError, StoreClosedError, StoreError, StoreUnavailableError
from hub.store import writer
from hub.store.database import Database
from hub.store.schema import cursors, settings

DEADLINE_S = 20.0


def put(name: str, value: str = "") -> Any:
    """A work that stores one setting."""
    return lambda connection: connection.execute(insert(settings).values(name=name, value=value))


def names(database: Database) -> list[str]:
    """The settings stored."""
    with database.read() as connection:
        return list(connection.scalars(select(settings.c.name).order_by(settings.c.name)))


class Held:
    """Holds the writer in a work of its own until released, so that what follows gathers in one group."""

    def __init__(self, database: Database) -> None:
        self._go = threading.Event()
        began = threading.Event()

        def work(_connection: Connection) -> None:
            began.set()
            assert self._go.wait(DEADLINE_S)

        self.future = database.submit(work)
        assert began.wait(DEADLINE_S)

    def release(self) -> None:
        self._go.set()
        self.future.result(DEADLINE_S)


def test_a_write_is_visible_to_readers_when_its_future_resolves(database: Database) -> None:
    database.submit(put("a")).result(DEADLINE_S)
    assert names(database) == ["a"]


def test_a_reader_keeps_its_snapshot_while_the_writer_goes_on(database: Database) -> None:
    count = select(func.count()).select_from(settings)
    with database.read() as connection:
        assert connection.execute(count).scalar_one() == 0
        database.write(put("a"))
        assert connection.execute(count).scalar_one() == 0
    assert names(database) == ["a"]


def test_what_was_not_read_to_its_end_holds_nobody_else_in_the_past(database: Database) -> None:
    database.write(put("a"))
    database.write(put("b"))
    with database.read() as connection:
        left = connection.execute(select(settings.c.name))
        assert left.fetchone() is not None
    database.write(put("c"))
    assert names(database) == ["a", "b", "c"]
    del left


def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(StoreError), database.read() as connection:
        put("a")(connection)
    assert names(database) == []


def test_works_that_wait_together_share_commits(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "GROUP_S", DEADLINE_S)  # a busy machine takes longer for a work, and then for a group
    held = Held(database)
    before = database.stats().commits
    futures = [database.submit(put(f"{number:03}")) for number in range(300)]
    assert database.backlog == 300
    held.release()
    wait(futures, DEADLINE_S)
    assert len(names(database)) == 300
    assert database.stats().commits - before <= 2
    assert database.stats().works == 301


def test_a_bad_work_fails_alone_wherever_it_stands_in_its_group(database: Database) -> None:
    def refuse(connection: Connection) -> None:
        put("undone")(connection)
        raise ConflictError("no")

    held = Held(database)
    works = [refuse, put("a"), put("a"), put("b"), refuse, put("c")]
    futures: list[Future[Any]] = [database.submit(work) for work in works]
    held.release()
    wait(futures, DEADLINE_S)
    errors = [type(future.exception()) for future in futures]
    assert errors == [ConflictError, type(None), StoreError, type(None), ConflictError, type(None)]
    assert names(database) == ["a", "b", "c"]
    assert database.stats().failed == 3


def test_items_that_wait_side_by_side_are_handed_over_together(database: Database) -> None:
    handed: list[list[str]] = []

    def work(connection: Connection, items: Sequence[str]) -> int:
        handed.append(list(items))
        connection.execute(insert(settings), [{"name": item, "value": ""} for item in items])
        return len(items)

    held = Held(database)
    futures: list[Future[Any]] = [database.submit_item(work, name) for name in "abc"]
    futures += [database.submit(put("between")), database.submit_item(work, "d")]
    held.release()
    wait(futures, DEADLINE_S)
    assert handed == [["a", "b", "c"], ["d"]]
    assert [futures[number].result() for number in (0, 1, 2, 4)] == [3, 3, 3, 1]
    assert names(database) == ["a", "b", "between", "c", "d"]


def test_a_bad_item_fails_alone_among_those_it_waited_with(database: Database) -> None:
    def work(connection: Connection, items: Sequence[str]) -> None:
        connection.execute(insert(settings), [{"name": item, "value": ""} for item in items])

    held = Held(database)
    futures = [database.submit_item(work, name) for name in ("a", "b", "a", "c")]
    held.release()
    wait(futures, DEADLINE_S)
    assert [type(future.exception()) for future in futures] == [type(None), type(None), StoreError, type(None)]
    assert names(database) == ["a", "b", "c"]
    assert database.stats().failed == 1


def test_a_group_whose_first_work_fails_still_commits_the_rest(database: Database) -> None:
    held = Held(database)
    bad = database.submit(lambda connection: connection.execute(text("SELECT nothing FROM nowhere")))
    good = database.submit(put("a"))
    held.release()
    assert isinstance(bad.exception(DEADLINE_S), StoreError)
    good.result(DEADLINE_S)
    assert names(database) == ["a"]


def test_a_database_error_comes_as_store_error_with_its_cause_and_without_values(database: Database) -> None:
    database.write(put("twice", "hunter2"))
    with pytest.raises(StoreError) as caught:
        database.write(put("twice", "hunter2"))
    assert caught.value.__cause__ is not None
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in str(caught.value.__cause__)


def test_a_full_disk_is_told_apart_from_what_cannot_be_written(sqlite_database: Database) -> None:
    """Whoever gives up on what fails again and again must not give up on what only found no room."""
    sqlite_database.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 1"))  # as many as now
    row = {"name": "a", "value": "x" * 5_000_000}
    with pytest.raises(StoreUnavailableError, match="full"):
        sqlite_database.write(lambda connection: connection.execute(insert(settings), row))
    sqlite_database.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 1000000"))
    sqlite_database.write(lambda connection: connection.execute(insert(settings), row))
    with pytest.raises(StoreError) as refused:
        sqlite_database.write(lambda connection: connection.execute(insert(settings), row))
    assert not isinstance(refused.value, StoreUnavailableError)


def test_a_commit_that_fails_fails_all_its_works_and_the_writer_goes_on(database: Database) -> None:
    """A foreign key that is checked only at COMMIT makes one fail."""

    def start(connection: Connection) -> None:
        deferred = "REFERENCES owner(id) DEFERRABLE INITIALLY DEFERRED"
        connection.execute(text("CREATE TABLE owner (id INTEGER PRIMARY KEY)"))
        connection.execute(text(f"CREATE TABLE owned (id INTEGER {deferred})"))

    database.write(start)
    held = Held(database)
    futures: list[Future[Any]] = [
        database.submit(put("lost")),
        database.submit(lambda connection: connection.execute(text("INSERT INTO owned VALUES (7)"))),
    ]
    held._go.set()
    assert isinstance(held.future.exception(DEADLINE_S), StoreError)
    for future in futures:
        assert isinstance(future.exception(DEADLINE_S), StoreError)
    assert database.stats().failed_commits == 1
    database.write(put("kept"))
    assert names(database) == ["kept"]


def test_a_work_that_hides_a_database_error_fails(database: Database) -> None:
    """On PostgreSQL the transaction is dead then; to say it succeeded would be a lie."""

    def hide(connection: Connection) -> None:
        put("half")(connection)
        try:
            connection.execute(text("SELECT nothing FROM nowhere"))
        except Exception:
            if connection.dialect.name == "sqlite":
                raise

    with pytest.raises(StoreError):
        database.write(hide)
    database.write(put("after"))
    assert names(database) == ["after"]


def test_after_commit_runs_before_the_future_resolves_and_after_the_commit(database: Database) -> None:
    seen: list[tuple[str, list[str]]] = []
    future = database.submit(
        lambda connection: put("a")(connection) and "result",
        after_commit=lambda got: seen.append((got, names(database))),
    )
    assert future.result(DEADLINE_S) == "result"
    assert seen == [("result", ["a"])]


def test_an_announcement_that_fails_does_not_undo_the_commit(
    sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    def announce(_result: object) -> None:
        raise RuntimeError("nobody listens")

    sqlite_database.write(put("a"), after_commit=announce)
    assert names(sqlite_database) == ["a"]
    assert "announcing a commit failed" in caplog.text


def test_a_full_queue_refuses_after_its_time_and_counts_it(sqlite_database_url: str) -> None:
    database = Database(sqlite_database_url, queue_size=2)
    database.start()
    try:
        held = Held(database)
        futures = [database.submit(put("a")), database.submit(put("b"))]
        with pytest.raises(StoreBusyError):
            database.submit(put("c"), timeout_s=0.01)
        assert database.stats().refused == 1
        held.release()
        wait(futures, DEADLINE_S)
        assert names(database) == ["a", "b"]
    finally:
        database.stop()


def test_stop_finishes_what_was_queued_and_then_refuses(database: Database) -> None:
    held = Held(database)
    futures = [database.submit(put(f"{number}")) for number in range(5)]
    stopper = threading.Thread(target=database.stop)
    stopper.start()
    held.release()
    stopper.join(DEADLINE_S)
    assert all(future.exception(0) is None for future in futures)
    with pytest.raises(StoreClosedError):
        database.submit(put("late"))
    with pytest.raises(StoreClosedError), database.read():
        pass
    database.stop()


def test_a_cancelled_write_is_left_out(sqlite_database: Database) -> None:
    held = Held(sqlite_database)
    cancelled, kept = sqlite_database.submit(put("a")), sqlite_database.submit(put("b"))
    assert cancelled.cancel()
    held.release()
    kept.result(DEADLINE_S)
    assert names(sqlite_database) == ["b"]


def test_a_work_that_waits_for_a_work_is_refused_instead_of_hanging(sqlite_database: Database) -> None:
    with pytest.raises(StoreError, match="cannot wait"):
        sqlite_database.write(lambda _connection: sqlite_database.write(put("a")))


def test_a_second_hub_on_the_same_database_is_refused(database: Database, database_url: str) -> None:
    second = Database(database_url, busy_timeout_s=0.1)
    with pytest.raises(StoreError, match=r"another hub .*using this database"):
        second.start()
    second.stop()
    database.stop()
    third = Database(database_url)
    third.start()
    third.stop()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://root:hunter2@host/db", "no database of kind 'mysql'"),
        ("hunter2", "cannot be read"),
        ("postgresql+psycopg://u:hunter2@host:port/db", "cannot be read"),
        ("sqlite://", "must be a file"),
    ],
)
def test_an_url_that_cannot_be_used_is_refused_without_showing_it(url: str, words: str) -> None:
    with pytest.raises(StoreError, match=words) as caught:
        Database(url)
    assert "hunter2" not in str(caught.value)


def test_a_server_that_is_not_there_is_a_store_error_without_the_password(tmp_path: Path) -> None:
    database = Database(f"postgresql+psycopg://u:hunter2@/db?host={tmp_path}")
    with pytest.raises(StoreError) as caught:
        database.start()
    assert "hunter2" not in str(caught.value)
    database.stop()


def test_a_locked_database_and_a_server_that_is_away_are_unavailable(sqlite_database_url: str, tmp_path: Path) -> None:
    hub = Database(sqlite_database_url, busy_timeout_s=0.05)
    hub.start()
    other = sqlite3.connect(tmp_path / "data" / "hub.sqlite3", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(StoreUnavailableError, match="locked"):
            hub.write(lambda connection: connection.execute(insert(settings), {"name": "a", "value": "b"}))
    finally:
        other.close()
        hub.stop()
    away = Database(f"postgresql+psycopg://hub@/hub?host={tmp_path}")
    with pytest.raises(StoreUnavailableError):
        away.start()


def test_a_folder_that_cannot_be_written_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot write"):
        Database(f"sqlite:///{tmp_path}/file/hub.sqlite3").start()


def test_the_database_file_is_for_its_owner_alone(sqlite_database: Database, tmp_path: Path) -> None:
    sqlite_database.write(put("a"))
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir()}
    assert set(modes.values()) == {0o600}, modes


def test_the_position_of_a_reader_moves_in_the_writers_order(database: Database) -> None:
    """Numbers are given in the order of commits: a reader that sees n has seen everything up to n."""
    futures = [
        database.submit(lambda connection, n=number: connection.execute(insert(cursors).values(reader=str(n), seq=n)))
        for number in range(50)
    ]
    for number, future in enumerate(futures):
        future.result(DEADLINE_S)
        with database.read() as connection:
            assert connection.execute(select(func.count()).where(cursors.c.seq <= number)).scalar_one() == number + 1
