"""A private PostgreSQL server for the tests, from the machine's own binaries: a socket in a temporary folder, no port.

It lives as long as the test session and dies with it, however that ends; unless asked to, it keeps nothing safe.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

_SETTINGS = "-c listen_addresses= -c shared_buffers=32MB"
_UNSAFE_AND_FAST = " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
_END_OTHERS = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
"""A test that failed may have left connections, which hold locks."""
_MADE_OF = (
    "SELECT md5(string_agg(concat_ws(' ', relname, relkind, attname, atttypid, attnotnull), ',' "
    "ORDER BY relname, attnum)) "
    "FROM pg_class LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped "
    "WHERE relnamespace = 'public'::regnamespace"
)
_EMPTY = """
SET session_replication_role = replica;
DO $$ DECLARE one regclass; is_used boolean; BEGIN
    FOR one IN SELECT oid FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %s)', one) INTO is_used;
        IF is_used THEN EXECUTE format('DELETE FROM %s', one); END IF;
    END LOOP;
    FOR one IN SELECT oid FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace LOOP
        EXECUTE format('ALTER SEQUENCE %s RESTART', one);
    END LOOP;
END $$
"""
"""Without asking the foreign keys, in whatever order the tables come; to drop and make them takes ten times as long."""
_STOP_WHEN_THE_TESTS_ARE_GONE = 'cat > /dev/null; exec "$@"'
"""Standard input is a pipe from the tests, which ends with them, even when they are killed."""


class PostgresServer:
    """Databases on one server. A used one is emptied for the next test: a new one would take ten times as long.

    One that holds the tables of the hub and nothing else keeps them, and is given out as `migrated`.
    """

    def __init__(self, url: str) -> None:
        """Use the server at `url` (`postgresql://...`, a user that may create databases)."""
        self._url = make_url(url).set(drivername="postgresql")
        self._names = (f"hub_test_{os.getpid()}_{number}" for number in itertools.count(1))
        self._free: list[str] = []
        self._migrated: list[str] = []
        self._made_of: tuple[str, str] | None = None  # the tables after the migrations: what they are, and their step

    @contextmanager
    def database(self) -> Iterator[str]:
        """The SQLAlchemy URL of an empty database that nobody else uses meanwhile."""
        name = self._free.pop() if self._free else self._new()
        try:
            yield self._address(name)
        finally:
            self._drop_tables(name)

    @contextmanager
    def migrated(self, migrate: Callable[[str], None]) -> Iterator[str]:
        """The URL of one that has the tables, and no row, and that nobody else uses meanwhile.

        Args:
            migrate: Makes the tables in the database at an URL, when there is none that has them.
        """
        if self._migrated:
            name = self._migrated.pop()
        else:
            name = self._free.pop() if self._free else self._new()
            migrate(self._address(name))
            self._made_of = self._look(name)
        try:
            yield self._address(name)
        finally:
            with self._connected(name) as connection:
                connection.execute(_END_OTHERS)
            if self._look(name) == self._made_of:
                with self._connected(name) as connection:
                    connection.execute(_EMPTY)
                self._migrated.append(name)
            else:  # the test changed the tables themselves
                self._drop_tables(name)

    def _new(self) -> str:
        name = next(self._names)
        with self._connected("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        return name

    def _drop_tables(self, name: str) -> None:
        with self._connected(name) as connection:
            connection.execute(_END_OTHERS)
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        self._free.append(name)

    def _look(self, name: str) -> tuple[str, str] | None:
        with self._connected(name) as connection:
            made_of = connection.execute(_MADE_OF).fetchone()
            if not made_of or connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
                return None
            step = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        return made_of[0], str(step)

    def _address(self, name: str) -> str:
        return self._url.set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)

    def drop_all(self) -> None:
        """Remove the databases."""
        with self._connected("postgres") as connection:
            for name in (*self._free, *self._migrated):
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _connected(self, database: str) -> psycopg.Connection[Any]:
        place = self._url.set(database=database).render_as_string(hide_password=False)
        return psycopg.connect(place, autocommit=True)


@contextmanager
def postgres_server(*, safe: bool = False) -> Iterator[PostgresServer]:
    """The server at HUB_TEST_POSTGRES if that is set, else a private one.

    Args:
        safe: Whether commits reach the disk, as benchmarks need it.

    Raises:
        LookupError: There is no such variable and no PostgreSQL on this machine.
    """
    if url := os.environ.get("HUB_TEST_POSTGRES"):
        server = PostgresServer(url)
        try:
            yield server
        finally:
            server.drop_all()
        return
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="hub-pg-"))
    run_as: dict[str, Any] = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        run_as |= {"user": "postgres", "group": "postgres", "extra_groups": []}
    data = folder / "data"
    control: list[str | Path] = [binaries / "pg_ctl", "-D", data, "-w", "-t", "60"]
    try:
        subprocess.run([*control, "initdb", "-o", "-U postgres -A trust -E UTF8 --no-locale -N"], check=True, **run_as)
        with subprocess.Popen(
            ["sh", "-c", _STOP_WHEN_THE_TESTS_ARE_GONE, "sh", *control, "-m", "immediate", "stop"],
            stdin=subprocess.PIPE,
            **run_as,
        ):
            options = f"-k {folder} {_SETTINGS}" + ("" if safe else _UNSAFE_AND_FAST)
            subprocess.run([*control, "-l", folder / "log", "-o", options, "start"], check=True, **run_as)
            yield PostgresServer(f"postgresql://postgres@/?host={folder}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    on_path = shutil.which("initdb")
    if found:
        return found[-1]
    if on_path:
        return Path(on_path).parent
    raise LookupError("no PostgreSQL server on this machine, and HUB_TEST_POSTGRES is not set")
