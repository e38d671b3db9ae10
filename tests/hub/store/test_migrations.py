"""The migrations: together they are the schema, on both databases, and never touch what a newer version made."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from hub.errors import StoreError
from hub.store.database import Database
from hub.store.migrations import migrate
from hub.store.schema import metadata
from tests.fakes.schemas import Migrated
from tests.postgres_server import PostgresServer


@pytest.fixture(autouse=True)
def really(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here each fresh database is migrated, by no short way."""
    monkeypatch.setattr("hub.store.database.migrate", migrate)


@pytest.fixture
def postgres_database_url(postgres: PostgresServer) -> Iterator[str]:
    """An empty PostgreSQL database."""
    with postgres.database() as url:
        yield url


def test_the_migrated_tables_are_those_of_the_schema(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        differences = compare_metadata(context, metadata)
    assert [one for one in differences if "comment" not in str(one[0])] == []


@pytest.mark.usefixtures("sqlite_database")
def test_the_migrated_sqlite_tables_are_made_as_the_schema_makes_them(tmp_path: Path) -> None:
    """WITHOUT ROWID and AUTOINCREMENT are nothing that Alembic compares."""
    made = create_engine(f"sqlite:///{tmp_path / 'made.sqlite3'}")
    metadata.create_all(made)
    made.dispose()

    migrated = _tables(tmp_path / "data" / "hub.sqlite3")
    del migrated["alembic_version"]
    assert migrated.keys() == _tables(tmp_path / "made.sqlite3").keys()
    assert migrated == _tables(tmp_path / "made.sqlite3")


def _tables(path: Path) -> dict[str, list[str]]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    return {name: sorted(part.strip(" \n,") for part in sql.splitlines()) for name, sql in rows}


def test_the_short_way_of_the_other_tests_makes_the_same_tables(tmp_path: Path) -> None:
    short = Migrated()
    for number in range(2):
        engine = create_engine(f"sqlite:///{tmp_path / str(number)}")
        with engine.connect() as connection:
            short(connection)
            short(connection)
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == ["0005"]
        engine.dispose()
    assert _tables(tmp_path / "0") == _tables(tmp_path / "1")
    assert len(_tables(tmp_path / "1")) > 100


def test_a_database_of_a_newer_program_is_refused_and_left_alone(database: Database, database_url: str) -> None:
    database.write(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    database.stop()
    older = Database(database_url)
    with pytest.raises(StoreError, match=r"newer version of the program wrote this database \(step 9999"):
        older.start()
    older.stop()


def test_starting_again_keeps_what_is_there(database: Database, database_url: str) -> None:
    database.write(lambda connection: connection.execute(text("INSERT INTO settings VALUES ('a', 'b')")))
    database.stop()
    again = Database(database_url)
    again.start()
    with again.read() as connection:
        assert connection.execute(text("SELECT value FROM settings")).scalar_one() == "b"
    again.stop()
