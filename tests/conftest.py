"""Fixtures that every part's tests may use: a clock that stands still, and the store on both databases."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from hub.clock import SetClock
from hub.store.database import Database, sqlite_url
from tests.fakes.examples import examples
from tests.fakes.schemas import quick

if TYPE_CHECKING:
    from tests.postgres_server import PostgresServer

# No deadline: how long one example takes on a machine with other work says nothing of what is claimed.
settings.register_profile("hub", deadline=None, max_examples=examples(50, 200))
settings.load_profile("hub")

ROOT = Path(__file__).parent
WAITING = (
    "scenarios",
    "browser",
    "cameras/test_recording_workers.py",
    "cameras/test_supervisor.py",
    "alerts/test_crashes.py",
    "alerts/test_people_stories.py",
    "security",
    "api",
    "hub/sensors",
    "cameras/test_view.py",
    "cameras/behaviours",
)
"""Tests that wait for other programs, or take long in one file: those that take longest first."""


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, for a third of the time goes by waiting for servers and browsers."""
    return min(4, (os.cpu_count() or 1) + 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits begins first: one long file at the end would keep all but one core idle."""

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(ROOT).as_posix()
        return next((number for number, part in enumerate(WAITING) if path.startswith(part)), len(WAITING))

    items.sort(key=place)


def pytest_configure(config: pytest.Config) -> None:
    """Where tests are collected nothing is garbage before all are, and would be looked through in vain."""
    if not getattr(config.option, "numprocesses", None):
        gc.disable()


def pytest_collection_finish() -> None:
    """From here on garbage is collected, but not among the tests and modules."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def no_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whether this user has fetched the object models must not decide what a test sees."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_tables() -> Iterator[None]:
    """A fresh database gets its tables by the statements of the migrations, which are worked out once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hub.store.database.migrate", quick)
        yield


@pytest.fixture
def clock() -> SetClock:
    """A clock that stands at a morning in May until the test moves it."""
    return SetClock(datetime(2026, 5, 4, 8, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL server for the session; without one the tests that need it are skipped, saying why."""
    pytest.importorskip("psycopg")
    from tests.postgres_server import postgres_server

    server = postgres_server()
    try:
        started = server.__enter__()
    except LookupError as reason:
        pytest.skip(str(reason))
    try:
        yield started
    finally:
        server.__exit__(None, None, None)


@pytest.fixture
def sqlite_database_url(tmp_path: Path) -> str:
    """A fresh SQLite database."""
    return sqlite_url(tmp_path / "data")


@pytest.fixture
def postgres_database_url(postgres: PostgresServer) -> Iterator[str]:
    """A PostgreSQL database with the hub's tables and nothing in them."""
    with postgres.migrated(_migrate) as url:
        yield url


def _migrate(url: str) -> None:
    database = Database(url)
    database.start()
    database.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database of each kind, which has no rows: the test runs twice."""
    url: str = request.getfixturevalue(f"{request.param}_database_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A started Database of each kind: the test runs twice."""
    yield from _started(database_url)


@pytest.fixture
def sqlite_database(sqlite_database_url: str) -> Iterator[Database]:
    """A started Database on SQLite, for tests whose claim does not depend on the kind."""
    yield from _started(sqlite_database_url)


def _started(url: str) -> Iterator[Database]:
    database = Database(url, durability="normal", busy_timeout_s=1.0)
    database.start()
    try:
        yield database
    finally:
        database.stop()
