"""Console: what somebody does on the hub's own machine, while no hub runs, is told in its audit log too.

Nobody signs in there, so the actor is `console`; who that is to the machine stands beside it.
"""

from __future__ import annotations

import getpass
import os

from hub.audit import Action, Detail, Entry
from hub.clock import Clock
from hub.store.audit import AuditLog
from hub.store.database import Database

CONSOLE = "console"


def tell(database: Database, clock: Clock, action: Action, *, kind: str, id: str, **more: Detail) -> None:  # noqa: A002 - the word of the entry
    """Have an entry stored, in a started database.

    Args:
        database: Of the hub.
        clock: The time.
        action: What was done.
        kind: To what: `account`, `invitation`, `hub`, ...
        id: Its id.
        more: Details; never a secret.

    Raises:
        StoreError: It cannot be.
    """
    entry = Entry(clock.now(), action, actor=CONSOLE, kind=kind, id=id, more={"user": who_is_here(), **more})
    database.write(lambda connection: AuditLog(database, clock).add(connection, entry))


def who_is_here() -> str:
    """The user of this machine, by name where it has one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container whose user is a number alone
        return str(os.getuid())
