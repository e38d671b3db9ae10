"""DiskWriter: the thread that writes everything of one worker to one disk, and the one that makes it safe there.

Whoever hands something in never waits: what waits is bounded in bytes, and what has no room is refused and counted. A
disk that vanishes or is full fails the segments that lie on it; it is looked at every second, so that it is taken up
within that of its return. Room is made by the writer itself while the queue takes what comes.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import deque
from dataclasses import dataclass

from cameras.errors import DiskError, DiskProblem
from cameras.recordings.media import Because
from cameras.recordings.mp4.closing import Closing
from cameras.recordings.writing.disk_watch import WatchedDisk
from cameras.recordings.writing.segment_file import Piece, SegmentFile
from cameras.recordings.writing.syncing import SharedSync
from hub.clock import Clock

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
"""How often a disk is looked at: it is to be taken up within 5 s of its return, a group of pictures included."""
_IDLE_SYNC_S = 0.5
_STUCK_AFTER_S = 3.0
"""A disk that has not finished one call for so long gets no new segments."""
_READY_SHARE = 0.5
"""New segments begin on a disk when at most so much of its queue is taken: not the very moment it has room again."""
_HURRY_SHARE = 0.25
"""With more of its queue taken a disk is too busy for care: an empty file after a power cut is less than a gap now."""
_ROOM_WITHIN_S = 10.0
"""While another worker makes room, a write that found none is tried again for so long; the queue takes what comes."""
_ROOM_RETRY_S = 0.1
_AHEAD_BYTES = {"ssd": 0, "spinning": 4 * 2**20}

GAP_OF = {
    DiskProblem.GONE: Because.DISK_GONE,
    DiskProblem.FULL: Because.DISK_FULL,
    DiskProblem.SLOW: Because.DISK_SLOW,
}
"""What a segment says that follows on such a problem."""


_Job = tuple[SegmentFile, Piece | Closing]


@dataclass(slots=True)
class _Counts:
    written_bytes: int = 0
    dropped: int = 0
    dropped_bytes: int = 0
    longest_write_s: float = 0.0


class DiskWriter:
    """One disk's writer. `start` once, `stop` once; or, without threads, `work_off` and `sync_now`.

    Attributes:
        disk: What it knows of the disk; only to be read.
    """

    def __init__(self, disk: WatchedDisk, *, queue_bytes: int, clock: Clock) -> None:
        """Prepare.

        Args:
            disk: To be written.
            queue_bytes: The most that may wait.
            clock: The worker's.
        """
        self.disk = disk
        self._queue_bytes = queue_bytes
        self._clock = clock
        self._ahead_bytes = _AHEAD_BYTES[disk.settings.kind]
        self._lock = threading.Lock()
        self._jobs: deque[_Job] = deque()
        self._waiting_bytes = 0
        self._counts = _Counts()
        self._files: set[SegmentFile] = set()
        self._busy_since_s: float | None = None
        self._wake = threading.Event()
        self._looked = threading.Event()
        self._stopping = threading.Event()
        self._writer = threading.Thread(target=self._run, name=f"write-{disk.settings.id}", daemon=True)
        self._syncer = threading.Thread(target=self._run_sync, name=f"sync-{disk.settings.id}", daemon=True)
        self._sync_error: OSError | None = None
        self.sync_failures = 0
        self._syncs_before = 0
        self._longest_sync_s = 0.0

    @property
    def trouble(self) -> DiskProblem | None:
        """Why no new segment should begin here; None when one should."""
        if self.disk.problem is not None:
            return self.disk.problem
        busy_since_s = self._busy_since_s
        if busy_since_s is not None and self._clock.monotonic_s() - busy_since_s > _STUCK_AFTER_S:
            return DiskProblem.SLOW
        return DiskProblem.SLOW if self._waiting_bytes > _READY_SHARE * self._queue_bytes else None

    @property
    def waiting_bytes(self) -> int:
        """What was handed in and is not written."""
        return self._waiting_bytes

    @property
    def counts(self) -> _Counts:
        """What was written and dropped so far."""
        return self._counts

    @property
    def syncs(self) -> tuple[int, float]:
        """How often this worker synced, and the longest it took, in seconds."""
        sync = self.disk.sync
        if sync is None:
            return self._syncs_before, self._longest_sync_s
        return self._syncs_before + sync.syncs, max(self._longest_sync_s, sync.longest_s)

    def append(self, file: SegmentFile, piece: Piece) -> bool:
        """Write a fragment, soon.

        Returns:
            Whether it is taken; it is not when too much waits already.
        """
        if self._put((file, piece), len(piece.data)):
            return True
        self._drop(piece)
        return False

    def close(self, file: SegmentFile, closing: Closing) -> None:
        """Close a segment, behind everything of it; of one without a fragment nothing is to be seen."""
        self._put((file, closing), 0)

    def start(self) -> None:
        """Start; the disk is looked at soon."""
        self._writer.start()
        self._syncer.start()

    def wait_for_a_look(self, timeout_s: float) -> bool:
        """Wait until the disk was looked at once."""
        return self._looked.wait(timeout_s)

    def stop(self, *, timeout_s: float) -> bool:
        """Write what waits, make it safe, and end.

        Returns:
            Whether that was done in time; a disk that hangs is left behind.
        """
        self._stopping.set()
        self._wake.set()
        if self._writer.is_alive():
            self._writer.join(timeout_s)
        if self._syncer.is_alive():
            self._syncer.join(timeout_s)
        return not (self._writer.is_alive() or self._syncer.is_alive())

    def look(self) -> None:
        """Look at the disk, and fail what lies on it when it cannot be written any more."""
        error, self._sync_error = self._sync_error, None
        if error is not None:
            self.disk.failed(error)  # nobody knows which fragments are lost; what follows begins anew
            self._fail_all(Because.DISK_GONE)
        self.disk.look()
        self._looked.set()
        if self.disk.problem is not None:
            self._fail_all(GAP_OF[self.disk.problem])

    def work_off(self) -> None:
        """Do everything that waits."""
        while True:
            with self._lock:
                if not self._jobs:
                    return
                file, what = self._jobs.popleft()
            self._busy_since_s = begun_s = self._clock.monotonic_s()
            try:
                self._do(file, what)
            except Exception:
                # Whatever a listener or a file does: the other streams of this disk go on.
                logger.exception("writing failed in a way that is not foreseen", extra={"camera": file.head.camera})
                file.failed = file.failed or Because.UNKNOWN
            finally:
                self._busy_since_s = None
                took_s = self._clock.monotonic_s() - begun_s
                self._counts.longest_write_s = max(self._counts.longest_write_s, took_s)
                if isinstance(what, Piece):
                    with self._lock:
                        self._waiting_bytes -= len(what.data)

    def sync_now(self, *, at_once: bool = True) -> bool:
        """Make what is written safe; whether it is."""
        while self.disk.past_syncs:
            self._leave(self.disk.past_syncs.popleft())
        sync = self.disk.sync
        if sync is None:
            return False
        try:
            return sync.step(at_once=at_once)
        except OSError as error:
            self.sync_failures += 1
            self._sync_error = error
            return False

    def _leave(self, sync: SharedSync) -> None:
        self._syncs_before += sync.syncs
        self._longest_sync_s = max(self._longest_sync_s, sync.longest_s)
        with contextlib.suppress(OSError):
            sync.close()

    def _put(self, job: _Job, size_bytes: int) -> bool:
        with self._lock:
            if size_bytes and self._waiting_bytes + size_bytes > self._queue_bytes:
                return False
            self._jobs.append(job)
            self._waiting_bytes += size_bytes
        self._wake.set()
        return True

    def _drop(self, piece: Piece) -> None:
        with self._lock:
            self._counts.dropped += 1
            self._counts.dropped_bytes += len(piece.data)

    def _do(self, file: SegmentFile, what: Piece | Closing) -> None:
        if isinstance(what, Closing):
            file.close(what)
            self._files.discard(file)
            return
        if file.failed is None:
            self._write_or_fail(file, what)
        if file.failed is not None:
            file.tally.dropped += 1
            self._drop(what)

    def _write_or_fail(self, file: SegmentFile, piece: Piece) -> None:
        """Write a fragment, again when room was made, and for a while when another worker is at making some."""
        until_s = self._clock.monotonic_s() + _ROOM_WITHIN_S
        made = stopped = False
        while not self._write(file, piece):
            if not self.disk.others_make_room:
                if made:
                    self._fail(file, Because.DISK_FULL)  # room was made, and still there is none
                    return
                made = True
            elif stopped or self._clock.monotonic_s() >= until_s:
                self.disk.give_up()
                self._fail(file, Because.DISK_FULL)
                self._fail_all(Because.DISK_FULL)
                return
            else:
                self._busy_since_s = None  # the disk does answer
                stopped = self._clock.wait(self._stopping, _ROOM_RETRY_S)
                self._busy_since_s = self._clock.monotonic_s()

    def _write(self, file: SegmentFile, piece: Piece) -> bool:
        """Write a fragment.

        Returns:
            Whether it is settled: done, or failed for good; False when it may be tried once more.
        """
        try:
            hurry = self._waiting_bytes > _HURRY_SHARE * self._queue_bytes
            file.append(piece, self.disk.folder, ahead_bytes=self._ahead_bytes, hurry=hurry)
        except (OSError, DiskError) as error:
            problem = self.disk.failed(error)
            if problem is None:
                return False
            self._fail(file, GAP_OF[problem])
            self._fail_all(GAP_OF[problem])
            return True
        self._files.add(file)
        self._counts.written_bytes += len(piece.data)
        self.disk.wrote(len(piece.data))
        return True

    def _fail(self, file: SegmentFile, because: Because) -> None:
        """A segment cannot go on; what is whole of it stays."""
        file.failed = because
        file.close(Closing(None, because))
        self._files.discard(file)

    def _fail_all(self, because: Because) -> None:
        for file in list(self._files):
            self._fail(file, because)

    def _run(self) -> None:
        looked_s: float | None = None
        while not self._stopping.is_set():
            self._wake.clear()
            if looked_s is None or self._clock.monotonic_s() - looked_s >= LOOK_EVERY_S:
                self._busy_since_s = self._clock.monotonic_s()
                self.look()
                self._busy_since_s = None
                looked_s = self._clock.monotonic_s()
            self.work_off()
            self._clock.wait(self._wake, LOOK_EVERY_S)
        self.work_off()
        self._fail_all(Because.STARTED)

    def _run_sync(self) -> None:
        while not self._stopping.is_set():
            self.sync_now(at_once=False)
            sync = self.disk.sync
            self._clock.wait(self._stopping, _IDLE_SYNC_S if sync is None else sync.every_s)
        self._writer.join()
        self.sync_now()
