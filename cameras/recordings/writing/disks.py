"""Disks: all disks of one worker, and which of them the next segment goes to.

New segments go to disks for new recordings, to the one with the largest free share; only where none of them can be
written, to the disks for old ones. Nothing here waits for a disk: each has its own writer, and what is known of it is
what that one last found.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cameras.errors import DiskProblem
from cameras.recordings.writing.disk_status import DiskStatus
from cameras.recordings.writing.disk_watch import OnRemoved, WatchedDisk
from cameras.recordings.writing.disk_writer import DiskWriter
from config.machine import Disk
from hub.clock import Clock

_TAKE_UP_S = 2.0
"""How long a start waits for its disks; one that needs longer is there later."""


class Disks:
    """The disks of one worker. `start` once, `stop` once, both from one thread; `choose` and `status` from any.

    Attributes:
        writers: One a disk, in the order of the settings.
    """

    def __init__(
        self,
        disks: Sequence[Disk],
        *,
        data: Path,
        queue_bytes: int,
        clock: Clock,
        sync_s: float | None = None,
        on_removed: OnRemoved | None = None,
    ) -> None:
        """Prepare; nothing is touched before `start`.

        Args:
            disks: From machine.yaml.
            data: The hub's data folder, in which it is remembered which disks were seen.
            queue_bytes: The most that may wait for each disk.
            clock: The worker's.
            sync_s: What a power cut may cost; None goes by the kind of each disk.
            on_removed: Hears the id of a disk and the paths removed from it to make room, in a writer's thread.
        """
        self.writers = tuple(
            DiskWriter(
                WatchedDisk(
                    disk,
                    memory=data / "disks",
                    may_lose_s=disk.sync_every_s(sync_s),
                    clock=clock,
                    on_removed=on_removed,
                ),
                queue_bytes=queue_bytes,
                clock=clock,
            )
            for disk in disks
        )

    def start(self) -> None:
        """Start writing; returns when every disk was looked at, or after two seconds."""
        for writer in self.writers:
            writer.start()
        for writer in self.writers:
            writer.wait_for_a_look(_TAKE_UP_S / len(self.writers))

    def stop(self, *, timeout_s: float = 5.0) -> bool:
        """Write what waits, make it safe and end; after the recorders were stopped.

        Returns:
            Whether all of it was in time; a disk that hangs is left behind.
        """
        late = [one for one in self.writers if not one.stop(timeout_s=timeout_s / len(self.writers))]
        return not late

    def choose(self) -> DiskWriter | DiskProblem:
        """The writer of the disk for the next segment, or why there is none."""
        for use in ("new", "old"):
            well = [one for one in self.writers if one.disk.settings.use == use and one.trouble is None]
            if well:
                return max(well, key=_free_share)
        problems = {one.trouble for one in self.writers if one.disk.settings.use == "new"} or {DiskProblem.GONE}
        # Of several reasons the one that goes away by itself soonest says most about when to try again.
        return next(one for one in (DiskProblem.SLOW, DiskProblem.FULL, DiskProblem.GONE) if one in problems)

    def status(self) -> tuple[DiskStatus, ...]:
        """How each does."""
        return tuple(_status(writer) for writer in self.writers)


def _free_share(writer: DiskWriter) -> float:
    space = writer.disk.space
    return 0.0 if space is None else space.free_pct


def _status(writer: DiskWriter) -> DiskStatus:
    disk, counts, (syncs, longest_sync_s) = writer.disk, writer.counts, writer.syncs
    space = disk.space
    return DiskStatus(
        disk=disk.settings.id,
        problem=disk.problem or writer.trouble,
        detail=disk.detail,
        since=disk.since,
        total_bytes=0 if space is None else space.total_bytes,
        free_bytes=0 if space is None else space.free_bytes,
        waiting_bytes=writer.waiting_bytes,
        written_bytes=counts.written_bytes,
        dropped=counts.dropped,
        removed=disk.removed,
        removed_bytes=disk.removed_bytes,
        syncs=syncs,
        longest_sync_s=longest_sync_s,
        longest_write_s=counts.longest_write_s,
        sync_failures=writer.sync_failures,
    )
