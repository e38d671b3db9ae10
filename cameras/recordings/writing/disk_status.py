"""DiskStatus: how a disk for recordings does, as one worker sees it and tells the hub."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cameras.errors import DiskProblem


@dataclass(frozen=True, slots=True)
class DiskStatus:
    """How one disk does, as one worker sees it.

    Attributes:
        disk: Its id.
        problem: What is wrong with it; None when it can be recorded on.
        detail: The same in words.
        since: Since when that has been so.
        total_bytes: Of its file system; 0 while nobody knows.
        free_bytes: Of that, for others than root.
        waiting_bytes: Handed in and not written.
        written_bytes: In fragments, by this worker.
        dropped: Fragments that were made and not written.
        removed: Files that this worker removed to make room.
        removed_bytes: Their size.
        syncs: How often this worker synced for all.
        longest_sync_s: The longest of them.
        longest_write_s: The longest that one fragment took.
        sync_failures: How often the disk refused.
    """

    disk: str
    problem: DiskProblem | None
    detail: str
    since: datetime
    total_bytes: int = 0
    free_bytes: int = 0
    waiting_bytes: int = 0
    written_bytes: int = 0
    dropped: int = 0
    removed: int = 0
    removed_bytes: int = 0
    syncs: int = 0
    longest_sync_s: float = 0.0
    longest_write_s: float = 0.0
    sync_failures: int = 0
