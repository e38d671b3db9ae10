"""How a worker stands and does, as its keeper knows it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from cameras.recordings.writing.disk_status import DiskStatus


class WorkerState(enum.StrEnum):
    """How a worker stands."""

    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"
    """It died; the delay before the next start runs."""
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """How a worker does.

    Attributes:
        worker: Its id.
        state: How it stands.
        since: From when on, UTC.
        pid: Of its process, None without one.
        restarts: Times that it was started anew.
        cameras: How many it is to run.
        cpu_s: Processor time of the process.
        rss_bytes: Memory of the process.
        lost_events: Events that the process dropped because the hub did not take them.
        left_behind: Threads of its analysis that hang.
        lost_segments: News of segments that it dropped because the hub did not take them.
        disks: How each disk for recordings does, as it sees it.
    """

    worker: str
    state: WorkerState
    since: datetime
    pid: int | None
    restarts: int
    cameras: int
    cpu_s: float = 0.0
    rss_bytes: int = 0
    lost_events: int = 0
    left_behind: int = 0
    lost_segments: int = 0
    disks: tuple[DiskStatus, ...] = ()
