"""Ownership: one hub per database, because event order, rule state and the one writer all rest on it.

SQLite: a lock file beside the database, which the system releases when the process ends, however it ends. PostgreSQL:
an advisory lock that belongs to the writer's own connection, so whoever lost the connection lost the right to write.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from hub.errors import StoreError

_KEY = 0x636F6D6D68756201
"""Our advisory lock in a PostgreSQL database ("commhub", 1); any number that no other program uses."""


class LockFile:
    """Held from `take` to `release`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def take(self) -> None:
        """Lock at once or not at all.

        Raises:
            StoreError: Another process holds it; says which.
        """
        handle = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.read(handle, 32).decode(errors="replace").strip() or "unknown"
            os.close(handle)
            raise StoreError(f"another hub (process {owner}) is using this database; lock file {self._path}") from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._handle = handle

    def release(self) -> None:
        """Let go; the file stays, because removing it would let two processes lock two files of one name."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def take_advisory_lock(connection: Connection) -> None:
    """Make this PostgreSQL connection the one that may write, waiting for at most the connection's lock_timeout.

    Raises:
        StoreError: Another hub holds the database.
    """
    try:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _KEY})
        connection.commit()  # the lock is the session's, not the transaction's
    except DBAPIError as error:
        connection.rollback()
        if getattr(error.orig, "sqlstate", None) == "55P03":  # lock_not_available
            raise StoreError("another hub is using this database") from error
        raise
