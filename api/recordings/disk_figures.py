"""Disk figures: how the disks for recordings do, as numbers on `/metrics`; each as its workers see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from api.parts import Cameras
from cameras.errors import DiskProblem
from cameras.recordings.writing.disk_status import DiskStatus
from hub.metrics import Metrics, Values

_ADDED = (
    ("waiting_bytes", "gauge", "Recorded bytes that wait for a disk."),
    ("dropped", "counter", "Fragments that a disk did not take."),
    ("removed", "counter", "Recorded files that workers removed to make room."),
    ("sync_failures", "counter", "Times that a disk refused to make safe what was written."),
    ("syncs", "counter", "Times that a disk was synced."),
)


def watch_disks(metrics: Metrics, cameras: Cameras) -> None:
    """Have these figures read when somebody asks for them."""

    def by_disk(figure: Callable[[DiskStatus], float], together: Callable[[Iterable[float]], float]) -> Values:
        found: dict[str, list[float]] = {}
        for worker in cameras.workers():
            for each in worker.disks:
                found.setdefault(each.disk, []).append(figure(each))
        return {(disk,): float(together(values)) for disk, values in found.items()}

    for name, kind, about in _ADDED:
        metrics.watch(
            f"hub_recordings_disk_{name}",
            about,
            lambda name=name: by_disk(lambda each: float(getattr(each, name)), sum),  # type: ignore[misc]
            kind="counter" if kind == "counter" else "gauge",
            labels=("disk",),
        )
    metrics.watch(
        "hub_recordings_disk_free_bytes",
        "Room on a disk for recordings.",
        lambda: by_disk(lambda each: float(each.free_bytes), min),
        labels=("disk",),
    )
    metrics.watch(
        "hub_recordings_disk_longest_sync_seconds",
        "The longest that making recordings safe took on a disk.",
        lambda: by_disk(lambda each: each.longest_sync_s, max),
        labels=("disk",),
    )
    metrics.watch(
        "hub_recordings_disk_trouble",
        "Workers that cannot record on a disk, by what is wrong with it.",
        lambda: {
            (each.disk, problem.value): float(
                sum(
                    one.problem is problem
                    for worker in cameras.workers()
                    for one in worker.disks
                    if one.disk == each.disk
                )
            )
            for worker in cameras.workers()
            for each in worker.disks
            for problem in DiskProblem
        },
        labels=("disk", "problem"),
    )
