"""The migrations: together they are the schema, on both databases, and never touch what a newer version made."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    create_engine,
    select,
    text,
)

from hub.errors import StoreError
from hub.store import migrations
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
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == ["0006"]
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


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_what_the_oldest_version_wrote_is_there_after_all_steps(request: pytest.FixtureRequest, kind: str) -> None:
    """A row of every table as the first step made it goes through all later steps unchanged."""
    url: str = request.getfixturevalue(f"{kind}_database_url")
    if kind == "sqlite":
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True)
    engine = create_engine(url)
    with engine.begin() as connection:
        _go_to(connection, "0001")
        old = MetaData()
        old.reflect(connection)
        for table in old.sorted_tables:
            if table.name != "alembic_version":
                connection.execute(table.insert(), {one.name: _value(one) for one in table.columns})
        before = _rows(connection, old)
    engine.dispose()
    assert len(before) > 10
    newer = Database(url)
    newer.start()
    try:
        with newer.read() as connection:
            migrations.check_current(connection)
            assert _rows(connection, old) == before
    finally:
        newer.stop()


def _go_to(connection: Connection, step: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, step)


def _value(column: Column[Any]) -> object:
    """Something that fits; every key is the same, so that what refers to another table finds it."""
    kind = column.type
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, Integer):
        return 1
    if isinstance(kind, Float):
        return 1.5
    if isinstance(kind, LargeBinary):
        return b"\x00\xff"
    return {"zh": "村"} if isinstance(kind, JSON) else "2026-03-01T12:00:00.000000Z"


def _rows(connection: Connection, tables: MetaData) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, of the columns that these had."""
    return {
        table.name: [tuple(row) for row in connection.execute(select(*table.columns))]
        for table in tables.sorted_tables
        if table.name != "alembic_version"
    }


def test_starting_again_keeps_what_is_there(database: Database, database_url: str) -> None:
    database.write(lambda connection: connection.execute(text("INSERT INTO settings VALUES ('a', 'b')")))
    database.stop()
    again = Database(database_url)
    again.start()
    with again.read() as connection:
        assert connection.execute(text("SELECT value FROM settings")).scalar_one() == "b"
    again.stop()
