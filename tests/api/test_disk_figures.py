"""How disks for recordings do is on /metrics, over all workers that write to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from api.recordings.disk_figures import watch_disks
from cameras.errors import DiskProblem
from cameras.recordings.writing.disk_status import DiskStatus
from cameras.supervision.worker_status import WorkerState, WorkerStatus
from hub.clock import SystemClock
from hub.metrics import Metrics
from tests.fakes.cameras import FakeCameras

AT = datetime(2026, 5, 4, tzinfo=UTC)


class _Cameras(FakeCameras):
    """Two workers on two disks, one of which is gone for one of them."""

    def workers(self) -> Sequence[WorkerStatus]:
        well = DiskStatus("one", None, "", AT, free_bytes=500, removed=2, longest_sync_s=0.5)
        gone = DiskStatus("one", DiskProblem.GONE, "unmounted", AT, free_bytes=400, removed=3, longest_sync_s=0.25)
        other = DiskStatus("two", None, "", AT, free_bytes=9)
        return [
            WorkerStatus(f"worker-{number}", WorkerState.RUNNING, AT, 4711, 0, 1, disks=(each, other))
            for number, each in enumerate((well, gone))
        ]


def test_disks_are_shown_over_all_workers() -> None:
    metrics = Metrics()
    watch_disks(metrics, _Cameras(SystemClock()))
    text = metrics.text().decode()
    assert 'hub_recordings_disk_removed_total{disk="one"} 5.0' in text
    assert 'hub_recordings_disk_free_bytes{disk="one"} 400.0' in text
    assert 'hub_recordings_disk_longest_sync_seconds{disk="one"} 0.5' in text
    assert 'hub_recordings_disk_trouble{disk="one",problem="gone"} 1.0' in text
    assert 'hub_recordings_disk_trouble{disk="two",problem="full"} 0.0' in text
