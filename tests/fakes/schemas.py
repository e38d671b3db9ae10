"""The tables of a fresh database, made by the real migrations once in each process and by their statements after that.

The statements are those that the migrations said, in their order. A database that holds anything goes through the
migrations themselves, as does the first one of each kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, text

from hub.store import migrations
from hub.store.migrations import migrate

_IS_THERE = {
    "sqlite": "SELECT 1 FROM sqlite_master LIMIT 1",
    "postgresql": "SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace LIMIT 1",
}


class Migrated:
    """Migrates databases."""

    def __init__(self) -> None:
        self._said: dict[str, list[str]] = {}

    def __call__(self, connection: Connection) -> None:
        """As `hub.store.migrations.migrate`."""
        kind = connection.dialect.name
        with connection.begin():
            is_empty = connection.execute(text(_IS_THERE[kind])).first() is None
        if not is_empty:
            if not self._is_current(connection):
                migrate(connection)
        elif kind not in self._said:
            with _listening(connection) as said:
                migrate(connection)
            self._said[kind] = said
        else:
            with connection.begin():
                for statement in self._said[kind] if kind == "sqlite" else [";".join(self._said[kind])]:
                    connection.exec_driver_sql(statement)

    def _is_current(self, connection: Connection) -> bool:
        """Whether the migrations would find nothing to do."""
        with connection.begin():
            return MigrationContext.configure(connection).get_current_revision() == self._head

    @cached_property
    def _head(self) -> str | None:
        return ScriptDirectory(str(Path(migrations.__file__).parent)).get_current_head()


@contextmanager
def _listening(connection: Connection) -> Iterator[list[str]]:
    """What is said to change the database, with its values written out."""
    said: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if statement.lstrip().upper().startswith(("CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE")):
            assert not parameters, f"write its values out: {statement}"
            said.append(statement)

    event.listen(connection, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(connection, "before_cursor_execute", hear)


quick: Callable[[Connection], None] = Migrated()
