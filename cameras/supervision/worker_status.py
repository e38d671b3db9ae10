"""How a worker stands and does, as its keeper knows it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cameras.link_words import WorkerHealth
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
        confined: What the process gave up, in words.
        unconfined: What this kernel does not let it give up.
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
    confined: tuple[str, ...] = ()
    unconfined: tuple[str, ...] = ()


def heard(health: WorkerHealth | None) -> dict[str, Any]:
    """What a process said last of itself, as it stands in WorkerStatus; without one, nothing."""
    if health is None:
        return {}
    return {
        "cpu_s": health.cpu_s,
        "rss_bytes": health.rss_bytes,
        "lost_events": health.lost_events,
        "left_behind": health.left_behind,
        "lost_segments": health.lost_segments,
        "disks": health.disks,
        "confined": health.confined,
        "unconfined": health.unconfined,
    }
