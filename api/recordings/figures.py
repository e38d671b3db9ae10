"""Recording figures: how recordings do, as numbers on `/metrics`."""

from __future__ import annotations

from collections.abc import Callable

from api.recordings.outlook import Outlook
from cameras.recordings.keeping.caretaker import Caretaker
from cameras.recordings.keeping.forecast import Forecast
from cameras.recordings.keeping.holdings import Holdings, Total
from hub.metrics import Metrics, Values


def watch_recordings(metrics: Metrics, *, holdings: Holdings, caretaker: Caretaker, outlook: Outlook) -> None:
    """Have these figures read when somebody asks for them."""
    counts = caretaker.retention.counts

    def by_disk(figure: Callable[[Total], int]) -> Values:
        found: dict[tuple[str, ...], float] = {}
        for total in holdings.totals():
            found[total.disk,] = found.get((total.disk,), 0.0) + figure(total)
        return found

    def expected(figures: Callable[[Forecast], Values]) -> Callable[[], Values]:
        def read() -> Values:
            found = outlook.forecast()
            return {} if found is None else figures(found)

        return read

    metrics.watch(
        "hub_recordings_bytes",
        "What recordings take up.",
        lambda: by_disk(lambda total: total.size_bytes),
        labels=("disk",),
    )
    metrics.watch(
        "hub_recordings_files", "Recorded files.", lambda: by_disk(lambda total: total.segments), labels=("disk",)
    )
    metrics.watch(
        "hub_recordings_gone",
        "Recorded files that were removed, by why, or moved to another disk.",
        lambda: {(what,): float(getattr(counts, what)) for what in ("expired", "squeezed", "moved", "lost")},
        kind="counter",
        labels=("what",),
    )
    metrics.watch(
        "hub_recordings_put_right",
        "Differences between catalogue and files that were put right, by kind.",
        lambda: {(kind,): float(number) for kind, number in caretaker.found.items()},
        kind="counter",
        labels=("kind",),
    )
    metrics.watch(
        "hub_recordings_ages_held",
        "1 while no recording counts as old, because the clock cannot be believed.",
        lambda: {(): float(caretaker.retention.ages.held is not None)},
    )
    metrics.watch(
        "hub_recordings_bytes_per_day",
        "What all cameras write in a day.",
        expected(lambda found: {(): found.bytes_per_day}),
    )
    metrics.watch(
        "hub_recordings_disk_days_left",
        "Days until a disk is full, if all that is written goes there.",
        expected(lambda found: {(each.disk,): each.days_left for each in found.disks if each.days_left is not None}),
        labels=("disk",),
    )
    metrics.watch(
        "hub_recordings_short_cameras",
        "Cameras of which less will be kept than is promised.",
        expected(lambda found: {(): float(len(found.short))}),
    )
