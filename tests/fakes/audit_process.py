"""A hub's audit log as a process of its own, that writes entries until it is killed.

    python -m tests.fakes.audit_process FOLDER

Says the number of each batch when it is stored, and keeps heads beside the database.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cameras.recordings.evidence.signing import key_of
from hub.audit import Action, Entry
from hub.audit_heads import FILE, HeadFile
from hub.clock import SystemClock
from hub.store.audit import AuditLog
from hub.store.database import Database, sqlite_url


def main(folder: Path) -> None:
    """Write for ever."""
    clock = SystemClock()
    database = Database(sqlite_url(folder), durability="full", clock=clock)
    database.start()
    log = AuditLog(database, clock, keep_head=HeadFile(folder / FILE, key_of(folder)).keep)
    log.start()
    number = 0
    while True:
        stored = [
            log.store(Entry(clock.now(), Action.CHANGE, actor="lin", kind="camera", id=f"c{number}"), timeout_s=5.0)
            for _ in range(50)
        ]
        log.seen(Entry(clock.now(), Action.VIEW, actor="lin", kind="camera", id=f"c{number}", camera=f"c{number}"))
        number = max(each.result() for each in stored)
        print(number, flush=True)  # noqa: T201 - what whoever kills it reads


if __name__ == "__main__":
    main(Path(sys.argv[1]))
