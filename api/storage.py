"""Where the hub's database is, from the machine's settings."""

from __future__ import annotations

from config.machine import Machine
from config.says import in_english
from hub.clock import Clock
from hub.errors import ConfigurationError, Mistake
from hub.store.database import Database, sqlite_url


def database_url(machine: Machine) -> str:
    """Where it is; may hold a password."""
    return sqlite_url(machine.data) if machine.database.url is None else machine.database.url.reveal()


RESTORING = ".restoring"
"""In the data folder while a backup is brought back."""


def database_of(machine: Machine, clock: Clock) -> Database:
    """The database of this machine, not started yet; its data folder is made, for this user alone.

    Raises:
        ConfigurationError: A backup was brought back there, and not to its end.
    """
    if (machine.data / RESTORING).exists():
        message = f"{machine.data} holds half of a backup: bringing it back was cut off; run `hub backup restore` again"
        raise ConfigurationError((Mistake(None, "data", in_english(message)),))
    machine.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Database(database_url(machine), durability=machine.database.durability, clock=clock)
