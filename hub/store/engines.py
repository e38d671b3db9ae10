"""Engines: how the two databases are opened, so that the rest of the store need not know which one it is.

SQLite runs in WAL mode: readers never block the writer. Python's `sqlite3` begins transactions in its own way, which
breaks SAVEPOINT and transactional DDL; here it is told to keep out and SQLAlchemy says BEGIN. The writing engine begins
with the write lock (IMMEDIATE), so that it cannot fail half-way for want of it; the reading engine cannot write at all,
and what somebody did not read to its end ends with his transaction: SQLite would keep the snapshot for the next reader.
"""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from weakref import WeakSet

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import NullPool

from hub.errors import StoreBusyError, StoreError, StoreUnavailableError

Durability = Literal["full", "normal"]

READERS = 16
"""Reading connections at most: half of the HTTP server's 40 threads are seldom in the database at once."""

_READER_WAIT_S = 10.0
_CHECKPOINT_PAGES = 4000
"""The WAL is copied back every 16 MiB: less often than SQLite's own 4 MiB, because each time costs two more fsyncs."""
_WAL_BYTES = 64 * 1024 * 1024
"""A WAL that grew beyond this under a long reader is cut back."""

_KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""A broken network is noticed after a minute on both sides, so that a dead hub's lock does not outlive it for hours."""


@dataclass(frozen=True, slots=True)
class Engines:
    """The two ways into one database.

    Attributes:
        writing: For the one writer; connections are not pooled, the writer holds its own.
        reading: For everybody else; each transaction is one snapshot and can change nothing.
        path: The file of an SQLite database, None for PostgreSQL.
    """

    writing: Engine
    reading: Engine
    path: Path | None

    def dispose(self) -> None:
        """Close every connection that is not in use."""
        self.reading.dispose()
        self.writing.dispose()


_SQLITE_AWAY = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)
_POSTGRES_AWAY = frozenset({"08", "53", "57", "58"})
"""Classes of SQLSTATE: no connection, no resources, ended by somebody, its system fails."""
_NO_LOCK = "55P03"


def sqlite_url(data_dir: Path) -> str:
    """The URL of the SQLite database in the data folder."""
    return URL.create("sqlite", database=str(data_dir.absolute() / "hub.sqlite3")).render_as_string(hide_password=False)


def make_engines(url: str, *, durability: Durability, busy_timeout_s: float) -> Engines:
    """Engines for `url`; nothing is connected yet.

    Args:
        url: `sqlite:////path/file` or `postgresql+psycopg://...` (`postgresql://` means the same).
        durability: SQLite's `synchronous`: `full` survives a power cut, `normal` only the death of the process.
        busy_timeout_s: How long to wait for a lock that another program holds.

    Raises:
        StoreError: The URL is of no such kind. Never shows the URL: it may hold a password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError("the database URL cannot be read; write sqlite:////path or postgresql+psycopg://...") from None
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, durability=durability, busy_timeout_s=busy_timeout_s)
    if parsed.drivername in {"postgresql", "postgresql+psycopg"}:
        return _postgres(parsed.set(drivername="postgresql+psycopg"), busy_timeout_s=busy_timeout_s)
    raise StoreError(f"no database of kind {parsed.drivername!r}; write sqlite:////path or postgresql+psycopg://...")


def translated(error: SQLAlchemyError) -> StoreError:
    """The StoreError for an error of SQLAlchemy, in the database's own words and without statement or values."""
    if isinstance(error, PoolTimeoutError):
        return StoreBusyError("all reading connections are in use")
    if isinstance(error, DBAPIError):
        kind = StoreUnavailableError if _is_unavailable(error) else StoreError
        return kind(f"the database refused: {str(error.orig).strip()}")
    return StoreError(f"the database refused: {error}")


def _is_unavailable(error: DBAPIError) -> bool:
    """Whether the database is at fault, and not what was to be written."""
    if error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _SQLITE_AWAY
    state = getattr(error.orig, "sqlstate", "")  # None where there is no connection that could tell
    return isinstance(error, OperationalError) and (not state or state[:2] in _POSTGRES_AWAY or state == _NO_LOCK)


def transaction_alive(connection: Connection) -> bool:
    """Whether what was written since BEGIN can still be committed.

    SQLite ends a transaction by itself when the disk is full; PostgreSQL refuses all after the first error.
    """
    driver: Any = connection.connection.dbapi_connection
    if isinstance(driver, sqlite3.Connection):
        return driver.in_transaction
    return driver is not None and driver.info.transaction_status.name in {"IDLE", "INTRANS"}  # idle: nothing said yet


def _sqlite(url: URL, *, durability: Durability, busy_timeout_s: float) -> Engines:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise StoreError("the SQLite database must be a file: several connections share it")
    path = Path(url.database).absolute()
    url = URL.create("sqlite+pysqlite", database=str(path))
    connect_args = {"timeout": busy_timeout_s, "check_same_thread": False}
    writing = create_engine(url, poolclass=NullPool, connect_args=connect_args, hide_parameters=True)
    reading = create_engine(
        url,
        pool_size=READERS,
        max_overflow=0,
        pool_timeout=_READER_WAIT_S,
        connect_args={**connect_args, "factory": _ReadingConnection},
        hide_parameters=True,
    )
    settings = (
        "PRAGMA journal_mode = WAL",
        f"PRAGMA synchronous = {durability.upper()}",
        "PRAGMA foreign_keys = ON",
        f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}",
        f"PRAGMA journal_size_limit = {_WAL_BYTES}",
    )
    _set_up_sqlite(writing, settings, begin="BEGIN IMMEDIATE")
    _set_up_sqlite(reading, ("PRAGMA query_only = ON",), begin="BEGIN")
    return Engines(writing, reading, path)


class _ReadingConnection(sqlite3.Connection):
    """Closes its cursors before ROLLBACK: while one is open, that ends nothing, and the next BEGIN reads the past."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._cursors: WeakSet[sqlite3.Cursor] = WeakSet()

    def cursor(self, *args: Any, **settings: Any) -> Any:
        made = super().cursor(*args, **settings)
        self._cursors.add(made)
        return made

    def rollback(self) -> None:
        for each in tuple(self._cursors):
            each.close()
        self._cursors.clear()
        super().rollback()


def _set_up_sqlite(engine: Engine, settings: tuple[str, ...], *, begin: str) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for setting in settings:
            connection.execute(setting)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def _postgres(url: URL, *, busy_timeout_s: float) -> Engines:
    server_side = "".join(f" -c tcp_{name}={value}" for name, value in _KEEPALIVE.items())
    options = f"{url.query.get('options', '')} -c lock_timeout={int(busy_timeout_s * 1000)}{server_side}".strip()
    connect_args = {"connect_timeout": 10, "application_name": "community-hub", **_KEEPALIVE, "options": options}
    try:
        writing = create_engine(url, poolclass=NullPool, connect_args=connect_args, hide_parameters=True)
        reading = create_engine(
            url,
            pool_size=READERS,
            max_overflow=0,
            pool_timeout=_READER_WAIT_S,
            pool_pre_ping=True,
            isolation_level="REPEATABLE READ",
            connect_args={**connect_args, "options": options + " -c default_transaction_read_only=on"},
            hide_parameters=True,
        )
    except ModuleNotFoundError as error:
        raise StoreError("PostgreSQL needs psycopg: install community-hub[postgres]") from error
    return Engines(writing, reading, None)


def create_private(path: Path) -> None:
    """Make the file and its folder if missing, for this user alone: it will hold passwords and keys.

    Raises:
        StoreError: The folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}") from error
