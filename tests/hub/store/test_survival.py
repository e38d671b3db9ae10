"""What the store survives: the death of its process, a full disk, a locked file, a lost connection."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select, text

from hub.errors import StoreError
from hub.store.database import Database
from hub.store.schema import settings

DEADLINE_S = 20.0

WRITER = textwrap.dedent(
    """
    import sys
    from sqlalchemy import insert
    from hub.store.database import Database
    from hub.store.schema import settings

    database = Database(sys.argv[1])
    database.start()
    number = 0
    while True:
        futures = []
        for _ in range(20):
            row = {"name": f"{number:06}", "value": "x" * 200}
            futures.append(database.submit(lambda connection, row=row: connection.execute(insert(settings), row)))
            number += 1
        for future in futures:
            future.result()
        print(number, flush=True)
    """
)


def put(name: str, size: int = 1) -> Any:
    return lambda connection: connection.execute(insert(settings).values(name=name, value="x" * size))


def names(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.scalars(select(settings.c.name).order_by(settings.c.name)))


def test_what_was_acknowledged_survives_the_kill_of_the_process(database_url: str) -> None:
    command = [sys.executable, "-c", WRITER, database_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]) as process:
        assert process.stdout is not None
        acknowledged = 0
        for line in process.stdout:
            acknowledged = int(line)
            if acknowledged >= 400:
                process.send_signal(signal.SIGKILL)
                break
        acknowledged = max([acknowledged, *(int(line) for line in process.stdout if line.endswith("\n"))])
    survivor = Database(database_url)
    survivor.start()
    try:
        stored = names(survivor)
        assert stored[:acknowledged] == [f"{number:06}" for number in range(acknowledged)]
        survivor.write(put("after"))
    finally:
        survivor.stop()


def test_a_full_disk_fails_the_works_and_the_writer_goes_on_when_there_is_room(
    sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """SQLite's own page limit gives the very error of a full disk; it is forgotten with the connection."""

    def limit(connection: Connection) -> None:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count = {pages + 3}"))

    sqlite_database.write(limit)
    began, go = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        began.set()
        assert go.wait(DEADLINE_S)

    held = sqlite_database.submit(hold)
    assert began.wait(DEADLINE_S)
    futures: list[Future[Any]] = [
        sqlite_database.submit(put("small")),
        sqlite_database.submit(put("large", size=1_000_000)),
        sqlite_database.submit(put("last")),
    ]
    go.set()
    wait([held, *futures], DEADLINE_S)
    error = futures[1].exception()
    assert isinstance(error, StoreError)
    assert "full" in str(error)
    kept = [name for name, future in zip(["small", "large", "last"], futures, strict=True) if not future.exception()]
    assert names(sqlite_database) == sorted(kept)
    sqlite_database.write(put("afterwards"))
    assert "afterwards" in names(sqlite_database)
    assert caplog.text.count("transaction lost") <= 1


def test_a_database_locked_by_another_program_is_a_store_error_until_it_is_free(
    sqlite_database_url: str, tmp_path: Path
) -> None:
    database = Database(sqlite_database_url, busy_timeout_s=0.05)
    database.start()
    other = sqlite3.connect(tmp_path / "data" / "hub.sqlite3", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        for name in ("a", "b"):
            with pytest.raises(StoreError, match="locked"):
                database.write(put(name))
        assert names(database) == []
        other.execute("ROLLBACK")
        database.write(put("c"))
        assert names(database) == ["c"]
    finally:
        other.close()
        database.stop()


def test_a_lost_connection_fails_its_works_and_the_next_ones_get_another(postgres_database_url: str) -> None:
    database = Database(postgres_database_url)
    database.start()
    second = Database(postgres_database_url, busy_timeout_s=0.1)
    kill = text("SELECT pg_terminate_backend(pg_backend_pid())")
    try:
        database.write(put("before"))
        with pytest.raises(StoreError):
            database.write(lambda connection: connection.execute(kill))
        database.write(put("after"))
        assert names(database) == ["after", "before"]
        with pytest.raises(StoreError, match="another hub"):
            second.start()
    finally:
        second.stop()
        database.stop()


def test_a_reader_gets_another_connection_when_the_server_closed_its_own(postgres_database_url: str) -> None:
    database = Database(postgres_database_url)
    database.start()
    others = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    try:
        assert names(database) == []
        assert database.write(lambda connection: connection.execute(others).scalar_one()) >= 1
        assert names(database) == []
    finally:
        database.stop()


def test_a_writer_that_lost_its_connection_does_not_write_beside_the_hub_that_took_over(
    postgres_database_url: str,
) -> None:
    """The lock went with the connection: two writers on one database never happens."""
    database = Database(postgres_database_url, busy_timeout_s=0.1)
    database.start()
    second = Database(postgres_database_url)
    count = select(func.count()).select_from(settings)

    def die(connection: Connection) -> None:
        took_over = threading.Thread(target=second.start)
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with database.read() as reader:
            reader.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        took_over.start()
        took_over.join(DEADLINE_S)
        connection.execute(count)

    try:
        with pytest.raises(StoreError):
            database.write(die)
        with pytest.raises(StoreError, match="another hub"):
            database.write(put("beside"))
        second.write(put("rightful"))
        assert names(second) == ["rightful"]
        second.stop()
        database.write(put("again"))
        assert names(database) == ["again", "rightful"]
    finally:
        second.stop()
        database.stop()
